/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/config_parts.h"

static void
free_text(char *text)
{
	if (text != NULL)
		dbbi_wipe(text, strlen(text));
	free(text);
}

static void
clear_entry(dbbi_entry *entry)
{
	free_text(entry->value);
	free(entry->name);
	free(entry->origin);
}

/* Take out the entries for which `is_out` says so. */
static void
drop_entries(dbbi_config *config,
    int (*is_out)(const dbbi_entry *entry, const void *payload),
    const void *payload)
{
	size_t i, kept = 0;

	for (i = 0; i < config->count; i++) {
		if (is_out(&config->entries[i], payload))
			clear_entry(&config->entries[i]);
		else
			config->entries[kept++] = config->entries[i];
	}
	config->count = kept;
}

static int
is_any(const dbbi_entry *entry, const void *payload)
{
	(void)entry;
	(void)payload;
	return 1;
}

int
dbbi_config_new(dbbi_config **out, dbb_error *err)
{
	dbbi_config *config = calloc(1, sizeof(*config));

	if (config == NULL)
		return dbbi_error_nomem(err);
	*out = config;
	return 0;
}

void
dbbi_config_free(dbbi_config *config)
{
	if (config == NULL)
		return;
	drop_entries(config, is_any, NULL);
	free(config->entries);
	free(config->file);
	dbbi_list_clear(&config->warnings);
	free(config);
}

int
dbbi_config_put(dbbi_config *config, enum dbbi_level level,
    const dbbi_place *place, const dbbi_key *key, const char *value,
    const char *origin, dbb_error *err)
{
	dbbi_entry *entries, entry = {
		.section = place->section, .key = key, .level = level,
	};
	int rc;

	if (key != NULL && (rc = dbbi_key_check(key, value, err)) < 0)
		return rc;
	entry.name = dbbi_text_dup(place->name);
	entry.value = dbbi_text_dup(value != NULL ? value : "");
	entry.origin = dbbi_text_dup(origin);
	entries = realloc(config->entries,
	    (config->count + 1) * sizeof(*entries));
	if (entries != NULL)
		config->entries = entries;
	if (entries == NULL || entry.name == NULL || entry.value == NULL ||
	    entry.origin == NULL) {
		clear_entry(&entry);
		return dbbi_error_nomem(err);
	}
	config->entries[config->count++] = entry;
	return 0;
}

/* ---- set ---- */

struct same_key {
	const dbbi_place *place;
	const dbbi_key *key;
};

static int
is_same_set(const dbbi_entry *entry, const void *payload)
{
	const struct same_key *same = payload;

	return entry->level == DBBI_LEVEL_PROGRAM &&
	    entry->key == same->key &&
	    strcmp(entry->name, same->place->name) == 0;
}

int
dbbi_config_set(dbbi_config *config, const char *section, const char *key,
    const char *value, dbb_error *err)
{
	dbbi_place place;
	struct same_key same = { .place = &place };
	int rc;

	if ((rc = dbbi_place_parse(&place, section, err)) < 0)
		goto done;
	if ((same.key = dbbi_key_find(&place, key, err)) == NULL) {
		rc = DBB_ECONFIG;
		goto done;
	}
	if (value != NULL && (rc = dbbi_key_check(same.key, value, err)) < 0)
		goto done;
	drop_entries(config, is_same_set, &same);
	if (value != NULL)
		rc = dbbi_config_put(config, DBBI_LEVEL_PROGRAM, &place,
		    same.key, value, "program", err);
done:
	return dbbi_error_context(err, rc, "setting '%.64s' of '%.100s'",
	    key, section);
}

/* ---- load ---- */

/* The first of the files that there are; NULL when there is none. */
static const char *
choose_file(const char *const *environment)
{
	static const char *const usual[] = {
		"dbbackup.conf", "/etc/dbbackup.conf", NULL,
	};
	const char *const *path;
	const char *named = dbbi_env_get(environment, "DBB_CONFIG");

	if (named != NULL)
		return named;
	/* One that is there and cannot be read is chosen, and complained
	 * of, rather than passed over. */
	for (path = usual; *path != NULL; path++)
		if (access(*path, F_OK) == 0)
			return *path;
	return NULL;
}

/* What the program has set stays. */
static int
copy_program_entries(dbbi_config *to, const dbbi_config *from,
    dbb_error *err)
{
	dbbi_place place;
	size_t i;
	int rc = 0;

	for (i = 0; i < from->count && rc == 0; i++) {
		const dbbi_entry *e = &from->entries[i];

		if (e->level != DBBI_LEVEL_PROGRAM)
			continue;
		memset(&place, 0, sizeof(place));
		place.section = e->section;
		strncpy(place.name, e->name, sizeof(place.name) - 1);
		rc = dbbi_config_put(to, e->level, &place, e->key, e->value,
		    e->origin, err);
	}
	return rc;
}

