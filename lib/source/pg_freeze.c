/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_freeze: the moment that the backup will show.
 *
 * Tables are locked (ACCESS SHARE, as pg_dump does) BEFORE the snapshot is
 * taken: TRUNCATE and rewriting ALTER TABLE do not heed snapshots, so that a
 * table which they change between snapshot and lock would look empty. And
 * the locks stay until all is counted, so that what is counted is what was
 * dumped. pg_dump waits for its own locks a limited time only: someone who
 * asks for an exclusive lock in between waits for us, and it for them.
 */
#include <config.h>

#include "source/pg_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"
#include "source/pg_sequences.h"
#include "util/clock.h"

#define LOCK_TRIES 5

/* Statements that lock 500 tables each. Standbys and others alike. */
static const char lock_statements[] =
	"SELECT 'LOCK TABLE ' || string_agg(format('ONLY %I.%I', t.nspname,"
	" t.relname), ', ') || ' IN ACCESS SHARE MODE'"
	" FROM (SELECT n.nspname, c.relname,"
	"  (row_number() OVER (ORDER BY c.oid) - 1) / 500 AS batch"
	"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	"  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND"
	DBBI_PG_USER_SCHEMA "AND" DBBI_PG_NOT_EXTENSION ") t"
	" GROUP BY t.batch ORDER BY t.batch";

static int
run(dbbi_pg *pg, const char *sql, dbb_error *err)
{
	return dbbi_pg_query(NULL, pg, sql, 0, NULL, err);
}

static int
lock_listed(dbbi_pg *pg, const PGresult *statements, dbb_error *err)
{
	int i, rc;

	if ((rc = run(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
	    err)) < 0 ||
	    (rc = run(pg, "SET LOCAL lock_timeout = '60s'", err)) < 0)
		return rc;
	for (i = 0; i < PQntuples(statements) && rc == 0; i++)
		rc = run(pg, PQgetvalue(statements, i, 0), err);
	return rc == 0 ? run(pg, "SET LOCAL lock_timeout = 0", err) : rc;
}

/* Was it only that a table vanished since it was listed? */
static int
has_vanished(const dbb_error *err)
{
	return strcmp(err->remote, "42P01") == 0 ||
	    strcmp(err->remote, "3F000") == 0;
}

static int
lock_tables(dbbi_pg *pg, dbb_error *err)
{
	dbb_error why = {0};
	PGresult *res = NULL;
	int rc = 0, tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if ((rc = run(pg, "ROLLBACK", &why)) < 0 ||
		    (rc = dbbi_pg_query(&res, pg, lock_statements, 0, NULL,
		    &why)) < 0)
			break;
		rc = lock_listed(pg, res, &why);
		PQclear(res);
		res = NULL;
		if (rc == 0 || !has_vanished(&why))
			break;
	}
	if (rc < 0 && strcmp(why.remote, "55P03") == 0)
		dbbi_error_hint(&why, "a session holds a table for itself "
		    "(VACUUM FULL, ALTER TABLE, LOCK …): see "
		    "pg_stat_activity, and back up when it is done");
	if (rc < 0 && err != NULL)
		*err = why;
	return dbbi_error_context(err, rc, "locking tables");
}

static int
export_snapshot(dbbi_pg_database *db, dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	rc = dbbi_pg_query(&res, db->pg, "SELECT pg_export_snapshot()", 0,
	    NULL, err);
	if (rc < 0)
		return dbbi_error_context(err, rc, "exporting a snapshot");
	free(db->snapshot);
	db->snapshot = dbbi_text_dup(PQgetvalue(res, 0, 0));
	PQclear(res);
	return db->snapshot != NULL ? 0 : dbbi_error_nomem(err);
}

int
dbbi_pg_freeze(int64_t *frozen_at_ms, dbbi_source *source, dbb_error *err)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	dbbi_pg_database *db = s->databases, *end = db + s->database_count;
	int64_t at;
	int rc = 0;

	for (; db < end && rc == 0; db++)
		rc = dbbi_error_context(err, lock_tables(db->pg, err),
		    "database '%s'", db->name);
	for (db = s->databases; db < end && rc == 0; db++)
		rc = dbbi_error_context(err, export_snapshot(db, err),
		    "database '%s'", db->name);
	at = dbbi_now_ms();
	for (db = s->databases; db < end && rc == 0; db++) {
		dbbi_json_free(db->sequences);
		db->sequences = NULL;
		rc = dbbi_error_context(err, dbbi_pg_sequences_read(
		    &db->sequences, db->pg, err), "database '%s'", db->name);
	}
	if (rc == 0)
		*frozen_at_ms = at;
	return rc;
}
