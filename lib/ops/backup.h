/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup: make one set of one or more sources. Used by the verb `run`, and
 * by a restore for the safety set of what it replaces.
 *
 *	open -> freeze -> streams and facts side by side -> flush -> check
 *	what was stored -> manifest
 *
 * backup_open.c opens all that takes part, backup_source.c is one source on
 * that way, backup_base.c what its streams were before, backup_commit.c the
 * manifest, backup_set.c the documents, backup_history.c the rows about it,
 * backup.c the order of things.
 */
#ifndef DBBI_BACKUP_H
#define DBBI_BACKUP_H

#include "ops/ledger.h"
#include "ops/ops.h"
#include "ops/select.h"
#include "ops/source_notes.h"
#include "ops/tasks.h"

/* One source to back up; all borrowed. */
typedef struct dbbi_backup_item {
	const dbbi_source_driver *driver;
	const char *name;
	const char *to;			/* as dbbi_source_env.to */
	const dbbi_list *only;		/* as dbbi_source_env.only */
} dbbi_backup_item;

typedef struct dbbi_backup_plan {
	const dbbi_backup_item *items;
	size_t count;
	const char *const *labels;	/* "KEY=VALUE", NULL-ended; or NULL */
	int dry_run;
	int clear_up;			/* first what earlier runs left */
} dbbi_backup_plan;

/* As dbb_backup_run; `*out` is its result document. */
int dbbi_backup_make(dbbi_json **out, dbbi_ops *ops,
    const dbbi_backup_plan *plan, dbb_error *err);

/* ---- shared by the files of this module ---- */

struct backup_source;

/* One stream on its way. */
struct backup_stream {
	struct backup_source *owner;
	size_t i;			/* in the driver's list */
	dbbi_stream_ref base;		/* the same of an earlier set */
	int has_base;
	int base_whole;			/* that set has lost no pack */
	dbbi_stream_ref ref;		/* once it is stored */
	int64_t ended_at_ms;
	_Atomic uint64_t bytes;
};

/* One source on its way. */
struct backup_source {
	dbbi_backup_item item;
	dbbi_run run;			/* canceled with the operation's, and
					   when any of its tasks fails */
	int run_ready;
	dbbi_source_env env;
	dbbi_source_notes notes;	/* env.notes */
	dbbi_source *source;
	dbbi_store *store;		/* borrowed */
	dbbi_repo *repo;		/* borrowed */
	dbbi_repo_writer *writer;	/* borrowed */
	struct backup_stream *streams;
	size_t stream_count;
	dbbi_json *facts;
	dbbi_json *warnings;		/* texts */
	int64_t frozen_at_ms;
	int rc;				/* the first failure, or 0 */
	dbb_error err;
};

int backup_source_init(struct backup_source *s, const dbbi_backup_item *item,
    dbbi_ops *ops, dbb_error *err);
void backup_source_clear(struct backup_source *s);
uint64_t backup_source_bytes(const struct backup_source *s);
int64_t backup_source_ended_at(const struct backup_source *s);

/* Tasks: payload is the struct backup_source, or the backup_stream. */
int backup_open_task(dbbi_task *task, dbb_error *err);
int backup_facts_task(dbbi_task *task, dbb_error *err);
int backup_stream_task(dbbi_task *task, dbb_error *err);
int backup_check_task(dbbi_task *task, dbb_error *err);

/* Remember the first failure that is not merely the echo of another. */
void backup_source_failed(struct backup_source *s, int rc,
    const dbb_error *why);

/* What is known of the set as a whole. */
struct backup_set {
	char id[DBBI_SET_ID_SIZE];
	const char *status;		/* completed, partial */
	int64_t started_at_ms;
	int64_t finished_at_ms;
	uint64_t size_bytes;
	uint64_t stored_bytes;
	const char *const *labels;
	dbbi_json *warnings;		/* texts of the set itself */
};

/* One run of the verb. */
struct backup {
	dbbi_ops *ops;
	const dbbi_backup_plan *plan;
	dbbi_meter meter;
	dbbi_vault vault;
	dbbi_repo_writer *writer;
	dbbi_ledger ledger;
	dbbi_run ledger_run;		/* never canceled: the end is written
					   down also after a cancel */
	int ledger_run_ready;
	struct backup_source *sources;
	struct backup_set set;
	dbbi_json *result;		/* made before the set exists */
	size_t told;			/* warnings of the set's in it */
	int unsaid;			/* there are others, and no memory */
};

/* Tasks at work at once: enough to keep a small machine's cores and one
 * server busy, few enough not to be the load that hurts it. */
#define BACKUP_TASKS_AT_ONCE 4

/* Open the repository and all sources. Without a repository there is no
 * backup, and its error is the one that is told. */
int backup_open(struct backup *b, dbb_error *err);

/* A failure of all sources is a failure; of some, a partial set. */
int backup_survivors(struct backup *b, dbb_error *err);

/* Find the base of each stream; payload is the struct backup. A stream may
 * well have none. The index is loaded. */
int backup_bases_task(dbbi_task *task, dbb_error *err);

/* Write the manifest: from here on the set exists; payload is the struct
 * backup. */
int backup_commit_task(dbbi_task *task, dbb_error *err);

/* Warnings that came up after that, into the result. */
void backup_tell_late(struct backup *b);

/* The history (backup_history.c). `so_far` is how the beginning went; a
 * server that could not be reached is not asked again. */
int backup_history_open(struct backup *b, int so_far, dbb_error *err);
void backup_history_begin(struct backup *b);
/* The set is there, or `why` it is not. */
void backup_history_end(struct backup *b, int rc, const dbb_error *why);
void backup_history_close(struct backup *b);

/* "KEY=VALUE", each of them. */
int backup_labels_check(const char *const *labels, dbb_error *err);

/* The documents: the manifest's head (where streams lie, no facts), its body
 * (everything), the verb's result (streams, no facts), and that of a dry run
 * (what would be read). */
enum backup_detail { BACKUP_HEAD, BACKUP_BODY, BACKUP_RESULT, BACKUP_PLAN };

int backup_document(dbbi_json **out, const struct backup_set *set,
    const struct backup_source *sources, size_t count,
    enum backup_detail detail, dbb_error *err);

#endif
