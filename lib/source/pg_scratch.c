/* SPDX-License-Identifier: BSD-2-Clause */
/* Scratch databases: made, marked, and removed again. */
#include <config.h>

#include "source/pg_target_private.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_quote.h"
#include "util/bytes.h"
#include "util/random.h"
#include "util/sha256.h"

/* An unmarked one younger than this may be in the making: it has been
 * created and its maker is about to connect. */
#define UNMARKED_SECONDS "600"

int
dbbi_pg_scratch_name(char out[DBBI_PG_NAME_SIZE], const char *prefix,
    const char *target, dbbi_pg *pg, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE], random[3];
	char hex[9], tail[7], *name;
	PGresult *now = NULL;
	int rc;

	if ((rc = dbbi_sha256_of(digest, target, strlen(target), err)) < 0 ||
	    (rc = dbbi_random(random, sizeof(random), err)) < 0 ||
	    (rc = dbbi_pg_query(&now, pg, "SELECT pg_catalog.lpad(pg_catalog."
	    "to_hex(extract(epoch FROM pg_catalog.now())::bigint), 8, '0')",
	    0, NULL, err)) < 0)
		return rc;
	dbbi_hex_encode(hex, digest, 4);
	dbbi_hex_encode(tail, random, sizeof(random));
	name = dbbi_text_format("%s%s_%.8s_%s", prefix, hex,
	    PQgetvalue(now, 0, 0), tail);
	PQclear(now);
	if (name == NULL)
		return dbbi_error_nomem(err);
	memcpy(out, name, strlen(name) + 1);
	free(name);
	return DBB_OK;
}

/* Is there a row for the name? */
static int
exists(int *there, dbbi_pg *pg, const char *sql, const char *name,
    dbb_error *err)
{
	const char *params[] = { name };
	PGresult *found = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&found, pg, sql, 1, params, err)) == DBB_OK)
		*there = PQntuples(found) > 0;
	PQclear(found);
	return rc;
}

/* Append " <words> <text>", quoted as `fmt` says, when there is a text;
 * `sql` is taken over, NULL passes through. */
static char *
append(char *sql, const char *fmt, const char *text)
{
	char *part, *whole = NULL;

	if (sql == NULL || text == NULL || text[0] == '\0')
		return sql;
	if ((part = dbbi_pg_sql(fmt, text)) != NULL)
		whole = dbbi_text_format("%s %s", sql, part);
	free(part);
	free(sql);
	return whole;
}

/* Encoding and locale as they were; the provider where the server knows of
 * such a thing. */
static char *
append_locale(char *sql, const dbbi_pg_target *t, const dbbi_json *facts)
{
	const char *provider = dbbi_json_string(facts, "locale_provider");
	const char *locale = dbbi_json_string(facts, "icu_locale");

	sql = append(sql, "ENCODING %L", dbbi_json_string(facts, "encoding"));
	sql = append(sql, "LC_COLLATE %L",
	    dbbi_json_string(facts, "collate"));
	sql = append(sql, "LC_CTYPE %L", dbbi_json_string(facts, "ctype"));
	if (provider == NULL || dbbi_pg_version(t->pg) < 150000)
		return sql;
	if (provider[0] == 'i') {
		sql = append(sql, "LOCALE_PROVIDER %I", "icu");
		sql = append(sql, "ICU_LOCALE %L", locale);
	} else if (provider[0] == 'b') {
		sql = append(sql, "LOCALE_PROVIDER %I", "builtin");
		sql = append(sql, "BUILTIN_LOCALE %L", locale);
	} else {
		sql = append(sql, "LOCALE_PROVIDER %I", "libc");
	}
	return sql;
}

/* Name its owner and tablespace if the server has them, else warn. */
static int
append_if_there(char **sql, dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *key, const char *catalog, const char *fmt, dbb_error *err)
{
	const char *name = dbbi_json_string(r->facts, key);
	int there = 0, rc;

	/* Everyone may use the default, but only who has rights may name it. */
	if (name == NULL || name[0] == '\0' || strcmp(name, "pg_default") == 0)
		return DBB_OK;
	if ((rc = exists(&there, t->pg, catalog, name, err)) < 0)
		return rc;
	if (there) {
		*sql = append(*sql, fmt, name);
		return DBB_OK;
	}
	return dbbi_pg_target_warn(t, dbbi_text_format("database '%s': its "
	    "%s '%s' is not on this server; the default is taken instead",
	    r->target, key, name), err);
}

