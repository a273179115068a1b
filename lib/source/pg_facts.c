/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_facts: what a database knows of itself, put together. */
#include <config.h>

#include "source/pg_facts.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_facts_parts.h"
#include "source/pg_names.h"
#include "source/pg_schema.h"
#include "source/pg_sequences.h"
#include "source/pg_tools.h"

/* The columns of the database's own row; what a server of that version does
 * not have is null. */
static const char *
properties_sql(int version)
{
#define PROPERTIES(provider, icu) \
	"SELECT d.datname AS name," \
	" pg_encoding_to_char(d.encoding) AS encoding," \
	" d.datcollate AS \"collate\", d.datctype AS ctype," \
	" CASE " provider " WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu'" \
	"  WHEN 'b' THEN 'builtin' END AS locale_provider, " \
	icu " AS icu_locale, pg_get_userbyid(d.datdba) AS owner," \
	" t.spcname AS tablespace," \
	" shobj_description(d.oid, 'pg_database') AS comment," \
	" d.datconnlimit, pg_database_size(d.oid), d.datistemplate" \
	" FROM pg_database d JOIN pg_tablespace t" \
	"  ON t.oid = d.dattablespace" \
	" WHERE d.datname = current_database()"
	if (version >= 170000)
		return PROPERTIES("d.datlocprovider", "d.datlocale");
	if (version >= 150000)
		return PROPERTIES("d.datlocprovider", "d.daticulocale");
	return PROPERTIES("'c'::\"char\"", "NULL");
#undef PROPERTIES
}

#define PROPERTY_TEXTS 9	/* columns before the numbers */

static const char acl[] =
	"SELECT CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END"
	" AS grantee, a.privilege_type AS privilege, a.is_grantable"
	" FROM pg_database d, LATERAL aclexplode(coalesce(d.datacl,"
	"  acldefault('d', d.datdba))) a"
	" WHERE d.datname = current_database() ORDER BY 1, 2";

static const char settings[] =
	"SELECT r.rolname AS role, split_part(c.setting, '=', 1) AS name,"
	" substr(c.setting, strpos(c.setting, '=') + 1) AS value"
	" FROM pg_db_role_setting s"
	" JOIN pg_database d ON d.oid = s.setdatabase"
	" LEFT JOIN pg_roles r ON r.oid = s.setrole,"
	" LATERAL unnest(s.setconfig) AS c (setting)"
	" WHERE d.datname = current_database()"
	" AND (s.setrole = 0 OR r.oid IS NOT NULL) ORDER BY 1, 2";

static const char extensions[] =
	"SELECT extname AS name, extversion AS version FROM pg_extension"
	" ORDER BY 1";

static const char subscriptions[] =
	"SELECT s.subname AS name, s.subenabled FROM pg_subscription s"
	" JOIN pg_database d ON d.oid = s.subdbid"
	" WHERE d.datname = current_database() ORDER BY 1";

/* An object of the first `texts` columns of a row, by their names. */
static dbbi_json *
row_object(const PGresult *res, int row, int texts)
{
	dbbi_json *object = dbbi_json_new_object();
	int i;

	for (i = 0; i < texts; i++) {
		if (dbbi_pg_json_text(object, PQfname(res, i),
		    dbbi_pg_text(res, row, i)) < 0) {
			dbbi_json_free(object);
			return NULL;
		}
	}
	return object;
}

/* Add the rows of a query as an array of objects of texts; `flag` (may be
 * NULL) names the boolean in the column behind them. */
static int
add_rows(dbbi_json *facts, const char *key, dbbi_pg *pg, const char *sql,
    int texts, const char *flag, dbb_error *err)
{
	dbbi_json *array = dbbi_json_new_array(), *object;
	PGresult *res = NULL;
	int i, rc;

	if (dbbi_json_set(facts, key, array) < 0)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_pg_query(&res, pg, sql, 0, NULL, err)) < 0)
		return dbbi_error_context(err, rc, "reading its %s", key);
	for (i = 0; i < PQntuples(res) && rc == 0; i++) {
		object = row_object(res, i, texts);
		if (flag != NULL)
			rc = dbbi_json_set_bool(object, flag,
			    PQgetvalue(res, i, texts)[0] == 't');
		if (dbbi_json_append(array, object) < 0 || rc < 0)
			rc = dbbi_error_nomem(err);
	}
	PQclear(res);
	return rc;
}

