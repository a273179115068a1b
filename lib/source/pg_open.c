/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_open: everything that can be refused is refused here, before a backup
 * begins. */
#include <config.h>

#include "source/pg_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"
#include "source/pg_tools.h"

#define OLDEST_SERVER 100000	/* snapshots on standbys; identity columns */

/* One row of the server's properties, texts and flags in their order. */
static const char server_sql[] =
	"SELECT current_setting('server_version'), pg_is_in_recovery(),"
	" has_table_privilege('pg_catalog.pg_authid', 'SELECT'),"
	" has_function_privilege('pg_control_system()', 'EXECUTE'),"
	" (SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_'),"
	" (SELECT count(*) FROM pg_tablespace WHERE spcname !~ '^pg_')";

static int
note(dbbi_pg_source *s, char *text, dbb_error *err)
{
	int rc = text == NULL ? DBB_ENOMEM :
	    dbbi_json_append_string(s->notes, text);

	free(text);
	return rc < 0 ? dbbi_error_nomem(err) : 0;
}

static int
check_version(dbbi_pg *pg, dbb_error *err)
{
	int version = dbbi_pg_version(pg);

	if (version >= OLDEST_SERVER)
		return 0;
	dbbi_error_set(err, DBB_EUNSUPPORTED, "the server is PostgreSQL "
	    "%d.%d; the oldest that can be backed up is 10",
	    version / 10000, version / 100 % 100);
	dbbi_error_hint(err, "take pg_dump files of it by hand, and upgrade "
	    "it: it has had no security updates for years");
	return DBB_EUNSUPPORTED;
}

static int
add_identifier(dbbi_pg_source *s, dbbi_pg *pg, dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	rc = dbbi_pg_query(&res, pg, "SELECT system_identifier::text "
	    "FROM pg_control_system()", 0, NULL, err);
	if (rc == 0 && dbbi_json_set_string(s->server, "system_identifier",
	    PQgetvalue(res, 0, 0)) < 0)
		rc = dbbi_error_nomem(err);
	PQclear(res);
	return rc;
}

static int
keep_server(dbbi_pg_source *s, dbbi_pg *pg, const PGresult *res,
    dbb_error *err)
{
	s->in_recovery = PQgetvalue(res, 0, 1)[0] == 't';
	s->no_passwords = PQgetvalue(res, 0, 2)[0] != 't';
	if (dbbi_pg_json_text(s->server, "server_version",
	    PQgetvalue(res, 0, 0)) < 0 ||
	    dbbi_json_set_i64(s->server, "server_version_num",
	    dbbi_pg_version(pg)) < 0 ||
	    dbbi_json_set_bool(s->server, "in_recovery",
	    s->in_recovery) < 0 ||
	    dbbi_json_set_bool(s->server, "role_passwords",
	    !s->no_passwords) < 0 ||
	    dbbi_json_set_u64(s->server, "roles",
	    dbbi_pg_number(res, 0, 4)) < 0 ||
	    dbbi_json_set_u64(s->server, "tablespaces",
	    dbbi_pg_number(res, 0, 5)) < 0)
		return dbbi_error_nomem(err);
	if (PQgetvalue(res, 0, 3)[0] == 't')
		return add_identifier(s, pg, err);
	return 0;
}

static int
note_server(dbbi_pg_source *s, dbbi_pg *pg, dbb_error *err)
{
	int rc = 0;

	if (s->no_passwords)
		rc = note(s, dbbi_text_format("the roles are saved without "
		    "their passwords: '%s' may not read pg_authid (back up "
		    "as a superuser to have them)",
		    PQuser(dbbi_pg_handle(pg))), err);
	if (rc == 0 && s->in_recovery)
		rc = note(s, dbbi_text_format("the server is a standby: rows "
		    "of unlogged tables are not in the backup"), err);
	return rc;
}

static int
look_at_server(dbbi_pg_source *s, dbbi_pg *pg, dbb_error *err)
{
	PGresult *res = NULL;
	int rc;

	if ((rc = check_version(pg, err)) < 0)
		return rc;
	s->server = dbbi_json_new_object();
	s->notes = dbbi_json_new_array();
	if (s->server == NULL || s->notes == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_pg_query(&res, pg, server_sql, 0, NULL, err)) < 0)
		return dbbi_error_context(err, rc, "looking at the server");
	if ((rc = keep_server(s, pg, res, err)) == 0)
		rc = note_server(s, pg, err);
	PQclear(res);
	return rc;
}

