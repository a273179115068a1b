/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing facts, the schema's digest, and names: all without a server. */
#include <config.h>

#include "source/pg_facts.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "source/pg_names.h"
#include "source/pg_schema.h"
#include "suite.h"
#include "util/bytes.h"

static const char facts[] =
	"{\"name\":\"app\",\"encoding\":\"UTF8\",\"collate\":\"C\","
	"\"ctype\":\"C\",\"locale_provider\":\"libc\",\"icu_locale\":null,"
	"\"owner\":\"app\",\"tablespace\":\"pg_default\","
	"\"connection_limit\":-1,\"comment\":null,"
	"\"acl\":[{\"grantee\":null,\"privilege\":\"CONNECT\","
	"\"grantable\":false}],"
	"\"settings\":[{\"role\":null,\"name\":\"search_path\","
	"\"value\":\"public\"}],"
	"\"size_bytes\":1,\"tables\":["
	"{\"schema\":\"public\",\"name\":\"b\",\"kind\":\"table\",\"rows\":5},"
	"{\"schema\":\"public\",\"name\":\"Odd \\\"one\",\"kind\":\"table\","
	"\"rows\":1},"
	"{\"schema\":\"public\",\"name\":\"v\",\"kind\":"
	"\"materialized view\",\"rows\":7}],"
	"\"large_objects\":2,\"sequences\":[{\"schema\":\"public\","
	"\"name\":\"s\",\"last_value\":10,\"is_called\":true,"
	"\"last_value_after\":20,\"is_called_after\":true},"
	"{\"schema\":\"public\",\"name\":\"z\",\"last_value\":1,"
	"\"is_called\":false,\"last_value_after\":1,"
	"\"is_called_after\":false}],"
	"\"extensions\":[{\"name\":\"hstore\",\"version\":\"1.8\"}],"
	"\"schema_sha256\":\"aa\",\"server_version_num\":150018,"
	"\"pg_dump_major\":15}";

static dbbi_json *expected, *found, *findings, *warnings;

static dbbi_json *
parse(const char *text)
{
	dbbi_json *json = NULL;

	ck_assert_int_eq(dbbi_json_parse(&json, text, strlen(text), NULL), 0);
	return json;
}

static void
set_up(void)
{
	expected = parse(facts);
	found = parse(facts);
	findings = dbbi_json_new_array();
	warnings = dbbi_json_new_array();
}

static void
tear_down(void)
{
	dbbi_json_free(expected);
	dbbi_json_free(found);
	dbbi_json_free(findings);
	dbbi_json_free(warnings);
}

static uint64_t
compare(void)
{
	uint64_t compared = 0;

	ck_assert_int_eq(dbbi_pg_facts_compare(&compared, expected, found,
	    findings, warnings, NULL), 0);
	return compared;
}

/* Exactly one finding, and no warning. */
static void
ck_finding(const char *object, const char *wanted, const char *got)
{
	dbbi_json *f = dbbi_json_at(findings, 0);

	ck_assert_uint_eq(dbbi_json_count(findings), 1);
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
	ck_assert_str_eq(dbbi_json_string(f, "object"), object);
	ck_assert_str_eq(dbbi_json_string(f, "expected"), wanted);
	ck_assert_str_eq(dbbi_json_string(f, "found"), got);
}

static void
ck_warning(const char *part)
{
	ck_assert_uint_eq(dbbi_json_count(findings), 0);
	ck_assert_uint_eq(dbbi_json_count(warnings), 1);
	ck_assert_ptr_nonnull(strstr(json_object_get_string(
	    dbbi_json_at(warnings, 0)), part));
}

/* Entry `i` of a list of the found facts. */
static dbbi_json *
entry(const char *list, size_t i)
{
	return dbbi_json_at(dbbi_json_array(found, list), i);
}

START_TEST(the_same_facts_are_equal)
{
	dbbi_json_set_string(found, "name", "another");
	dbbi_json_set_u64(found, "size_bytes", 99);
	ck_assert_uint_gt(compare(), 10);
	ck_assert_uint_eq(dbbi_json_count(findings), 0);
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
}
END_TEST

