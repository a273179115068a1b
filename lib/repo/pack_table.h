/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack_table: the packs that an index knows, numbered from 0 and found by
 * name and size. For index.c, which locks.
 */
#ifndef DBBI_PACK_TABLE_H
#define DBBI_PACK_TABLE_H

#include "repo/entry.h"
#include "repo/id_hash.h"

typedef struct dbbi_pack_item {
	dbbi_id name;
	uint32_t size;
	uint8_t present;	/* in the store, with that size */
	uint8_t condemned;	/* by a prune */
	uint8_t forgotten;	/* not found any more; its number stays */
} dbbi_pack_item;

typedef struct dbbi_pack_table {
	dbbi_pack_item *items;
	dbbi_box *boxes;	/* of the items; NULL while none has one */
	uint32_t count;
	uint32_t room;
	uint32_t *slots;	/* pack number + 1; 0: empty */
	size_t slot_count;	/* a power of two, or 0 */
	dbbi_id_hash hash;	/* once there are slots */
} dbbi_pack_table;

void dbbi_pack_table_clear(dbbi_pack_table *table);

/* NULL when it is not there. */
dbbi_pack_item *dbbi_pack_table_find(const dbbi_pack_table *table,
    const dbbi_id *name, uint32_t size);

/* The number of a pack, which is added when it is new. `box`: NULL when it is
 * not known, or there is none. */
int dbbi_pack_table_add(uint32_t *no, dbbi_pack_table *table,
    const dbbi_id *name, uint32_t size, const dbbi_box *box, dbb_error *err);

/* Forget the packs numbered `from` and above: told of again, they get
 * another number. */
void dbbi_pack_table_forget(dbbi_pack_table *table, uint32_t from);

uint64_t dbbi_pack_table_memory(const dbbi_pack_table *table);

#endif
