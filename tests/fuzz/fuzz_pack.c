/* SPDX-License-Identifier: BSD-2-Clause */
/* A pack: its trailer, its directory, and the chunks that it tells of. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/pack.h"

#define TRAILER_SIZE 48
#define CHUNKS_MAX 4u		/* that are opened; one may be 8 MiB */

static dbbi_opener opener;

/* What a chunk's id would be, so that it can be accepted. */
static void
find_id(dbbi_entry *entry, const uint8_t *stored)
{
	uint8_t *plain;

	if (entry->coding == DBBI_CODING_RAW) {
		fuzz_chunk_id(&entry->id, stored, entry->plain);
		return;
	}
	plain = malloc(entry->plain);
	FUZZ_HOLDS(plain != NULL);
	if (dbbi_codec_unpack(opener.codec, plain, entry->plain, stored,
	    entry->stored, NULL) == 0)
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
	dbbi_entry entry = *said;
	uint8_t *stored = fuzz_copy(view->data + entry.offset, entry.stored);
	uint8_t *to = malloc(entry.plain);
	dbbi_content content;

	FUZZ_HOLDS(to != NULL);
	find_id(&entry, stored);
	if (dbbi_chunk_open(&content, to, &opener, &view->box, &entry, stored,
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

	if (dbbi_pack_open(&view, pack, size, NULL, NULL) < 0)
		goto done;
	FUZZ_HOLDS(view.directory >= pack + DBBI_HEADER_SIZE);
	for (uint32_t i = 0; i < view.count; i++) {
		if (dbbi_pack_entry(&entry, &view, i) < 0)
			continue;
		dbbi_entry_put(again, &entry);
		FUZZ_HOLDS(memcmp(again, view.directory +
		    (size_t)i * sizeof again, sizeof again) == 0);
		FUZZ_HOLDS(entry.offset >= DBBI_HEADER_SIZE &&
		    entry.offset + (uint64_t)entry.stored <= view.end);
		if (opened++ < CHUNKS_MAX)
			try_chunk(&view, &entry);
	}
done:
	free(pack);
}

/* Make the directory's digest right. */
static void
mend(uint8_t *pack, size_t size)
{
	uint8_t *trailer = pack + size - TRAILER_SIZE;
	size_t length = (size_t)dbbi_get_u32(trailer) * DBBI_ENTRY_SIZE;

	if (length <= size - TRAILER_SIZE)
		fuzz_sha256(trailer + 8, trailer - length, length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	if (opener.codec == NULL)
		FUZZ_HOLDS(dbbi_opener_init(&opener, NULL, NULL) == 0);
	try_pack(data, size);
	if (size < TRAILER_SIZE)
		return 0;
	mended = fuzz_copy(data, size);
	mend(mended, size);
	try_pack(mended, size);
	free(mended);
	return 0;
}