int
dbbi_config_load(dbbi_config *config, const char *file,
    const char *const *environment, dbb_error *err)
{
	dbbi_config *fresh = NULL, before;
	int rc;

	if (environment == NULL)
		environment = (const char *const *)environ;
	if (file == NULL)
		file = choose_file(environment);
	if ((rc = dbbi_config_new(&fresh, err)) < 0)
		goto done;
	if ((rc = copy_program_entries(fresh, config, err)) < 0)
		goto done;
	if (file != NULL && *file != '\0' &&
	    (rc = dbbi_config_read_file(fresh, file, err)) < 0)
		goto done;
	if ((rc = dbbi_config_read_env(fresh, environment, err)) < 0)
		goto done;
	if ((rc = dbbi_config_read_usual(fresh, environment, err)) < 0)
		goto done;
	if ((rc = dbbi_config_check_secrets(fresh, err)) < 0)
		goto done;
	before = *config;
	*config = *fresh;
	*fresh = before;
done:
	dbbi_config_free(fresh);
	return rc;
}

int
dbbi_config_warn(dbbi_config *config, char *text, dbb_error *err)
{
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_list_add(&config->warnings, text, err);
	free(text);
	return rc;
}

const dbbi_list *
dbbi_config_warnings(const dbbi_config *config)
{
	return &config->warnings;
}

/* ---- get ---- */

/* And not what to back up, or how. */
static int
says_how_to_connect(const dbbi_entry *entry)
{
	static const char *const others[] = { "databases", "collections",
	    "method" };
	size_t i;

	if (entry->key == NULL)
		return 0;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(entry->key->key, others[i]) == 0)
			return 0;
	return 1;
}

int
dbbi_config_usual_apply(const dbbi_config *config, const char *kind)
{
	size_t i;

	if (strcmp(kind, "postgres") != 0 && strcmp(kind, "qdrant") != 0)
		return 1;
	for (i = 0; i < config->count; i++) {
		const dbbi_entry *e = &config->entries[i];

		if (e->level == DBBI_LEVEL_USUAL ||
		    strcmp(e->section->kind, kind) != 0)
			continue;
		if (strcmp(e->name, "main") != 0 || says_how_to_connect(e))
			return 0;
	}
	return 1;
}

const dbbi_entry *
dbbi_config_find_at(const dbbi_config *config, enum dbbi_level level,
    const char *section, const char *name, const char *key)
{
	size_t i;

	for (i = 0; i < config->count; i++) {
		const dbbi_entry *e = &config->entries[i];

		if (e->level == level && e->key != NULL &&
		    strcmp(e->section->kind, section) == 0 &&
		    strcmp(e->name, name != NULL ? name : "") == 0 &&
		    strcmp(e->key->key, key) == 0)
			return e;
	}
	return NULL;
}

const dbbi_entry *
dbbi_config_find(const dbbi_config *config, const char *section,
    const char *name, const char *key)
{
	static const enum dbbi_level levels[] = {
		DBBI_LEVEL_PROGRAM, DBBI_LEVEL_ENVIRONMENT, DBBI_LEVEL_FILE,
	};
	const dbbi_entry *found = NULL;
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		found = dbbi_config_find_at(config, levels[i], section, name,
		    key);
		if (found != NULL)
			return found;
	}
	if (!dbbi_config_usual_apply(config, section))
		return NULL;
	return dbbi_config_find_at(config, DBBI_LEVEL_USUAL, section, name,
	    key);
}

const char *
dbbi_config_get(const dbbi_config *config, const char *section,
    const char *name, const char *key)
{
	const dbbi_key *known = dbbi_key_get(section, key);
	const dbbi_entry *found;

	if (known == NULL || known->type == DBBI_KEY_SECRET)
		return NULL;
	found = dbbi_config_find(config, section, name, key);
	return found != NULL ? found->value : known->fallback;
}

const char *
dbbi_config_origin(const dbbi_config *config, const char *section,
    const char *name, const char *key)
{
	const dbbi_key *known = dbbi_key_get(section, key);
	const dbbi_entry *found;

	if (known == NULL)
		return NULL;
	found = dbbi_config_find(config, section, name, key);
	if (found != NULL)
		return found->origin;
	return known->fallback != NULL ? "default" : NULL;
}

/* Add the names that one level brings and that are not there yet. */
static int
add_names(dbbi_list *out, const dbbi_config *config, const char *section,
    enum dbbi_level level, dbb_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < config->count && rc == 0; i++) {
		const dbbi_entry *e = &config->entries[i];

		if (e->level == level && e->section->named &&
		    strcmp(e->section->kind, section) == 0 &&
		    !dbbi_list_has(out, e->name))
			rc = dbbi_list_add(out, e->name, err);
	}
	return rc;
}

/* The file comes first, so that overriding a key changes no order. */
int
dbbi_config_names(dbbi_list *out, const dbbi_config *config,
    const char *section, dbb_error *err)
{
	static const enum dbbi_level order[] = {
		DBBI_LEVEL_FILE, DBBI_LEVEL_ENVIRONMENT, DBBI_LEVEL_USUAL,
		DBBI_LEVEL_PROGRAM,
	};
	dbbi_list names = {0};
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(order) / sizeof(order[0]) && rc == 0; i++)
		if (order[i] != DBBI_LEVEL_USUAL ||
		    dbbi_config_usual_apply(config, section))
			rc = add_names(&names, config, section, order[i],
			    err);
	for (i = 0; i < names.count && rc == 0; i++)
		rc = dbbi_list_add(out, names.items[i], err);
	dbbi_list_clear(&names);
	return rc;
}
