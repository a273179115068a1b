/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks that cannot be, and lists that point beside them. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/writer.h"
#include "repo_fixture.h"
#include "util/bytes.h"

#define PIECES 3u
#define PIECE 10u
#define TABLE (4 + 4 * PIECES)
#define SIZE (TABLE + PIECES * PIECE)

static uint8_t plain[SIZE];
static dbbi_entry entry;
static dbbi_opener opener;

/* A chunk of three pieces, as it is stored. */
static void
set_up(void)
{
	uint8_t digest[DBBI_SHA256_SIZE], record[36];
	dbbi_namer *namer = NULL;

	repo_set_up();
	memset(plain, 'x', sizeof plain);
	dbbi_put_u32(plain, PIECES);
	repo_ok(dbbi_namer_new(&namer, NULL, &fx.err));
	repo_ok(dbbi_namer_begin(namer, &fx.err));
	for (uint32_t i = 0; i < PIECES; i++) {
		dbbi_put_u32(plain + 4 + 4 * (size_t)i, PIECE);
		dbbi_put_u32(record, PIECE);
		repo_ok(dbbi_sha256_of(digest, plain + TABLE, PIECE,
		    &fx.err));
		memcpy(record + 4, digest, sizeof digest);
		repo_ok(dbbi_namer_add(namer, record, sizeof record,
		    &fx.err));
	}
	repo_ok(dbbi_namer_end(&entry.id, namer, &fx.err));
	dbbi_namer_free(namer);
	entry.offset = 16;
	entry.stored = entry.plain = SIZE;
	entry.coding = DBBI_CODING_RAW;
	repo_ok(dbbi_opener_init(&opener, NULL, &fx.err));
}

static void
tear_down(void)
{
	dbbi_opener_clear(&opener);
	repo_tear_down();
}

/* Open the first `size` bytes of it. */
static int
open_chunk(uint32_t size)
{
	uint8_t *exact = malloc(size + 1);	/* the sanitizer sees its end */
	dbbi_content content;
	int rc;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, plain, size);
	entry.stored = entry.plain = size;
	rc = dbbi_chunk_open(&content, exact, &opener, NULL, &entry, exact,
	    &fx.err);
	if (rc == 0)
		ck_assert_uint_eq(content.size, PIECES * PIECE);
	free(exact);
	return rc;
}

START_TEST(every_flipped_bit_of_a_chunk_is_damage)
{
	repo_ok(open_chunk(SIZE));
	for (size_t i = 0; i < SIZE * 8; i++) {
		plain[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(open_chunk(SIZE), DBB_EDAMAGED);
		plain[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(every_cut_of_a_chunk_is_damage)
{
	for (uint32_t size = 1; size < SIZE; size++)
		ck_assert_int_eq(open_chunk(size), DBB_EDAMAGED);
}
END_TEST

START_TEST(refuses_tables_that_cannot_be)
{
	static const struct {
		size_t at;
		uint32_t value;
	} wrong[] = {
		{ 0, 0 }, { 0, UINT32_MAX }, { 0, 1u << 30 }, { 0, 2 },
		{ 4, 0 }, { 4, UINT32_MAX }, { 8, PIECES * PIECE + 1 },
		{ 12, 0 }, { 12, PIECE - 1 },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint32_t right = dbbi_get_u32(plain + wrong[i].at);

		dbbi_put_u32(plain + wrong[i].at, wrong[i].value);
		ck_assert_int_eq(open_chunk(SIZE), DBB_EDAMAGED);
		dbbi_put_u32(plain + wrong[i].at, right);
	}
}
END_TEST

/* Store a list as it is; the stream that it is the root of. */
static dbbi_stream_ref
store_list(const uint8_t *list, size_t size, uint64_t bytes)
{
	dbbi_writer_options options = { .compression = 3, .threads = 1 };
	dbbi_stream_ref ref = { .depth = 1, .size_bytes = bytes };
	uint8_t table[DBBI_GATHER_TABLE_ONE];
	dbbi_gathered chunk = { .table = table, .table_size = sizeof table,
	    .bytes = list, .size = (uint32_t)size };
	dbbi_repo_writer *w = NULL;
	dbbi_namer *namer = NULL;
	int known;

	repo_ok(dbbi_namer_new(&namer, fx.repo->keys, &fx.err));
	repo_ok(dbbi_gather_one(&chunk.id, table, namer, list, chunk.size,
	    &fx.err));
	dbbi_namer_free(namer);
	repo_ok(dbbi_repo_writer_new(&w, fx.repo, &options, &fx.err));
	repo_ok(dbbi_writer_push(&known, w, &chunk, DBBI_KIND_LIST,
	    &fx.err));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	ref.root = chunk.id;
	return ref;
}

/* The list, with its first piece elsewhere in the chunk, is read. */
static int
read_at(uint8_t *list, size_t size, uint32_t offset, const uint8_t *data,
    uint64_t bytes)
{
	dbbi_stream_ref ref;

	dbbi_put_u32(list + DBBI_PIECES_HEADER + DBBI_SHA256_SIZE + 36,
	    offset);
	ref = store_list(list, size, bytes);
	repo_ok(dbbi_sha256_of(ref.sha256, data, (size_t)bytes, &fx.err));
	return repo_read_back(&ref, data, (size_t)bytes);
}

START_TEST(a_list_that_points_behind_its_chunk_is_damage)
{
	uint8_t *data = repo_bytes(200, 1), list[DBBI_PIECES_LIMIT];
	dbbi_stream_ref ref = repo_write(data, 200);
	dbbi_lists lists;
	size_t size;

	repo_ok(dbbi_lists_init(&lists, fx.repo, fx.repo->index, &fx.err));
	repo_ok(dbbi_lists_load(&size, list, &ref.root, &lists, &fx.err));
	dbbi_lists_clear(&lists);
	repo_ok(read_at(list, size, 0, data, 200));
	ck_assert_int_eq(read_at(list, size, 1, data, 200), DBB_EDAMAGED);
	ck_assert_int_eq(read_at(list, size, 200, data, 200), DBB_EDAMAGED);
	ck_assert_int_eq(read_at(list, size, 1u << 31, data, 200),
	    DBB_EDAMAGED);
	free(data);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("chunk", set_up, tear_down);

	tcase_add_test(tc, every_flipped_bit_of_a_chunk_is_damage);
	tcase_add_test(tc, every_cut_of_a_chunk_is_damage);
	tcase_add_test(tc, refuses_tables_that_cannot_be);
	tcase_add_test(tc, a_list_that_points_behind_its_chunk_is_damage);
	return repo_run("chunk", tc);
}
