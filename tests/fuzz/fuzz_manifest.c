/* SPDX-License-Identifier: BSD-2-Clause */
/* A set's manifest: header, head, packs, body. The input is one of an open
 * repository: it is tried as it is, with all that must fit made to fit, and
 * sealed. */
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
	FUZZ_HOLDS(dbbi_manifest_encode(&bytes, fuzz_keys(), SET, m->head, m->body,
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

static void
add(dbbi_bytes *b, const void *data, size_t size)
{
	FUZZ_HOLDS(dbbi_bytes_add(b, data, size, NULL) == 0);
}

static void
add_digest(dbbi_bytes *b)
{
	uint8_t digest[32];

	fuzz_sha256(digest, b->data, b->size);
	add(b, digest, sizeof digest);
}

/* The body behind its front, by a content key of its own. */
static void
add_body(dbbi_bytes *b, const uint8_t key[DBBI_KEY_SIZE],
    const uint8_t *body, size_t size)
{
	uint8_t *sealed = malloc(size + DBBI_TAG_SIZE);
	dbbi_aead *aead = NULL;

	FUZZ_HOLDS(sealed != NULL && dbbi_aead_new(&aead, NULL) == 0 &&
	    dbbi_aead_key(aead, key, NULL) == 0);
	FUZZ_HOLDS(dbbi_aead_seal(aead, sealed, dbbi_nonce_once, b->data,
	    HEADER_SIZE + DBBI_BOX_SIZE, body, size, NULL) == 0);
	add(b, sealed, size + DBBI_TAG_SIZE);
	dbbi_aead_free(aead);
	free(sealed);
}

/* Seal a mended one. */
static void
try_sealed(const uint8_t *data, size_t size)
{
	size_t head = dbbi_get_u32(data + 44) +
	    (size_t)dbbi_get_u32(data + 48) * PACK_SIZE;
	uint8_t key[DBBI_KEY_SIZE];
	dbbi_bytes b;
	dbbi_box box;

	FUZZ_HOLDS(dbbi_content_key_make(&box, key, fuzz_keys(), NULL) == 0);
	dbbi_bytes_init(&b, SIZE_MAX);
	add(&b, data, HEADER_SIZE);
	b.data[8] = DBBI_CIPHER_SEALED;
	add(&b, box.bytes, sizeof box.bytes);
	FUZZ_HOLDS(dbbi_sealed_begin(&b, fuzz_keys(), NULL) == 0);
	add(&b, data + HEADER_SIZE, head);
	FUZZ_HOLDS(dbbi_sealed_end(&b, HEADER_SIZE + DBBI_BOX_SIZE,
	    fuzz_keys(), "dbbackup set", NULL) == 0);
	add_digest(&b);
	add_body(&b, key, data + HEADER_SIZE + head + 32,
	    size - HEADER_SIZE - head - 2 * 32);
	add_digest(&b);
	try_manifest(b.data, b.size);
	dbbi_bytes_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	fuzz_use(0);
	try_manifest(data, size);
	fuzz_clear();
	if (size < HEADER_SIZE + 2 * 32)
		return 0;
	mended = fuzz_copy(data, size);
	mend(mended, size);
	try_manifest(mended, size);
	fuzz_clear();
	fuzz_use(1);
	try_sealed(mended, size);
	fuzz_clear();
	free(mended);
	return 0;
}
