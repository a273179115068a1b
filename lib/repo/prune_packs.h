/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prune_packs: what a prune knows of each pack that the store has. Memory
 * follows their number.
 */
#ifndef DBBI_PRUNE_PACKS_H
#define DBBI_PRUNE_PACKS_H

#include "repo/condemned.h"

enum dbbi_prune_flag {
	DBBI_PRUNE_NAMED = 1,		/* by a set that was there at first */
	DBBI_PRUNE_USED = 2,		/* a set that stays needs it */
	DBBI_PRUNE_STANDS_IN = 4,	/* for a pack that a set names */
	DBBI_PRUNE_MOVED = 8,		/* its newest record has moves of it */
	DBBI_PRUNE_DUE = 16,		/* that record is past the grace */
	DBBI_PRUNE_ASKED = 32,		/* moved: are all chunks elsewhere? */
	DBBI_PRUNE_STUCK = 64,		/* they are not */
	DBBI_PRUNE_SPARSE = 128,	/* to be rewritten, */
	DBBI_PRUNE_REWRITTEN = 256,	/* and that was done */
	DBBI_PRUNE_LOCKED = 512,	/* to be deleted, and cannot be yet */
	DBBI_PRUNE_INDEXED = 1024	/* in a segment that was just made */
};

typedef struct dbbi_prune_pack {
	dbbi_id name;
	uint32_t size;
	uint32_t most_used;	/* bytes, by any one set that stays */
	uint32_t record;	/* the newest that names it, + 1; 0: none */
	uint32_t flags;
} dbbi_prune_pack;

typedef struct dbbi_prune_packs {
	dbbi_prune_pack *items;	/* ascending by name */
	uint32_t count;
	uint32_t room;
} dbbi_prune_packs;

/* List the store's packs. */
int dbbi_prune_packs_list(dbbi_prune_packs *out, dbbi_repo *repo,
    dbb_error *err);
void dbbi_prune_packs_clear(dbbi_prune_packs *packs);

/* Is it to stand in the new record? */
int dbbi_prune_is_to_condemn(const dbbi_prune_pack *pack);

/* Is it to be deleted now? */
int dbbi_prune_is_to_delete(const dbbi_prune_pack *pack);

/* NULL when the store has none of that name. */
dbbi_prune_pack *dbbi_prune_packs_find(const dbbi_prune_packs *packs,
    const dbbi_id *name);

/* Names, to be looked up once they are sorted. */
typedef struct dbbi_names {
	dbbi_id *items;
	uint32_t count;
	uint32_t room;
} dbbi_names;

int dbbi_names_add(dbbi_names *names, const dbbi_id *name, dbb_error *err);
void dbbi_names_sort(dbbi_names *names);
int dbbi_names_have(const dbbi_names *names, const dbbi_id *name);
void dbbi_names_clear(dbbi_names *names);

#endif
