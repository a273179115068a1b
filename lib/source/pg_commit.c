/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_swap.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"
#include "util/clock.h"

#define PATIENCE_MS 20000	/* as long is the server asked */
#define GRACE_MS 1000		/* until its old session is ended */
#define PAUSE_MS 100

/* What is known of the transaction whose end is in doubt. */
struct doubt {
	char xact[24];
	char pid[16];			/* of the session that has it */
	dbb_error why;
};

static int
read_xact(struct doubt *d, dbbi_pg *pg, dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&res, pg, "SELECT pg_catalog.txid_current(), "
	    "pg_catalog.pg_backend_pid()", 0, NULL, err)) < 0)
		return rc;
	snprintf(d->xact, sizeof(d->xact), "%s", PQgetvalue(res, 0, 0));
	snprintf(d->pid, sizeof(d->pid), "%s", PQgetvalue(res, 0, 1));
	PQclear(res);
	return DBB_OK;
}

/* 1: it happened; 0: it did not; -1: it is under way, or nobody knows. */
static int
ask(dbbi_pg *pg, const struct doubt *d)
{
	const char *params[] = { d->xact };
	PGresult *res = NULL;
	const char *word;
	int answer = -1;

	if (dbbi_pg_query(&res, pg, "SELECT pg_catalog.txid_status("
	    "$1::bigint)", 1, params, NULL) == DBB_OK &&
	    (word = dbbi_pg_text(res, 0, 0)) != NULL)
		answer = strcmp(word, "committed") == 0 ? 1 :
		    strcmp(word, "aborted") == 0 ? 0 : -1;
	PQclear(res);
	return answer;
}

/* A session whose client is gone may wait for a standby for ever. Ended, it
 * has committed, or not. */
static void
end_session(dbbi_pg *pg, const struct doubt *d)
{
	const char *params[] = { d->pid };

	dbbi_pg_query(NULL, pg, "SELECT pg_catalog.pg_terminate_backend(pid) "
	    "FROM pg_catalog.pg_stat_activity WHERE pid = $1::integer AND "
	    "usename = current_user AND application_name = pg_catalog."
	    "current_setting('application_name')", 1, params, NULL);
}

/* Ask once. `*other` is the connection for it, made where there is none, or
 * none any more: a server that starts again ends it. */
static int
ask_by(dbbi_pg **other, dbbi_pg_target *t, const struct doubt *d)
{
	if (*other != NULL &&
	    PQstatus(dbbi_pg_handle(*other)) == CONNECTION_BAD) {
		dbbi_pg_free(*other);
		*other = NULL;
	}
	if (*other == NULL && dbbi_pg_connect(other, &t->calm, t->params,
	    t->database, NULL) < 0)
		return -1;
	return ask(*other, d);
}

/* Ask until the server says it, or the patience is at its end. */
static int
find_out(dbbi_pg **other, dbbi_pg_target *t, const struct doubt *d)
{
	uint64_t begun = dbbi_monotonic_ms(), gone = 0;
	int answer;

	while ((answer = ask_by(other, t, d)) < 0 && gone < PATIENCE_MS) {
		if (*other != NULL && gone > GRACE_MS)
			end_session(*other, d);
		poll(NULL, 0, PAUSE_MS);
		gone = dbbi_monotonic_ms() - begun;
	}
	return answer;
}

static int
stay_in_doubt(const struct doubt *d, dbb_error *err)
{
	dbbi_error_set(err, d->why.code, "whether it was done could not be "
	    "found out: %.3000s", d->why.message);
	dbbi_error_hint(err, "look which databases there are (psql -l): as "
	    "long as one begins with " DBBI_PG_SCRATCH ", it was not done; "
	    "the next restore removes that");
	return d->why.code;
}

static int
tell_done(char **remark, const struct doubt *d, dbb_error *err)
{
	*remark = d->why.code == DBB_ECANCELED ?
	    dbbi_text_dup("the cancel came when what was restored had taken "
	    "its place: nothing was undone") :
	    dbbi_text_format("the connection was lost as what was restored "
	    "took its place, and the server says that it has: %s",
	    d->why.message);
	return *remark != NULL ? DBB_OK : dbbi_error_nomem(err);
}

/* The old connection goes first: without it the transaction ends. */
static int
resolve(char **remark, dbbi_pg_target *t, const struct doubt *d,
    dbb_error *err)
{
	dbbi_pg *other = NULL;
	int answer;

	dbbi_pg_free(t->pg);
	t->pg = NULL;
	answer = find_out(&other, t, d);
	if (answer == 1) {
		t->pg = other;
		return tell_done(remark, d, err);
	}
	dbbi_pg_free(other);
	if (answer < 0)
		return stay_in_doubt(d, err);
	if (err != NULL)
		*err = d->why;
	return d->why.code;
}

int
dbbi_pg_commit(char **remark, dbbi_pg_target *t, dbb_error *err)
{
	struct doubt d = {0};
	int rc;

	*remark = NULL;
	if ((rc = read_xact(&d, t->pg, err)) < 0)
		return rc;
	if (dbbi_pg_query(NULL, t->pg, "COMMIT", 0, NULL, &d.why) == DBB_OK)
		return DBB_OK;
	return resolve(remark, t, &d, err);
}
