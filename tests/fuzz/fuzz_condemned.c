/* SPDX-License-Identifier: BSD-2-Clause */
/* A record of condemned packs, as it is and with the digest that fits. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/condemned.h"

#define OBJECT "condemned/20261122T020000Z-7f3a"
#define TIME_END (DBBI_HEADER_SIZE + 8)

/* Written again it is the same but for the time and the digest. */
static void
check_again(const dbbi_record *r, const uint8_t *data, size_t size)
{
	char id[DBBI_SET_ID_SIZE], object[DBBI_OBJECT_SIZE];
	void *packs = fuzz_copy(r->packs, r->pack_count * sizeof *r->packs);
	void *moves = fuzz_copy(r->moves, r->move_count * sizeof *r->moves);
	uint8_t *again = NULL;
	size_t again_size;

	FUZZ_HOLDS(dbbi_condemned_write(id, fuzz_repo(), packs,
	    r->pack_count, moves, r->move_count, NULL) == 0);
	dbbi_condemned_object(object, id);
	FUZZ_HOLDS(dbbi_store_load(&again, &again_size, fuzz_store(), object,
	    size, NULL) == 0);
	FUZZ_HOLDS(again_size == size &&
	    memcmp(again, data, DBBI_HEADER_SIZE) == 0 &&
	    memcmp(again + TIME_END, data + TIME_END,
	    size - TIME_END - DBBI_SHA256_SIZE) == 0);
	free(again);
	free(packs);
	free(moves);
}

static void
try_record(const uint8_t *data, size_t size)
{
	dbbi_condemned c;
	const dbbi_record *r;

	fuzz_put(OBJECT, data, size);
	FUZZ_HOLDS(dbbi_condemned_load(&c, fuzz_repo(), NULL) == 0);
	FUZZ_HOLDS(c.count == 1);
	r = &c.records[0];
	for (uint32_t i = 0; i < r->pack_count; i++)
		FUZZ_HOLDS(dbbi_record_find(r, &r->packs[i].name) ==
		    &r->packs[i]);
	if (r->damage == 0)
		check_again(r, data, size);
	else
		FUZZ_HOLDS(r->pack_count == 0 && r->move_count == 0);
	dbbi_condemned_clear(&c);
	fuzz_clear();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	try_record(data, size);
	if (size < DBBI_SHA256_SIZE)
		return 0;
	mended = fuzz_copy(data, size);
	fuzz_sha256(mended + size - DBBI_SHA256_SIZE, mended,
	    size - DBBI_SHA256_SIZE);
	try_record(mended, size);
	free(mended);
	return 0;
}
