/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/process_internal.h"

#include <string.h>

#include "util/text.h"

static const char hidden[] = "(hidden)";

void
dbbi_tail_add(dbbi_tail *tail, const char *data, size_t size)
{
	size_t at, part;

	if (size > DBBI_TAIL_SIZE) {
		tail->total += size - DBBI_TAIL_SIZE;
		data += size - DBBI_TAIL_SIZE;
		size = DBBI_TAIL_SIZE;
	}
	at = (size_t)(tail->total % DBBI_TAIL_SIZE);
	part = DBBI_TAIL_SIZE - at < size ? DBBI_TAIL_SIZE - at : size;
	memcpy(tail->ring + at, data, part);
	memcpy(tail->ring, data + part, size - part);
	tail->total += size;
}

/* How many bytes in front are the end of a secret whose beginning is cut
 * off; the most that it can be. */
static size_t
rest_of_secret(const char *text, size_t size, const char *secret)
{
	size_t length = secret != NULL ? strlen(secret) : 0;
	size_t n;

	for (n = length < size ? length : size; n > 0; n--)
		if (memcmp(text, secret + length - n, n) == 0)
			return n;
	return 0;
}

/* Put the ring in order; where its beginning is lost, so is the rest of that
 * line, or of that secret. */
static size_t
unroll(char *out, const dbbi_tail *tail, const char *secret)
{
	size_t at = (size_t)(tail->total % DBBI_TAIL_SIZE);
	const char *from = out, *end = out + DBBI_TAIL_SIZE;
	const char *line;

	if (tail->total <= DBBI_TAIL_SIZE) {
		memcpy(out, tail->ring, (size_t)tail->total);
		return (size_t)tail->total;
	}
	memcpy(out, tail->ring + at, DBBI_TAIL_SIZE - at);
	memcpy(out + DBBI_TAIL_SIZE - at, tail->ring, at);
	line = memchr(out, '\n', DBBI_TAIL_SIZE);
	if (line != NULL && line + 1 < end)
		from = line + 1;
	if (from == out || strchr(secret != NULL ? secret : "", '\n') != NULL)
		from += rest_of_secret(from, (size_t)(end - from), secret);
	memmove(out, from, (size_t)(end - from));
	return (size_t)(end - from);
}

/* A byte that may be shown; UTF-8 is looked at afterwards. */
static char
printable(char c)
{
	if (c == '\t' || c == '\r')
		return ' ';
	if (c == '\n')
		return c;
	return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

/* Copy, if all of it has room. */
static size_t
append(char *out, size_t used, const char *what, size_t size)
{
	if (size > DBBI_TAIL_SIZE - used)
		return used;
	memcpy(out + used, what, size);
	return used + size;
}

void
dbbi_tail_text(char out[DBBI_TAIL_SIZE + 1], const dbbi_tail *tail,
    const char *secret)
{
	char raw[DBBI_TAIL_SIZE];
	char c;
	size_t size, i, n, used = 0;
	size_t length = secret != NULL ? strlen(secret) : 0;

	size = unroll(raw, tail, secret);
	for (i = 0; i < size; i += n) {
		if (length > 0 && size - i >= length &&
		    memcmp(raw + i, secret, length) == 0) {
			used = append(out, used, hidden, sizeof(hidden) - 1);
			n = length;
			continue;
		}
		n = 1;
		c = printable(raw[i]);
		used = append(out, used, &c, 1);
	}
	while (used > 0 && (out[used - 1] == '\n' || out[used - 1] == ' '))
		used--;
	out[used] = '\0';
	dbbi_text_make_utf8(out);
}