START_TEST(order_does_not_matter)
{
	dbbi_json *list = dbbi_json_array(found, "tables");
	dbbi_json *first = json_object_get(dbbi_json_at(list, 0));

	json_object_array_del_idx(list, 0, 1);
	dbbi_json_append(list, first);
	compare();
	ck_assert_uint_eq(dbbi_json_count(findings), 0);
}
END_TEST

START_TEST(a_row_less_is_found)
{
	dbbi_json_set_u64(entry("tables", 0), "rows", 4);
	compare();
	ck_finding("table public.b", "5 rows", "4 rows");
}
END_TEST

START_TEST(names_are_quoted_as_in_sql)
{
	dbbi_json_set_u64(entry("tables", 1), "rows", 0);
	compare();
	ck_finding("table public.\"Odd \"\"one\"", "1 rows", "0 rows");
}
END_TEST

START_TEST(a_missing_table_is_found)
{
	json_object_array_del_idx(dbbi_json_array(found, "tables"), 0, 1);
	compare();
	ck_finding("table public.b", "5 rows", "missing");
}
END_TEST

START_TEST(a_table_too_many_is_found)
{
	json_object_array_del_idx(dbbi_json_array(expected, "tables"), 0, 1);
	compare();
	ck_finding("table public.b", "none", "5 rows");
}
END_TEST

START_TEST(a_stale_materialized_view_is_a_warning)
{
	dbbi_json_set_u64(entry("tables", 2), "rows", 8);
	compare();
	ck_warning("materialized view public.v");
}
END_TEST

START_TEST(a_sequence_may_lie_between_its_values)
{
	static const struct { int64_t value; size_t findings; } cases[] = {
		{ 9, 1 }, { 10, 0 }, { 15, 0 }, { 20, 0 }, { 21, 1 },
	};
	dbbi_json *s = entry("sequences", 0);

	json_object_object_del(s, "last_value_after");
	json_object_object_del(s, "is_called_after");
	dbbi_json_set_i64(s, "last_value", cases[_i].value);
	compare();
	ck_assert_uint_eq(dbbi_json_count(findings), cases[_i].findings);
}
END_TEST

START_TEST(a_sequence_that_was_never_called_stays_so)
{
	dbbi_json_set_bool(entry("sequences", 1), "is_called", 1);
	dbbi_json_set_bool(entry("sequences", 1), "is_called_after", 1);
	compare();
	ck_finding("sequence public.z", "1, not yet called", "1");
}
END_TEST

START_TEST(another_version_of_an_extension_is_a_warning)
{
	dbbi_json_set_string(entry("extensions", 0), "version", "1.9");
	compare();
	ck_warning("extension hstore");
}
END_TEST

START_TEST(a_missing_extension_is_found)
{
	json_object_array_del_idx(dbbi_json_array(found, "extensions"), 0,
	    1);
	compare();
	ck_finding("extension hstore", "version 1.8", "missing");
}
END_TEST

START_TEST(large_objects_are_counted)
{
	dbbi_json_set_u64(found, "large_objects", 1);
	compare();
	ck_finding("large objects", "2", "1");
}
END_TEST

START_TEST(a_setting_that_differs_is_found)
{
	dbbi_json_set_string(entry("settings", 0), "value", "x");
	compare();
	ck_finding("database setting 'search_path'", "public", "x");
}
END_TEST

START_TEST(a_privilege_that_differs_is_found)
{
	dbbi_json_set_bool(entry("acl", 0), "grantable", 1);
	compare();
	ck_finding("database privilege CONNECT of PUBLIC", "granted",
	    "granted, with grant option");
}
END_TEST

START_TEST(owner_and_comment_are_compared)
{
	dbbi_json_set_string(found, "owner", "other");
	compare();
	ck_finding("database owner", "app", "other");
	tear_down();
	set_up();
	dbbi_json_set_string(expected, "comment", "mine");
	compare();
	ck_finding("database comment", "mine", "none");
}
END_TEST

