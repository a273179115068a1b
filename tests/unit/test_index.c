/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"
#include "repo_fixture.h"

static dbbi_index *ix;

static void
set_up(void)
{
	repo_set_up();
	repo_ok(dbbi_index_new(&ix, &fx.err));
}

static void
tear_down(void)
{
	dbbi_index_free(ix);
	repo_tear_down();
}

static dbbi_id
id_of(uint32_t n)
{
	dbbi_id id;

	repo_ok(dbbi_sha256_of(id.bytes, &n, sizeof n, &fx.err));
	return id;
}

static dbbi_entry
entry_of(uint32_t n)
{
	return (dbbi_entry){ .id = id_of(n), .offset = 96 + n, .stored = 50,
	    .plain = 8u << 20, .kind = DBBI_KIND_LIST,
	    .coding = DBBI_CODING_ZSTD };
}

static uint32_t
add_pack(uint32_t n)
{
	dbbi_id name = id_of(n);
	uint32_t no;

	repo_ok(dbbi_index_add_pack(&no, ix, &name, 1u << 25, NULL, 1,
	    &fx.err));
	return no;
}

static int
claim(uint32_t n)
{
	dbbi_id id = id_of(n);
	int claimed = -1;

	repo_ok(dbbi_index_claim(&claimed, ix, &id, 5000, &fx.err));
	return claimed;
}

static int
finds(uint32_t n)
{
	dbbi_id id = id_of(n);
	dbbi_places found;

	return (int)dbbi_index_find(&found, ix, &id);
}

START_TEST(finds_what_was_put)
{
	uint32_t no = add_pack(1000000);
	dbbi_entry e = entry_of(7);
	dbbi_places found;

	ck_assert(!finds(7));
	repo_ok(dbbi_index_put(ix, &e, no, &fx.err));
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &e.id), 1);
	ck_assert_int_eq(memcmp(&found.items[0].entry.id, &e.id,
	    sizeof e.id), 0);
	ck_assert_uint_eq(found.items[0].entry.offset, e.offset);
	ck_assert_uint_eq(found.items[0].entry.stored, e.stored);
	ck_assert_uint_eq(found.items[0].entry.plain, e.plain);
	ck_assert_uint_eq(found.items[0].entry.kind, e.kind);
	ck_assert_uint_eq(found.items[0].entry.coding, e.coding);
	ck_assert_uint_eq(found.items[0].pack_size, 1u << 25);
}
END_TEST

static void
put(uint32_t n, uint32_t pack_no)
{
	dbbi_entry e = entry_of(n);

	e.offset += pack_no;
	repo_ok(dbbi_index_put(ix, &e, pack_no, &fx.err));
}

/* A pack that a segment tells of, and nobody has seen. */
static uint32_t
add_missing_pack(uint32_t n)
{
	dbbi_id name = id_of(n);
	uint32_t no;

	repo_ok(dbbi_index_add_pack(&no, ix, &name, 1u << 25, NULL, 0,
	    &fx.err));
	return no;
}

START_TEST(keeps_every_place_in_order)
{
	uint32_t first = add_pack(1), second = add_pack(2);
	dbbi_places found;
	dbbi_id id = id_of(7);

	put(7, first);
	put(7, second);
	put(7, first);
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), 2);
	ck_assert_uint_eq(found.items[0].pack_no, first);
	ck_assert_uint_eq(found.items[0].entry.offset, 96 + 7);
	ck_assert_uint_eq(found.items[1].pack_no, second);
	ck_assert_uint_eq(found.items[1].entry.offset, 96 + 7 + second);
}
END_TEST

START_TEST(gives_present_places_first)
{
	uint32_t gone = add_missing_pack(1), there = add_pack(2);
	dbbi_id id = id_of(7), name = id_of(1);
	dbbi_places found;

	put(7, gone);
	put(7, there);
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), 2);
	ck_assert_uint_eq(found.items[0].pack_no, there);
	ck_assert(found.items[0].present && !found.items[1].present);
	ck_assert_uint_eq(dbbi_index_missing(&id, ix), 1);
	ck_assert_int_eq(memcmp(&id, &name, sizeof id), 0);
}
END_TEST

START_TEST(looks_at_so_many_places_and_no_more)
{
	dbbi_places found;
	dbbi_id id = id_of(7);

	for (uint32_t n = 1; n <= 20; n++)
		put(7, add_missing_pack(n));
	put(7, add_pack(21));
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), DBBI_PLACES);
	ck_assert_uint_eq(found.items[0].pack_no, 20);
}
END_TEST

