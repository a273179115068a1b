/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_sql_split.h"

#include <stdlib.h>
#include <string.h>

/* ASCII only: the locale has no say in SQL. */
static int
is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' ||
	    ch == '\f' || ch == '\v';
}

static char
lower(char ch)
{
	return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

/* Bytes of other alphabets are letters, as for the server. */
static int
is_letter(char ch)
{
	return (lower(ch) >= 'a' && lower(ch) <= 'z') || ch == '_' ||
	    (unsigned char)ch >= 0x80;
}

static int
is_word(char ch)
{
	return is_letter(ch) || (ch >= '0' && ch <= '9');
}

static size_t
left(const dbbi_sql_cursor *c)
{
	return (size_t)(c->end - c->at);
}

static int
sees(const dbbi_sql_cursor *c, const char *text)
{
	size_t n = strlen(text);

	return left(c) >= n && memcmp(c->at, text, n) == 0;
}

static void
step(dbbi_sql_cursor *c, size_t n)
{
	for (; n > 0; n--)
		if (*c->at++ == '\n')
			c->line++;
}

static int
damaged(size_t line, const char *what, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "line %zu: %s", line, what);
}

/* Pass a block comment; they nest. */
static int
pass_comment(dbbi_sql_cursor *c, dbb_error *err)
{
	size_t begun = c->line, depth = 0;

	do {
		if (left(c) == 0)
			return damaged(begun, "a comment has no end", err);
		if (sees(c, "/*")) {
			depth++;
			step(c, 2);
		} else if (sees(c, "*/")) {
			depth--;
			step(c, 2);
		} else {
			step(c, 1);
		}
	} while (depth > 0);
	return DBB_OK;
}

/* For the server a carriage return ends a line too. */
static void
pass_line(dbbi_sql_cursor *c)
{
	while (left(c) > 0 && *c->at != '\n' && *c->at != '\r')
		step(c, 1);
}

/* Pass blanks and comments. */
static int
pass_space(dbbi_sql_cursor *c, dbb_error *err)
{
	int rc = DBB_OK;

	while (rc == DBB_OK && left(c) > 0) {
		if (is_blank(*c->at))
			step(c, 1);
		else if (sees(c, "--"))
			pass_line(c);
		else if (sees(c, "/*"))
			rc = pass_comment(c, err);
		else
			break;
	}
	return rc;
}

/* Pass '…' or "…", which begin at the cursor; a doubled quote is one. */
static int
pass_quoted(dbbi_sql_cursor *c, int escapes, dbb_error *err)
{
	size_t begun = c->line;
	char quote = *c->at;

	step(c, 1);
	for (;;) {
		if (left(c) == 0)
			return damaged(begun, "a quote has no end", err);
		if (*c->at == quote) {
			step(c, 1);
			if (left(c) == 0 || *c->at != quote)
				return DBB_OK;
		} else if (escapes && *c->at == '\\' && left(c) > 1) {
			step(c, 1);
		}
		step(c, 1);
	}
}

/* The length of the "$tag$" that begins here; 0 when none does. */
static size_t
dollar_tag(const dbbi_sql_cursor *c)
{
	size_t n = 1;

	if (left(c) < 2 || *c->at != '$')
		return 0;
	if (is_letter(c->at[1]))
		while (n < left(c) && is_word(c->at[n]))
			n++;
	return n < left(c) && c->at[n] == '$' ? n + 1 : 0;
}

static int
pass_dollars(dbbi_sql_cursor *c, size_t tag, dbb_error *err)
{
	size_t begun = c->line;
	const char *mark = c->at;

	step(c, tag);
	for (;;) {
		if (left(c) < tag)
			return damaged(begun, "a dollar quote has no end",
			    err);
		if (memcmp(c->at, mark, tag) == 0)
			break;
		step(c, 1);
	}
	step(c, tag);
	return DBB_OK;
}

/* Pass a word, or what only begins like one: E'…'. */
static int
pass_word(int *kind, dbbi_sql_cursor *c, dbb_error *err)
{
	if (lower(*c->at) == 'e' && left(c) > 1 && c->at[1] == '\'') {
		*kind = DBBI_SQL_STRING;
		step(c, 1);
		return pass_quoted(c, 1, err);
	}
	*kind = DBBI_SQL_WORD;
	while (left(c) > 0 && (is_word(*c->at) || *c->at == '$'))
		step(c, 1);
	return DBB_OK;
}

