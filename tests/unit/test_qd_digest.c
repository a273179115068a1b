/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_digest.h"
#include "source/qd_points.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbbi_json *
parse(const char *text)
{
	dbbi_json *json = NULL;

	ck_assert_int_eq(dbbi_json_parse(&json, text, strlen(text), NULL), 0);
	return json;
}

static const struct {
	const char *point, *canonical;
} forms[] = {
	{ "{\"id\":1,\"payload\":{\"b\":1,\"a\":{\"z\":null,\"y\":true}},"
	    "\"vector\":[1.0,0.5]}",
	    "{\"payload\":{\"a\":{\"y\":true,\"z\":null},\"b\":1},"
	    "\"vector\":[1,0.5]}" },
	/* The same float, however many digits a server writes. */
	{ "{\"payload\":{},\"vector\":[0.1,0.10000000149011612]}",
	    "{\"payload\":{},\"vector\":[0.100000001,0.100000001]}" },
	/* Elsewhere numbers have 64 bits. */
	{ "{\"payload\":{\"x\":0.1,\"n\":18446744073709551615},"
	    "\"vector\":[]}",
	    "{\"payload\":{\"n\":18446744073709551615,"
	    "\"x\":0.10000000000000001},\"vector\":[]}" },
	/* Sparse indices are whole. */
	{ "{\"payload\":null,\"vector\":{\"s\":{\"values\":[2.5],"
	    "\"indices\":[4294967295]},\"m\":[[1.0],[2.0]]}}",
	    "{\"payload\":{},\"vector\":{\"m\":[[1],[2]],\"s\":{\"indices\":"
	    "[4294967295],\"values\":[2.5]}}}" },
	{ "{\"id\":2}", "{\"payload\":{},\"vector\":null}" },
	{ "{\"payload\":{\"ü/\\\"\\n\":\"\\u00fc/\"},\"vector\":[1e300]}",
	    "{\"payload\":{\"ü/\\\"\\n\":\"ü/\"},"
	    "\"vector\":[1.0000000000000001e+300]}" },
};

START_TEST(one_content_has_one_form)
{
	dbbi_json *point = parse(forms[_i].point);
	char *text = dbbi_qd_canonical(point);

	ck_assert_str_eq(text, forms[_i].canonical);
	free(text);
	dbbi_json_free(point);
}
END_TEST

START_TEST(a_digest_changes_with_the_content_alone)
{
	dbbi_json *a = parse("{\"id\":1,\"payload\":{\"n\":1},\"vector\":[1]}");
	dbbi_json *b = parse("{\"id\":9,\"vector\":[1.0],\"payload\":{\"n\":1},"
	    "\"shard_key\":\"x\"}");
	dbbi_json *c = parse("{\"id\":1,\"payload\":{\"n\":2},\"vector\":[1]}");
	char of_a[DBBI_SHA256_HEX], of_b[DBBI_SHA256_HEX];
	char of_c[DBBI_SHA256_HEX];

	ck_assert_int_eq(dbbi_qd_digest(of_a, a, NULL), 0);
	ck_assert_int_eq(dbbi_qd_digest(of_b, b, NULL), 0);
	ck_assert_int_eq(dbbi_qd_digest(of_c, c, NULL), 0);
	ck_assert_str_eq(of_a, of_b);
	ck_assert_str_ne(of_a, of_c);
	dbbi_json_free(a);
	dbbi_json_free(b);
	dbbi_json_free(c);
}
END_TEST

START_TEST(only_what_stayed_the_same_is_kept_of_a_sample)
{
	dbbi_json *before = parse("[{\"id\":1,\"sha256\":\"a\"},"
	    "{\"id\":\"u\",\"sha256\":\"b\"},{\"id\":3,\"sha256\":\"c\"}]");
	dbbi_json *after = parse("[{\"id\":3,\"sha256\":\"x\"},"
	    "{\"id\":\"u\",\"sha256\":\"b\"}]");
	dbbi_json *equal = dbbi_qd_points_equal(before, after);

	ck_assert_str_eq(dbbi_json_text(equal),
	    "[{\"id\":\"u\",\"sha256\":\"b\"}]");
	dbbi_json_free(before);
	dbbi_json_free(after);
	dbbi_json_free(equal);
}
END_TEST

START_TEST(strict_mode_says_how_many_at_once)
{
	dbbi_json *on = parse("{\"strict_mode_config\":{\"enabled\":true,"
	    "\"max_query_limit\":3}}");
	dbbi_json *off = parse("{\"strict_mode_config\":{\"enabled\":false,"
	    "\"max_query_limit\":3}}");

	ck_assert_uint_eq(dbbi_qd_points_most(on), 3);
	ck_assert_uint_eq(dbbi_qd_points_most(off), 0);
	ck_assert_uint_eq(dbbi_qd_points_most(NULL), 0);
	dbbi_json_free(on);
	dbbi_json_free(off);
}
END_TEST

static Suite *
digest_suite(void)
{
	Suite *suite = suite_create("qd_digest");
	TCase *tc = tcase_create("digest");

	tcase_add_loop_test(tc, one_content_has_one_form, 0,
	    sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tc, a_digest_changes_with_the_content_alone);
	tcase_add_test(tc, only_what_stayed_the_same_is_kept_of_a_sample);
	tcase_add_test(tc, strict_mode_says_how_many_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return suite_run(digest_suite());
}
