/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "view.h"

/* The member, when it is of that type; else NULL. */
static json_object *
member(const json_object *object, const char *key, enum json_type type)
{
	json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *
cli_view_text(const cli_json *object, const char *key)
{
	json_object *value = member(object, key, json_type_string);

	return value != NULL ? json_object_get_string(value) : "";
}

uint64_t
cli_view_number(const cli_json *object, const char *key)
{
	json_object *value = member(object, key, json_type_int);

	return value != NULL ? json_object_get_uint64(value) : 0;
}

int
cli_view_true(const cli_json *object, const char *key)
{
	json_object *value = member(object, key, json_type_boolean);

	return value != NULL && json_object_get_boolean(value);
}

int
cli_view_has(const cli_json *object, const char *key)
{
	json_object *value = NULL;

	return json_object_is_type(object, json_type_object) &&
	    json_object_object_get_ex(object, key, &value) && value != NULL;
}

cli_json *
cli_view_member(const cli_json *object, const char *key)
{
	json_object *value = member(object, key, json_type_object);

	return value != NULL ? value : member(object, key, json_type_array);
}

size_t
cli_view_count(const cli_json *object, const char *key)
{
	json_object *value = member(object, key, json_type_array);

	return value != NULL ? json_object_array_length(value) : 0;
}

cli_json *
cli_view_at(const cli_json *object, const char *key, size_t i)
{
	json_object *value = member(object, key, json_type_array);

	return value != NULL ? json_object_array_get_idx(value, i) : NULL;
}

const char *
cli_view_text_at(const cli_json *object, const char *key, size_t i)
{
	json_object *value = cli_view_at(object, key, i);

	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : "";
}