static int
find_tools(dbbi_pg_source *s, int version, dbb_error *err)
{
	dbbi_run *run = s->env->run;
	int rc;

	if ((rc = dbbi_pg_tool_find(&s->pg_dump, &s->pg_dump_version, run,
	    "pg_dump", version, err)) < 0 ||
	    (rc = dbbi_pg_tool_find(&s->pg_dumpall, NULL, run, "pg_dumpall",
	    version, err)) < 0 ||
	    (rc = dbbi_pg_tool_find(&s->pg_restore, NULL, run, "pg_restore",
	    version, err)) < 0)
		return rc;
	dbbi_log(run, DBB_LOG_INFO, "using '%s', version %s", s->pg_dump,
	    s->pg_dump_version);
	return dbbi_json_set_string(s->server, "pg_dump_version",
	    s->pg_dump_version) < 0 ? dbbi_error_nomem(err) : 0;
}

/* All databases but the templates and what a restore has at hand just now
 * (pg_scratch.c marks them so). What lets nobody in cannot be dumped. */
static int
list_all(dbbi_list *names, dbbi_pg_source *s, dbbi_pg *pg, dbb_error *err)
{
	PGresult *res = NULL;
	const char *name;
	int i, rc;

	rc = dbbi_pg_query(&res, pg, "SELECT datname, datallowconn "
	    "FROM pg_database WHERE NOT datistemplate AND NOT (datname ~ "
	    "'^dbb_(restore|old)_' AND coalesce(shobj_description(oid, "
	    "'pg_database'), '') ~ '^libdbbackup: (restoring|replaced) ') "
	    "ORDER BY datname", 0, NULL, err);
	for (i = 0; rc == 0 && i < PQntuples(res); i++) {
		name = PQgetvalue(res, i, 0);
		rc = PQgetvalue(res, i, 1)[0] == 't' ?
		    dbbi_list_add(names, name, err) :
		    note(s, dbbi_text_format("database '%s' is not in the "
		    "backup: it accepts no connections (ALTER DATABASE … "
		    "ALLOW_CONNECTIONS true)", name), err);
	}
	PQclear(res);
	return dbbi_error_context(err, rc, "listing the databases");
}

/* Which databases: those asked for by the caller, else the configured, else
 * the connection's own. Each once. */
static int
choose_databases(dbbi_list *names, dbbi_pg_source *s, dbbi_pg *pg,
    dbb_error *err)
{
	const char *text = s->env->to != NULL ? NULL : dbbi_config_get(
	    s->env->config, s->env->kind, s->env->name, "databases");
	dbbi_list wanted = {0};
	size_t i;
	int rc = 0;

	if (s->env->only == NULL && text != NULL &&
	    (rc = dbbi_list_split(&wanted, text, err)) < 0)
		goto done;
	if (s->env->only == NULL && dbbi_list_has(&wanted, "*")) {
		rc = list_all(names, s, pg, err);
		goto done;
	}
	for (i = 0; rc == 0 && i < wanted.count; i++) {
		if (!dbbi_list_has(names, wanted.items[i]))
			rc = dbbi_list_add(names, wanted.items[i], err);
	}
	for (i = 0; s->env->only != NULL && rc == 0 &&
	    i < s->env->only->count; i++)
		rc = dbbi_list_add(names, s->env->only->items[i], err);
	if (rc == 0 && names->count == 0)
		rc = dbbi_list_add(names, PQdb(dbbi_pg_handle(pg)), err);
done:
	dbbi_list_clear(&wanted);
	return rc;
}

/* Do they exist? And how large are they? */
static int
look_up_database(dbbi_pg_database *db, dbbi_pg *pg, dbb_error *err)
{
	const char *const params[] = { db->name };
	PGresult *res = NULL;
	int rc;

	rc = dbbi_pg_query(&res, pg, "SELECT CASE WHEN "
	    "has_database_privilege(oid, 'CONNECT') "
	    "THEN pg_database_size(oid) ELSE 0 END "
	    "FROM pg_database WHERE datname = $1", 1, params, err);
	if (rc < 0)
		return dbbi_error_context(err, rc, "looking for '%s'",
		    db->name);
	if (PQntuples(res) == 1) {
		db->size_bytes = dbbi_pg_number(res, 0, 0);
	} else {
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "there is no database '%s' on the server", db->name);
		dbbi_error_remote(err, "3D000");
		dbbi_error_hint(err, "see which there are: psql -l; and look "
		    "at 'databases' in the configuration");
	}
	PQclear(res);
	return rc;
}

