/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/config_parts.h"

#define SECRET_MAX 65536	/* bytes in a file */
#define WAYS 3			/* KEY, KEY-file, KEY-command */
#define KEY_SIZE 64		/* longer than any key */

static const char *const endings[WAYS] = { "", "-file", "-command" };

/* The strongest of the ways in which a secret is given; `*out` NULL: none. */
static int
choose_way(const dbbi_entry **out, const dbbi_config *config,
    const char *section, const char *name, const char *key, dbb_error *err)
{
	const dbbi_entry *found, *best = NULL;
	char text[DBBI_PLACE_SIZE], way[KEY_SIZE];
	size_t i;

	for (i = 0; i < WAYS; i++) {
		snprintf(way, sizeof(way), "%s%s", key, endings[i]);
		found = dbbi_config_find(config, section, name, way);
		if (found == NULL ||
		    (best != NULL && found->level > best->level))
			continue;
		if (best != NULL && found->level == best->level)
			return dbbi_error_set(err, DBB_ECONFIG,
			    "%s: both '%s' (%s) and '%s' (%s) are given",
			    dbbi_place_text(text, section, name),
			    best->key->key, best->origin, way, found->origin);
		best = found;
	}
	*out = best;
	return DBB_OK;
}

/* Is it one way of giving a secret? Then `base` is the secret's own key.
 * 'key-file' is none: it is a file, and nothing else. */
static int
is_way(char base[KEY_SIZE], const dbbi_key *key)
{
	size_t i, n, end;

	if (key->type != DBBI_KEY_SECRET &&
	    key->type != DBBI_KEY_SECRET_FILE &&
	    key->type != DBBI_KEY_SECRET_COMMAND)
		return 0;
	n = strlen(key->key);
	for (i = WAYS; i-- > 0; ) {
		end = strlen(endings[i]);
		if (n > end && n - end < KEY_SIZE &&
		    strcmp(key->key + n - end, endings[i]) == 0)
			break;
	}
	memcpy(base, key->key, n - end);
	base[n - end] = '\0';
	return dbbi_key_get(key->section, base) != NULL;
}

/* ---- checking ---- */

static int
others_may_read(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IROTH) != 0;
}

/* Does this entry put a secret into the configuration file itself? */
static int
is_secret_in_file(const dbbi_entry *entry)
{
	char *shown;
	int differs;

	if (entry->level != DBBI_LEVEL_FILE || entry->key == NULL)
		return 0;
	if (entry->key->type == DBBI_KEY_SECRET)
		return 1;
	if (entry->key->type != DBBI_KEY_CONNECTION)
		return 0;
	shown = dbbi_mask_connection(entry->value);
	differs = shown != NULL && strstr(shown, "***") != NULL;
	free(shown);
	return differs;
}

static int
warn_of_files(dbbi_config *config, dbb_error *err)
{
	const dbbi_entry *e;
	int rc = 0, in_file = 0;
	size_t i;

	for (i = 0; i < config->count && rc == 0; i++) {
		e = &config->entries[i];
		in_file |= is_secret_in_file(e);
		if (e->key != NULL && e->key->type == DBBI_KEY_SECRET_FILE &&
		    others_may_read(e->value))
			rc = dbbi_config_warn(config, dbbi_text_format(
			    "'%s' (%s) holds a %s and everyone on this "
			    "machine may read it", e->value, e->origin, strcmp(
			    e->key->key, "password-file") == 0 ? "password" :
			    "key"), err);
	}
	if (rc == 0 && in_file && others_may_read(config->file))
		rc = dbbi_config_warn(config, dbbi_text_format(
		    "'%s' holds a password and everyone on this machine may "
		    "read it", config->file), err);
	return rc;
}

static int
check_ways(const dbbi_config *config, dbb_error *err)
{
	const dbbi_entry *e, *way;
	char base[KEY_SIZE];
	size_t i;
	int rc;

	for (i = 0; i < config->count; i++) {
		e = &config->entries[i];
		if (e->key == NULL || !is_way(base, e->key))
			continue;
		rc = choose_way(&way, config, e->section->kind, e->name,
		    base, err);
		if (rc < 0)
			return rc;
	}
	return DBB_OK;
}

/* One of them opens the repository: which is meant must be clear. */
static int
check_repository(const dbbi_config *config, dbb_error *err)
{
	const dbbi_entry *file, *way;
	int rc;

	rc = choose_way(&way, config, "repository", NULL, "password", err);
	file = dbbi_config_find(config, "repository", NULL, "key-file");
	if (rc < 0 || way == NULL || file == NULL)
		return rc;
	dbbi_error_set(err, DBB_ECONFIG, "[repository]: both 'key-file' (%s) "
	    "and '%s' (%s) are given", file->origin, way->key->key,
	    way->origin);
	dbbi_error_hint(err, "'key-file' is for a machine that only writes; "
	    "take one of the two out");
	return DBB_ECONFIG;
}

/* A password for which nothing says where it is to be used. */
static int
warn_of_idle(dbbi_config *config, dbb_error *err)
{
	const dbbi_entry *way;
	int rc;

	rc = choose_way(&way, config, "history", NULL, "password", err);
	if (rc < 0 || way == NULL ||
	    dbbi_config_find(config, "history", NULL, "connection") != NULL)
		return rc;
	return dbbi_config_warn(config, dbbi_text_format("[history]: '%s' "
	    "(%s) is not used, because there is no 'connection'",
	    way->key->key, way->origin), err);
}

int
dbbi_config_check_secrets(dbbi_config *config, dbb_error *err)
{
	int rc;

	if ((rc = check_ways(config, err)) < 0 ||
	    (rc = check_repository(config, err)) < 0)
		return rc;
	if ((rc = warn_of_idle(config, err)) < 0)
		return rc;
	return warn_of_files(config, err);
}