static int
create(dbbi_pg_target *t, const dbbi_pg_restored *r, dbb_error *err)
{
	char *sql = dbbi_pg_sql("CREATE DATABASE %I TEMPLATE template0",
	    r->scratch);
	int rc;

	sql = append_locale(sql, t, r->facts);
	if ((rc = append_if_there(&sql, t, r, "owner", "SELECT 1 FROM "
	    "pg_catalog.pg_roles WHERE rolname = $1", "OWNER %I",
	    err)) < 0 || (rc = append_if_there(&sql, t, r, "tablespace",
	    "SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = $1",
	    "TABLESPACE %I", err)) < 0) {
		free(sql);
		return rc;
	}
	return dbbi_pg_execute(t->pg, sql, err);
}

static void
hint_at_create(dbb_error *err, const dbbi_pg_restored *r)
{
	const char *remote = err->remote;
	const char *owner = dbbi_json_string(r->facts, "owner");

	if (strcmp(remote, "42809") == 0 || strcmp(remote, "22023") == 0)
		dbbi_error_hint(err, "the server's machine may lack the "
		    "locale; on Debian: add it to /etc/locale.gen, run "
		    "locale-gen, and restart the server");
	else if (strcmp(remote, "42501") == 0 && owner != NULL)
		dbbi_error_hint(err, "restore as a superuser, or as a member "
		    "of role '%s', which owns the database", owner);
}

/* The comment comes after the connection: from then on nobody connected
 * means that the restore is dead. */
static int
mark(dbbi_pg_target *t, const dbbi_pg_restored *r, dbb_error *err)
{
	char *text = dbbi_text_format("libdbbackup: restoring \"%s\" from set "
	    "%s", r->target, t->plan->set);
	char *sql = text == NULL ? NULL :
	    dbbi_pg_sql("COMMENT ON DATABASE %I IS %L", r->scratch, text);

	free(text);
	return dbbi_pg_execute(t->pg, sql, err);
}

int
dbbi_pg_scratch_create(dbbi_pg_target *t, dbbi_pg_restored *r, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_scratch_name(r->scratch, DBBI_PG_SCRATCH,
	    r->target, t->pg, err)) < 0)
		return rc;
	if ((rc = create(t, r, err)) < 0) {
		if (err != NULL)
			hint_at_create(err, r);
		goto done;
	}
	if ((rc = dbbi_pg_connect(&r->guard, t->run, t->params, r->scratch,
	    err)) < 0)
		goto done;
	rc = mark(t, r, err);
done:
	return dbbi_error_context(err, rc, "making a new database '%s'",
	    r->scratch);
}

/* Before version 13 there is no FORCE. */
static int
end_sessions(dbbi_pg *pg, const char *name, dbb_error *err)
{
	const char *params[] = { name };

	return dbbi_pg_query(NULL, pg, "SELECT pg_catalog."
	    "pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
	    "WHERE datname = $1", 1, params, err);
}

int
dbbi_pg_scratch_drop(dbbi_pg *pg, const dbbi_pg_params *params,
    const char *name, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_subscriptions_drop(pg, params, name, err)) < 0)
		return rc;
	if (dbbi_pg_version(pg) >= 130000)
		return dbbi_pg_execute(pg, dbbi_pg_sql("DROP DATABASE IF "
		    "EXISTS %I WITH (FORCE)", name), err);
	if ((rc = end_sessions(pg, name, err)) < 0)
		return rc;
	return dbbi_pg_execute(pg, dbbi_pg_sql("DROP DATABASE IF EXISTS %I",
	    name), err);
}

/* What there is to be said of the subscriptions that it had, or NULL. */
static char *
tell_slots(const dbbi_pg_restored *r, const char *subscriptions)
{
	if (subscriptions == NULL || subscriptions[0] == '\0')
		return NULL;
	return dbbi_text_format("the old database '%s' had the subscriptions "
	    "%s; their replication slots at the publisher were left: drop "
	    "those that no subscription uses any more, for they hold its log "
	    "back", r->target, subscriptions);
}

