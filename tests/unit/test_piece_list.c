/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <string.h>

#include "repo/piece_list.h"
#include "repo_fixture.h"
#include "util/bytes.h"

#define COUNT 10u
#define CHUNKS 2u
#define FIRST_PIECE (DBBI_PIECES_HEADER + CHUNKS * DBBI_SHA256_SIZE)

static dbbi_pieces pieces;
static uint8_t list[DBBI_PIECES_LIMIT];
static size_t list_size;

static dbbi_piece
piece_of(uint32_t n)
{
	dbbi_piece piece = { .chunk = n % CHUNKS, .offset = 100 * n,
	    .length = 50 + n };

	repo_ok(dbbi_sha256_of(piece.digest, &n, sizeof n, &fx.err));
	return piece;
}

/* A list of COUNT pieces in two chunks. */
static void
set_up(void)
{
	dbbi_piece piece;
	int ended;

	dbbi_pieces_reset(&pieces);
	for (uint32_t n = 0; n < COUNT; n++) {
		piece = piece_of(n);
		dbbi_pieces_add(&ended, &pieces, &piece);
		ck_assert(!ended);
	}
	memset(pieces.chunks[0].bytes, 1, DBBI_SHA256_SIZE);
	memset(pieces.chunks[1].bytes, 2, DBBI_SHA256_SIZE);
	pieces.chunk_count = CHUNKS;
	list_size = dbbi_pieces_put(&pieces);
	memcpy(list, pieces.list, list_size);
}

static int
try_open(size_t size, uint64_t bytes)
{
	dbbi_piece_list out;
	uint8_t exact[sizeof list];	/* for the address sanitizer */

	memcpy(exact, list, size);
	return dbbi_piece_list_open(&out, exact, size, bytes, &fx.err);
}

START_TEST(gives_back_what_was_put_down)
{
	dbbi_piece_list out;
	dbbi_piece piece, expected;
	dbbi_id id;

	repo_ok(dbbi_piece_list_open(&out, list, list_size, pieces.bytes,
	    &fx.err));
	ck_assert_uint_eq(out.count, COUNT);
	ck_assert_uint_eq(out.chunk_count, CHUNKS);
	for (uint32_t n = 0; n < COUNT; n++) {
		dbbi_piece_list_get(&piece, &out, n);
		expected = piece_of(n);
		ck_assert_int_eq(memcmp(&piece, &expected, sizeof piece), 0);
	}
	dbbi_piece_list_chunk(&id, &out, 1);
	ck_assert_uint_eq(id.bytes[31], 2);
}
END_TEST

START_TEST(finds_the_first_of_the_same_pieces)
{
	dbbi_piece piece = piece_of(3), other = piece_of(3);
	int ended;

	other.offset = 9999;
	dbbi_pieces_add(&ended, &pieces, &other);
	piece.offset = 0;
	ck_assert_int_eq(dbbi_pieces_find(&piece, &pieces), 1);
	ck_assert_uint_eq(piece.offset, 300);
	piece.length++;
	ck_assert_int_eq(dbbi_pieces_find(&piece, &pieces), 0);
	piece = piece_of(COUNT);
	ck_assert_int_eq(dbbi_pieces_find(&piece, &pieces), 0);
	dbbi_pieces_reset(&pieces);
	piece = piece_of(3);
	ck_assert_int_eq(dbbi_pieces_find(&piece, &pieces), 0);
}
END_TEST

START_TEST(knows_its_chunks)
{
	dbbi_id id;

	memset(id.bytes, 2, sizeof id);
	ck_assert_int_eq(dbbi_pieces_chunk(&pieces, &id), 1);
	memset(id.bytes, 3, sizeof id);
	ck_assert_int_eq(dbbi_pieces_chunk(&pieces, &id), -1);
}
END_TEST

START_TEST(ends_where_a_piece_says_so)
{
	dbbi_piece piece = piece_of(0);
	int ended = 0;

	dbbi_pieces_reset(&pieces);
	piece.digest[31] = 0;
	piece.digest[30] = 4;	/* its two lowest bits count */
	for (uint32_t n = 1; n < DBBI_PIECES_MIN; n++) {
		dbbi_pieces_add(&ended, &pieces, &piece);
		ck_assert(!ended);
	}
	piece.digest[30] = 5;
	dbbi_pieces_add(&ended, &pieces, &piece);
	ck_assert(!ended);
	piece.digest[30] = 4;
	dbbi_pieces_add(&ended, &pieces, &piece);
	ck_assert(ended);
}
END_TEST

