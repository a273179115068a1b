/* SPDX-License-Identifier: BSD-2-Clause */
/* What belongs to a database as a whole, and so is in no dump of it: its
 * settings and its rights. Comment and connection limit come at the swap. */
#include <config.h>

#include "source/pg_target_private.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_quote.h"

#define NAME_MAX_BYTES 256	/* of a setting; extensions have long ones */

/* Settings that are lists of names: stored as '"$user", public', and to be
 * given one by one, or they would become one long name. */
static int
is_name_list(const char *setting)
{
	static const char *const lists[] = {
		"local_preload_libraries", "search_path",
		"session_preload_libraries", "shared_preload_libraries",
		"temp_tablespaces", "unix_socket_directories", NULL
	};
	size_t i;

	for (i = 0; lists[i] != NULL; i++)
		if (strcasecmp(lists[i], setting) == 0)
			return 1;
	return 0;
}

/* Take the next name of a list, in place; `*at` moves behind its comma. */
static char *
next_name(char **at)
{
	char *name, *to;

	*at += strspn(*at, " \t\n");
	name = to = *at;
	if (**at == '"') {
		for ((*at)++; **at != '\0'; (*at)++) {
			if (**at == '"' && *++*at != '"')
				break;
			*to++ = **at;
		}
		*at += strcspn(*at, ",");
	} else {
		*at += strcspn(*at, ",");
		to = *at;
		while (to > name && strchr(" \t\n", to[-1]) != NULL)
			to--;
	}
	if (**at == ',')
		(*at)++;
	*to = '\0';
	return name;
}

/* "'$user', 'public'"; NULL when out of memory. */
static char *
quote_list(const char *value)
{
	char *copy = dbbi_text_dup(value), *at = copy, *all = NULL;
	char *part, *longer;

	if (copy == NULL || *value == '\0') {
		free(copy);
		return copy == NULL ? NULL : dbbi_text_dup("''");
	}
	while (*at != '\0') {
		part = dbbi_pg_sql("%L", next_name(&at));
		longer = part == NULL ? NULL : dbbi_text_format("%s%s%s",
		    all != NULL ? all : "", all != NULL ? ", " : "", part);
		free(part);
		free(all);
		if ((all = longer) == NULL)
			break;
	}
	free(copy);
	return all;
}

static char *
setting_sql(const char *database, const char *role, const char *name,
    const char *value)
{
	char *quoted = is_name_list(name) ? quote_list(value) :
	    dbbi_pg_sql("%L", value);
	char *sql = NULL;

	if (quoted != NULL && role != NULL)
		sql = dbbi_pg_sql("ALTER ROLE %I IN DATABASE %I SET %I TO %s",
		    role, database, name, quoted);
	else if (quoted != NULL)
		sql = dbbi_pg_sql("ALTER DATABASE %I SET %I TO %s", database,
		    name, quoted);
	free(quoted);
	return sql;
}

/* A refusal here is a warning: the comparison tells of it too. */
static int
execute_or_warn(dbbi_pg_target *t, char *sql, const dbbi_pg_restored *r,
    const char *what, dbb_error *err)
{
	dbb_error why = {0};
	int rc = dbbi_pg_execute(t->pg, sql, &why);

	if (rc == DBB_OK)
		return DBB_OK;
	if (rc == DBB_ECANCELED || rc == DBB_ENOMEM || rc == DBB_ECONNECT) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	return dbbi_pg_target_warn(t, dbbi_text_format("database '%s': %s "
	    "was not restored: %s", r->target, what, why.message), err);
}

static int
apply_setting(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const dbbi_json *setting, dbb_error *err)
{
	const char *name = dbbi_json_string(setting, "name");
	const char *value = dbbi_json_string(setting, "value");
	char *what, *sql;
	int rc;

	if (name == NULL || strlen(name) > NAME_MAX_BYTES || value == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "the settings of "
		    "database '%s' in the set cannot be used", r->name);
	if ((what = dbbi_text_format("setting '%s'", name)) == NULL)
		return dbbi_error_nomem(err);
	sql = setting_sql(r->scratch, dbbi_json_string(setting, "role"),
	    name, value);
	rc = execute_or_warn(t, sql, r, what, err);
	free(what);
	return rc;
}

