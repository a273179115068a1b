/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/pack.h"
#include "repo_fixture.h"

static dbbi_pack *pack;
static dbbi_id name;
static const uint8_t *data;
static uint32_t size;

static void
add(const char *text)
{
	dbbi_entry entry = { .stored = (uint32_t)strlen(text),
	    .plain = (uint32_t)strlen(text) };

	repo_ok(dbbi_sha256_of(entry.id.bytes, text, strlen(text),
	    &fx.err));
	dbbi_pack_add(pack, &entry, text);
}

static void
set_up(void)
{
	repo_ok(dbbi_pack_new(&pack, &fx.err));
	add("one chunk");
	add("and another");
	repo_ok(dbbi_pack_seal(&name, &data, &size, pack, &fx.err));
}

static void
tear_down(void)
{
	dbbi_pack_free(pack);
}

START_TEST(gives_back_its_chunks)
{
	dbbi_pack_view view;
	dbbi_entry entry;

	repo_ok(dbbi_pack_open(&view, data, size, &fx.err));
	ck_assert_uint_eq(view.count, 2);
	ck_assert_int_eq(dbbi_pack_entry(&entry, &view, 1), 0);
	ck_assert_uint_eq(entry.stored, 11);
	ck_assert_int_eq(memcmp(data + entry.offset, "and another", 11), 0);
}
END_TEST

START_TEST(is_named_by_its_bytes)
{
	dbbi_id digest;

	repo_ok(dbbi_sha256_of(digest.bytes, data, size, &fx.err));
	ck_assert_int_eq(memcmp(&digest, &name, sizeof name), 0);
}
END_TEST

/* All but the chunks themselves, which their ids prove, and the salt. */
START_TEST(notices_every_flipped_bit_of_its_frame)
{
	uint8_t *copy = malloc(size);
	dbbi_pack_view view;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	for (uint32_t i = 0; i < size * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		if (i / 8 < 12 || i / 8 >= 16 + 20)
			ck_assert_int_lt(dbbi_pack_open(&view, copy, size,
			    &fx.err), 0);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	free(copy);
}
END_TEST

START_TEST(refuses_any_beginning_of_it)
{
	dbbi_pack_view view;

	for (uint32_t n = 0; n < size; n++) {
		uint8_t *copy = malloc(n + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, data, n);
		ck_assert_int_eq(dbbi_pack_open(&view, copy, n, &fx.err),
		    DBB_EDAMAGED);
		free(copy);
	}
}
END_TEST

START_TEST(says_when_a_cipher_is_not_known)
{
	uint8_t *copy = malloc(size);
	dbbi_pack_view view;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	copy[8] = 1;
	ck_assert_int_eq(dbbi_pack_open(&view, copy, size, &fx.err),
	    DBB_EVERSION);
	free(copy);
}
END_TEST

START_TEST(refuses_entries_that_cannot_be)
{
	dbbi_entry good = { .offset = 16, .stored = 5, .plain = 9,
	    .coding = DBBI_CODING_ZSTD }, e;
	uint8_t line[DBBI_ENTRY_SIZE];
	static const struct { int at; uint8_t byte; } wrong[] = {
		{ 32, 15 },	/* inside the header */
		{ 32, 97 },	/* ends behind the end */
		{ 35, 0xff },
		{ 36, 0 },	/* nothing stored */
		{ 36, 10 },	/* more stored than plain */
		{ 39, 0xff },
		{ 40, 0 },	/* nothing plain */
		{ 43, 1 },	/* 16 MiB plain */
		{ 44, 2 },	/* kind */
		{ 45, 2 },	/* coding */
		{ 45, 0 },	/* as it is, but smaller */
		{ 46, 1 }, { 47, 1 },
	};

	dbbi_entry_put(line, &good);
	ck_assert_int_eq(dbbi_entry_get(&e, line, 100), 0);
	ck_assert_uint_eq(e.plain, 9);
	ck_assert_int_eq(dbbi_entry_get(&e, line, 20), -1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		dbbi_entry_put(line, &good);
		line[wrong[i].at] = wrong[i].byte;
		ck_assert_int_eq(dbbi_entry_get(&e, line, 100), -1);
	}
}
END_TEST

START_TEST(is_full_in_the_end)
{
	ck_assert(dbbi_pack_fits(pack, 8u << 20));
	ck_assert(!dbbi_pack_fits(pack, DBBI_PACK_TARGET));
	dbbi_pack_reset(pack);
	ck_assert(dbbi_pack_fits(pack, DBBI_PACK_TARGET));
	for (uint32_t i = 0; i < DBBI_PACK_CHUNKS; i++) {
		ck_assert(dbbi_pack_fits(pack, 1));
		add("x");
	}
	ck_assert(!dbbi_pack_fits(pack, 1));
	repo_ok(dbbi_pack_seal(&name, &data, &size, pack, &fx.err));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("pack", set_up, tear_down);

	tcase_add_test(tc, gives_back_its_chunks);
	tcase_add_test(tc, is_named_by_its_bytes);
	tcase_add_test(tc, notices_every_flipped_bit_of_its_frame);
	tcase_add_test(tc, refuses_any_beginning_of_it);
	tcase_add_test(tc, says_when_a_cipher_is_not_known);
	tcase_add_test(tc, refuses_entries_that_cannot_be);
	tcase_add_test(tc, is_full_in_the_end);
	return repo_run("pack", tc);
}
