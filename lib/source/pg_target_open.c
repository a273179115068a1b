/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever can be refused is refused here, before anything is changed. */
#include <config.h>

#include "source/pg_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_target_private.h"
#include "source/pg_tools.h"

#define KNOWS_TRANSACTION_TIMEOUT 17

static dbbi_pg_restored *
find_target(const dbbi_pg_target *t, const char *database)
{
	size_t i;

	for (i = 0; database != NULL && i < t->count; i++)
		if (strcmp(t->restored[i].target, database) == 0)
			return &t->restored[i];
	return NULL;
}

/*
 * Connect to a database that is none of those to be made or replaced: the
 * connection's own, else one that every server has.
 */
static int
connect_beside(dbbi_pg_target *t, dbb_error *err)
{
	const char *names[] = { dbbi_pg_params_get(t->params, "dbname"),
		"postgres", "template1" };
	int rc = DBB_ENOTFOUND;
	dbb_error why = {0};
	size_t i;

	dbbi_error_set(&why, rc, "there is no database to connect to besides "
	    "those to be restored");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] == NULL || find_target(t, names[i]) != NULL)
			continue;
		rc = dbbi_pg_connect(&t->pg, t->run, t->params, names[i],
		    &why);
		/* It may be absent, or closed to this user or to all. */
		if (rc != DBB_ENOTFOUND && rc != DBB_EACCESS &&
		    strcmp(why.remote, "55000") != 0)
			break;
	}
	if (rc < 0) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	t->database = dbbi_text_dup(PQdb(dbbi_pg_handle(t->pg)));
	return t->database == NULL ? dbbi_error_nomem(err) : DBB_OK;
}

static int
check_version(const dbbi_pg_target *t, dbb_error *err)
{
	int here = dbbi_pg_version(t->pg) / 10000;
	int there = dbbi_pg_plan_server_version(t) / 10000;

	if (here >= there)
		return DBB_OK;
	dbbi_error_set(err, DBB_EVERSION, "the server is PostgreSQL %d, and "
	    "the backup was made of version %d: an older server cannot be "
	    "given it", here, there);
	dbbi_error_hint(err, "restore into a server of version %d or later, "
	    "with --to CONNECTION", there);
	return DBB_EVERSION;
}

/* May we make databases here at all? */
static int
check_rights(const dbbi_pg_target *t, dbb_error *err)
{
	PGresult *found = NULL;
	const char *user;
	int rc, may;

	if ((rc = dbbi_pg_query(&found, t->pg, "SELECT rolname, rolsuper OR "
	    "rolcreatedb, pg_catalog.pg_is_in_recovery() FROM pg_catalog."
	    "pg_roles WHERE rolname = current_user", 0, NULL, err)) < 0)
		return rc;
	user = PQntuples(found) > 0 ? PQgetvalue(found, 0, 0) : "";
	may = PQntuples(found) > 0 && PQgetvalue(found, 0, 1)[0] == 't';
	if (!may) {
		rc = dbbi_error_set(err, DBB_EACCESS, "user '%s' may not "
		    "make databases on this server", user);
		dbbi_error_hint(err, "restore as a superuser, or let an "
		    "administrator execute: ALTER ROLE \"%s\" CREATEDB", user);
	} else if (PQgetvalue(found, 0, 2)[0] == 't') {
		rc = dbbi_error_set(err, DBB_EUNSUPPORTED, "the server is a "
		    "standby, which takes no changes");
		dbbi_error_hint(err, "restore into its primary, or promote it "
		    "first");
	}
	PQclear(found);
	return rc;
}

/* Has nobody made anything in it? Best effort: it is only for the message.
 * What belongs to the server itself has smaller numbers. */
static int
is_empty(const dbbi_pg_target *t, const char *database)
{
	dbbi_pg *pg = NULL;
	PGresult *found = NULL;
	int empty = 0;

	if (dbbi_pg_connect(&pg, t->run, t->params, database, NULL) == 0 &&
	    dbbi_pg_query(&found, pg, "SELECT FROM pg_class WHERE oid >= "
	    "16384 UNION ALL SELECT FROM pg_proc WHERE oid >= 16384 UNION ALL "
	    "SELECT FROM pg_type WHERE oid >= 16384 UNION ALL SELECT FROM "
	    "pg_namespace WHERE oid >= 16384 UNION ALL SELECT FROM "
	    "pg_extension WHERE oid >= 16384 UNION ALL SELECT FROM "
	    "pg_largeobject_metadata LIMIT 1", 0, NULL, NULL) == 0)
		empty = PQntuples(found) == 0;
	PQclear(found);
	dbbi_pg_free(pg);
	return empty;
}

static int
refuse_existing(const dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	PGconn *conn = dbbi_pg_handle(t->pg);

	dbbi_error_set(err, DBB_EEXIST, "database '%s' exists on %s:%s%s",
	    r->target, PQhost(conn), PQport(conn), is_empty(t, r->target) ?
	    " (it is empty)" : "");
	if (t->count == 1)
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside "
		    "it, or --replace to put the backup in its place");
	else
		dbbi_error_hint(err, "use --replace to put the backup in the "
		    "place of each of the %zu databases that exists, or --to "
		    "another server; for one database alone: 'dbb-restore "
		    "export', createdb, pg_restore", t->count);
	return DBB_EEXIST;
}

/* It lets nobody in, and what comes in its place will. */
static int
tell_closed(dbbi_pg_target *t, const dbbi_pg_restored *r, dbb_error *err)
{
	return dbbi_pg_target_warn(t, dbbi_text_format("database '%s' accepts "
	    "no connections now; the restored one will (ALTER DATABASE … "
	    "ALLOW_CONNECTIONS false)", r->target), err);
}

