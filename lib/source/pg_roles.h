/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_roles: bring roles and tablespaces back from the text of
 * pg_dumpall --globals-only. What exists is kept unchanged, with its
 * passwords, settings and memberships; only what is missing is made.
 *
 * The text holds password hashes: no message, warning or log line shows a
 * statement, only what it is about and the server's words.
 */
#ifndef DBBI_PG_ROLES_H
#define DBBI_PG_ROLES_H

#include "source/pg_connection.h"

/* What a statement is about. Kinds not listed are not executed: the text
 * comes out of a store. */
enum {
	DBBI_PG_OTHER,			/* not known: skipped, and said */
	DBBI_PG_SET,			/* SET of what pg_dumpall sets */
	DBBI_PG_NOTHING,		/* known, and not needed */
	DBBI_PG_CREATE_ROLE,
	DBBI_PG_ALTER_ROLE,		/* its attributes and password */
	DBBI_PG_ROLE_SETTING,		/* ALTER ROLE … SET */
	DBBI_PG_ROLE_IN_DATABASE,	/* ALTER ROLE … IN DATABASE … SET */
	DBBI_PG_COMMENT_ROLE,
	DBBI_PG_GRANT_ROLE,		/* and REVOKE */
	DBBI_PG_GRANT_PARAMETER,	/* and REVOKE */
	DBBI_PG_CREATE_TABLESPACE,
	DBBI_PG_ALTER_TABLESPACE,	/* COMMENT ON, GRANT and REVOKE too */
};

typedef struct dbbi_pg_statement {
	int kind;
	char *name;		/* the role it changes (with GRANT: who gets),
				   or the tablespace; NULL where none */
	char *grantor;		/* GRANTED BY …, or NULL */
	size_t without_grantor;	/* how long the text is without that */
} dbbi_pg_statement;

/* Understand one statement. Not understanding it is DBBI_PG_OTHER, not an
 * error. `*out` is cleared by dbbi_pg_statement_clear. */
int dbbi_pg_statement_read(dbbi_pg_statement *out, const char *text,
    size_t size, dbb_error *err);
void dbbi_pg_statement_clear(dbbi_pg_statement *statement);

/* What came of it; zeroed by the caller. */
typedef struct dbbi_pg_roles_result {
	dbbi_list made;		/* roles that were not there before */
	dbbi_list missing;	/* roles that could not be made */
	dbbi_list tablespaces_made;
	int tablespaces_missing;
	int other;		/* statements of no known kind */
} dbbi_pg_roles_result;

void dbbi_pg_roles_result_clear(dbbi_pg_roles_result *result);

/*
 * Execute `text` on `pg`, a connection for this alone. What the server
 * refuses becomes a text in `warnings`; DBB_EDAMAGED when the text is cut,
 * DBB_ECONNECT, DBB_ECANCELED and DBB_ENOMEM end it.
 */
int dbbi_pg_roles_load(dbbi_pg_roles_result *result, dbbi_pg *pg,
    const char *text, size_t size, dbbi_json *warnings, dbb_error *err);

#endif
