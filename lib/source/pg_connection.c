/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_connection: connecting, and saying well why it did not work. */
#include <config.h>

#include "source/pg_private.h"

#include <ctype.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

/* Nothing a user or database sets may change what our statements mean, cut
 * them short, or hide rows from them. */
static const char settings[] =
	"SELECT pg_catalog.set_config('search_path', '', false);"
	"SELECT pg_catalog.set_config(s.name, v.value, false)"
	" FROM pg_catalog.pg_settings s JOIN (VALUES"
	" ('statement_timeout', '0'), ('lock_timeout', '0'),"
	" ('idle_in_transaction_session_timeout', '0'),"
	" ('idle_session_timeout', '0'), ('transaction_timeout', '0'),"
	" ('row_security', 'off'), ('DateStyle', 'ISO, YMD'),"
	" ('IntervalStyle', 'postgres'), ('extra_float_digits', '3'),"
	" ('bytea_output', 'hex'), ('standard_conforming_strings', 'on'),"
	" ('quote_all_identifiers', 'off'),"
	/* someone may put a view of theirs in the place of a table or a
	 * sequence between our listing and our reading it */
	" ('restrict_nonsystem_relation_kind', 'view, foreign-table')"
	") AS v (name, value) ON s.name = v.name";

/* libpq would print what the server remarks. */
static void
log_notice(void *payload, const char *message)
{
	char *text = dbbi_text_dup(message);

	if (text == NULL)
		return;
	dbbi_pg_flatten(text);
	dbbi_log(payload, DBB_LOG_DEBUG, "server: %s", text);
	free(text);
}

/*
 * Before login libpq gives no SQLSTATE, and the words are in the server's
 * language; but its verbose form writes "<severity>:  <SQLSTATE>: <words>".
 * Put the SQLSTATE into `state` (else "") and cut it out of `text`, and so
 * too the line in the server's sources with which the verbose form ends.
 */
static void
split_verbose(char state[6], char *text)
{
	char *at = text, *line;
	size_t i;

	state[0] = '\0';
	while ((at = strstr(at, ":  ")) != NULL) {
		for (i = 0; i < 5; i++) {
			if (!isdigit((unsigned char)at[3 + i]) &&
			    !isupper((unsigned char)at[3 + i]))
				break;
		}
		if (i == 5 && strncmp(at + 8, ": ", 2) == 0)
			break;
		at += 3;
	}
	if (at == NULL)
		return;
	memcpy(state, at + 3, 5);
	state[5] = '\0';
	memmove(at + 2, at + 10, strlen(at + 10) + 1);
	at[1] = ' ';
	while ((line = strrchr(at, '\n')) != NULL && line[1] == '\0')
		*line = '\0';
	if (line != NULL && strstr(line, ".c:") != NULL)
		*line = '\0';
}

static void
hint_at_auth(const PGconn *conn, const dbbi_pg_params *params,
    dbb_error *err)
{
	const char *used = PQpass(conn);

	if (used == NULL || used[0] == '\0') {
		dbbi_error_hint(err, "no password is configured: set "
		    "password-file in %s, or PGPASSWORD; or let '%s' in "
		    "without one in the server's pg_hba.conf",
		    params->section, PQuser(conn));
		return;
	}
	dbbi_error_hint(err, "the password came from %s: is it the one of "
	    "'%s', and does the server's pg_hba.conf let that user in from "
	    "here?", params->password != NULL ? params->password_origin :
	    "libpq's passfile or service file", PQuser(conn));
}

/* The server is there, and said no: what it said decides. */
static void
hint_at_refusal(const PGconn *conn, const dbbi_pg_params *params,
    const char *state, dbb_error *err)
{
	if (strncmp(state, "57P0", 4) == 0)
		dbbi_error_hint(err, "the server is starting or stopping: "
		    "try again in a moment; its log says more");
	else if (strcmp(state, "53300") == 0)
		dbbi_error_hint(err, "all its places are taken: see "
		    "pg_stat_activity for who holds them, end what is not "
		    "needed, or raise max_connections");
	else if (strcmp(state, "55000") == 0)
		dbbi_error_hint(err, "if it is to be used, a superuser lets "
		    "sessions in: ALTER DATABASE \"%s\" ALLOW_CONNECTIONS "
		    "true", PQdb(conn));
	else
		dbbi_error_hint(err, "the server is running and refused: its "
		    "log may say more; look also at 'connection' in %s, and "
		    "at what is set for user and database (\\drds in psql)",
		    params->section);
}