/* Is there a database of that name, and may it be replaced? */
static int
check_existing(dbbi_pg_target *t, dbbi_pg_restored *r, dbb_error *err)
{
	const char *params[] = { r->target };
	PGresult *found = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&found, t->pg, "SELECT datistemplate, "
	    "pg_catalog.pg_has_role(datdba, 'USAGE'), pg_catalog."
	    "pg_get_userbyid(datdba), datallowconn FROM pg_catalog."
	    "pg_database WHERE datname = $1", 1, params, err)) < 0)
		return rc;
	r->exists = PQntuples(found) > 0;
	if (!r->exists) {
		rc = DBB_OK;
	} else if (!t->plan->replace) {
		rc = refuse_existing(t, r, err);
	} else if (PQgetvalue(found, 0, 0)[0] == 't') {
		rc = dbbi_error_set(err, DBB_EUNSUPPORTED, "database '%s' is "
		    "a template, and is not replaced", r->target);
		dbbi_error_hint(err, "ALTER DATABASE \"%s\" IS_TEMPLATE "
		    "false first, or use --into NEWNAME for a copy beside it",
		    r->target);
	} else if (PQgetvalue(found, 0, 1)[0] != 't') {
		rc = dbbi_error_set(err, DBB_EACCESS, "database '%s' belongs "
		    "to '%s' and cannot be replaced by others", r->target,
		    PQgetvalue(found, 0, 2));
		dbbi_error_hint(err, "restore as its owner or as a "
		    "superuser");
	} else if ((rc = dbbi_pg_slots_check(t, r, err)) == DBB_OK &&
	    PQgetvalue(found, 0, 3)[0] != 't') {
		rc = tell_closed(t, r, err);
	}
	PQclear(found);
	return rc;
}

/* From that version on pg_restore begins with a setting that older servers
 * do not know, and it is told to end at the first refusal. */
static int
check_pg_restore(const dbbi_pg_target *t, const char *version, int dump,
    dbb_error *err)
{
	int major = dbbi_pg_tool_major(version);
	int server = dbbi_pg_version(t->pg) / 10000;

	if (major < KNOWS_TRANSACTION_TIMEOUT ||
	    server >= KNOWS_TRANSACTION_TIMEOUT)
		return DBB_OK;
	dbbi_error_set(err, DBB_ETOOL, "the server is PostgreSQL %d, and '%s' "
	    "of version %d cannot restore into servers older than %d "
	    "(transaction_timeout)", server, t->pg_restore, major,
	    KNOWS_TRANSACTION_TIMEOUT);
	if (dump <= server)
		dbbi_error_hint(err, "install the server's own: apt-get "
		    "install postgresql-client-%d", server);
	else
		dbbi_error_hint(err, "the dump was made by pg_dump %d, which "
		    "no older pg_restore can read: restore into a server of "
		    "version %d or later, with --to CONNECTION; or take it "
		    "out by 'dbb-restore export' and load it by hand, "
		    "without --exit-on-error", dump, dump);
	return DBB_ETOOL;
}

/* A dump is read by a pg_restore that is not older than what wrote it. */
static int
find_tools(dbbi_pg_target *t, dbb_error *err)
{
	int server = dbbi_pg_version(t->pg);
	int dump = dbbi_pg_plan_dump_major(t) * 10000;
	char *version = NULL;
	int rc;

	if ((rc = dbbi_pg_tool_find(&t->pg_restore, &version, t->run,
	    "pg_restore", dump > server ? dump : server, err)) < 0)
		return dump <= server ? rc : dbbi_error_context(err, rc,
		    "the dump was made by pg_dump %d", dump / 10000);
	rc = check_pg_restore(t, version, dump / 10000, err);
	free(version);
	if (rc < 0)
		return rc;
	return dbbi_pg_tool_find(&t->pg_dump, NULL, t->run, "pg_dump",
	    server, err);
}

static int
check_server(dbbi_pg_target *t, dbb_error *err)
{
	size_t i;
	int rc;

	if ((rc = check_version(t, err)) < 0 ||
	    (rc = check_rights(t, err)) < 0)
		return rc;
	for (i = 0; i < t->count; i++)
		if ((rc = check_existing(t, &t->restored[i], err)) < 0)
			return rc;
	return find_tools(t, err);
}

int
dbbi_pg_target_open(dbbi_target **out, const dbbi_source_env *env,
    const dbbi_target_plan *plan, dbb_error *err)
{
	dbbi_pg_target *t;
	size_t i;
	int rc;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return dbbi_error_nomem(err);
	t->base.driver = &dbbi_source_postgres;
	t->run = env->run;
	t->plan = plan;
	if ((t->warnings = dbbi_json_new_array()) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = dbbi_run_init(&t->calm, err)) < 0)
		goto done;
	t->calm_ready = 1;
	if ((rc = dbbi_pg_plan_check(t, err)) < 0 ||
	    (rc = dbbi_pg_params_new(&t->params, env, err)) < 0 ||
	    (rc = connect_beside(t, err)) < 0 ||
	    (rc = check_server(t, err)) < 0)
		goto done;
	dbbi_pg_scratch_sweep(t);
	for (i = 0; i < t->count; i++)
		if ((rc = dbbi_pg_writes_note(t, &t->restored[i], err)) < 0)
			goto done;
	dbbi_error_clear(err);		/* of databases tried in vain */
	*out = &t->base;
	t = NULL;
done:
	if (t != NULL)
		dbbi_pg_target_close(&t->base);
	return rc;
}
