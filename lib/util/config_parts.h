/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config_parts: what the files of the configuration share. For config*.c
 * alone; everyone else uses config.h.
 *
 *	config_file.c \
 *	config_env.c   > entries of one list > config.c: best origin wins
 *	config_set    /                        config_secret.c likewise
 */
#ifndef DBBI_CONFIG_PARTS_H
#define DBBI_CONFIG_PARTS_H

#include "util/config.h"

/* ---- the table of keys (config_keys.c) ---- */

enum dbbi_key_type {
	DBBI_KEY_TEXT,
	DBBI_KEY_URL,		/* shown without what may be a secret */
	DBBI_KEY_CONNECTION,	/* likewise; may be empty */
	DBBI_KEY_NUMBER,	/* min to max */
	DBBI_KEY_AUTO,		/* the same, or "auto" */
	DBBI_KEY_SIZE,		/* min to max, as dbbi_parse_size */
	DBBI_KEY_BOOL,		/* as dbbi_parse_bool */
	DBBI_KEY_SECRET,	/* never shown; also KEY-file, KEY-command */
	DBBI_KEY_SECRET_FILE,	/* the path of a file that holds one */
	DBBI_KEY_SECRET_COMMAND	/* a command that prints one; never shown */
};

typedef struct dbbi_key {
	const char *section;
	const char *key;
	enum dbbi_key_type type;
	const char *fallback;	/* the default, or NULL */
	uint64_t min, max;	/* of a number */
	int for_store;		/* handed to the repository's store */
} dbbi_key;

typedef struct dbbi_section {
	const char *kind;
	int named;		/* [kind "name"] instead of [kind] */
} dbbi_section;

extern const dbbi_key dbbi_keys[];		/* ended by section NULL */
extern const dbbi_section dbbi_sections[];	/* ended by kind NULL */

#define DBBI_SOURCE_NAME_MAX 64

/* Where a section is: [postgres "main"]; `name` "" where it has none. */
typedef struct dbbi_place {
	const dbbi_section *section;
	char name[DBBI_SOURCE_NAME_MAX + 1];
} dbbi_place;

/* Read `postgres "main"` or `postgres main`: DBB_ECONFIG for sections that
 * are unknown, belong to a later version, or have no right name. */
int dbbi_place_parse(dbbi_place *out, const char *text, dbb_error *err);

/* `[postgres "main"]`, for messages. */
#define DBBI_PLACE_SIZE 128
const char *dbbi_place_text(char out[DBBI_PLACE_SIZE], const char *kind,
    const char *name);

/* The key of that name; NULL, and `err` says what was likely meant. */
const dbbi_key *dbbi_key_find(const dbbi_place *place, const char *key,
    dbb_error *err);

/* No error, just NULL. */
const dbbi_key *dbbi_key_get(const char *section, const char *key);

/* May the key have this value? DBB_ECONFIG; secrets are not repeated. */
int dbbi_key_check(const dbbi_key *key, const char *value, dbb_error *err);

/* Fails with the reason when `section` (and `key`, unless NULL), written as
 * in the file, is for a later version of the library; else DBB_OK. */
int dbbi_key_check_later(const char *section, const char *key,
    dbb_error *err);

/* The same for the variable DBB_<name>, "NEO4J_GRAPH_URL". */
int dbbi_key_check_later_env(const char *name, dbb_error *err);

/* How long `word` is when `name` begins with it, spelled as in a variable
 * (upper case, '-' and '.' as '_'); else 0. */
size_t dbbi_env_begins(const char *name, const char *word);

/* ---- entries (config.c) ---- */

/* Whence an entry came, the strongest first. */
enum dbbi_level {
	DBBI_LEVEL_PROGRAM,
	DBBI_LEVEL_ENVIRONMENT,
	DBBI_LEVEL_FILE,
	DBBI_LEVEL_USUAL	/* POSTGRES_HOST and the like */
};

typedef struct dbbi_entry {
	const dbbi_section *section;
	const dbbi_key *key;	/* NULL: says only that the section exists */
	char *name;		/* of the section, or "" */
	char *value;
	char *origin;
	enum dbbi_level level;
} dbbi_entry;

struct dbbi_config {
	dbbi_entry *entries;
	size_t count;
	char *file;		/* what was read, or NULL */
	dbbi_list warnings;
};

/* Add what was read, when the key may have that value. `key` NULL only
 * declares the section. */
int dbbi_config_put(dbbi_config *config, enum dbbi_level level,
    const dbbi_place *place, const dbbi_key *key, const char *value,
    const char *origin, dbb_error *err);

/* The strongest entry of that key, or NULL. */
const dbbi_entry *dbbi_config_find(const dbbi_config *config,
    const char *section, const char *name, const char *key);

/* The entry of that key and level, or NULL. */
const dbbi_entry *dbbi_config_find_at(const dbbi_config *config,
    enum dbbi_level level, const char *section, const char *name,
    const char *key);

/* Do POSTGRES_HOST and the like count (of `kind` "postgres"; of "qdrant",
 * QDRANT_URL)? Only when no section of that kind is named elsewhere, or just
 * "main" without a word on how to connect. For other kinds always. */
int dbbi_config_usual_apply(const dbbi_config *config, const char *kind);

/* Add one sentence to the warnings; `text` is taken over and freed. */
int dbbi_config_warn(dbbi_config *config, char *text, dbb_error *err);

/* ---- readers ---- */

/* The INI file (config_file.c). */
int dbbi_config_read_file(dbbi_config *config, const char *path,
    dbb_error *err);

/* The environment (config_env.c): DBB_… first, once the file is read. */
int dbbi_config_read_env(dbbi_config *config, const char *const *environment,
    dbb_error *err);

/* The usual names (config_usual.c): POSTGRES_…, PG…, and warnings for those
 * that this version does not use. */
int dbbi_config_read_usual(dbbi_config *config,
    const char *const *environment, dbb_error *err);

/* One of them: `value` (NULL: not set) of `variable`, for the key of the
 * section `where`, "postgres main". */
int dbbi_config_put_usual(dbbi_config *config, const char *where,
    const char *key, const char *value, const char *variable,
    dbb_error *err);

/* A port out of such a variable; NULL: not set, or what Kubernetes sets for a
 * service of the name: POSTGRES_PORT=tcp://10.0.0.1:5432, no port of ours. */
int dbbi_config_usual_port(const char **out, dbbi_config *config,
    const char *const *environment, const char *variable, dbb_error *err);

/* QDRANT_… (config_usual_qdrant.c). */
int dbbi_config_read_usual_qdrant(dbbi_config *config,
    const char *const *environment, dbb_error *err);

/* ---- secrets (config_secret.c, config_mask.c) ---- */

/* One secret given in two ways at one level is DBB_ECONFIG; files that hold
 * one and that others may read are warned of. */
int dbbi_config_check_secrets(dbbi_config *config, dbb_error *err);

/* The connection string or URL without what is or may be a secret; the
 * whole is "(hidden)" when in doubt. To free(3); NULL: out of memory. */
char *dbbi_mask_connection(const char *connection);
char *dbbi_mask_url(const char *url);

#endif
