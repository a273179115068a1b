/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/json.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define DEPTH_MAX 64
#define COST_RATIO 40		/* bytes of memory for one of text */
#define COST_FREE (4u << 20)	/* and so many for any document */

static int
damaged(dbb_error *err, size_t at, const char *words)
{
	return dbbi_error_set(err, DBB_EDAMAGED,
	    "not a JSON document: at byte %zu: %s", at, words);
}

/* Bytes from `at` on that are JSON's white space. */
static size_t
skip_space(const char *text, size_t size, size_t at)
{
	while (at < size && text[at] != '\0' &&
	    strchr(" \t\r\n", text[at]) != NULL)
		at++;
	return at;
}

/* What json-c needs for what begins with this character, about: an object
 * is dear, however few its members. */
static size_t
cost_of(char c)
{
	return c == '{' ? 900 : c == '[' ? 150 : c == ',' || c == ':' ? 80 : 0;
}

/*
 * json-c takes 'text', NaN and Infinity for JSON, however strict it is told
 * to be. Where such a thing begins, or `size`; `*cost` is the memory for
 * what is before it.
 */
static size_t
find_lenient(size_t *cost, const char *text, size_t size)
{
	int in_text = 0;
	size_t i;

	*cost = 0;
	for (i = 0; i < size; i++) {
		if (in_text && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_text = !in_text;
		else if (!in_text && (text[i] == '\'' || text[i] == 'N' ||
		    text[i] == 'I'))
			return i;
		else if (!in_text)
			*cost += cost_of(text[i]);
	}
	return size;
}

/* Documents of ours need 25 times their text, one of nothing but "{}" 260
 * times: kilobytes in a store must not ask for gigabytes here. */
static int
is_dear(size_t cost, size_t size)
{
	return cost / COST_RATIO > size + COST_FREE / COST_RATIO;
}

int
dbbi_json_is_dear(const char *text, size_t size)
{
	size_t cost;

	find_lenient(&cost, text, size);
	return is_dear(cost, size);
}

static int
parse_with(dbbi_json **out, struct json_tokener *tokener, const char *text,
    size_t size, dbb_error *err)
{
	dbbi_json *json;
	enum json_tokener_error state;
	size_t end;

	json = json_tokener_parse_ex(tokener, text, (int)size);
	state = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	if (state == json_tokener_continue && end == size) {
		/* Only the end of the text ends a bare number. */
		json = json_tokener_parse_ex(tokener, "", 1);
		state = json_tokener_get_error(tokener);
		if (state == json_tokener_continue)
			return damaged(err, end, "it ends too early");
	}
	if (state != json_tokener_success)
		return damaged(err, end, json_tokener_error_desc(state));
	if (skip_space(text, size, end) != size) {
		json_object_put(json);
		return damaged(err, end, "more follows the document");
	}
	if (json == NULL)
		return damaged(err, 0, "it is null");
	*out = json;
	return 0;
}

int
dbbi_json_parse(dbbi_json **out, const char *text, size_t size,
    dbb_error *err)
{
	struct json_tokener *tokener;
	size_t cost, lenient = find_lenient(&cost, text, size);
	int rc;

	if (lenient < size)
		return damaged(err, lenient, "unexpected character");
	if (size == 0)
		return damaged(err, 0, "it is empty");
	if (size > INT32_MAX / 2)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a JSON document of %zu bytes is too large", size);
	if (is_dear(cost, size))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a JSON document of %zu bytes asks for about %zu bytes of "
		    "memory", size, cost);
	tokener = json_tokener_new_ex(DEPTH_MAX + 1);
	if (tokener == NULL)
		return dbbi_error_nomem(err);
	json_tokener_set_flags(tokener,
	    JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	rc = parse_with(out, tokener, text, size, err);
	json_tokener_free(tokener);
	return rc;
}

void
dbbi_json_free(dbbi_json *json)
{
	json_object_put(json);
}

/* A member of that type, or NULL. */
static dbbi_json *
member(const dbbi_json *object, const char *key, enum json_type type)
{
	dbbi_json *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *
dbbi_json_string(const dbbi_json *object, const char *key)
{
	dbbi_json *value = member(object, key, json_type_string);
	const char *text;

	if (value == NULL)
		return NULL;
	/* One with a NUL inside is not what it seems to be. */
	text = json_object_get_string(value);
	if (text == NULL ||
	    strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL;
	return text;
}

dbbi_json *
dbbi_json_object(const dbbi_json *object, const char *key)
{
	return member(object, key, json_type_object);
}

dbbi_json *
dbbi_json_array(const dbbi_json *object, const char *key)
{
	return member(object, key, json_type_array);
}

int
dbbi_json_u64(uint64_t *out, const dbbi_json *object, const char *key)
{
	dbbi_json *value = member(object, key, json_type_int);

	if (value == NULL || json_object_get_int64(value) < 0)
		return -1;
	*out = json_object_get_uint64(value);
	return 0;
}

int
dbbi_json_i64(int64_t *out, const dbbi_json *object, const char *key)
{
	dbbi_json *value = member(object, key, json_type_int);

	if (value == NULL || json_object_get_uint64(value) > INT64_MAX)
		return -1;
	*out = json_object_get_int64(value);
	return 0;
}

int
dbbi_json_bool(int *out, const dbbi_json *object, const char *key)
{
	dbbi_json *value = member(object, key, json_type_boolean);

	if (value == NULL)
		return -1;
	*out = json_object_get_boolean(value) != 0;
	return 0;
}

size_t
dbbi_json_count(const dbbi_json *array)
{
	if (!json_object_is_type(array, json_type_array))
		return 0;
	return json_object_array_length(array);
}

dbbi_json *
dbbi_json_at(const dbbi_json *array, size_t i)
{
	if (i >= dbbi_json_count(array))
		return NULL;
	return json_object_array_get_idx(array, i);
}

dbbi_json *
dbbi_json_new_object(void)
{
	return json_object_new_object();
}

dbbi_json *
dbbi_json_new_array(void)
{
	return json_object_new_array();
}

/* Takes over `value`, which may be NULL for JSON's null. */
static int
put_member(dbbi_json *object, const char *key, dbbi_json *value)
{
	if (json_object_is_type(object, json_type_object) &&
	    json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return DBB_ENOMEM;
}

static int
put_element(dbbi_json *array, dbbi_json *value)
{
	if (json_object_is_type(array, json_type_array) &&
	    json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return DBB_ENOMEM;
}

/* A string, made valid UTF-8: what tools and servers say may not be. */
static dbbi_json *
new_string(const char *text)
{
	char *copy = dbbi_text_dup(text);
	dbbi_json *value;

	if (copy == NULL)
		return NULL;
	dbbi_text_make_utf8(copy);
	value = json_object_new_string(copy);
	free(copy);
	return value;
}

int
dbbi_json_set(dbbi_json *object, const char *key, dbbi_json *value)
{
	return value == NULL ? DBB_ENOMEM : put_member(object, key, value);
}

int
dbbi_json_set_string(dbbi_json *object, const char *key, const char *text)
{
	if (text == NULL)
		return put_member(object, key, NULL);
	return dbbi_json_set(object, key, new_string(text));
}

int
dbbi_json_set_u64(dbbi_json *object, const char *key, uint64_t value)
{
	return dbbi_json_set(object, key, json_object_new_uint64(value));
}

int
dbbi_json_set_i64(dbbi_json *object, const char *key, int64_t value)
{
	return dbbi_json_set(object, key, json_object_new_int64(value));
}

int
dbbi_json_set_bool(dbbi_json *object, const char *key, int value)
{
	return dbbi_json_set(object, key,
	    json_object_new_boolean(value != 0));
}

int
dbbi_json_append(dbbi_json *array, dbbi_json *value)
{
	return value == NULL ? DBB_ENOMEM : put_element(array, value);
}

int
dbbi_json_append_string(dbbi_json *array, const char *text)
{
	if (text == NULL)
		return put_element(array, NULL);
	return dbbi_json_append(array, new_string(text));
}

const char *
dbbi_json_text(dbbi_json *json)
{
	return json_object_to_json_string_ext(json,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
