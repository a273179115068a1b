/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

START_TEST(formats_and_copies)
{
	char *text = dbbi_text_format("%s-%d", "a", 7);
	char *copy = dbbi_text_dup(text);

	ck_assert_str_eq(text, "a-7");
	ck_assert_str_eq(copy, "a-7");
	free(text);
	free(copy);
}
END_TEST

START_TEST(trims_both_ends)
{
	char inner[] = " \t a b\r\n", all[] = "  ", none[] = "";

	ck_assert_str_eq(dbbi_text_trim(inner), "a b");
	ck_assert_str_eq(dbbi_text_trim(all), "");
	ck_assert_str_eq(dbbi_text_trim(none), "");
}
END_TEST

START_TEST(makes_valid_utf8)
{
	static const struct {
		const char *from;
		const char *to;
	} table[] = {
		{ "plain", "plain" },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "a\xfcz", "a?z" },
		{ "a\xc3", "a" },
		{ "a\xe2\x82", "a" },
		{ "a\xf0\x9f\x98", "a" },
		{ "a\x80", "a?" },
		{ "\xc0\x80", "??" },		/* overlong */
		{ "\xe0\x80\x80z", "???z" },	/* overlong */
		{ "\xed\xa0\x80z", "???z" },	/* a surrogate */
		{ "\xf4\x90\x80\x80z", "????z" },
		{ "\xe2z", "?z" },
	};
	char text[32];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		strncpy(text, table[i].from, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		dbbi_text_make_utf8(text);
		ck_assert_str_eq(text, table[i].to);
	}
}
END_TEST

START_TEST(list_ends_with_null)
{
	dbbi_list list = {0};

	ck_assert_int_eq(dbbi_list_has(&list, "a"), 0);
	ck_assert_int_eq(dbbi_list_add(&list, "a", NULL), 0);
	ck_assert_int_eq(dbbi_list_add(&list, "b", NULL), 0);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_ptr_null(list.items[2]);
	ck_assert_int_eq(dbbi_list_has(&list, "b"), 1);
	ck_assert_int_eq(dbbi_list_has(&list, "B"), 0);
	dbbi_list_clear(&list);
	ck_assert_ptr_null(list.items);
	dbbi_list_clear(&list);
}
END_TEST

START_TEST(splits_at_commas)
{
	dbbi_list list = {0};

	ck_assert_int_eq(dbbi_list_split(&list, " app, auth log ,,\t, x",
	    NULL), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[0], "app");
	ck_assert_str_eq(list.items[1], "auth log");
	ck_assert_str_eq(list.items[2], "x");
	ck_assert_int_eq(dbbi_list_split(&list, " , ", NULL), 0);
	ck_assert_int_eq(dbbi_list_split(&list, "", NULL), 0);
	ck_assert_uint_eq(list.count, 3);
	dbbi_list_clear(&list);
}
END_TEST

START_TEST(reads_numbers_in_range)
{
	uint64_t n = 0;

	ck_assert_int_eq(dbbi_parse_u64(&n, "0", 0, 19), 0);
	ck_assert(n == 0);
	ck_assert_int_eq(dbbi_parse_u64(&n, "19", 0, 19), 0);
	ck_assert(n == 19);
	ck_assert_int_eq(dbbi_parse_u64(&n, "18446744073709551615", 0,
	    UINT64_MAX), 0);
	ck_assert(n == UINT64_MAX);
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "1e3", "a",
		"18446744073709551616", "99999999999999999999", "20", NULL,
	};
	uint64_t n = 42;
	size_t i;

	for (i = 0; bad[i] != NULL; i++)
		ck_assert_int_eq(dbbi_parse_u64(&n, bad[i], 0, 19), -1);
	ck_assert_int_eq(dbbi_parse_u64(&n, "1", 2, 3), -1);
	ck_assert(n == 42);
}
END_TEST

START_TEST(reads_yes_and_no)
{
	int yes = 7;

	ck_assert_int_eq(dbbi_parse_bool(&yes, "maybe"), -1);
	ck_assert_int_eq(dbbi_parse_bool(&yes, ""), -1);
	ck_assert_int_eq(yes, 7);
	ck_assert_int_eq(dbbi_parse_bool(&yes, "Yes"), 0);
	ck_assert_int_eq(yes, 1);
	ck_assert_int_eq(dbbi_parse_bool(&yes, "off"), 0);
	ck_assert_int_eq(yes, 0);
	ck_assert_int_eq(dbbi_parse_bool(&yes, "1"), 0);
	ck_assert_int_eq(yes, 1);
}
END_TEST

START_TEST(finds_the_nearest_word)
{
	static const char *const words[] = {
		"url", "compression", "connection", "databases", NULL,
	};
	static const char *const none[] = { NULL };
	char longest[400];

	ck_assert_str_eq(dbbi_nearest("compresion", words), "compression");
	ck_assert_str_eq(dbbi_nearest("CONECTION", words), "connection");
	ck_assert_str_eq(dbbi_nearest("database", words), "databases");
	ck_assert_str_eq(dbbi_nearest("uri", words), "url");
	ck_assert_str_eq(dbbi_nearest("url", words), "url");
	ck_assert_str_eq(dbbi_nearest("ulr", words), "url");
	ck_assert_ptr_null(dbbi_nearest("retention", none));
	ck_assert_ptr_null(dbbi_nearest("zzz", words));
	ck_assert_ptr_null(dbbi_nearest("", words));
	memset(longest, 'u', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(dbbi_nearest(longest, words));
}
END_TEST

static const struct {
	const char *text;
	uint64_t size;		/* 0: it is none */
} sizes[] = {
	{ "5", 5 }, { "10", 10 }, { "1k", 1024 }, { "1K", 1024 },
	{ "2 KiB", 2048 }, { "16M", 16 << 20 }, { "16 MiB", 16 << 20 },
	{ "16MB", 16 << 20 }, { "3\tG", (uint64_t)3 << 30 }, { "7 B", 7 },
	{ "1023 GiB", (uint64_t)1023 << 30 },
	{ "4", 0 }, { "1024 GiB", 0 }, { "17179869184G", 0 },
	{ "99999999999999999999999", 0 }, { "", 0 }, { "M", 0 }, { "-5", 0 },
	{ "5 m", 0 }, { "5 Mi", 0 }, { "5 MiBs", 0 }, { "5.5M", 0 },
	{ "5 6", 0 }, { "0x10", 0 }, { "5 T", 0 },
};

START_TEST(reads_sizes)
{
	uint64_t size = 0;
	int rc = dbbi_parse_size(&size, sizes[_i].text, 5,
	    ((uint64_t)1 << 40) - 1);

	ck_assert_int_eq(rc, sizes[_i].size > 0 ? 0 : -1);
	ck_assert_uint_eq(size, sizes[_i].size);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("text");
	TCase *tc = tcase_create("text");

	tcase_add_test(tc, formats_and_copies);
	tcase_add_test(tc, trims_both_ends);
	tcase_add_test(tc, makes_valid_utf8);
	tcase_add_test(tc, list_ends_with_null);
	tcase_add_test(tc, splits_at_commas);
	tcase_add_test(tc, reads_numbers_in_range);
	tcase_add_test(tc, refuses_what_is_no_number);
	tcase_add_loop_test(tc, reads_sizes, 0,
	    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(tc, reads_yes_and_no);
	tcase_add_test(tc, finds_the_nearest_word);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
