/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_rights: refuse at once what pg_dump would refuse half an hour later. */
#include <config.h>

#include "source/pg_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"

#define SHOWN 5			/* names in a message; the rest is counted */

/* What pg_dump locks and reads (and what is counted: materialized views). An
 * extension's tables matter only where it asks for their rows. */
#define DUMPED_TABLE \
	" c.relpersistence <> 't' AND" DBBI_PG_USER_SCHEMA \
	"AND (" DBBI_PG_NOT_EXTENSION \
	"OR EXISTS (SELECT 1 FROM pg_extension e" \
	" WHERE c.oid = ANY (e.extconfig))) "

static const char unreadable[] =
	"SELECT n.nspname, c.relname, count(*) OVER ()"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE (c.relkind IN ('r', 'p', 'S')"
	"  OR (c.relkind = 'm' AND c.relispopulated)) AND" DUMPED_TABLE
	"AND NOT (has_schema_privilege(n.oid, 'USAGE')"
	" AND has_table_privilege(c.oid, 'SELECT'))"
	" ORDER BY 1, 2 LIMIT 5";

static const char filtered[] =
	"SELECT n.nspname, c.relname, count(*) OVER ()"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND"
	DUMPED_TABLE "AND row_security_active(c.oid)"
	" ORDER BY 1, 2 LIMIT 5";

static const char unreadable_large_objects[] =
	"SELECT NULL, m.oid::text, count(*) OVER ()"
	" FROM pg_largeobject_metadata m"
	" WHERE current_setting('lo_compat_privileges') = 'off'"
	" AND NOT (SELECT rolsuper FROM pg_roles"
	"  WHERE rolname = current_user)"
	" AND NOT pg_has_role(m.lomowner, 'USAGE')"
	" AND NOT EXISTS (SELECT 1 FROM aclexplode(m.lomacl) a"
	"  WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0"
	"  OR pg_has_role(a.grantee, 'USAGE')))"
	" ORDER BY m.oid LIMIT 5";

/* "public.a, public.b and 7 more"; NULL when out of memory. */
static char *
list_names(const PGresult *res)
{
	unsigned long long total = dbbi_pg_number(res, 0, 2);
	char *text = NULL, *longer, *name;
	int i, n = PQntuples(res);

	for (i = 0; i < n; i++) {
		name = dbbi_pg_name(dbbi_pg_text(res, i, 0),
		    PQgetvalue(res, i, 1));
		longer = name == NULL ? NULL : dbbi_text_format("%s%s%s",
		    text != NULL ? text : "", i > 0 ? ", " : "", name);
		free(name);
		free(text);
		if ((text = longer) == NULL)
			return NULL;
	}
	if (total > SHOWN && text != NULL) {
		longer = dbbi_text_format("%s and %llu more", text,
		    total - SHOWN);
		free(text);
		text = longer;
	}
	return text;
}

/* Run one of the queries above; names are an error that begins with
 * `what`. */
static int
look(dbbi_pg *pg, const char *query, const char *what, dbb_error *err)
{
	PGresult *res = NULL;
	char *names = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&res, pg, query, 0, NULL, err)) < 0)
		return dbbi_error_context(err, rc, "checking rights");
	if (PQntuples(res) == 0)
		goto done;
	if ((names = list_names(res)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	rc = dbbi_error_set(err, DBB_EACCESS, "'%s' %s: %s",
	    PQuser(dbbi_pg_handle(pg)), what, names);
	dbbi_error_remote(err, "42501");
done:
	free(names);
	PQclear(res);
	return rc;
}

static void
hint_at_grant(dbbi_pg *pg, dbb_error *err)
{
	const char *user = PQuser(dbbi_pg_handle(pg));

	if (dbbi_pg_version(pg) >= 140000)
		dbbi_error_hint(err, "as a superuser: "
		    "GRANT pg_read_all_data TO \"%s\"", user);
	else
		dbbi_error_hint(err, "as a superuser, for each schema: "
		    "GRANT USAGE ON SCHEMA … TO \"%s\"; GRANT SELECT ON ALL "
		    "TABLES IN SCHEMA … TO \"%s\"; GRANT SELECT ON ALL "
		    "SEQUENCES IN SCHEMA … TO \"%s\"", user, user, user);
}

int
dbbi_pg_rights_check(dbbi_pg *pg, dbb_error *err)
{
	const char *user = PQuser(dbbi_pg_handle(pg));
	int rc;

	rc = look(pg, unreadable, "may not read", err);
	if (rc == DBB_EACCESS)
		hint_at_grant(pg, err);
	if (rc < 0)
		return rc;
	rc = look(pg, filtered,
	    "would not see all rows (row level security) of", err);
	if (rc == DBB_EACCESS)
		dbbi_error_hint(err, "as a superuser: ALTER ROLE \"%s\" "
		    "BYPASSRLS", user);
	if (rc < 0)
		return rc;
	rc = look(pg, unreadable_large_objects,
	    "may not read large objects", err);
	if (rc == DBB_EACCESS)
		dbbi_error_hint(err, "back up as a superuser, or as their "
		    "owner, or: GRANT SELECT ON LARGE OBJECT … TO \"%s\"",
		    user);
	return rc;
}
