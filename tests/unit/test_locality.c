/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <string.h>

#include "repo/locality.h"
#include "repo_fixture.h"
#include "util/bytes.h"

#define MIB (1u << 20)
#define CREDIT 32u	/* MiB, to begin with and at most */

static dbbi_locality l;

static void
set_up(void)
{
	dbbi_locality_init(&l);
}

static dbbi_id
id_of(uint32_t n)
{
	dbbi_id id = {{0}};

	dbbi_put_u32(id.bytes, n);
	return id;
}

static int
use(uint32_t n, uint32_t size)
{
	dbbi_id id = id_of(n);

	return dbbi_locality_use(&l, &id, size);
}

static int
again(uint32_t n)
{
	dbbi_id id = id_of(n);

	return dbbi_locality_again(&l, &id);
}

START_TEST(nothing_was_used_to_begin_with)
{
	ck_assert(!again(0));
	ck_assert(!again(1));
}
END_TEST

START_TEST(using_chunks_costs_their_size)
{
	for (uint32_t n = 0; n < CREDIT; n++)
		ck_assert(use(n, MIB));
	ck_assert(!use(CREDIT, 1));
	ck_assert(!again(CREDIT));
	ck_assert(again(CREDIT - 1));
}
END_TEST

START_TEST(a_byte_of_the_stream_earns_three)
{
	ck_assert(use(0, CREDIT * MIB));
	dbbi_locality_earn(&l, 1000);
	ck_assert(!use(1, 3001));
	ck_assert(use(1, 3000));
	ck_assert(!use(2, 1));
}
END_TEST

START_TEST(credit_does_not_pile_up)
{
	for (int i = 0; i < 100; i++)
		dbbi_locality_earn(&l, UINT32_MAX);
	ck_assert(!use(0, CREDIT * MIB + 1));
	ck_assert(use(0, CREDIT * MIB));
	ck_assert(!use(1, 1));
}
END_TEST

START_TEST(the_last_used_are_free_and_the_longest_unused_goes)
{
	for (uint32_t n = 0; n < DBBI_LOCALITY_CHUNKS; n++)
		ck_assert(use(n, 1));
	ck_assert(again(0));
	ck_assert(use(DBBI_LOCALITY_CHUNKS, 1));
	ck_assert(!again(1));
	ck_assert(again(0));
	for (uint32_t n = 2; n <= DBBI_LOCALITY_CHUNKS; n++)
		ck_assert(again(n));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("locality", set_up, NULL);

	tcase_add_test(tc, nothing_was_used_to_begin_with);
	tcase_add_test(tc, using_chunks_costs_their_size);
	tcase_add_test(tc, a_byte_of_the_stream_earns_three);
	tcase_add_test(tc, credit_does_not_pile_up);
	tcase_add_test(tc,
	    the_last_used_are_free_and_the_longest_unused_goes);
	return repo_run("locality", tc);
}
