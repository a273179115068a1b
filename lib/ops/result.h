/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result: building a verb's answer; as util/json.h, with the error filled.
 */
#ifndef DBBI_RESULT_H
#define DBBI_RESULT_H

#include "util/json.h"

/* {"type":"result","verb":verb} */
int dbbi_result_new(dbbi_json **out, const char *verb, dbb_error *err);

int dbbi_result_text(dbbi_json *object, const char *key, const char *text,
    dbb_error *err);
int dbbi_result_number(dbbi_json *object, const char *key, uint64_t value,
    dbb_error *err);

/* A time, as RFC 3339. */
int dbbi_result_time(dbbi_json *object, const char *key, int64_t at_ms,
    dbb_error *err);

/* The same, and null for 0: never. */
int dbbi_result_time_or_null(dbbi_json *object, const char *key,
    int64_t at_ms, dbb_error *err);

/* 32 bytes, as hexadecimal digits. */
int dbbi_result_digest(dbbi_json *object, const char *key,
    const uint8_t digest[32], dbb_error *err);

/* A new empty array, or object, as a member; borrowed from `object`. */
int dbbi_result_array(dbbi_json **out, dbbi_json *object, const char *key,
    dbb_error *err);
int dbbi_result_object(dbbi_json **out, dbbi_json *object, const char *key,
    dbb_error *err);

/* A new empty object at the array's end; borrowed from `array`. */
int dbbi_result_element(dbbi_json **out, dbbi_json *array, dbb_error *err);

/* A second holder for `value` (NULL: JSON null). */
int dbbi_result_share(dbbi_json *object, const char *key, dbbi_json *value,
    dbb_error *err);

/* Append `value`, taken over, unless `rc` says that making it failed. */
int dbbi_result_append(dbbi_json *array, dbbi_json *value, int rc,
    dbb_error *err);

/* Sort sets by their "started_at", which is finer than the time in their
 * ids. */
void dbbi_result_sort_sets(dbbi_json *sets);

/* A text appended to an array of texts, as printf. */
int dbbi_result_say(dbbi_json *array, dbb_error *err, const char *fmt, ...)
    DBBI_PRINTF(3, 4);

#endif
