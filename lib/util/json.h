/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: checked access to json-c, for documents that come from outside, and
 * building that fails as one. A value is never trusted to be of a type.
 */
#ifndef DBBI_JSON_H
#define DBBI_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "util/error.h"

typedef struct json_object dbbi_json;

/* Parse exactly one document, at most 64 deep, no trailing bytes. Failure is
 * DBB_EDAMAGED with the position. `*out` is the caller's: dbbi_json_free.
 * Memory: 40 times the text and 4 MiB at most; more is DBB_EDAMAGED. */
int dbbi_json_parse(dbbi_json **out, const char *text, size_t size,
    dbb_error *err);

/* Would it be refused for the memory that it needs? */
int dbbi_json_is_dear(const char *text, size_t size);
void dbbi_json_free(dbbi_json *json);

/* Members of an object. They return NULL or 0 / -1 when the member is
 * missing or of another type; borrowed from the document. */
const char *dbbi_json_string(const dbbi_json *object, const char *key);
dbbi_json *dbbi_json_object(const dbbi_json *object, const char *key);
dbbi_json *dbbi_json_array(const dbbi_json *object, const char *key);
int dbbi_json_u64(uint64_t *out, const dbbi_json *object, const char *key);
int dbbi_json_i64(int64_t *out, const dbbi_json *object, const char *key);
int dbbi_json_bool(int *out, const dbbi_json *object, const char *key);

/* Elements of an array (NULL array: none). */
size_t dbbi_json_count(const dbbi_json *array);
dbbi_json *dbbi_json_at(const dbbi_json *array, size_t i);

/* Building. Each takes any `object`, NULL included, and marks a failure by
 * returning DBB_ENOMEM; `value` of dbbi_json_set is taken over, also when it
 * fails, and a NULL value there is DBB_ENOMEM. A NULL text is JSON null. */
dbbi_json *dbbi_json_new_object(void);
dbbi_json *dbbi_json_new_array(void);
int dbbi_json_set(dbbi_json *object, const char *key, dbbi_json *value);
int dbbi_json_set_string(dbbi_json *object, const char *key,
    const char *text);
int dbbi_json_set_u64(dbbi_json *object, const char *key, uint64_t value);
int dbbi_json_set_i64(dbbi_json *object, const char *key, int64_t value);
int dbbi_json_set_bool(dbbi_json *object, const char *key, int value);
int dbbi_json_append(dbbi_json *array, dbbi_json *value);
int dbbi_json_append_string(dbbi_json *array, const char *text);

/* One line, without blanks; borrowed until `json` changes or is freed. */
const char *dbbi_json_text(dbbi_json *json);

#endif
