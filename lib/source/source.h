/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source: a database to back up or to restore into: the interface that
 * lib/ops sees. It knows nothing of repositories or stores. A new kind of
 * database is one driver, and its line in source.c.
 *
 * Threads: open, freeze, facts and close come from one thread; the readers
 * of different streams are read on threads of their own, while facts runs.
 * A child process is started and reaped on the thread that reads (or loads)
 * its stream: the reader starts it at the first read.
 *
 * Errors: begin with what was being done; lib/ops puts "postgres 'main'" in
 * front.
 */
#ifndef DBBI_SOURCE_H
#define DBBI_SOURCE_H

#include "util/config.h"
#include "util/json.h"
#include "util/notes.h"
#include "util/reader.h"
#include "util/run.h"

/* What every source is made from. Borrowed; outlives the source. */
typedef struct dbbi_source_env {
	const dbbi_config *config;
	dbbi_run *run;
	const char *kind;	/* "postgres" */
	const char *name;	/* "main" */
	const char *to;		/* this connection instead of the configured
				   one; or NULL */
	const dbbi_list *only;	/* back up just these databases, instead of
				   the configured ones; or NULL */
	dbbi_notes *notes;	/* from freeze or target_open on; or NULL */
} dbbi_source_env;

/* One stream that a source gives. */
typedef struct dbbi_stream_info {
	char *name;		/* "app.dump": unique in the source */
	const char *kind;	/* "pg_dump": how it is read back; static */
	uint64_t size_estimate;	/* bytes; 0: unknown */
} dbbi_stream_info;

typedef struct dbbi_source_driver dbbi_source_driver;

/* The driver's own struct begins with this. */
typedef struct dbbi_source {
	const dbbi_source_driver *driver;
	dbbi_stream_info *streams;	/* filled by open (backup) */
	size_t stream_count;
} dbbi_source;

typedef struct dbbi_target {
	const dbbi_source_driver *driver;
} dbbi_target;

/* What a restore is to do with one source. */
typedef struct dbbi_target_plan {
	const dbbi_json *facts;		/* the source's, from the manifest:
					   hostile until checked */
	const char *set;		/* the set's id */
	const char *into;		/* new name, or NULL: the old names */
	int replace;
	int keep_written;		/* a safety set is made: what is
					   written after it is not to be lost
					   either */

	/* One of the set's streams once more, from its beginning; for those
	 * who load it twice. */
	int (*open_stream)(dbbi_reader **out, const char *stream,
	    void *payload, dbb_error *err);
	void *payload;
} dbbi_target_plan;

struct dbbi_source_driver {
	const char *kind;

	/* Can this configuration be understood, its secrets included? No
	 * server is asked. */
	int (*check_config)(const dbbi_source_env *env, dbb_error *err);

	/*
	 * Take away what a run left that ended without doing so: `note` is
	 * what it wrote into env->notes. 0: it is gone, and the note with it;
	 * DBB_FINDINGS: it is of another server than the configured one, and
	 * stays for those who have that; a failure is told as a warning, and
	 * the note stays. Nobody vouches for the note: it lay in a store. May
	 * be NULL, for a kind that writes none.
	 */
	int (*clear_up)(const dbbi_source_env *env, const dbbi_json *note,
	    dbb_error *err);

	/* -- backing up -- */

	/* Connect, find the tools, check versions and rights, name the
	 * streams. Everything that can be refused is refused here. */
	int (*open)(dbbi_source **out, const dbbi_source_env *env,
	    dbb_error *err);

	/* The moment the backup will show; quick. `*frozen_at_ms` is when. */
	int (*freeze)(int64_t *frozen_at_ms, dbbi_source *source,
	    dbb_error *err);

	/* Stream `i`, to be pulled to its end. Its end is given only after
	 * the tool's exit status proved good. */
	int (*stream)(dbbi_reader **out, dbbi_source *source, size_t i,
	    dbb_error *err);

	/* What the source knew of itself at that moment (doc/json.md), while
	 * the streams run. Warnings are texts appended to `warnings`. */
	int (*facts)(dbbi_json **out, dbbi_source *source,
	    dbbi_json *warnings, dbb_error *err);

	/* After all streams ended well: things that only show then, as what
	 * the streams hold (added to `facts`). May be NULL. */
	int (*finish)(dbbi_source *source, dbbi_json *facts, dbb_error *err);

	/* Is what was stored for stream `i` a whole artefact? `stored` reads
	 * it back from the repository; need not be read to its end. */
	int (*check)(dbbi_source *source, size_t i, const dbbi_json *facts,
	    dbbi_reader *stored, dbb_error *err);

	void (*close)(dbbi_source *source);

	/* -- restoring; target_open NULL: it cannot be -- */

	/* Connect, check versions, rights and what exists: DBB_EEXIST unless
	 * plan->replace. Nothing is changed yet. `plan` is borrowed and
	 * outlives the target. */
	int (*target_open)(dbbi_target **out, const dbbi_source_env *env,
	    const dbbi_target_plan *plan, dbb_error *err);

	/* Add the names of the databases that exist and will be replaced.
	 * (lib/ops keeps a safety set of them first: env->only.) */
	int (*target_replaces)(dbbi_list *names, dbbi_target *target,
	    dbb_error *err);

	/* Load one stream, beside what exists. Streams come in the set's
	 * order, one at a time, skipping those target_wants says 0 to. */
	int (*target_wants)(dbbi_target *target, const char *stream,
	    const char *kind);
	int (*target_load)(dbbi_target *target, const char *stream,
	    const char *kind, dbbi_reader *in, dbb_error *err);

	/* Count what was loaded and compare with the facts. Differences are
	 * objects {"object","expected","found"} appended to `findings`;
	 * `*compared` counts what was looked at. */
	int (*target_compare)(uint64_t *compared, dbbi_target *target,
	    dbbi_json *findings, dbbi_json *warnings, dbb_error *err);

	/* Put it in the old one's place. `equal` says whether the compare
	 * found nothing: otherwise nothing is replaced. `databases` gets
	 * {"name","target","swapped"} objects. */
	int (*target_commit)(dbbi_target *target, int equal,
	    dbbi_json *databases, dbb_error *err);

	/* Release; without a commit, also remove what was loaded. */
	void (*target_close)(dbbi_target *target);

	/* For `export`: the file's name and one line on how to load it. */
	const char *(*how_to_load)(const char *kind);

	/* -- the history table; NULL where the kind cannot keep one -- */
	const struct dbbi_history_driver *history;
};

/* NULL when no driver is of that kind. */
const dbbi_source_driver *dbbi_source_find(const char *kind);

/* All kinds, NULL-ended. */
const char *const *dbbi_source_kinds(void);

extern const dbbi_source_driver dbbi_source_postgres;
extern const dbbi_source_driver dbbi_source_qdrant;

#endif
