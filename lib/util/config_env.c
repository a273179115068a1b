/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables DBB_<SECTION>_<NAME>_<KEY>, and finding variables at all. */
#include <config.h>

#include "util/config_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PREFIX "DBB_"
#define VARIABLE_MAX 160	/* longer than any known name */

static const char *const short_names[] = {
	"PASSWORD", "PASSWORD_FILE", "PASSWORD_COMMAND",
};
static const char *const whole_names[] = {
	"REPOSITORY_PASSWORD", "REPOSITORY_PASSWORD_FILE",
	"REPOSITORY_PASSWORD_COMMAND",
};

const char *
dbbi_env_get(const char *const *environment, const char *name)
{
	size_t n = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, n) == 0 &&
		    (*environment)[n] == '=')
			return (*environment)[n + 1] != '\0' ?
			    *environment + n + 1 : NULL;
	return NULL;
}

/* Does `name` end with `_KEY`? How much is before that, or 0. */
static size_t
before_key(const char *name, const char *key)
{
	size_t n = strlen(name), k = strlen(key);

	if (n < k + 2 || name[n - k - 1] != '_' ||
	    dbbi_env_begins(name + n - k, key) != k)
		return 0;
	return n - k - 1;
}

/* The key of `section` that `rest` names; `*name_size` is how much of it is
 * the source's name. The longest wins: PASSWORD_FILE before FILE. */
static const dbbi_key *
match_key(size_t *name_size, const dbbi_section *section, const char *rest)
{
	const dbbi_key *k, *best = NULL;
	size_t n;

	for (k = dbbi_keys; k->section != NULL; k++) {
		if (strcmp(k->section, section->kind) != 0)
			continue;
		n = 0;
		if (section->named)
			n = before_key(rest, k->key);
		else if (dbbi_env_begins(rest, k->key) != strlen(rest))
			continue;
		if ((section->named && n == 0) ||
		    (best != NULL && n >= *name_size))
			continue;
		best = k;
		*name_size = n;
	}
	return best;
}

/* Is `name` what a variable writes as `spelled`? */
static int
is_spelled(const char *name, const char *spelled)
{
	char upper[DBBI_SOURCE_NAME_MAX + 1];
	size_t i;

	if (strlen(name) != strlen(spelled))
		return 0;
	for (i = 0; spelled[i] != '\0'; i++)
		upper[i] = (char)toupper((unsigned char)spelled[i]);
	upper[i] = '\0';
	return i > 0 && dbbi_env_begins(upper, name) == i;
}

/* Find the section that is meant by the name in a variable: one that exists,
 * else a new one in lower case. */
