/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: up to the first NUL the file, behind it variables of
 * the environment, each behind a NUL.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "util/config_parts.h"

#define VARIABLES_MAX 32

/* No secret is in what is shown. */
static void
check_hidden(const dbbi_config *config, const char *shown,
    const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < config->count; i++) {
		const dbbi_entry *e = &config->entries[i];

		if (e->key == NULL || (e->key->type != DBBI_KEY_SECRET &&
		    e->key->type != DBBI_KEY_SECRET_COMMAND))
			continue;
		FUZZ_HOLDS(!fuzz_is_secret(e->value, data, size) ||
		    strstr(shown, FUZZ_SECRET) == NULL);
	}
}

/* All that is asked of a configuration. */
static void
go_through(const dbbi_config *config)
{
	dbbi_list names = {0};
	const dbbi_key *k;

	FUZZ_HOLDS(dbbi_config_names(&names, config, "postgres", NULL) == 0);
	for (k = dbbi_keys; k->section != NULL; k++) {
		dbbi_config_get(config, k->section, NULL, k->key);
		for (size_t i = 0; i < names.count; i++) {
			FUZZ_HOLDS(strlen(names.items[i]) <=
			    DBBI_SOURCE_NAME_MAX);
			dbbi_config_get(config, k->section, names.items[i],
			    k->key);
			dbbi_config_origin(config, k->section,
			    names.items[i], k->key);
		}
	}
	dbbi_list_clear(&names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *environment[VARIABLES_MAX + 1] = { NULL };
	size_t file_size = size > 0 ? strnlen((const char *)data, size) : 0;
	char *rest = (char *)fuzz_copy(data, size);
	dbbi_config *config = NULL;
	dbbi_json *json = NULL;
	size_t at = file_size + 1, n = 0;

	if (size > 0)
		rest[size - 1] = '\0';
	for (; at < size && n < VARIABLES_MAX; at += strlen(rest + at) + 1)
		environment[n++] = rest + at;
	FUZZ_HOLDS(dbbi_config_new(&config, NULL) == 0);
	if (dbbi_config_load(config, fuzz_file(data, file_size), environment,
	    NULL) == 0) {
		go_through(config);
		FUZZ_HOLDS(dbbi_config_describe(&json, config, NULL) == 0);
		check_hidden(config, dbbi_json_text(json), data, size);
	}
	dbbi_json_free(json);
	dbbi_config_free(config);
	free(rest);
	return 0;
}
