/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rebuild: the index again, from the packs. Only their ends are read, which
 * tell what they hold: packs that no readable segment tells of get a new
 * segment, and then the segments that cannot be read are removed.
 *
 * Others may be at work meanwhile: a pack that stands in two segments does no
 * harm, nor does one that is gone.
 */
#ifndef DBBI_REBUILD_H
#define DBBI_REBUILD_H

#include "repo/repo.h"

typedef struct dbbi_rebuild_stats {
	uint64_t packs;			/* in the store */
	uint64_t packs_added;		/* to the index */
	uint64_t bytes_read;
	uint64_t segments_written;
} dbbi_rebuild_stats;

typedef struct dbbi_rebuild_options {
	/* Told of a pack that does not tell what it holds, and of a segment
	 * that was damaged and is gone now, or whole again; from the caller's
	 * thread. Nonzero stops. */
	int (*damage)(const char *object, const char *error, void *payload);
	int (*segment)(const char *object, const char *error, void *payload);
	void *payload;
	_Atomic uint64_t *progress;	/* bytes read; may be NULL */
} dbbi_rebuild_options;

int dbbi_repo_rebuild_index(dbbi_rebuild_stats *out, dbbi_repo *repo,
    const dbbi_rebuild_options *options, dbb_error *err);

#endif
