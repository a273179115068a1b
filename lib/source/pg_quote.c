/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_quote.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define SQL_MAX (1 << 24)

static int
add_text(dbbi_bytes *b, const char *text)
{
	return dbbi_bytes_add(b, text, strlen(text), NULL);
}

/* Put `text` between quotes, doubling those inside. */
static int
add_quoted(dbbi_bytes *b, const char *text, char quote, int escapes)
{
	int rc = dbbi_bytes_add(b, &quote, 1, NULL);

	for (; rc == DBB_OK && *text != '\0'; text++) {
		if (*text == quote || (escapes && *text == '\\'))
			rc = dbbi_bytes_add(b, text, 1, NULL);
		if (rc == DBB_OK)
			rc = dbbi_bytes_add(b, text, 1, NULL);
	}
	return rc < 0 ? rc : dbbi_bytes_add(b, &quote, 1, NULL);
}

/* A literal that reads the same whatever standard_conforming_strings is. */
static int
add_literal(dbbi_bytes *b, const char *text)
{
	if (text == NULL)
		return add_text(b, "NULL");
	if (strchr(text, '\\') == NULL)
		return add_quoted(b, text, '\'', 0);
	if (add_text(b, " E") < 0)
		return DBB_ENOMEM;
	return add_quoted(b, text, '\'', 1);
}

static int
add_argument(dbbi_bytes *b, char how, const char *text)
{
	if (how == 'I')
		return add_quoted(b, text, '"', 0);
	if (how == 'L')
		return add_literal(b, text);
	return add_text(b, text);
}

char *
dbbi_pg_sql(const char *fmt, ...)
{
	dbbi_bytes b;
	va_list args;
	int rc = DBB_OK;

	dbbi_bytes_init(&b, SQL_MAX);
	va_start(args, fmt);
	for (; rc == DBB_OK && *fmt != '\0'; fmt++) {
		if (*fmt != '%' || *++fmt == '%')
			rc = dbbi_bytes_add(&b, fmt, 1, NULL);
		else
			rc = add_argument(&b, *fmt,
			    va_arg(args, const char *));
	}
	va_end(args);
	if (rc == DBB_OK)
		rc = dbbi_bytes_add(&b, "", 1, NULL);
	if (rc < 0)
		dbbi_bytes_clear(&b);
	return (char *)b.data;
}

/* The length of the valid character that begins here; 0 when none does. */
static size_t
character(const unsigned char *at)
{
	size_t n, i;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		n = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		n = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, beyond the last code point. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return n;
}

size_t
dbbi_pg_utf8_cut(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	if (n <= max)
		return n;
	n = max;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void
dbbi_pg_utf8_clean(char *text)
{
	size_t n;

	while (*text != '\0') {
		n = character((const unsigned char *)text);
		if (n == 0)
			*text = '?';
		text += n > 0 ? n : 1;
	}
}