/* ---- fetching ---- */

void
dbbi_secret_free(char *secret)
{
	if (secret != NULL)
		dbbi_wipe(secret, strlen(secret));
	free(secret);
}

/* Cut one line end. What is left must be something. */
static int
finish_secret(char *secret, size_t size, dbb_error *err)
{
	if (strlen(secret) != size)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "it holds a NUL byte and cannot be a password");
	if (size > 0 && secret[size - 1] == '\n')
		secret[--size] = '\0';
	if (size > 0 && secret[size - 1] == '\r')
		secret[--size] = '\0';
	if (size == 0)
		return dbbi_error_set(err, DBB_ECONFIG, "it is empty");
	return DBB_OK;
}

/* Everything there is to read, up to the buffer's size. */
static int
read_all(size_t *got, int fd, char *buffer, size_t size, dbb_error *err)
{
	ssize_t n;

	*got = 0;
	while (*got < size) {
		n = read(fd, buffer + *got, size - *got);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return dbbi_error_errno(err, errno, "reading");
		*got += (size_t)n;
	}
	return DBB_OK;
}

int
dbbi_secret_read(char **out, const char *path, dbb_error *err)
{
	char *buffer = NULL;
	size_t size = 0;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		dbbi_error_errno(err, errno, "opening");
		return DBB_ECONFIG;
	}
	buffer = calloc(1, SECRET_MAX + 2);
	if (buffer == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	rc = read_all(&size, fd, buffer, SECRET_MAX + 1, err);
	if (rc == 0 && size > SECRET_MAX)
		rc = dbbi_error_set(err, DBB_ECONFIG,
		    "it is larger than %d bytes", SECRET_MAX);
	if (rc == 0)
		rc = finish_secret(buffer, size, err);
	if (rc == 0 && (*out = dbbi_text_dup(buffer)) == NULL)
		rc = dbbi_error_nomem(err);
done:
	dbbi_wipe(buffer, SECRET_MAX + 2);
	free(buffer);
	close(fd);
	return rc < 0 && rc != DBB_ENOMEM ? DBB_ECONFIG : rc;
}

static int
run_secret(char **out, const char *command, dbbi_command_fn run,
    void *payload, dbb_error *err)
{
	char *secret = NULL;
	int rc;

	if (run == NULL)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "commands are not run here");
	if ((rc = run(&secret, command, payload, err)) < 0)
		return rc;
	rc = finish_secret(secret, strlen(secret), err);
	if (rc < 0) {
		dbbi_secret_free(secret);
		return rc;
	}
	*out = secret;
	return DBB_OK;
}

int
dbbi_config_secret(char **out, const dbbi_config *config,
    const char *section, const char *name, const char *key,
    dbbi_command_fn run, void *payload, dbb_error *err)
{
	const dbbi_entry *way;
	char *secret = NULL;
	int rc;

	if ((rc = choose_way(&way, config, section, name, key, err)) < 0)
		return rc;
	if (way != NULL && way->key->type == DBBI_KEY_SECRET) {
		if ((secret = dbbi_text_dup(way->value)) == NULL)
			rc = dbbi_error_nomem(err);
	} else if (way != NULL && way->key->type == DBBI_KEY_SECRET_FILE) {
		rc = dbbi_secret_read(&secret, way->value, err);
		rc = dbbi_error_context(err, rc, "'%s' '%s' (%s)",
		    way->key->key, way->value, way->origin);
	} else if (way != NULL) {
		rc = run_secret(&secret, way->value, run, payload, err);
		rc = dbbi_error_context(err, rc, "'%s' (%s)", way->key->key,
		    way->origin);
	}
	if (rc == 0)
		*out = secret;
	return rc;
}

/* ---- what the store is to know ---- */

/* The value of `key` for the store; NULL when there is none, or when it is
 * a secret that is given in another way. */
static int
find_setting(const char **out, const dbbi_config *config,
    const dbbi_key *key, dbb_error *err)
{
	const dbbi_entry *found;
	char base[KEY_SIZE];
	int rc = DBB_OK;

	if (is_way(base, key))
		rc = choose_way(&found, config, key->section, NULL, base,
		    err);
	else
		found = dbbi_config_find(config, key->section, NULL,
		    key->key);
	if (rc == DBB_OK)
		*out = found != NULL && found->key == key ? found->value :
		    key->fallback;
	return rc;
}

static int
add_setting(dbbi_list *out, const char *key, const char *value,
    dbb_error *err)
{
	char *text = dbbi_text_format("%s=%s", key, value);
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_list_add(out, text, err);
	dbbi_secret_free(text);
	return rc;
}

int
dbbi_config_settings(dbbi_list *out, const dbbi_config *config,
    dbb_error *err)
{
	dbbi_list settings = {0};
	const char *value = NULL;
	const dbbi_key *key;
	int rc = DBB_OK;

	for (key = dbbi_keys; rc == DBB_OK && key->section != NULL; key++) {
		if (!key->for_store)
			continue;
		rc = find_setting(&value, config, key, err);
		if (rc == DBB_OK && value != NULL)
			rc = add_setting(&settings, key->key, value, err);
	}
	if (rc < 0)
		dbbi_config_settings_clear(&settings);
	else
		*out = settings;
	return rc;
}

void
dbbi_config_settings_clear(dbbi_list *settings)
{
	size_t i;

	for (i = 0; i < settings->count; i++)
		dbbi_wipe(settings->items[i], strlen(settings->items[i]));
	dbbi_list_clear(settings);
}
