/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/json.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbbi_json *
parsed(const char *text)
{
	dbbi_json *json = NULL;

	ck_assert_int_eq(dbbi_json_parse(&json, text, strlen(text), NULL), 0);
	return json;
}

static int
parse_bytes(const char *text, size_t size)
{
	struct dbb_error err;
	dbbi_json *json = NULL;
	int rc = dbbi_json_parse(&json, text, size, &err);

	if (rc == 0) {
		dbbi_json_free(json);
		return 0;
	}
	ck_assert_ptr_null(json);
	ck_assert_ptr_nonnull(strstr(err.message, "at byte"));
	return rc;
}

START_TEST(reads_members_of_their_type)
{
	dbbi_json *json = parsed("{\"s\":\"x\",\"n\":7,\"b\":true,"
	    "\"o\":{\"k\":null},\"a\":[1,\"2\"]}");
	uint64_t u = 0;
	int64_t i = 0;
	int b = 0;

	ck_assert_str_eq(dbbi_json_string(json, "s"), "x");
	ck_assert_int_eq(dbbi_json_u64(&u, json, "n"), 0);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "n"), 0);
	ck_assert(u == 7 && i == 7);
	ck_assert_int_eq(dbbi_json_bool(&b, json, "b"), 0);
	ck_assert_int_eq(b, 1);
	ck_assert_ptr_nonnull(dbbi_json_object(json, "o"));
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(json, "a")), 2);
	ck_assert_ptr_nonnull(dbbi_json_at(dbbi_json_array(json, "a"), 1));
	ck_assert_ptr_null(dbbi_json_at(dbbi_json_array(json, "a"), 2));
	dbbi_json_free(json);
}
END_TEST

START_TEST(gives_nothing_of_another_type)
{
	dbbi_json *json = parsed("{\"s\":\"x\",\"n\":7,\"d\":7.0,\"z\":null,"
	    "\"neg\":-1,\"nul\":\"a\\u0000b\",\"a\":[]}");
	uint64_t u = 42;
	int64_t i = 42;
	int b = 42;

	ck_assert_ptr_null(dbbi_json_string(json, "n"));
	ck_assert_ptr_null(dbbi_json_string(json, "z"));
	ck_assert_ptr_null(dbbi_json_string(json, "nul"));
	ck_assert_ptr_null(dbbi_json_string(json, "absent"));
	ck_assert_ptr_null(dbbi_json_string(NULL, "s"));
	ck_assert_ptr_null(dbbi_json_object(json, "a"));
	ck_assert_ptr_null(dbbi_json_array(json, "s"));
	ck_assert_ptr_null(dbbi_json_string(dbbi_json_array(json, "a"), "s"));
	ck_assert_int_eq(dbbi_json_u64(&u, json, "s"), -1);
	ck_assert_int_eq(dbbi_json_u64(&u, json, "d"), -1);
	ck_assert_int_eq(dbbi_json_u64(&u, json, "neg"), -1);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "s"), -1);
	ck_assert_int_eq(dbbi_json_bool(&b, json, "n"), -1);
	ck_assert(u == 42 && i == 42 && b == 42);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "neg"), 0);
	ck_assert(i == -1);
	ck_assert_uint_eq(dbbi_json_count(NULL), 0);
	ck_assert_uint_eq(dbbi_json_count(json), 0);
	ck_assert_ptr_null(dbbi_json_at(NULL, 0));
	dbbi_json_free(json);
}
END_TEST

START_TEST(numbers_keep_their_range)
{
	dbbi_json *json = parsed("{\"max\":18446744073709551615,"
	    "\"i\":9223372036854775807,\"min\":-9223372036854775808}");
	uint64_t u = 0;
	int64_t i = 0;

	ck_assert_int_eq(dbbi_json_u64(&u, json, "max"), 0);
	ck_assert(u == UINT64_MAX);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "max"), -1);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "i"), 0);
	ck_assert(i == INT64_MAX);
	ck_assert_int_eq(dbbi_json_i64(&i, json, "min"), 0);
	ck_assert(i == INT64_MIN);
	dbbi_json_free(json);
}
END_TEST

