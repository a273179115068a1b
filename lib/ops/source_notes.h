/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_notes: what a source notes (util/notes.h) is kept in the lease that
 * its run has of the repository.
 */
#ifndef DBBI_SOURCE_NOTES_H
#define DBBI_SOURCE_NOTES_H

#include <stdatomic.h>

#include "repo/lease.h"
#include "source/source.h"

typedef struct dbbi_source_notes {
	dbbi_notes notes;
	dbbi_lease *lease;		/* borrowed; NULL: there is none, or
					   not yet */
	const dbbi_source_env *env;	/* whose notes they are; borrowed */
	atomic_int told;		/* that they cannot be kept */
} dbbi_source_notes;

/* Let env->notes be these. */
void dbbi_source_notes_init(dbbi_source_notes *notes, dbbi_source_env *env,
    dbbi_lease *lease);

#endif
