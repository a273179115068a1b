/* SPDX-License-Identifier: BSD-2-Clause */
/* A record of condemned packs: as it is, and with the digest that fits, open
 * and sealed. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/condemned.h"

#define OBJECT "condemned/20261122T020000Z-7f3a"

/* Written again and read again it says the same. */
static void
check_again(const dbbi_record *r)
{
	size_t packs_size = r->pack_count * sizeof *r->packs;
	size_t moves_size = r->move_count * sizeof *r->moves;
	void *packs = fuzz_copy(r->packs, packs_size);
	void *moves = fuzz_copy(r->moves, moves_size);
	char id[DBBI_SET_ID_SIZE];
	dbbi_condemned c;
	const dbbi_record *again;

	FUZZ_HOLDS(dbbi_condemned_write(id, fuzz_repo(), packs,
	    r->pack_count, moves, r->move_count, NULL) == 0);
	FUZZ_HOLDS(dbbi_store_remove(fuzz_store(), OBJECT, NULL) == 0);
	FUZZ_HOLDS(dbbi_condemned_load(&c, fuzz_repo(), NULL) == 0);
	FUZZ_HOLDS(c.count == 1);
	again = &c.records[0];
	FUZZ_HOLDS(again->damage == 0 && strcmp(again->id, id) == 0);
	FUZZ_HOLDS(again->pack_count == r->pack_count &&
	    again->move_count == r->move_count);
	FUZZ_HOLDS(memcmp(again->packs, r->packs, packs_size) == 0 &&
	    memcmp(again->moves, r->moves, moves_size) == 0);
	dbbi_condemned_clear(&c);
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
		check_again(r);
	else
		FUZZ_HOLDS(r->pack_count == 0 && r->move_count == 0);
	dbbi_condemned_clear(&c);
	fuzz_clear();
}

/* With the digest behind it. */
static void
try_mended(dbbi_bytes *record)
{
	uint8_t digest[DBBI_SHA256_SIZE];

	fuzz_sha256(digest, record->data, record->size);
	FUZZ_HOLDS(dbbi_bytes_add(record, digest, sizeof digest, NULL) == 0);
	try_record(record->data, record->size);
	dbbi_bytes_clear(record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t content = size < DBBI_SHA256_SIZE ? 0 : size -
	    DBBI_SHA256_SIZE;
	dbbi_bytes record;

	fuzz_use(0);
	try_record(data, size);
	dbbi_bytes_init(&record, SIZE_MAX);
	FUZZ_HOLDS(dbbi_bytes_add(&record, data, content, NULL) == 0);
	try_mended(&record);
	fuzz_use(1);
	fuzz_seal(&record, data, content, "dbbackup condemned");
	try_mended(&record);
	return 0;
}
