/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/base.h"
#include "repo_fixture.h"

#define MIB (1u << 20)
#define SIZE (30 * MIB)		/* some 27 lists of some 1,000 pieces */
#define MOST 60000

/* The earlier stream's pieces, as its lists have them. */
static struct {
	dbbi_piece piece;
	dbbi_id chunk;
	uint32_t list;
} pieces[MOST];

static uint32_t count, list_count;
static dbbi_stream_ref earlier;
static dbbi_base *base;

static void
read_lists(void)
{
	dbbi_walk *walk = NULL;
	dbbi_piece_list list;
	dbbi_lists lists;

	count = list_count = 0;
	repo_ok(dbbi_lists_init(&lists, fx.repo, fx.repo->index, &fx.err));
	repo_ok(dbbi_walk_new(&walk, &earlier, dbbi_lists_load, &lists,
	    &fx.err));
	for (; dbbi_walk_next(&list, walk, &fx.err) == 1; list_count++) {
		for (uint32_t i = 0; i < list.count; i++, count++) {
			ck_assert_uint_lt(count, MOST);
			dbbi_piece_list_get(&pieces[count].piece, &list, i);
			dbbi_piece_list_chunk(&pieces[count].chunk, &list,
			    pieces[count].piece.chunk);
			pieces[count].list = list_count;
		}
	}
	dbbi_walk_free(walk);
	dbbi_lists_clear(&lists);
}

static void
set_up(void)
{
	uint8_t *data = repo_bytes(SIZE, 1);

	repo_set_up();
	earlier = repo_write(data, SIZE);
	free(data);
	read_lists();
	ck_assert_uint_ge(list_count, 20);
	repo_ok(dbbi_base_new(&base, fx.repo, &earlier, &fx.err));
}

static void
tear_down(void)
{
	dbbi_base_free(base);
	repo_tear_down();
}

/* Is piece `i` found, and where it is? */
static int
find(uint32_t i)
{
	dbbi_base_piece found;
	int rc = dbbi_base_find(&found, base, pieces[i].piece.digest,
	    pieces[i].piece.length, &fx.err);

	ck_assert_int_ge(rc, 0);
	if (rc == 1) {
		ck_assert_int_eq(memcmp(&found.chunk, &pieces[i].chunk,
		    sizeof found.chunk), 0);
		ck_assert_uint_eq(found.offset, pieces[i].piece.offset);
	}
	return rc;
}

/* A piece that is new, of so many bytes. */
static void
miss(uint32_t n, uint32_t length)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_base_piece found;

	repo_ok(dbbi_sha256_of(digest, &n, sizeof n, &fx.err));
	ck_assert_int_eq(dbbi_base_find(&found, base, digest, length,
	    &fx.err), 0);
}

/* The first piece of a list. */
static uint32_t
first_of(uint32_t list)
{
	uint32_t i = 0;

	while (pieces[i].list < list)
		i++;
	return i;
}

START_TEST(finds_every_piece_of_the_earlier_stream)
{
	for (uint32_t i = 0; i < count; i++)
		ck_assert_int_eq(find(i), 1);
}
END_TEST

START_TEST(finds_what_follows_something_new)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i % 100 == 0)
			miss(i, 5000);
		if (i % 5 != 0)		/* every fifth is gone */
			ck_assert_int_eq(find(i), 1);
	}
}
END_TEST

START_TEST(another_length_is_another_piece)
{
	pieces[0].piece.length++;
	ck_assert_int_eq(find(0), 0);
}
END_TEST

START_TEST(sees_so_far_and_no_further)
{
	uint32_t far = first_of(12);

	ck_assert_int_eq(find(far), 0);
	for (uint32_t i = 0; i <= far; i++)
		ck_assert_int_eq(find(i), 1);
	ck_assert_int_eq(find(0), 0);		/* it has moved on */
	ck_assert_int_eq(find(first_of(11)), 1);
}
END_TEST

/* One piece that stands in two places must not carry the window away. */
START_TEST(one_piece_far_on_does_not_move_the_window)
{
	ck_assert_int_eq(find(first_of(7)), 1);
	ck_assert_int_eq(find(0), 1);
	for (uint32_t i = first_of(7); i < first_of(7) + 20; i++)
		ck_assert_int_eq(find(i), 1);
	ck_assert_int_eq(find(0), 0);
	ck_assert_int_eq(find(first_of(8)), 1);
}
END_TEST

/* A chunk that is known by itself tells where the stream goes on. */
START_TEST(goes_on_after_much_was_taken_out)
{
	uint32_t there = first_of(20);

	ck_assert_int_eq(find(0), 1);
	ck_assert_int_eq(find(there), 0);
	repo_ok(dbbi_base_seek(base, &pieces[there].chunk, &fx.err));
	ck_assert_int_eq(find(there), 0);	/* not lost yet */
	miss(1, 17 * MIB);
	repo_ok(dbbi_base_seek(base, &pieces[there].chunk, &fx.err));
	for (uint32_t i = there; i < count; i++)
		ck_assert_int_eq(find(i), 1);
}
END_TEST

