/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: the backup_history table, exactly as doc/interface has it, kept by
 * a source that can keep tables (PostgreSQL). A convenience for people and
 * monitors: the repository alone is enough to restore.
 */
#ifndef DBBI_HISTORY_H
#define DBBI_HISTORY_H

#include "source/source.h"

typedef struct dbbi_history dbbi_history;

typedef struct dbbi_history_row {
	const char *backup_id;		/* the set's id */
	const char *backup_type;	/* "postgres", "full", "restore" … */
	const char *status;		/* running, completed, failed */
	int64_t at_ms;
	uint64_t size_bytes;
	const char *checksum;		/* 64 hex digits, or NULL */
	const char *error_message;	/* or NULL */
} dbbi_history_row;

typedef struct dbbi_history_driver {
	/* Connect. env->kind/name say which source ("history" section's
	 * connection goes first where it is set). */
	int (*open)(dbbi_history **out, const dbbi_source_env *env,
	    dbb_error *err);
	/* Make the table and its indexes; `*created` 0: it was there. */
	int (*create)(int *created, dbbi_history *history, dbb_error *err);
	/* Is the table there? One that it would not be safe to write into is
	 * DBB_EACCESS. */
	int (*exists)(int *there, dbbi_history *history, dbb_error *err);
	/* Write a row; one of the same backup_id and backup_type that is
	 * still "running" is brought up to date instead. */
	int (*record)(dbbi_history *history, const dbbi_history_row *row,
	    dbb_error *err);
	/* Say how a set ended in those of its rows that still say "running":
	 * a restored database holds the table as it was in the middle of its
	 * own backup. */
	int (*settle)(dbbi_history *history, const char *backup_id,
	    const char *status, dbb_error *err);
	/* The database it is kept in; borrowed until close. */
	const char *(*database)(dbbi_history *history);
	void (*close)(dbbi_history *history);
} dbbi_history_driver;

extern const dbbi_history_driver dbbi_history_postgres;

#endif