static int
read_properties(dbbi_json **out, dbbi_pg *pg, dbb_error *err)
{
	PGresult *res = NULL;
	dbbi_json *facts = NULL;
	int rc;

	rc = dbbi_pg_query(&res, pg, properties_sql(dbbi_pg_version(pg)), 0,
	    NULL, err);
	if (rc < 0)
		return dbbi_error_context(err, rc, "reading its properties");
	facts = row_object(res, 0, PROPERTY_TEXTS);
	if (dbbi_json_set_i64(facts, "connection_limit", strtoll(
	    PQgetvalue(res, 0, PROPERTY_TEXTS), NULL, 10)) < 0 ||
	    dbbi_json_set_u64(facts, "size_bytes", dbbi_pg_number(res, 0,
	    PROPERTY_TEXTS + 1)) < 0 ||
	    dbbi_json_set_bool(facts, "is_template", PQgetvalue(res, 0,
	    PROPERTY_TEXTS + 2)[0] == 't') < 0 ||
	    dbbi_json_set_i64(facts, "server_version_num",
	    dbbi_pg_version(pg)) < 0) {
		dbbi_json_free(facts);
		facts = NULL;
		rc = dbbi_error_nomem(err);
	}
	PQclear(res);
	if (rc == 0)
		*out = facts;
	return rc;
}

static int
add_sequences(dbbi_json *facts, dbbi_pg *pg, dbbi_json *known,
    dbb_error *err)
{
	dbbi_json *array = known != NULL ? json_object_get(known) : NULL;
	int rc;

	if (array == NULL &&
	    (rc = dbbi_pg_sequences_read(&array, pg, err)) < 0)
		return rc;
	return dbbi_json_set(facts, "sequences", array) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

int
dbbi_pg_facts_collect(dbbi_json **out, dbbi_pg *pg,
    const dbbi_pg_facts_known *known, dbb_error *err)
{
	dbbi_json *facts = NULL;
	int rc;

	if ((rc = read_properties(&facts, pg, err)) < 0 ||
	    (rc = add_rows(facts, "acl", pg, acl, 2, "grantable", err)) < 0 ||
	    (rc = add_rows(facts, "settings", pg, settings, 3, NULL,
	    err)) < 0 ||
	    (rc = add_sequences(facts, pg, known->sequences, err)) < 0 ||
	    (rc = dbbi_pg_tables_count(facts, known->uncounted, pg,
	    err)) < 0 ||
	    (rc = add_rows(facts, "extensions", pg, extensions, 2, NULL,
	    err)) < 0 ||
	    (rc = add_rows(facts, "subscriptions", pg, subscriptions, 1,
	    "enabled", err)) < 0)
		goto done;
	if (dbbi_json_set_string(facts, "schema_sha256",
	    known->schema_sha256) < 0 ||
	    dbbi_json_set_i64(facts, "pg_dump_major",
	    known->pg_dump_major) < 0) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	*out = facts;
	facts = NULL;
done:
	dbbi_json_free(facts);
	return rc;
}

int
dbbi_pg_facts_gather(dbbi_json **out, dbbi_pg *pg, dbbi_run *run,
    const dbbi_pg_params *params, const char *database, const char *pg_dump,
    const char *snapshot, dbb_error *err)
{
	char digest[DBBI_SHA256_HEX], *version = NULL;
	dbbi_pg_facts_known known = { .schema_sha256 = digest };
	int rc;

	if ((rc = dbbi_pg_tool_version(&version, run, pg_dump, err)) == 0 &&
	    (rc = dbbi_pg_schema_digest(digest, run, params, database,
	    pg_dump, snapshot, err)) == 0) {
		known.pg_dump_major = dbbi_pg_tool_major(version);
		rc = dbbi_pg_facts_collect(out, pg, &known, err);
	}
	free(version);
	return dbbi_error_context(err, rc, "reading the facts of '%s'",
	    database);
}
