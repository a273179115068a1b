/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/chunk_seal.h"
#include "repo/pack.h"
#include "repo_fixture.h"

static dbbi_pack *pack;
static dbbi_id name;
static const uint8_t *data;
static uint32_t size;

/* Open a copy, with one byte changed by `flip`: what is sealed is opened in
 * place. `*copy` is to free(3). */
static int
open_copy(dbbi_pack_view *view, uint8_t **copy, uint32_t length,
    uint32_t byte, uint8_t flip)
{
	*copy = malloc(length + 1);
	ck_assert_ptr_nonnull(*copy);
	memcpy(*copy, data, length);
	(*copy)[byte] ^= flip;
	return dbbi_pack_open(view, *copy, length, repo_keys(), &fx.err);
}

static int
open_flipped(uint32_t byte, uint8_t flip)
{
	dbbi_pack_view view;
	uint8_t *copy;
	int rc = open_copy(&view, &copy, size, byte, flip);

	free(copy);
	return rc;
}

static void
add(const char *text)
{
	dbbi_entry entry = { .stored = (uint32_t)strlen(text),
	    .plain = (uint32_t)strlen(text) };

	repo_ok(dbbi_sha256_of(entry.id.bytes, text, strlen(text),
	    &fx.err));
	repo_ok(dbbi_pack_add(pack, &entry, text, &fx.err));
}

static void
set_up(void)
{
	repo_ok(dbbi_pack_new(&pack, repo_keys(), &fx.err));
	add("one chunk");
	add("and another");
	repo_ok(dbbi_pack_end(&name, &data, &size, pack, &fx.err));
}

static void
tear_down(void)
{
	dbbi_pack_free(pack);
}

START_TEST(gives_back_its_chunks)
{
	dbbi_chunk_unsealer *unsealer = NULL;
	dbbi_pack_view view;
	dbbi_entry entry;
	uint8_t *copy;

	repo_ok(open_copy(&view, &copy, size, 0, 0));
	ck_assert_uint_eq(view.count, 2);
	ck_assert_int_eq(dbbi_pack_entry(&entry, &view, 1), 0);
	ck_assert_uint_eq(entry.plain, 11);
	if (repo_sealed) {
		repo_ok(dbbi_chunk_unsealer_new(&unsealer, repo_keys(),
		    &fx.err));
		repo_ok(dbbi_chunk_unseal(copy + entry.offset, unsealer,
		    &view.box, &entry, copy + entry.offset, &fx.err));
	}
	ck_assert_int_eq(memcmp(copy + entry.offset, "and another", 11), 0);
	dbbi_chunk_unsealer_free(unsealer);
	free(copy);
}
END_TEST

START_TEST(is_named_by_its_bytes)
{
	dbbi_id digest;

	repo_ok(dbbi_sha256_of(digest.bytes, data, size, &fx.err));
	ck_assert_int_eq(memcmp(&digest, &name, sizeof name), 0);
}
END_TEST

/* All but the chunks themselves, which their ids prove, and the salt of
 * an open pack. */
START_TEST(notices_every_flipped_bit_of_its_frame)
{
	uint32_t first = repo_sealed ? 96 : 12;
	uint32_t end = repo_sealed ? 96 + 20 + 2 * DBBI_TAG_SIZE : 16 + 20;

	for (uint32_t i = 0; i < size * 8; i++)
		if (i / 8 < first || i / 8 >= end)
			ck_assert_int_lt(open_flipped(i / 8,
			    (uint8_t)(1u << i % 8)), 0);
}
END_TEST

START_TEST(refuses_any_beginning_of_it)
{
	dbbi_pack_view view;
	uint8_t *copy;

	for (uint32_t n = 0; n < size; n++) {
		ck_assert_int_eq(open_copy(&view, &copy, n, 0, 0), DBB_EDAMAGED);
		free(copy);
	}
}
END_TEST

START_TEST(says_when_a_cipher_is_not_known)
{
	ck_assert_int_eq(open_flipped(8, 2), DBB_EVERSION);
	ck_assert_int_eq(open_flipped(8, 1), DBB_EDAMAGED);
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
	ck_assert_int_eq(dbbi_entry_get(&e, line, 100, 0), 0);
	ck_assert_uint_eq(e.plain, 9);
	ck_assert_int_eq(dbbi_entry_get(&e, line, 20, 0), -1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		dbbi_entry_put(line, &good);
		line[wrong[i].at] = wrong[i].byte;
		ck_assert_int_eq(dbbi_entry_get(&e, line, 100, 0), -1);
	}
}
END_TEST

START_TEST(refuses_sealed_entries_that_cannot_be)
{
	static const dbbi_entry good[] = {
		{ .offset = 96, .stored = 17, .plain = 2, .coding = 1 },
		{ .offset = 96, .stored = 18, .plain = 2 },
	};
	static const dbbi_entry wrong[] = {
		{ .offset = 95, .stored = 18, .plain = 2 },
		{ .offset = 96, .stored = 17, .plain = 2 },
		{ .offset = 96, .stored = 2, .plain = 2 },
		{ .offset = 96, .stored = 16, .plain = 2, .coding = 1 },
		{ .offset = 96, .stored = 18, .plain = 2, .coding = 1 },
		{ .offset = 96, .stored = 1, .plain = 2, .coding = 1 },
		{ .offset = 200, .stored = 18, .plain = 2 },
	};
	uint8_t line[DBBI_ENTRY_SIZE];
	dbbi_entry e;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		dbbi_entry_put(line, &good[i]);
		ck_assert_int_eq(dbbi_entry_get(&e, line, 200, 1), 0);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		dbbi_entry_put(line, &wrong[i]);
		ck_assert_int_eq(dbbi_entry_get(&e, line, 200, 1), -1);
	}
}
END_TEST

START_TEST(is_full_in_the_end)
{
	ck_assert(dbbi_pack_fits(pack, 8u << 20));
	ck_assert(!dbbi_pack_fits(pack, DBBI_PACK_TARGET));
	dbbi_pack_reset(pack);
	ck_assert(dbbi_pack_fits(pack, DBBI_PACK_TARGET - DBBI_TAG_SIZE));
	for (uint32_t i = 0; i < DBBI_PACK_CHUNKS; i++) {
		ck_assert(dbbi_pack_fits(pack, 1));
		add("x");
	}
	ck_assert(!dbbi_pack_fits(pack, 1));
	repo_ok(dbbi_pack_end(&name, &data, &size, pack, &fx.err));
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
	tcase_add_test(tc, refuses_sealed_entries_that_cannot_be);
	tcase_add_test(tc, is_full_in_the_end);
	return repo_run("pack", tc);
}
