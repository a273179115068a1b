/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/bytes.h"

#include <string.h>

#include <check.h>

#include "suite.h"

START_TEST(numbers_are_little_endian)
{
	uint8_t raw[8];

	dbbi_put_u32(raw, 0x01020304);
	ck_assert_mem_eq(raw, "\x04\x03\x02\x01", 4);
	ck_assert_uint_eq(dbbi_get_u32(raw), 0x01020304);
	dbbi_put_u64(raw, UINT64_C(0xf102030405060708));
	ck_assert_mem_eq(raw, "\x08\x07\x06\x05\x04\x03\x02\xf1", 8);
	ck_assert(dbbi_get_u64(raw) == UINT64_C(0xf102030405060708));
}
END_TEST

START_TEST(hex_goes_both_ways)
{
	uint8_t raw[4];
	char text[9];

	dbbi_hex_encode(text, "\x00\x7f\xa0\xff", 4);
	ck_assert_str_eq(text, "007fa0ff");
	ck_assert_int_eq(dbbi_hex_decode(raw, 4, text), 0);
	ck_assert_mem_eq(raw, "\x00\x7f\xa0\xff", 4);
}
END_TEST

START_TEST(hex_refuses_anything_else)
{
	static const char *const bad[] = {
		"", "00", "0011223", "001122334", "0011223G", "0011223 ",
		"00112B33", "0x112233", "-0112233", NULL,
	};
	uint8_t raw[4] = { 1, 2, 3, 4 };
	size_t i;

	for (i = 0; bad[i] != NULL; i++)
		ck_assert_int_eq(dbbi_hex_decode(raw, 4, bad[i]), -1);
	ck_assert_mem_eq(raw, "\1\2\3\4", 4);
}
END_TEST

START_TEST(buffer_grows_to_its_limit_and_no_further)
{
	struct dbb_error err;
	dbbi_bytes b;
	unsigned i;

	dbbi_bytes_init(&b, 1000);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(dbbi_bytes_add(&b, "0123456789", 10, &err),
		    0);
	ck_assert_uint_eq(b.size, 1000);
	ck_assert_uint_le(b.capacity, 1000);
	ck_assert_mem_eq(b.data + 990, "0123456789", 10);
	ck_assert_int_eq(dbbi_bytes_add(&b, "x", 1, &err), DBB_ENOMEM);
	ck_assert_ptr_nonnull(strstr(err.message, "1000"));
	ck_assert_uint_eq(b.size, 1000);
	ck_assert_int_eq(dbbi_bytes_add(&b, "x", 0, &err), 0);
	dbbi_bytes_clear(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_int_eq(dbbi_bytes_add(&b, "x", 1, &err), 0);
	dbbi_bytes_clear(&b);
}
END_TEST

START_TEST(buffer_refuses_sizes_that_overflow)
{
	dbbi_bytes b;

	dbbi_bytes_init(&b, 1000);
	ck_assert_int_eq(dbbi_bytes_add(&b, "x", 1, NULL), 0);
	ck_assert_int_eq(dbbi_bytes_add(&b, "x", SIZE_MAX, NULL),
	    DBB_ENOMEM);
	ck_assert_int_eq(dbbi_bytes_reserve(&b, 1001, NULL), DBB_ENOMEM);
	dbbi_bytes_clear(&b);
}
END_TEST

START_TEST(buffer_keeps_what_it_has_reserved)
{
	dbbi_bytes b;
	uint8_t *data;

	dbbi_bytes_init(&b, 1000);
	ck_assert_int_eq(dbbi_bytes_reserve(&b, 600, NULL), 0);
	ck_assert_uint_eq(b.capacity, 600);
	data = b.data;
	ck_assert_int_eq(dbbi_bytes_add_u32(&b, 7, NULL), 0);
	ck_assert_int_eq(dbbi_bytes_add_u64(&b, 8, NULL), 0);
	ck_assert_ptr_eq(b.data, data);
	ck_assert_uint_eq(b.size, 12);
	ck_assert_mem_eq(data, "\7\0\0\0\10\0\0\0\0\0\0\0", 12);
	dbbi_bytes_clear(&b);
}
END_TEST

START_TEST(cursor_takes_what_is_there_and_no_more)
{
	static const uint8_t raw[13] = { 1, 0, 0, 0, 2, [12] = 9 };
	dbbi_cursor c = { raw, sizeof(raw) };
	const uint8_t *piece;
	uint32_t u32;
	uint64_t u64;

	ck_assert_int_eq(dbbi_take_u32(&u32, &c), 0);
	ck_assert_int_eq(dbbi_take_u64(&u64, &c), 0);
	ck_assert(u32 == 1 && u64 == 2);
	ck_assert_int_eq(dbbi_take_u32(&u32, &c), -1);
	ck_assert_int_eq(dbbi_take_u64(&u64, &c), -1);
	ck_assert_int_eq(dbbi_take(&piece, &c, SIZE_MAX), -1);
	ck_assert_uint_eq(c.left, 1);
	ck_assert_int_eq(dbbi_take(&piece, &c, 1), 0);
	ck_assert_uint_eq(*piece, 9);
	ck_assert_int_eq(dbbi_take(&piece, &c, 0), 0);
}
END_TEST

START_TEST(wipe_leaves_nothing)
{
	char secret[] = "hunter2";

	dbbi_wipe(secret, sizeof(secret));
	ck_assert_mem_eq(secret, "\0\0\0\0\0\0\0", 8);
	dbbi_wipe(NULL, 8);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, numbers_are_little_endian);
	tcase_add_test(tc, hex_goes_both_ways);
	tcase_add_test(tc, hex_refuses_anything_else);
	tcase_add_test(tc, buffer_grows_to_its_limit_and_no_further);
	tcase_add_test(tc, buffer_refuses_sizes_that_overflow);
	tcase_add_test(tc, buffer_keeps_what_it_has_reserved);
	tcase_add_test(tc, cursor_takes_what_is_there_and_no_more);
	tcase_add_test(tc, wipe_leaves_nothing);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
