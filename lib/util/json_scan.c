/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/json_scan.h"

#include <string.h>

#include "util/text.h"

/* What is left to be walked over. */
struct scan {
	const char *at;
	const char *end;
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

/* The next byte; NUL, which stands nowhere in JSON, at the end. */
static char
peek(const struct scan *s)
{
	return s->at < s->end ? *s->at : '\0';
}

static int
take(struct scan *s, char c)
{
	if (peek(s) != c)
		return -1;
	s->at++;
	return 0;
}

/* ---- strings ---- */

static int
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

static int
skip_escape(struct scan *s)
{
	int i;

	s->at++;
	if (peek(s) == 'u') {
		for (i = 1; i <= 4; i++)
			if (s->end - s->at <= i || !is_hex(s->at[i]))
				return -1;
		s->at += 5;
		return 0;
	}
	if (peek(s) == '\0' || strchr("\"\\/bfnrt", *s->at) == NULL)
		return -1;
	s->at++;
	return 0;
}

static int
skip_string(struct scan *s)
{
	size_t n;

	if (take(s, '"') < 0)
		return -1;
	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\') {
			if (skip_escape(s) < 0)
				return -1;
			continue;
		}
		n = dbbi_text_utf8_length(s->at, (size_t)(s->end - s->at));
		if (n == 0 || (unsigned char)*s->at < ' ')
			return -1;
		s->at += n;
	}
	return take(s, '"');
}

/* ---- numbers and words ---- */

/* How many digits there were. */
static size_t
skip_digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - from);
}

static int
skip_number(struct scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (skip_digits(s) == 0)
		return -1;
	if (peek(s) == '.') {
		s->at++;
		if (skip_digits(s) == 0)
			return -1;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (skip_digits(s) == 0)
			return -1;
	}
	return 0;
}

static int
skip_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
		return -1;
	s->at += n;
	return 0;
}

static int
skip_plain(struct scan *s)
{
	switch (peek(s)) {
	case '"':
		return skip_string(s);
	case 't':
		return skip_word(s, "true");
	case 'f':
		return skip_word(s, "false");
	case 'n':
		return skip_word(s, "null");
	default:
		return skip_number(s);
	}
}

/* ---- values ---- */

/* What is open at each depth: '{' or '['. */
struct nest {
	char open[DBBI_JSON_SCAN_DEPTH];
	size_t depth;
};

/* Behind '{' or ',' in an object: the name and its colon. */
static int
skip_name(struct scan *s)
{
	skip_blanks(s);
	if (skip_string(s) < 0)
		return -1;
	skip_blanks(s);
	return take(s, ':');
}

/* One or more opening brackets, or a plain value. 1: a value has ended. */
static int
begin_value(struct scan *s, struct nest *nest)
{
	char c;

	skip_blanks(s);
	c = peek(s);
	if (c != '{' && c != '[')
		return skip_plain(s) < 0 ? -1 : 1;
	if (nest->depth == DBBI_JSON_SCAN_DEPTH)
		return -1;
	nest->open[nest->depth++] = c;
	s->at++;
	skip_blanks(s);
	if (peek(s) == (c == '{' ? '}' : ']')) {
		s->at++;
		nest->depth--;
		return 1;
	}
	return c == '{' && skip_name(s) < 0 ? -1 : 0;
}

/* A value has ended: close what ends with it, up to the next value. */
static int
end_value(struct scan *s, struct nest *nest)
{
	char open;

	while (nest->depth > 0) {
		open = nest->open[nest->depth - 1];
		skip_blanks(s);
		if (peek(s) == ',') {
			s->at++;
			return open == '{' ? skip_name(s) : 0;
		}
		if (take(s, open == '{' ? '}' : ']') < 0)
			return -1;
		nest->depth--;
	}
	return 0;
}

