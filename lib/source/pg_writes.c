/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What clients write into a database while its successor is loaded is in no
 * set. The server counts the rows that are written, and so it shows.
 *
 * A write that is counted late, or was undone, or made a temporary table, is
 * one more; one that is not counted (by a session without track_counts) is
 * not seen. Statistics do not matter, which the server gathers by itself, nor
 * does the history, into which the safety set is written.
 */
#include <config.h>

#include "source/pg_target_private.h"

#include "source/pg_names.h"

static const char all_sql[] =
	"SELECT tup_inserted + tup_updated + tup_deleted"
	" FROM pg_catalog.pg_stat_database WHERE datname = $1";

/* A row's overlong values go with the row; shared catalogs are not the
 * database's own. */
static const char users_sql[] =
	"SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)"
	" FROM pg_catalog.pg_stat_all_tables"
	" WHERE relid NOT IN (SELECT oid FROM pg_catalog.pg_class"
	"  WHERE relisshared OR relkind = 't') AND NOT (schemaname = 'pg_catalog'"
	"  AND relname ~ '^pg_statistic')"
	" AND NOT (schemaname = 'public' AND relname = 'backup_history')";

static int
read_all(uint64_t *out, dbbi_pg *pg, const char *name, dbb_error *err)
{
	const char *params[] = { name };
	PGresult *res = NULL;
	int rc;

	if ((rc = dbbi_pg_query(NULL, pg, "SELECT pg_catalog."
	    "pg_stat_clear_snapshot()", 0, NULL, err)) < 0 ||
	    (rc = dbbi_pg_query(&res, pg, all_sql, 1, params, err)) < 0)
		return rc;
	*out = PQntuples(res) > 0 ? dbbi_pg_number(res, 0, 0) : 0;
	PQclear(res);
	return DBB_OK;
}

static int
look_inside(uint64_t *out, dbbi_pg_target *t, dbbi_run *run,
    const char *name, dbb_error *err)
{
	PGresult *res = NULL;
	dbbi_pg *pg = NULL;
	int rc;

	if ((rc = dbbi_pg_connect(&pg, run, t->params, name, err)) == DBB_OK &&
	    (rc = dbbi_pg_query(&res, pg, users_sql, 0, NULL, err)) == DBB_OK)
		*out = dbbi_pg_number(res, 0, 0);
	PQclear(res);
	dbbi_pg_free(pg);
	return rc;
}

int
dbbi_pg_writes_note(dbbi_pg_target *t, dbbi_pg_restored *r, dbb_error *err)
{
	dbbi_pg_writes w = { .noted = 1 };
	int rc;

	if (!r->exists || !t->plan->keep_written)
		return DBB_OK;
	rc = look_inside(&w.users, t, t->run, r->target, NULL);
	w.looked = rc == DBB_OK;
	if ((rc = read_all(&w.all, t->pg, r->target, err)) == DBB_OK)
		r->writes = w;
	return dbbi_error_context(err, rc, "reading the statistics of '%s'",
	    r->target);
}

int
dbbi_pg_writes_any(int *any, dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *name, dbb_error *err)
{
	uint64_t now = 0;
	int rc;

	*any = 0;
	if (!r->writes.noted)
		return DBB_OK;
	if ((rc = read_all(&now, t->pg, name, err)) == DBB_OK)
		*any = now != r->writes.all;
	return dbbi_error_context(err, rc, "reading the statistics of '%s'",
	    r->target);
}

int
dbbi_pg_writes_matter(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *name)
{
	uint64_t now = 0;

	return !r->writes.looked || look_inside(&now, t, &t->calm, name,
	    NULL) < 0 || now != r->writes.users;
}
