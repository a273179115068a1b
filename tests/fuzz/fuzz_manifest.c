/* SPDX-License-Identifier: BSD-2-Clause */
/* A set's manifest: header, head, packs, body. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/manifest.h"

#define SET "20261122T020000Z-7f3a"
#define OBJECT "sets/" SET
#define HEADER_SIZE 60
#define PACK_SIZE 40

static int
count_stream(const dbbi_stream_ref *ref, void *payload, dbb_error *err)
{
	(void)payload;
	(void)err;
	FUZZ_HOLDS(ref->depth >= 1 && ref->depth <= DBBI_TREE_DEPTH);
	return 0;
}

/* Written again and read again it says the same. */
static void
check_again(dbbi_manifest *m)
{
	dbbi_manifest again;
	dbbi_set_pack *packs;
	dbbi_bytes bytes;
	size_t size = m->pack_count * sizeof *packs;

	packs = (dbbi_set_pack *)fuzz_copy(m->packs, size);
	FUZZ_HOLDS(dbbi_manifest_encode(&bytes, NULL, SET, m->head, m->body,
	    packs, m->pack_count, NULL) == 0);
	fuzz_put(OBJECT, bytes.data, bytes.size);
	FUZZ_HOLDS(dbbi_manifest_read(&again, fuzz_repo(), SET, 1,
	    NULL) == 0);
	FUZZ_HOLDS(fuzz_same_json(m->head, again.head));
	FUZZ_HOLDS(fuzz_same_json(m->body, again.body));
	FUZZ_HOLDS(again.pack_count == m->pack_count);
	for (uint32_t i = 0; i < m->pack_count; i++) {
		FUZZ_HOLDS(memcmp(&again.packs[i], &m->packs[i],
		    sizeof *packs) == 0);
		FUZZ_HOLDS(dbbi_manifest_has(&again, &m->packs[i].name));
	}
	dbbi_manifest_clear(&again);
	dbbi_bytes_clear(&bytes);
	free(packs);
}

static void
try_manifest(const uint8_t *data, size_t size)
{
	dbbi_manifest m;
	int head_rc;

	fuzz_put(OBJECT, data, size);
	head_rc = dbbi_manifest_read(&m, fuzz_repo(), SET, 0, NULL);
	if (head_rc == 0) {
		FUZZ_HOLDS(m.body == NULL);
		dbbi_manifest_clear(&m);
	}
	if (dbbi_manifest_read(&m, fuzz_repo(), SET, 1, NULL) < 0)
		return;
	FUZZ_HOLDS(head_rc == 0);
	dbbi_manifest_streams(m.body, count_stream, NULL, NULL);
	check_again(&m);
	dbbi_manifest_clear(&m);
}

static uint32_t
at_most(uint32_t value, size_t most)
{
	return value <= most ? value : (uint32_t)most;
}

/* Make magic, id, lengths and digests fit. */
static void
mend(uint8_t *data, size_t size)
{
	size_t room = size - HEADER_SIZE - 2 * 32;
	uint32_t head = at_most(dbbi_get_u32(data + 44), room);
	uint32_t packs = at_most(dbbi_get_u32(data + 48),
	    (room - head) / PACK_SIZE);
	uint32_t stored = (uint32_t)(room - head - packs * PACK_SIZE);
	size_t front = HEADER_SIZE + head + (size_t)packs * PACK_SIZE;

	memcpy(data, "DBBSET01\0\0\0\0" SET, 12 + sizeof SET - 1);
	dbbi_put_u32(data + 44, head);
	dbbi_put_u32(data + 48, packs);
	dbbi_put_u32(data + 52, stored);
	fuzz_sha256(data + front, data, front);
	fuzz_sha256(data + size - 32, data, size - 32);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	try_manifest(data, size);
	if (size >= HEADER_SIZE + 2 * 32) {
		mended = fuzz_copy(data, size);
		mend(mended, size);
		try_manifest(mended, size);
		free(mended);
	}
	fuzz_clear();
	return 0;
}
