/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/set_packs.h"

#include <stdlib.h>
#include <string.h>

#include "repo/condemned.h"

/* ---- by what the run has done ---- */

int
dbbi_set_needs_pack(dbbi_repo *repo, uint32_t pack_no, dbb_error *err)
{
	uint32_t room;
	uint8_t *grown;
	int rc = 0;

	pthread_mutex_lock(&repo->mutex);
	if (pack_no >= repo->touched_room) {
		room = pack_no + pack_no / 2 + 64;
		grown = realloc(repo->touched, room);
		if (grown == NULL) {
			rc = dbbi_error_nomem(err);
			goto done;
		}
		memset(grown + repo->touched_room, 0,
		    room - repo->touched_room);
		repo->touched = grown;
		repo->touched_room = room;
	}
	repo->touched[pack_no] = 1;
done:
	pthread_mutex_unlock(&repo->mutex);
	return rc;
}

int
dbbi_set_needs_chunk(dbbi_repo *repo, const dbbi_id *chunk, dbb_error *err)
{
	dbbi_places places;

	if (dbbi_index_find(&places, repo->index, chunk) == 0)
		return 0;	/* it comes with a pack */
	return dbbi_set_needs_pack(repo, places.items[0].pack_no, err);
}

static int
take_touched(dbbi_set_pack *out, dbbi_repo *repo, uint32_t no,
    dbb_error *err)
{
	dbbi_index_pack(&out->name, &out->size, repo->index, no);
	out->used = out->size;
	if (dbbi_index_has_pack(repo->index, &out->name, out->size))
		return 0;
	return dbbi_pack_context(err, dbbi_error_set(err, DBB_EBUSY, "it is "
	    "condemned, or no more in the store"), &out->name);
}

static int
describe_touched(dbbi_set_needs *out, dbbi_repo *repo, dbb_error *err)
{
	uint32_t packs = dbbi_index_packs(repo->index), n = 0, older = 0;
	dbbi_set_pack *items = calloc((size_t)packs + 1, sizeof *items);
	int rc = 0;

	if (items == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; rc == 0 && i < packs; i++) {
		if (i >= repo->touched_room || !repo->touched[i])
			continue;
		rc = take_touched(&items[n++], repo, i, err);
		if (i < repo->older)
			older = n;
	}
	if (rc == 0)
		*out = (dbbi_set_needs){ items, n, older };
	else
		free(items);
	return rc;
}

/* ---- by the lists ---- */

/* How many bytes of which packs, by their number in the index. A bit for
 * each place says whether it is counted. */
struct used {
	dbbi_repo *repo;
	uint32_t *bytes;
	uint32_t packs;
	uint8_t *counted;
	uint64_t places;
};

static int
use_place(const dbbi_places *places, void *payload, dbb_error *err)
{
	const dbbi_place *place = &places->items[0];
	struct used *used = payload;
	uint8_t bit = (uint8_t)(1u << place->no % 8);

	if (!place->present)
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "it is not in the store, or of another "
		    "size"), &place->pack);
	if (place->condemned)
		return dbbi_pack_context(err, dbbi_error_set(err, DBB_EBUSY,
		    "it is condemned"), &place->pack);
	if (place->pack_no >= used->packs || place->no >= used->places)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "packs are still being written");
	if (used->counted[place->no / 8] & bit)
		return 0;
	if (place->entry.stored > place->pack_size -
	    used->bytes[place->pack_no])
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "its chunks overlap"), &place->pack);
	used->counted[place->no / 8] |= bit;
	used->bytes[place->pack_no] += place->entry.stored;
	return 0;
}

static int
use_stream(const dbbi_stream_ref *ref, void *payload, dbb_error *err)
{
	struct used *used = payload;

	return dbbi_stream_places(used->repo, used->repo->index, ref,
	    use_place, used, err);
}

static int
describe_packs(dbbi_set_needs *out, const struct used *used, dbb_error *err)
{
	uint32_t older = 0;
	dbbi_set_pack *packs;
	uint32_t n = 0;

	packs = calloc((size_t)used->packs + 1, sizeof *packs);
	if (packs == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < used->packs; i++) {
		if (used->bytes[i] == 0)
			continue;
		dbbi_index_pack(&packs[n].name, &packs[n].size,
		    used->repo->index, i);
		packs[n++].used = used->bytes[i];
		if (i < used->repo->older)
			older = n;
	}
	*out = (dbbi_set_needs){ packs, n, older };
	return 0;
}

static int
find_by_lists(dbbi_set_needs *out, dbbi_repo *repo, const dbbi_json *body,
    dbb_error *err)
{
	struct used used = { .repo = repo };
	int rc = 0;

	used.packs = dbbi_index_packs(repo->index);
	used.places = dbbi_index_count(repo->index);
	used.bytes = calloc((size_t)used.packs + 1, sizeof *used.bytes);
	used.counted = calloc((size_t)used.places / 8 + 1, 1);
	if (used.bytes == NULL || used.counted == NULL)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_manifest_streams(body, use_stream, &used, err);
	if (rc == 0)
		rc = describe_packs(out, &used, err);
	free(used.bytes);
	free(used.counted);
	return rc;
}

int
dbbi_set_needs_find(dbbi_set_needs *out, dbbi_repo *repo,
    const dbbi_json *body, dbb_error *err)
{
	dbb_error why = {0};
	int rc;

	if ((rc = dbbi_condemned_heed(repo, err)) < 0)
		return rc;
	rc = find_by_lists(out, repo, body, &why);
	if (rc == DBB_EACCESS && dbbi_store_may_only_write(repo->store)) {
		dbbi_log(repo->run, DBB_LOG_INFO, "%s: the set names every "
		    "pack that this run has written or found something in",
		    why.message);
		return describe_touched(out, repo, err);
	}
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}