/* The rights that every database begins with: all for the owner, CONNECT and
 * TEMPORARY for everyone. */
static int
is_default(const dbbi_json *acl, const char *owner)
{
	const char *grantee, *privilege;
	int grantable;
	size_t i;

	if (dbbi_json_count(acl) != 5 || owner == NULL)
		return 0;
	for (i = 0; i < 5; i++) {
		grantee = dbbi_json_string(dbbi_json_at(acl, i), "grantee");
		privilege = dbbi_json_string(dbbi_json_at(acl, i),
		    "privilege");
		if (dbbi_json_bool(&grantable, dbbi_json_at(acl, i),
		    "grantable") < 0 || grantable || privilege == NULL)
			return 0;
		if (grantee == NULL ? strcmp(privilege, "CREATE") == 0 :
		    strcmp(grantee, owner) != 0)
			return 0;
	}
	return 1;
}

static int
apply_grant(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const dbbi_json *grant, dbb_error *err)
{
	static const char *const known[] = { "CREATE", "CONNECT",
		"TEMPORARY", NULL };
	const char *grantee = dbbi_json_string(grant, "grantee");
	const char *privilege = dbbi_json_string(grant, "privilege");
	int grantable = 0;
	char *who, *sql;
	size_t i;

	for (i = 0; known[i] != NULL; i++)
		if (privilege != NULL && strcmp(known[i], privilege) == 0)
			break;
	if (known[i] == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "the rights on "
		    "database '%s' in the set cannot be used", r->name);
	dbbi_json_bool(&grantable, grant, "grantable");
	who = grantee == NULL ? dbbi_text_dup("PUBLIC") :
	    dbbi_pg_sql("%I", grantee);
	sql = who == NULL ? NULL : dbbi_pg_sql("GRANT %s ON DATABASE %I TO "
	    "%s%s", known[i], r->scratch, who,
	    grantable ? " WITH GRANT OPTION" : "");
	free(who);
	return execute_or_warn(t, sql, r, "a right", err);
}

static int
revoke_from_owner(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	const char *params[] = { r->scratch };
	PGresult *owner = NULL;
	char *sql;
	int rc;

	if ((rc = dbbi_pg_query(&owner, t->pg, "SELECT pg_catalog."
	    "pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE "
	    "datname = $1", 1, params, err)) < 0)
		return rc;
	sql = dbbi_pg_sql("REVOKE ALL ON DATABASE %I FROM %I", r->scratch,
	    PQntuples(owner) > 0 ? PQgetvalue(owner, 0, 0) : "");
	PQclear(owner);
	return execute_or_warn(t, sql, r, "a right", err);
}

/* Take away what every new database gives, then give what the list says. */
static int
apply_rights(dbbi_pg_target *t, const dbbi_pg_restored *r, dbb_error *err)
{
	dbbi_json *acl = dbbi_json_array(r->facts, "acl");
	size_t i;
	int rc;

	if (acl == NULL ||
	    is_default(acl, dbbi_json_string(r->facts, "owner")))
		return DBB_OK;
	if ((rc = execute_or_warn(t, dbbi_pg_sql("REVOKE ALL ON DATABASE %I "
	    "FROM PUBLIC", r->scratch), r, "a right", err)) < 0 ||
	    (rc = revoke_from_owner(t, r, err)) < 0)
		return rc;
	for (i = 0; i < dbbi_json_count(acl); i++)
		if ((rc = apply_grant(t, r, dbbi_json_at(acl, i), err)) < 0)
			return rc;
	return DBB_OK;
}

int
dbbi_pg_properties_apply(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	dbbi_json *settings = dbbi_json_array(r->facts, "settings");
	size_t i;
	int rc;

	for (i = 0; i < dbbi_json_count(settings); i++)
		if ((rc = apply_setting(t, r, dbbi_json_at(settings, i),
		    err)) < 0)
			return rc;
	return apply_rights(t, r, err);
}
