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

/* What was accepted is found again, and written again is the same. */
static void
check_accepted(dbbi_index *index, const uint8_t *data, size_t size)
{
	dbbi_cursor c = { data, size };
	const uint8_t *header, *name, *entries;
	uint32_t packs, pack_size, count;
	dbbi_segment again;
	dbbi_id id;

	dbbi_segment_init(&again, NULL);
	FUZZ_HOLDS(dbbi_take(&header, &c, DBBI_HEADER_SIZE) == 0);
	packs = dbbi_get_u32(header + 12);
	for (uint32_t i = 0; i < packs; i++) {
		FUZZ_HOLDS(dbbi_take(&name, &c, sizeof id) == 0 &&
		    dbbi_take_u32(&pack_size, &c) == 0 &&
		    dbbi_take_u32(&count, &c) == 0 &&
		    dbbi_take(&entries, &c,
		    (size_t)count * DBBI_ENTRY_SIZE) == 0);
		memcpy(&id, name, sizeof id);
		FUZZ_HOLDS(dbbi_segment_add(&again, &id, pack_size, NULL,
		    entries, count, NULL) == 0);
		for (uint32_t k = 0; k < count; k++) {
			memcpy(&id, entries + (size_t)k * DBBI_ENTRY_SIZE,
			    sizeof id);
			check_places(index, &id);
		}
	}
	FUZZ_HOLDS(packs == 0 || (again.bytes.size == size &&
	    memcmp(again.bytes.data + DBBI_HEADER_SIZE,
	    data + DBBI_HEADER_SIZE, size - DBBI_HEADER_SIZE) == 0));
	dbbi_segment_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_index *index = NULL;

	fuzz_put_named("index/", data, size);
	if (dbbi_repo_load_index_with(&index, fuzz_repo(), NULL, NULL,
	    NULL) == 0)
		check_accepted(index, data, size);
	dbbi_index_free(index);
	fuzz_clear();
	return 0;
}
