/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logical replication slots: a server drops those of a database with it, and
 * a subscriber, or whatever else followed the database's changes, loses its
 * place. Those that come back with a restore do not continue the old ones.
 */
#include <config.h>

#include "source/pg_target_private.h"

#include "source/pg_names.h"

int
dbbi_pg_slots_check(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	const char *params[] = { r->target };
	PGresult *res = NULL;
	const char *names;
	int rc;

	if ((rc = dbbi_pg_query(&res, t->pg, "SELECT pg_catalog.string_agg("
	    "pg_catalog.quote_literal(slot_name), ', ' ORDER BY slot_name) "
	    "FROM pg_catalog.pg_replication_slots WHERE database = $1 AND "
	    "slot_type = 'logical'", 1, params, err)) < 0)
		return dbbi_error_context(err, rc, "looking for replication "
		    "slots of '%s'", r->target);
	if ((names = dbbi_pg_text(res, 0, 0)) != NULL) {
		rc = dbbi_error_set(err, DBB_EBUSY, "database '%s' has the "
		    "logical replication slots %s, which would be dropped "
		    "with it: what follows its changes would lose its place",
		    r->target, names);
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside "
		    "it; or stop what uses the slots, drop each (SELECT "
		    "pg_drop_replication_slot('…')), restore, and let the "
		    "subscribers copy their tables anew");
	}
	PQclear(res);
	return rc;
}
