/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops_fixture.h"

static struct fake sources[] = {
	{ .name = "main", .content = "the quick brown fox\n", .repeat = 900 },
	{ .name = NULL },
};
static struct fixture f;
static dbbi_json *result;

static void
set_up(void)
{
	fixture_begin(&f, sources);
}

static void
tear_down(void)
{
	dbbi_json_free(result);
	result = NULL;
	fixture_end(&f);
}

static void
back_up(const char *content)
{
	dbbi_json *set = NULL;

	sources[0].content = content;
	ck_assert_msg(fixture_backup(&set, &f) == 0, "%s", f.err.message);
	dbbi_json_free(set);
}

static void
keep_last(const char *count)
{
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "retention",
	    "keep-last", count, &f.err), 0);
}

static int
prune(int dry_run)
{
	dbb_prune_options options = DBB_PRUNE_OPTIONS_INIT;

	options.dry_run = (uint32_t)dry_run;
	dbbi_json_free(result);
	result = NULL;
	return dbbi_op_prune(&result, &f.ops, &options, &f.err);
}

static uint64_t
number(const char *key)
{
	uint64_t n = UINT64_MAX;

	ck_assert_int_eq(dbbi_json_u64(&n, result, key), 0);
	return n;
}

static uint64_t
packs(const char *key)
{
	uint64_t n = UINT64_MAX;

	ck_assert_int_eq(dbbi_json_u64(&n, dbbi_json_object(result, key),
	    "packs"), 0);
	return n;
}

/* What was decided on the i-th set. */
static int
is_kept(size_t i, const char *reason)
{
	dbbi_json *set = dbbi_json_at(dbbi_json_array(result, "sets"), i);
	int keep = -1;

	ck_assert_int_eq(dbbi_json_bool(&keep, set, "keep"), 0);
	ck_assert_msg(strstr(dbbi_json_string(set, "reason"), reason) != NULL,
	    "%s", dbbi_json_string(set, "reason"));
	return keep;
}

START_TEST(without_rules_no_set_is_removed)
{
	back_up("one ");
	back_up("two ");
	ck_assert_int_eq(prune(0), DBB_FINDINGS);
	ck_assert_uint_eq(number("removed"), 0);
	ck_assert_uint_eq(fixture_sets(&f), 2);
	ck_assert(is_kept(0, "there are no rules"));
	ck_assert_ptr_nonnull(strstr(json_object_get_string(dbbi_json_at(
	    dbbi_json_array(result, "warnings"), 0)), "no set is removed"));
}
END_TEST

START_TEST(removes_what_no_rule_keeps)
{
	back_up("one ");
	back_up("two ");
	back_up("three ");
	keep_last("1");
	ck_assert_int_eq(prune(0), 0);
	ck_assert_uint_eq(number("removed"), 2);
	ck_assert_uint_eq(fixture_sets(&f), 1);
	ck_assert(!is_kept(0, "no rule keeps it"));
	ck_assert(!is_kept(1, "no rule keeps it"));
	ck_assert(is_kept(2, "newest completed of 'main'"));
	ck_assert_uint_eq(packs("store"), 3);
	ck_assert_uint_eq(packs("used"), 1);
	ck_assert_uint_eq(packs("condemned"), 2);
	ck_assert_uint_eq(packs("waiting"), 2);
	ck_assert_uint_eq(packs("deleted"), 0);
	ck_assert_ptr_nonnull(dbbi_json_string(result, "delete_first"));
	ck_assert_int_eq(prune(0), 0);
	ck_assert_uint_eq(packs("condemned"), 0);
	ck_assert_uint_eq(packs("waiting"), 2);
}
END_TEST

START_TEST(a_dry_run_removes_nothing)
{
	back_up("one ");
	back_up("two ");
	keep_last("1");
	ck_assert_int_eq(prune(1), 0);
	ck_assert_uint_eq(number("removed"), 1);
	ck_assert_uint_eq(packs("condemned"), 1);
	ck_assert_uint_eq(fixture_sets(&f), 2);
}
END_TEST

START_TEST(the_newest_verified_set_stays)
{
	dbb_verify_options verify = DBB_VERIFY_OPTIONS_INIT;
	dbbi_json *verified = NULL;

	back_up("one ");
	back_up("two ");
	verify.read_data = 1;
	ck_assert_int_eq(dbbi_op_verify(&verified, &f.ops, &verify, &f.err),
	    0);
	dbbi_json_free(verified);
	back_up("three ");
	keep_last("1");
	ck_assert_int_eq(prune(0), 0);
	ck_assert_uint_eq(number("removed"), 1);
	ck_assert(!is_kept(0, "no rule keeps it"));
	ck_assert(is_kept(1, "newest verified of 'main'"));
	ck_assert(is_kept(2, "newest completed of 'main'"));
}
END_TEST

START_TEST(a_set_that_cannot_be_read_stops_it)
{
	char command[256];

	back_up("one ");
	back_up("two ");
	keep_last("1");
	snprintf(command, sizeof command, "for set in %s/repo/sets/*; do "
	    "printf x >>$set; break; done", f.root);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(prune(0), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(f.err.hint, "nothing was deleted"));
	ck_assert_ptr_null(result);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("op_prune");
	TCase *tc = tcase_create("op_prune");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, without_rules_no_set_is_removed);
	tcase_add_test(tc, removes_what_no_rule_keeps);
	tcase_add_test(tc, a_dry_run_removes_nothing);
	tcase_add_test(tc, the_newest_verified_set_stays);
	tcase_add_test(tc, a_set_that_cannot_be_read_stops_it);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
