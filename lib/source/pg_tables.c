/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_tables: the exact number of rows of every table.
 *
 * SELECT count(*) would be planned, and a planner evaluates what indexes and
 * statistics are made on: functions of the table's owner, with our rights.
 * COPY of a table reads its rows and nothing else, and so does not follow a
 * view or another table that someone puts in its place. The narrowest column
 * is copied.
 *
 * Before version 18 a materialized view cannot be copied. It is counted where
 * it and its schema belong to a superuser or to us; else its rows are null: a
 * restore fills it anew anyhow.
 */
#include <config.h>

#include "source/pg_facts_parts.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"

/* Is role `owner` a superuser or ours? pg_database_owner, which owns the
 * schema public since version 15, is whoever owns the database. */
#define TRUSTED(owner) \
	" (SELECT o.rolsuper OR o.rolname = current_user FROM pg_roles o" \
	"  WHERE o.oid = CASE WHEN pg_get_userbyid(" owner ") ="\
	"   'pg_database_owner' THEN (SELECT datdba FROM pg_database" \
	"   WHERE datname = current_database()) ELSE " owner " END)"

/* `stored`: what else a column must be to be copied. */
#define TABLES(stored) \
	"SELECT n.nspname, c.relname, CASE WHEN c.relkind = 'm'" \
	"  THEN 'materialized view' WHEN c.relpersistence = 'u'" \
	"  THEN 'unlogged' ELSE 'table' END," \
	" c.relpersistence = 'u' AND pg_is_in_recovery()," \
	" format('COPY %I.%I%s TO STDOUT', n.nspname, c.relname," \
	"  (SELECT format(' (%I)', a.attname) FROM pg_attribute a" \
	"   WHERE a.attrelid = c.oid AND a.attnum > 0" \
	"   AND NOT a.attisdropped " stored \
	"   ORDER BY a.attlen < 0, a.attlen, a.attnum LIMIT 1))," \
	" CASE WHEN c.relkind = 'm' AND" TRUSTED("c.relowner") " AND" \
	TRUSTED("n.nspowner") " THEN format('SELECT count(*) FROM ONLY" \
	" %I.%I', n.nspname, c.relname) END" \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'" \
	" AND (c.relkind = 'r' OR c.relispopulated) AND" \
	DBBI_PG_USER_SCHEMA "AND" DBBI_PG_NOT_EXTENSION \
	" ORDER BY n.nspname, c.relname"

enum { SCHEMA, NAME, KIND, ABSENT, COPY, COUNT };	/* its columns */

#define COPIES_VIEWS 180000
#define HAS_GENERATED 120000

static int
read_number(uint64_t *out, dbbi_pg *pg, const char *sql, dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&res, pg, sql, 0, NULL, err)) < 0)
		return rc;
	*out = dbbi_pg_number(res, 0, 0);
	PQclear(res);
	return 0;
}

/* `rows` NULL: not counted. */
static int
add_table(dbbi_json *array, const PGresult *list, int row,
    const uint64_t *rows)
{
	dbbi_json *table = dbbi_json_new_object();
	int rc;

	if ((rc = dbbi_pg_json_text(table, "schema",
	    PQgetvalue(list, row, SCHEMA))) < 0 ||
	    (rc = dbbi_pg_json_text(table, "name",
	    PQgetvalue(list, row, NAME))) < 0 ||
	    (rc = dbbi_json_set_string(table, "kind",
	    PQgetvalue(list, row, KIND))) < 0 ||
	    (rc = rows != NULL ? dbbi_json_set_u64(table, "rows", *rows) :
	    dbbi_json_set_string(table, "rows", NULL)) < 0) {
		dbbi_json_free(table);
		return rc;
	}
	return dbbi_json_append(array, table);
}

static int
count_table(dbbi_json *array, dbbi_pg *pg, const PGresult *list, int row,
    dbb_error *err)
{
	int copies = strcmp(PQgetvalue(list, row, KIND),
	    "materialized view") != 0 || dbbi_pg_version(pg) >= COPIES_VIEWS;
	uint64_t rows = 0;
	char *name;
	int rc = DBB_OK;

	if (!copies && PQgetisnull(list, row, COUNT))
		return add_table(array, list, row, NULL) < 0 ?
		    dbbi_error_nomem(err) : 0;
	if (strcmp(PQgetvalue(list, row, ABSENT), "t") != 0)
		rc = copies ? dbbi_pg_copy_count(&rows, pg,
		    PQgetvalue(list, row, COPY), err) :
		    read_number(&rows, pg, PQgetvalue(list, row, COUNT), err);
	if (rc < 0) {
		name = dbbi_pg_name(PQgetvalue(list, row, SCHEMA),
		    PQgetvalue(list, row, NAME));
		dbbi_error_context(err, rc, "counting '%s'",
		    name != NULL ? name : "");
		free(name);
		return rc;
	}
	return add_table(array, list, row, &rows) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

int
dbbi_pg_tables_count(dbbi_json *facts, dbbi_pg *pg, dbb_error *err)
{
	dbbi_json *array = dbbi_json_new_array();
	PGresult *list = NULL;
	uint64_t large_objects = 0;
	int i, rc;

	if (dbbi_json_set(facts, "tables", array) < 0)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_pg_query(&list, pg, dbbi_pg_version(pg) >=
	    HAS_GENERATED ? TABLES("AND a.attgenerated = ''") : TABLES(""), 0,
	    NULL, err)) < 0)
		return dbbi_error_context(err, rc, "listing tables");
	for (i = 0; i < PQntuples(list) && rc == 0; i++)
		rc = count_table(array, pg, list, i, err);
	PQclear(list);
	if (rc < 0)
		return rc;
	rc = read_number(&large_objects, pg,
	    "SELECT count(*) FROM pg_largeobject_metadata", err);
	if (rc < 0)
		return dbbi_error_context(err, rc, "counting large objects");
	return dbbi_json_set_u64(facts, "large_objects", large_objects) < 0 ?
	    dbbi_error_nomem(err) : 0;
}
