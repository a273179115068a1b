/* SPDX-License-Identifier: BSD-2-Clause */
/* What one statement of pg_dumpall is about: pg_roles.h says which kinds. */
#include <config.h>

#include "source/pg_roles.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_sql_split.h"

/* A statement while it is read: one token looked at, the rest to come. */
struct parse {
	dbbi_sql_cursor cursor;
	dbbi_sql_token token;
	const char *begin;
	int rc;			/* the first failure; nothing moves after it */
	dbb_error *err;
};

static void
advance(struct parse *p)
{
	if (p->rc == DBB_OK)
		p->rc = dbbi_sql_token_next(&p->token, &p->cursor, p->err);
}

/* Pass `word` if it stands here; 1 when it did. */
static int
accept(struct parse *p, const char *word)
{
	if (p->rc < 0 || !dbbi_sql_is(&p->token, word))
		return 0;
	advance(p);
	return p->rc == DBB_OK;
}

static int
accept_sign(struct parse *p, char sign)
{
	if (p->rc < 0 || p->token.kind != DBBI_SQL_SIGN ||
	    *p->token.at != sign)
		return 0;
	advance(p);
	return p->rc == DBB_OK;
}

/* Take the name that stands here; 1 when one did. */
static int
take_name(char **out, struct parse *p)
{
	if (p->rc < 0 || (p->token.kind != DBBI_SQL_WORD &&
	    p->token.kind != DBBI_SQL_NAME))
		return 0;
	free(*out);
	if ((*out = dbbi_sql_name(&p->token)) == NULL)
		p->rc = dbbi_error_nomem(p->err);
	advance(p);
	return p->rc == DBB_OK;
}

/* Encodings whose every byte of a longer character has its high bit set, so
 * that no quote hides in one: all that a server itself can use. */
static int
is_plain_encoding(const dbbi_sql_token *token)
{
	static const char *const begins[] = {
		"UTF8", "SQL_ASCII", "LATIN", "ISO_8859", "WIN", "KOI8",
		"EUC_", NULL
	};
	size_t i, n;

	if (token->kind != DBBI_SQL_STRING || token->size < 2)
		return 0;
	for (i = 0; begins[i] != NULL; i++) {
		n = strlen(begins[i]);
		if (token->size - 2 >= n &&
		    memcmp(token->at + 1, begins[i], n) == 0)
			return 1;
	}
	return 0;
}

static int
read_set(struct parse *p)
{
	int is_encoding, is_known;

	if (accept(p, "session"))
		return accept(p, "authorization") ? DBBI_PG_NOTHING :
		    DBBI_PG_OTHER;
	is_encoding = accept(p, "client_encoding");
	is_known = is_encoding ||
	    accept(p, "standard_conforming_strings") ||
	    accept(p, "escape_string_warning") ||
	    accept(p, "default_transaction_read_only");
	if (!is_known || (!accept_sign(p, '=') && !accept(p, "to")))
		return DBBI_PG_OTHER;
	if (is_encoding && !is_plain_encoding(&p->token))
		return DBBI_PG_OTHER;
	return DBBI_PG_SET;
}

static int
read_alter_role(dbbi_pg_statement *s, struct parse *p)
{
	if (!take_name(&s->name, p))
		return DBBI_PG_OTHER;
	if (accept(p, "with"))
		return DBBI_PG_ALTER_ROLE;
	if (accept(p, "set"))
		return DBBI_PG_ROLE_SETTING;
	if (accept(p, "in"))
		return DBBI_PG_ROLE_IN_DATABASE;
	return DBBI_PG_OTHER;
}

static int
read_comment(dbbi_pg_statement *s, struct parse *p)
{
	int kind = DBBI_PG_OTHER;

	if (!accept(p, "on"))
		return DBBI_PG_OTHER;
	if (accept(p, "role"))
		kind = DBBI_PG_COMMENT_ROLE;
	else if (accept(p, "tablespace"))
		kind = DBBI_PG_ALTER_TABLESPACE;
	if (!take_name(&s->name, p) || !accept(p, "is"))
		return DBBI_PG_OTHER;
	return kind;
}

