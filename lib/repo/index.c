/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/index.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "repo/id_hash.h"
#include "repo/pack_table.h"
#include "util/random.h"

#define BLOCK_ENTRIES 16384u	/* 768 KiB */
#define FIRST_SLOTS 4096u
#define MOST_PLACES 256u	/* of one chunk; more are passed over */
#define MAX_ENTRIES 0xfffffff0u

/* In the place of a pack's number. */
#define PACK_NONE 0xffffffffu		/* a claim that was given up */
#define PACK_PENDING 0xfffffffeu	/* claimed */

#define PLAIN_BITS 24		/* DBBI_CHUNK_LIMIT fits; above: kind, coding */
#define PLAIN_MASK ((1u << PLAIN_BITS) - 1)

struct item {
	uint8_t id[DBBI_SHA256_SIZE];
	uint32_t pack_no;
	uint32_t offset;
	uint32_t stored;
	uint32_t plain_kind_coding;
};

struct dbbi_index {
	pthread_mutex_t mutex;
	struct item **blocks;
	size_t block_count;
	size_t block_room;	/* in blocks[] */
	uint32_t count;
	uint32_t *slots;	/* item number + 1; 0: empty */
	size_t slot_count;	/* a power of two */
	dbbi_id_hash hash;
	dbbi_pack_table packs;
};

int
dbbi_index_new(dbbi_index **out, dbb_error *err)
{
	dbbi_index *index = calloc(1, sizeof *index);
	int errnum, rc;

	if (index == NULL)
		return dbbi_error_nomem(err);
	if ((errnum = pthread_mutex_init(&index->mutex, NULL)) != 0) {
		free(index);
		return dbbi_error_errno(err, errnum, "making a mutex");
	}
	index->slot_count = FIRST_SLOTS;
	index->slots = calloc(FIRST_SLOTS, sizeof *index->slots);
	rc = index->slots == NULL ? dbbi_error_nomem(err) :
	    dbbi_random(&index->hash, sizeof index->hash, err);
	if (rc < 0) {
		dbbi_index_free(index);
		return rc;
	}
	*out = index;
	return 0;
}

void
dbbi_index_free(dbbi_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < index->block_count; i++)
		free(index->blocks[i]);
	free(index->blocks);
	free(index->slots);
	dbbi_pack_table_clear(&index->packs);
	pthread_mutex_destroy(&index->mutex);
	free(index);
}

static struct item *
item_at(const dbbi_index *index, uint32_t n)
{
	return &index->blocks[n / BLOCK_ENTRIES][n % BLOCK_ENTRIES];
}

static size_t
first_slot(const dbbi_index *index, const uint8_t *id, size_t slot_count)
{
	return dbbi_id_hash_of(&index->hash, id) & (slot_count - 1);
}

/* The next item of `id` from slot `*at` on, which is the one behind it then;
 * NULL when there is none, and `*at` is where a new one belongs. */
static struct item *
next_item(size_t *at, const dbbi_index *index, const uint8_t *id)
{
	struct item *item;
	uint32_t n;

	while ((n = index->slots[*at]) != 0) {
		item = item_at(index, n - 1);
		*at = (*at + 1) & (index->slot_count - 1);
		if (memcmp(item->id, id, DBBI_SHA256_SIZE) == 0)
			return item;
	}
	return NULL;
}

static int
grow_slots(dbbi_index *index, dbb_error *err)
{
	size_t count = index->slot_count * 2, at;
	uint32_t *slots = calloc(count, sizeof *slots);

	if (slots == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t n = 0; n < index->count; n++) {
		at = first_slot(index, item_at(index, n)->id, count);
		while (slots[at] != 0)
			at = (at + 1) & (count - 1);
		slots[at] = n + 1;
	}
	free(index->slots);
	index->slots = slots;
	index->slot_count = count;
	return 0;
}

static int
add_block(dbbi_index *index, dbb_error *err)
{
	size_t room = index->block_room == 0 ? 64 : index->block_room * 2;
	struct item **blocks;

	if (index->block_count == index->block_room) {
		blocks = realloc(index->blocks, room * sizeof *blocks);
		if (blocks == NULL)
			return dbbi_error_nomem(err);
		index->blocks = blocks;
		index->block_room = room;
	}
	index->blocks[index->block_count] =
	    malloc(BLOCK_ENTRIES * sizeof **index->blocks);
	if (index->blocks[index->block_count] == NULL)
		return dbbi_error_nomem(err);
	index->block_count++;
	return 0;
}

