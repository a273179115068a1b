/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo_fixture.h"
#include "util/bytes.h"

/* Lists of lists that were stored. */
struct list {
	dbbi_id id;
	size_t size;
	uint8_t *bytes;
};

static struct list lists[20000];
static size_t list_count;

static void
tear_down(void)
{
	for (size_t i = 0; i < list_count; i++)
		free(lists[i].bytes);
	list_count = 0;
}

static void
set_up(void)
{
	list_count = 0;
}

static size_t
find_list(const dbbi_id *id)
{
	size_t i = 0;

	while (i < list_count && memcmp(&lists[i].id, id, sizeof *id) != 0)
		i++;
	return i;
}

static int
store(dbbi_id *id, const void *list, size_t size, void *payload,
    dbb_error *err)
{
	struct list *l;

	(void)payload;
	repo_ok(dbbi_sha256_of(id->bytes, list, size, err));
	if (find_list(id) < list_count)
		return 0;
	l = &lists[list_count++];
	l->id = *id;
	l->size = size;
	l->bytes = malloc(size);
	ck_assert_ptr_nonnull(l->bytes);
	memcpy(l->bytes, list, size);
	return 0;
}

/* List of pieces `n` has an id that begins with its number. */
static dbbi_id
id_of(uint32_t n)
{
	dbbi_id id;

	repo_ok(dbbi_sha256_of(id.bytes, &n, sizeof n, &fx.err));
	dbbi_put_u32(id.bytes, n);
	return id;
}

/* It is one piece of n + 1 bytes, in a chunk of the list's own id. */
static size_t
put_leaf(uint8_t *to, const dbbi_id *id)
{
	uint8_t *piece = to + DBBI_PIECES_HEADER + sizeof *id;

	memset(to, 0, DBBI_PIECES_HEADER + sizeof *id + DBBI_PIECE_SIZE);
	to[0] = 1;
	dbbi_put_u32(to + 4, 1);
	dbbi_put_u32(to + 8, 1);
	memcpy(to + DBBI_PIECES_HEADER, id, sizeof *id);
	dbbi_put_u32(piece + 40, dbbi_get_u32(id->bytes) + 1);
	return (size_t)(piece - to) + DBBI_PIECE_SIZE;
}

static int
load(size_t *size, void *to, const dbbi_id *id, void *payload,
    dbb_error *err)
{
	dbbi_id leaf = id_of(dbbi_get_u32(id->bytes));
	size_t i = find_list(id);

	(void)payload;
	if (i < list_count) {
		memcpy(to, lists[i].bytes, lists[i].size);
		*size = lists[i].size;
	} else if (memcmp(&leaf, id, sizeof leaf) == 0) {
		*size = put_leaf(to, id);
	} else {
		return dbbi_error_set(err, DBB_EDAMAGED, "no such list");
	}
	return 0;
}

/* A tree of lists of pieces `from` to `to`, of their number + 1 bytes. */
static dbbi_stream_ref
grow(uint32_t from, uint32_t to)
{
	dbbi_stream_ref ref = { .size_bytes = 0 };
	dbbi_tree *tree = NULL;
	dbbi_id id;

	repo_ok(dbbi_tree_new(&tree, store, NULL, &fx.err));
	for (uint32_t n = from; n < to; n++) {
		id = id_of(n);
		repo_ok(dbbi_tree_add(tree, &id, n + 1, &fx.err));
		ref.size_bytes += n + 1;
	}
	repo_ok(dbbi_tree_end(&ref.root, &ref.depth, tree, &fx.err));
	dbbi_tree_free(tree);
	return ref;
}

/* Walk it: the first failure, or 0 when all is as grown. */
static int
walk(const dbbi_stream_ref *ref, uint32_t from, uint32_t to)
{
	dbbi_piece_list list;
	dbbi_walk *w = NULL;
	uint32_t n = from;
	dbbi_piece piece;
	dbbi_id id, chunk;
	int rc;

	if ((rc = dbbi_walk_new(&w, ref, load, NULL, &fx.err)) < 0)
		return rc;
	while ((rc = dbbi_walk_next(&list, w, &fx.err)) == 1) {
		id = id_of(n++);
		ck_assert_uint_eq(list.count, 1);
		dbbi_piece_list_get(&piece, &list, 0);
		dbbi_piece_list_chunk(&chunk, &list, piece.chunk);
		ck_assert_int_eq(memcmp(&id, &chunk, sizeof id), 0);
		ck_assert_uint_eq(piece.length, n);
	}
	if (rc == 0)
		ck_assert_uint_eq(n, to);
	dbbi_walk_free(w);
	return rc;
}

/* Walk a stream that has one list, without pieces. */
static int
walk_empty(const dbbi_stream_ref *ref)
{
	dbbi_piece_list list;
	dbbi_walk *w = NULL;
	int rc;

	repo_ok(dbbi_walk_new(&w, ref, load, NULL, &fx.err));
	if ((rc = dbbi_walk_next(&list, w, &fx.err)) == 1) {
		ck_assert_uint_eq(list.count, 0);
		rc = dbbi_walk_next(&list, w, &fx.err);
	}
	dbbi_walk_free(w);
	return rc;
}