START_TEST(another_schema_is_found)
{
	dbbi_json_set_string(found, "schema_sha256", "bb");
	dbbi_json_set_i64(found, "server_version_num", 150020);
	compare();
	ck_finding("schema (pg_dump --schema-only)", "aa", "bb");
}
END_TEST

START_TEST(schemas_of_other_major_versions_are_not_compared)
{
	dbbi_json_set_string(found, "schema_sha256", "bb");
	dbbi_json_set_i64(found, _i == 0 ? "pg_dump_major" :
	    "server_version_num", _i == 0 ? 16 : 160001);
	compare();
	ck_warning("schema was not compared");
}
END_TEST

/* What a manifest may hold when someone else wrote it. */
static const char *const hostile[] = {
	"{\"tables\":[]}",
	"{\"tables\":[1,null,[],{},\"x\",{\"name\":1},{\"schema\":{},"
	    "\"name\":\"b\",\"rows\":\"many\"}]}",
	"{\"tables\":[],\"sequences\":{},\"acl\":7,\"settings\":[[]],"
	    "\"extensions\":[{\"name\":\"x\"}],\"owner\":[],"
	    "\"large_objects\":1e300,\"connection_limit\":\"-1\"}",
	"{\"tables\":[],\"sequences\":[{\"name\":\"s\"},"
	    "{\"schema\":\"public\",\"name\":\"s\",\"last_value\":true}]}",
};

START_TEST(hostile_facts_are_findings_and_no_crash)
{
	uint64_t compared = 0;

	dbbi_json_free(expected);
	expected = parse(hostile[_i]);
	ck_assert_int_eq(dbbi_pg_facts_compare(&compared, expected, found,
	    findings, warnings, NULL), 0);
	ck_assert_uint_gt(dbbi_json_count(findings), 0);
}
END_TEST

START_TEST(facts_without_tables_are_damaged)
{
	uint64_t compared = 77;

	json_object_object_del(expected, "tables");
	ck_assert_int_eq(dbbi_pg_facts_compare(&compared, expected, found,
	    findings, warnings, NULL), DBB_EDAMAGED);
	ck_assert_uint_eq(compared, 77);
}
END_TEST

/* ---- the schema's digest ---- */

/* The digest of `text`, fed `step` bytes at a time. */
static void
digest(char out[DBBI_SHA256_HEX], const char *text, size_t step)
{
	uint8_t sum[DBBI_SHA256_SIZE];
	dbbi_pg_line_filter filter = {0};
	dbbi_sha256 *hash = NULL;
	size_t left = strlen(text), n;

	ck_assert_int_eq(dbbi_sha256_new(&hash, NULL), 0);
	for (; left > 0; text += n, left -= n) {
		n = left < step ? left : step;
		ck_assert_int_eq(dbbi_pg_line_filter_add(&filter, hash, text,
		    n, NULL), 0);
	}
	ck_assert_int_eq(dbbi_pg_line_filter_add(&filter, hash, NULL, 0,
	    NULL), 0);
	ck_assert_int_eq(dbbi_sha256_end(sum, hash, NULL), 0);
	dbbi_sha256_free(hash);
	dbbi_hex_encode(out, sum, sizeof(sum));
}

static void
hash_plain(char out[DBBI_SHA256_HEX], const char *text)
{
	uint8_t sum[DBBI_SHA256_SIZE];

	ck_assert_int_eq(dbbi_sha256_of(sum, text, strlen(text), NULL), 0);
	dbbi_hex_encode(out, sum, sizeof(sum));
}

static const struct {
	const char *text, *counts;
} dumps[] = {
	{ "", "" },
	{ "a\nb\n", "a\nb\n" },
	{ "\\restrict abc\na\n\\unrestrict abc\n", "a\n" },
	{ "-- Dumped from database version 15\n-- Dumped by x\na", "a" },
	{ "-- Dumpe\n\\restrict\n\n\\", "-- Dumpe\n\\restrict\n\n\\" },
	{ "x\\restrict y\n -- Dumped z\n", "x\\restrict y\n -- Dumped z\n" },
	{ "a\n-- Dumped without an end", "a\n" },
};

