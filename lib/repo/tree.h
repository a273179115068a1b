/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: a stream's chunk ids, kept as chunks themselves: lists of ids (level
 * 1), lists of lists (level 2), up to one root. Lists end where an id says
 * so, not after a number of entries: a run of chunks that did not change
 * gives the same lists again, which are then known and not stored twice.
 *
 *	list: level u8, three zero bytes, number u32, then for each entry its
 *	id and the plain bytes (u64) of the stream that it stands for
 */
#ifndef DBBI_TREE_H
#define DBBI_TREE_H

#include "repo/repo.h"

#define DBBI_TREE_DEPTH 8u		/* levels; each is 16-fold or more */
#define DBBI_TREE_MIN 16u	/* entries of a list that ended itself */
#define DBBI_TREE_MAX 4096u
#define DBBI_TREE_HEADER_SIZE 8
#define DBBI_TREE_ENTRY_SIZE 40
#define DBBI_TREE_LIST_LIMIT \
    (DBBI_TREE_HEADER_SIZE + DBBI_TREE_MAX * DBBI_TREE_ENTRY_SIZE)

typedef struct dbbi_tree_entry {
	dbbi_id id;
	uint64_t bytes;
} dbbi_tree_entry;

/* ---- write (tree_write.c) ---- */

/* Store a list as a chunk; `*id` is the chunk's. */
typedef int (*dbbi_tree_store_fn)(dbbi_id *id, const void *list, size_t size,
    void *payload, dbb_error *err);

typedef struct dbbi_tree dbbi_tree;

int dbbi_tree_new(dbbi_tree **out, dbbi_tree_store_fn store, void *payload,
    dbb_error *err);
int dbbi_tree_add(dbbi_tree *tree, const dbbi_id *chunk, uint64_t bytes,
    dbb_error *err);
int dbbi_tree_end(dbbi_id *root, uint32_t *depth, dbbi_tree *tree,
    dbb_error *err);
void dbbi_tree_free(dbbi_tree *tree);

/* ---- read (tree_walk.c) ---- */

/* Fetch a list: at most DBBI_TREE_LIST_LIMIT bytes into `to`, proven to be
 * those of `id`. */
typedef int (*dbbi_tree_load_fn)(size_t *size, void *to, const dbbi_id *id,
    void *payload, dbb_error *err);

typedef struct dbbi_walk dbbi_walk;

int dbbi_walk_new(dbbi_walk **out, const dbbi_stream_ref *ref,
    dbbi_tree_load_fn load, void *payload, dbb_error *err);

/* The stream's next chunk: 1, or 0 after the last. Sizes are proven to add
 * up: DBB_EDAMAGED. */
int dbbi_walk_next(dbbi_tree_entry *out, dbbi_walk *walk, dbb_error *err);
void dbbi_walk_free(dbbi_walk *walk);

#endif
