/* SPDX-License-Identifier: BSD-2-Clause */
/* An index segment, in the store under the name that its bytes have. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"

/* Every place of a chunk lies within its pack. */
static void
check_places(dbbi_index *index, const dbbi_id *id)
{
	dbbi_places places;

	FUZZ_HOLDS(dbbi_index_find(&places, index, id) > 0);
	FUZZ_HOLDS(places.count <= DBBI_PLACES);
	for (uint32_t i = 0; i < places.count; i++) {
		const dbbi_entry *e = &places.items[i].entry;

		FUZZ_HOLDS(memcmp(&e->id, id, sizeof *id) == 0);
		FUZZ_HOLDS(e->offset >= DBBI_HEADER_SIZE);
		FUZZ_HOLDS(e->offset + (uint64_t)e->stored <=
		    places.items[i].pack_size);
		FUZZ_HOLDS(places.items[i].pack_size <= DBBI_PACK_LIMIT);
		FUZZ_HOLDS(e->plain <= DBBI_CHUNK_LIMIT);
	}
}

/* Take one pack's part of a segment into `again`, and see to its chunks. */
static void
check_part(dbbi_segment *again, dbbi_index *index, dbbi_cursor *c)
{
	const uint8_t *name, *box = NULL, *entries;
	uint32_t pack_size, count;
	dbbi_box copy;
	dbbi_id id;

	FUZZ_HOLDS(dbbi_take(&name, c, sizeof id) == 0 &&
	    dbbi_take_u32(&pack_size, c) == 0 &&
	    dbbi_take_u32(&count, c) == 0);
	FUZZ_HOLDS(fuzz_keys() == NULL ||
	    dbbi_take(&box, c, DBBI_BOX_SIZE) == 0);
	FUZZ_HOLDS(dbbi_take(&entries, c,
	    (size_t)count * DBBI_ENTRY_SIZE) == 0);
	if (box != NULL)
		memcpy(copy.bytes, box, sizeof copy.bytes);
	memcpy(&id, name, sizeof id);
	FUZZ_HOLDS(dbbi_segment_add(again, &id, pack_size,
	    box == NULL ? NULL : &copy, entries, count, NULL) == 0);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&id, entries + (size_t)i * DBBI_ENTRY_SIZE, sizeof id);
		check_places(index, &id);
	}
}

/* What was accepted is found again, and written again is the same. */
static void
check_accepted(dbbi_index *index, const uint8_t *data, size_t size)
{
	dbbi_cursor c = { data, size };
	size_t salt = fuzz_keys() == NULL ? 0 : DBBI_BOX_SALT;
	const uint8_t *header;
	dbbi_segment again;
	uint32_t packs;

	dbbi_segment_init(&again, fuzz_keys());
	FUZZ_HOLDS(dbbi_take(&header, &c, DBBI_HEADER_SIZE) == 0);
	packs = dbbi_get_u32(header + 12);
	for (uint32_t i = 0; i < packs; i++)
		check_part(&again, index, &c);
	FUZZ_HOLDS(packs == 0 || (again.bytes.size == size + salt &&
	    memcmp(again.bytes.data + DBBI_HEADER_SIZE + salt,
	    data + DBBI_HEADER_SIZE, size - DBBI_HEADER_SIZE) == 0));
	dbbi_segment_clear(&again);
}

/* `stored` is what `data` is in this repository. */
static void
try_segment(const uint8_t *stored, size_t stored_size, const uint8_t *data,
    size_t size)
{
	dbbi_index *index = NULL;

	fuzz_put_named("index/", stored, stored_size);
	if (dbbi_repo_load_index_with(&index, fuzz_repo(), NULL, NULL,
	    NULL) == 0)
		check_accepted(index, data, size);
	dbbi_index_free(index);
	fuzz_clear();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_bytes sealed;

	fuzz_use(0);
	try_segment(data, size, data, size);
	fuzz_use(1);
	fuzz_seal(&sealed, data, size, "dbbackup index");
	try_segment(sealed.data, sealed.size, data, size);
	dbbi_bytes_clear(&sealed);
	return 0;
}