START_TEST(a_pack_that_is_told_twice_is_one)
{
	uint32_t no = add_missing_pack(1);
	dbbi_id name = id_of(1);
	uint32_t other;

	ck_assert_uint_eq(add_missing_pack(1), no);
	repo_ok(dbbi_index_add_pack(&other, ix, &name, 5, NULL, 0, &fx.err));
	ck_assert_uint_ne(other, no);	/* one of both is not true */
	dbbi_index_see_pack(ix, &name, 1u << 25);
	ck_assert_uint_eq(dbbi_index_missing(&name, ix), 1);
	ck_assert_uint_eq(dbbi_index_packs(ix), 2);
	for (uint32_t n = 2; n < 1000; n++)
		ck_assert_uint_eq(add_pack(n), n);
	ck_assert_uint_eq(add_pack(1), no);
}
END_TEST

START_TEST(what_lies_in_a_missing_pack_is_claimed)
{
	dbbi_places found;
	dbbi_id id = id_of(3);
	uint32_t gone = add_missing_pack(1), again;

	put(3, gone);
	ck_assert_int_eq(claim(3), 1);
	ck_assert_int_eq(claim(3), 0);
	again = add_pack(2);
	put(3, again);
	ck_assert_int_eq(claim(3), 0);
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), 2);
	ck_assert_uint_eq(found.items[0].pack_no, again);
	dbbi_index_forget(ix, again);
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), 1);
	ck_assert_int_eq(claim(3), 1);
}
END_TEST

/* The same bytes again give the same pack, which an older segment tells of:
 * it is known for good. */
START_TEST(a_missing_pack_that_was_put_again_is_present)
{
	uint32_t gone = add_missing_pack(1);

	put(3, gone);
	ck_assert_int_eq(claim(3), 1);
	ck_assert_uint_eq(add_pack(1), gone);
	put(3, gone);
	ck_assert_int_eq(claim(3), 0);
	dbbi_index_forget(ix, dbbi_index_packs(ix));
	ck_assert_int_eq(claim(3), 0);
	ck_assert_uint_eq(dbbi_index_count(ix), 2);
}
END_TEST

START_TEST(a_forgotten_pack_gets_another_number)
{
	uint32_t no = add_pack(1);

	put(3, no);
	dbbi_index_forget(ix, no);
	ck_assert_uint_ne(add_pack(1), no);
	ck_assert(!finds(3));
}
END_TEST

START_TEST(a_chunk_is_claimed_once)
{
	ck_assert_int_eq(claim(3), 1);
	ck_assert_int_eq(claim(3), 0);
	ck_assert(!finds(3));
}
END_TEST

START_TEST(a_chunk_that_has_a_place_is_not_claimed)
{
	dbbi_entry e = entry_of(3);

	repo_ok(dbbi_index_put(ix, &e, add_pack(1), &fx.err));
	ck_assert_int_eq(claim(3), 0);
}
END_TEST

START_TEST(has_what_is_claimed_or_present)
{
	dbbi_id name = id_of(1000000), id = id_of(3);
	uint32_t plain = 7;

	ck_assert_int_eq(dbbi_index_has(&plain, ix, &id), 0);
	ck_assert_int_eq(claim(3), 1);
	ck_assert_int_eq(dbbi_index_has(&plain, ix, &id), 1);
	ck_assert_uint_eq(plain, 5000);
	dbbi_index_forget(ix, 0);
	put(3, add_missing_pack(1000000));
	ck_assert_int_eq(dbbi_index_has(&plain, ix, &id), 0);
	ck_assert_int_eq(dbbi_index_has_pack(ix, &name, 1u << 25), 0);
	dbbi_index_see_pack(ix, &name, 1u << 25);
	ck_assert_int_eq(dbbi_index_has(&plain, ix, &id), 1);
	ck_assert_uint_eq(plain, entry_of(3).plain);
	ck_assert_int_eq(dbbi_index_has_pack(ix, &name, 1u << 25), 1);
	ck_assert_int_eq(dbbi_index_has_pack(ix, &name, 5), 0);
}
END_TEST

START_TEST(forgets_claims_and_late_packs)
{
	dbbi_entry early = entry_of(1), late = entry_of(2);

	repo_ok(dbbi_index_put(ix, &early, add_pack(1), &fx.err));
	repo_ok(dbbi_index_put(ix, &late, add_pack(2), &fx.err));
	ck_assert_int_eq(claim(3), 1);
	dbbi_index_forget(ix, 1);
	ck_assert(finds(1));
	ck_assert(!finds(2));
	ck_assert_int_eq(claim(2), 1);
	ck_assert_int_eq(claim(3), 1);
}
END_TEST

