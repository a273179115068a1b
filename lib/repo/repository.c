/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/repository.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "repo/key_ring.h"
#include "repo/pack_list.h"
#include "util/random.h"
#include "util/threads.h"

/*
 * Pieces. Measured on pg_dump's output with every hundredth row changed
 * (doc/format.md has the figures): the smaller they are the less is stored
 * again, and the more is remembered of each.
 */
#define MIN_BYTES (2u << 10)
#define AVERAGE_BYTES (8u << 10)
#define MAX_BYTES (32u << 10)

/* ---- make ---- */

int
dbbi_repo_create_with(dbbi_store *store, const dbbi_repo_params *params,
    const dbbi_keys *keys, dbb_error *err)
{
	dbbi_repo_params made = *params;
	int rc;

	if (*made.created_at == '\0')
		dbbi_time_rfc3339(made.created_at, dbbi_now_ms());
	made.sealed = keys != NULL;
	if (keys != NULL)
		memcpy(made.public_key, keys->public_key,
		    sizeof made.public_key);
	rc = dbbi_repo_params_write(store, &made, err);
	return dbbi_error_context(err, rc, "making a repository in '%s'",
	    dbbi_store_url(store));
}

/* The first key is stored before repository.json is: no instant leaves a
 * repository that nobody can open. */
static int
create_sealed(dbbi_store *store, dbbi_repo_params *params,
    const char *passphrase, dbbi_keys *keys, dbb_error *err)
{
	char id[DBBI_REPO_ID_SIZE], name[DBBI_KEY_NAME_SIZE];
	int rc;

	if ((rc = dbbi_repo_params_absent(store, err)) < 0 ||
	    (rc = dbbi_keys_make(keys, err)) < 0)
		return rc;
	params->sealed = 1;
	memcpy(params->public_key, keys->public_key,
	    sizeof params->public_key);
	if ((rc = dbbi_repo_params_id(id, params, err)) < 0 ||
	    (rc = dbbi_keyring_first(name, store, id, keys, passphrase, NULL,
	    err)) < 0)
		return rc;
	if ((rc = dbbi_repo_create_with(store, params, keys, err)) < 0)
		dbbi_keyring_discard(store, name, NULL);
	return rc;
}

int
dbbi_repo_create(dbbi_store *store, const char *passphrase, dbb_error *err)
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
	dbbi_keys keys = {0};
	int rc;

	dbbi_time_rfc3339(params.created_at, dbbi_now_ms());
	rc = dbbi_random(seed, sizeof params.chunker.seed, err);
	if (rc < 0)
		return rc;
	if (passphrase == NULL)
		return dbbi_repo_create_with(store, &params, NULL, err);
	rc = create_sealed(store, &params, passphrase, &keys, err);
	dbbi_keys_wipe(&keys);
	return rc;
}

/* ---- open ---- */

/* Keys have a page of their own, which is in no core file. */
static dbbi_keys *
new_key_page(dbb_error *err)
{
	dbbi_keys *page = dbbi_pages_new(sizeof *page, err);

	if (page != NULL)
		(void)madvise(page, sizeof *page, MADV_DONTDUMP);
	return page;
}

static int
init_chunker(dbbi_repo *repo, dbb_error *err)
{
	dbbi_chunker_params params = repo->params;
	int rc = 0;

	if (repo->keys != NULL)
		rc = dbbi_keys_seed(params.seed, repo->keys,
		    repo->params.seed, err);
	if (rc == 0)
		rc = dbbi_chunker_init(&repo->chunker, &params, err);
	dbbi_wipe(&params, sizeof params);
	return rc;
}

/* NULL when it failed. */
static dbbi_repo *
make(dbbi_store *store, dbbi_run *run, dbb_error *err)
{
	dbbi_repo *repo = calloc(1, sizeof *repo);
	int errnum;

	if (repo == NULL) {
		dbbi_error_nomem(err);
		return NULL;
	}
	if ((errnum = pthread_mutex_init(&repo->mutex, NULL)) != 0) {
		free(repo);
		dbbi_error_errno(err, errnum, "making a mutex");
		return NULL;
	}
	repo->store = store;
	repo->run = run;
	return repo;
}

/* Somebody believes that it is sealed. */
static int
not_sealed(dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "it is not sealed, and a passphrase "
	    "or a key is configured for it");
	dbbi_error_hint(err, "whoever reaches the store can read what is in "
	    "it: take the password out of [repository] if that is meant, or "
	    "make a sealed repository at another url with 'dbb-backup init'");
	return DBB_ECONFIG;
}