/* The rest of GRANT and REVOKE, from its TO or FROM on. `get_name`: the
 * statement is about who gets. */
static int
read_grantee(dbbi_pg_statement *s, struct parse *p, int kind, int get_name)
{
	char *grantee = NULL;
	const char *before;

	if (!accept(p, "to") && !accept(p, "from"))
		return DBBI_PG_OTHER;
	if (!take_name(get_name ? &s->name : &grantee, p) ||
	    accept_sign(p, ','))
		kind = DBBI_PG_OTHER;
	free(grantee);
	while (p->rc == DBB_OK && p->token.kind != DBBI_SQL_END) {
		before = p->token.at;
		if (accept(p, "granted")) {
			s->without_grantor = (size_t)(before - p->begin);
			if (!accept(p, "by") || !take_name(&s->grantor, p))
				return DBBI_PG_OTHER;
		} else {
			advance(p);
		}
	}
	return kind;
}

static int
read_grant(dbbi_pg_statement *s, struct parse *p)
{
	while (p->rc == DBB_OK && p->token.kind != DBBI_SQL_END &&
	    !dbbi_sql_is(&p->token, "on") && !dbbi_sql_is(&p->token, "to") &&
	    !dbbi_sql_is(&p->token, "from"))
		advance(p);
	if (!accept(p, "on"))
		return read_grantee(s, p, DBBI_PG_GRANT_ROLE, 1);
	if (accept(p, "tablespace") && take_name(&s->name, p))
		return read_grantee(s, p, DBBI_PG_ALTER_TABLESPACE, 0);
	if (!accept(p, "parameter") || !take_name(&s->name, p))
		return DBBI_PG_OTHER;
	while (accept_sign(p, '.'))
		if (!take_name(&s->name, p))
			return DBBI_PG_OTHER;
	return read_grantee(s, p, DBBI_PG_GRANT_PARAMETER, 1);
}

static int
read_kind(dbbi_pg_statement *s, struct parse *p)
{
	if (accept(p, "create")) {
		if (accept(p, "role") && take_name(&s->name, p))
			return DBBI_PG_CREATE_ROLE;
		if (accept(p, "tablespace") && take_name(&s->name, p))
			return DBBI_PG_CREATE_TABLESPACE;
	} else if (accept(p, "alter")) {
		if (accept(p, "role"))
			return read_alter_role(s, p);
		if (accept(p, "tablespace") && take_name(&s->name, p) &&
		    accept(p, "set"))
			return DBBI_PG_ALTER_TABLESPACE;
	} else if (accept(p, "comment")) {
		return read_comment(s, p);
	} else if (accept(p, "grant") || accept(p, "revoke")) {
		return read_grant(s, p);
	} else if (accept(p, "set")) {
		return read_set(p);
	} else if (accept(p, "reset")) {
		return DBBI_PG_NOTHING;
	} else if (accept(p, "select") && accept(p, "pg_catalog") &&
	    accept_sign(p, '.') && dbbi_sql_is(&p->token, "set_config")) {
		return DBBI_PG_NOTHING;	/* the search path is empty anyway */
	}
	return DBBI_PG_OTHER;
}

int
dbbi_pg_statement_read(dbbi_pg_statement *out, const char *text, size_t size,
    dbb_error *err)
{
	dbbi_pg_statement s = { .without_grantor = size };
	struct parse p = { .begin = text, .err = err };

	dbbi_sql_begin(&p.cursor, text, size);
	advance(&p);
	s.kind = read_kind(&s, &p);
	if (p.rc < 0) {
		dbbi_pg_statement_clear(&s);
		return p.rc;
	}
	*out = s;
	return DBB_OK;
}

void
dbbi_pg_statement_clear(dbbi_pg_statement *statement)
{
	free(statement->name);
	free(statement->grantor);
	memset(statement, 0, sizeof(*statement));
}
