/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: the configuration, from an INI file (libinih), the environment and
 * dbb_context_set, checked against one table of known keys.
 *
 * Which keys there are is said in config_keys.c and nowhere else: section,
 * key, type (text, list, number with range, boolean, url, secret), default,
 * the environment's names for it. Unknown sections and keys are DBB_ECONFIG
 * and the message names file and line, and the nearest known one.
 *
 * Precedence: dbb_context_set, then DBB_<SECTION>_<NAME>_<KEY>, then the
 * file, then the usual names (POSTGRES_*, …), then the default. Where no
 * postgres section exists anywhere, POSTGRES_HOST, POSTGRES_DB (or PGHOST,
 * PGSERVICE, PGDATABASE) declare one named "main"; where "main" is all there
 * is and nothing says how to connect to it, they say it. QDRANT_URL and
 * QDRANT_HOST do the same for [qdrant "main"]. A variable that is empty
 * counts as not set.
 */
#ifndef DBBI_CONFIG_H
#define DBBI_CONFIG_H

#include "util/json.h"
#include "util/text.h"

typedef struct dbbi_config dbbi_config;

/* An empty configuration; dbbi_config_set may come before the load. */
int dbbi_config_new(dbbi_config **out, dbb_error *err);
void dbbi_config_free(dbbi_config *config);

/* As dbb_context_set and dbb_context_load say. */
int dbbi_config_set(dbbi_config *config, const char *section,
    const char *key, const char *value, dbb_error *err);
int dbbi_config_load(dbbi_config *config, const char *file,
    const char *const *environment, dbb_error *err);

/* A value, from wherever it comes, or its default; NULL when it has none.
 * `section` is a kind ("postgres"), `name` NULL for sections without one.
 * Borrowed until the configuration changes. Never used for secrets. */
const char *dbbi_config_get(const dbbi_config *config, const char *section,
    const char *name, const char *key);

/* The value's origin for people: "dbbackup.conf:12", "environment
 * POSTGRES_HOST", "program", "default". Borrowed likewise. */
const char *dbbi_config_origin(const dbbi_config *config,
    const char *section, const char *name, const char *key);

/* The names of the sections of one kind, in order of appearance. */
int dbbi_config_names(dbbi_list *out, const dbbi_config *config,
    const char *section, dbb_error *err);

/* A variable in an environment; NULL when it is not set or empty. */
const char *dbbi_env_get(const char *const *environment, const char *name);

/*
 * Fetch a secret: `key` itself, or `key`-file's content (one line end cut),
 * or `key`-command's standard output (run by `run`, see below). NULL when
 * none is configured. `*out` is the caller's: dbbi_secret_free, which wipes
 * it. A file that others may read is accepted with a logged warning; one
 * that is missing or empty is DBB_ECONFIG.
 *
 * util may not start processes, so the caller says how a command is run.
 */
typedef int (*dbbi_command_fn)(char **out, const char *command,
    void *payload, dbb_error *err);
int dbbi_config_secret(char **out, const dbbi_config *config,
    const char *section, const char *name, const char *key,
    dbbi_command_fn run, void *payload, dbb_error *err);
void dbbi_secret_free(char *secret);

/* A file's content likewise: DBB_ECONFIG when it is missing or empty. */
int dbbi_secret_read(char **out, const char *path, dbb_error *err);

/* What is configured for the repository's store, as "key=value" strings; of
 * a secret, the one way in which it is given. Release and wipe it with
 * dbbi_config_settings_clear. */
int dbbi_config_settings(dbbi_list *out, const dbbi_config *config,
    dbb_error *err);
void dbbi_config_settings_clear(dbbi_list *settings);

/* What the last load found worth saying: variables that are set and not
 * used, files with secrets that others may read. Borrowed until the next
 * load; without secrets. */
const dbbi_list *dbbi_config_warnings(const dbbi_config *config);

/* Every key with value and origin, secrets hidden: the "keys" and "file" of
 * dbb_config_show. */
int dbbi_config_describe(dbbi_json **out, const dbbi_config *config,
    dbb_error *err);

#endif