/* Add an item without a place. */
static int
add_item(struct item **out, dbbi_index *index, const uint8_t *id,
    dbb_error *err)
{
	struct item *item;
	size_t at;
	int rc;

	if (index->count >= MAX_ENTRIES)
		return dbbi_error_nomem(err);
	if ((uint64_t)index->count + 1 > index->slot_count / 4 * 3 &&
	    (rc = grow_slots(index, err)) < 0)
		return rc;
	if (index->count == index->block_count * BLOCK_ENTRIES &&
	    (rc = add_block(index, err)) < 0)
		return rc;
	item = item_at(index, index->count);
	memset(item, 0, sizeof *item);
	memcpy(item->id, id, sizeof item->id);
	item->pack_no = PACK_NONE;
	at = first_slot(index, id, index->slot_count);
	while (index->slots[at] != 0)
		at = (at + 1) & (index->slot_count - 1);
	index->slots[at] = ++index->count;
	*out = item;
	return 0;
}

static int
has_place(const struct item *item)
{
	return item->pack_no != PACK_NONE && item->pack_no != PACK_PENDING;
}

/* Where a reader looks first, and what counts for a writer. */
enum rank { RANK_GOOD, RANK_CONDEMNED, RANK_MISSING, RANKS };

static enum rank
rank_of(const dbbi_index *index, const struct item *item)
{
	const dbbi_pack_item *pack = &index->packs.items[item->pack_no];

	return !pack->present ? RANK_MISSING :
	    pack->condemned ? RANK_CONDEMNED : RANK_GOOD;
}

static int
counts(const dbbi_index *index, const struct item *item)
{
	return has_place(item) && rank_of(index, item) == RANK_GOOD;
}

int
dbbi_index_add_pack(uint32_t *pack_no, dbbi_index *index,
    const dbbi_id *name, uint32_t size, const dbbi_box *box, int present,
    dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&index->mutex);
	rc = dbbi_pack_table_add(pack_no, &index->packs, name, size, box,
	    err);
	if (rc == 0 && present)
		index->packs.items[*pack_no].present = 1;
	pthread_mutex_unlock(&index->mutex);
	return rc;
}

void
dbbi_index_see_pack(dbbi_index *index, const dbbi_id *name, uint64_t size)
{
	dbbi_pack_item *pack;

	if (size > UINT32_MAX)
		return;
	pthread_mutex_lock(&index->mutex);
	pack = dbbi_pack_table_find(&index->packs, name, (uint32_t)size);
	if (pack != NULL)
		pack->present = 1;
	pthread_mutex_unlock(&index->mutex);
}

int
dbbi_index_condemn(dbbi_index *index, const dbbi_id *name, uint32_t size,
    dbb_error *err)
{
	uint32_t pack_no;
	int rc;

	pthread_mutex_lock(&index->mutex);
	rc = dbbi_pack_table_add(&pack_no, &index->packs, name, size, NULL,
	    err);
	if (rc == 0)
		index->packs.items[pack_no].condemned = 1;
	pthread_mutex_unlock(&index->mutex);
	return rc;
}

void
dbbi_index_spare(dbbi_index *index, const dbbi_id *name, uint32_t size)
{
	dbbi_pack_item *pack;

	pthread_mutex_lock(&index->mutex);
	pack = dbbi_pack_table_find(&index->packs, name, size);
	if (pack != NULL)
		pack->condemned = 0;
	pthread_mutex_unlock(&index->mutex);
}

int
dbbi_index_condemned(dbbi_index *index, const dbbi_id *name, uint32_t size)
{
	const dbbi_pack_item *pack;
	int condemned;

	pthread_mutex_lock(&index->mutex);
	pack = dbbi_pack_table_find(&index->packs, name, size);
	condemned = pack != NULL && pack->condemned;
	pthread_mutex_unlock(&index->mutex);
	return condemned;
}

