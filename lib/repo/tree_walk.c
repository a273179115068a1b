/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/tree.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

struct level {
	uint8_t *list;		/* DBBI_TREE_LIST_LIMIT bytes */
	uint32_t count;
	uint32_t next;
};

struct dbbi_walk {
	dbbi_stream_ref ref;
	dbbi_tree_load_fn load;
	void *payload;
	struct level levels[DBBI_TREE_DEPTH];	/* [0]: lists of pieces */
	dbbi_piece_list pieces;			/* the last one */
	unsigned at;		/* the level that is read, from ref.depth - 1 */
	int begun;
};

int
dbbi_walk_new(dbbi_walk **out, const dbbi_stream_ref *ref,
    dbbi_tree_load_fn load, void *payload, dbb_error *err)
{
	dbbi_walk *walk;

	if (ref->depth < 1 || ref->depth > DBBI_TREE_DEPTH)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "lists of %u levels are not possible", ref->depth);
	if ((walk = calloc(1, sizeof *walk)) == NULL)
		return dbbi_error_nomem(err);
	walk->ref = *ref;
	walk->load = load;
	walk->payload = payload;
	for (unsigned i = 0; i < ref->depth; i++) {
		walk->levels[i].list = malloc(DBBI_TREE_LIST_LIMIT);
		if (walk->levels[i].list == NULL) {
			dbbi_walk_free(walk);
			return dbbi_error_nomem(err);
		}
	}
	*out = walk;
	return 0;
}

void
dbbi_walk_free(dbbi_walk *walk)
{
	if (walk == NULL)
		return;
	for (unsigned i = 0; i < DBBI_TREE_DEPTH; i++)
		free(walk->levels[i].list);
	free(walk);
}

static void
get_entry(dbbi_tree_entry *out, const struct level *level, uint32_t i)
{
	const uint8_t *at = level->list + DBBI_TREE_HEADER_SIZE +
	    (size_t)i * DBBI_TREE_ENTRY_SIZE;

	memcpy(out->id.bytes, at, sizeof out->id.bytes);
	out->bytes = dbbi_get_u64(at + sizeof out->id.bytes);
}

/* Do the entries stand for `bytes`, each for at least one? */
static int
adds_up(const struct level *level, uint64_t bytes)
{
	dbbi_tree_entry entry;

	for (uint32_t i = 0; i < level->count; i++) {
		get_entry(&entry, level, i);
		if (entry.bytes == 0 || entry.bytes > bytes)
			return 0;
		bytes -= entry.bytes;
	}
	return bytes == 0;
}

/* Take apart a list of lists, of level `n`. */
static int
open_list(struct level *level, unsigned n, size_t size, uint64_t bytes,
    dbb_error *err)
{
	const uint8_t *list = level->list;

	if (size < DBBI_TREE_HEADER_SIZE || list[0] != n + 1 ||
	    list[1] != 0 || list[2] != 0 || list[3] != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a list of lists is none of level %u", n + 1);
	level->count = dbbi_get_u32(list + 4);
	level->next = 0;
	if (level->count > DBBI_TREE_MAX || size != DBBI_TREE_HEADER_SIZE +
	    (size_t)level->count * DBBI_TREE_ENTRY_SIZE ||
	    !adds_up(level, bytes))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a list of lists does not add up");
	return 0;
}

/* Load the list of level `n` that stands for what `entry` says. Should that
 * fail, the walk is where it was done with it. */
static int
load_list(dbbi_walk *walk, unsigned n, const dbbi_tree_entry *entry,
    dbb_error *err)
{
	struct level *level = &walk->levels[n];
	size_t size;
	int rc;

	rc = walk->load(&size, level->list, &entry->id, walk->payload, err);
	if (rc == 0 && n == 0)
		rc = dbbi_piece_list_open(&walk->pieces, level->list, size,
		    entry->bytes, err);
	else if (rc == 0)
		rc = open_list(level, n, size, entry->bytes, err);
	if (rc < 0)
		walk->at = n + 1;
	return rc;
}

static int
load_root(dbbi_walk *walk, dbb_error *err)
{
	dbbi_tree_entry root = { walk->ref.root, walk->ref.size_bytes };

	walk->begun = 1;
	walk->at = walk->ref.depth - 1;
	return load_list(walk, walk->at, &root, err);
}

/* Go down to the next list of pieces: 1, or 0 when there is none. */
static int
descend(dbbi_walk *walk, dbb_error *err)
{
	struct level *level;
	dbbi_tree_entry entry;
	int rc;

	while (walk->at < walk->ref.depth) {
		level = &walk->levels[walk->at];
		if (walk->at == 0 || level->next == level->count) {
			walk->at++;
			continue;
		}
		get_entry(&entry, level, level->next++);
		rc = load_list(walk, --walk->at, &entry, err);
		if (rc < 0 || walk->at == 0)
			return rc < 0 ? rc : 1;
	}
	return 0;
}

int
dbbi_walk_next(dbbi_piece_list *out, dbbi_walk *walk, dbb_error *err)
{
	int rc;

	if (!walk->begun) {
		if ((rc = load_root(walk, err)) < 0)
			return rc;
		rc = walk->at == 0 ? 1 : descend(walk, err);
	} else {
		rc = descend(walk, err);
	}
	if (rc == 1)
		*out = walk->pieces;
	return rc;
}
