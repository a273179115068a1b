/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/random.h"

#include <string.h>

#include <check.h>

#include "suite.h"

START_TEST(fills_all_of_a_large_buffer)
{
	static unsigned char zero[64], buffer[1 << 16];

	ck_assert_int_eq(dbbi_random(buffer, sizeof(buffer), NULL), 0);
	ck_assert_int_ne(memcmp(buffer, zero, 64), 0);
	ck_assert_int_ne(memcmp(buffer + sizeof(buffer) - 64, zero, 64), 0);
}
END_TEST

START_TEST(gives_something_else_each_time)
{
	unsigned char one[16], other[16];

	ck_assert_int_eq(dbbi_random(one, sizeof(one), NULL), 0);
	ck_assert_int_eq(dbbi_random(other, sizeof(other), NULL), 0);
	ck_assert_int_ne(memcmp(one, other, sizeof(one)), 0);
}
END_TEST

START_TEST(accepts_no_bytes)
{
	ck_assert_int_eq(dbbi_random(NULL, 0, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("random");
	TCase *tc = tcase_create("random");

	tcase_add_test(tc, fills_all_of_a_large_buffer);
	tcase_add_test(tc, gives_something_else_each_time);
	tcase_add_test(tc, accepts_no_bytes);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
