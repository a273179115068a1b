/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_roles.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_private.h"
#include "source/pg_quote.h"
#include "source/pg_sql_split.h"
#include "util/bytes.h"

#define NAMED_MAX 10		/* names in one warning */
#define SECRET_MIN 8		/* shorter literals are words, not hashes */

struct loading {
	dbbi_pg_roles_result *result;
	dbbi_pg *pg;
	dbbi_json *warnings;
	char *reason;			/* why the first missing role is */
	int tablespace_pass;
};

/* Has the server refused one statement, or is there no going on? */
static int
is_fatal(struct loading *l, int rc)
{
	return rc == DBB_ECANCELED || rc == DBB_ENOMEM ||
	    rc == DBB_ECONNECT ||
	    PQstatus(l->pg->conn) != CONNECTION_OK;
}

/* Sent by the extended protocol, which takes one statement and no more,
 * whatever its text holds. */
static int
run(struct loading *l, const char *sql, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_run_check(l->pg->run, err)) < 0)
		return rc;
	if (!PQsendQueryParams(l->pg->conn, sql, 0, NULL, NULL, NULL, NULL,
	    0))
		return dbbi_error_set(err, DBB_ECONNECT, "%s",
		    PQerrorMessage(l->pg->conn));
	return dbbi_pg_take(NULL, l->pg, err);
}

/* Overwrite in the server's words what the statement had between quotes:
 * a syntax error quotes what it stumbled over. */
static void
hide_literals(dbb_error *err, const char *sql)
{
	dbbi_sql_cursor c;
	dbbi_sql_token t;
	char *literal, *at;

	dbbi_sql_begin(&c, sql, strlen(sql));
	while (dbbi_sql_token_next(&t, &c, NULL) == DBB_OK &&
	    t.kind != DBBI_SQL_END) {
		if (t.kind != DBBI_SQL_STRING || t.size < SECRET_MIN + 2 ||
		    (literal = strndup(t.at + 1, t.size - 2)) == NULL)
			continue;
		/* Onwards each time: a literal of asterisks stays one. */
		for (at = err->message; (at = strstr(at, literal)) != NULL;
		    at += strlen(literal))
			memset(at, '*', strlen(literal));
		dbbi_wipe(literal, strlen(literal));
		free(literal);
	}
}

/* Execute within the transaction; when the server refuses, the transaction
 * goes on, and `*refused` is 1 with the server's words in `err`. */
static int
try_statement(int *refused, struct loading *l, const char *sql,
    dbb_error *err)
{
	int rc;

	*refused = 0;
	if ((rc = run(l, "SAVEPOINT dbb_statement", err)) < 0)
		return rc;
	if ((rc = run(l, sql, err)) == DBB_OK)
		return run(l, "RELEASE SAVEPOINT dbb_statement", err);
	hide_literals(err, sql);
	if (is_fatal(l, rc))
		return rc;
	*refused = 1;
	return run(l, "ROLLBACK TO SAVEPOINT dbb_statement", NULL);
}

static int
warn(struct loading *l, char *text, dbb_error *err)
{
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	dbbi_pg_utf8_clean(text);
	dbbi_log(l->pg->run, DBB_LOG_INFO, "%s", text);
	rc = dbbi_json_append_string(l->warnings, text);
	free(text);
	return rc < 0 ? dbbi_error_nomem(err) : DBB_OK;
}

static int
exists(int *there, struct loading *l, const char *sql, const char *name,
    dbb_error *err)
{
	const char *params[] = { name };
	PGresult *found = NULL;
	int rc;

	rc = dbbi_pg_query(&found, l->pg, sql, 1, params, err);
	if (rc == DBB_OK)
		*there = PQntuples(found) > 0;
	PQclear(found);
	return rc;
}

static void
list_remove(dbbi_list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) != 0)
			continue;
		free(list->items[i]);
		list->items[i] = list->items[--list->count];
		list->items[list->count] = NULL;
		return;
	}
}

static int
note_missing(struct loading *l, const char *name, const dbb_error *why,
    dbb_error *err)
{
	if (l->reason == NULL &&
	    (l->reason = dbbi_text_dup(why->message)) == NULL)
		return dbbi_error_nomem(err);
	return dbbi_list_add(&l->result->missing, name, err);
}

