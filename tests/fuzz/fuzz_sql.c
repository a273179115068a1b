/* SPDX-License-Identifier: BSD-2-Clause */
/* What pg_dumpall wrote: statements, and what each is about. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/pg_roles.h"
#include "source/pg_sql_split.h"

static void
try_statement(const dbbi_sql_statement *s)
{
	char *text = (char *)fuzz_copy(s->text, s->size);
	dbbi_pg_statement read;

	FUZZ_HOLDS(memchr(text, '\0', s->size) == NULL);
	if (dbbi_pg_statement_read(&read, text, s->size, NULL) == 0) {
		FUZZ_HOLDS(read.without_grantor <= s->size);
		FUZZ_HOLDS(read.name != NULL || read.kind < DBBI_PG_CREATE_ROLE);
		dbbi_pg_statement_clear(&read);
	}
	free(text);
}

/* The statement by itself, with its semicolon, is that statement and no
 * other, so that nothing can hide behind it. */
static void
check_alone(const dbbi_sql_statement *s, int backslashes)
{
	char *text = malloc(s->size + 1);
	dbbi_sql_statement again;
	dbbi_sql_cursor c;

	FUZZ_HOLDS(text != NULL);
	memcpy(text, s->text, s->size);
	text[s->size] = ';';
	dbbi_sql_begin(&c, text, s->size + 1);
	c.backslashes = backslashes;
	FUZZ_HOLDS(dbbi_sql_statement_next(&again, &c, NULL) == 0);
	FUZZ_HOLDS(again.size == s->size && again.text == text);
	FUZZ_HOLDS(dbbi_sql_statement_next(&again, &c, NULL) == 0);
	FUZZ_HOLDS(again.text == NULL);
	free(text);
}

static void
try_tokens(const char *text, size_t size)
{
	dbbi_sql_cursor c;
	dbbi_sql_token t;
	const char *last = text;
	char *name;

	dbbi_sql_begin(&c, text, size);
	while (dbbi_sql_token_next(&t, &c, NULL) == 0 &&
	    t.kind != DBBI_SQL_END) {
		FUZZ_HOLDS(t.at >= last && t.size > 0);
		FUZZ_HOLDS(t.size <= (size_t)(text + size - t.at));
		last = t.at + t.size;
		if (t.kind != DBBI_SQL_WORD && t.kind != DBBI_SQL_NAME)
			continue;
		name = dbbi_sql_name(&t);
		FUZZ_HOLDS(name != NULL && strlen(name) <= t.size);
		free(name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = (char *)fuzz_copy(data, size);
	const char *last = text;
	dbbi_sql_statement s;
	dbbi_sql_cursor c;
	int before = 0;

	try_tokens(text, size);
	dbbi_sql_begin(&c, text, size);
	while (dbbi_sql_statement_next(&s, &c, NULL) == 0 &&
	    s.text != NULL) {
		FUZZ_HOLDS(s.text >= last);
		FUZZ_HOLDS(s.size < (size_t)(text + size - s.text));
		last = s.text + s.size;
		if (s.size > 0) {
			check_alone(&s, before);
			try_statement(&s);
		}
		before = c.backslashes;
	}
	free(text);
	return 0;
}