static void
hint_at_connect(const PGconn *conn, const dbbi_pg_params *params, int code,
    const char *state, dbb_error *err)
{
	if (code == DBB_EAUTH)
		hint_at_auth(conn, params, err);
	else if (code == DBB_ENOTFOUND)
		dbbi_error_hint(err, "see which databases there are: "
		    "psql -l -h %s -p %s -U %s", PQhost(conn), PQport(conn),
		    PQuser(conn));
	else if (code == DBB_EACCESS)
		dbbi_error_hint(err, "GRANT CONNECT ON DATABASE \"%s\" TO "
		    "\"%s\"", PQdb(conn), PQuser(conn));
	else if (code == DBB_ECONFIG)
		dbbi_error_hint(err, "look at 'connection' in %s, and at the "
		    "PG* variables of the environment", params->section);
	else if (state[0] != '\0')
		hint_at_refusal(conn, params, state, err);
	else
		dbbi_error_hint(err, "is the server running, and do host and "
		    "port name it? try: pg_isready -h %s -p %s",
		    PQhost(conn), PQport(conn));
}

/* Say why there is no connection; returns the code. */
static int
refuse(const PGconn *conn, const dbbi_pg_params *params, dbb_error *err)
{
	char state[6], *text = dbbi_text_dup(PQerrorMessage(conn));
	int code;

	if (text == NULL)
		return dbbi_error_nomem(err);
	split_verbose(state, text);
	dbbi_pg_flatten(text);
	code = dbbi_pg_status(state,
	    state[0] != '\0' ? DBB_ESOURCE : DBB_ECONNECT);
	dbbi_pg_options_refused(params, state);
	if (state[0] == '\0' && PQconnectionNeedsPassword(conn))
		code = DBB_EAUTH;
	/* Without a port libpq did not get so far as to try: a service that
	 * is not defined, a value that makes no sense. */
	if (PQport(conn) == NULL || PQport(conn)[0] == '\0')
		code = DBB_ECONFIG;
	dbbi_error_set(err, code, "%s", text);
	dbbi_error_remote(err, state);
	if (err != NULL)
		err->retryable = code == DBB_ECONNECT ||
		    dbbi_pg_retryable(state);
	hint_at_connect(conn, params, code, state, err);
	free(text);
	return code;
}

/* The user's connect_timeout, wherever it stands; libpq itself heeds it
 * only in its blocking calls. */
static uint64_t
timeout_seconds(PGconn *conn)
{
	PQconninfoOption *list = PQconninfo(conn), *o;
	uint64_t seconds = PG_CONNECT_TIMEOUT;

	for (o = list; o != NULL && o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "connect_timeout") == 0 &&
		    o->val != NULL)
			dbbi_parse_u64(&seconds, o->val, 0, 86400);
	}
	PQconninfoFree(list);
	return seconds;
}

static int
timed_out(const PGconn *conn, const dbbi_pg_params *params, uint64_t seconds,
    dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONNECT, "no answer within %llu seconds",
	    (unsigned long long)seconds);
	if (err != NULL)
		err->retryable = 1;
	hint_at_connect(conn, params, DBB_ECONNECT, "", err);
	return DBB_ECONNECT;
}

/* Bring the connection up, step by step. */
static int
negotiate(PGconn *conn, dbbi_run *run, const dbbi_pg_params *params,
    dbb_error *err)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	uint64_t seconds = timeout_seconds(conn), now;
	uint64_t until = dbbi_monotonic_ms() + seconds * 1000;
	int left = -1, rc;

	for (;;) {
		if (PQstatus(conn) == CONNECTION_BAD ||
		    state == PGRES_POLLING_FAILED)
			return refuse(conn, params, err);
		if (state == PGRES_POLLING_OK)
			return 0;
		now = dbbi_monotonic_ms();
		if (seconds > 0)	/* 0: forever, as libpq has it */
			left = now < until ? (int)(until - now) : 0;
		rc = dbbi_pg_await(conn, run,
		    state == PGRES_POLLING_READING ? POLLIN : POLLOUT, left,
		    err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return timed_out(conn, params, seconds, err);
		state = PQconnectPoll(conn);
	}
}

