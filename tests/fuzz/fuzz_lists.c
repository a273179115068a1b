/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of a stream: pieces, and lists of lists. The input is a depth
 * u8, whether to make the sums right u8, the stream's size u64, and lists,
 * each behind its length u16; a walk is given one behind the other.
 *
 * The ids in a list of lists are overwritten with the bytes that they stand
 * for, so that the next list can be made to fit.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "repo/tree.h"

#define LISTS_MAX 2000u

struct source {
	dbbi_cursor input;
	int mend;
};

/* Where the entries of a list begin, their size, and where in one the bytes
 * of the stream are told. */
struct shape {
	size_t first;
	size_t each;
	size_t length_at;
	size_t length_size;
};

static struct shape
find_shape(const uint8_t *list, size_t size)
{
	struct shape s = { DBBI_TREE_HEADER_SIZE, DBBI_TREE_ENTRY_SIZE, 32, 8 };

	if (size >= DBBI_PIECES_HEADER && list[0] == 1) {
		s.first = DBBI_PIECES_HEADER + DBBI_SHA256_SIZE *
		    (size_t)dbbi_get_u32(list + 8);
		s.each = DBBI_PIECE_SIZE;
		s.length_at = 40;
		s.length_size = 4;
	}
	return s;
}

static uint64_t
get_length(const struct shape *s, const uint8_t *entry)
{
	return s->length_size == 4 ? dbbi_get_u32(entry + s->length_at) :
	    dbbi_get_u64(entry + s->length_at);
}

/* Make the last entry stand for what is left of `bytes`. */
static void
mend_sum(uint8_t *list, size_t size, uint64_t bytes)
{
	struct shape s = find_shape(list, size);
	uint8_t *at = list + s.first;

	if (size < s.first + s.each)
		return;
	for (; at + 2 * s.each <= list + size; at += s.each)
		bytes -= get_length(&s, at);
	if (s.length_size == 4)
		dbbi_put_u32(at + s.length_at, (uint32_t)bytes);
	else
		dbbi_put_u64(at + s.length_at, bytes);
}

static void
mark_ids(uint8_t *list, size_t size)
{
	size_t at = DBBI_TREE_HEADER_SIZE;

	if (size == 0 || list[0] == 1)
		return;
	for (; at + DBBI_TREE_ENTRY_SIZE <= size; at += DBBI_TREE_ENTRY_SIZE)
		memcpy(list + at, list + at + 32, 8);
}

static int
load(size_t *size, void *to, const dbbi_id *id, void *payload,
    dbb_error *err)
{
	struct source *source = payload;
	size_t wanted = fuzz_take_u16(&source->input);
	const uint8_t *list;

	if (source->input.left == 0)
		return dbbi_error_set(err, DBB_ENOTFOUND, "no more lists");
	list = fuzz_take(size, &source->input, wanted);
	memcpy(to, list, *size);
	if (source->mend)
		mend_sum(to, *size, dbbi_get_u64(id->bytes));
	mark_ids(to, *size);
	return 0;
}

/* What the list says, for a stream of that many bytes more. */
static uint64_t
check_list(const dbbi_piece_list *list)
{
	uint64_t bytes = 0;
	dbbi_piece piece;
	dbbi_id id;

	FUZZ_HOLDS(list->count <= DBBI_PIECES_MAX);
	FUZZ_HOLDS(list->chunk_count <= DBBI_PIECES_CHUNKS);
	for (uint32_t i = 0; i < list->chunk_count; i++)
		dbbi_piece_list_chunk(&id, list, i);
	for (uint32_t i = 0; i < list->count; i++) {
		dbbi_piece_list_get(&piece, list, i);
		FUZZ_HOLDS(piece.length > 0);
		FUZZ_HOLDS(piece.chunk < list->chunk_count);
		FUZZ_HOLDS(piece.offset <= UINT32_MAX - piece.length);
		bytes += piece.length;
	}
	return bytes;
}

/* Put down again it is the same. */
static void
check_again(const dbbi_piece_list *list)
{
	static dbbi_pieces pieces;
	const uint8_t *begin = list->ids - DBBI_PIECES_HEADER;
	dbbi_piece piece;
	size_t size;
	int ended;

	dbbi_pieces_reset(&pieces);
	for (uint32_t i = 0; i < list->chunk_count; i++)
		dbbi_piece_list_chunk(&pieces.chunks[i], list, i);
	pieces.chunk_count = list->chunk_count;
	for (uint32_t i = 0; i < list->count; i++) {
		dbbi_piece_list_get(&piece, list, i);
		dbbi_pieces_add(&ended, &pieces, &piece);
		FUZZ_HOLDS(dbbi_pieces_find(&piece, &pieces));
	}
	size = dbbi_pieces_put(&pieces);
	FUZZ_HOLDS(memcmp(pieces.list, begin, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = { .input = { data, size } };
	dbbi_stream_ref ref = { .depth = fuzz_take_u8(&source.input) % 10 };
	dbbi_piece_list list;
	dbbi_walk *walk = NULL;
	uint64_t bytes = 0;
	int rc = 1;

	source.mend = fuzz_take_u8(&source.input) & 1;
	if (dbbi_take_u64(&ref.size_bytes, &source.input) < 0)
		return 0;
	dbbi_put_u64(ref.root.bytes, ref.size_bytes);
	if (dbbi_walk_new(&walk, &ref, load, &source, NULL) < 0)
		return 0;
	for (uint32_t n = 0; rc == 1 && n < LISTS_MAX; n++) {
		if ((rc = dbbi_walk_next(&list, walk, NULL)) != 1)
			break;
		bytes += check_list(&list);
		FUZZ_HOLDS(bytes <= ref.size_bytes);
		check_again(&list);
	}
	FUZZ_HOLDS(rc != 0 || bytes == ref.size_bytes);
	dbbi_walk_free(walk);
	return 0;
}
