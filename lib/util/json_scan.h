/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_scan: where the parts of a JSON text lie, without making anything of
 * them. For texts that are large, and for values that must come out as they
 * went in: numbers of any length, names with a NUL, order.
 *
 * What is walked over is checked as RFC 8259 says: strings are UTF-8, numbers
 * have JSON's form, and nothing is more than DBBI_JSON_SCAN_DEPTH deep.
 * Functions return -1 where it is not so; nothing past `end` is read.
 */
#ifndef DBBI_JSON_SCAN_H
#define DBBI_JSON_SCAN_H

#include <stddef.h>

#include "util/bytes.h"

#define DBBI_JSON_SCAN_DEPTH 256

/* A part of a text, without blanks around it. `at` NULL: there is none. */
typedef struct dbbi_json_span {
	const char *at;
	size_t size;
} dbbi_json_span;

/* One value, blanks around it passed over; `*at` is moved behind them. */
int dbbi_json_scan_value(dbbi_json_span *out, const char **at,
    const char *end);

/* Exactly one value and nothing else. */
int dbbi_json_scan_whole(dbbi_json_span *out, const char *text, size_t size);

/*
 * Members of an object, and elements of an array, one a call: 1, or 0 behind
 * the last. `*at` is at the opening bracket at first. A key is the string as
 * it stands, with its quotation marks.
 */
int dbbi_json_scan_member(dbbi_json_span *key, dbbi_json_span *value,
    const char **at, const char *end);
int dbbi_json_scan_element(dbbi_json_span *value, const char **at,
    const char *end);

/* The member of that name (plain ASCII) of a whole object, the first of
 * several: 1, or 0: it has none. */
int dbbi_json_scan_find(dbbi_json_span *out, dbbi_json_span object,
    const char *name);

/* Is it this text, byte for byte? */
int dbbi_json_span_is(dbbi_json_span span, const char *text);

/* Append a value without the blanks between its parts. */
int dbbi_json_span_write(dbbi_bytes *out, dbbi_json_span span,
    dbb_error *err);

#endif
