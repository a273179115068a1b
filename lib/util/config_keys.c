/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that says which sections and keys there are. A key that is
 * documented for a later version must be refused by name, never ignored:
 * someone would believe that it works.
 */
#include <config.h>

#include "util/config_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX 64		/* more than there are keys in a section */
#define RETENTION_MAX 100000	/* days in 273 years */
#define PART_MIN ((uint64_t)5 << 20)	/* what S3 takes */
#define PART_MAX ((uint64_t)1 << 30)
#define RATE_MIN 1024
#define RATE_MAX ((uint64_t)1 << 40)

const dbbi_section dbbi_sections[] = {
	{ "repository", 0 },
	{ "postgres", 1 },
	{ "qdrant", 1 },
	{ "retention", 0 },
	{ "history", 0 },
	{ NULL, 0 },
};

/* One of the store's, in each of its three ways. */
#define SECRET(key) \
	{ "repository", key, DBBI_KEY_SECRET, NULL, 0, 0, 1 }, \
	{ "repository", key "-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 1 }, \
	{ "repository", key "-command", DBBI_KEY_SECRET_COMMAND, NULL, 0, 0, \
	    1 }

const dbbi_key dbbi_keys[] = {
	{ "repository", "url", DBBI_KEY_URL, NULL, 0, 0, 0 },
	{ "repository", "compression", DBBI_KEY_AUTO, "auto", 0, 19, 0 },
	{ "repository", "verify-write", DBBI_KEY_BOOL, "yes", 0, 0, 0 },
	{ "repository", "password", DBBI_KEY_SECRET, NULL, 0, 0, 0 },
	{ "repository", "password-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 0 },
	{ "repository", "password-command", DBBI_KEY_SECRET_COMMAND, NULL,
	    0, 0, 0 },
	{ "repository", "key-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 0 },
	{ "repository", "endpoint", DBBI_KEY_URL, NULL, 0, 0, 1 },
	{ "repository", "region", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "addressing", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "ca-file", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	SECRET("access-key"),
	SECRET("secret-key"),
	SECRET("session-token"),
	{ "repository", "concurrency", DBBI_KEY_NUMBER, NULL, 1, 64, 1 },
	{ "repository", "part-size", DBBI_KEY_SIZE, NULL, PART_MIN, PART_MAX,
	    1 },
	{ "repository", "bandwidth-up", DBBI_KEY_SIZE, NULL, RATE_MIN,
	    RATE_MAX, 1 },
	{ "repository", "bandwidth-down", DBBI_KEY_SIZE, NULL, RATE_MIN,
	    RATE_MAX, 1 },
	{ "repository", "retry-times", DBBI_KEY_NUMBER, NULL, 0, 1000, 1 },
	{ "repository", "retry-for", DBBI_KEY_NUMBER, NULL, 0, 86400, 1 },
	{ "repository", "storage-class", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "sse", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "sse-key-id", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	SECRET("sse-customer-key"),
	{ "repository", "object-lock", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "object-lock-days", DBBI_KEY_NUMBER, NULL, 1,
	    RETENTION_MAX, 1 },
	{ "repository", "tags", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "requester-pays", DBBI_KEY_BOOL, NULL, 0, 0, 1 },
	{ "repository", "checksum", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "repository", "as-of", DBBI_KEY_TEXT, NULL, 0, 0, 1 },
	{ "postgres", "connection", DBBI_KEY_CONNECTION, NULL, 0, 0, 0 },
	{ "postgres", "databases", DBBI_KEY_TEXT, NULL, 0, 0, 0 },
	{ "postgres", "password", DBBI_KEY_SECRET, NULL, 0, 0, 0 },
	{ "postgres", "password-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 0 },
	{ "postgres", "password-command", DBBI_KEY_SECRET_COMMAND, NULL,
	    0, 0, 0 },
	{ "qdrant", "url", DBBI_KEY_URL, NULL, 0, 0, 0 },
	{ "qdrant", "urls", DBBI_KEY_URL, NULL, 0, 0, 0 },
	{ "qdrant", "api-key", DBBI_KEY_SECRET, NULL, 0, 0, 0 },
	{ "qdrant", "api-key-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 0 },
	{ "qdrant", "api-key-command", DBBI_KEY_SECRET_COMMAND, NULL,
	    0, 0, 0 },
	{ "qdrant", "ca-file", DBBI_KEY_TEXT, NULL, 0, 0, 0 },
	{ "qdrant", "collections", DBBI_KEY_TEXT, "*", 0, 0, 0 },
	{ "qdrant", "method", DBBI_KEY_TEXT, "snapshot", 0, 0, 0 },
	{ "retention", "days", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "retention", "keep-last", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "retention", "daily", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "retention", "weekly", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "retention", "monthly", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "retention", "yearly", DBBI_KEY_NUMBER, NULL, 0, RETENTION_MAX, 0 },
	{ "history", "connection", DBBI_KEY_CONNECTION, NULL, 0, 0, 0 },
	{ "history", "password", DBBI_KEY_SECRET, NULL, 0, 0, 0 },
	{ "history", "password-file", DBBI_KEY_SECRET_FILE, NULL, 0, 0, 0 },
	{ "history", "password-command", DBBI_KEY_SECRET_COMMAND, NULL,
	    0, 0, 0 },
	{ NULL, NULL, DBBI_KEY_TEXT, NULL, 0, 0, 0 },
};

/* For later versions. `key` NULL: the whole section. */
static const struct later {
	const char *section;
	const char *key;
	const char *reason;
} laters[] = {
	{ "neo4j", NULL, "this version does not back up neo4j" },
	{ "rule", NULL, "this version does not check rules" },
	{ "schedule", NULL, "this version has no scheduler" },
	{ "reports", NULL, "this version writes no reports" },
	{ "hook", NULL, "this version runs no hooks" },
	{ "service", NULL, "this version has no service" },
	{ NULL, NULL, NULL },
};

static int
refuse_later(const struct later *later, dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "%s", later->reason);
	dbbi_error_hint(err, "take it out of the configuration, or use a "
	    "version of dbbackup that has it");
	return DBB_ECONFIG;
}

int
dbbi_key_check_later(const char *section, const char *key, dbb_error *err)
{
	const struct later *l;

	for (l = laters; l->section != NULL; l++) {
		if (strcmp(section, l->section) != 0)
			continue;
		if (l->key == NULL ||
		    (key != NULL && strcmp(key, l->key) == 0))
			return refuse_later(l, err);
	}
	return DBB_OK;
}

size_t
dbbi_env_begins(const char *name, const char *word)
{
	size_t i;
	int c;

	for (i = 0; word[i] != '\0'; i++) {
		c = word[i] == '-' || word[i] == '.' ?
		    '_' : toupper((unsigned char)word[i]);
		if (name[i] != c)
			return 0;
	}
	return i;
}

int
dbbi_key_check_later_env(const char *name, dbb_error *err)
{
	const struct later *l;
	const char *key;
	size_t n;

	for (l = laters; l->section != NULL; l++) {
		n = dbbi_env_begins(name, l->section);
		if (n == 0 || name[n] != '_')
			continue;
		if (l->key == NULL)
			return refuse_later(l, err);
		key = name + n + 1;
		n = dbbi_env_begins(key, l->key);
		if (n > 0 && key[n] == '\0')
			return refuse_later(l, err);
	}
	return DBB_OK;
}

const char *
dbbi_place_text(char out[DBBI_PLACE_SIZE], const char *kind,
    const char *name)
{
	if (name == NULL || *name == '\0')
		snprintf(out, DBBI_PLACE_SIZE, "[%s]", kind);
	else
		snprintf(out, DBBI_PLACE_SIZE, "[%s \"%s\"]", kind, name);
	return out;
}

/* The section of `kind`, or NULL with the reason. */
static const dbbi_section *
find_section(const char *kind, dbb_error *err)
{
	const char *names[NAMES_MAX + 1] = {0};
	const char *near;
	const dbbi_section *s;
	size_t n = 0;

	for (s = dbbi_sections; s->kind != NULL; s++) {
		if (strcmp(s->kind, kind) == 0)
			return s;
		if (n < NAMES_MAX)
			names[n++] = s->kind;
	}
	near = dbbi_nearest(kind, names);
	dbbi_error_set(err, DBB_ECONFIG, near != NULL ?
	    "unknown section; the nearest known one is [%s]" :
	    "unknown section", near);
	dbbi_error_hint(err, "sections are [repository], "
	    "[postgres \"NAME\"], [qdrant \"NAME\"], [retention] and "
	    "[history]");
	return NULL;
}

static int
name_is_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n > 0 && n <= DBBI_SOURCE_NAME_MAX && name[n] == '\0';
}

static int
check_name(const dbbi_section *section, const char *name, dbb_error *err)
{
	if (!section->named && *name == '\0')
		return DBB_OK;
	if (!section->named)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "[%s] has no name", section->kind);
	if (*name == '\0')
		return dbbi_error_set(err, DBB_ECONFIG,
		    "it needs a name: [%s \"main\"]", section->kind);
	if (!name_is_valid(name))
		return dbbi_error_set(err, DBB_ECONFIG, "'%.80s' is no name: "
		    "1 to %d letters, digits, '_', '.' and '-'", name,
		    DBBI_SOURCE_NAME_MAX);
	return DBB_OK;
}

/* Cut `text` in two: the kind, and the name without its quotes. */
static int
split_place(char **kind, char **name, char *text, dbb_error *err)
{
	size_t n;

	*kind = text;
	*name = text + strcspn(text, " \t\"");
	if (**name == '\0')
		return DBB_OK;
	if (**name == '"')
		return dbbi_error_set(err, DBB_ECONFIG,
		    "a blank is missing before the name");
	*(*name)++ = '\0';
	*name = dbbi_text_trim(*name);
	n = strlen(*name);
	if (**name != '"')
		return DBB_OK;
	if (n < 2 || (*name)[n - 1] != '"')
		return dbbi_error_set(err, DBB_ECONFIG,
		    "the name's closing quote is missing");
	(*name)[n - 1] = '\0';
	(*name)++;
	if (**name == '\0')
		return dbbi_error_set(err, DBB_ECONFIG, "the name is empty");
	return DBB_OK;
}

int
dbbi_place_parse(dbbi_place *out, const char *text, dbb_error *err)
{
	dbbi_place place = {0};
	char copy[256], *kind, *name;
	int rc;

	if (strlen(text) >= sizeof(copy))
		return dbbi_error_set(err, DBB_ECONFIG,
		    "the section's name is too long");
	strncpy(copy, text, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	rc = split_place(&kind, &name, dbbi_text_trim(copy), err);
	if (rc < 0)
		return rc;
	if ((rc = dbbi_key_check_later(kind, NULL, err)) < 0)
		return rc;
	place.section = find_section(kind, err);
	if (place.section == NULL)
		return DBB_ECONFIG;
	if ((rc = check_name(place.section, name, err)) < 0)
		return rc;
	memcpy(place.name, name, strlen(name) + 1);
	*out = place;
	return DBB_OK;
}

const dbbi_key *
dbbi_key_get(const char *section, const char *key)
{
	const dbbi_key *k;

	for (k = dbbi_keys; k->section != NULL; k++)
		if (strcmp(k->section, section) == 0 &&
		    strcmp(k->key, key) == 0)
			return k;
	return NULL;
}

const dbbi_key *
dbbi_key_find(const dbbi_place *place, const char *key, dbb_error *err)
{
	const char *names[NAMES_MAX + 1] = {0};
	const char *kind = place->section->kind, *near;
	const dbbi_key *k = dbbi_key_get(kind, key);
	size_t n = 0;

	if (k != NULL)
		return k;
	if (dbbi_key_check_later(kind, key, err) < 0)
		return NULL;
	for (k = dbbi_keys; k->section != NULL; k++)
		if (strcmp(k->section, kind) == 0 && n < NAMES_MAX)
			names[n++] = k->key;
	near = dbbi_nearest(key, names);
	if (near != NULL)
		dbbi_error_set(err, DBB_ECONFIG, "unknown key '%.64s'; the "
		    "nearest known one is '%s'", key, near);
	else
		dbbi_error_set(err, DBB_ECONFIG, "unknown key '%.64s'", key);
	dbbi_error_hint(err, "correct the key or take it out");
	return NULL;
}

int
dbbi_key_check(const dbbi_key *key, const char *value, dbb_error *err)
{
	uint64_t number;
	int yes;

	if (key->type == DBBI_KEY_CONNECTION)
		return DBB_OK;
	if (*value == '\0')
		return dbbi_error_set(err, DBB_ECONFIG, "'%s' is empty",
		    key->key);
	if (key->type == DBBI_KEY_AUTO && strcmp(value, "auto") == 0)
		return DBB_OK;
	if ((key->type == DBBI_KEY_NUMBER || key->type == DBBI_KEY_AUTO) &&
	    dbbi_parse_u64(&number, value, key->min, key->max) != 0)
		return dbbi_error_set(err, DBB_ECONFIG, "'%s' is '%.64s' "
		    "and not %sa whole number from %llu to %llu", key->key,
		    value, key->type == DBBI_KEY_AUTO ? "'auto' or " : "",
		    (unsigned long long)key->min,
		    (unsigned long long)key->max);
	if (key->type == DBBI_KEY_SIZE &&
	    dbbi_parse_size(&number, value, key->min, key->max) != 0)
		return dbbi_error_set(err, DBB_ECONFIG, "'%s' is '%.64s' "
		    "and not a size from %llu to %llu, as in '16 MiB'",
		    key->key, value, (unsigned long long)key->min,
		    (unsigned long long)key->max);
	if (key->type == DBBI_KEY_BOOL && dbbi_parse_bool(&yes, value) != 0)
		return dbbi_error_set(err, DBB_ECONFIG, "'%s' is '%.64s' "
		    "and neither yes nor no", key->key, value);
	return DBB_OK;
}