START_TEST(ends_when_it_is_full)
{
	dbbi_piece piece = piece_of(0);
	int ended = 0;
	uint32_t n = 0;

	dbbi_pieces_reset(&pieces);
	piece.digest[31] = 1;
	for (; !ended; n++) {
		dbbi_put_u32(piece.digest, n);
		dbbi_pieces_add(&ended, &pieces, &piece);
	}
	ck_assert_uint_eq(n, DBBI_PIECES_MAX);
}
END_TEST

START_TEST(refuses_every_other_length)
{
	for (size_t size = 0; size < list_size; size++)
		ck_assert_int_eq(try_open(size, pieces.bytes), DBB_EDAMAGED);
	ck_assert_int_eq(try_open(list_size + 1, pieces.bytes),
	    DBB_EDAMAGED);
	ck_assert_int_eq(try_open(list_size, pieces.bytes - 1),
	    DBB_EDAMAGED);
	ck_assert_int_eq(try_open(list_size, pieces.bytes + 1),
	    DBB_EDAMAGED);
	repo_ok(try_open(list_size, pieces.bytes));
}
END_TEST

/* Where each piece lies, and how long it is; not which it is. */
START_TEST(every_flipped_bit_that_counts_is_noticed)
{
	for (size_t i = 0; i < list_size * 8; i++) {
		size_t byte = i / 8;
		size_t in_piece = (byte - FIRST_PIECE) % DBBI_PIECE_SIZE;
		int length = byte >= FIRST_PIECE && in_piece >= 40;
		int rc;

		list[byte] ^= (uint8_t)(1u << i % 8);
		rc = try_open(list_size, pieces.bytes);
		if (byte < DBBI_PIECES_HEADER || length)
			ck_assert_int_eq(rc, DBB_EDAMAGED);
		else
			ck_assert(rc == 0 || rc == DBB_EDAMAGED);
		list[byte] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(refuses_pieces_that_cannot_be)
{
	static const struct {
		size_t at;
		uint32_t value;
	} wrong[] = {
		{ 32, CHUNKS },			/* in no chunk */
		{ 32, UINT32_MAX },
		{ 36, UINT32_MAX - 49 },	/* its end overflows */
		{ 40, 0 },			/* nothing */
		{ 40, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		set_up();
		dbbi_put_u32(list + FIRST_PIECE + wrong[i].at,
		    wrong[i].value);
		ck_assert_int_eq(try_open(list_size, pieces.bytes),
		    DBB_EDAMAGED);
	}
}
END_TEST

START_TEST(refuses_numbers_over_the_limit)
{
	static const uint32_t numbers[] = { DBBI_PIECES_MAX + 1, UINT32_MAX,
	    UINT32_MAX / DBBI_PIECE_SIZE + 1, 1u << 31 };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		set_up();
		dbbi_put_u32(list + 4, numbers[i]);
		ck_assert_int_eq(try_open(list_size, pieces.bytes),
		    DBB_EDAMAGED);
		set_up();
		dbbi_put_u32(list + 8, numbers[i]);
		ck_assert_int_eq(try_open(list_size, pieces.bytes),
		    DBB_EDAMAGED);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("piece_list", set_up, NULL);

	tcase_add_test(tc, gives_back_what_was_put_down);
	tcase_add_test(tc, finds_the_first_of_the_same_pieces);
	tcase_add_test(tc, knows_its_chunks);
	tcase_add_test(tc, ends_where_a_piece_says_so);
	tcase_add_test(tc, ends_when_it_is_full);
	tcase_add_test(tc, refuses_every_other_length);
	tcase_add_test(tc, every_flipped_bit_that_counts_is_noticed);
	tcase_add_test(tc, refuses_pieces_that_cannot_be);
	tcase_add_test(tc, refuses_numbers_over_the_limit);
	return repo_run("piece_list", tc);
}
