/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pack: its trailer, its directory, and the chunks that it tells of. The
 * input is one of an open repository; for the sealed one a content box is put
 * behind its header, and directory and chunks are sealed as they are.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/chunk_seal.h"
#include "repo/pack.h"

#define TRAILER_SIZE 48
#define CHUNKS_MAX 4u		/* that are opened; one may be 8 MiB */

static dbbi_opener openers[2], *opener;	/* open, sealed; one of these */
static dbbi_chunk_sealer *sealer;
static dbbi_box box;

static void
set_up(void)
{
	FUZZ_HOLDS(dbbi_opener_init(&openers[0], NULL, NULL) == 0);
	fuzz_use(1);
	FUZZ_HOLDS(dbbi_opener_init(&openers[1], fuzz_keys(), NULL) == 0);
	FUZZ_HOLDS(dbbi_chunk_sealer_new(&sealer, fuzz_keys(), NULL) == 0);
	FUZZ_HOLDS(dbbi_chunk_sealer_begin(&box, sealer, NULL) == 0);
}

/* What a chunk's id would be, so that it can be accepted; `coded` is what is
 * stored, without a tag. */
static void
find_id(dbbi_entry *entry, const uint8_t *coded, uint32_t size)
{
	uint8_t *plain;

	if (entry->coding == DBBI_CODING_RAW) {
		fuzz_chunk_id(&entry->id, coded, entry->plain);
		return;
	}
	plain = malloc(entry->plain);
	FUZZ_HOLDS(plain != NULL);
	if (dbbi_codec_unpack(opener->codec, plain, entry->plain, coded,
	    size, NULL) == 0)
		fuzz_chunk_id(&entry->id, plain, entry->plain);
	free(plain);
}

static int
is_within(const dbbi_content *content, const uint8_t *bytes, size_t size)
{
	return content->bytes >= bytes && content->bytes <= bytes + size &&
	    content->size <= (size_t)(bytes + size - content->bytes);
}

static void
try_chunk(const dbbi_pack_view *view, const dbbi_entry *said)
{
	uint32_t tag = view->cipher == DBBI_CIPHER_SEALED ? DBBI_TAG_SIZE : 0;
	dbbi_entry entry = *said;
	uint8_t *stored = fuzz_copy(view->data + entry.offset, entry.stored);
	uint8_t *to = malloc(entry.plain);
	dbbi_content content;

	FUZZ_HOLDS(to != NULL && entry.stored > tag);
	find_id(&entry, stored, entry.stored - tag);
	if (tag > 0)
		FUZZ_HOLDS(dbbi_chunk_seal(stored, sealer, &entry, stored,
		    NULL) == 0);
	if (dbbi_chunk_open(&content, to, opener, &view->box, &entry, stored,
	    NULL) == 0)
		FUZZ_HOLDS(is_within(&content, to, entry.plain) ||
		    is_within(&content, stored, entry.stored));
	free(to);
	free(stored);
}

static void
try_pack(const uint8_t *data, size_t size)
{
	uint8_t *pack = fuzz_copy(data, size);
	uint8_t again[DBBI_ENTRY_SIZE];
	dbbi_pack_view view;
	dbbi_entry entry;
	uint32_t opened = 0;

	if (dbbi_pack_open(&view, pack, size, fuzz_keys(), NULL) < 0)
		goto done;
	FUZZ_HOLDS(view.directory >= pack + dbbi_entry_first(view.cipher));
	for (uint32_t i = 0; i < view.count; i++) {
		if (dbbi_pack_entry(&entry, &view, i) < 0)
			continue;
		dbbi_entry_put(again, &entry);
		FUZZ_HOLDS(memcmp(again, view.directory +
		    (size_t)i * sizeof again, sizeof again) == 0);
		FUZZ_HOLDS(entry.offset >= dbbi_entry_first(view.cipher) &&
		    entry.offset + (uint64_t)entry.stored <= view.end);
		if (opened++ < CHUNKS_MAX)
			try_chunk(&view, &entry);
	}
done:
	free(pack);
}

/* How long the directory is, if there is room for it; else 0. */
static size_t
directory_size(const uint8_t *data, size_t size)
{
	size_t length = (size_t)dbbi_get_u32(data + size - TRAILER_SIZE) *
	    DBBI_ENTRY_SIZE;

	return length <= size - TRAILER_SIZE - DBBI_HEADER_SIZE ? length : 0;
}

/* With the directory's digest made right. */
static void
try_mended(const uint8_t *data, size_t size)
{
	size_t length = directory_size(data, size);
	uint8_t *pack = fuzz_copy(data, size);
	uint8_t *trailer = pack + size - TRAILER_SIZE;

	fuzz_sha256(trailer + 8, trailer - length, length);
	try_pack(pack, size);
	free(pack);
}

static void
try_sealed(const uint8_t *data, size_t size)
{
	size_t length = directory_size(data, size);
	size_t before = size - TRAILER_SIZE - length;	/* the directory */
	size_t whole = size + DBBI_BOX_SIZE + DBBI_WRITER_BOX_EXTRA;
	uint8_t *pack = malloc(whole), *at = pack + before + DBBI_BOX_SIZE;
	uint8_t *trailer = pack + whole - TRAILER_SIZE;

	FUZZ_HOLDS(pack != NULL);
	memcpy(pack, data, DBBI_HEADER_SIZE);
	pack[DBBI_MAGIC_SIZE] = DBBI_CIPHER_SEALED;
	memcpy(pack + DBBI_HEADER_SIZE, box.bytes, DBBI_BOX_SIZE);
	memcpy(pack + DBBI_HEADER_SIZE + DBBI_BOX_SIZE,
	    data + DBBI_HEADER_SIZE, before - DBBI_HEADER_SIZE);
	memcpy(at + DBBI_BOX_SALT, data + before, length);
	FUZZ_HOLDS(dbbi_writer_box_seal(at, length, fuzz_keys(),
	    "dbbackup directory", pack, DBBI_HEADER_SIZE + DBBI_BOX_SIZE,
	    NULL) == 0);
	memcpy(trailer, data + size - TRAILER_SIZE, TRAILER_SIZE);
	fuzz_sha256(trailer + 8, at, length + DBBI_WRITER_BOX_EXTRA);
	try_pack(pack, whole);
	free(pack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (sealer == NULL)
		set_up();
	fuzz_use(0);
	opener = &openers[0];
	try_pack(data, size);
	if (size < DBBI_HEADER_SIZE + TRAILER_SIZE)
		return 0;
	try_mended(data, size);
	fuzz_use(1);
	opener = &openers[1];
	try_sealed(data, size);
	return 0;
}