START_TEST(takes_at_most_64_bytes_a_chunk)
{
	uint32_t no = add_pack(1), n = 0;
	uint64_t worst = 0;

	while (n < 400000) {
		dbbi_entry e = entry_of(n++);

		repo_ok(dbbi_index_put(ix, &e, no, &fx.err));
		if (n > 100000 && n % 1000 == 0 &&
		    dbbi_index_memory(ix) / n > worst)
			worst = dbbi_index_memory(ix) / n;
	}
	ck_assert_uint_eq(dbbi_index_count(ix), n);
	ck_assert_uint_le(worst, 64);
	for (uint32_t i = 0; i < n; i += 1000)
		ck_assert(finds(i));
}
END_TEST

/* ---- segments ---- */

/* Write a segment of one pack with two chunks. */
static void
write_segment(void)
{
	dbbi_entry a = entry_of(1), b = entry_of(2);
	uint8_t directory[2 * DBBI_ENTRY_SIZE];
	dbbi_id pack = id_of(100);
	dbbi_box box = { "a box" };
	dbbi_segment segment;
	uint64_t written;

	dbbi_entry_put(directory, &a);
	dbbi_entry_put(directory + DBBI_ENTRY_SIZE, &b);
	dbbi_segment_init(&segment, repo_keys());
	repo_ok(dbbi_segment_add(&segment, &pack, 4096, &box, directory, 2,
	    &fx.err));
	repo_ok(dbbi_segment_write(&written, &segment, fx.store, &fx.err));
	ck_assert_uint_gt(written, 2 * DBBI_ENTRY_SIZE);
	repo_ok(dbbi_segment_write(&written, &segment, fx.store, &fx.err));
	ck_assert_uint_eq(written, 0);
	dbbi_segment_clear(&segment);
}

static int
load(void)
{
	return dbbi_segment_load_all(ix, fx.store, repo_keys(), &fx.run,
	    NULL, NULL, &fx.err);
}

#define CROWD 200000u

/* Ids that begin alike, as somebody may choose them: each look-up would go
 * past all of them, and this would take many minutes. */
START_TEST(takes_ids_that_begin_alike)
{
	dbbi_entry entry = entry_of(1);
	uint32_t no = add_pack(1), other;
	dbbi_places places;

	for (uint32_t i = 0; i < CROWD; i++) {
		memset(entry.id.bytes, 0, sizeof entry.id.bytes);
		memcpy(entry.id.bytes + 28, &i, sizeof i);
		repo_ok(dbbi_index_put(ix, &entry, no, &fx.err));
		repo_ok(dbbi_index_add_pack(&other, ix, &entry.id, 100, NULL,
		    0, &fx.err));
	}
	ck_assert_uint_eq(dbbi_index_packs(ix), CROWD + 1);
	ck_assert_uint_eq(dbbi_index_find(&places, ix, &entry.id), 1);
}
END_TEST

/* One pack of many sizes, and one chunk that is said to be in all of them. */
START_TEST(takes_one_name_many_times)
{
	dbbi_entry entry = entry_of(1);
	dbbi_id name = id_of(1);
	dbbi_places places;
	uint32_t no;

	for (uint32_t i = 0; i < CROWD; i++) {
		repo_ok(dbbi_index_add_pack(&no, ix, &name, i, NULL, 0,
		    &fx.err));
		repo_ok(dbbi_index_put(ix, &entry, no, &fx.err));
	}
	ck_assert_uint_eq(dbbi_index_packs(ix), CROWD);
	ck_assert_uint_eq(dbbi_index_find(&places, ix, &entry.id),
	    DBBI_PLACES);
}
END_TEST

START_TEST(loads_what_a_segment_says)
{
	dbbi_places found;
	dbbi_id id = id_of(2), pack = id_of(100);

	write_segment();
	repo_ok(load());
	ck_assert(finds(1));
	ck_assert_uint_eq(dbbi_index_find(&found, ix, &id), 1);
	ck_assert_uint_eq(found.items[0].pack_size, 4096);
	ck_assert_int_eq(memcmp(&found.items[0].pack, &pack, sizeof pack), 0);
}
END_TEST

START_TEST(notices_every_flipped_bit_of_a_segment)
{
	char object[DBBI_OBJECT_SIZE];
	size_t size;

	write_segment();
	snprintf(object, sizeof object, "%s", repo_object("index/"));
	size = repo_size(object);
	for (size_t i = 0; i < size * 8; i++) {
		repo_flip(object, i / 8, i % 8);
		ck_assert_int_eq(load(), DBB_EDAMAGED);
		repo_flip(object, i / 8, i % 8);
	}
	ck_assert_ptr_nonnull(strstr(fx.err.message, object));
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "not harmed"));
	repo_ok(load());
}
END_TEST

