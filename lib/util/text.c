/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NEAREST_MAX 128		/* longer words are near to nothing */

char *
dbbi_text_dup(const char *text)
{
	return strdup(text);
}

char *
dbbi_text_format(const char *fmt, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
	    c == '\v' || c == '\f';
}

char *
dbbi_text_trim(char *text)
{
	size_t n;

	while (is_blank(*text))
		text++;
	n = strlen(text);
	while (n > 0 && is_blank(text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

size_t
dbbi_text_utf8_length(const void *text, size_t left)
{
	const unsigned char *s = text;
	unsigned char low = 0x80, high = 0xbf;
	size_t i, n;

	if (left == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (s[i] < low || s[i] > high)
			return 0;
	return n;
}

/* Is it the beginning of a character that the end of the text cut off? */
static int
is_cut_off(const unsigned char *s)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	size_t i;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (i = 1; i < n && s[i] != '\0'; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return i < n;
}

void
dbbi_text_make_utf8(char *text)
{
	size_t n;

	while (*text != '\0') {
		const unsigned char *s = (const unsigned char *)text;

		n = dbbi_text_utf8_length(s, strnlen(text, 4));
		if (n == 0 && is_cut_off(s)) {
			*text = '\0';
			return;
		}
		if (n == 0)
			*text = '?';
		text += n > 0 ? n : 1;
	}
}

int
dbbi_list_add(dbbi_list *list, const char *text, dbb_error *err)
{
	char **items;
	char *copy = strdup(text);

	if (copy == NULL)
		return dbbi_error_nomem(err);
	items = realloc(list->items, (list->count + 2) * sizeof(*items));
	if (items == NULL) {
		free(copy);
		return dbbi_error_nomem(err);
	}
	list->items = items;
	list->items[list->count++] = copy;
	list->items[list->count] = NULL;
	return 0;
}

int
dbbi_list_has(const dbbi_list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return 1;
	return 0;
}

void
dbbi_list_clear(dbbi_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

int
dbbi_list_split(dbbi_list *list, const char *text, dbb_error *err)
{
	char *copy = strdup(text), *rest = copy, *part;
	int rc = 0;

	if (copy == NULL)
		return dbbi_error_nomem(err);
	while (rc == 0 && (part = strsep(&rest, ",")) != NULL) {
		part = dbbi_text_trim(part);
		if (*part != '\0')
			rc = dbbi_list_add(list, part, err);
	}
	free(copy);
	return rc;
}

int
dbbi_parse_u64(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value = 0, digit;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		digit = (uint64_t)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

/* How many bits a unit shifts; -1: it is none. */
static int
unit_shift(const char *unit)
{
	static const char letters[] = "KMG";
	const char *letter;

	unit += strspn(unit, " \t");
	if (*unit == '\0' || strcmp(unit, "B") == 0)
		return 0;
	letter = strchr(letters, *unit == 'k' ? 'K' : *unit);
	unit++;
	if (letter == NULL || (*unit != '\0' && strcmp(unit, "iB") != 0 &&
	    strcmp(unit, "B") != 0))
		return -1;
	return 10 * (int)(letter - letters + 1);
}

int
dbbi_parse_size(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
	size_t digits = strspn(text, "0123456789");
	int shift = unit_shift(text + digits);
	char number[24];
	uint64_t value;

	if (shift < 0 || digits == 0 || digits >= sizeof(number))
		return -1;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (dbbi_parse_u64(&value, number, 0, UINT64_MAX >> shift) != 0)
		return -1;
	value <<= shift;
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

int
dbbi_parse_bool(int *out, const char *text)
{
	static const char *const words[] = {
		"no", "yes", "false", "true", "off", "on", "0", "1",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*out = (int)(i & 1);
		return 0;
	}
	return -1;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static int
same_letter(char a, char b)
{
	return strncasecmp(&a, &b, 1) == 0;
}

/* Letters to add, drop, change, or swap with their neighbour. Three rows of
 * the table: the one being made, the last, and the one before it. */
static unsigned
edit_distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_MAX + 1];
	unsigned *row = rows[0], *last = rows[1], *before = rows[2], *spare;
	size_t i, j, n = strlen(b);

	for (j = 0; j <= n; j++)
		last[j] = (unsigned)j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= n; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1,
				    row[j]);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[n];
}

const char *
dbbi_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned distance, limit = ((unsigned)strnlen(word, 999) + 2) / 3;

	if (strlen(word) > NEAREST_MAX)
		return NULL;
	for (; *words != NULL; words++) {
		if (strlen(*words) > NEAREST_MAX)
			continue;
		distance = edit_distance(word, *words);
		if (distance > limit || (best != NULL && distance == limit))
			continue;
		best = *words;
		limit = distance;
	}
	return best;
}
