/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_digest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/text.h"

static int write_value(FILE *to, dbbi_json *value, int of_vector);

/* Vectors hold numbers of 32 bits, which servers write with as many digits as
 * they like; others have 64. */
static void
write_double(FILE *to, double number, int of_vector)
{
	if (of_vector && fabs(number) <= (double)FLT_MAX)
		fprintf(to, "%.9g", (double)(float)number);
	else
		fprintf(to, "%.17g", number);
}

static int
write_array(FILE *to, dbbi_json *array, int of_vector)
{
	size_t i, n = json_object_array_length(array);
	int rc = 0;

	fputc('[', to);
	for (i = 0; i < n && rc == 0; i++) {
		if (i > 0)
			fputc(',', to);
		rc = write_value(to, json_object_array_get_idx(array, i),
		    of_vector);
	}
	fputc(']', to);
	return rc;
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object, sorted by their bytes; to free(3). */
static const char **
sort_keys(const dbbi_json *object, size_t count)
{
	const char **keys = calloc(count + 1, sizeof(*keys));
	struct json_object_iterator at = json_object_iter_begin(
	    (dbbi_json *)(uintptr_t)object);
	size_t i;

	for (i = 0; keys != NULL && i < count; i++) {
		keys[i] = json_object_iter_peek_name(&at);
		json_object_iter_next(&at);
	}
	if (keys != NULL)
		qsort(keys, count, sizeof(*keys), compare_keys);
	return keys;
}

static void
write_string(FILE *to, const char *text, size_t size)
{
	dbbi_json *string = json_object_new_string_len(text, (int)size);

	fputs(json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE), to);
	json_object_put(string);
}

static int
write_object(FILE *to, dbbi_json *object, int of_vector)
{
	size_t i, n = (size_t)json_object_object_length(object);
	const char **keys = sort_keys(object, n);
	int rc = keys != NULL ? 0 : -1;

	fputc('{', to);
	for (i = 0; rc == 0 && i < n; i++) {
		if (i > 0)
			fputc(',', to);
		write_string(to, keys[i], strlen(keys[i]));
		fputc(':', to);
		rc = write_value(to, json_object_object_get(object, keys[i]),
		    of_vector);
	}
	fputc('}', to);
	free(keys);
	return rc;
}

static int
write_value(FILE *to, dbbi_json *value, int of_vector)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return write_object(to, value, of_vector);
	case json_type_array:
		return write_array(to, value, of_vector);
	case json_type_double:
		write_double(to, json_object_get_double(value), of_vector);
		return 0;
	case json_type_string:
		write_string(to, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
		return 0;
	case json_type_null:
	case json_type_boolean:
	case json_type_int:
	default:
		fputs(value == NULL ? "null" :
		    json_object_to_json_string(value), to);
		return 0;
	}
}

/* A point without payload has none, or an empty one, or null. */
static int
write_point(FILE *to, const dbbi_json *point)
{
	dbbi_json *payload = dbbi_json_object(point, "payload"), *vector;
	int rc = 0;

	vector = json_object_object_get(point, "vector");
	fputs("{\"payload\":", to);
	if (payload != NULL)
		rc = write_object(to, payload, 0);
	else
		fputs("{}", to);
	fputs(",\"vector\":", to);
	if (rc == 0)
		rc = vector != NULL ? write_value(to, vector, 1) :
		    write_value(to, NULL, 1);
	fputc('}', to);
	return rc;
}

char *
dbbi_qd_canonical(const dbbi_json *point)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int rc;

	if (to == NULL)
		return NULL;
	rc = write_point(to, point);
	if (fclose(to) == 0 && rc == 0)
		return text;
	free(text);
	return NULL;
}

int
dbbi_qd_digest(char out[DBBI_SHA256_HEX], const dbbi_json *point,
    dbb_error *err)
{
	char *text = dbbi_qd_canonical(point);
	uint8_t sum[DBBI_SHA256_SIZE];
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_sha256_of(sum, text, strlen(text), err);
	free(text);
	if (rc == 0)
		dbbi_hex_encode(out, sum, sizeof(sum));
	return rc;
}