/* Change a byte as a writer would who has the keys. */
static void
change(uint8_t *data, size_t size, size_t at, uint8_t byte)
{
	size_t behind = at >= 16 ? DBBI_BOX_SALT : 0;
	dbbi_cursor c;

	if (!repo_sealed) {
		data[at] = byte;
		return;
	}
	if (at >= 16 + 40)
		behind += DBBI_BOX_SIZE;
	repo_ok(dbbi_sealed_open(&c, data, size, 16, repo_keys(),
	    "dbbackup index", &fx.err));
	data[at + behind] = byte;
	repo_ok(dbbi_writer_box_seal(data + 16, c.left, repo_keys(),
	    "dbbackup index", data, 16, &fx.err));
}

/* Put a changed copy under the name of its bytes. */
static void
refuse(const uint8_t *data, size_t size, size_t at, uint8_t byte)
{
	char object[DBBI_OBJECT_SIZE];
	uint8_t *copy = malloc(size);
	dbbi_id name;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	change(copy, size, at, byte);
	repo_ok(dbbi_sha256_of(name.bytes, copy, size, &fx.err));
	dbbi_index_object(object, &name);
	repo_ok(dbbi_store_write(fx.store, object, copy, size, 0, &fx.err));
	ck_assert_int_eq(load(), DBB_EDAMAGED);
	repo_ok(dbbi_store_remove(fx.store, object, &fx.err));
	free(copy);
}

/* Bytes that have the right name, and are nonsense. */
START_TEST(refuses_segments_that_cannot_be)
{
	static const struct { size_t at; uint8_t byte; } wrong[] = {
		{ 0, 'X' },		/* magic */
		{ 9, 1 },		/* reserved */
		{ 12, 2 },		/* a pack too many */
		{ 12, 0 },		/* and one too few */
		{ 16 + 32 + 3, 0x7f },	/* the pack's size */
		{ 16 + 36, 3 },		/* an entry too many */
		{ 16 + 36, 1 },
		{ 16 + 39, 0xff },
		{ 16 + 40 + 32, 0 },	/* an entry's offset */
	};
	uint8_t *data = NULL;
	size_t size;

	write_segment();
	repo_ok(dbbi_store_load(&data, &size, fx.store,
	    repo_object("index/"), 1 << 20, &fx.err));
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuse(data, size, wrong[i].at, wrong[i].byte);
	free(data);
}
END_TEST

static int
count_damage(const char *object, const dbb_error *cause, void *payload)
{
	ck_assert_ptr_nonnull(strstr(cause->message, object));
	++*(int *)payload;
	return 0;
}

START_TEST(can_pass_over_a_damaged_segment)
{
	int damaged = 0;

	write_segment();
	repo_cut(repo_object("index/"), 1);
	repo_ok(dbbi_segment_load_all(ix, fx.store, repo_keys(), &fx.run,
	    count_damage, &damaged, &fx.err));
	ck_assert_int_eq(damaged, 1);
	ck_assert(!finds(1));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("index", set_up, tear_down);

	tcase_add_test(tc, finds_what_was_put);
	tcase_add_test(tc, keeps_every_place_in_order);
	tcase_add_test(tc, gives_present_places_first);
	tcase_add_test(tc, looks_at_so_many_places_and_no_more);
	tcase_add_test(tc, a_pack_that_is_told_twice_is_one);
	tcase_add_test(tc, what_lies_in_a_missing_pack_is_claimed);
	tcase_add_test(tc, a_missing_pack_that_was_put_again_is_present);
	tcase_add_test(tc, a_forgotten_pack_gets_another_number);
	tcase_add_test(tc, a_chunk_is_claimed_once);
	tcase_add_test(tc, a_chunk_that_has_a_place_is_not_claimed);
	tcase_add_test(tc, has_what_is_claimed_or_present);
	tcase_add_test(tc, forgets_claims_and_late_packs);
	tcase_add_test(tc, takes_at_most_64_bytes_a_chunk);
	tcase_add_test(tc, takes_ids_that_begin_alike);
	tcase_add_test(tc, takes_one_name_many_times);
	tcase_add_test(tc, loads_what_a_segment_says);
	tcase_add_test(tc, notices_every_flipped_bit_of_a_segment);
	tcase_add_test(tc, refuses_segments_that_cannot_be);
	tcase_add_test(tc, can_pass_over_a_damaged_segment);
	return repo_run("index", tc);
}
