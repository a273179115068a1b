/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index: which chunk lies where, for all chunks of the repository, in
 * memory: at most 64 bytes a chunk that has one place. Entries are kept in
 * blocks, in order of arrival; an open-addressing table of their numbers, at
 * most three quarters full, finds them.
 *
 * A chunk may have several places: two writers at once both stored it, or it
 * was stored again after its pack was lost. Each is an entry of its own with
 * the same id. A place counts for a writer only if its pack is present (the
 * store has it, with the size that the segment says) and not condemned.
 *
 * A chunk is known from the moment a writer claims it, so that two streams
 * do not both store it; it has a place from the moment its pack is in the
 * store. Several threads may use an index at once.
 */
#ifndef DBBI_INDEX_H
#define DBBI_INDEX_H

#include "repo/entry.h"

typedef struct dbbi_index dbbi_index;

/* Where a chunk lies. */
typedef struct dbbi_place {
	dbbi_id pack;
	dbbi_box box;		/* of the pack; zeros in an open repository */
	uint32_t pack_no;	/* counts from 0, in this index only */
	uint32_t pack_size;
	int present;		/* the pack was there when we looked */
	int condemned;		/* it is not to be used for new sets */
	uint32_t no;		/* of the place, as pack_no */
	dbbi_entry entry;
} dbbi_place;

#define DBBI_PLACES 8u		/* more are not looked at */

typedef struct dbbi_places {
	uint32_t count;
	dbbi_place items[DBBI_PLACES];
} dbbi_places;

int dbbi_index_new(dbbi_index **out, dbb_error *err);
void dbbi_index_free(dbbi_index *index);

/* Announce a pack: a segment tells of it (`present` 0), or it was put into
 * the store (1). Its number is for dbbi_index_put; a pack that is known keeps
 * the one it has. `box` is NULL in an open repository. */
int dbbi_index_add_pack(uint32_t *pack_no, dbbi_index *index,
    const dbbi_id *name, uint32_t size, const dbbi_box *box, int present,
    dbb_error *err);

/* The store has a pack of that name and size: if it is known, it is present
 * from now on. */
void dbbi_index_see_pack(dbbi_index *index, const dbbi_id *name,
    uint64_t size);

/* Condemn a pack, which is known from now on, or spare one. */
int dbbi_index_condemn(dbbi_index *index, const dbbi_id *name,
    uint32_t size, dbb_error *err);
void dbbi_index_spare(dbbi_index *index, const dbbi_id *name,
    uint32_t size);
int dbbi_index_condemned(dbbi_index *index, const dbbi_id *name,
    uint32_t size);

/* Is such a pack known, present and not condemned? */
int dbbi_index_has_pack(dbbi_index *index, const dbbi_id *name,
    uint32_t size);

uint32_t dbbi_index_packs(dbbi_index *index);
void dbbi_index_pack(dbbi_id *name, uint32_t *size, dbbi_index *index,
    uint32_t pack_no);

/* How many packs are known and not present, nor condemned; the first of
 * them, if any. */
uint32_t dbbi_index_missing(dbbi_id *first, dbbi_index *index);

/* A chunk has a place. Of several in one pack the first is kept. */
int dbbi_index_put(dbbi_index *index, const dbbi_entry *entry,
    uint32_t pack_no, dbb_error *err);

/* The same of several in one pack: some dozens at a time are much faster than
 * one by one. */
int dbbi_index_put_all(dbbi_index *index, const dbbi_entry *entries,
    uint32_t count, uint32_t pack_no, dbb_error *err);

/* The places of a chunk: in present packs first, of these in condemned ones
 * last, else in order of arrival.
 * Returns how many. */
uint32_t dbbi_index_find(dbbi_places *out, dbbi_index *index,
    const dbbi_id *id);

/* Claim a chunk of so many plain bytes for storing: `*claimed` is 0 when it
 * is claimed already, or has a place that counts. */
int dbbi_index_claim(int *claimed, dbbi_index *index, const dbbi_id *id,
    uint32_t plain, dbb_error *err);

/* Has a chunk a place that counts, or is it claimed? And its plain bytes. */
int dbbi_index_has(uint32_t *plain, dbbi_index *index, const dbbi_id *id);

/* Give up all claims that did not come to a place, and the places in packs
 * numbered `from` and above: no segment in the store tells of them. */
void dbbi_index_forget(dbbi_index *index, uint32_t from);

uint64_t dbbi_index_count(dbbi_index *index);	/* of places and claims */
uint64_t dbbi_index_memory(dbbi_index *index);	/* bytes, all in */

#endif
