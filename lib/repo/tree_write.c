/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/tree.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

#define LEVELS (DBBI_TREE_DEPTH - 1)

struct level {
	dbbi_bytes list;	/* the open one, with room for its header */
	uint32_t count;		/* its entries */
	uint64_t bytes;		/* of the stream below it */
	uint64_t ended;		/* lists of this level that were stored */
	dbbi_id last;		/* of those */
};

struct dbbi_tree {
	uint64_t lists;		/* of pieces */
	dbbi_id first;
	struct level levels[LEVELS];	/* [0]: level 2 */
	dbbi_tree_store_fn store;
	void *payload;
};

int
dbbi_tree_new(dbbi_tree **out, dbbi_tree_store_fn store, void *payload,
    dbb_error *err)
{
	dbbi_tree *tree = calloc(1, sizeof *tree);

	if (tree == NULL)
		return dbbi_error_nomem(err);
	tree->store = store;
	tree->payload = payload;
	for (unsigned i = 0; i < LEVELS; i++)
		dbbi_bytes_init(&tree->levels[i].list, DBBI_TREE_LIST_LIMIT);
	*out = tree;
	return 0;
}

void
dbbi_tree_free(dbbi_tree *tree)
{
	if (tree == NULL)
		return;
	for (unsigned i = 0; i < LEVELS; i++)
		dbbi_bytes_clear(&tree->levels[i].list);
	free(tree);
}

/* Does a list end with this entry? Said by the id alone: once in 256. */
static int
ends_list(const dbbi_id *id, uint32_t count)
{
	return count >= DBBI_TREE_MAX ||
	    (count >= DBBI_TREE_MIN && id->bytes[DBBI_SHA256_SIZE - 1] == 0);
}

static int
add_entry(dbbi_tree *tree, unsigned n, const dbbi_id *id, uint64_t bytes,
    dbb_error *err)
{
	static const uint8_t header[DBBI_TREE_HEADER_SIZE];
	struct level *level = &tree->levels[n];
	int rc;

	if (level->count == 0 && (rc = dbbi_bytes_add(&level->list, header,
	    sizeof header, err)) < 0)
		return rc;
	if ((rc = dbbi_bytes_add(&level->list, id->bytes, sizeof id->bytes,
	    err)) < 0 ||
	    (rc = dbbi_bytes_add_u64(&level->list, bytes, err)) < 0)
		return rc;
	level->count++;
	level->bytes += bytes;
	return 0;
}

/* Store the open list of levels[n], which is not empty, and begin anew. */
static int
end_list(uint64_t *bytes, dbbi_tree *tree, unsigned n, dbb_error *err)
{
	struct level *level = &tree->levels[n];
	uint8_t *list = level->list.data;
	int rc;

	list[0] = (uint8_t)(n + 2);
	dbbi_put_u32(list + 4, level->count);
	rc = tree->store(&level->last, list, level->list.size, tree->payload,
	    err);
	if (rc < 0)
		return rc;
	*bytes = level->bytes;
	level->list.size = 0;
	level->count = 0;
	level->bytes = 0;
	level->ended++;
	return 0;
}

/* Add an entry, and whatever ends with it at this level and above. */
static int
add_from(dbbi_tree *tree, unsigned n, const dbbi_id *id, uint64_t bytes,
    dbb_error *err)
{
	dbbi_id ended = *id;
	int rc;

	for (; n < LEVELS; n++) {
		if ((rc = add_entry(tree, n, &ended, bytes, err)) < 0)
			return rc;
		if (!ends_list(&ended, tree->levels[n].count))
			return 0;
		if ((rc = end_list(&bytes, tree, n, err)) < 0)
			return rc;
		ended = tree->levels[n].last;
	}
	return dbbi_error_set(err, DBB_EINTERNAL,
	    "the stream is too long for lists of %u levels",
	    DBBI_TREE_DEPTH);
}

int
dbbi_tree_add(dbbi_tree *tree, const dbbi_id *list, uint64_t bytes,
    dbb_error *err)
{
	if (tree->lists++ == 0)
		tree->first = *list;
	return add_from(tree, 0, list, bytes, err);
}

/* End the open list of level `n`; 1 when `last` of it is the root. */
static int
end_level(dbbi_tree *tree, unsigned n, dbb_error *err)
{
	struct level *level = &tree->levels[n];
	int first = level->ended == 0;
	dbbi_id ended;
	uint64_t bytes;
	int rc;

	if (level->count == 0)
		return level->ended == 1;
	if ((rc = end_list(&bytes, tree, n, err)) < 0)
		return rc;
	if (first)
		return 1;
	ended = level->last;
	return add_from(tree, n + 1, &ended, bytes, err);
}

int
dbbi_tree_end(dbbi_id *root, uint32_t *depth, dbbi_tree *tree,
    dbb_error *err)
{
	unsigned n = 0;
	int rc;

	if (tree->lists == 1) {
		*root = tree->first;
		*depth = 1;
		return 0;
	}
	while ((rc = end_level(tree, n, err)) == 0)
		n++;	/* add_from has failed before it leaves levels[] */
	if (rc < 0)
		return rc;
	*root = tree->levels[n].last;
	*depth = n + 2;
	return 0;
}
