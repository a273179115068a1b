/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/repository.h"

#include <stdlib.h>
#include <string.h>

#include "repo/gather.h"

#define LIST_ROOM (DBBI_TREE_LIST_LIMIT + DBBI_GATHER_TABLE_ONE)

int
dbbi_lists_init(dbbi_lists *lists, dbbi_repo *repo, dbbi_index *index,
    dbb_error *err)
{
	memset(lists, 0, sizeof *lists);
	lists->repo = repo;
	lists->index = index;
	lists->stored = malloc(LIST_ROOM + DBBI_TAG_SIZE + LIST_ROOM);
	if (lists->stored == NULL)
		return dbbi_error_nomem(err);
	return dbbi_opener_init(&lists->opener, repo->keys, err);
}

void
dbbi_lists_clear(dbbi_lists *lists)
{
	free(lists->stored);
	lists->stored = NULL;
	dbbi_opener_clear(&lists->opener);
}

int
dbbi_lists_load(size_t *size, void *to, const dbbi_id *id, void *payload,
    dbb_error *err)
{
	dbbi_lists *lists = payload;
	uint8_t *plain = lists->stored + LIST_ROOM + DBBI_TAG_SIZE;
	dbbi_places places;
	dbbi_content list;
	int rc;

	if ((rc = dbbi_chunk_find(&places, lists->index, id, err)) < 0)
		return rc;
	rc = dbbi_chunk_read(&list, plain, LIST_ROOM, lists->stored, &places,
	    lists->repo->store, &lists->opener, err);
	if (dbbi_is_damage(rc) && lists->lost != NULL)
		lists->lost(&places, lists->payload, NULL);
	if (rc < 0)
		return rc;
	if (list.size > DBBI_TREE_LIST_LIMIT)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a list has %u bytes, more than any can", list.size);
	memcpy(to, list.bytes, list.size);
	*size = list.size;
	return lists->fn == NULL ? 0 : lists->fn(&places, lists->payload,
	    err);
}

/* Where all chunks of one list are. */
static int
tell_places(dbbi_repo *repo, dbbi_index *index, const dbbi_piece_list *list,
    dbbi_place_fn fn, void *payload, dbb_error *err)
{
	dbbi_places places;
	dbbi_id id;
	int rc = dbbi_run_check(repo->run, err);

	for (uint32_t i = 0; rc == 0 && i < list->chunk_count; i++) {
		dbbi_piece_list_chunk(&id, list, i);
		if ((rc = dbbi_chunk_find(&places, index, &id, err)) == 0)
			rc = fn(&places, payload, err);
	}
	return rc;
}

int
dbbi_stream_places_with(dbbi_repo *repo, dbbi_index *index,
    const dbbi_stream_ref *ref, dbbi_place_fn fn, dbbi_place_fn lost,
    void *payload, dbb_error *err)
{
	dbbi_lists lists;
	dbbi_walk *walk = NULL;
	dbbi_piece_list list;
	int rc;

	if ((rc = dbbi_lists_init(&lists, repo, index, err)) < 0)
		goto done;
	lists.fn = fn;
	lists.lost = lost;
	lists.payload = payload;
	rc = dbbi_walk_new(&walk, ref, dbbi_lists_load, &lists, err);
	if (rc < 0)
		goto done;
	while ((rc = dbbi_walk_next(&list, walk, err)) == 1) {
		rc = tell_places(repo, index, &list, fn, payload, err);
		if (rc != 0)
			break;
	}
done:
	dbbi_walk_free(walk);
	dbbi_lists_clear(&lists);
	return rc;
}

int
dbbi_stream_places(dbbi_repo *repo, dbbi_index *index,
    const dbbi_stream_ref *ref, dbbi_place_fn fn, void *payload,
    dbb_error *err)
{
	return dbbi_stream_places_with(repo, index, ref, fn, NULL, payload,
	    err);
}
