/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_tools: find pg_dump, pg_dumpall and pg_restore: those of the server's
 * major version, or else of the nearest newer one, among PATH and the folders
 * where distributions keep each version (/usr/lib/postgresql/N/bin on Debian,
 * /usr/pgsql-N/bin on Red Hat, …).
 *
 * The nearest and not the newest, because a newer pg_dump makes an archive
 * that only a pg_restore as new can read, and that one may say to an older
 * server what it does not know (17 sets transaction_timeout, and 16 and
 * older refuse it).
 */
#ifndef DBBI_PG_TOOLS_H
#define DBBI_PG_TOOLS_H

#include "util/run.h"

/* The absolute path of `program`, to free(3), and (may be NULL) its version
 * text "15.18 (Debian …)". DBB_ETOOL when none is there or all are older;
 * the message names what was found, the hint the package to install. */
int dbbi_pg_tool_find(char **path, char **version, dbbi_run *run,
    const char *program, int server_version, dbb_error *err);

/* The same among the folders of `search` (as PATH; may be NULL) and those
 * that fit the patterns of glob(7) in `folders`, NULL-ended. */
int dbbi_pg_tool_find_in(char **path, char **version, dbbi_run *run,
    const char *program, int server_version, const char *search,
    const char *const *folders, dbb_error *err);

/* The version text of the program at `path`, to free(3). */
int dbbi_pg_tool_version(char **version, dbbi_run *run, const char *path,
    dbb_error *err);

/* The major version in such a text; 0 when it holds none. */
int dbbi_pg_tool_major(const char *version);

#endif
