/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_names.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

START_TEST(a_path_has_its_names_encoded)
{
	char *path = dbbi_qd_path("/c/%s/s/%s?x=100%%", "a b/#?%ü",
	    "n-1.snapshot");

	ck_assert_str_eq(path, "/c/a%20b%2F%23%3F%25%C3%BC/s/n-1.snapshot"
	    "?x=100%");
	free(path);
}
END_TEST

START_TEST(names_that_would_leave_their_place_are_none)
{
	static const char *const no[] = { "", ".", "..", "a/b", "a\\b",
	    "a\nb", "\x7f" };
	static const char *const yes[] = { "a", "odd name #1", "…", "a.b",
	    ".a", "[x]", "!" };
	char longer[1022];
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!dbbi_qd_is_name(no[i]), "%s", no[i]);
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(dbbi_qd_is_name(yes[i]), "%s", yes[i]);
	ck_assert(!dbbi_qd_is_name(NULL));
	memset(longer, 'a', sizeof(longer));
	longer[1021] = '\0';
	ck_assert(!dbbi_qd_is_name(longer));
	longer[1020] = '\0';
	ck_assert(dbbi_qd_is_name(longer));
}
END_TEST

static const struct {
	const char *patterns;
	const char *wanted;	/* of the names below */
} choices[] = {
	{ "*", "docs docs-old img[1] x" },
	{ "docs", "docs" },
	{ "docs*", "docs docs-old" },
	{ "docs*, !*-old", "docs" },
	{ "!*-old", "docs img[1] x" },
	{ "!docs, !x", "docs-old img[1]" },
	{ "img[1]", "img[1]" },
	{ "[dx]*", "docs docs-old x" },
	{ "?", "x" },
	{ "x, !x", "" },
	{ "nothing", "" },
	{ "docs.dbb-67123f0a-3fa9c1", "docs.dbb-67123f0a-3fa9c1" },
};

START_TEST(patterns_choose_collections)
{
	static const char *const names[] = { "docs", "docs-old", "img[1]",
	    "x", "docs.dbb-67123f0a-3fa9c1" };
	dbbi_list patterns = {0};
	char wanted[256] = "";
	size_t i;

	ck_assert_int_eq(dbbi_list_split(&patterns, choices[_i].patterns,
	    NULL), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!dbbi_qd_is_wanted(&patterns, names[i]))
			continue;
		strcat(wanted, *wanted != '\0' ? " " : "");
		strcat(wanted, names[i]);
	}
	ck_assert_str_eq(wanted, choices[_i].wanted);
	dbbi_list_clear(&patterns);
}
END_TEST

START_TEST(a_scratch_name_is_known_again)
{
	static const char *const no[] = { "docs", "docs.dbb-67123f0a",
	    "docs.dbb-67123f0a-3fa9c", "docs.dbb-67123f0a-3fa9cX",
	    "docs.dbb-67123F0A-3fa9c1", "docs.dbb-67123f0a_3fa9c1",
	    ".dbb-67123f0a-3fa9c1", "docs.dbc-67123f0a-3fa9c1" };
	int64_t at = 0;
	char *name = NULL;
	size_t i;

	ck_assert_int_eq(dbbi_qd_scratch_name(&name, "docs",
	    1732400000999, NULL), 0);
	ck_assert_int_eq(strncmp(name, "docs.dbb-67425380-", 18), 0);
	ck_assert(dbbi_qd_is_scratch_name(&at, name, "docs"));
	ck_assert_int_eq(at, 1732400000000);
	ck_assert(dbbi_qd_is_scratch_name(NULL, name, NULL));
	ck_assert(!dbbi_qd_is_scratch_name(NULL, name, "doc"));
	ck_assert(!dbbi_qd_is_scratch_name(NULL, name, "docs2"));
	free(name);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!dbbi_qd_is_scratch_name(NULL, no[i], NULL),
		    "%s", no[i]);
}
END_TEST

START_TEST(a_long_name_is_cut_between_characters)
{
	char collection[301], *name = NULL;
	size_t i;

	for (i = 0; i < 300; i += 3)
		memcpy(collection + i, "…", 3);
	collection[300] = '\0';
	ck_assert_int_eq(dbbi_qd_scratch_name(&name, collection, 0, NULL), 0);
	ck_assert_uint_eq(strlen(name), 159 + 20);
	ck_assert_int_eq(strncmp(name + 159, ".dbb-00000000-", 14), 0);
	ck_assert(dbbi_qd_is_scratch_name(NULL, name, collection));
	free(name);
}
END_TEST

START_TEST(a_snapshots_name_tells_peer_and_time)
{
	uint64_t peer = 0;
	int64_t at = 0;

	ck_assert(dbbi_qd_snapshot_name_read(&peer, &at,
	    "a-1-b-8808227398028275-2026-11-23-00-27-40.snapshot", "a-1-b"));
	ck_assert_uint_eq(peer, 8808227398028275);
	ck_assert_int_eq(at, 1795393660000);
}
END_TEST

START_TEST(other_names_are_none_of_qdrants)
{
	static const char *const no[] = {
		"", "docs", "docs.snapshot",
		"docs-2026-11-23-00-27-40.snapshot",
		"docs-1-2026-11-23-00-27-40.snapshot.checksum",
		"docs-1-2026-13-23-00-27-40.snapshot",
		"docs-1-2026-11-31-00-27-40.snapshot",
		"docs-1-2026-11-23-00-27-4x.snapshot",
		"docs-x-2026-11-23-00-27-40.snapshot",
		"docs--2026-11-23-00-27-40.snapshot",
		"docs-1-2-2026-11-23-00-27-40.snapshot",
		"docs-shard-0-2026-11-23-00-27-40.snapshot",
		"docs-99999999999999999999-2026-11-23-00-27-40.snapshot",
		"docs-1234567890123456789012345-2026-11-23-00-27-40.snapshot",
		"dOcs-1-2026-11-23-00-27-40.snapshot",
		"docs-1 2026-11-23-00-27-40.snapshot",
	};
	uint64_t peer;
	int64_t at;
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!dbbi_qd_snapshot_name_read(&peer, &at, no[i],
		    "docs"), "%s", no[i]);
}
END_TEST

static Suite *
names_suite(void)
{
	Suite *suite = suite_create("qd_names");
	TCase *tc = tcase_create("names");

	tcase_add_test(tc, a_path_has_its_names_encoded);
	tcase_add_test(tc, names_that_would_leave_their_place_are_none);
	tcase_add_loop_test(tc, patterns_choose_collections, 0,
	    sizeof(choices) / sizeof(choices[0]));
	tcase_add_test(tc, a_scratch_name_is_known_again);
	tcase_add_test(tc, a_long_name_is_cut_between_characters);
	tcase_add_test(tc, a_snapshots_name_tells_peer_and_time);
	tcase_add_test(tc, other_names_are_none_of_qdrants);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return suite_run(names_suite());
}
