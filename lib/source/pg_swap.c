/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into the old one's place, by renaming. All databases of a restore in one
 * transaction: whatever happens, either every name means the old database
 * or every name means the new one.
 *
 * Renaming locks the database, so that whoever connects now waits, and then
 * gives those inside five seconds to leave; a second connection sends them
 * out meanwhile.
 */
#include <config.h>

#include "source/pg_target_private.h"

#include <inttypes.h>
#include <limits.h>
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
#define KEPT_MAX 100
#define TIME_SIZE 16		/* of a set's id: 20261122T020000Z */

struct swap {
	dbbi_pg_target *t;
	dbbi_pg *helper;
	char (*old)[DBBI_PG_NAME_SIZE];		/* per database; "": stays */
	char (*final)[DBBI_PG_NAME_SIZE];
	dbb_error refused;	/* why a session could not be ended */
};

static int
exists(int *there, dbbi_pg *pg, const char *name, dbb_error *err)
{
	const char *params[] = { name };
	PGresult *found = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&found, pg, "SELECT 1 FROM pg_catalog."
	    "pg_database WHERE datname = $1", 1, params, err)) == DBB_OK)
		*there = PQntuples(found) > 0;
	PQclear(found);
	return rc;
}

/* "app_restored_20261122T020000Z": for a restored database that may not take
 * the old one's place because it differs from the set. */
static int
keep_name(char out[DBBI_PG_NAME_SIZE], struct swap *s,
    const dbbi_pg_restored *r, dbb_error *err)
{
	const char *set = s->t->plan->set;
	char tail[DBBI_PG_NAME_SIZE / 2];
	int time = (int)strcspn(set, "-"), there = 1, rc, i;
	size_t n;

	for (i = 1; i <= KEPT_MAX && there; i++) {
		n = (size_t)snprintf(tail, sizeof(tail), "_restored_%.*s",
		    time > TIME_SIZE ? TIME_SIZE : time, set);
		if (i > 1)
			snprintf(tail + n, sizeof(tail) - n, "_%d", i);
		n = dbbi_pg_utf8_cut(r->target,
		    DBBI_PG_NAME_SIZE - 1 - strlen(tail));
		memcpy(out, r->target, n);
		memcpy(out + n, tail, strlen(tail) + 1);
		if ((rc = exists(&there, s->t->pg, out, err)) < 0)
			return rc;
	}
	return DBB_OK;
}

/* Choose all names before the transaction begins. */
static int
choose_names(struct swap *s, int equal, dbb_error *err)
{
	dbbi_pg_target *t = s->t;
	dbbi_pg_restored *r;
	size_t i;
	int rc = DBB_OK;

	s->old = calloc(t->count, sizeof(*s->old));
	s->final = calloc(t->count, sizeof(*s->final));
	if (s->old == NULL || s->final == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < t->count && rc == DBB_OK; i++) {
		r = &t->restored[i];
		if (r->exists && !equal) {
			rc = keep_name(s->final[i], s, r, err);
			continue;
		}
		memcpy(s->final[i], r->target, strlen(r->target) + 1);
		if (r->exists)
			rc = dbbi_pg_scratch_name(s->old[i], DBBI_PG_OLD,
			    r->target, t->pg, err);
	}
	return rc;
}

static int
describe(dbbi_pg *pg, const char *database, const char *comment,
    dbb_error *err)
{
	return dbbi_pg_execute(pg, dbbi_pg_sql("COMMENT ON DATABASE %I IS %L",
	    database, comment), err);
}

/*
 * The last properties. The comment's lock is kept to the transaction's end,
 * so that another restore's sweep cannot remove the database once nobody is
 * connected to it.
 */
static int
finish_scratch(struct swap *s, size_t i, dbb_error *err)
{
	dbbi_pg_target *t = s->t;
	dbbi_pg_restored *r = &t->restored[i];
	int64_t limit = -1;
	int is_template = 0, rc;
	char number[24];

	if ((rc = describe(t->pg, r->scratch,
	    dbbi_json_string(r->facts, "comment"), err)) < 0)
		return rc;
	dbbi_json_i64(&limit, r->facts, "connection_limit");
	if (limit >= 0 && limit <= INT_MAX) {
		snprintf(number, sizeof(number), "%" PRId64, limit);
		rc = dbbi_pg_execute(t->pg, dbbi_pg_sql("ALTER DATABASE %I "
		    "CONNECTION LIMIT %s", r->scratch, number), err);
	}
	dbbi_json_bool(&is_template, r->facts, "is_template");
	/* Not for one that is only kept to be looked at. */
	if (rc == DBB_OK && is_template &&
	    strcmp(s->final[i], r->target) == 0)
		rc = dbbi_pg_execute(t->pg, dbbi_pg_sql("ALTER DATABASE %I "
		    "IS_TEMPLATE true", r->scratch), err);
	dbbi_pg_free(r->guard);
	r->guard = NULL;
	return rc;
}

/* Ask everyone to leave (autovacuum, which is no user, goes by itself). A
 * refusal is kept: those who stay may still leave of their own accord. */
