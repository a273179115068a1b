/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every bit of every object of a small repository is turned around, and every
 * number in it made as large as it can be: a check that reads all data finds
 * it, or reading is refused; never is a wrong byte given, and never is much
 * memory asked for.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "short_memory.h"

/* No more is asked for at once than the largest pack takes. */
#define MOST_BYTES (DBBI_PACK_LIMIT + (1u << 20))

#define KINDS 2			/* open, sealed */

static struct ground g;

/* One object, as it is and as it is made. */
static char name[DBBI_OBJECT_SIZE];
static uint8_t *whole, *hurt;
static size_t size;

static void
make_small(int sealed)
{
	char id[DBBI_SET_ID_SIZE];

	ground_init(&g, sealed);
	g.params.chunker.min_bytes = 64;
	g.params.chunker.max_bytes = 2048;
	g.sizes[0] = 500;
	g.sizes[1] = 100;
	ok(ground_make(&g, 1, &err));
	ok(ground_back_up(id, &g, 0, &err));
	ok(ground_check(NULL, &g, &err));
}

/* ---- one object ---- */

static void
put(const uint8_t *bytes)
{
	ok(dbbi_store_write(g.store, name, bytes, size, DBB_PUT_REPLACE,
	    &err));
}

static int
is_refusal(int rc)
{
	return rc == DBB_EDAMAGED || rc == DBB_EVERSION ||
	    rc == DBB_ENOTFOUND || rc == DBB_ENOREPO || rc == DBB_EKEY;
}

/* Check with the object as it was made, which must find it, and read, which
 * must not give a wrong byte. */
static void
expect_refused(size_t at, const char *what)
{
	int found, rc, refused;

	put(hurt);
	short_memory_from(0, 0);
	found = ground_check(NULL, &g, &err);
	ck_assert_msg(is_refusal(found), "'%s' with %s at byte %zu of %zu: "
	    "%s", name, what, at, size, found < 0 ? err.message :
	    "a check finds nothing");
	rc = ground_read_all(&g, &err);
	ck_assert_msg(rc == 0 || is_refusal(rc), "'%s' with %s at byte %zu "
	    "of %zu: %s", name, what, at, size, err.message);
	short_memory_end(&refused);
	ck_assert_uint_le(short_memory_most(), MOST_BYTES);
}

static void
take(const char *object)
{
	snprintf(name, sizeof name, "%s", object);
	ok(dbbi_store_load(&whole, &size, g.store, name, 1u << 20, &err));
	hurt = malloc(size);
	ck_assert_ptr_nonnull(hurt);
	memcpy(hurt, whole, size);
}

static void
give_back(void)
{
	put(whole);
	free(whole);
	free(hurt);
}

static void
flip_each_bit(void)
{
	char what[32];

	for (size_t bit = 0; bit < 8 * size; bit += suite_share() * suite_share()) {
		snprintf(what, sizeof what, "bit %zu flipped", bit % 8);
		hurt[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_refused(bit / 8, what);
		hurt[bit / 8] = whole[bit / 8];
	}
}

/* As if every place held a length of so many bytes. */
static void
write_each_number(uint64_t number, size_t bytes)
{
	uint8_t le[8];
	char what[64];

	snprintf(what, sizeof what, "the number %llx",
	    (unsigned long long)number);
	for (size_t i = 0; i < 8; i++)
		le[i] = (uint8_t)(number >> (8 * i));
	for (size_t at = 0; at + bytes <= size; at += suite_share()) {
		if (memcmp(whole + at, le, bytes) == 0)
			continue;
		memcpy(hurt + at, le, bytes);
		expect_refused(at, what);
		memcpy(hurt + at, whole + at, bytes);
	}
}

/* ---- all of them ---- */

/* All but the proofs, which each check writes anew, and of which one that is
 * damaged counts as none: test_proofs. */
static int
collect(const dbb_object *object, void *payload)
{
	if (strncmp(object->name, "proofs/", 7) == 0)
		return 0;
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

static void
for_each_object(int sealed, void (*fn)(void))
{
	dbbi_list names = { NULL, 0 };

	make_small(sealed);
	ok(dbbi_store_list(g.store, "", collect, &names, &err));
	ck_assert_uint_ge(names.count, 4);
	for (size_t i = 0; i < names.count; i++) {
		take(names.items[i]);
		fn();
		give_back();
	}
	ok(ground_check(NULL, &g, &err));
	dbbi_list_clear(&names);
	ground_clear(&g);
}

static void
write_large_numbers(void)
{
	write_each_number(UINT32_MAX, 4);
	write_each_number(1ull << 63, 8);
}

START_TEST(every_flipped_bit_is_found)
{
	for_each_object(_i, flip_each_bit);
}
END_TEST

START_TEST(a_large_number_is_found_and_asks_for_nothing)
{
	for_each_object(_i, write_large_numbers);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("flipped");

	tcase_add_loop_test(tc, every_flipped_bit_is_found, 0, KINDS);
	tcase_add_loop_test(tc, a_large_number_is_found_and_asks_for_nothing,
	    0, KINDS);
	return operations_test(tc);
}
