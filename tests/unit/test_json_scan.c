/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

/* The text on the heap, without a byte behind it. */
static int
scan(const char *text, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	dbbi_json_span span = {0};
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	rc = dbbi_json_scan_whole(&span, copy, size);
	free(copy);
	return rc;
}

static const char *const good[] = {
	"0", "-0", "-0.0", "1e5", "1E+5", "1.5e-300", "18446744073709551615",
	"340282366920938463463374607431768211456", "true", "false", "null",
	"\"\"", "\"\\u0000\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xc3\xa4\"",
	"\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\"", "[]", "{}", " [ ] ",
	"[1,2]", "[[],{}]", "{\"a\":1}", "{ \"a\" : [ 1 , { } ] , \"\" : { } }",
	"{\"a\\u0000b\":[{}]}", "\t1\r\n",
};

START_TEST(takes_what_is_json)
{
	ck_assert_int_eq(scan(good[_i], strlen(good[_i])), 0);
}
END_TEST

static const char *const bad[] = {
	"", " ", "01", "-", "1.", ".5", "1e", "+1", "0x1", "NaN", "Infinity",
	"nul", "tru", "True", "\"", "\"\\", "\"\\u12", "\"\\u12g4\"", "\"\\x\"",
	"\"\n\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "'a'", "[", "]",
	"[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{\"a\"", "{\"a\":",
	"{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{1:2}", "{a:1}",
	"{\"a\" 1}", "[}", "{]", "[1}", "{\"a\":1]", "1 2", "[] []", "/**/1",
	"1,",
};

START_TEST(refuses_what_is_none)
{
	ck_assert_int_eq(scan(bad[_i], strlen(bad[_i])), -1);
}
END_TEST

START_TEST(refuses_a_nul)
{
	ck_assert_int_eq(scan("1\0", 2), -1);
	ck_assert_int_eq(scan("\"a\0b\"", 5), -1);
	ck_assert_int_eq(scan("[1\0]", 4), -1);
	ck_assert_int_eq(scan("\"\\\0\"", 4), -1);
}
END_TEST

/* Of a good text no beginning is one, unless it is a number's or behind it
 * there are blanks alone. */
START_TEST(refuses_what_is_cut)
{
	static const char text[] =
	    "{\"a\":[1,\"\xc3\xa4\\u00e4\",{\"b\":null}],\"c\":-1.5e3}";
	size_t n;

	for (n = 0; n + 1 < sizeof(text); n++)
		ck_assert_int_eq(scan(text, n), -1);
	ck_assert_int_eq(scan(text, n), 0);
}
END_TEST

static int
scan_depth(size_t depth)
{
	char *text = malloc(2 * depth);
	int rc;

	ck_assert_ptr_nonnull(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	rc = scan(text, 2 * depth);
	free(text);
	return rc;
}

START_TEST(bounds_the_depth)
{
	ck_assert_int_eq(scan_depth(DBBI_JSON_SCAN_DEPTH), 0);
	ck_assert_int_eq(scan_depth(DBBI_JSON_SCAN_DEPTH + 1), -1);
	ck_assert_int_eq(scan_depth(1000000), -1);
}
END_TEST

START_TEST(gives_members_one_by_one)
{
	static const char text[] = "{ \"a\" : { \"x\" : 1 } ,\"b\\\"\":[ 2 ]}";
	const char *at = text, *end = text + strlen(text);
	dbbi_json_span key, value;

	ck_assert_int_eq(dbbi_json_scan_member(&key, &value, &at, end), 1);
	ck_assert(dbbi_json_span_is(key, "\"a\""));
	ck_assert(dbbi_json_span_is(value, "{ \"x\" : 1 }"));
	ck_assert_int_eq(dbbi_json_scan_member(&key, &value, &at, end), 1);
	ck_assert(dbbi_json_span_is(key, "\"b\\\"\""));
	ck_assert(dbbi_json_span_is(value, "[ 2 ]"));
	ck_assert_int_eq(dbbi_json_scan_member(&key, &value, &at, end), 0);
	ck_assert_ptr_eq(at, end);
}
END_TEST

START_TEST(gives_elements_one_by_one)
{
	static const char text[] = "[ {\"a\":1} , [2], 3 ]", none[] = "[ ]";
	const char *at = text, *end = text + strlen(text);
	static const char *const parts[] = { "{\"a\":1}", "[2]", "3" };
	dbbi_json_span value;
	size_t i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(dbbi_json_scan_element(&value, &at, end), 1);
		ck_assert(dbbi_json_span_is(value, parts[i]));
	}
	ck_assert_int_eq(dbbi_json_scan_element(&value, &at, end), 0);
	ck_assert_ptr_eq(at, end);
	at = none;
	ck_assert_int_eq(dbbi_json_scan_element(&value, &at, none + 3), 0);
}
END_TEST

START_TEST(takes_no_list_for_an_object)
{
	dbbi_json_span key, value;
	const char *at = "[1]";

	ck_assert_int_eq(dbbi_json_scan_member(&key, &value, &at, at + 3), -1);
	ck_assert_int_eq(dbbi_json_scan_find(&value,
	    (dbbi_json_span){ .at = "1", .size = 1 }, "a"), -1);
}
END_TEST

START_TEST(finds_a_member)
{
	static const char text[] = "{\"ab\":1,\"a\":2,\"a\":3}";
	dbbi_json_span all = { .at = text, .size = strlen(text) }, value;

	ck_assert_int_eq(dbbi_json_scan_find(&value, all, "a"), 1);
	ck_assert(dbbi_json_span_is(value, "2"));
	ck_assert_int_eq(dbbi_json_scan_find(&value, all, "b"), 0);
}
END_TEST

START_TEST(writes_without_blanks_outside_of_strings)
{
	static const char text[] =
	    "{ \"a b\" :\n[ 1.50 , \" \\\" \" ] }";
	dbbi_json_span all = { .at = text, .size = strlen(text) };
	dbbi_bytes out;

	dbbi_bytes_init(&out, 100);
	ck_assert_int_eq(dbbi_json_span_write(&out, all, NULL), 0);
	ck_assert_int_eq(dbbi_bytes_add(&out, "", 1, NULL), 0);
	ck_assert_str_eq((char *)out.data, "{\"a b\":[1.50,\" \\\" \"]}");
	dbbi_bytes_clear(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_scan");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, takes_what_is_json, 0,
	    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, refuses_what_is_none, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, refuses_a_nul);
	tcase_add_test(tcase, refuses_what_is_cut);
	tcase_add_test(tcase, bounds_the_depth);
	tcase_add_test(tcase, gives_members_one_by_one);
	tcase_add_test(tcase, gives_elements_one_by_one);
	tcase_add_test(tcase, takes_no_list_for_an_object);
	tcase_add_test(tcase, finds_a_member);
	tcase_add_test(tcase, writes_without_blanks_outside_of_strings);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
