/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_fixture: a PostgreSQL server of the test program's own, reached through
 * a Unix socket in a folder that nobody else may enter. It ends with the
 * program, however that ends.
 *
 * Tests run in processes of their own beside each other's databases: each
 * makes those it needs under names of its own.
 */
#ifndef PG_FIXTURE_H
#define PG_FIXTURE_H

#include <check.h>

#include "source/pg_connection.h"

/* Start the server; `settings` (NULL-ended, may be NULL) are "name=value".
 * Without a server's programs the test program ends here: skipped (77), or
 * failed where CI=true says that all must be there. */
void pg_server_start(const char *const *settings);
void pg_server_stop(void);

/* Run the suite against the server, stop it; the program's exit status. */
int pg_server_run(Suite *suite);

/* Where the server's programs are. */
const char *pg_server_bin(void);

/* "host=… user=USER dbname=DATABASE"; USER NULL: the superuser. In one of
 * four buffers that take turns. */
const char *pg_server_conninfo(const char *user, const char *database);

/* Execute as superuser; the test fails when the server refuses. */
void pg_sql(const char *database, const char *sql);

/* The same, formatted, in the database 'postgres'. */
void pg_sqlf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The first column of the first row; "" for none. To free(3). */
char *pg_ask(const char *database, const char *sql);

/* Does it say so? */
#define pg_assert_said(database, sql, words) do { \
	char *said_ = pg_ask((database), (sql)); \
	ck_assert_str_eq(said_, (words)); \
	free(said_); \
} while (0)

/* Wait until the query says "t"; the test fails after ten seconds. */
void pg_await(const char *database, const char *sql);

/* A session of another client, for locks and the like: PQfinish. */
PGconn *pg_session(const char *database);
void pg_session_do(PGconn *session, const char *sql);

/* What a source is made from. */
struct pg_world {
	dbbi_config *config;
	dbbi_run run;
	dbbi_source_env env;
	dbb_error err;
	char log[8192];		/* all lines, each with its end */
};

void pg_world_begin(struct pg_world *w, const char *user,
    const char *database);
void pg_world_end(struct pg_world *w);
void pg_world_set(struct pg_world *w, const char *key, const char *value);

/* Is the text in the message (or hint)? */
#define ck_assert_has(text, part) \
	ck_assert_msg(strstr((text), (part)) != NULL, \
	    "'%s' is not in '%s'", (part), (text))

#endif