/* Get the keys: these, or those that `secret` opens. */
static int
get_keys(dbbi_repo *repo, const dbbi_repo_params *params,
    const dbbi_repo_secret *secret, const dbbi_keys *keys, dbb_error *err)
{
	if (!params->sealed && keys == NULL && secret->passphrase == NULL &&
	    secret->key_file == NULL)
		return 0;
	if (!params->sealed)
		return not_sealed(err);
	if ((repo->keys = new_key_page(err)) == NULL)
		return DBB_ENOMEM;
	if (keys == NULL)
		return dbbi_keyring_unlock(repo->keys, repo->store, repo->run,
		    repo->id, params->public_key, secret->passphrase,
		    secret->key_file, err);
	memcpy(repo->keys, keys, sizeof *keys);
	return 0;
}

static int
set_up(dbbi_repo *repo, const dbbi_repo_secret *secret,
    const dbbi_keys *keys, dbb_error *err)
{
	dbbi_repo_params params;
	int rc;

	rc = dbbi_repo_params_read(&params, repo->id, repo->store, err);
	if (rc < 0)
		return rc;
	repo->params = params.chunker;
	repo->grace_s = params.grace_s;
	if ((rc = get_keys(repo, &params, secret, keys, err)) < 0)
		return rc;
	return init_chunker(repo, err);
}

static int
open_any(dbbi_repo **out, dbbi_store *store, const dbbi_repo_secret *secret,
    const dbbi_keys *keys, dbbi_run *run, dbb_error *err)
{
	dbbi_repo *repo = make(store, run, err);
	int rc;

	if (repo == NULL)
		return DBB_ENOMEM;
	if ((rc = set_up(repo, secret, keys, err)) < 0) {
		dbbi_repo_free(repo);
		return rc;
	}
	*out = repo;
	return 0;
}

int
dbbi_repo_open(dbbi_repo **out, dbbi_store *store,
    const dbbi_repo_secret *secret, dbbi_run *run, dbb_error *err)
{
	static const dbbi_repo_secret none;

	return open_any(out, store, secret == NULL ? &none : secret, NULL,
	    run, err);
}

int
dbbi_repo_open_with(dbbi_repo **out, dbbi_store *store,
    const dbbi_keys *keys, dbbi_run *run, dbb_error *err)
{
	static const dbbi_repo_secret none;

	return open_any(out, store, &none, keys, run, err);
}

void
dbbi_repo_free(dbbi_repo *repo)
{
	if (repo == NULL)
		return;
	dbbi_index_free(repo->index);
	free(repo->touched);
	if (repo->keys != NULL)
		dbbi_keys_wipe(repo->keys);
	dbbi_pages_free(repo->keys, sizeof(dbbi_keys));
	dbbi_wipe(&repo->chunker, sizeof repo->chunker);
	pthread_mutex_destroy(&repo->mutex);
	free(repo);
}

const char *
dbbi_repo_id(const dbbi_repo *repo)
{
	return repo->id;
}

const dbbi_keys *
dbbi_repo_keys(const dbbi_repo *repo)
{
	return repo->keys;
}

int
dbbi_repo_can_read(const dbbi_repo *repo)
{
	return repo->keys == NULL || repo->keys->can_read;
}

/* ---- the index ---- */

int
dbbi_repo_load_index_with(dbbi_index **out, dbbi_repo *repo,
    dbbi_segment_damage_fn damage, void *payload, dbb_error *err)
{
	dbbi_index *index = NULL;
	int rc;

	if ((rc = dbbi_index_new(&index, err)) < 0)
		return rc;
	rc = dbbi_segment_load_all(index, repo->store, repo->keys, repo->run,
	    damage, payload, err);
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

/* What lies in the packs that a damaged segment told of is not found, or
 * stored anew; all else can be read. */
static int
pass_over(const char *object, const dbb_error *cause, void *payload)
{
	dbbi_repo *repo = payload;

	(void)object;		/* the message names it */
	if (cause->code != DBB_EDAMAGED)
		return 1;
	dbbi_log(repo->run, DBB_LOG_WARNING, "the index is not whole: %s: "
	    "run 'dbb-backup index rebuild'", cause->message);
	return 0;
}

/* The packs are listed after the segments: what a segment tells of was there
 * before it, so that only what is really gone is missing. */
static int
load_index(dbbi_index **out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_index *index = NULL;
	int rc;

	rc = dbbi_repo_load_index_with(&index, repo, pass_over, repo, err);
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
		repo->loaded = dbbi_moment_now();
		rc = load_index(&repo->index, repo, err);
		if (rc == 0)
			repo->older = dbbi_index_packs(repo->index);
	}
	pthread_mutex_unlock(&repo->mutex);
	return rc;
}