/* An array of so many times `item`, of at most 99 bytes. */
static int
parse_many(const char *item, size_t count)
{
	char *text = malloc(count * 100 + 3);
	char *at = text;
	dbbi_json *json = NULL;
	int rc;

	ck_assert_ptr_nonnull(text);
	*at++ = '[';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*at++ = ',';
		memcpy(at, item, strlen(item));
		at += strlen(item);
	}
	*at++ = ']';
	rc = dbbi_json_parse(&json, text, (size_t)(at - text), NULL);
	ck_assert_int_eq(dbbi_json_is_dear(text, (size_t)(at - text)),
	    rc < 0);
	dbbi_json_free(json);
	free(text);
	return rc;
}

/* 3 bytes of text, and a hundred times that in memory. */
START_TEST(refuses_what_would_take_far_more_memory_than_text)
{
	ck_assert_int_eq(parse_many("{}", 4000), 0);
	ck_assert_int_eq(parse_many("{}", 40000), DBB_EDAMAGED);
	ck_assert_int_eq(parse_many("[]", 100000), DBB_EDAMAGED);
	ck_assert_int_eq(parse_many("\"{{{\\\"[[[,:\"", 100000), 0);
}
END_TEST

START_TEST(takes_a_hundred_thousand_tables)
{
	ck_assert_int_eq(parse_many("{\"schema\":\"s\",\"name\":\"t\","
	    "\"kind\":\"table\",\"rows\":0}", 100000), 0);
	ck_assert_int_eq(parse_many("7", 100000), 0);
}
END_TEST

static int
parse_nested(size_t depth)
{
	char text[256] = "";

	memset(text, '[', depth);
	text[depth] = '1';
	memset(text + depth + 1, ']', depth);
	return parse_bytes(text, 2 * depth + 1);
}

START_TEST(nests_64_deep_and_not_65)
{
	ck_assert_int_eq(parse_nested(64), 0);
	ck_assert_int_eq(parse_nested(65), DBB_EDAMAGED);
}
END_TEST

static const char *const bad[] = {
	"", " ", "{", "{\"a\":1", "[1,2", "{\"a\"}", "{} x", "{}{}", "[],",
	"null", "nul", "\"abc", "{'a':1}", "{\"a\":NaN}", "[1,]", "// c\n{}",
	"{\"a\":01}", "{\"a\":-Infinity}",
	"{\"a\":\"\xfc\"}", "{\"a\":\"\xc3\"}", "truex",
};

START_TEST(refuses_what_is_no_document)
{
	ck_assert_msg(parse_bytes(bad[_i], strlen(bad[_i])) == DBB_EDAMAGED,
	    "%s", bad[_i]);
}
END_TEST

START_TEST(refuses_a_nul_behind_the_document)
{
	ck_assert_int_eq(parse_bytes("{}\0", 3), DBB_EDAMAGED);
	ck_assert_int_eq(parse_bytes("{}\0{}", 5), DBB_EDAMAGED);
	ck_assert_int_eq(parse_bytes("{\0}", 3), DBB_EDAMAGED);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"x\\n\"}],\"c\":-1.5e3}";
	size_t n;

	ck_assert_int_eq(parse_bytes(text, sizeof(text) - 1), 0);
	for (n = 0; n < sizeof(text) - 1; n++)
		ck_assert_int_eq(parse_bytes(text, n), DBB_EDAMAGED);
}
END_TEST

START_TEST(text_may_hold_anything)
{
	static const char text[] = "{\"it's\":\"NaN \\\"'I\\\\\"}";
	dbbi_json *json = parsed(text);

	ck_assert_str_eq(dbbi_json_string(json, "it's"), "NaN \"'I\\");
	dbbi_json_free(json);
}
END_TEST

START_TEST(white_space_around_is_part_of_it)
{
	ck_assert_int_eq(parse_bytes(" \n{}\r\n\t ", 8), 0);
}
END_TEST

