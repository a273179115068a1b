/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libdbbackup: backs up databases as one set into a repository on a store,
 * and restores them. This header includes all that a caller needs; add
 * <dbbackup/driver.h> to teach the library a store of your own.
 *
 * The smallest program:
 *
 *	dbb_context *ctx;
 *	dbb_result *set = NULL;
 *
 *	if (dbb_context_new(&ctx) < 0)
 *		return 1;
 *	if (dbb_context_load(ctx, NULL, NULL) < 0 ||
 *	    dbb_backup_run(&set, ctx, NULL) < 0)
 *		fprintf(stderr, "%s\n",
 *		    dbb_error_message(dbb_context_error(ctx)));
 *	else
 *		puts(dbb_result_string(set, "/set"));
 *	dbb_result_free(set);
 *	dbb_context_free(ctx);
 *
 * Threads: one context per thread of control; contexts share nothing. The
 * library installs no signal handler, changes no locale, umask or
 * environment, writes to no standard stream and never exits.
 */
#ifndef DBBACKUP_H
#define DBBACKUP_H

#include <dbbackup/common.h>
#include <dbbackup/error.h>
#include <dbbackup/context.h>
#include <dbbackup/result.h>
#include <dbbackup/store.h>
#include <dbbackup/backup.h>
#include <dbbackup/restore.h>
#include <dbbackup/catalog.h>
#include <dbbackup/key.h>
#include <dbbackup/prune.h>

#endif