void
dbbi_sql_begin(dbbi_sql_cursor *c, const char *text, size_t size)
{
	c->at = text;
	c->end = text + size;
	c->line = 1;
	c->backslashes = 0;
}

int
dbbi_sql_token_next(dbbi_sql_token *out, dbbi_sql_cursor *c, dbb_error *err)
{
	dbbi_sql_token token = { .kind = DBBI_SQL_END };
	size_t tag;
	int rc;

	if ((rc = pass_space(c, err)) < 0)
		return rc;
	token.at = c->at;
	if (left(c) == 0) {
		/* token.kind says so */
	} else if (is_word(*c->at)) {
		rc = pass_word(&token.kind, c, err);
	} else if (*c->at == '"') {
		token.kind = DBBI_SQL_NAME;
		rc = pass_quoted(c, 0, err);
	} else if (*c->at == '\'') {
		token.kind = DBBI_SQL_STRING;
		rc = pass_quoted(c, c->backslashes, err);
	} else if ((tag = dollar_tag(c)) > 0) {
		token.kind = DBBI_SQL_STRING;
		rc = pass_dollars(c, tag, err);
	} else {
		token.kind = DBBI_SQL_SIGN;
		step(c, 1);
	}
	if (rc < 0)
		return rc;
	token.size = (size_t)(c->at - token.at);
	*out = token;
	return DBB_OK;
}

int
dbbi_sql_is(const dbbi_sql_token *token, const char *word)
{
	size_t i;

	if (token->kind != DBBI_SQL_WORD || token->size != strlen(word))
		return 0;
	for (i = 0; i < token->size; i++)
		if (lower(token->at[i]) != word[i])
			return 0;
	return 1;
}

/* Does a statement's fourth token switch backslashes? The first three are
 * counted in `*seen` as they come by. */
static void
obey_setting(dbbi_sql_cursor *c, const dbbi_sql_token *token, size_t nth,
    size_t *seen)
{
	if ((nth == 0 && dbbi_sql_is(token, "set")) ||
	    (nth == 1 && dbbi_sql_is(token, "standard_conforming_strings")) ||
	    (nth == 2 && (dbbi_sql_is(token, "to") ||
	    (token->kind == DBBI_SQL_SIGN && *token->at == '='))))
		(*seen)++;
	if (nth == 3 && *seen == 3)
		c->backslashes = dbbi_sql_is(token, "off");
}

/* Pass what may stand between statements, psql's commands included. */
static int
pass_between(dbbi_sql_cursor *c, const char *begin, dbb_error *err)
{
	int rc;

	while ((rc = pass_space(c, err)) == DBB_OK && left(c) > 0 &&
	    *c->at == '\\' && (c->at == begin || c->at[-1] == '\n'))
		pass_line(c);
	return rc;
}

int
dbbi_sql_statement_next(dbbi_sql_statement *out, dbbi_sql_cursor *c,
    dbb_error *err)
{
	dbbi_sql_statement s = {0};
	dbbi_sql_token token;
	size_t nth = 0, seen = 0;
	const char *begin = c->at;
	int rc;

	if ((rc = pass_between(c, begin, err)) < 0)
		return rc;
	s.line = c->line;
	for (;; nth++) {
		if ((rc = dbbi_sql_token_next(&token, c, err)) < 0)
			return rc;
		if (token.kind == DBBI_SQL_END && nth == 0)
			break;
		if (token.kind == DBBI_SQL_END)
			return damaged(s.line, "a statement has no end", err);
		if (nth == 0)
			s.text = token.at;
		if (token.kind == DBBI_SQL_SIGN && *token.at == '\\')
			return damaged(c->line, "a backslash in a statement",
			    err);
		if (token.kind == DBBI_SQL_SIGN && *token.at == ';')
			break;
		s.size = (size_t)(c->at - s.text);
		obey_setting(c, &token, nth, &seen);
	}
	if (s.size > 0 && memchr(s.text, '\0', s.size) != NULL)
		return damaged(s.line, "a zero byte", err);
	*out = s;
	return DBB_OK;
}

char *
dbbi_sql_name(const dbbi_sql_token *token)
{
	char *name = malloc(token->size + 1);
	size_t i, n = 0;

	if (name == NULL)
		return NULL;
	if (token->kind != DBBI_SQL_NAME) {
		for (n = 0; n < token->size; n++)
			name[n] = lower(token->at[n]);
	} else {
		for (i = 1; i + 1 < token->size; i++) {
			name[n++] = token->at[i];
			if (token->at[i] == '"')
				i++;
		}
	}
	name[n] = '\0';
	return name;
}
