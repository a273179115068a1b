/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "api/api.h"

#include <stdlib.h>

#include <json-c/json_pointer.h>

struct dbb_result {
	dbbi_json *document;
};

int
dbbi_api_result(dbb_result **out, dbbi_json *document, int rc, dbb_error *err)
{
	dbb_result *result;

	if (document == NULL || out == NULL) {
		dbbi_json_free(document);
		return rc;
	}
	if ((result = malloc(sizeof(*result))) == NULL) {
		dbbi_json_free(document);
		return dbbi_error_nomem(err);
	}
	result->document = document;
	*out = result;
	return rc;
}

/* What a pointer names, or NULL. */
static dbbi_json *
find(const dbb_result *result, const char *pointer)
{
	dbbi_json *found = NULL;

	if (result == NULL || pointer == NULL ||
	    json_pointer_get(result->document, pointer, &found) != 0)
		return NULL;
	return found;
}

const char *
dbb_result_json(dbb_result *result)
{
	const char *text = result != NULL ?
	    dbbi_json_text(result->document) : NULL;

	return text != NULL ? text : "{}";
}

const char *
dbb_result_string(const dbb_result *result, const char *pointer)
{
	dbbi_json *found = find(result, pointer);

	return json_object_is_type(found, json_type_string) ?
	    json_object_get_string(found) : NULL;
}

uint64_t
dbb_result_number(const dbb_result *result, const char *pointer,
    uint64_t otherwise)
{
	dbbi_json *found = find(result, pointer);

	if (json_object_is_type(found, json_type_boolean))
		return json_object_get_boolean(found) ? 1 : 0;
	if (!json_object_is_type(found, json_type_int) ||
	    json_object_get_int64(found) < 0)
		return otherwise;
	return json_object_get_uint64(found);
}

size_t
dbb_result_count(const dbb_result *result, const char *pointer)
{
	dbbi_json *found = find(result, pointer);

	return json_object_is_type(found, json_type_array) ?
	    dbbi_json_count(found) : 0;
}

void
dbb_result_free(dbb_result *result)
{
	if (result == NULL)
		return;
	dbbi_json_free(result->document);
	free(result);
}