char *
dbbi_pg_scratch_drop_old(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *old)
{
	char *subscriptions = NULL, *text;
	dbb_error why = {0};

	dbbi_pg_subscriptions_names(&subscriptions, t->pg, old, NULL);
	if (dbbi_pg_scratch_drop(t->pg, t->params, old, &why) < 0)
		text = dbbi_text_format("the old database '%s' is still "
		    "there as '%s' and can be dropped: %s", r->target, old,
		    why.message);
	else
		text = tell_slots(r, subscriptions);
	free(subscriptions);
	return text;
}

/* "'x' was written to … DROP DATABASE y" */
static char *
tell_kept(const dbbi_pg_restored *r, const char *kept)
{
	char *drop = dbbi_pg_sql("DROP DATABASE %I", kept);
	char *text = drop == NULL ? NULL : dbbi_text_format("database '%s' "
	    "was written to while the restore ran, and what was written is "
	    "in no set: the database as it was is kept as '%s'; when you "
	    "need it no longer: %s", r->target, kept, drop);

	free(drop);
	return text;
}

/* Its subscriptions go: they would take from the slots what those of the
 * restored one need, and keep it from being dropped. */
char *
dbbi_pg_scratch_keep_old(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *kept)
{
	char *subscriptions = NULL, *slots = NULL, *text, *both;

	dbbi_pg_subscriptions_names(&subscriptions, t->pg, kept, NULL);
	if (dbbi_pg_subscriptions_drop(t->pg, t->params, kept, NULL) == 0)
		slots = tell_slots(r, subscriptions);
	text = tell_kept(r, kept);
	if (text != NULL && slots != NULL &&
	    (both = dbbi_text_format("%s; %s", text, slots)) != NULL) {
		free(text);
		text = both;
	}
	free(slots);
	free(subscriptions);
	return text;
}

/*
 * Ours, by name and comment, and nobody is in it but what serves its own
 * subscriptions; or by name alone, when the
 * maker was killed before it could write the comment. The time of its making
 * is in the name.
 */
static const char leftovers[] =
	"SELECT d.datname FROM pg_catalog.pg_database d, LATERAL (SELECT"
	" pg_catalog.shobj_description(d.oid, 'pg_database') AS text) c"
	" WHERE ((d.datname LIKE 'dbb\\_restore\\_%'"
	"   AND c.text LIKE 'libdbbackup: restoring %')"
	"  OR (d.datname LIKE 'dbb\\_old\\_%'"
	"   AND c.text LIKE 'libdbbackup: replaced %')"
	"  OR (d.datname ~"
	"    '^dbb_restore_[0-9a-f]{8}_[0-9a-f]{8}_[0-9a-f]{6}$'"
	"   AND c.text IS NULL"
	"   AND pg_catalog.substr(d.datname, 22, 8) < pg_catalog.lpad("
	"    pg_catalog.to_hex(extract(epoch FROM pg_catalog.now())::bigint"
	"    - " UNMARKED_SECONDS "), 8, '0')))"
	" AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a"
	"  WHERE a.datid = d.oid AND coalesce(a.backend_type, '')"
	"   NOT LIKE 'logical replication %')";

void
dbbi_pg_scratch_sweep(dbbi_pg_target *t)
{
	PGresult *found = NULL;
	const char *name;
	dbb_error why = {0};
	int i;

	if (dbbi_pg_query(&found, t->pg, leftovers, 0, NULL, NULL) < 0 ||
	    dbbi_pg_query(NULL, t->pg, "SELECT pg_catalog.set_config("
	    "'lock_timeout', '2s', false)", 0, NULL, NULL) < 0)
		goto done;
	for (i = 0; i < PQntuples(found); i++) {
		name = PQgetvalue(found, i, 0);
		/* Without FORCE: someone may have come in between. */
		if (dbbi_pg_subscriptions_drop(t->pg, t->params, name,
		    &why) < 0 ||
		    dbbi_pg_execute(t->pg, dbbi_pg_sql("DROP DATABASE %I",
		    name), &why) < 0)
			dbbi_log(t->run, DBB_LOG_INFO, "database '%s', left "
			    "by an earlier restore, stays: %s", name,
			    why.message);
		else
			dbbi_log(t->run, DBB_LOG_INFO, "database '%s', left "
			    "by an earlier restore, was removed", name);
	}
	dbbi_pg_query(NULL, t->pg, "SELECT pg_catalog.set_config("
	    "'lock_timeout', '0', false)", 0, NULL, NULL);
done:
	PQclear(found);
}
