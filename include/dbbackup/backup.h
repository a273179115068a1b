/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup: make the repository, and back up sources into it as one set.
 */
#ifndef DBBACKUP_BACKUP_H
#define DBBACKUP_BACKUP_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Make what a first backup needs: the repository in the configured store and
 * the backup_history table. What is there already is kept; calling it again
 * is harmless. A configured passphrase makes the repository a sealed
 * (encrypted) one, once and for all: see key.h. `*out` is the caller's:
 *
 *	{"type":"result","verb":"init","repository":{"url":…,"id":…,
 *	"created":true|false,"sealed":true|false},"history":{"created":…,
 *	"database":…},"warnings":[…]}, without "history" where nobody keeps one.
 */
DBB_API int dbb_repository_init(dbb_result **out, dbb_context *ctx);

typedef struct dbb_backup_options {
	size_t size;			/* sizeof(dbb_backup_options) */
	const char *const *sources;	/* names, NULL-ended; NULL: all */
	const char *const *labels;	/* "KEY=VALUE", NULL-ended; NULL: none */
	uint32_t dry_run;		/* 1: connect and check, store nothing */
	uint32_t reserved;		/* 0 */
} dbb_backup_options;
#define DBB_BACKUP_OPTIONS_INIT { .size = sizeof(dbb_backup_options) }

/*
 * Back up the sources as one set. Either the whole set is in the repository
 * when this returns DBB_OK or none of it is listed; what was stored already
 * is found again by the next run. When some sources failed and others did
 * not, the good ones are kept as a set of status "partial", and the call
 * fails with the first failure.
 *
 * `options` may be NULL for all defaults. `*out` (may be NULL) is the
 * caller's, filled on DBB_OK and on DBB_FINDINGS, which says that there are
 * warnings:
 *
 *	{"type":"result","verb":"run","set":…,"status":"completed",
 *	"started_at":…,"finished_at":…,"size_bytes":…,"stored_bytes":…,
 *	"sources":[{"kind":…,"name":…,"frozen_at":…,"streams":[{"name":…,
 *	"size_bytes":…,"sha256":…}]}],"warnings":[…]}
 *
 * A dry run gives the status "planned", and of each stream only its name and
 * "estimate_bytes". size_bytes counts plain bytes read, stored_bytes what the store grew by.
 * Memory does not grow with the size of the data.
 */
DBB_API int dbb_backup_run(dbb_result **out, dbb_context *ctx,
    const dbb_backup_options *options);

#ifdef __cplusplus
}
#endif
#endif