static int
send_out(struct swap *s, const char *oid, dbb_error *err)
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
rename_once(struct swap *s, const char *oid, char *sql, dbb_error *err)
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
pause_for(struct swap *s, int ms, dbb_error *err)
{
	struct pollfd wake = { .fd = dbbi_run_wake_fd(s->t->run),
	    .events = POLLIN };

	poll(&wake, 1, ms);
	return dbbi_run_check(s->t->run, err);
}

static int
find_oid(char out[16], struct swap *s, const char *name, dbb_error *err)
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
still_in_use(struct swap *s, const char *name, dbb_error *err)
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
static int
rename_database(struct swap *s, const char *from, const char *to,
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
		if (rc == DBB_OK || strcmp(err->remote, IN_USE) != 0)
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

static int
put_aside(struct swap *s, size_t i, dbb_error *err)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	char *text;
	int rc;

	if ((rc = rename_database(s, r->target, s->old[i], err)) < 0)
		return dbbi_error_context(err, rc,
		    "putting the old database '%s' aside", r->target);
	text = dbbi_text_format("libdbbackup: replaced \"%s\" by set %s",
	    r->target, s->t->plan->set);
	rc = text == NULL ? dbbi_error_nomem(err) :
	    describe(s->t->pg, s->old[i], text, err);
	free(text);
	return rc;
}

static int
put_in_place(struct swap *s, size_t i, dbb_error *err)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	int rc = rename_database(s, r->scratch, s->final[i], err);

	if (rc < 0 && strcmp(err->remote, "42P04") == 0) {
		rc = dbbi_error_set(err, DBB_EEXIST, "database '%s' has been "
		    "made by someone else meanwhile", s->final[i]);
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside "
		    "it, or --replace to put the backup in its place");
	}
	return dbbi_error_context(err, rc, "renaming the restored database "
	    "to '%s'", s->final[i]);
}

static int
rename_all(struct swap *s, dbb_error *err)
{
	dbbi_pg_target *t = s->t;
	size_t i;
	int rc;

	if ((rc = dbbi_pg_query(NULL, t->pg, "BEGIN", 0, NULL, err)) < 0)
		return rc;
	for (i = 0; i < t->count; i++)
		if ((rc = finish_scratch(s, i, err)) < 0)
			return rc;
	for (i = 0; i < t->count; i++)
		if (s->old[i][0] != '\0' && (rc = put_aside(s, i, err)) < 0)
			return rc;
	for (i = 0; i < t->count; i++)
		if ((rc = put_in_place(s, i, err)) < 0)
			return rc;
	rc = dbbi_pg_query(NULL, t->pg, "COMMIT", 0, NULL, err);
	return dbbi_error_context(err, rc, "putting the restored databases "
	    "in place");
}

/* What is to be told of one database; its old one is dropped first. */
static int
report(dbbi_json *databases, struct swap *s, size_t i, dbb_error *err)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	dbbi_json *one = dbbi_json_new_object();
	char *warning = NULL;
	int rc;

	if (s->old[i][0] != '\0')
		warning = dbbi_pg_scratch_drop_old(s->t, r, s->old[i]);
	else if (strcmp(s->final[i], r->target) != 0)
		warning = dbbi_text_format("database '%s' was left as it is, "
		    "because what was restored differs from the set; that is "
		    "kept as '%s'", r->target, s->final[i]);
	rc = dbbi_json_set_string(one, "name", r->name);
	if (rc == DBB_OK)
		rc = dbbi_json_set_string(one, "target", s->final[i]);
	if (rc == DBB_OK)
		rc = dbbi_json_set_bool(one, "swapped", s->old[i][0] != '\0');
	if (rc == DBB_OK && warning != NULL)
		rc = dbbi_json_set_string(one, "warning", warning);
	if (warning != NULL)
		dbbi_log(s->t->run, DBB_LOG_INFO, "%s", warning);
	free(warning);
	if (rc < 0) {
		dbbi_json_free(one);
		return dbbi_error_nomem(err);
	}
	return dbbi_json_append(databases, one) < 0 ?
	    dbbi_error_nomem(err) : DBB_OK;
}

int
dbbi_pg_swap(dbbi_pg_target *t, int equal, dbbi_json *databases,
    dbb_error *err)
{
	struct swap s = { .t = t };
	dbb_error own = {0};
	size_t i;
	int rc;

	if (err == NULL)
		err = &own;		/* its SQLSTATE decides */
	if ((rc = choose_names(&s, equal, err)) < 0 ||
	    (rc = dbbi_pg_connect(&s.helper, t->run, t->params, t->database,
	    err)) < 0)
		goto done;
	if ((rc = rename_all(&s, err)) < 0) {
		/* Not by a ROLLBACK, which a cancel would keep from being
		 * sent: the locks on the users' databases must go at once. */
		dbbi_pg_free(t->pg);
		t->pg = NULL;
		goto done;
	}
	t->committed = 1;
	for (i = 0; i < t->count && rc == DBB_OK; i++)
		rc = report(databases, &s, i, err);
done:
	dbbi_pg_free(s.helper);
	free(s.old);
	free(s.final);
	return rc;
}