static int
skip_value(struct scan *s)
{
	struct nest nest = { .depth = 0 };
	int rc;

	do {
		if ((rc = begin_value(s, &nest)) < 0 ||
		    (rc == 1 && end_value(s, &nest) < 0))
			return -1;
	} while (nest.depth > 0);
	return 0;
}

static int
take_value(dbbi_json_span *out, struct scan *s)
{
	const char *from;

	skip_blanks(s);
	from = s->at;
	if (skip_value(s) < 0)
		return -1;
	out->at = from;
	out->size = (size_t)(s->at - from);
	skip_blanks(s);
	return 0;
}

int
dbbi_json_scan_value(dbbi_json_span *out, const char **at, const char *end)
{
	struct scan s = { .at = *at, .end = end };
	int rc = take_value(out, &s);

	*at = s.at;
	return rc;
}

int
dbbi_json_scan_whole(dbbi_json_span *out, const char *text, size_t size)
{
	struct scan s = { .at = text, .end = text + size };
	dbbi_json_span span;

	if (take_value(&span, &s) < 0 || s.at != s.end)
		return -1;
	*out = span;
	return 0;
}

/* ---- parts ---- */

/* To the next part, from a bracket `open` or from behind the part before: 1,
 * or 0 behind the bracket that closes. */
static int
next_part(struct scan *s, char open, char close)
{
	char c = peek(s);

	if (c != open && c != ',' && c != close)
		return -1;
	s->at++;
	if (c == close)
		return 0;
	skip_blanks(s);
	if (c == open && peek(s) == close) {
		s->at++;
		return 0;
	}
	return 1;
}

int
dbbi_json_scan_member(dbbi_json_span *key, dbbi_json_span *value,
    const char **at, const char *end)
{
	struct scan s = { .at = *at, .end = end };
	const char *from;
	int rc = next_part(&s, '{', '}');

	if (rc == 1) {
		from = s.at;
		if (skip_string(&s) < 0)
			return -1;
		key->at = from;
		key->size = (size_t)(s.at - from);
		skip_blanks(&s);
		if (take(&s, ':') < 0 || take_value(value, &s) < 0)
			return -1;
	}
	*at = s.at;
	return rc;
}

int
dbbi_json_scan_element(dbbi_json_span *value, const char **at,
    const char *end)
{
	struct scan s = { .at = *at, .end = end };
	int rc = next_part(&s, '[', ']');

	if (rc == 1 && take_value(value, &s) < 0)
		return -1;
	*at = s.at;
	return rc;
}

int
dbbi_json_scan_find(dbbi_json_span *out, dbbi_json_span object,
    const char *name)
{
	const char *at = object.at, *end = object.at + object.size;
	size_t n = strlen(name);
	dbbi_json_span key, value;
	int rc;

	while ((rc = dbbi_json_scan_member(&key, &value, &at, end)) == 1)
		if (key.size == n + 2 && memcmp(key.at + 1, name, n) == 0) {
			*out = value;
			return 1;
		}
	return rc;
}

int
dbbi_json_span_is(dbbi_json_span span, const char *text)
{
	return span.at != NULL && span.size == strlen(text) &&
	    memcmp(span.at, text, span.size) == 0;
}

/* Bytes up to the next blank outside of strings, or all. */
static size_t
count_solid(const char *at, size_t left)
{
	int in_text = 0;
	size_t i;

	for (i = 0; i < left; i++) {
		if (in_text && at[i] == '\\')
			i++;
		else if (at[i] == '"')
			in_text = !in_text;
		else if (!in_text && is_blank(at[i]))
			break;
	}
	return i < left ? i : left;
}

int
dbbi_json_span_write(dbbi_bytes *out, dbbi_json_span span, dbb_error *err)
{
	const char *at = span.at, *end = span.at + span.size;
	size_t n;
	int rc = 0;

	while (rc == 0 && at < end) {
		n = count_solid(at, (size_t)(end - at));
		rc = dbbi_bytes_add(out, at, n, err);
		for (at += n; at < end && is_blank(*at); at++)
			;
	}
	return rc;
}
