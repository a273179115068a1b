/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/pack_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/random.h"

#define FIRST_ROOM 64u
#define MAX_PACKS 0x7fffffffu

void
dbbi_pack_table_clear(dbbi_pack_table *table)
{
	free(table->items);
	free(table->boxes);
	free(table->slots);
	memset(table, 0, sizeof *table);
}

static size_t
first_slot(const dbbi_pack_table *table, const dbbi_id *name, uint32_t size)
{
	return (dbbi_id_hash_of(&table->hash, name->bytes) + size) &
	    (table->slot_count - 1);
}

dbbi_pack_item *
dbbi_pack_table_find(const dbbi_pack_table *table, const dbbi_id *name,
    uint32_t size)
{
	dbbi_pack_item *item;
	size_t at;

	if (table->slot_count == 0)
		return NULL;
	at = first_slot(table, name, size);
	while (table->slots[at] != 0) {
		item = &table->items[table->slots[at] - 1];
		if (item->size == size && !item->forgotten &&
		    memcmp(&item->name, name, sizeof *name) == 0)
			return item;
		at = (at + 1) & (table->slot_count - 1);
	}
	return NULL;
}

static void
put_slot(dbbi_pack_table *table, uint32_t no)
{
	const dbbi_pack_item *item = &table->items[no];
	size_t at = first_slot(table, &item->name, item->size);

	while (table->slots[at] != 0)
		at = (at + 1) & (table->slot_count - 1);
	table->slots[at] = no + 1;
}

static int
grow_items(dbbi_pack_table *table, uint32_t room, dbb_error *err)
{
	dbbi_pack_item *items;
	dbbi_box *boxes;

	items = realloc(table->items, room * sizeof *items);
	if (items == NULL)
		return dbbi_error_nomem(err);
	table->items = items;
	if (table->boxes == NULL)
		return 0;
	boxes = realloc(table->boxes, room * sizeof *boxes);
	if (boxes == NULL)
		return dbbi_error_nomem(err);
	memset(boxes + table->room, 0, (room - table->room) * sizeof *boxes);
	table->boxes = boxes;
	return 0;
}

static int
grow_slots(dbbi_pack_table *table, dbb_error *err)
{
	size_t count = table->slot_count == 0 ? 2 * (size_t)FIRST_ROOM :
	    table->slot_count * 2;
	uint32_t *slots;
	int rc;

	if (table->slot_count == 0 && (rc = dbbi_random(&table->hash,
	    sizeof table->hash, err)) < 0)
		return rc;
	if ((slots = calloc(count, sizeof *slots)) == NULL)
		return dbbi_error_nomem(err);
	free(table->slots);
	table->slots = slots;
	table->slot_count = count;
	for (uint32_t no = 0; no < table->count; no++)
		put_slot(table, no);
	return 0;
}

/* Make room for one more. Items grow by little, for they are large: the
 * system moves large memory without copying it. */
static int
grow(dbbi_pack_table *table, dbb_error *err)
{
	uint32_t room = table->room + table->room / 16 + FIRST_ROOM;
	int rc;

	if (table->count == table->room) {
		if (room > MAX_PACKS)
			return dbbi_error_nomem(err);
		if ((rc = grow_items(table, room, err)) < 0)
			return rc;
		table->room = room;
	}
	if ((size_t)table->count + 1 > table->slot_count / 4 * 3)
		return grow_slots(table, err);
	return 0;
}

static int
set_box(dbbi_pack_table *table, uint32_t no, const dbbi_box *box,
    dbb_error *err)
{
	if (table->boxes == NULL)
		table->boxes = calloc(table->room, sizeof *table->boxes);
	if (table->boxes == NULL)
		return dbbi_error_nomem(err);
	table->boxes[no] = *box;
	return 0;
}

int
dbbi_pack_table_add(uint32_t *no, dbbi_pack_table *table,
    const dbbi_id *name, uint32_t size, const dbbi_box *box, dbb_error *err)
{
	dbbi_pack_item *item = dbbi_pack_table_find(table, name, size);
	int rc;

	if (item == NULL) {
		if ((rc = grow(table, err)) < 0)
			return rc;
		item = &table->items[table->count];
		*item = (dbbi_pack_item){ .name = *name, .size = size };
		put_slot(table, table->count++);
	}
	*no = (uint32_t)(item - table->items);
	return box == NULL ? 0 : set_box(table, *no, box, err);
}

void
dbbi_pack_table_forget(dbbi_pack_table *table, uint32_t from)
{
	for (uint32_t no = from; no < table->count; no++)
		table->items[no].forgotten = 1;
}

uint64_t
dbbi_pack_table_memory(const dbbi_pack_table *table)
{
	return table->room * sizeof *table->items +
	    (table->boxes == NULL ? 0 : table->room * sizeof *table->boxes) +
	    table->slot_count * sizeof *table->slots;
}
