/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_connection.h"
#include "source/pg_history_table.h"
#include "source/pg_quote.h"

#define MESSAGE_MAX 4000	/* bytes of an error message that are kept */
#define STATEMENT_TIMEOUT "'15s'"	/* a locked table delays no backup */
#define CREATE_LOCK "7236834209847"	/* advisory; any number will do */

struct dbbi_history {
	dbbi_pg_params *params;
	dbbi_pg *pg;
};

/* The table of doc/interface, to the letter; the first schema of a new
 * database's search path is public. */
static const char create_table[] =
	"CREATE TABLE public.backup_history ("
	" id SERIAL PRIMARY KEY,"
	" backup_id VARCHAR(255) NOT NULL,"
	" backup_type VARCHAR(50) NOT NULL,"
	" timestamp TIMESTAMP NOT NULL,"
	" size_bytes BIGINT,"
	" checksum VARCHAR(64),"
	" status VARCHAR(20),"
	" error_message TEXT,"
	" created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)";

static const char *const create_indexes[] = {
	"CREATE INDEX idx_backup_history_timestamp"
	" ON public.backup_history(timestamp DESC)",
	"CREATE INDEX idx_backup_history_type"
	" ON public.backup_history(backup_type)",
	"CREATE INDEX idx_backup_history_status"
	" ON public.backup_history(status)",
	NULL
};

static const char update_or_insert[] =
	"WITH given AS (SELECT $1::varchar AS id, $2::varchar AS type,"
	"  $3::varchar AS status, (to_timestamp(0) AT TIME ZONE 'UTC')"
	"   + $4::bigint * interval '1 millisecond' AS at,"
	"  $5::bigint AS size, $6::varchar AS sum, $7::text AS message),"
	" updated AS (UPDATE ONLY public.backup_history h SET"
	"  timestamp = g.at,"
	"  size_bytes = g.size, checksum = g.sum, status = g.status,"
	"  error_message = g.message FROM given g WHERE h.id = (SELECT"
	"   max(o.id) FROM ONLY public.backup_history o WHERE o.backup_id = g.id"
	"   AND o.backup_type = g.type AND o.status = 'running')"
	"  RETURNING 1)"
	" INSERT INTO public.backup_history (backup_id, backup_type,"
	"  timestamp, size_bytes, checksum, status, error_message)"
	" SELECT id, type, at, size, sum, status, message FROM given"
	" WHERE NOT EXISTS (SELECT 1 FROM updated)";

static void
close_history(dbbi_history *history)
{
	if (history == NULL)
		return;
	dbbi_pg_free(history->pg);
	dbbi_pg_params_free(history->params);
	free(history);
}

/* The [history] section's connection where it is set, else the source's. */
static int
open_history(dbbi_history **out, const dbbi_source_env *env, dbb_error *err)
{
	dbbi_history *history = calloc(1, sizeof(*history));
	dbbi_source_env own = *env;
	const char *connection;
	int rc;

	if (history == NULL)
		return dbbi_error_nomem(err);
	connection = dbbi_config_get(env->config, "history", NULL,
	    "connection");
	if (connection != NULL && connection[0] != '\0') {
		own.kind = "history";
		own.name = NULL;
		own.to = NULL;
	}
	if ((rc = dbbi_pg_params_new(&history->params, &own, err)) < 0 ||
	    (rc = dbbi_pg_connect(&history->pg, env->run, history->params,
	    NULL, err)) < 0 ||
	    (rc = dbbi_pg_query(NULL, history->pg,
	    "SET TimeZone = 'UTC'", 0, NULL, err)) < 0 ||
	    (rc = dbbi_pg_query(NULL, history->pg,
	    "SET statement_timeout = " STATEMENT_TIMEOUT, 0, NULL, err)) < 0)
		goto done;
	*out = history;
	history = NULL;
done:
	close_history(history);
	return dbbi_error_context(err, rc, "the history table");
}

static int
exists(int *there, dbbi_history *history, dbb_error *err)
{
	return dbbi_pg_history_look(there, history->pg, err);
}

static const char *
database(dbbi_history *history)
{
	return PQdb(dbbi_pg_handle(history->pg));
}

/* Within a transaction, so that the table is never without its indexes; one
 * caller at a time. */
