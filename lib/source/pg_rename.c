/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Renaming locks the database, so that whoever connects now waits, and then
 * gives those inside five seconds to leave; a second connection sends them
 * out meanwhile.
 */
#include <config.h>

#include "source/pg_swap.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_private.h"
#include "source/pg_quote.h"

#define ATTEMPTS 3
#define TICK_MS 50		/* between two rounds of sending out */
#define PAUSE_MS 200		/* before a second attempt; doubled each time */
#define IN_USE "55006"

/* Ask everyone to leave (autovacuum, which is no user, goes by itself). A
 * refusal is kept: those who stay may still leave of their own accord. */
static int
send_out(dbbi_pg_swap *s, const char *oid, dbb_error *err)
{
	const char *params[] = { oid };
	dbb_error why = {0};
	int rc;

	if (s->refused.code != 0)
		return DBB_OK;
	rc = dbbi_pg_query(NULL, s->helper, "SELECT pg_catalog."
	    "pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
	    "WHERE datid = $1::pg_catalog.oid AND pid <> pg_catalog."
	    "pg_backend_pid() AND usesysid IS NOT NULL", 1,
	    params, &why);
	if (rc == DBB_EACCESS) {
		s->refused = why;
		return DBB_OK;
	}
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

/* Rename, sending out those inside while the server waits for them. */
static int
rename_once(dbbi_pg_swap *s, const char *oid, char *sql, dbb_error *err)
{
	PGconn *conn = s->t->pg->conn;
	int rc = DBB_OK, ready;

	if (sql == NULL)
		return dbbi_error_nomem(err);
	if (!PQsendQuery(conn, sql))
		rc = dbbi_error_set(err, DBB_ECONNECT, "%s",
		    PQerrorMessage(conn));
	free(sql);
	while (rc == DBB_OK && PQisBusy(conn)) {
		ready = dbbi_pg_await(conn, s->t->run, POLLIN, TICK_MS, err);
		if (ready < 0 || (ready > 0 && !PQconsumeInput(conn)))
			break;
		if (ready == 0)
			rc = send_out(s, oid, err);
	}
	if (rc < 0)
		return rc;
	/* Also after a cancel, which it passes on to the server. */
	return dbbi_pg_take(NULL, s->t->pg, err);
}

static int
pause_for(dbbi_pg_swap *s, int ms, dbb_error *err)
{
	struct pollfd wake = { .fd = dbbi_run_wake_fd(s->t->run),
	    .events = POLLIN };

	poll(&wake, 1, ms);
	return dbbi_run_check(s->t->run, err);
}

static int
find_oid(char out[16], dbbi_pg_swap *s, const char *name, dbb_error *err)
{
	const char *params[] = { name };
	PGresult *found = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&found, s->t->pg, "SELECT oid FROM pg_catalog."
	    "pg_database WHERE datname = $1", 1, params, err)) < 0)
		return rc;
	if (PQntuples(found) == 0)
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "database '%s' is not there any more", name);
	else
		snprintf(out, 16, "%s", PQgetvalue(found, 0, 0));
	PQclear(found);
	return rc;
}

/* `err` holds the server's words on who is inside. */
static int
still_in_use(dbbi_pg_swap *s, const char *name, dbb_error *err)
{
	if (s->refused.code == 0) {
		err->code = DBB_EBUSY;
		err->retryable = 1;
		dbbi_error_hint(err, "stop what uses the database and restore "
		    "again; a transaction prepared for two-phase commit holds "
		    "it too (pg_prepared_xacts)");
		return DBB_EBUSY;
	}
	dbbi_error_set(err, DBB_EACCESS, "others are connected to database "
	    "'%s', and the server refused to end their sessions: %.1024s",
	    name, s->refused.message);
	dbbi_error_hint(err, "disconnect them, or restore as a superuser or "
	    "as a member of pg_signal_backend");
	return DBB_EACCESS;
}

/* Rename within the transaction; again, as long as someone is inside. */
int
dbbi_pg_rename(dbbi_pg_swap *s, const char *from, const char *to,
    dbb_error *err)
{
	dbbi_pg *pg = s->t->pg;
	char oid[16];
	int rc, i;

	if ((rc = find_oid(oid, s, from, err)) < 0)
		return rc;
	for (i = 0; i < ATTEMPTS; i++) {
		if ((rc = dbbi_pg_query(NULL, pg, "SAVEPOINT dbb_rename", 0,
		    NULL, err)) < 0)
			return rc;
		rc = rename_once(s, oid, dbbi_pg_sql("ALTER DATABASE %I "
		    "RENAME TO %I", from, to), err);
		if (rc == DBB_OK || err == NULL ||
		    strcmp(err->remote, IN_USE) != 0)
			return rc;
		if (s->refused.code != 0)
			break;
		if (dbbi_pg_query(NULL, pg, "ROLLBACK TO SAVEPOINT "
		    "dbb_rename", 0, NULL, NULL) < 0)
			return rc;
		if ((rc = pause_for(s, PAUSE_MS << i, err)) < 0)
			return rc;
	}
	return still_in_use(s, from, err);
}