START_TEST(gives_back_its_lists_in_order)
{
	static const uint32_t counts[] = { 1, 2, 15, 16, 17, 255, 300,
	    1000, 5000, 150000 };
	dbbi_stream_ref ref;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		ref = grow(0, counts[i]);
		repo_ok(walk(&ref, 0, counts[i]));
	}
	ck_assert_uint_ge(ref.depth, 3);
}
END_TEST

START_TEST(the_only_list_of_pieces_is_the_root)
{
	dbbi_stream_ref ref = grow(7, 8);
	dbbi_id id = id_of(7);

	ck_assert_uint_eq(ref.depth, 1);
	ck_assert_int_eq(memcmp(&ref.root, &id, sizeof id), 0);
	ck_assert_uint_eq(list_count, 0);
}
END_TEST

START_TEST(an_empty_list_of_pieces_is_an_empty_stream)
{
	static const uint8_t list[DBBI_PIECES_HEADER] = {1};
	dbbi_stream_ref ref = { .depth = 1 };

	repo_ok(store(&ref.root, list, sizeof list, NULL, &fx.err));
	ck_assert_int_eq(walk_empty(&ref), 0);
	ref.size_bytes = 1;
	ck_assert_int_eq(walk_empty(&ref), DBB_EDAMAGED);
}
END_TEST

/* The only list of a level is the root: nothing stands above it. */
START_TEST(has_no_list_of_one_list)
{
	dbbi_stream_ref ref;
	size_t root;

	for (uint32_t n = 1; n < 3000; n += 7) {
		tear_down();
		ref = grow(0, n);
		root = find_list(&ref.root);
		ck_assert_uint_eq(root < list_count, n > 1);
		for (size_t i = 0; i < list_count; i++)
			ck_assert(dbbi_get_u32(lists[i].bytes + 4) > 1 ||
			    (lists[i].bytes[0] == 2 && i != root));
	}
}
END_TEST

START_TEST(a_list_in_front_changes_few_lists)
{
	size_t before;

	grow(1, 50000);
	before = list_count;
	grow(0, 50000);
	ck_assert_uint_gt(before, 100);
	ck_assert_uint_le(list_count - before, 6);
}
END_TEST

START_TEST(every_flipped_bit_of_a_list_is_noticed)
{
	dbbi_stream_ref ref = grow(0, 20);
	size_t root = find_list(&ref.root);

	ck_assert_uint_eq(ref.depth, 2);
	for (size_t i = 0; i < lists[root].size * 8; i++) {
		size_t in_entry = (i / 8 - 8) % 40;

		if (i >= 64 && in_entry < 32)
			continue;	/* an id: its list proves it */
		lists[root].bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(walk(&ref, 0, 20), DBB_EDAMAGED);
		lists[root].bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(refuses_another_size_and_depth)
{
	dbbi_stream_ref ref = grow(0, 5000), other = ref;

	other.size_bytes++;
	ck_assert_int_eq(walk(&other, 0, 5000), DBB_EDAMAGED);
	other = ref;
	other.depth++;
	ck_assert_int_eq(walk(&other, 0, 5000), DBB_EDAMAGED);
	other.depth = ref.depth - 1;
	ck_assert_int_eq(walk(&other, 0, 5000), DBB_EDAMAGED);
	other.depth = 0;
	ck_assert_int_eq(walk(&other, 0, 5000), DBB_EDAMAGED);
	other.depth = 9;
	ck_assert_int_eq(walk(&other, 0, 5000), DBB_EDAMAGED);
}
END_TEST

START_TEST(refuses_sizes_that_overflow)
{
	uint8_t list[DBBI_TREE_HEADER_SIZE + 2 * DBBI_TREE_ENTRY_SIZE] = {2};
	dbbi_stream_ref ref = { .depth = 2, .size_bytes = 8 };

	dbbi_put_u32(list + 4, 2);
	dbbi_put_u64(list + 8 + 32, 10);
	dbbi_put_u64(list + 8 + 40 + 32, UINT64_MAX - 1);
	repo_ok(store(&ref.root, list, sizeof list, NULL, &fx.err));
	ck_assert_int_eq(walk(&ref, 0, 0), DBB_EDAMAGED);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("tree", set_up, tear_down);

	tcase_add_test(tc, gives_back_its_lists_in_order);
	tcase_add_test(tc, the_only_list_of_pieces_is_the_root);
	tcase_add_test(tc, an_empty_list_of_pieces_is_an_empty_stream);
	tcase_add_test(tc, has_no_list_of_one_list);
	tcase_add_test(tc, a_list_in_front_changes_few_lists);
	tcase_add_test(tc, every_flipped_bit_of_a_list_is_noticed);
	tcase_add_test(tc, refuses_another_size_and_depth);
	tcase_add_test(tc, refuses_sizes_that_overflow);
	return repo_run("tree", tc);
}
