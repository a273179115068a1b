/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_source: PostgreSQL as a source: its facts, its end, the driver. */
#include <config.h>

#include "source/pg_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/history.h"
#include "source/pg_facts_parts.h"
#include "source/pg_schema.h"
#include "source/pg_target.h"
#include "source/pg_tools.h"

static int
add_notes(dbbi_json *warnings, const dbbi_pg_source *s, dbb_error *err)
{
	size_t i;

	for (i = 0; i < dbbi_json_count(s->notes); i++) {
		if (dbbi_json_append(warnings, json_object_get(
		    dbbi_json_at(s->notes, i))) < 0)
			return dbbi_error_nomem(err);
	}
	return 0;
}

/* Facts of every database, its schema's digest first for all of them (see
 * pg_facts_parts.h). */
static int
collect_databases(dbbi_json *array, dbbi_pg_source *s, dbb_error *err)
{
	char (*digests)[DBBI_SHA256_HEX];
	dbbi_pg_facts_known known = { .pg_dump_major =
	    dbbi_pg_tool_major(s->pg_dump_version) };
	dbbi_pg_database *db;
	dbbi_json *facts;
	size_t i;
	int rc = 0;

	if ((digests = calloc(s->database_count, sizeof(*digests))) == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < s->database_count && rc == 0; i++) {
		db = &s->databases[i];
		rc = dbbi_pg_schema_digest(digests[i], s->env->run,
		    s->params, db->name, s->pg_dump, db->snapshot, err);
	}
	for (i = 0; i < s->database_count && rc == 0; i++) {
		db = &s->databases[i];
		known.schema_sha256 = digests[i];
		known.sequences = db->sequences;
		known.uncounted = &db->uncounted;
		rc = dbbi_pg_facts_collect(&facts, db->pg, &known, err);
		if (rc == 0 && dbbi_json_append(array, facts) < 0)
			rc = dbbi_error_nomem(err);
		rc = dbbi_error_context(err, rc, "facts of database '%s'",
		    db->name);
	}
	free(digests);
	return rc;
}

static int
pg_facts(dbbi_json **out, dbbi_source *source, dbbi_json *warnings,
    dbb_error *err)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	dbbi_json *array = dbbi_json_new_array();
	int rc;

	if (array == NULL)
		return dbbi_error_nomem(err);
	if ((rc = collect_databases(array, s, err)) < 0 ||
	    (rc = add_notes(warnings, s, err)) < 0)
		goto done;
	if (dbbi_json_set_bool(s->server, "sequences_may_move", 0) < 0 ||
	    dbbi_json_set(s->server, "databases",
	    json_object_get(array)) < 0) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	*out = json_object_get(s->server);
done:
	dbbi_json_free(array);
	return rc;
}

/* Did a sequence move between freeze and finish? */
static int
has_moved(const dbbi_json *facts)
{
	dbbi_json *list = dbbi_json_array(facts, "sequences");
	int64_t before, after;
	size_t i;

	for (i = 0; i < dbbi_json_count(list); i++) {
		if (dbbi_json_i64(&before, dbbi_json_at(list, i),
		    "last_value") == 0 &&
		    dbbi_json_i64(&after, dbbi_json_at(list, i),
		    "last_value_after") == 0 && before != after)
			return 1;
	}
	return 0;
}

/* A database is dumped: see what rows the dump holds, read the sequences
 * again, and let go of the locks. */
static int
finish_database(dbbi_json *facts, dbbi_pg_database *db, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_tables_fill(facts, db->pg, db->uncounted, db->dump,
	    err)) < 0 ||
	    (rc = dbbi_pg_facts_finish(facts, db->pg, err)) < 0)
		return rc;
	return dbbi_pg_query(NULL, db->pg, "ROLLBACK", 0, NULL, err);
}

static int
pg_finish(dbbi_source *source, dbbi_json *facts, dbb_error *err)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	dbbi_json *list = dbbi_json_array(facts, "databases");
	dbbi_pg_database *db;
	int moved = 0, rc = 0;
	size_t i;

	if (dbbi_json_count(list) != s->database_count)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "these are not the facts of this source");
	for (i = 0; i < s->database_count && rc == 0; i++) {
		db = &s->databases[i];
		rc = finish_database(dbbi_json_at(list, i), db, err);
		moved |= has_moved(dbbi_json_at(list, i));
		rc = dbbi_error_context(err, rc, "database '%s'", db->name);
	}
	if (rc == 0 &&
	    dbbi_json_set_bool(facts, "sequences_may_move", moved) < 0)
		rc = dbbi_error_nomem(err);
	return rc;
}

void
dbbi_pg_close(dbbi_source *source)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->database_count; i++) {
		dbbi_pg_archive_free(s->databases[i].dump);
		PQclear(s->databases[i].uncounted);
		dbbi_pg_free(s->databases[i].pg);
		dbbi_json_free(s->databases[i].sequences);
		free(s->databases[i].snapshot);
		free(s->databases[i].name);
	}
	free(s->databases);
	for (i = 0; i < s->base.stream_count; i++)
		free(s->base.streams[i].name);
	free(s->base.streams);
	dbbi_json_free(s->server);
	dbbi_json_free(s->notes);
	free(s->pg_dump);
	free(s->pg_dump_version);
	free(s->pg_dumpall);
	free(s->pg_restore);
	dbbi_pg_params_free(s->params);
	free(s);
}

static const char *
pg_how_to_load(const char *kind)
{
	if (kind != NULL && strcmp(kind, "pg_globals") == 0)
		return "roles and tablespaces; first of all: "
		    "psql -d postgres -f FILE";
	/* --create brings the database's owner, settings and rights too. */
	return "one database, under its own name: "
	    "pg_restore --create -d postgres FILE";
}

static int
pg_check_config(const dbbi_source_env *env, dbb_error *err)
{
	dbbi_pg_params *params = NULL;
	int rc = dbbi_pg_params_new(&params, env, err);

	dbbi_pg_params_free(params);
	return rc;
}

const dbbi_source_driver dbbi_source_postgres = {
	.kind = "postgres",
	.check_config = pg_check_config,
	.open = dbbi_pg_open,
	.freeze = dbbi_pg_freeze,
	.stream = dbbi_pg_stream,
	.facts = pg_facts,
	.finish = pg_finish,
	.check = dbbi_pg_check,
	.close = dbbi_pg_close,
	.target_open = dbbi_pg_target_open,
	.target_replaces = dbbi_pg_target_replaces,
	.target_wants = dbbi_pg_target_wants,
	.target_load = dbbi_pg_target_load,
	.target_compare = dbbi_pg_target_compare,
	.target_commit = dbbi_pg_target_commit,
	.target_close = dbbi_pg_target_close,
	.how_to_load = pg_how_to_load,
	.history = &dbbi_history_postgres,
};
