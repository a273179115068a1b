/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON document, and every question that is asked of one. */
#include <config.h>

#include <string.h>

#include "fuzz.h"

#define DEEPEST 64

static void
ask(const dbbi_json *object, const char *key)
{
	uint64_t u = 0;
	int64_t i = 0;
	int is;

	dbbi_json_string(object, key);
	dbbi_json_object(object, key);
	dbbi_json_array(object, key);
	dbbi_json_bool(&is, object, key);
	if (dbbi_json_u64(&u, object, key) == 0 &&
	    dbbi_json_i64(&i, object, key) == 0)
		FUZZ_HOLDS((uint64_t)i == u);
}

static void
go_through(dbbi_json *json, int depth)
{
	FUZZ_HOLDS(depth <= DEEPEST);
	if (json_object_is_type(json, json_type_object)) {
		json_object_object_foreach(json, key, value) {
			ask(json, key);
			go_through(value, depth + 1);
		}
	}
	for (size_t i = 0; i < dbbi_json_count(json); i++)
		go_through(dbbi_json_at(json, i), depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_json *json = NULL, *again = NULL;
	const char *text;

	if (dbbi_json_parse(&json, (const char *)data, size, NULL) < 0)
		return 0;
	go_through(json, 0);
	text = dbbi_json_text(json);
	FUZZ_HOLDS(text != NULL);
	FUZZ_HOLDS(dbbi_json_parse(&again, text, strlen(text), NULL) == 0);
	FUZZ_HOLDS(fuzz_same_json(json, again));
	dbbi_json_free(json);
	dbbi_json_free(again);
	return 0;
}
