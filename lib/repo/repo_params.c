/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/repo_params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/entry.h"
#include "util/bytes.h"

#define OBJECT "repository.json"
#define OBJECT_LIMIT (1u << 20)
#define FORMAT 1
#define OPEN "none"
#define SEALED "aes-256-gcm"
#define MOST_GRACE_S (366u * 24 * 3600)

/* ---- the id ---- */

static int
grace_valid(uint64_t grace_s)
{
	return grace_s >= 1 && grace_s <= MOST_GRACE_S;
}

/* The id is a digest of what must never change, so that a flipped bit in
 * the parameters is found. The seed makes it unique. */
int
dbbi_repo_params_id(char out[DBBI_REPO_ID_SIZE],
    const dbbi_repo_params *params, dbb_error *err)
{
	const dbbi_chunker_params *c = &params->chunker;
	char seed[2 * DBBI_SEED_SIZE + 1], key[2 * DBBI_KEY_SIZE + 1];
	uint8_t digest[DBBI_SHA256_SIZE];
	char text[384];
	int n, rc;

	if (!dbbi_chunker_params_valid(c) || !grace_valid(params->grace_s))
		return dbbi_error_set(err, DBB_EINVAL,
		    "these parameters are not possible");
	dbbi_hex_encode(seed, c->seed, sizeof c->seed);
	dbbi_hex_encode(key, params->public_key, sizeof params->public_key);
	n = snprintf(text, sizeof text, "gear64 %s %u %u %u %s%s%s %u %s", seed,
	    c->min_bytes, c->average_bytes, c->max_bytes,
	    params->sealed ? SEALED : OPEN, params->sealed ? " " : "",
	    params->sealed ? key : "", params->grace_s, params->created_at);
	rc = dbbi_sha256_of(digest, text, (size_t)n, err);
	if (rc == 0)
		dbbi_hex_encode(out, digest, (DBBI_REPO_ID_SIZE - 1) / 2);
	return rc;
}

/* ---- write ---- */

static dbbi_json *
describe_chunker(const dbbi_chunker_params *p)
{
	dbbi_json *chunker = dbbi_json_new_object();
	char seed[2 * DBBI_SEED_SIZE + 1];

	dbbi_hex_encode(seed, p->seed, sizeof p->seed);
	if (dbbi_json_set_string(chunker, "algorithm", "gear64") < 0 ||
	    dbbi_json_set_string(chunker, "seed", seed) < 0 ||
	    dbbi_json_set_u64(chunker, "min_bytes", p->min_bytes) < 0 ||
	    dbbi_json_set_u64(chunker, "average_bytes",
	    p->average_bytes) < 0 ||
	    dbbi_json_set_u64(chunker, "max_bytes", p->max_bytes) < 0) {
		dbbi_json_free(chunker);
		return NULL;
	}
	return chunker;
}

static int
describe_cipher(dbbi_json *json, const dbbi_repo_params *params)
{
	char key[2 * DBBI_KEY_SIZE + 1];

	if (!params->sealed)
		return dbbi_json_set_string(json, "cipher", OPEN);
	dbbi_hex_encode(key, params->public_key, sizeof params->public_key);
	if (dbbi_json_set_string(json, "cipher", SEALED) < 0)
		return -1;
	return dbbi_json_set_string(json, "public_key", key);
}

static int
describe(dbbi_json **out, const dbbi_repo_params *params, const char *id,
    dbb_error *err)
{
	dbbi_json *json = dbbi_json_new_object();
	dbbi_json *compression = dbbi_json_new_object();
	int rc;

	rc = dbbi_json_set_string(compression, "algorithm", "zstd");
	if (dbbi_json_set(json, "compression", compression) < 0 || rc < 0 ||
	    dbbi_json_set_u64(json, "format", FORMAT) < 0 ||
	    dbbi_json_set_string(json, "id", id) < 0 ||
	    dbbi_json_set_string(json, "created_at", params->created_at) < 0 ||
	    dbbi_json_set(json, "chunker",
	    describe_chunker(&params->chunker)) < 0 ||
	    dbbi_json_set_u64(json, "grace_s", params->grace_s) < 0 ||
	    describe_cipher(json, params) < 0) {
		dbbi_json_free(json);
		return dbbi_error_nomem(err);
	}
	*out = json;
	return 0;
}

static int
there_is_one(dbb_error *err)
{
	return dbbi_error_set(err, DBB_EEXIST,
	    "there is a repository already");
}

int
dbbi_repo_params_absent(dbbi_store *store, dbb_error *err)
{
	dbb_object stat = { .size = sizeof stat };
	int rc = dbbi_store_stat(&stat, store, OBJECT, err);

	if (rc == DBB_ENOTFOUND)
		return 0;
	return rc == 0 ? there_is_one(err) : rc;
}

int
dbbi_repo_params_write(dbbi_store *store, const dbbi_repo_params *params,
    dbb_error *err)
{
	dbbi_json *json = NULL;
	char id[DBBI_REPO_ID_SIZE];
	const char *text;
	int rc;

	if ((rc = dbbi_repo_params_id(id, params, err)) < 0 ||
	    (rc = describe(&json, params, id, err)) < 0)
		return rc;
	if ((text = dbbi_json_text(json)) == NULL)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_store_write(store, OBJECT, text, strlen(text), 0,
		    err);
	if (rc == DBB_EEXIST)
		there_is_one(err);
	dbbi_json_free(json);
	return rc;
}

/* ---- read ---- */

