/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_private: what the files behind pg_connection.h share: pg_params.c (how
 * to connect), pg_options.c (so that no timeout strikes), pg_connection.c
 * (connecting), pg_query.c (asking), pg_child.c (how the tools connect).
 */
#ifndef DBBI_PG_PRIVATE_H
#define DBBI_PG_PRIVATE_H

#include <stdatomic.h>

#include "net/process.h"
#include "source/pg_connection.h"

/* One keyword that libpq knows. */
struct pg_option {
	char *keyword;
	char *value;		/* as configured; NULL: not */
	char *envvar;		/* where libpq looks for it; NULL: nowhere */
	int secret;		/* libpq says it is not to be shown */
};

/* What connecting has taught; read while tools are started on any thread. */
struct pg_learned {
	_Atomic int version;		/* the server's; 0: not known yet */
	_Atomic int refuses_options;	/* a pooler, most likely */
};

struct dbbi_pg_params {
	struct pg_option *options;	/* without the password */
	size_t count;
	char *password;		/* NULL: libpq may find one by itself */
	char *password_origin;	/* for people; NULL with the password */
	char *section;		/* "[postgres \"main\"]", for hints */
	struct pg_learned *learned;
};

struct dbbi_pg {
	PGconn *conn;
	dbbi_run *run;
};

/* Seconds, where the user says nothing of connect_timeout. */
#define PG_CONNECT_TIMEOUT 15

/* The option of that keyword, or NULL. */
struct pg_option *dbbi_pg_option_find(const dbbi_pg_params *params,
    const char *keyword);

/* Has the user said anything of it, in the configuration or the
 * environment? */
int dbbi_pg_option_given(const dbbi_pg_params *params, const char *keyword);

/* The value of "options" to connect with: the user's own, and behind it what
 * keeps timeouts that are set for the user or the database from striking
 * before a session has said that it wants none. NULL: leave it as it is.
 * `*out` is to free(3). */
int dbbi_pg_options_make(char **out, const dbbi_pg_params *params,
    dbb_error *err);

/* A connection was refused with this SQLSTATE: was it for the options? They
 * are not given again then. */
void dbbi_pg_options_refused(const dbbi_pg_params *params,
    const char *sqlstate);

/* Wait for `events` (POLLIN, POLLOUT) on the connection's socket. 1: ready;
 * 0: `timeout_ms` (-1: none) has passed; else an error, DBB_ECANCELED
 * included. */
int dbbi_pg_await(PGconn *conn, dbbi_run *run, short events, int timeout_ms,
    dbb_error *err);

/* The status code that a SQLSTATE stands for; `otherwise` for most. */
int dbbi_pg_status(const char *sqlstate, int otherwise);

/* May the same thing succeed a moment later? */
int dbbi_pg_retryable(const char *sqlstate);

/* Wait for the result of what was sent with libpq's own calls, as
 * dbbi_pg_query does. `out` may be NULL. */
int dbbi_pg_take(PGresult **out, dbbi_pg *pg, dbb_error *err);

/* Cut blanks at the end, and put on one line what libpq wrote on several;
 * in place. */
void dbbi_pg_flatten(char *text);

/* Start a client program on `database`: `arguments` (NULL-ended, the
 * program's path first), and after them those that connect. We read its
 * stdout. */
int dbbi_pg_child_start(dbbi_process **out, dbbi_run *run,
    const dbbi_pg_params *params, const char *database,
    const char *const *arguments, dbb_error *err);

/*
 * pg_dump waits for a lock half a minute at most: the freeze holds the same
 * ones, so a session that asked for an exclusive lock in between would have
 * the three of us wait for each other for ever.
 */
#define DBBI_PG_LOCK_WAIT "--lock-wait-timeout=30000"

/* dbbi_process_wait, with a hint of what to do about a failure. */
int dbbi_pg_child_wait(dbbi_process *process, dbb_error *err);

#endif
