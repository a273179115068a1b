/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_query: one statement at a time, that can be canceled while it runs. */
#include <config.h>

#include "source/pg_private.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

int
dbbi_pg_status(const char *sqlstate, int otherwise)
{
	if (strncmp(sqlstate, "28", 2) == 0)
		return DBB_EAUTH;
	if (strncmp(sqlstate, "08", 2) == 0 ||
	    strncmp(sqlstate, "57P0", 4) == 0 ||
	    strcmp(sqlstate, "53300") == 0)
		return DBB_ECONNECT;
	if (strcmp(sqlstate, "3D000") == 0)
		return DBB_ENOTFOUND;
	if (strcmp(sqlstate, "42501") == 0)
		return DBB_EACCESS;
	return otherwise;
}

int
dbbi_pg_retryable(const char *sqlstate)
{
	static const char *const beginnings[] = { "08", "40", "53", "55P03",
	    "57P", NULL };
	size_t i;

	for (i = 0; beginnings[i] != NULL; i++) {
		if (strncmp(sqlstate, beginnings[i],
		    strlen(beginnings[i])) == 0)
			return 1;
	}
	return 0;
}

void
dbbi_pg_flatten(char *text)
{
	char *from = text, *to = text;

	while (*from != '\0') {
		if (!isspace((unsigned char)*from)) {
			*to++ = *from++;
			continue;
		}
		while (isspace((unsigned char)*from))
			from++;
		if (*from != '\0' && to > text)
			*to++ = ' ';
	}
	*to = '\0';
}

int
dbbi_pg_await(PGconn *conn, dbbi_run *run, short events, int timeout_ms,
    dbb_error *err)
{
	struct pollfd fds[2] = {
		{ .fd = PQsocket(conn), .events = events },
		{ .fd = dbbi_run_wake_fd(run), .events = POLLIN },
	};
	int n, rc;

	if ((rc = dbbi_run_check(run, err)) < 0)
		return rc;
	n = poll(fds, 2, timeout_ms);
	if (n < 0 && errno != EINTR)
		return dbbi_error_errno(err, errno, "waiting for the server");
	if ((rc = dbbi_run_check(run, err)) < 0)
		return rc;
	/* A signal looks like a socket that is ready: libpq finds nothing
	 * there, and asks again. */
	return n == 0 ? 0 : 1;
}

/* Ask the server to stop what it does for us; best effort. */
static void
cancel_query(dbbi_pg *pg)
{
	PGcancel *cancel = PQgetCancel(pg->conn);
	char complaint[256];

	if (cancel != NULL)
		PQcancel(cancel, complaint, (int)sizeof(complaint));
	PQfreeCancel(cancel);
}

/* The connection itself failed: there is no result, only libpq's words. */
static int
connection_failed(dbbi_pg *pg, dbb_error *err)
{
	char *text = dbbi_text_dup(PQerrorMessage(pg->conn));
	int lost = PQstatus(pg->conn) == CONNECTION_BAD;

	if (text == NULL)
		return dbbi_error_nomem(err);
	dbbi_pg_flatten(text);
	dbbi_error_set(err, lost ? DBB_ECONNECT : DBB_ESOURCE, "%s",
	    text[0] != '\0' ? text : "no answer from the server");
	if (lost) {
		dbbi_error_hint(err, "the connection was lost; the server's "
		    "log says why");
		if (err != NULL)
			err->retryable = 1;
	}
	free(text);
	return lost ? DBB_ECONNECT : DBB_ESOURCE;
}

/* One field of a failure, or "". */
static const char *
field(const PGresult *res, int code)
{
	const char *text = PQresultErrorField(res, code);

	return text != NULL ? text : "";
}

