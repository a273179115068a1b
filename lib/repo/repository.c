/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/repository.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/pack_list.h"
#include "util/clock.h"
#include "util/random.h"

#define OBJECT "repository.json"
#define OBJECT_LIMIT (1u << 20)
#define FORMAT 1

/*
 * Pieces. Measured on pg_dump's output with every hundredth row changed
 * (doc/format.md has the figures): the smaller they are the less is stored
 * again, and the more is remembered of each.
 */
#define MIN_BYTES (2u << 10)
#define AVERAGE_BYTES (8u << 10)
#define MAX_BYTES (32u << 10)

#define MOST_GRACE_S (366u * 24 * 3600)

/* The id is a digest of what must never change, so that a flipped bit in
 * the parameters is found. The seed makes it unique. */
static int
derive_id(char out[DBBI_REPO_ID_SIZE], const dbbi_chunker_params *p,
    uint32_t grace_s, const char *created_at, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	char seed[2 * DBBI_SEED_SIZE + 1], text[256];
	int n, rc;

	dbbi_hex_encode(seed, p->seed, sizeof p->seed);
	n = snprintf(text, sizeof text, "gear64 %s %u %u %u none %u %.*s",
	    seed, p->min_bytes, p->average_bytes, p->max_bytes, grace_s,
	    DBBI_TIME_SIZE, created_at);
	rc = dbbi_sha256_of(digest, text, (size_t)n, err);
	if (rc == 0)
		dbbi_hex_encode(out, digest, (DBBI_REPO_ID_SIZE - 1) / 2);
	return rc;
}

static int
grace_valid(uint64_t grace_s)
{
	return grace_s >= 1 && grace_s <= MOST_GRACE_S;
}

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
describe(dbbi_json **out, const dbbi_repo_params *params, const char *id,
    const char *created_at, dbb_error *err)
{
	dbbi_json *json = dbbi_json_new_object();
	dbbi_json *compression = dbbi_json_new_object();
	int rc;

	rc = dbbi_json_set_string(compression, "algorithm", "zstd");
	if (dbbi_json_set(json, "compression", compression) < 0 || rc < 0 ||
	    dbbi_json_set_u64(json, "format", FORMAT) < 0 ||
	    dbbi_json_set_string(json, "id", id) < 0 ||
	    dbbi_json_set_string(json, "created_at", created_at) < 0 ||
	    dbbi_json_set(json, "chunker",
	    describe_chunker(&params->chunker)) < 0 ||
	    dbbi_json_set_u64(json, "grace_s", params->grace_s) < 0 ||
	    dbbi_json_set_string(json, "cipher", "none") < 0) {
		dbbi_json_free(json);
		return dbbi_error_nomem(err);
	}
	*out = json;
	return 0;
}

