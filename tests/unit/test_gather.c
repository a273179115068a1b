/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <string.h>

#include "repo/gather.h"
#include "repo_fixture.h"
#include "util/bytes.h"

#define LEAST (64u * 1024)	/* bytes of a chunk that a piece may end */
#define MOST (128u * 1024)

static const dbbi_chunker_params params = { .min_bytes = 256,
    .average_bytes = 1024, .max_bytes = 4096 };
static dbbi_namer *namer;
static dbbi_gather *g;
static uint8_t bytes[4096];

static void
set_up(void)
{
	repo_ok(dbbi_namer_new(&namer, NULL, &fx.err));
	repo_ok(dbbi_gather_new(&g, &params,
	    dbbi_gather_room(&params), namer, &fx.err));
	memset(bytes, 'x', sizeof bytes);
}

static void
tear_down(void)
{
	dbbi_gather_free(g);
	dbbi_namer_free(namer);
}

/* Add piece `n`, of `size` bytes; does the chunk end with it? */
static int
add(uint32_t *offset, uint32_t n, uint32_t size)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int ended;

	repo_ok(dbbi_sha256_of(digest, &n, sizeof n, &fx.err));
	repo_ok(dbbi_gather_add(offset, &ended, g, digest, bytes, size,
	    &fx.err));
	return ended;
}

/* Pieces from `n` on, until they make a chunk; the next one's number. */
static uint32_t
fill(dbbi_gathered *out, uint32_t n)
{
	uint32_t at = 0, offset, size;
	int ended;

	do {
		size = 300 + n * 37 % 1500;
		ended = add(&offset, n++, size);
		ck_assert_uint_eq(offset, at);
		at += size;
	} while (!ended);
	repo_ok(dbbi_gather_end(out, g, &fx.err));
	ck_assert_uint_eq(out->size, at);
	return n;
}

START_TEST(chunks_have_64_to_128_averages)
{
	dbbi_gathered chunk;
	uint32_t n = 0;

	for (int i = 0; i < 300; i++) {
		n = fill(&chunk, n);
		ck_assert_uint_ge(chunk.size, LEAST);
		ck_assert_uint_le(chunk.size, MOST);
		ck_assert_uint_le(chunk.size + chunk.table_size,
		    dbbi_gather_room(&params));
		ck_assert(dbbi_gather_empty(g));
	}
}
END_TEST

START_TEST(where_a_chunk_ends_is_said_by_its_pieces)
{
	dbbi_gathered chunk;
	uint32_t second = fill(&chunk, 0), third = fill(&chunk, second);
	dbbi_id id = chunk.id;

	ck_assert_uint_eq(fill(&chunk, second), third);
	ck_assert_int_eq(memcmp(&chunk.id, &id, sizeof id), 0);
	ck_assert_uint_ne(fill(&chunk, second + 1), second);
	ck_assert_int_ne(memcmp(&chunk.id, &id, sizeof id), 0);
}
END_TEST

/* What no digest ends, ends where a longest piece would not fit. */
START_TEST(a_chunk_ends_when_it_is_full)
{
	static const uint8_t digest[DBBI_SHA256_SIZE] = {1};
	uint32_t offset, size = 0;
	int ended = 0;

	for (; !ended; size += 1000)
		repo_ok(dbbi_gather_add(&offset, &ended, g, digest, bytes,
		    1000, &fx.err));
	ck_assert_uint_gt(size + params.max_bytes, MOST);
	ck_assert_uint_le(size, MOST);
	ck_assert_int_eq(dbbi_gather_add(&offset, &ended, g, digest, bytes,
	    4096, &fx.err), DBB_EINTERNAL);
}
END_TEST

START_TEST(a_chunk_ends_with_as_many_pieces_as_it_has_room_for)
{
	static const uint8_t digest[DBBI_SHA256_SIZE] = {1};
	uint32_t offset, count = 0;
	dbbi_gathered chunk;
	int ended = 0;

	for (; !ended; count++)
		repo_ok(dbbi_gather_add(&offset, &ended, g, digest, bytes, 1,
		    &fx.err));
	ck_assert_uint_eq(count, MOST / 256 + 1);
	repo_ok(dbbi_gather_end(&chunk, g, &fx.err));
	ck_assert_uint_eq(chunk.table_size, 4 + 4 * count);
	ck_assert_uint_le(chunk.table_size + MOST,
	    dbbi_gather_room(&params));
}
END_TEST

/* As doc/format.md has it. */
START_TEST(a_chunk_is_its_lengths_and_its_bytes)
{
	uint8_t digests[2][DBBI_SHA256_SIZE], records[2][36];
	static const uint32_t sizes[] = { 700, 5 };
	dbbi_gathered chunk;
	uint32_t offset;
	dbbi_id id;
	int ended;

	for (uint32_t i = 0; i < 2; i++) {
		repo_ok(dbbi_sha256_of(digests[i], bytes, sizes[i],
		    &fx.err));
		repo_ok(dbbi_gather_add(&offset, &ended, g, digests[i], bytes,
		    sizes[i], &fx.err));
		dbbi_put_u32(records[i], sizes[i]);
		memcpy(records[i] + 4, digests[i], DBBI_SHA256_SIZE);
	}
	repo_ok(dbbi_gather_end(&chunk, g, &fx.err));
	repo_ok(dbbi_sha256_of(id.bytes, records, sizeof records, &fx.err));
	ck_assert_int_eq(memcmp(&chunk.id, &id, sizeof id), 0);
	ck_assert_uint_eq(chunk.table_size, 12);
	ck_assert_uint_eq(dbbi_get_u32(chunk.table), 2);
	ck_assert_uint_eq(dbbi_get_u32(chunk.table + 4), 700);
	ck_assert_uint_eq(dbbi_get_u32(chunk.table + 8), 5);
	ck_assert_uint_eq(chunk.size, 705);
	ck_assert_int_eq(memcmp(chunk.bytes, bytes, 705), 0);
}
END_TEST

START_TEST(one_piece_alone_is_the_same_chunk)
{
	uint8_t digest[DBBI_SHA256_SIZE], table[DBBI_GATHER_TABLE_ONE];
	dbbi_gathered chunk;
	uint32_t offset;
	dbbi_id id;
	int ended;

	repo_ok(dbbi_gather_one(&id, table, namer, bytes, 100, &fx.err));
	repo_ok(dbbi_sha256_of(digest, bytes, 100, &fx.err));
	repo_ok(dbbi_gather_add(&offset, &ended, g, digest, bytes, 100,
	    &fx.err));
	repo_ok(dbbi_gather_end(&chunk, g, &fx.err));
	ck_assert_int_eq(memcmp(&chunk.id, &id, sizeof id), 0);
	ck_assert_uint_eq(chunk.table_size, sizeof table);
	ck_assert_int_eq(memcmp(chunk.table, table, sizeof table), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("gather", set_up, tear_down);

	tcase_add_test(tc, chunks_have_64_to_128_averages);
	tcase_add_test(tc, where_a_chunk_ends_is_said_by_its_pieces);
	tcase_add_test(tc, a_chunk_ends_when_it_is_full);
	tcase_add_test(tc,
	    a_chunk_ends_with_as_many_pieces_as_it_has_room_for);
	tcase_add_test(tc, a_chunk_is_its_lengths_and_its_bytes);
	tcase_add_test(tc, one_piece_alone_is_the_same_chunk);
	return repo_run("gather", tc);
}