static int
statement_failed(dbbi_pg *pg, const PGresult *res, dbb_error *err)
{
	const char *state = field(res, PG_DIAG_SQLSTATE);
	const char *detail = field(res, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = field(res, PG_DIAG_MESSAGE_HINT);
	int code = dbbi_pg_status(state, DBB_ESOURCE);

	if (state[0] == '\0')
		return connection_failed(pg, err);
	dbbi_error_set(err, code, "%s%s%s%s",
	    field(res, PG_DIAG_MESSAGE_PRIMARY), detail[0] != '\0' ?
	    " (" : "", detail, detail[0] != '\0' ? ")" : "");
	dbbi_error_remote(err, state);
	if (hint[0] != '\0')
		dbbi_error_hint(err, "%s", hint);
	if (err != NULL)
		err->retryable = dbbi_pg_retryable(state);
	return code;
}

static int
is_good(const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	    status == PGRES_EMPTY_QUERY;
}

/* Wait until PQgetResult will not block. */
static int
await_result(dbbi_pg *pg, dbb_error *err)
{
	int rc;

	while (PQisBusy(pg->conn)) {
		rc = dbbi_pg_await(pg->conn, pg->run, POLLIN, -1, err);
		if (rc == DBB_ECANCELED)
			cancel_query(pg);
		if (rc < 0)
			return rc;
		if (!PQconsumeInput(pg->conn))
			return connection_failed(pg, err);
	}
	return 0;
}

/* Keeps the last result, or the first that is a failure. */
int
dbbi_pg_take(PGresult **out, dbbi_pg *pg, dbb_error *err)
{
	PGresult *kept = NULL, *res;
	int rc;

	for (;;) {
		if ((rc = await_result(pg, err)) < 0)
			goto done;
		if ((res = PQgetResult(pg->conn)) == NULL)
			break;
		if (kept != NULL && !is_good(kept)) {
			PQclear(res);
			continue;
		}
		PQclear(kept);
		kept = res;
		if (PQresultStatus(res) == PGRES_COPY_IN ||
		    PQresultStatus(res) == PGRES_COPY_OUT)
			break;		/* not ours to do; a failure below */
	}
	if (kept == NULL)
		rc = connection_failed(pg, err);
	else if (!is_good(kept))
		rc = statement_failed(pg, kept, err);
	if (rc == 0 && out != NULL) {
		*out = kept;
		kept = NULL;
	}
done:
	PQclear(kept);
	return rc;
}

int
dbbi_pg_query(PGresult **out, dbbi_pg *pg, const char *sql, int param_count,
    const char *const *params, dbb_error *err)
{
	int rc, sent;

	if ((rc = dbbi_run_check(pg->run, err)) < 0)
		return rc;
	if (param_count == 0)
		sent = PQsendQuery(pg->conn, sql);
	else
		sent = PQsendQueryParams(pg->conn, sql, param_count, NULL,
		    params, NULL, NULL, 0);
	if (!sent)
		return connection_failed(pg, err);
	return dbbi_pg_take(out, pg, err);
}

/* Let all rows of a COPY pass by. */
static int
skip_rows(dbbi_pg *pg, dbb_error *err)
{
	char *row = NULL;
	int n, rc;

	for (;;) {
		n = PQgetCopyData(pg->conn, &row, 1);
		if (n < 0)
			return n == -1 ? DBB_OK : connection_failed(pg, err);
		if (n > 0) {
			PQfreemem(row);
			continue;
		}
		rc = dbbi_pg_await(pg->conn, pg->run, POLLIN, -1, err);
		if (rc == DBB_ECANCELED)
			cancel_query(pg);
		if (rc < 0)
			return rc;
		if (!PQconsumeInput(pg->conn))
			return connection_failed(pg, err);
	}
}

int
dbbi_pg_copy_count(uint64_t *rows, dbbi_pg *pg, const char *sql,
    dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	if ((rc = dbbi_run_check(pg->run, err)) < 0)
		return rc;
	if (!PQsendQuery(pg->conn, sql))
		return connection_failed(pg, err);
	if ((rc = await_result(pg, err)) < 0)
		return rc;
	res = PQgetResult(pg->conn);
	if (PQresultStatus(res) == PGRES_COPY_OUT) {
		if ((rc = skip_rows(pg, err)) < 0)
			goto done;
		PQclear(res);
		res = NULL;
		rc = dbbi_pg_take(&res, pg, err);
	} else if ((rc = statement_failed(pg, res, err)) < 0) {
		dbbi_pg_take(NULL, pg, NULL);	/* to its end */
	}
	if (rc == DBB_OK && dbbi_parse_u64(rows, PQcmdTuples(res), 0,
	    UINT64_MAX) < 0)
		rc = dbbi_error_set(err, DBB_ESOURCE, "the server did not "
		    "say how many rows there are");
done:
	PQclear(res);
	return rc;
}

int
dbbi_pg_execute(dbbi_pg *pg, char *sql, dbb_error *err)
{
	int rc;

	if (sql == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_pg_query(NULL, pg, sql, 0, NULL, err);
	free(sql);
	return rc;
}
