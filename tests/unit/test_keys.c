/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/keys.h"

#include <string.h>

#include <check.h>

#include "suite.h"

static dbb_error err;

static void
make(dbbi_keys *out)
{
	ck_assert_int_eq(dbbi_keys_make(out, &err), 0);
}

START_TEST(makes_keys_that_differ)
{
	dbbi_keys a, b;

	make(&a);
	make(&b);
	ck_assert_int_eq(a.can_read, 1);
	ck_assert_mem_ne(a.writer, b.writer, DBBI_KEY_SIZE);
	ck_assert_mem_ne(a.public_key, b.public_key, DBBI_KEY_SIZE);
	ck_assert_mem_ne(a.private_key, b.private_key, DBBI_KEY_SIZE);
	ck_assert_mem_ne(a.chunk_id, b.chunk_id, DBBI_KEY_SIZE);
	ck_assert_mem_ne(a.chunk_id, a.writer, DBBI_KEY_SIZE);
}
END_TEST

START_TEST(has_the_same_keys_from_its_two_secrets)
{
	dbbi_keys a, b;

	make(&a);
	ck_assert_int_eq(dbbi_keys_full(&b, a.writer, a.private_key, &err),
	    0);
	ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(lacks_the_private_key_when_write_only)
{
	static const uint8_t zeros[DBBI_KEY_SIZE];
	dbbi_keys a, b;

	make(&a);
	ck_assert_int_eq(dbbi_keys_write_only(&b, a.writer, a.public_key,
	    &err), 0);
	ck_assert_int_eq(b.can_read, 0);
	ck_assert_mem_eq(b.private_key, zeros, DBBI_KEY_SIZE);
	ck_assert_mem_eq(b.public_key, a.public_key, DBBI_KEY_SIZE);
	ck_assert_mem_eq(b.chunk_id, a.chunk_id, DBBI_KEY_SIZE);
}
END_TEST

START_TEST(seeds_the_chunker_by_key_and_repository)
{
	uint8_t seed[DBBI_KEY_SIZE] = { 1 }, one[DBBI_KEY_SIZE];
	uint8_t two[DBBI_KEY_SIZE];
	dbbi_keys a, b;

	make(&a);
	make(&b);
	ck_assert_int_eq(dbbi_keys_seed(one, &a, seed, &err), 0);
	ck_assert_int_eq(dbbi_keys_seed(two, &a, seed, &err), 0);
	ck_assert_mem_eq(one, two, DBBI_KEY_SIZE);
	ck_assert_int_eq(dbbi_keys_seed(two, &b, seed, &err), 0);
	ck_assert_mem_ne(one, two, DBBI_KEY_SIZE);
	seed[0] = 2;
	ck_assert_int_eq(dbbi_keys_seed(two, &a, seed, &err), 0);
	ck_assert_mem_ne(one, two, DBBI_KEY_SIZE);
}
END_TEST

START_TEST(leaves_nothing_after_wiping)
{
	static const dbbi_keys none;
	dbbi_keys a;

	make(&a);
	dbbi_keys_wipe(&a);
	ck_assert_mem_eq(&a, &none, sizeof a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tc = tcase_create("keys");

	tcase_add_test(tc, makes_keys_that_differ);
	tcase_add_test(tc, has_the_same_keys_from_its_two_secrets);
	tcase_add_test(tc, lacks_the_private_key_when_write_only);
	tcase_add_test(tc, seeds_the_chunker_by_key_and_repository);
	tcase_add_test(tc, leaves_nothing_after_wiping);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