static int
create_role(struct loading *l, const dbbi_pg_statement *s, const char *sql,
    dbb_error *err)
{
	dbb_error why = {0};
	int there = 0, refused, rc;

	if ((rc = exists(&there, l, "SELECT 1 FROM pg_catalog.pg_roles "
	    "WHERE rolname = $1", s->name, err)) < 0 || there)
		return rc;
	if ((rc = try_statement(&refused, l, sql, &why)) < 0) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	if (refused)
		return note_missing(l, s->name, &why, err);
	return dbbi_list_add(&l->result->made, s->name, err);
}

/* A new role without its attributes and password would be worse than none:
 * it is taken away again. */
static int
unmake_role(struct loading *l, const char *name, const dbb_error *why,
    dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_execute(l->pg, dbbi_pg_sql("DROP ROLE %I", name),
	    err)) < 0)
		return rc;
	if ((rc = note_missing(l, name, why, err)) < 0)
		return rc;
	list_remove(&l->result->made, name);
	return DBB_OK;
}

static const char *
describe(int kind)
{
	switch (kind) {
	case DBBI_PG_ROLE_SETTING:
		return "a setting of role";
	case DBBI_PG_COMMENT_ROLE:
		return "the comment of role";
	case DBBI_PG_GRANT_ROLE:
		return "a membership of role";
	case DBBI_PG_GRANT_PARAMETER:
		return "a parameter's right of role";
	case DBBI_PG_CREATE_TABLESPACE:
		return "tablespace";
	default:
		return "a property of tablespace";
	}
}

static int
warn_refused(struct loading *l, const dbbi_pg_statement *s,
    const dbb_error *why, dbb_error *err)
{
	return warn(l, dbbi_text_format("%s '%s' was not restored: %s",
	    describe(s->kind), s->name, why->message), err);
}

/* What changes a role that was made now. */
static int
change_role(struct loading *l, const dbbi_pg_statement *s, char *sql,
    dbb_error *err)
{
	dbb_error why = {0};
	int refused, there = 1, rc;

	if (!dbbi_list_has(&l->result->made, s->name))
		return DBB_OK;
	if (s->grantor != NULL && (rc = exists(&there, l, "SELECT 1 FROM "
	    "pg_catalog.pg_roles WHERE rolname = $1", s->grantor, err)) < 0)
		return rc;
	if (!there)
		sql[s->without_grantor] = '\0';
	rc = try_statement(&refused, l, sql, &why);
	if (rc == DBB_OK && refused && s->grantor != NULL && there) {
		/* Granted in another's name needs more rights. */
		sql[s->without_grantor] = '\0';
		rc = try_statement(&refused, l, sql, &why);
	}
	if (rc < 0) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	if (!refused)
		return DBB_OK;
	if (s->kind == DBBI_PG_ALTER_ROLE)
		return unmake_role(l, s->name, &why, err);
	return warn_refused(l, s, &why, err);
}

/* Tablespaces are made outside of a transaction. */
static int
make_tablespace(struct loading *l, const dbbi_pg_statement *s,
    const char *sql, dbb_error *err)
{
	dbb_error why = {0};
	int there = 0, rc;

	if (s->kind != DBBI_PG_CREATE_TABLESPACE) {
		if (!dbbi_list_has(&l->result->tablespaces_made, s->name))
			return DBB_OK;
	} else if ((rc = exists(&there, l, "SELECT 1 FROM "
	    "pg_catalog.pg_tablespace WHERE spcname = $1", s->name,
	    err)) < 0 || there) {
		return rc;
	}
	rc = run(l, sql, &why);
	if (rc == DBB_OK)
		return s->kind == DBBI_PG_CREATE_TABLESPACE ?
		    dbbi_list_add(&l->result->tablespaces_made, s->name, err) : DBB_OK;
	if (is_fatal(l, rc)) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	if (s->kind == DBBI_PG_CREATE_TABLESPACE)
		l->result->tablespaces_missing = 1;
	return warn_refused(l, s, &why, err);
}