/* Begin to connect; NULL when out of memory. */
static PGconn *
start(const dbbi_pg_params *params, const char *database,
    const char *options)
{
	size_t i, n = 0, room = params->count + 6;
	const char **words = calloc(room, sizeof(*words));
	const char **values = calloc(room, sizeof(*values));
	PGconn *conn = NULL;

	if (words == NULL || values == NULL)
		goto done;
	/* The last of one keyword counts. */
	words[n] = "fallback_application_name";
	values[n++] = "libdbbackup";
	for (i = 0; i < params->count; i++) {
		words[n] = params->options[i].keyword;
		if ((values[n] = params->options[i].value) != NULL)
			n++;
	}
	if (params->password != NULL) {
		words[n] = "password";
		values[n++] = params->password;
	}
	if (database != NULL) {
		words[n] = "dbname";
		values[n++] = database;
	}
	if (options != NULL) {
		words[n] = "options";
		values[n++] = options;
	}
	words[n] = "client_encoding";
	values[n++] = "UTF8";
	words[n] = NULL;
	conn = PQconnectStartParams(words, values, 0);
done:
	free(words);
	free(values);
	return conn;
}

static const char *
or_default(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : "(default)";
}

/* Connect and make the session ours. */
static int
set_up(dbbi_pg *pg, const dbbi_pg_params *params, dbb_error *err)
{
	const char *encoding;
	int rc;

	PQsetNoticeProcessor(pg->conn, log_notice, pg->run);
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	if ((rc = negotiate(pg->conn, pg->run, params, err)) < 0)
		return rc;
	PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
	atomic_store(&params->learned->version, PQserverVersion(pg->conn));
	if ((rc = dbbi_pg_query(NULL, pg, settings, 0, NULL, err)) < 0)
		return rc;
	/* A SQL_ASCII database may hold names that are not UTF-8, and the
	 * server refuses to send them as if they were. */
	encoding = PQparameterStatus(pg->conn, "server_encoding");
	if (encoding == NULL || strcmp(encoding, "SQL_ASCII") != 0)
		return 0;
	return dbbi_pg_query(NULL, pg, "SET client_encoding = 'SQL_ASCII'",
	    0, NULL, err);
}

static int
connect_once(dbbi_pg **out, dbbi_run *run, const dbbi_pg_params *params,
    const char *database, const char *options, dbb_error *err)
{
	dbbi_pg *pg = calloc(1, sizeof(*pg));
	int rc;

	if (pg == NULL)
		return dbbi_error_nomem(err);
	pg->run = run;
	if ((rc = dbbi_run_check(run, err)) < 0)
		goto done;
	if ((pg->conn = start(params, database, options)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = set_up(pg, params, err)) < 0) {
		rc = dbbi_error_context(err, rc,
		    "connecting to '%s' on %s:%s as '%s'",
		    or_default(PQdb(pg->conn)), or_default(PQhost(pg->conn)),
		    or_default(PQport(pg->conn)),
		    or_default(PQuser(pg->conn)));
		goto done;
	}
	*out = pg;
	pg = NULL;
done:
	dbbi_pg_free(pg);
	return rc;
}

/* Again, as long as a failure teaches what the session is to begin with. */
int
dbbi_pg_connect(dbbi_pg **out, dbbi_run *run, const dbbi_pg_params *params,
    const char *database, dbb_error *err)
{
	char *options = NULL, *last = NULL;
	int rc, learned;

	if ((rc = dbbi_pg_options_make(&options, params, err)) < 0)
		return rc;
	do {
		rc = connect_once(out, run, params, database, options, err);
		if (rc == DBB_OK || rc == DBB_ECANCELED || rc == DBB_ENOMEM)
			break;
		free(last);
		last = options;
		options = NULL;
		if (dbbi_pg_options_make(&options, params, NULL) < 0)
			break;
		learned = last != NULL &&
		    (options == NULL || strcmp(options, last) != 0);
	} while (learned);
	if (rc == DBB_OK && last != NULL)
		dbbi_error_clear(err);
	free(options);
	free(last);
	return rc;
}

void
dbbi_pg_free(dbbi_pg *pg)
{
	if (pg == NULL)
		return;
	PQfinish(pg->conn);
	free(pg);
}

int
dbbi_pg_version(const dbbi_pg *pg)
{
	return PQserverVersion(pg->conn);
}

PGconn *
dbbi_pg_handle(dbbi_pg *pg)
{
	return pg->conn;
}