/* Non-superusers get no subscriptions from pg_dump, without an error. */
static int
note_subscriptions(dbbi_pg_source *s, dbbi_pg_database *db, dbb_error *err)
{
	PGresult *res = NULL;
	unsigned long long count;
	int rc;

	rc = dbbi_pg_query(&res, db->pg, "SELECT count(subname) "
	    "FROM pg_subscription WHERE subdbid = (SELECT oid "
	    "FROM pg_database WHERE datname = current_database()) "
	    "AND NOT (SELECT rolsuper FROM pg_roles "
	    "WHERE rolname = current_user)", 0, NULL, err);
	if (rc < 0)
		return dbbi_error_context(err, rc, "reading subscriptions");
	count = dbbi_pg_number(res, 0, 0);
	PQclear(res);
	if (count == 0)
		return 0;
	return note(s, dbbi_text_format("%llu subscriptions of database '%s' "
	    "are not in the backup: only a superuser may read them", count,
	    db->name), err);
}

static int
open_database(dbbi_pg_source *s, dbbi_pg_database *db, dbbi_pg *pg,
    dbb_error *err)
{
	int rc;

	if (!dbbi_pg_is_utf8(db->name))
		return dbbi_error_set(err, DBB_EUNSUPPORTED,
		    "the name of a database is not UTF-8: '%s'", db->name);
	if ((rc = look_up_database(db, pg, err)) < 0 ||
	    (rc = dbbi_pg_connect(&db->pg, s->env->run, s->params, db->name,
	    err)) < 0)
		return rc;
	rc = dbbi_pg_rights_check(db->pg, err);
	if (rc == 0)
		rc = note_subscriptions(s, db, err);
	return dbbi_error_context(err, rc, "database '%s'", db->name);
}

static int
open_databases(dbbi_pg_source *s, dbbi_pg *pg, dbb_error *err)
{
	dbbi_list names = {0};
	size_t i;
	int rc;

	if ((rc = choose_databases(&names, s, pg, err)) < 0)
		goto done;
	s->databases = calloc(names.count + 1, sizeof(*s->databases));
	if (s->databases == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	for (i = 0; i < names.count && rc == 0; i++) {
		s->databases[i].name = dbbi_text_dup(names.items[i]);
		s->database_count++;
		rc = s->databases[i].name == NULL ? dbbi_error_nomem(err) :
		    open_database(s, &s->databases[i], pg, err);
	}
done:
	dbbi_list_clear(&names);
	return rc;
}

static int
name_streams(dbbi_pg_source *s, dbb_error *err)
{
	dbbi_stream_info *info;
	size_t i;

	info = calloc(s->database_count + 1, sizeof(*info));
	if (info == NULL)
		return dbbi_error_nomem(err);
	s->base.streams = info;
	s->base.stream_count = s->database_count + 1;
	info[0].name = dbbi_text_dup("globals.sql");
	info[0].kind = "pg_globals";
	for (i = 1; i < s->base.stream_count; i++) {
		info[i].name = dbbi_text_format("%s.dump",
		    s->databases[i - 1].name);
		info[i].kind = "pg_dump";
		info[i].size_estimate = s->databases[i - 1].size_bytes;
	}
	for (i = 0; i < s->base.stream_count; i++) {
		if (info[i].name == NULL)
			return dbbi_error_nomem(err);
	}
	return 0;
}

/* Can the tools be handed all they need to connect? */
static int
try_child(const dbbi_pg_source *s, dbb_error *err)
{
	dbbi_pg_child child = { .fd = -1 };
	int rc = dbbi_pg_child_new(&child, s->params, NULL, err);

	dbbi_pg_child_clear(&child);
	return rc;
}

int
dbbi_pg_open(dbbi_source **out, const dbbi_source_env *env, dbb_error *err)
{
	dbbi_pg_source *s = calloc(1, sizeof(*s));
	dbbi_pg *pg = NULL;
	int rc;

	if (s == NULL)
		return dbbi_error_nomem(err);
	s->base.driver = &dbbi_source_postgres;
	s->env = env;
	if ((rc = dbbi_pg_params_new(&s->params, env, err)) < 0 ||
	    (rc = try_child(s, err)) < 0 ||
	    (rc = dbbi_pg_connect(&pg, env->run, s->params, NULL, err)) < 0 ||
	    (rc = look_at_server(s, pg, err)) < 0 ||
	    (rc = find_tools(s, dbbi_pg_version(pg), err)) < 0 ||
	    (rc = open_databases(s, pg, err)) < 0 ||
	    (rc = name_streams(s, err)) < 0)
		goto done;
	*out = &s->base;
	s = NULL;
done:
	dbbi_pg_free(pg);
	if (s != NULL)
		dbbi_pg_close(&s->base);
	return rc;
}
