/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"

/* json.h says only that memory ran out; say it in the error too. */
static int
checked(int rc, dbb_error *err)
{
	return rc < 0 ? dbbi_error_nomem(err) : 0;
}

int
dbbi_result_new(dbbi_json **out, const char *verb, dbb_error *err)
{
	dbbi_json *result = dbbi_json_new_object();

	if (dbbi_json_set_string(result, "type", "result") < 0 ||
	    dbbi_json_set_string(result, "verb", verb) < 0) {
		dbbi_json_free(result);
		return dbbi_error_nomem(err);
	}
	*out = result;
	return 0;
}

int
dbbi_result_text(dbbi_json *object, const char *key, const char *text,
    dbb_error *err)
{
	return checked(dbbi_json_set_string(object, key, text), err);
}

int
dbbi_result_number(dbbi_json *object, const char *key, uint64_t value,
    dbb_error *err)
{
	return checked(dbbi_json_set_u64(object, key, value), err);
}

int
dbbi_result_time(dbbi_json *object, const char *key, int64_t at_ms,
    dbb_error *err)
{
	char text[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(text, at_ms);
	return dbbi_result_text(object, key, text, err);
}

int
dbbi_result_time_or_null(dbbi_json *object, const char *key, int64_t at_ms,
    dbb_error *err)
{
	if (at_ms != 0)
		return dbbi_result_time(object, key, at_ms, err);
	return dbbi_result_text(object, key, NULL, err);
}

int
dbbi_result_digest(dbbi_json *object, const char *key,
    const uint8_t digest[32], dbb_error *err)
{
	char hex[65];

	dbbi_hex_encode(hex, digest, 32);
	return dbbi_result_text(object, key, hex, err);
}

/* Attach `made` and lend it. */
static int
attach(dbbi_json **out, dbbi_json *object, const char *key, dbbi_json *made,
    dbb_error *err)
{
	if (dbbi_json_set(object, key, made) < 0)
		return dbbi_error_nomem(err);
	*out = made;
	return 0;
}

int
dbbi_result_array(dbbi_json **out, dbbi_json *object, const char *key,
    dbb_error *err)
{
	return attach(out, object, key, dbbi_json_new_array(), err);
}

int
dbbi_result_object(dbbi_json **out, dbbi_json *object, const char *key,
    dbb_error *err)
{
	return attach(out, object, key, dbbi_json_new_object(), err);
}

int
dbbi_result_element(dbbi_json **out, dbbi_json *array, dbb_error *err)
{
	dbbi_json *made = dbbi_json_new_object();

	if (dbbi_json_append(array, made) < 0)
		return dbbi_error_nomem(err);
	*out = made;
	return 0;
}

int
dbbi_result_share(dbbi_json *object, const char *key, dbbi_json *value,
    dbb_error *err)
{
	if (value == NULL)
		return dbbi_result_text(object, key, NULL, err);
	return checked(dbbi_json_set(object, key, json_object_get(value)),
	    err);
}

int
dbbi_result_append(dbbi_json *array, dbbi_json *value, int rc, dbb_error *err)
{
	if (rc < 0) {
		dbbi_json_free(value);
		return dbbi_error_nomem(err);
	}
	return checked(dbbi_json_append(array, value), err);
}

static int
compare_begin(const void *a, const void *b)
{
	const char *at[2] = {
	    dbbi_json_string(*(json_object *const *)a, "started_at"),
	    dbbi_json_string(*(json_object *const *)b, "started_at") };

	return strcmp(at[0] != NULL ? at[0] : "", at[1] != NULL ? at[1] : "");
}

void
dbbi_result_sort_sets(dbbi_json *sets)
{
	json_object_array_sort(sets, compare_begin);
}

int
dbbi_result_say(dbbi_json *array, dbb_error *err, const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n, rc;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return dbbi_error_nomem(err);
	rc = checked(dbbi_json_append_string(array, text), err);
	free(text);
	return rc;
}
