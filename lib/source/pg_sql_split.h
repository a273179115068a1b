/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_sql_split: cut the SQL text that pg_dumpall writes into statements and
 * tokens, as psql would: quotes, E'' strings, dollar quotes, both kinds of
 * comments. Lines that begin with a backslash between statements (psql's own
 * commands) are passed over.
 *
 * The text comes out of a store: anything unfinished, and a NUL byte, is
 * DBB_EDAMAGED with the line. Nothing of the text is ever part of a message,
 * because it may be a password. Everything given out points into the text.
 */
#ifndef DBBI_PG_SQL_SPLIT_H
#define DBBI_PG_SQL_SPLIT_H

#include <stddef.h>

#include "util/error.h"

typedef struct dbbi_sql_cursor {
	const char *at;
	const char *end;
	size_t line;		/* of `at`, from 1 */
	int backslashes;	/* a backslash in '…' escapes what follows
				   (standard_conforming_strings = off) */
} dbbi_sql_cursor;

enum {
	DBBI_SQL_END,		/* of the text */
	DBBI_SQL_WORD,		/* a keyword, name or number, not quoted */
	DBBI_SQL_NAME,		/* "…" */
	DBBI_SQL_STRING,	/* '…', E'…' or $tag$…$tag$ */
	DBBI_SQL_SIGN		/* any other single byte */
};

typedef struct dbbi_sql_token {
	int kind;
	const char *at;
	size_t size;		/* quotes included */
} dbbi_sql_token;

typedef struct dbbi_sql_statement {
	const char *text;	/* NULL: no more statements */
	size_t size;		/* without the semicolon */
	size_t line;
} dbbi_sql_statement;

void dbbi_sql_begin(dbbi_sql_cursor *c, const char *text, size_t size);

/* The next token; blanks and comments are passed over. */
int dbbi_sql_token_next(dbbi_sql_token *out, dbbi_sql_cursor *c,
    dbb_error *err);

/* The next statement. SET standard_conforming_strings is obeyed. A last one
 * without its semicolon is DBB_EDAMAGED: the text was cut. */
int dbbi_sql_statement_next(dbbi_sql_statement *out, dbbi_sql_cursor *c,
    dbb_error *err);

/* Is the token this keyword (given in lower case)? */
int dbbi_sql_is(const dbbi_sql_token *token, const char *word);

/* The name that a WORD (folded to lower case) or a NAME stands for; NULL
 * when out of memory. The caller's, to free(3). */
char *dbbi_sql_name(const dbbi_sql_token *token);

#endif
