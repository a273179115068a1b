/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: a stream's lists of pieces (piece_list.h, level 1), found by lists of
 * lists (level 2 and above), up to one root. Like those they end where an id
 * says so.
 *
 *	list: level u8, three zero bytes, number u32, then for each entry its
 *	id and the plain bytes (u64) of the stream that it stands for
 */
#ifndef DBBI_TREE_H
#define DBBI_TREE_H

#include "repo/piece_list.h"

#define DBBI_TREE_DEPTH 8u		/* levels; each is 16-fold or more */
#define DBBI_TREE_MIN 16u	/* entries of a list that ended itself */
#define DBBI_TREE_MAX 4096u
#define DBBI_TREE_HEADER_SIZE 8
#define DBBI_TREE_ENTRY_SIZE 40
#define DBBI_TREE_LIST_LIMIT DBBI_PIECES_LIMIT	/* of any level */

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
/* Add a list of pieces that was stored. */
int dbbi_tree_add(dbbi_tree *tree, const dbbi_id *list, uint64_t bytes,
    dbb_error *err);
/* At least one was added. */
int dbbi_tree_end(dbbi_id *root, uint32_t *depth, dbbi_tree *tree,
    dbb_error *err);
void dbbi_tree_free(dbbi_tree *tree);

/* ---- read (tree_walk.c) ---- */

/* Fetch a list of any level: at most DBBI_TREE_LIST_LIMIT bytes into `to`, proven to be
 * those of `id`. */
typedef int (*dbbi_tree_load_fn)(size_t *size, void *to, const dbbi_id *id,
    void *payload, dbb_error *err);

typedef struct dbbi_walk dbbi_walk;

int dbbi_walk_new(dbbi_walk **out, const dbbi_stream_ref *ref,
    dbbi_tree_load_fn load, void *payload, dbb_error *err);

/* The stream's next list of pieces: 1, or 0 after the last. It is valid
 * until the next call. Sizes are proven to add up: DBB_EDAMAGED. After a
 * failure the next call goes on behind the list that could not be read. */
int dbbi_walk_next(dbbi_piece_list *out, dbbi_walk *walk, dbb_error *err);
void dbbi_walk_free(dbbi_walk *walk);

#endif
