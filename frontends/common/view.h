/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view: reading a result's JSON. Nothing here fails: what is missing, or of
 * another type, reads as "", 0 or empty. Texts are borrowed.
 */
#ifndef DBB_FRONTEND_VIEW_H
#define DBB_FRONTEND_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

typedef struct json_object cli_json;

const char *cli_view_text(const cli_json *object, const char *key);
uint64_t cli_view_number(const cli_json *object, const char *key);
int cli_view_true(const cli_json *object, const char *key);
int cli_view_has(const cli_json *object, const char *key);	/* not null */

/* An object, or an array; NULL when there is none. */
cli_json *cli_view_member(const cli_json *object, const char *key);

/* The elements of the array `key` of `object`. */
size_t cli_view_count(const cli_json *object, const char *key);
cli_json *cli_view_at(const cli_json *object, const char *key, size_t i);

/* An element that is a text. */
const char *cli_view_text_at(const cli_json *object, const char *key,
    size_t i);

#endif
