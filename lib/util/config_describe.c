/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config.h"

#include <stdlib.h>
#include <string.h>

#include "util/config_parts.h"

/* The value as people may see it; to free(3). */
static char *
shown_value(const dbbi_key *key, const char *value)
{
	switch (key->type) {
	case DBBI_KEY_SECRET:
	case DBBI_KEY_SECRET_COMMAND:
		return dbbi_text_dup("(hidden)");
	case DBBI_KEY_CONNECTION:
		return dbbi_mask_connection(value);
	case DBBI_KEY_URL:
		return dbbi_mask_url(value);
	case DBBI_KEY_TEXT:
	case DBBI_KEY_NUMBER:
	case DBBI_KEY_AUTO:
	case DBBI_KEY_SIZE:
	case DBBI_KEY_BOOL:
	case DBBI_KEY_SECRET_FILE:
	default:
		return dbbi_text_dup(value);
	}
}

static int
add_key(dbbi_json *keys, const dbbi_config *config, const dbbi_key *key,
    const char *name)
{
	const dbbi_entry *found = dbbi_config_find(config, key->section,
	    name, key->key);
	const char *value = found != NULL ? found->value : key->fallback;
	dbbi_json *one;
	char *shown;
	int rc;

	if (value == NULL)
		return DBB_OK;
	one = dbbi_json_new_object();
	shown = shown_value(key, value);
	rc = shown == NULL ? DBB_ENOMEM : DBB_OK;
	if (rc == 0)
		rc = dbbi_json_set_string(one, "section", key->section);
	if (rc == 0)
		rc = dbbi_json_set_string(one, "name", name);
	if (rc == 0)
		rc = dbbi_json_set_string(one, "key", key->key);
	if (rc == 0)
		rc = dbbi_json_set_string(one, "value", shown);
	if (rc == 0)
		rc = dbbi_json_set_string(one, "origin",
		    found != NULL ? found->origin : "default");
	free(shown);
	if (rc == 0)
		return dbbi_json_append(keys, one);
	dbbi_json_free(one);
	return rc;
}

static int
add_section(dbbi_json *keys, const dbbi_config *config, const char *kind,
    const char *name)
{
	const dbbi_key *key;
	int rc = 0;

	for (key = dbbi_keys; key->section != NULL && rc == 0; key++)
		if (strcmp(key->section, kind) == 0)
			rc = add_key(keys, config, key, name);
	return rc;
}

static int
add_named(dbbi_json *keys, const dbbi_config *config, const char *kind)
{
	dbbi_list names = {0};
	size_t i;
	int rc;

	rc = dbbi_config_names(&names, config, kind, NULL);
	for (i = 0; i < names.count && rc == 0; i++)
		rc = add_section(keys, config, kind, names.items[i]);
	dbbi_list_clear(&names);
	return rc;
}

int
dbbi_config_describe(dbbi_json **out, const dbbi_config *config,
    dbb_error *err)
{
	dbbi_json *result = dbbi_json_new_object();
	dbbi_json *keys = dbbi_json_new_array();
	const dbbi_section *s;
	int rc;

	rc = dbbi_json_set_string(result, "file", config->file);
	for (s = dbbi_sections; s->kind != NULL && rc == 0; s++)
		rc = s->named ? add_named(keys, config, s->kind) :
		    add_section(keys, config, s->kind, NULL);
	if (rc == 0) {
		rc = dbbi_json_set(result, "keys", keys);
		keys = NULL;
	}
	if (rc == 0) {
		*out = result;
		return DBB_OK;
	}
	dbbi_json_free(keys);
	dbbi_json_free(result);
	return dbbi_error_nomem(err);
}