int
dbbi_index_has_pack(dbbi_index *index, const dbbi_id *name, uint32_t size)
{
	const dbbi_pack_item *pack;
	int has;

	pthread_mutex_lock(&index->mutex);
	pack = dbbi_pack_table_find(&index->packs, name, size);
	has = pack != NULL && pack->present && !pack->condemned;
	pthread_mutex_unlock(&index->mutex);
	return has;
}

uint32_t
dbbi_index_packs(dbbi_index *index)
{
	uint32_t count;

	pthread_mutex_lock(&index->mutex);
	count = index->packs.count;
	pthread_mutex_unlock(&index->mutex);
	return count;
}

void
dbbi_index_pack(dbbi_id *name, uint32_t *size, dbbi_index *index,
    uint32_t pack_no)
{
	pthread_mutex_lock(&index->mutex);
	*name = index->packs.items[pack_no].name;
	*size = index->packs.items[pack_no].size;
	pthread_mutex_unlock(&index->mutex);
}

uint32_t
dbbi_index_missing(dbbi_id *first, dbbi_index *index)
{
	uint32_t missing = 0;

	pthread_mutex_lock(&index->mutex);
	for (uint32_t i = 0; i < index->packs.count; i++) {
		if (index->packs.items[i].present ||
		    index->packs.items[i].condemned)
			continue;
		if (missing++ == 0)
			*first = index->packs.items[i].name;
	}
	pthread_mutex_unlock(&index->mutex);
	return missing;
}

static void
set_place(struct item *item, const dbbi_entry *entry, uint32_t pack_no)
{
	item->pack_no = pack_no;
	item->offset = entry->offset;
	item->stored = entry->stored;
	item->plain_kind_coding = entry->plain |
	    (uint32_t)entry->kind << 24 | (uint32_t)entry->coding << 28;
}

/* With the mutex held. */
static int
put(dbbi_index *index, const dbbi_entry *entry, uint32_t pack_no,
    dbb_error *err)
{
	struct item *item, *same = NULL, *vacant = NULL;
	const uint8_t *id = entry->id.bytes;
	uint32_t places = 0;
	size_t at;
	int rc = 0;

	at = first_slot(index, id, index->slot_count);
	while ((item = next_item(&at, index, id)) != NULL) {
		if (!has_place(item))
			vacant = item;
		else if (item->pack_no == pack_no)
			same = item;
		places++;
	}
	if (same != NULL && vacant != NULL)
		vacant->pack_no = PACK_NONE;	/* the claim is fulfilled */
	if (same == NULL && vacant == NULL && places < MOST_PLACES)
		rc = add_item(&vacant, index, id, err);
	if (rc == 0 && same == NULL && vacant != NULL)
		set_place(vacant, entry, pack_no);
	return rc;
}

int
dbbi_index_put(dbbi_index *index, const dbbi_entry *entry, uint32_t pack_no,
    dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&index->mutex);
	rc = put(index, entry, pack_no, err);
	pthread_mutex_unlock(&index->mutex);
	return rc;
}

/* Let the processor fetch what is needed of a large table while it works on
 * the ones before: its slots, and what they lead to. */
static void
fetch(const dbbi_index *index, const dbbi_entry *entries, uint32_t count)
{
	uint32_t n;

	for (uint32_t i = 0; i < count; i++)
		__builtin_prefetch(&index->slots[first_slot(index,
		    entries[i].id.bytes, index->slot_count)]);
	for (uint32_t i = 0; i < count; i++) {
		n = index->slots[first_slot(index, entries[i].id.bytes,
		    index->slot_count)];
		if (n != 0)
			__builtin_prefetch(item_at(index, n - 1));
	}
}

int
dbbi_index_put_all(dbbi_index *index, const dbbi_entry *entries,
    uint32_t count, uint32_t pack_no, dbb_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&index->mutex);
	fetch(index, entries, count);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = put(index, &entries[i], pack_no, err);
	pthread_mutex_unlock(&index->mutex);
	return rc;
}