static int
newer(dbb_error *err, const char *what, const char *value)
{
	dbbi_error_set(err, DBB_EVERSION, "its %s is '%s', which this version "
	    "does not know", what, value == NULL ? "" : value);
	dbbi_error_hint(err, "a newer libdbbackup made it: update this one");
	return DBB_EVERSION;
}

static int
check_format(const dbbi_json *json, dbb_error *err)
{
	uint64_t format;
	char text[32];

	if (dbbi_json_u64(&format, json, "format") < 0 || format == 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not say its format");
	if (format > FORMAT) {
		snprintf(text, sizeof text, "%llu",
		    (unsigned long long)format);
		return newer(err, "format", text);
	}
	return 0;
}

/* Is the word at object/key the one that we know? */
static int
check_word(const dbbi_json *object, const char *key, const char *known,
    const char *what, dbb_error *err)
{
	const char *word = dbbi_json_string(object, key);

	if (word == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not say its %s", what);
	return strcmp(word, known) == 0 ? 0 : newer(err, what, word);
}

static int
get_cipher(dbbi_repo_params *params, const dbbi_json *json, dbb_error *err)
{
	const char *word = dbbi_json_string(json, "cipher");
	const char *key = dbbi_json_string(json, "public_key");

	params->sealed = word != NULL && strcmp(word, SEALED) == 0;
	if (!params->sealed)
		return check_word(json, "cipher", OPEN, "cipher", err);
	if (key == NULL || dbbi_hex_decode(params->public_key,
	    sizeof params->public_key, key) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not say its public key");
	return 0;
}

static int
get_size(uint32_t *out, const dbbi_json *object, const char *key)
{
	uint64_t n;

	if (dbbi_json_u64(&n, object, key) < 0 || n > DBBI_CHUNK_LIMIT)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int
get_chunker(dbbi_chunker_params *out, const dbbi_json *chunker)
{
	const char *seed = dbbi_json_string(chunker, "seed");

	if (seed == NULL ||
	    dbbi_hex_decode(out->seed, sizeof out->seed, seed) < 0 ||
	    get_size(&out->min_bytes, chunker, "min_bytes") < 0 ||
	    get_size(&out->average_bytes, chunker, "average_bytes") < 0 ||
	    get_size(&out->max_bytes, chunker, "max_bytes") < 0 ||
	    !dbbi_chunker_params_valid(out))
		return -1;
	return 0;
}

/* Its words, each of which may be a newer version's. */
static int
check_words(dbbi_repo_params *out, const dbbi_json *json, dbb_error *err)
{
	const dbbi_json *chunker = dbbi_json_object(json, "chunker");
	const dbbi_json *compression = dbbi_json_object(json, "compression");
	int rc;

	if ((rc = check_format(json, err)) < 0)
		return rc;
	if (chunker == NULL || compression == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it lacks a chunker or a compression");
	if ((rc = get_cipher(out, json, err)) < 0 ||
	    (rc = check_word(chunker, "algorithm", "gear64", "chunker",
	    err)) < 0)
		return rc;
	return check_word(compression, "algorithm", "zstd", "compression",
	    err);
}

static int
get_time(char out[DBBI_TIME_SIZE], const dbbi_json *json)
{
	const char *text = dbbi_json_string(json, "created_at");

	if (text == NULL || strlen(text) >= DBBI_TIME_SIZE)
		return -1;
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int
parse(dbbi_repo_params *out, char id[DBBI_REPO_ID_SIZE],
    const dbbi_json *json, dbb_error *err)
{
	const char *told = dbbi_json_string(json, "id");
	uint64_t grace_s;
	int rc;

	memset(out, 0, sizeof *out);
	if ((rc = check_words(out, json, err)) < 0)
		return rc;
	if (get_chunker(&out->chunker, dbbi_json_object(json,
	    "chunker")) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its chunker's parameters are not possible");
	if (dbbi_json_u64(&grace_s, json, "grace_s") < 0 ||
	    !grace_valid(grace_s))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its time of grace is not possible");
	out->grace_s = (uint32_t)grace_s;
	if (get_time(out->created_at, json) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not say when it was made");
	if ((rc = dbbi_repo_params_id(id, out, err)) < 0)
		return rc;
	if (told == NULL || strcmp(told, id) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its id and its parameters do not fit");
	return 0;
}

int
dbbi_repo_params_read(dbbi_repo_params *out, char id[DBBI_REPO_ID_SIZE],
    dbbi_store *store, dbb_error *err)
{
	uint8_t *data = NULL;
	dbbi_json *json = NULL;
	size_t size;
	int rc;

	rc = dbbi_store_load(&data, &size, store, OBJECT, OBJECT_LIMIT, err);
	if (rc == DBB_ENOTFOUND) {
		rc = dbbi_error_set(err, DBB_ENOREPO, "there is none at '%s'",
		    dbbi_store_url(store));
		dbbi_error_hint(err, "check the URL, or run 'dbb-backup "
		    "init' to make a repository there");
	}
	if (rc < 0)
		return rc;
	rc = dbbi_json_parse(&json, (const char *)data, size, err);
	if (rc == 0)
		rc = parse(out, id, json, err);
	dbbi_error_context(err, rc, "'%s'", OBJECT);
	if (rc == DBB_EDAMAGED)
		dbbi_error_hint(err, "bring '%s' back from a copy of the "
		    "store; backups themselves are not harmed by this",
		    OBJECT);
	dbbi_json_free(json);
	free(data);
	return rc;
}