static int
execute(struct loading *l, const dbbi_pg_statement *s, char *sql,
    dbb_error *err)
{
	switch (s->kind) {
	case DBBI_PG_SET:
		return run(l, sql, err);
	case DBBI_PG_CREATE_ROLE:
		return l->tablespace_pass ? DBB_OK :
		    create_role(l, s, sql, err);
	case DBBI_PG_ALTER_ROLE:
	case DBBI_PG_ROLE_SETTING:
	case DBBI_PG_COMMENT_ROLE:
	case DBBI_PG_GRANT_ROLE:
	case DBBI_PG_GRANT_PARAMETER:
		return l->tablespace_pass ? DBB_OK :
		    change_role(l, s, sql, err);
	case DBBI_PG_CREATE_TABLESPACE:
	case DBBI_PG_ALTER_TABLESPACE:
		return l->tablespace_pass ? make_tablespace(l, s, sql, err) :
		    DBB_OK;
	case DBBI_PG_OTHER:
		if (!l->tablespace_pass)
			l->result->other++;
		return DBB_OK;
	default:
		/* The settings of a role in a database come with the
		 * database's facts. */
		return DBB_OK;
	}
}

static int
load_statement(struct loading *l, const dbbi_sql_statement *text,
    dbb_error *err)
{
	dbbi_pg_statement s = {0};
	char *sql = NULL;
	int rc;

	if (text->size == 0)
		return DBB_OK;
	if ((sql = strndup(text->text, text->size)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_pg_statement_read(&s, text->text, text->size, err);
	if (rc == DBB_OK) {
		rc = execute(l, &s, sql, err);
		rc = dbbi_error_context(err, rc, "line %zu", text->line);
	}
	dbbi_pg_statement_clear(&s);
	dbbi_wipe(sql, text->size);
	free(sql);
	return rc;
}

/* Go through the text once. */
static int
load_pass(struct loading *l, const char *text, size_t size, dbb_error *err)
{
	dbbi_sql_statement s;
	dbbi_sql_cursor c;
	int rc;

	dbbi_sql_begin(&c, text, size);
	while ((rc = dbbi_sql_statement_next(&s, &c, err)) == DBB_OK &&
	    s.text != NULL)
		if ((rc = load_statement(l, &s, err)) < 0)
			break;
	return rc;
}

/* "'a', 'b' and 3 more" */
static char *
join_names(const dbbi_list *names)
{
	char *all = dbbi_text_dup(""), *longer;
	size_t i;

	for (i = 0; all != NULL && i < names->count && i < NAMED_MAX; i++) {
		longer = dbbi_text_format("%s%s'%s'", all,
		    i == 0 ? "" : ", ", names->items[i]);
		free(all);
		all = longer;
	}
	if (all != NULL && names->count > NAMED_MAX) {
		longer = dbbi_text_format("%s and %zu more", all,
		    names->count - NAMED_MAX);
		free(all);
		all = longer;
	}
	return all;
}

static int
warn_summary(struct loading *l, dbb_error *err)
{
	char *names;
	int rc = DBB_OK;

	if (l->result->missing.count > 0) {
		if ((names = join_names(&l->result->missing)) == NULL)
			return dbbi_error_nomem(err);
		rc = warn(l, dbbi_text_format("roles that could not be "
		    "made: %s (%s)", names, l->reason), err);
		free(names);
	}
	if (rc == DBB_OK && l->result->other > 0)
		rc = warn(l, dbbi_text_format("%d statements about roles and "
		    "tablespaces are of no known kind and were not executed",
		    l->result->other), err);
	return rc;
}

void
dbbi_pg_roles_result_clear(dbbi_pg_roles_result *result)
{
	dbbi_list_clear(&result->made);
	dbbi_list_clear(&result->missing);
	dbbi_list_clear(&result->tablespaces_made);
}

int
dbbi_pg_roles_load(dbbi_pg_roles_result *result, dbbi_pg *pg,
    const char *text, size_t size, dbbi_json *warnings, dbb_error *err)
{
	struct loading l = { .result = result, .pg = pg,
	    .warnings = warnings };
	int rc;

	if ((rc = run(&l, "BEGIN", err)) < 0 ||
	    (rc = load_pass(&l, text, size, err)) < 0 ||
	    (rc = run(&l, "COMMIT", err)) < 0) {
		dbbi_list_clear(&result->made);		/* undone */
		goto done;
	}
	l.tablespace_pass = 1;
	if ((rc = load_pass(&l, text, size, err)) < 0)
		goto done;
	rc = warn_summary(&l, err);
done:
	free(l.reason);
	return rc;
}