static void
describe(dbbi_place *out, const dbbi_index *index, uint32_t no)
{
	const struct item *item = item_at(index, no);
	const dbbi_pack_item *pack = &index->packs.items[item->pack_no];

	out->no = no;
	out->pack = pack->name;
	if (index->packs.boxes != NULL)
		out->box = index->packs.boxes[item->pack_no];
	else
		memset(&out->box, 0, sizeof out->box);
	out->pack_no = item->pack_no;
	out->pack_size = pack->size;
	out->present = pack->present;
	out->condemned = pack->condemned;
	memcpy(out->entry.id.bytes, item->id, sizeof item->id);
	out->entry.offset = item->offset;
	out->entry.stored = item->stored;
	out->entry.plain = item->plain_kind_coding & PLAIN_MASK;
	out->entry.kind = item->plain_kind_coding >> 24 & 0xf;
	out->entry.coding = item->plain_kind_coding >> 28;
}

/* Append the places of one rank. */
static void
find_places(dbbi_places *out, const dbbi_index *index, const uint8_t *id,
    enum rank rank)
{
	size_t at = first_slot(index, id, index->slot_count), last;
	const struct item *item;

	while (out->count < DBBI_PLACES &&
	    (item = next_item(&at, index, id)) != NULL) {
		last = (at - 1) & (index->slot_count - 1);
		if (has_place(item) && rank_of(index, item) == rank)
			describe(&out->items[out->count++], index,
			    index->slots[last] - 1);
	}
}

uint32_t
dbbi_index_find(dbbi_places *out, dbbi_index *index, const dbbi_id *id)
{
	out->count = 0;
	pthread_mutex_lock(&index->mutex);
	for (int rank = 0; rank < RANKS; rank++)
		find_places(out, index, id->bytes, (enum rank)rank);
	pthread_mutex_unlock(&index->mutex);
	return out->count;
}

int
dbbi_index_claim(int *claimed, dbbi_index *index, const dbbi_id *id,
    uint32_t plain, dbb_error *err)
{
	struct item *item, *vacant = NULL;
	size_t at;
	int rc = 0;

	pthread_mutex_lock(&index->mutex);
	at = first_slot(index, id->bytes, index->slot_count);
	while ((item = next_item(&at, index, id->bytes)) != NULL) {
		if (item->pack_no == PACK_PENDING || counts(index, item))
			break;
		if (item->pack_no == PACK_NONE)
			vacant = item;
	}
	*claimed = item == NULL;
	if (*claimed && vacant == NULL)
		rc = add_item(&vacant, index, id->bytes, err);
	if (*claimed && rc == 0) {
		vacant->pack_no = PACK_PENDING;
		vacant->plain_kind_coding = plain;
	}
	pthread_mutex_unlock(&index->mutex);
	return rc;
}

int
dbbi_index_has(uint32_t *plain, dbbi_index *index, const dbbi_id *id)
{
	const struct item *item;
	size_t at;

	pthread_mutex_lock(&index->mutex);
	at = first_slot(index, id->bytes, index->slot_count);
	while ((item = next_item(&at, index, id->bytes)) != NULL)
		if (item->pack_no == PACK_PENDING || counts(index, item))
			break;
	*plain = item == NULL ? 0 : item->plain_kind_coding & PLAIN_MASK;
	pthread_mutex_unlock(&index->mutex);
	return item != NULL;
}

void
dbbi_index_forget(dbbi_index *index, uint32_t from)
{
	pthread_mutex_lock(&index->mutex);
	for (uint32_t n = 0; n < index->count; n++)
		if (item_at(index, n)->pack_no >= from)	/* or pending */
			item_at(index, n)->pack_no = PACK_NONE;
	dbbi_pack_table_forget(&index->packs, from);
	pthread_mutex_unlock(&index->mutex);
}

uint64_t
dbbi_index_count(dbbi_index *index)
{
	uint64_t count;

	pthread_mutex_lock(&index->mutex);
	count = index->count;
	pthread_mutex_unlock(&index->mutex);
	return count;
}

uint64_t
dbbi_index_memory(dbbi_index *index)
{
	uint64_t bytes;

	pthread_mutex_lock(&index->mutex);
	bytes = sizeof *index +
	    index->block_count * BLOCK_ENTRIES * sizeof **index->blocks +
	    index->block_room * sizeof *index->blocks +
	    index->slot_count * sizeof *index->slots +
	    dbbi_pack_table_memory(&index->packs);
	pthread_mutex_unlock(&index->mutex);
	return bytes;
}
