/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_history_table.h"

#include <string.h>

#include "source/pg_names.h"

/* Of what there is under the name: owner, and what is wrong with it (null:
 * nothing). Checks, partition bounds, expressions and domains are code too;
 * so is any default but those of our own CREATE TABLE, for even functions of
 * pg_catalog run SQL that is handed to them. */
static const char look_sql[] =
	"SELECT o.rolname, CASE"
	" WHEN c.relkind <> 'r' OR c.relispartition"
	"  THEN 'it is no ordinary table'"
	" WHEN NOT (o.rolsuper OR o.rolname = current_user"
	"   OR o.oid = (SELECT datdba FROM pg_database"
	"    WHERE datname = current_database()))"
	"  THEN 'it belongs to ''' || o.rolname || ''', who is not trusted'"
	" WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid"
	"   AND NOT t.tgisinternal) THEN 'it has a trigger'"
	" WHEN EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid)"
	"  THEN 'it has a rule'"
	" WHEN c.relrowsecurity OR c.relforcerowsecurity"
	"   OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
	"  THEN 'it has row level security'"
	" WHEN EXISTS (SELECT FROM pg_attrdef x JOIN pg_attribute a"
	"   ON a.attrelid = x.adrelid AND a.attnum = x.adnum"
	"   WHERE x.adrelid = c.oid"
	"   AND pg_get_expr(x.adbin, x.adrelid) IS DISTINCT FROM"
	"    CASE a.attname WHEN 'created_at' THEN 'CURRENT_TIMESTAMP'"
	"     WHEN 'id' THEN format('nextval(%L::regclass)',"
	"      pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname),"
	"       a.attname)) END)"
	"  THEN 'it has a default or a generated column that is not ours'"
	" WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid"
	"   AND k.contype NOT IN ('p', 'u', 'n'))"
	"  THEN 'it has a check or a foreign key'"
	" WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid"
	"   AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))"
	"  THEN 'it has an index on an expression or on some rows'"
	" WHEN EXISTS (SELECT FROM pg_statistic_ext e"
	"   WHERE e.stxrelid = c.oid) THEN 'it has extended statistics'"
	" WHEN EXISTS (SELECT FROM pg_inherits h"
	"   WHERE c.oid IN (h.inhrelid, h.inhparent))"
	"  THEN 'it takes part in inheritance'"
	" WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t"
	"   ON t.oid = a.atttypid JOIN pg_namespace s"
	"   ON s.oid = t.typnamespace WHERE a.attrelid = c.oid"
	"   AND a.attnum > 0 AND NOT a.attisdropped"
	"   AND s.nspname <> 'pg_catalog')"
	"  THEN 'it has a column of a user-defined type'"
	" END"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" JOIN pg_roles o ON o.oid = c.relowner"
	" WHERE n.nspname = 'public' AND c.relname = 'backup_history'";

int
dbbi_pg_history_look(int *there, dbbi_pg *pg, dbb_error *err)
{
	PGconn *conn = dbbi_pg_handle(pg);
	PGresult *found = NULL;
	const char *why;
	int rc;

	if ((rc = dbbi_pg_query(&found, pg, look_sql, 0, NULL, err)) < 0)
		return dbbi_error_context(err, rc, "looking for table "
		    "'backup_history'");
	why = PQntuples(found) > 0 ? dbbi_pg_text(found, 0, 1) : NULL;
	if (why == NULL) {
		*there = PQntuples(found) > 0;
	} else {
		rc = dbbi_error_set(err, DBB_EACCESS, "table "
		    "'public.backup_history' in database '%s' is not written "
		    "into: %s, so that others' code could run with the "
		    "rights of '%s'", PQdb(conn), why, PQuser(conn));
		dbbi_error_hint(err, "if you did not expect it, find out who "
		    "made it; then drop or rename it and run 'dbb-backup "
		    "init', or name another database under [history]");
	}
	PQclear(found);
	return rc;
}

/*
 * Renaming a schema takes no lock on what is in it, but it updates the
 * schema's row, and that waits for us. Only a superuser may lock the row; of
 * any other user the schema's owner could still gain the rights, by hitting
 * the instant between the check and the writing.
 */
int
dbbi_pg_history_hold(dbbi_pg *pg, dbb_error *err)
{
	const char *super = PQparameterStatus(dbbi_pg_handle(pg),
	    "is_superuser");

	if (super == NULL || strcmp(super, "on") != 0)
		return DBB_OK;
	return dbbi_pg_query(NULL, pg, "SELECT 1 FROM pg_catalog.pg_namespace "
	    "WHERE nspname = 'public' FOR SHARE", 0, NULL, err);
}

/* The lock keeps all from changing that the check has looked at: a weaker one
 * would let statistics and children be made. */
int
dbbi_pg_history_begin(dbbi_pg *pg, dbb_error *err)
{
	int there = 0, rc;

	if ((rc = dbbi_pg_query(NULL, pg, "BEGIN", 0, NULL, err)) < 0 ||
	    (rc = dbbi_pg_history_hold(pg, err)) < 0 ||
	    (rc = dbbi_pg_query(NULL, pg, "LOCK TABLE ONLY public."
	    "backup_history IN SHARE UPDATE EXCLUSIVE MODE", 0, NULL,
	    err)) < 0)
		return rc;
	rc = dbbi_pg_history_look(&there, pg, err);
	if (rc == DBB_OK && !there)
		return dbbi_error_set(err, DBB_ENOTFOUND,
		    "the table is not there any more");
	return rc;
}

int
dbbi_pg_history_end(dbbi_pg *pg, int rc, dbb_error *err)
{
	if (rc == DBB_OK)
		rc = dbbi_pg_query(NULL, pg, "COMMIT", 0, NULL, err);
	if (rc < 0)
		dbbi_pg_query(NULL, pg, "ROLLBACK", 0, NULL, NULL);
	return rc;
}
