/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/repository.h"

#include <stdlib.h>
#include <string.h>

int
dbbi_lists_init(dbbi_lists *lists, dbbi_repo *repo, dbbi_index *index,
    dbb_error *err)
{
	memset(lists, 0, sizeof *lists);
	lists->repo = repo;
	lists->index = index;
	lists->stored = malloc(DBBI_TREE_LIST_LIMIT);
	if (lists->stored == NULL)
		return dbbi_error_nomem(err);
	return dbbi_opener_init(&lists->opener, err);
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
	dbbi_places places;
	int rc;

	if ((rc = dbbi_chunk_find(&places, lists->index, id, err)) < 0)
		return rc;
	rc = dbbi_chunk_read(to, DBBI_TREE_LIST_LIMIT, lists->stored,
	    &places, lists->repo->store, &lists->opener, err);
	if (rc < 0)
		return rc;
	*size = places.items[0].entry.plain;
	return lists->fn == NULL ? 0 : lists->fn(&places, lists->payload,
	    err);
}

int
dbbi_stream_places(dbbi_repo *repo, dbbi_index *index,
    const dbbi_stream_ref *ref, dbbi_place_fn fn, void *payload,
    dbb_error *err)
{
	dbbi_lists lists;
	dbbi_walk *walk = NULL;
	dbbi_tree_entry entry;
	dbbi_places places;
	int rc;

	if ((rc = dbbi_lists_init(&lists, repo, index, err)) < 0)
		goto done;
	lists.fn = fn;
	lists.payload = payload;
	rc = dbbi_walk_new(&walk, ref, dbbi_lists_load, &lists, err);
	if (rc < 0)
		goto done;
	while ((rc = dbbi_walk_next(&entry, walk, err)) == 1) {
		rc = dbbi_chunk_find_sized(&places, index, &entry.id,
		    entry.bytes, err);
		if (rc < 0 || (rc = fn(&places, payload, err)) != 0 ||
		    (rc = dbbi_run_check(repo->run, err)) < 0)
			break;
	}
done:
	dbbi_walk_free(walk);
	dbbi_lists_clear(&lists);
	return rc;
}
