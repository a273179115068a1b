/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_sequences.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_facts.h"
#include "source/pg_names.h"

/* Statements that read 200 sequences each. */
static const char statements[] =
	"SELECT string_agg(format('SELECT %L, %L, last_value, is_called::text"
	" FROM %I.%I', t.nspname, t.relname, t.nspname, t.relname),"
	" ' UNION ALL ' ORDER BY t.nspname, t.relname)"
	" FROM (SELECT n.nspname, c.relname, (row_number()"
	"  OVER (ORDER BY n.nspname, c.relname) - 1) / 200 AS batch"
	"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	"  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND"
	DBBI_PG_USER_SCHEMA "AND" DBBI_PG_NOT_EXTENSION
	/* an unlogged one cannot be read on a standby */
	"  AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())) t"
	" GROUP BY t.batch ORDER BY t.batch";

static int
add_row(dbbi_json *array, const PGresult *res, int row)
{
	dbbi_json *s = dbbi_json_new_object();
	int rc;

	if ((rc = dbbi_pg_json_text(s, "schema",
	    PQgetvalue(res, row, 0))) < 0 ||
	    (rc = dbbi_pg_json_text(s, "name",
	    PQgetvalue(res, row, 1))) < 0 ||
	    (rc = dbbi_json_set_i64(s, "last_value",
	    strtoll(PQgetvalue(res, row, 2), NULL, 10))) < 0 ||
	    (rc = dbbi_json_set_bool(s, "is_called",
	    strcmp(PQgetvalue(res, row, 3), "true") == 0)) < 0) {
		dbbi_json_free(s);
		return rc;
	}
	return dbbi_json_append(array, s);
}

static int
read_batch(dbbi_json *array, dbbi_pg *pg, const char *sql, dbb_error *err)
{
	PGresult *res = NULL;
	int i, rc;

	if ((rc = dbbi_pg_query(&res, pg, sql, 0, NULL, err)) < 0)
		return rc;
	for (i = 0; i < PQntuples(res) && rc == 0; i++) {
		if (add_row(array, res, i) < 0)
			rc = dbbi_error_nomem(err);
	}
	PQclear(res);
	return rc;
}

int
dbbi_pg_sequences_read(dbbi_json **out, dbbi_pg *pg, dbb_error *err)
{
	dbbi_json *array = dbbi_json_new_array();
	PGresult *res = NULL;
	int i, rc;

	if (array == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_pg_query(&res, pg, statements, 0, NULL, err)) < 0)
		goto done;
	for (i = 0; i < PQntuples(res) && rc == 0; i++)
		rc = read_batch(array, pg, PQgetvalue(res, i, 0), err);
	if (rc == 0) {
		*out = array;
		array = NULL;
	}
done:
	PQclear(res);
	dbbi_json_free(array);
	return dbbi_error_context(err, rc, "reading sequences");
}

/* The entry of `array` that is the same sequence as `s`; usually that at
 * the same place. */
static const dbbi_json *
find_again(const dbbi_json *array, size_t i, const dbbi_json *s)
{
	const char *schema = dbbi_json_string(s, "schema");
	const char *name = dbbi_json_string(s, "name");
	size_t n = dbbi_json_count(array), k;
	const dbbi_json *other;

	if (schema == NULL || name == NULL)
		return NULL;
	for (k = 0; k < n; k++) {
		other = dbbi_json_at(array, (i + k) % n);
		if (strcmp(dbbi_json_string(other, "name"), name) == 0 &&
		    strcmp(dbbi_json_string(other, "schema"), schema) == 0)
			return other;
	}
	return NULL;
}

int
dbbi_pg_facts_finish(dbbi_json *facts, dbbi_pg *pg, dbb_error *err)
{
	dbbi_json *before = dbbi_json_array(facts, "sequences");
	dbbi_json *after = NULL, *s;
	const dbbi_json *again;
	int64_t value;
	int called, rc;
	size_t i;

	if ((rc = dbbi_pg_sequences_read(&after, pg, err)) < 0)
		return rc;
	for (i = 0; i < dbbi_json_count(before) && rc == 0; i++) {
		s = dbbi_json_at(before, i);
		if ((again = find_again(after, i, s)) == NULL ||
		    dbbi_json_i64(&value, again, "last_value") < 0 ||
		    dbbi_json_bool(&called, again, "is_called") < 0)
			continue;	/* gone: its first value stays */
		if (dbbi_json_set_i64(s, "last_value_after", value) < 0 ||
		    dbbi_json_set_bool(s, "is_called_after", called) < 0)
			rc = dbbi_error_nomem(err);
	}
	dbbi_json_free(after);
	return rc;
}