START_TEST(lines_that_change_with_each_run_are_left_out)
{
	char whole[DBBI_SHA256_HEX], pieces[DBBI_SHA256_HEX];
	size_t step;

	hash_plain(whole, dumps[_i].counts);
	for (step = 1; step < 40; step++) {
		digest(pieces, dumps[_i].text, step);
		ck_assert_str_eq(pieces, whole);
	}
}
END_TEST

/* ---- names ---- */

static const struct {
	const char *schema, *name, *text;
} names[] = {
	{ "public", "orders_2", "public.orders_2" },
	{ NULL, "orders", "orders" },
	{ "My Schema", "2x", "\"My Schema\".\"2x\"" },
	{ "s", "a\"b", "s.\"a\"\"b\"" },
	{ "s", "", "s.\"\"" },
	{ "ü", "a.b", "\"ü\".\"a.b\"" },
};

START_TEST(names_are_written_as_in_sql)
{
	char *text = dbbi_pg_name(names[_i].schema, names[_i].name);

	ck_assert_str_eq(text, names[_i].text);
	free(text);
}
END_TEST

static const struct {
	const char *from, *to;
} encodings[] = {
	{ "plain", "plain" },
	{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "f\xfcr", "f\\xfcr" },
	{ "cut \xe2\x82", "cut \\xe2\\x82" },
	{ "\xc0\xaf \xed\xa0\x80", "\\xc0\\xaf \\xed\\xa0\\x80" },
};

START_TEST(what_is_not_utf8_is_written_out)
{
	dbbi_json *json = dbbi_json_new_object();

	ck_assert_int_eq(dbbi_pg_json_text(json, "a", encodings[_i].from),
	    0);
	ck_assert_str_eq(dbbi_json_string(json, "a"), encodings[_i].to);
	ck_assert_int_eq(dbbi_pg_is_utf8(encodings[_i].from), _i < 2);
	dbbi_json_free(json);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	Suite *suite = suite_create("pg_facts");
	TCase *tc = tcase_create("pg_facts");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_same_facts_are_equal);
	tcase_add_test(tc, order_does_not_matter);
	tcase_add_test(tc, a_row_less_is_found);
	tcase_add_test(tc, names_are_quoted_as_in_sql);
	tcase_add_test(tc, a_missing_table_is_found);
	tcase_add_test(tc, a_table_too_many_is_found);
	tcase_add_test(tc, a_stale_materialized_view_is_a_warning);
	tcase_add_loop_test(tc, a_sequence_may_lie_between_its_values, 0, 5);
	tcase_add_test(tc, a_sequence_that_was_never_called_stays_so);
	tcase_add_test(tc, another_version_of_an_extension_is_a_warning);
	tcase_add_test(tc, a_missing_extension_is_found);
	tcase_add_test(tc, large_objects_are_counted);
	tcase_add_test(tc, a_setting_that_differs_is_found);
	tcase_add_test(tc, a_privilege_that_differs_is_found);
	tcase_add_test(tc, owner_and_comment_are_compared);
	tcase_add_test(tc, another_schema_is_found);
	tcase_add_loop_test(tc,
	    schemas_of_other_major_versions_are_not_compared, 0, 2);
	tcase_add_loop_test(tc, hostile_facts_are_findings_and_no_crash, 0,
	    COUNT(hostile));
	tcase_add_test(tc, facts_without_tables_are_damaged);
	tcase_add_loop_test(tc, lines_that_change_with_each_run_are_left_out,
	    0, COUNT(dumps));
	tcase_add_loop_test(tc, names_are_written_as_in_sql, 0,
	    COUNT(names));
	tcase_add_loop_test(tc, what_is_not_utf8_is_written_out, 0,
	    COUNT(encodings));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