static int
resolve_name(dbbi_place *place, const dbbi_config *config,
    const char *spelled, dbb_error *err)
{
	const char *found = NULL;
	char text[DBBI_SOURCE_NAME_MAX + 32];
	size_t i;

	for (i = 0; i < config->count; i++) {
		const dbbi_entry *e = &config->entries[i];

		if (e->section != place->section ||
		    !is_spelled(e->name, spelled))
			continue;
		if (found != NULL && strcmp(found, e->name) != 0)
			return dbbi_error_set(err, DBB_ECONFIG,
			    "it may mean '%s' or '%s'", found, e->name);
		found = e->name;
	}
	if (found != NULL) {
		memcpy(place->name, found, strlen(found) + 1);
		return DBB_OK;
	}
	snprintf(text, sizeof(text), "%s \"%s\"", place->section->kind,
	    spelled);
	for (i = 0; text[i] != '\0'; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	return dbbi_place_parse(place, text, err);
}

/* The place and key that DBB_<name> means; `*key` NULL: it is unknown. */
static int
resolve(dbbi_place *place, const dbbi_key **key, const dbbi_config *config,
    const char *name, dbb_error *err)
{
	char spelled[DBBI_SOURCE_NAME_MAX + 1];
	const dbbi_section *s;
	size_t n, name_size = 0;

	*key = NULL;
	for (s = dbbi_sections; s->kind != NULL && *key == NULL; s++) {
		n = dbbi_env_begins(name, s->kind);
		if (n == 0 || name[n] != '_')
			continue;
		*key = match_key(&name_size, s, name + n + 1);
		if (*key == NULL)
			continue;
		memset(place, 0, sizeof(*place));
		place->section = s;
		if (!s->named)
			return DBB_OK;
		if (name_size >= sizeof(spelled))
			return dbbi_error_set(err, DBB_ECONFIG, "the name in "
			    "it is longer than %d", DBBI_SOURCE_NAME_MAX);
		memcpy(spelled, name + n + 1, name_size);
		spelled[name_size] = '\0';
		return resolve_name(place, config, spelled, err);
	}
	return DBB_OK;
}

/* ---- unknown variables ---- */

static int
add_candidate(dbbi_list *list, const dbbi_key *key, const char *name,
    dbb_error *err)
{
	char text[VARIABLE_MAX];
	size_t i;

	snprintf(text, sizeof(text), "%s%s%s%s_%s", PREFIX, key->section,
	    *name != '\0' ? "_" : "", name, key->key);
	for (i = 0; text[i] != '\0'; i++)
		text[i] = text[i] == '-' || text[i] == '.' ? '_' :
		    (char)toupper((unsigned char)text[i]);
	return dbbi_list_add(list, text, err);
}

/* The names of such sections; "" of one that has none. */
static int
name_sections(dbbi_list *names, const dbbi_config *config,
    const dbbi_section *s, dbb_error *err)
{
	int rc;

	if (!s->named)
		return dbbi_list_add(names, "", err);
	rc = dbbi_config_names(names, config, s->kind, err);
	if (rc == 0 && !dbbi_list_has(names, "main"))
		rc = dbbi_list_add(names, "main", err);
	return rc;
}

static int
add_section(dbbi_list *list, const dbbi_section *s, const dbbi_list *names,
    dbb_error *err)
{
	const dbbi_key *k;
	size_t i;
	int rc = 0;

	for (k = dbbi_keys; k->section != NULL; k++)
		for (i = 0; strcmp(s->kind, k->section) == 0 && rc == 0 &&
		    i < names->count; i++)
			rc = add_candidate(list, k, names->items[i], err);
	return rc;
}

/* Every variable that could have been meant. */
static int
list_candidates(dbbi_list *list, const dbbi_config *config, dbb_error *err)
{
	const dbbi_section *s;
	dbbi_list names = {0};
	int rc;

	rc = dbbi_list_add(list, PREFIX "CONFIG", err);
	for (s = dbbi_sections; s->kind != NULL && rc == 0; s++) {
		rc = name_sections(&names, config, s, err);
		if (rc == 0)
			rc = add_section(list, s, &names, err);
		dbbi_list_clear(&names);
	}
	return rc;
}

static int
refuse_unknown(const dbbi_config *config, const char *variable,
    dbb_error *err)
{
	dbbi_list known = {0};
	const char *near;
	int rc;

	rc = list_candidates(&known, config, err);
	if (rc == 0) {
		near = dbbi_nearest(variable,
		    (const char *const *)known.items);
		rc = dbbi_error_set(err, DBB_ECONFIG, near != NULL ?
		    "unknown variable; the nearest known one is '%s'" :
		    "unknown variable", near);
		dbbi_error_hint(err, "variables are "
		    "DBB_<SECTION>_<NAME>_<KEY>, as in "
		    "DBB_POSTGRES_MAIN_CONNECTION");
	}
	dbbi_list_clear(&known);
	return rc;
}

/* ---- reading ---- */

/* DBB_PASSWORD and its like are short for the repository's. */
static const char *
whole_name(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(short_names) / sizeof(*short_names); i++)
		if (strcmp(name, short_names[i]) == 0)
			return whole_names[i];
	return name;
}

static int
put_variable(dbbi_config *config, const char *variable, const char *value,
    dbb_error *err)
{
	const char *name = whole_name(variable + strlen(PREFIX));
	char origin[VARIABLE_MAX + 16];
	const dbbi_key *key;
	dbbi_place place;
	int rc;

	if (dbbi_key_check_later_env(name, NULL) < 0)
		return *value != '\0' ?
		    dbbi_key_check_later_env(name, err) : DBB_OK;
	if ((rc = resolve(&place, &key, config, name, err)) < 0)
		return rc;
	if (key == NULL)
		return refuse_unknown(config, variable, err);
	if (*value == '\0')
		return DBB_OK;
	if (dbbi_config_find_at(config, DBBI_LEVEL_ENVIRONMENT, key->section,
	    place.name, key->key) != NULL)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "another variable says the same");
	snprintf(origin, sizeof(origin), "environment %s", variable);
	return dbbi_config_put(config, DBBI_LEVEL_ENVIRONMENT, &place, key,
	    value, origin, err);
}

int
dbbi_config_read_env(dbbi_config *config, const char *const *environment,
    dbb_error *err)
{
	char variable[VARIABLE_MAX];
	size_t n;
	int rc;

	for (; *environment != NULL; environment++) {
		n = strcspn(*environment, "=");
		if ((*environment)[n] == '\0' ||
		    strncmp(*environment, PREFIX, strlen(PREFIX)) != 0 ||
		    strncmp(*environment, PREFIX "CONFIG=", n + 1) == 0)
			continue;
		if (n >= sizeof(variable))
			return dbbi_error_set(err, DBB_ECONFIG, "environment "
			    "%.64s…: unknown variable", *environment);
		memcpy(variable, *environment, n);
		variable[n] = '\0';
		rc = put_variable(config, variable, *environment + n + 1,
		    err);
		if (rc < 0)
			return dbbi_error_context(err, rc, "environment %s",
			    variable);
	}
	return DBB_OK;
}
