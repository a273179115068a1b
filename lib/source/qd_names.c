/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_names.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/random.h"

#define NAME_MAX_BYTES 1020	/* 255 characters */
#define SCRATCH_MARK ".dbb-"
#define SCRATCH_RANDOM 3	/* bytes, twice as many digits */
#define SCRATCH_KEPT 160	/* bytes of the name: a snapshot's name, which
				   is 46 longer, fits into a file system */

/* ---- paths ---- */

/* Write `fmt` with what belongs there; -1: out of memory. */
static int
write_path(FILE *to, const char *fmt, va_list arguments)
{
	char *encoded;

	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%' || fmt[1] == '\0') {
			fputc(*fmt, to);
			continue;
		}
		if (*++fmt != 's') {
			fputc(*fmt, to);
			continue;
		}
		encoded = dbbi_uri_encode(va_arg(arguments, const char *), "");
		if (encoded == NULL)
			return -1;
		fputs(encoded, to);
		free(encoded);
	}
	return 0;
}

char *
dbbi_qd_path(const char *fmt, ...)
{
	char *path = NULL;
	va_list arguments;
	size_t size;
	FILE *to;
	int rc;

	if ((to = open_memstream(&path, &size)) == NULL)
		return NULL;
	va_start(arguments, fmt);
	rc = write_path(to, fmt, arguments);
	va_end(arguments);
	if (fclose(to) == 0 && rc == 0)
		return path;
	free(path);
	return NULL;
}

int
dbbi_qd_is_name(const char *name)
{
	const unsigned char *c = (const unsigned char *)name;

	if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_BYTES ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	for (; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f || *c == '/' || *c == '\\')
			return 0;
	return 1;
}

/* ---- which collections ---- */

int
dbbi_qd_is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* A name with a bracket is one all the same. */
static int
matches(const char *pattern, const char *name)
{
	if (strcmp(pattern, name) == 0)
		return 1;
	return dbbi_qd_is_pattern(pattern) &&
	    !dbbi_qd_is_scratch_name(NULL, name, NULL) &&
	    fnmatch(pattern, name, 0) == 0;
}

int
dbbi_qd_is_wanted(const dbbi_list *patterns, const char *name)
{
	int wanted = 0, chosen = 0;
	size_t i;

	for (i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];

		if (*pattern == '!') {
			if (matches(pattern + 1, name))
				return 0;
			continue;
		}
		chosen = 1;
		wanted |= matches(pattern, name);
	}
	return chosen ? wanted : matches("*", name);
}

/* ---- names that a restore makes ---- */

/* The longest beginning of at most `most` bytes that cuts no character. */
static size_t
cut_at(const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n <= most)
		return n;
	for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

int
dbbi_qd_scratch_name(char **out, const char *collection, int64_t now_ms,
    dbb_error *err)
{
	char digits[2 * SCRATCH_RANDOM + 1];
	uint8_t chance[SCRATCH_RANDOM];
	int rc;

	if ((rc = dbbi_random(chance, sizeof(chance), err)) < 0)
		return rc;
	dbbi_hex_encode(digits, chance, sizeof(chance));
	*out = dbbi_text_format("%.*s%s%08lx-%s",
	    (int)cut_at(collection, SCRATCH_KEPT), collection, SCRATCH_MARK,
	    (unsigned long)(now_ms / 1000) & 0xffffffffUL, digits);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

int
dbbi_qd_is_scratch_name(int64_t *made_at_ms, const char *name,
    const char *collection)
{
	const size_t end = strlen(SCRATCH_MARK) + 8 + 1 + 2 * SCRATCH_RANDOM;
	size_t size = strlen(name), kept;
	uint8_t time[4], chance[SCRATCH_RANDOM];
	char digits[9] = {0};
	const char *at;

	if (size <= end)
		return 0;
	kept = size - end;
	at = name + kept;
	if (strncmp(at, SCRATCH_MARK, strlen(SCRATCH_MARK)) != 0)
		return 0;
	at += strlen(SCRATCH_MARK);
	memcpy(digits, at, 8);
	if (at[8] != '-' || dbbi_hex_decode(time, 4, digits) < 0 ||
	    dbbi_hex_decode(chance, SCRATCH_RANDOM, at + 9) < 0)
		return 0;
	if (collection != NULL &&
	    (kept != cut_at(collection, SCRATCH_KEPT) ||
	    memcmp(name, collection, kept) != 0))
		return 0;
	if (made_at_ms != NULL)
		*made_at_ms = (int64_t)(((uint32_t)time[0] << 24) |
		    ((uint32_t)time[1] << 16) | ((uint32_t)time[2] << 8) |
		    time[3]) * 1000;
	return 1;
}

/* ---- names that Qdrant gives to snapshots ---- */

/* "2026-11-23-00-27-40" as RFC 3339 has it, and read. */
static int
read_time(int64_t *out_ms, const char *text)
{
	char time[] = "0000-00-00T00:00:00.000Z";
	static const char form[] = "dddd-dd-dd-dd-dd-dd";
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' :
		    text[i] != '-')
			return -1;
		if (form[i] == 'd')
			time[i] = text[i];
	}
	return dbbi_time_parse(out_ms, time);
}

int
dbbi_qd_snapshot_name_read(uint64_t *peer, int64_t *taken_at_ms,
    const char *name, const char *collection)
{
	const size_t end = strlen("-2026-11-23-00-27-40.snapshot");
	size_t n = strlen(collection), size = strlen(name), digits;
	char number[24] = {0};

	if (size <= n + 1 + end || memcmp(name, collection, n) != 0 ||
	    name[n] != '-' || name[size - end] != '-' ||
	    strcmp(name + size - strlen(".snapshot"), ".snapshot") != 0)
		return 0;
	digits = size - end - n - 1;
	if (digits >= sizeof(number))
		return 0;
	memcpy(number, name + n + 1, digits);
	return dbbi_parse_u64(peer, number, 0, UINT64_MAX) == 0 &&
	    read_time(taken_at_ms, name + size - end + 1) == 0;
}