int
dbbi_repo_create_with(dbbi_store *store, const dbbi_repo_params *params,
    dbb_error *err)
{
	dbbi_json *json = NULL;
	char id[DBBI_REPO_ID_SIZE], now[DBBI_TIME_SIZE];
	const char *text;
	int rc;

	if (!dbbi_chunker_params_valid(&params->chunker) ||
	    !grace_valid(params->grace_s))
		return dbbi_error_set(err, DBB_EINVAL,
		    "these parameters are not possible");
	dbbi_time_rfc3339(now, dbbi_now_ms());
	if ((rc = derive_id(id, &params->chunker, params->grace_s, now,
	    err)) < 0 ||
	    (rc = describe(&json, params, id, now, err)) < 0)
		goto done;
	if ((text = dbbi_json_text(json)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	rc = dbbi_store_write(store, OBJECT, text, strlen(text), 0, err);
	if (rc == DBB_EEXIST)
		dbbi_error_set(err, rc, "there is a repository already");
done:
	dbbi_json_free(json);
	return dbbi_error_context(err, rc, "making a repository in '%s'",
	    dbbi_store_url(store));
}

int
dbbi_repo_create(dbbi_store *store, dbb_error *err)
{
	dbbi_repo_params params = {
		.chunker = {
			.min_bytes = MIN_BYTES,
			.average_bytes = AVERAGE_BYTES,
			.max_bytes = MAX_BYTES,
		},
		.grace_s = DBBI_GRACE_S,
	};
	uint8_t *seed = params.chunker.seed;
	int rc;

	rc = dbbi_random(seed, sizeof params.chunker.seed, err);
	if (rc < 0)
		return rc;
	return dbbi_repo_create_with(store, &params, err);
}

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
get_size(uint32_t *out, const dbbi_json *object, const char *key)
{
	uint64_t n;

	if (dbbi_json_u64(&n, object, key) < 0 || n > DBBI_CHUNK_LIMIT)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int
get_params(dbbi_chunker_params *out, const dbbi_json *chunker)
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

static int
parse(dbbi_repo *repo, const dbbi_json *json, dbb_error *err)
{
	const dbbi_json *chunker = dbbi_json_object(json, "chunker");
	const dbbi_json *compression = dbbi_json_object(json, "compression");
	const char *id = dbbi_json_string(json, "id");
	const char *created_at = dbbi_json_string(json, "created_at");
	uint64_t grace_s;
	int rc;

	if ((rc = check_format(json, err)) < 0)
		return rc;
	if (chunker == NULL || compression == NULL || id == NULL ||
	    created_at == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "it lacks a chunker, "
		    "a compression, an id or the time it was made");
	if ((rc = check_word(json, "cipher", "none", "cipher", err)) < 0 ||
	    (rc = check_word(chunker, "algorithm", "gear64", "chunker",
	    err)) < 0 ||
	    (rc = check_word(compression, "algorithm", "zstd", "compression",
	    err)) < 0)
		return rc;
	if (get_params(&repo->params, chunker) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its chunker's parameters are not possible");
	if (dbbi_json_u64(&grace_s, json, "grace_s") < 0 ||
	    !grace_valid(grace_s))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its time of grace is not possible");
	repo->grace_s = (uint32_t)grace_s;
	rc = derive_id(repo->id, &repo->params, repo->grace_s, created_at,
	    err);
	if (rc < 0)
		return rc;
	if (strcmp(id, repo->id) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its id and its parameters do not fit");
	return dbbi_chunker_init(&repo->chunker, &repo->params, err);
}

static int
read_parameters(dbbi_repo *repo, dbb_error *err)
{
	uint8_t *data = NULL;
	dbbi_json *json = NULL;
	size_t size;
	int rc;

	rc = dbbi_store_load(&data, &size, repo->store, OBJECT, OBJECT_LIMIT,
	    err);
	if (rc == DBB_ENOTFOUND) {
		rc = dbbi_error_set(err, DBB_ENOREPO, "there is none at '%s'",
		    dbbi_store_url(repo->store));
		dbbi_error_hint(err, "check the URL, or run 'dbb-backup "
		    "init' to make a repository there");
	}
	if (rc < 0)
		goto done;
	rc = dbbi_json_parse(&json, (const char *)data, size, err);
	if (rc == 0)
		rc = parse(repo, json, err);
	dbbi_error_context(err, rc, "'%s'", OBJECT);
	if (rc == DBB_EDAMAGED)
		dbbi_error_hint(err, "bring '%s' back from a copy of the "
		    "store; backups themselves are not harmed by this",
		    OBJECT);
done:
	dbbi_json_free(json);
	free(data);
	return dbbi_error_context(err, rc, "opening the repository");
}

int
dbbi_repo_open(dbbi_repo **out, dbbi_store *store, dbbi_run *run,
    dbb_error *err)
{
	dbbi_repo *repo = calloc(1, sizeof *repo);
	int errnum, rc;

	if (repo == NULL)
		return dbbi_error_nomem(err);
	if ((errnum = pthread_mutex_init(&repo->mutex, NULL)) != 0) {
		free(repo);
		return dbbi_error_errno(err, errnum, "making a mutex");
	}
	repo->store = store;
	repo->run = run;
	if ((rc = read_parameters(repo, err)) < 0) {
		dbbi_repo_free(repo);
		return rc;
	}
	*out = repo;
	return 0;
}

void
dbbi_repo_free(dbbi_repo *repo)
{
	if (repo == NULL)
		return;
	dbbi_index_free(repo->index);
	pthread_mutex_destroy(&repo->mutex);
	free(repo);
}

const char *
dbbi_repo_id(const dbbi_repo *repo)
{
	return repo->id;
}

int
dbbi_repo_load_index_with(dbbi_index **out, dbbi_repo *repo,
    dbbi_segment_damage_fn damage, void *payload, dbb_error *err)
{
	dbbi_index *index = NULL;
	int rc;

	if ((rc = dbbi_index_new(&index, err)) < 0)
		return rc;
	rc = dbbi_segment_load_all(index, repo->store, repo->run, damage,
	    payload, err);
	if (rc < 0) {
		dbbi_index_free(index);
		return rc;
	}
	*out = index;
	return 0;
}

static int
see_pack(const dbbi_id *name, uint64_t size, void *payload, dbb_error *err)
{
	(void)err;
	dbbi_index_see_pack(payload, name, size);
	return 0;
}

static void
warn_of_missing(dbbi_repo *repo, dbbi_index *index)
{
	char object[DBBI_OBJECT_SIZE];
	uint32_t missing;
	dbbi_id first;

	if ((missing = dbbi_index_missing(&first, index)) == 0)
		return;
	dbbi_pack_object(object, &first);
	dbbi_log(repo->run, DBB_LOG_WARNING, "of the packs in the index %u "
	    "%s not in the store, or of another size, as '%s': what lies "
	    "only there is stored anew if it comes again", missing,
	    missing == 1 ? "is" : "are", object);
}

/* The packs are listed after the segments: what a segment tells of was there
 * before it, so that only what is really gone is missing. */
static int
load_index(dbbi_index **out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_index *index = NULL;
	int rc;

	rc = dbbi_repo_load_index_with(&index, repo, NULL, NULL, err);
	if (rc < 0)
		return rc;
	rc = dbbi_packs_list(repo->store, repo->run, see_pack, index, err);
	if (rc < 0) {
		dbbi_index_free(index);
		return dbbi_error_context(err, rc,
		    "looking which packs are there");
	}
	warn_of_missing(repo, index);
	*out = index;
	return 0;
}

int
dbbi_repo_load_index(dbbi_repo *repo, dbb_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&repo->mutex);
	if (repo->index == NULL) {
		repo->loaded_monotonic_ms = dbbi_monotonic_ms();
		repo->loaded_at_ms = dbbi_now_ms();
		rc = load_index(&repo->index, repo, err);
	}
	pthread_mutex_unlock(&repo->mutex);
	return rc;
}