START_TEST(bare_values_are_documents)
{
	ck_assert_int_eq(parse_bytes("17", 2), 0);
	ck_assert_int_eq(parse_bytes("\"x\"", 3), 0);
	ck_assert_int_eq(parse_bytes("17 ", 3), 0);
	ck_assert_int_eq(parse_bytes("true", 4), 0);
}
END_TEST

START_TEST(builds_one_line)
{
	dbbi_json *json = dbbi_json_new_object();
	dbbi_json *array = dbbi_json_new_array();

	ck_assert_int_eq(dbbi_json_set_string(json, "url", "file:///x"), 0);
	ck_assert_int_eq(dbbi_json_set_string(json, "none", NULL), 0);
	ck_assert_int_eq(dbbi_json_set_u64(json, "u", UINT64_MAX), 0);
	ck_assert_int_eq(dbbi_json_set_i64(json, "i", -5), 0);
	ck_assert_int_eq(dbbi_json_set_bool(json, "b", 2), 0);
	ck_assert_int_eq(dbbi_json_append_string(array, "a\nb"), 0);
	ck_assert_int_eq(dbbi_json_append_string(array, NULL), 0);
	ck_assert_int_eq(dbbi_json_append(array, dbbi_json_new_object()), 0);
	ck_assert_int_eq(dbbi_json_set(json, "a", array), 0);
	ck_assert_str_eq(dbbi_json_text(json), "{\"url\":\"file:///x\","
	    "\"none\":null,\"u\":18446744073709551615,\"i\":-5,\"b\":true,"
	    "\"a\":[\"a\\nb\",null,{}]}");
	dbbi_json_free(json);
}
END_TEST

START_TEST(building_on_nothing_fails_and_leaks_nothing)
{
	dbbi_json *array = dbbi_json_new_array();
	dbbi_json *object = dbbi_json_new_object();

	ck_assert_int_eq(dbbi_json_set(NULL, "k", dbbi_json_new_object()),
	    DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_set(array, "k", dbbi_json_new_object()),
	    DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_set(object, "k", NULL), DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_append(NULL, dbbi_json_new_object()),
	    DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_append(object, dbbi_json_new_object()),
	    DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_append(array, NULL), DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_set_string(NULL, "k", NULL), DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_set_u64(NULL, "k", 1), DBB_ENOMEM);
	ck_assert_int_eq(dbbi_json_append_string(NULL, "x"), DBB_ENOMEM);
	dbbi_json_free(array);
	dbbi_json_free(object);
	dbbi_json_free(NULL);
}
END_TEST

START_TEST(what_it_writes_is_utf8)
{
	dbbi_json *json = dbbi_json_new_object();
	const char *text;

	ck_assert_int_eq(dbbi_json_set_string(json, "a", "f\xfcr"), 0);
	text = dbbi_json_text(json);
	ck_assert_str_eq(text, "{\"a\":\"f?r\"}");
	ck_assert_int_eq(parse_bytes(text, strlen(text)), 0);
	dbbi_json_free(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("json");
	tcase_set_timeout(tc, 60);

	tcase_add_test(tc, reads_members_of_their_type);
	tcase_add_test(tc, gives_nothing_of_another_type);
	tcase_add_test(tc, numbers_keep_their_range);
	tcase_add_test(tc,
	    refuses_what_would_take_far_more_memory_than_text);
	tcase_add_test(tc, takes_a_hundred_thousand_tables);
	tcase_add_test(tc, nests_64_deep_and_not_65);
	tcase_add_loop_test(tc, refuses_what_is_no_document, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, refuses_a_nul_behind_the_document);
	tcase_add_test(tc, every_truncation_is_refused);
	tcase_add_test(tc, text_may_hold_anything);
	tcase_add_test(tc, white_space_around_is_part_of_it);
	tcase_add_test(tc, bare_values_are_documents);
	tcase_add_test(tc, builds_one_line);
	tcase_add_test(tc, building_on_nothing_fails_and_leaks_nothing);
	tcase_add_test(tc, what_it_writes_is_utf8);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