static int
create_all(int *made, dbbi_history *history, dbb_error *err)
{
	int there = 0, rc;
	size_t i;

	if ((rc = dbbi_pg_query(NULL, history->pg, "BEGIN", 0, NULL,
	    err)) < 0 ||
	    (rc = dbbi_pg_query(NULL, history->pg, "SELECT "
	    "pg_advisory_xact_lock(" CREATE_LOCK ")", 0, NULL, err)) < 0 ||
	    (rc = dbbi_pg_history_hold(history->pg, err)) < 0 ||
	    (rc = exists(&there, history, err)) < 0)
		return rc;
	if (!there) {
		rc = dbbi_pg_query(NULL, history->pg, create_table, 0, NULL,
		    err);
		for (i = 0; rc == DBB_OK && create_indexes[i] != NULL; i++)
			rc = dbbi_pg_query(NULL, history->pg,
			    create_indexes[i], 0, NULL, err);
	}
	*made = !there;
	return rc;
}

static int
create_history(int *created, dbbi_history *history, dbb_error *err)
{
	PGconn *conn = dbbi_pg_handle(history->pg);
	int there = 0, made = 0, rc;

	/* A reader of a standby, or a user who may only write rows, can
	 * still find it there. */
	if ((rc = exists(&there, history, err)) < 0)
		return rc;
	if (there) {
		*created = 0;
		return DBB_OK;
	}
	rc = dbbi_pg_history_end(history->pg,
	    create_all(&made, history, err), err);
	if (rc == DBB_OK)
		*created = made;
	if (rc == DBB_EACCESS && err != NULL &&
	    strcmp(err->remote, "42501") == 0)
		dbbi_error_hint(err, "let an administrator execute in "
		    "database '%s': GRANT CREATE ON SCHEMA public TO \"%s\"; "
		    "or name another database under [history]", PQdb(conn),
		    PQuser(conn));
	return dbbi_error_context(err, rc, "making table 'backup_history' in "
	    "database '%s'", PQdb(conn));
}

/* What fits and what the server takes: other tools' words may hold bytes
 * that are no UTF-8. */
static char *
fit_message(const char *text)
{
	size_t n = dbbi_pg_utf8_cut(text, MESSAGE_MAX);
	char *fitted = strndup(text, n);

	if (fitted != NULL)
		dbbi_pg_utf8_clean(fitted);
	return fitted;
}

static int
record(dbbi_history *history, const dbbi_history_row *row, dbb_error *err)
{
	uint64_t size = row->size_bytes > INT64_MAX ? INT64_MAX :
	    row->size_bytes;
	char at[24], bytes[24], *message = NULL;
	const char *params[7];
	int rc;

	if (row->backup_id == NULL || row->backup_type == NULL)
		return dbbi_error_set(err, DBB_EINVAL,
		    "a history row needs an id and a type");
	if (row->error_message != NULL &&
	    (message = fit_message(row->error_message)) == NULL)
		return dbbi_error_nomem(err);
	snprintf(at, sizeof(at), "%" PRId64, row->at_ms);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	params[0] = row->backup_id;
	params[1] = row->backup_type;
	params[2] = row->status;
	params[3] = at;
	params[4] = bytes;
	params[5] = row->checksum;
	params[6] = message;
	if ((rc = dbbi_pg_history_begin(history->pg, err)) == DBB_OK)
		rc = dbbi_pg_query(NULL, history->pg, update_or_insert, 7,
		    params, err);
	rc = dbbi_pg_history_end(history->pg, rc, err);
	free(message);
	return dbbi_error_context(err, rc, "writing '%s' into table "
	    "'backup_history'", row->backup_id);
}

static int
settle(dbbi_history *history, const char *backup_id, const char *status,
    dbb_error *err)
{
	const char *params[] = { backup_id, status };
	int rc;

	if ((rc = dbbi_pg_history_begin(history->pg, err)) == DBB_OK)
		rc = dbbi_pg_query(NULL, history->pg, "UPDATE ONLY "
		    "public.backup_history SET status = $2 WHERE backup_id = "
		    "$1 AND status = 'running'", 2, params, err);
	rc = dbbi_pg_history_end(history->pg, rc, err);
	return dbbi_error_context(err, rc, "settling '%s' in table "
	    "'backup_history'", backup_id);
}

const dbbi_history_driver dbbi_history_postgres = {
	.open = open_history,
	.create = create_history,
	.exists = exists,
	.record = record,
	.settle = settle,
	.database = database,
	.close = close_history,
};
