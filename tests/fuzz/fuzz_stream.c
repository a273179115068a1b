/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream is read whose list of pieces says anything, out of chunks that
 * say anything, all of them under their right names. The input is: threads
 * and whether it is sealed u8, number of chunks u8, for each its length u16 and its bytes as they
 * are unpacked; then pieces, each: chunk u8, offset u16, length u16.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/pack.h"

#define CHUNKS_MAX 16u
#define PIECES_MAX 256u

static dbbi_pack *packs[2];		/* open, sealed */
static dbbi_pack *pack;			/* one of these */
static dbbi_pieces pieces;

static void
begin_pack(int sealed)
{
	fuzz_use(sealed);
	if (packs[sealed] == NULL)
		FUZZ_HOLDS(dbbi_pack_new(&packs[sealed], fuzz_keys(),
		    NULL) == 0);
	pack = packs[sealed];
	dbbi_pack_reset(pack);
}

static void
add_chunk(dbbi_id *id, const uint8_t *plain, size_t size, uint8_t kind)
{
	dbbi_entry entry = { .stored = (uint32_t)size,
	    .plain = (uint32_t)size, .kind = kind };

	fuzz_chunk_id(&entry.id, plain, size);
	*id = entry.id;
	FUZZ_HOLDS(dbbi_pack_add(pack, &entry, plain, NULL) == 0);
}

static void
read_chunks(dbbi_cursor *c)
{
	uint32_t count = fuzz_take_u8(c) % (CHUNKS_MAX + 1);
	const uint8_t *plain;
	size_t size;

	for (uint32_t i = 0; i < count; i++) {
		size = fuzz_take_u16(c);
		plain = fuzz_take(&size, c, size);
		if (size == 0)
			break;
		add_chunk(&pieces.chunks[pieces.chunk_count++], plain, size,
		    DBBI_KIND_DATA);
	}
}

/* The stream's size is what the pieces say. */
static uint64_t
read_pieces(dbbi_cursor *c)
{
	uint64_t bytes = 0;
	int ended;

	while (c->left > 0 && pieces.count < PIECES_MAX) {
		dbbi_piece piece = { .chunk = fuzz_take_u8(c),
		    .offset = fuzz_take_u16(c), .length = fuzz_take_u16(c) };

		bytes += piece.length;
		dbbi_pieces_add(&ended, &pieces, &piece);
	}
	return bytes;
}

/* The list is a chunk of one piece. */
static void
add_list(dbbi_id *root)
{
	static uint8_t plain[8 + DBBI_PIECES_LIMIT];
	uint32_t size = (uint32_t)dbbi_pieces_put(&pieces);

	dbbi_put_u32(plain, 1);
	dbbi_put_u32(plain + 4, size);
	memcpy(plain + 8, pieces.list, size);
	add_chunk(root, plain, 8 + size, DBBI_KIND_LIST);
}

static void
put_pack(void)
{
	const uint8_t *data;
	char object[DBBI_OBJECT_SIZE];
	dbbi_segment segment;
	uint64_t written;
	uint32_t size;
	dbbi_id name;

	FUZZ_HOLDS(dbbi_pack_end(&name, &data, &size, pack, NULL) == 0);
	dbbi_pack_object(object, &name);
	fuzz_put(object, data, size);
	dbbi_segment_init(&segment, fuzz_keys());
	FUZZ_HOLDS(dbbi_segment_add(&segment, &name, size,
	    dbbi_pack_box(pack), dbbi_pack_directory(pack),
	    dbbi_pack_count(pack), NULL) == 0);
	FUZZ_HOLDS(dbbi_segment_write(&written, &segment, fuzz_store(),
	    NULL) == 0);
	dbbi_segment_clear(&segment);
}

/* The digest of the whole is not right, so an end is never reached. */
static void
read_stream(const dbbi_stream_ref *ref, unsigned threads)
{
	dbbi_reader *reader = NULL;
	uint8_t block[777];
	uint64_t bytes = 0;
	size_t got = 1;
	int rc;

	rc = dbbi_repo_read_stream(&reader, fuzz_repo(), ref, threads, NULL);
	while (rc == 0 && got > 0) {
		rc = dbbi_reader_read(&got, reader, block, sizeof block,
		    NULL);
		if (rc < 0)
			break;
		FUZZ_HOLDS(got > 0 && got <= sizeof block);
		bytes += got;
		FUZZ_HOLDS(bytes <= ref->size_bytes);
	}
	dbbi_reader_free(reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_cursor c = { data, size };
	dbbi_stream_ref ref = { .depth = 1 };
	uint32_t how = fuzz_take_u8(&c);

	begin_pack(how >> 1 & 1);
	dbbi_pieces_reset(&pieces);
	read_chunks(&c);
	ref.size_bytes = read_pieces(&c);
	add_list(&ref.root);
	put_pack();
	if (dbbi_repo_load_index(fuzz_repo(), NULL) == 0)
		read_stream(&ref, (how & 1) + 1);
	fuzz_clear();
	return 0;
}
