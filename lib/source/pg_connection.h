/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_connection: one connection to PostgreSQL that can be canceled at any
 * moment, and what its tools need to make the same connection without a
 * secret on a command line, in an environment or on a disk.
 *
 * Threads: one connection, one thread.
 * Errors: DBB_ECONNECT (server down, wrong host), DBB_EAUTH (password,
 * pg_hba), DBB_ENOTFOUND (no such database), DBB_EACCESS (no right), else
 * DBB_ESOURCE; with the server's own words and SQLSTATE.
 */
#ifndef DBBI_PG_CONNECTION_H
#define DBBI_PG_CONNECTION_H

#include <libpq-fe.h>

#include "source/source.h"

typedef struct dbbi_pg dbbi_pg;

/* How to connect, from the configuration of one source (or env->to): the
 * conninfo keywords and values, and the password apart. */
typedef struct dbbi_pg_params dbbi_pg_params;

/* A connection string that cannot be parsed is DBB_ECONFIG, and the message
 * does not repeat it (it may hold a password). A password in env->to is
 * DBB_EINVAL. */
int dbbi_pg_params_new(dbbi_pg_params **out, const dbbi_source_env *env,
    dbb_error *err);
void dbbi_pg_params_free(dbbi_pg_params *params);	/* wipes secrets */

/* The value of one keyword ("host", "user", "dbname"), or NULL. */
const char *dbbi_pg_params_get(const dbbi_pg_params *params,
    const char *keyword);

/* Connect; `database` NULL: the connection's own. Sets application_name to
 * libdbbackup, an empty search_path, UTF-8, ISO dates, row_security off, no
 * statement, lock or idle timeouts. */
int dbbi_pg_connect(dbbi_pg **out, dbbi_run *run,
    const dbbi_pg_params *params, const char *database, dbb_error *err);
void dbbi_pg_free(dbbi_pg *pg);

/* The server's version as PQserverVersion gives it: 150018. */
int dbbi_pg_version(const dbbi_pg *pg);

/* libpq's handle, for quoting. */
PGconn *dbbi_pg_handle(dbbi_pg *pg);

/* Run one statement, with text parameters ($1 …), and wait for it; a cancel
 * is passed on to the server. `*out` (may be NULL) is to PQclear. */
int dbbi_pg_query(PGresult **out, dbbi_pg *pg, const char *sql,
    int param_count, const char *const *params, dbb_error *err);

/* Run a COPY … TO STDOUT; its rows are counted, not kept. */
int dbbi_pg_copy_count(uint64_t *rows, dbbi_pg *pg, const char *sql,
    dbb_error *err);

/* A statement made by dbbi_text_format, taken over and freed; NULL is
 * DBB_ENOMEM. */
int dbbi_pg_execute(dbbi_pg *pg, char *sql, dbb_error *err);

/*
 * What a client program is started with to make the same connection: `env`
 * (the few variables it needs, PGPASSFILE pointing at `fd`), `fd` (a sealed
 * memory file that holds the password; -1 when there is none), and
 * `conninfo`, for --dbname=, which holds no secret.
 */
typedef struct dbbi_pg_child {
	dbbi_list env;
	int fd;
	char *conninfo;
} dbbi_pg_child;

int dbbi_pg_child_new(dbbi_pg_child *out, const dbbi_pg_params *params,
    const char *database, dbb_error *err);
void dbbi_pg_child_clear(dbbi_pg_child *child);

/* The password, for dbbi_process_options.secret; may be NULL; borrowed. */
const char *dbbi_pg_params_secret(const dbbi_pg_params *params);

#endif