/* List `n` as the new stream's. */
static void
note(uint32_t n)
{
	static dbbi_pieces own;
	int ended;

	dbbi_pieces_reset(&own);
	for (uint32_t i = first_of(n); pieces[i].list == n; i++) {
		const dbbi_piece *piece = &pieces[i].piece;

		dbbi_pieces_add(&ended, &own, piece);
		own.chunks[piece->chunk] = pieces[i].chunk;
		if (piece->chunk >= own.chunk_count)
			own.chunk_count = piece->chunk + 1;
	}
	repo_ok(dbbi_base_note(base, own.list, dbbi_pieces_put(&own),
	    own.bytes, &fx.err));
}

START_TEST(finds_the_new_streams_own_last_lists)
{
	dbbi_base_free(base);
	base = NULL;
	repo_ok(dbbi_base_new(&base, fx.repo, NULL, &fx.err));
	ck_assert_int_eq(find(0), 0);
	for (uint32_t n = 0; n < 8; n++)
		note(n);
	for (uint32_t i = 0; pieces[i].list < 8; i++)
		ck_assert_int_eq(find(i), 1);
	note(8);
	ck_assert_int_eq(find(0), 0);
	ck_assert_int_eq(find(first_of(1)), 1);
}
END_TEST

/* As the first run, so that it gives the same chunks: test_mend.c. */
START_TEST(does_not_look_further_back_than_its_own_lists)
{
	for (uint32_t i = 0; pieces[i].list < 3; i++)
		ck_assert_int_eq(find(i), 1);
	for (uint32_t n = 0; n < 8; n++)
		note(n);
	ck_assert_int_eq(find(0), 1);
	for (uint32_t n = 8; n < 12; n++)
		note(n);
	ck_assert_int_eq(find(first_of(1)), 0);
	ck_assert_int_eq(find(first_of(5)), 1);	/* not passed yet */
}
END_TEST

/* A list of as many pieces as there can be, whose digests begin alike. */
static size_t
alike(dbbi_pieces *list, uint32_t n)
{
	dbbi_piece piece = { .length = 1 };

	dbbi_pieces_reset(list);
	list->chunk_count = 1;
	memset(&list->chunks[0], 7, sizeof list->chunks[0]);
	for (uint32_t i = 0; i < DBBI_PIECES_MAX; i++) {
		memcpy(piece.digest + 8, &n, sizeof n);
		memcpy(piece.digest + 12, &i, sizeof i);
		list->items[list->count++] = piece;
	}
	list->bytes = list->count;
	return dbbi_pieces_put(list);
}

/* Else each would be put behind all others, again and again. */
START_TEST(digests_that_begin_alike_do_not_meet)
{
	dbbi_pieces *list = malloc(sizeof *list);
	dbbi_base_piece found;
	size_t size;

	ck_assert_ptr_nonnull(list);
	for (uint32_t n = 0; n < 600; n++) {
		size = alike(list, n);
		repo_ok(dbbi_base_note(base, list->list, size, list->bytes,
		    &fx.err));
	}
	ck_assert_int_eq(dbbi_base_find(&found, base,
	    list->items[DBBI_PIECES_MAX - 1].digest, 1, &fx.err), 1);
	ck_assert_uint_eq(found.chunk.bytes[0], 7);
	free(list);
}
END_TEST

START_TEST(a_base_that_is_not_there_is_as_if_there_were_none)
{
	repo_ok(dbbi_store_remove(fx.store, repo_object("packs/"),
	    &fx.err));
	ck_assert_int_eq(find(0), 0);
	earlier.depth = 1;
	dbbi_base_free(base);
	base = NULL;
	repo_ok(dbbi_base_new(&base, fx.repo, &earlier, &fx.err));
	ck_assert_int_eq(find(0), 0);
	repo_ok(dbbi_base_seek(base, &pieces[0].chunk, &fx.err));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("base", set_up, tear_down);

	tcase_add_test(tc, finds_every_piece_of_the_earlier_stream);
	tcase_add_test(tc, finds_what_follows_something_new);
	tcase_add_test(tc, another_length_is_another_piece);
	tcase_add_test(tc, sees_so_far_and_no_further);
	tcase_add_test(tc, one_piece_far_on_does_not_move_the_window);
	tcase_add_test(tc, goes_on_after_much_was_taken_out);
	tcase_add_test(tc, finds_the_new_streams_own_last_lists);
	tcase_add_test(tc, does_not_look_further_back_than_its_own_lists);
	tcase_add_test(tc, digests_that_begin_alike_do_not_meet);
	tcase_add_test(tc, a_base_that_is_not_there_is_as_if_there_were_none);
	return repo_run("base", tc);
}
