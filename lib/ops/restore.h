/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restore: sets back into databases.
 *
 *	open every target -> safety set of what is replaced -> load beside ->
 *	compare -> swap in
 *
 * Nothing old is touched before the last step, and that only where the
 * compare found nothing. restore_source.c is one source on that way,
 * restore.c the order of things.
 */
#ifndef DBBI_RESTORE_H
#define DBBI_RESTORE_H

#include "ops/source_notes.h"
#include "ops/stored.h"
#include "ops/tasks.h"

struct restore_source {
	const dbbi_source_driver *driver;
	const char *name;		/* borrowed from the manifest */
	const dbbi_json *entry;		/* of the manifest's body; borrowed */
	const dbbi_stored_set *stored;
	dbbi_source_env env;
	dbbi_source_notes notes;	/* env.notes */
	dbbi_target_plan plan;
	dbbi_target *target;
	dbbi_list replaces;		/* names of what exists */
	_Atomic uint64_t *bytes_done;	/* of the whole operation */
	_Atomic uint64_t stream_bytes;	/* of the stream at work */

	dbbi_json *result;		/* {"kind","name",…}; borrowed from the
					   verb's, as are the next three */
	dbbi_json *databases;
	dbbi_json *findings;
	dbbi_json *warnings;
	uint64_t compared;
	int committed;			/* it has taken its place */
};

/* Find out what the manifest's entry says and which driver is meant. */
int restore_source_init(struct restore_source *s,
    const dbbi_stored_set *stored, const dbbi_json *entry, dbbi_ops *ops,
    const dbb_restore_options *options, dbb_error *err);

/* The steps; each in a thread of its own (tasks.h). */
int restore_source_open(struct restore_source *s, dbb_error *err);
int restore_source_stream(struct restore_source *s,
    const dbbi_stored_stream *stream, dbb_error *err);
int restore_source_compare(struct restore_source *s, dbb_error *err);
int restore_source_commit(struct restore_source *s, dbb_error *err);
void restore_source_clear(struct restore_source *s);

#endif
