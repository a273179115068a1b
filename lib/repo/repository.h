/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * repository: an open repository, as the files of lib/repo see it.
 */
#ifndef DBBI_REPOSITORY_H
#define DBBI_REPOSITORY_H

#include <pthread.h>

#include "repo/chunk.h"
#include "repo/chunker.h"
#include "repo/repo_params.h"
#include "repo/segment.h"
#include "repo/tree.h"
#include "util/clock.h"

/* Longer than any backup takes. */
#define DBBI_GRACE_S (48u * 3600)

struct dbbi_repo {
	dbbi_store *store;	/* borrowed */
	dbbi_run *run;		/* borrowed */
	char id[DBBI_REPO_ID_SIZE];
	dbbi_chunker_params params;
	uint32_t grace_s;
	dbbi_keys *keys;	/* NULL: it is not sealed */
	dbbi_chunker chunker;	/* by a seed of the keys', if there are any */
	pthread_mutex_t mutex;	/* for what follows */
	dbbi_index *index;	/* NULL until it is loaded */
	dbbi_moment loaded;	/* just before that began */
	uint32_t older;		/* packs of the index that may be older than
				   this run: those with smaller numbers */
	int heeded;		/* what is condemned: condemned.h */
	uint8_t *touched;	/* by a pack's number: set_packs.h */
	uint32_t touched_room;
};

/* As dbbi_repo_create, with parameters of one's own, and sealed if there are
 * keys, which are not stored. */
int dbbi_repo_create_with(dbbi_store *store, const dbbi_repo_params *params,
    const dbbi_keys *keys, dbb_error *err);

/* As dbbi_repo_open, with these keys. */
int dbbi_repo_open_with(dbbi_repo **out, dbbi_store *store,
    const dbbi_keys *keys, dbbi_run *run, dbb_error *err);

/* Load an index of one's own, with no pack present yet; with `damage`
 * segments that cannot be used are told and passed over. */
int dbbi_repo_load_index_with(dbbi_index **out, dbbi_repo *repo,
    dbbi_segment_damage_fn damage, void *payload, dbb_error *err);

/*
 * Go through a stream's chunks: `fn` is told the places of every one, lists
 * included, the best first. Nonzero stops and is returned.
 */
typedef int (*dbbi_place_fn)(const dbbi_places *places, void *payload,
    dbb_error *err);
int dbbi_stream_places(dbbi_repo *repo, dbbi_index *index,
    const dbbi_stream_ref *ref, dbbi_place_fn fn, void *payload,
    dbb_error *err);

/* The same; `lost` is told the places of a list that cannot be read, which
 * ends the walk. */
int dbbi_stream_places_with(dbbi_repo *repo, dbbi_index *index,
    const dbbi_stream_ref *ref, dbbi_place_fn fn, dbbi_place_fn lost,
    void *payload, dbb_error *err);

/* Fetch list chunks for a walk; the payload of dbbi_lists_load. */
typedef struct dbbi_lists {
	dbbi_repo *repo;
	dbbi_index *index;
	dbbi_opener opener;
	uint8_t *stored;	/* scratch, for a list's two forms */
	dbbi_place_fn fn;	/* may be NULL */
	dbbi_place_fn lost;	/* likewise */
	void *payload;
} dbbi_lists;

int dbbi_lists_init(dbbi_lists *lists, dbbi_repo *repo, dbbi_index *index,
    dbb_error *err);
void dbbi_lists_clear(dbbi_lists *lists);
int dbbi_lists_load(size_t *size, void *to, const dbbi_id *id, void *payload,
    dbb_error *err);

#endif
