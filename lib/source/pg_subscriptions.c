/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Subscriptions: a server does not drop a database that has any; pg_dump
 * makes a restored one disabled, and its publisher has moved on since.
 *
 * Dropping one while it names its replication slot would drop the slot at
 * the publisher too, which a restored or a live subscription of the same
 * name needs. So it is made to forget the slot first.
 */
#include <config.h>

#include "source/pg_target_private.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_private.h"
#include "source/pg_quote.h"

#define DROP_TIMEOUT "30s"	/* for a publisher that does not answer */

/* Its columns are name, whether it names a slot. */
static int
list(PGresult **out, dbbi_pg *pg, const char *database, dbb_error *err)
{
	const char *params[] = { database };
	int rc = dbbi_pg_query(out, pg, "SELECT s.subname, s.subslotname IS "
	    "NOT NULL FROM pg_catalog.pg_subscription s JOIN "
	    "pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = "
	    "$1 ORDER BY 1", 1, params, err);

	return dbbi_error_context(err, rc, "reading the subscriptions of "
	    "'%s'", database);
}

static int
drop_one(dbbi_pg *inside, const char *name, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_execute(inside, dbbi_pg_sql("ALTER SUBSCRIPTION %I "
	    "DISABLE", name), err)) < 0 ||
	    (rc = dbbi_pg_execute(inside, dbbi_pg_sql("ALTER SUBSCRIPTION %I "
	    "SET (slot_name = NONE)", name), err)) < 0)
		return rc;
	return dbbi_pg_execute(inside, dbbi_pg_sql("DROP SUBSCRIPTION %I",
	    name), err);
}

int
dbbi_pg_subscriptions_drop(dbbi_pg *pg, const dbbi_pg_params *params,
    const char *database, dbb_error *err)
{
	PGresult *found = NULL;
	dbbi_pg *inside = NULL;
	int rc, i;

	if ((rc = list(&found, pg, database, err)) < 0)
		return rc;
	if (PQntuples(found) == 0)
		goto done;
	/* The one that is replaced may have been closed to everybody. */
	if ((rc = dbbi_pg_execute(pg, dbbi_pg_sql("ALTER DATABASE %I WITH "
	    "ALLOW_CONNECTIONS true", database), err)) < 0 ||
	    (rc = dbbi_pg_connect(&inside, pg->run, params, database,
	    err)) < 0 ||
	    (rc = dbbi_pg_query(NULL, inside, "SET statement_timeout = '"
	    DROP_TIMEOUT "'", 0, NULL, err)) < 0)
		goto done;
	for (i = 0; i < PQntuples(found) && rc == DBB_OK; i++)
		rc = dbbi_error_context(err, drop_one(inside,
		    PQgetvalue(found, i, 0), err), "dropping subscription "
		    "'%s'", PQgetvalue(found, i, 0));
done:
	dbbi_pg_free(inside);
	PQclear(found);
	return rc;
}

/* "'a', 'b'" of those that name a slot; "" for none, NULL when out of
 * memory. */
static char *
quote_names(const PGresult *found)
{
	char *all = dbbi_text_dup(""), *longer;
	int i;

	for (i = 0; all != NULL && i < PQntuples(found); i++) {
		if (PQgetvalue(found, i, 1)[0] != 't')
			continue;
		longer = dbbi_text_format("%s%s'%s'", all,
		    all[0] == '\0' ? "" : ", ", PQgetvalue(found, i, 0));
		free(all);
		all = longer;
	}
	return all;
}

int
dbbi_pg_subscriptions_names(char **out, dbbi_pg *pg, const char *database,
    dbb_error *err)
{
	PGresult *found = NULL;
	char *all;
	int rc;

	if ((rc = list(&found, pg, database, err)) < 0)
		return rc;
	if ((all = quote_names(found)) == NULL)
		rc = dbbi_error_nomem(err);
	else
		*out = all;
	PQclear(found);
	return rc;
}

/* Was it at work when the set was made? Older sets do not tell. */
static int
was_enabled(const dbbi_json *facts, const char *name)
{
	dbbi_json *all = dbbi_json_array(facts, "subscriptions");
	const char *other;
	int enabled = 1;
	size_t i;

	for (i = 0; i < dbbi_json_count(all); i++) {
		other = dbbi_json_string(dbbi_json_at(all, i), "name");
		if (other != NULL && strcmp(other, name) == 0)
			dbbi_json_bool(&enabled, dbbi_json_at(all, i),
			    "enabled");
	}
	return enabled;
}

int
dbbi_pg_subscriptions_tell(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	PGresult *found = NULL;
	const char *name;
	int rc, i;

	if ((rc = list(&found, t->pg, r->scratch, err)) < 0)
		return rc;
	for (i = 0; i < PQntuples(found) && rc == DBB_OK; i++) {
		name = PQgetvalue(found, i, 0);
		if (!was_enabled(r->facts, name))
			continue;
		rc = dbbi_pg_target_warn(t, dbbi_text_format("database '%s': "
		    "subscription '%s' was restored and is disabled, because "
		    "what its publisher sent since the backup is not there: "
		    "copy its tables anew, then ALTER SUBSCRIPTION … ENABLE",
		    r->target, name), err);
	}
	PQclear(found);
	return rc;
}
