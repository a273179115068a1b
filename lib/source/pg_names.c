/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

/* Lower-case letters, digits and _ need no quotes; a word that SQL reserves
 * gets none either: this is for reading. */
static int
is_plain(const char *name)
{
	return name[0] != '\0' && strchr("0123456789", name[0]) == NULL &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] ==
	    '\0';
}

/* Write `name`, quoted if need be, and return where it ended. */
static char *
write_name(char *to, const char *name)
{
	int quoted = !is_plain(name);

	if (quoted)
		*to++ = '"';
	for (; *name != '\0'; name++) {
		if (*name == '"')
			*to++ = '"';
		*to++ = *name;
	}
	if (quoted)
		*to++ = '"';
	*to = '\0';
	return to;
}

char *
dbbi_pg_name(const char *schema, const char *name)
{
	size_t room = 2 * strlen(name) + 3;
	char *text, *at;

	if (schema != NULL)
		room += 2 * strlen(schema) + 3;
	if ((text = malloc(room)) == NULL)
		return NULL;
	at = text;
	if (schema != NULL) {
		at = write_name(at, schema);
		*at++ = '.';
	}
	write_name(at, name);
	return text;
}

const char *
dbbi_pg_text(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL :
	    PQgetvalue(res, row, column);
}

unsigned long long
dbbi_pg_number(const PGresult *res, int row, int column)
{
	uint64_t n = 0;

	if (dbbi_parse_u64(&n, PQgetvalue(res, row, column), 0,
	    UINT64_MAX) < 0)
		return 0;
	return n;
}

/* How many bytes the UTF-8 character at `s` has; 0 when it is none. */
static size_t
character(const unsigned char *s)
{
	size_t i, n;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

int
dbbi_pg_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = 1;

	while (*at != '\0' && (n = character(at)) > 0)
		at += n;
	return n > 0;
}

int
dbbi_pg_json_text(dbbi_json *object, const char *key, const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *clean, *to;
	size_t n;
	int rc;

	if (text == NULL)
		return dbbi_json_set_string(object, key, NULL);
	if ((to = clean = malloc(4 * strlen(text) + 1)) == NULL)
		return DBB_ENOMEM;
	while (*from != '\0') {
		if ((n = character(from)) == 0) {
			to += snprintf(to, 5, "\\x%02x", *from++);
			continue;
		}
		memcpy(to, from, n);
		to += n;
		from += n;
	}
	*to = '\0';
	rc = dbbi_json_set_string(object, key, clean);
	free(clean);
	return rc;
}
