/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_tables: the exact number of rows of every table.
 *
 * When backing up, the dump itself tells it (pg_archive.h): what the facts say
 * is then what the backup holds. After a restore, and for what no dump holds,
 * the server is asked.
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
	" %I.%I', n.nspname, c.relname) END, c.oid" \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'" \
	" AND (c.relkind = 'r' OR c.relispopulated) AND" \
	DBBI_PG_USER_SCHEMA "AND" DBBI_PG_NOT_EXTENSION \
	" ORDER BY n.nspname, c.relname"

enum { SCHEMA, NAME, KIND, ABSENT, COPY, COUNT, OID };	/* its columns */

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
is_view(const PGresult *list, int row)
{
	return strcmp(PQgetvalue(list, row, KIND), "materialized view") == 0;
}

static int
is_absent(const PGresult *list, int row)
{
	return strcmp(PQgetvalue(list, row, ABSENT), "t") == 0;
}

static int
is_in_dump(const PGresult *list, int row)
{
	return !is_view(list, row) && !is_absent(list, row);
}

/* What a table is called in messages; to free(3). */
static char *
title(const PGresult *list, int row)
{
	return dbbi_pg_name(PQgetvalue(list, row, SCHEMA),
	    PQgetvalue(list, row, NAME));
}

/* Ask the server; `*known` 0: it cannot be counted. */
static int
ask_rows(uint64_t *rows, int *known, dbbi_pg *pg, const PGresult *list,
    int row, dbb_error *err)
{
	int copies = !is_view(list, row) ||
	    dbbi_pg_version(pg) >= COPIES_VIEWS;
	char *name;
	int rc = DBB_OK;

	*rows = 0;
	*known = copies || !PQgetisnull(list, row, COUNT);
	if (!*known || is_absent(list, row))
		return DBB_OK;
	rc = copies ? dbbi_pg_copy_count(rows, pg,
	    PQgetvalue(list, row, COPY), err) :
	    read_number(rows, pg, PQgetvalue(list, row, COUNT), err);
	if (rc < 0) {
		name = title(list, row);
		dbbi_error_context(err, rc, "counting '%s'",
		    name != NULL ? name : "");
		free(name);
	}
	return rc;
}

static int
count_table(dbbi_json *array, int leave_out, dbbi_pg *pg,
    const PGresult *list, int row, dbb_error *err)
{
	uint64_t rows = 0;
	int known = 0, rc;

	if (!(leave_out && is_in_dump(list, row)) &&
	    (rc = ask_rows(&rows, &known, pg, list, row, err)) < 0)
		return rc;
	return add_table(array, list, row, known ? &rows : NULL) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

int
dbbi_pg_tables_count(dbbi_json *facts, PGresult **uncounted, dbbi_pg *pg,
    dbb_error *err)
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
		rc = count_table(array, uncounted != NULL, pg, list, i, err);
	if (rc < 0)
		goto done;
	rc = read_number(&large_objects, pg,
	    "SELECT count(*) FROM pg_largeobject_metadata", err);
	if (rc < 0)
		dbbi_error_context(err, rc, "counting large objects");
	else if (dbbi_json_set_u64(facts, "large_objects",
	    large_objects) < 0)
		rc = dbbi_error_nomem(err);
	if (rc == 0 && uncounted != NULL) {
		PQclear(*uncounted);
		*uncounted = list;
		list = NULL;
	}
done:
	PQclear(list);
	return rc;
}

/* ---- what the dump tells ---- */

static void
hint_incomplete(dbb_error *err)
{
	dbbi_error_hint(err, "nothing of it is in the set; back up again, and if "
	    "it fails again, see whether 'pg_dump' of this database leaves "
	    "it out");
}

static int
miss_table(const PGresult *list, int row, uint64_t rows, dbb_error *err)
{
	char *name = title(list, row);
	int rc;

	if (name == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_error_set(err, DBB_ESOURCE, "the dump holds nothing of "
	    "table '%s', which has %llu rows", name,
	    (unsigned long long)rows);
	hint_incomplete(err);
	free(name);
	return rc;
}

static int
fill_table(dbbi_json *table, dbbi_pg *pg, const PGresult *list, int row,
    const dbbi_pg_archive *dump, dbb_error *err)
{
	uint64_t rows = 0;
	int known, rc;

	if (dump == NULL || !dbbi_pg_archive_rows(&rows, dump,
	    (uint32_t)dbbi_pg_number(list, row, OID))) {
		rc = ask_rows(&rows, &known, pg, list, row, err);
		if (rc < 0)
			return rc;
		if (dump != NULL && rows > 0)
			return miss_table(list, row, rows, err);
	}
	return dbbi_json_set_u64(table, "rows", rows) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

static int
compare_objects(const dbbi_json *facts, const dbbi_pg_archive *dump,
    dbb_error *err)
{
	uint64_t expected = 0, found = dbbi_pg_archive_large_objects(dump);
	int rc;

	if (dbbi_json_u64(&expected, facts, "large_objects") == 0 &&
	    expected == found)
		return DBB_OK;
	rc = dbbi_error_set(err, DBB_ESOURCE, "the dump holds %llu of %llu "
	    "large objects", (unsigned long long)found,
	    (unsigned long long)expected);
	hint_incomplete(err);
	return rc;
}

int
dbbi_pg_tables_fill(dbbi_json *facts, dbbi_pg *pg, const PGresult *uncounted,
    const dbbi_pg_archive *dump, dbb_error *err)
{
	dbbi_json *array = dbbi_json_array(facts, "tables");
	int i, rc = 0, count = PQntuples(uncounted);

	if (dbbi_json_count(array) != (size_t)count)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "these are not the facts of this database");
	if (dump != NULL && dbbi_pg_archive_unknown(dump) != NULL)
		dump = NULL;
	for (i = 0; i < count && rc == 0; i++)
		if (is_in_dump(uncounted, i))
			rc = fill_table(dbbi_json_at(array, (size_t)i), pg,
			    uncounted, i, dump, err);
	return rc == 0 && dump != NULL ? compare_objects(facts, dump, err) :
	    rc;
}
