/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <check.h>

#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops_fixture.h"
#include "util/bytes.h"

/* Back up, then break what `with` says from now on. */
static void
backed_up(struct fixture *f, struct fake *with)
{
	dbbi_json *out;

	fixture_begin(f, with);
	ck_assert_msg(fixture_backup(&out, f) == DBB_OK, "%s",
	    f->err.message);
	dbbi_json_free(out);
}

static int
restore(dbbi_json **out, struct fixture *f, dbb_restore_options options)
{
	options.size = sizeof(options);
	*out = NULL;
	dbbi_error_clear(&f->err);
	return dbbi_op_restore(out, &f->ops, &options, &f->err);
}

START_TEST(what_went_in_comes_out)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta", .repeat = 3 }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	ck_assert_msg(restore(&out, &f, (dbb_restore_options){0}) == DBB_OK,
	    "%s", f.err.message);
	ck_assert_str_eq(with[0].restored, "alpha");
	ck_assert_str_eq(with[1].restored, "betabetabeta");
	ck_assert(with[0].committed && with[1].committed);
	ck_assert(with[0].equal && with[0].closed == 1);
	ck_assert_ptr_null(dbbi_json_string(out, "safety_set"));
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(one_source_of_two_leaves_the_other_alone)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	const char *only[] = { "b", NULL };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .sources = only }), DBB_OK);
	ck_assert_int_eq(with[0].committed, 0);
	ck_assert_int_eq(with[0].replaced_asked, 0);
	ck_assert_int_eq(with[1].committed, 1);
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

static const enum fake_fault faults[] = { FAKE_LOAD, FAKE_COMPARE };

START_TEST(a_failure_on_the_way_commits_no_source_at_all)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[1].fault = faults[_i];
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}),
	    DBB_ESOURCE);
	ck_assert_ptr_null(out);
	ck_assert_ptr_nonnull(strstr(f.err.message, "postgres 'b'"));
	ck_assert(!with[0].committed && !with[1].committed);
	ck_assert(with[0].closed == 1 && with[1].closed == 1);
	fixture_end(&f);
}
END_TEST

START_TEST(a_failure_after_one_took_its_place_names_that_one)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[1].fault = FAKE_COMMIT;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}),
	    DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(f.err.message, "postgres 'b'"));
	ck_assert_ptr_nonnull(strstr(f.err.hint,
	    "source 'a' is restored and in its place already"));
	ck_assert_ptr_null(strstr(f.err.hint, "source 'b'"));
	ck_assert(with[0].committed && !with[1].committed);
	fixture_end(&f);
}
END_TEST

START_TEST(a_difference_is_a_finding)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_json *out, *source;

	backed_up(&f, with);
	with[0].fault = FAKE_DIFFERS;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}),
	    DBB_FINDINGS);
	source = dbbi_json_at(dbbi_json_array(out, "sources"), 0);
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(source,
	    "findings")), 1);
	ck_assert_int_eq(with[0].equal, 0);
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(a_warning_is_a_finding_too)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[0].warns = 1;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}),
	    DBB_FINDINGS);
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(out, "warnings")),
	    1);
	ck_assert(with[0].committed && with[0].equal);
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(replacing_keeps_a_safety_set_first)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .target_exists = 1 }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[0].content = "newer";
	ck_assert_msg(restore(&out, &f, (dbb_restore_options){
	    .replace = 1 }) == DBB_OK, "%s", f.err.message);
	ck_assert_ptr_nonnull(dbbi_json_string(out, "safety_set"));
	ck_assert_str_eq(with[0].restored, "alpha");
	dbbi_json_free(out);
	ck_assert_uint_eq(fixture_sets(&f), 2);
	/* The safety set is newer, and still not the latest. */
	with[0].restored[0] = '\0';
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .replace = 1, .no_safety_set = 1 }), DBB_OK);
	ck_assert_str_eq(with[0].restored, "alpha");
	dbbi_json_free(out);
	ck_assert_uint_eq(fixture_sets(&f), 2);
	fixture_end(&f);
}
END_TEST

START_TEST(a_failure_after_the_safety_set_names_it)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .target_exists = 1 }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[0].fault = FAKE_LOAD;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .replace = 1 }), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(f.err.hint, "is kept as set 2"));
	ck_assert_uint_eq(fixture_sets(&f), 2);
	ck_assert_int_eq(with[0].committed, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(no_safety_set_no_replacing)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .target_exists = 1 }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[0].fault = FAKE_STREAM;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .replace = 1 }), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(f.err.message, "safety set"));
	ck_assert_ptr_nonnull(strstr(f.err.hint, "--no-safety-set"));
	ck_assert_int_eq(with[0].committed, 0);
	ck_assert_str_eq(with[0].restored, "");
	fixture_end(&f);
}
END_TEST

START_TEST(into_is_for_one_source)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .into = "copy" }), DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(f.err.message, "2 sources"));
	fixture_end(&f);
}
END_TEST

START_TEST(a_beginning_that_fits_two_sets_is_refused)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .set = "2" }), DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(f.err.message, "fits 2 sets"));
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .set = "1999" }), DBB_ENOTFOUND);
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){
	    .set = "" }), DBB_ENOTFOUND);
	fixture_end(&f);
}
END_TEST

START_TEST(latest_passes_over_partial_sets)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;

	backed_up(&f, with);
	with[0].content = "other";
	with[1].fault = FAKE_OPEN;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_ESOURCE);
	with[1].fault = FAKE_WELL;
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}), DBB_OK);
	ck_assert_str_eq(with[0].restored, "alpha");
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

static int
collect(const void *data, size_t size, void *payload)
{
	return dbbi_bytes_add(payload, data, size, NULL);
}

START_TEST(cat_gives_the_plain_bytes_and_names_the_nearest_stream)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_bytes got;

	backed_up(&f, with);
	dbbi_bytes_init(&got, 1024);
	ck_assert_int_eq(dbbi_op_cat(&f.ops, "latest", "a", "a.dump", collect,
	    &got, &f.err), DBB_OK);
	ck_assert_uint_eq(got.size, 5);
	ck_assert_mem_eq(got.data, "alpha", 5);
	dbbi_bytes_clear(&got);
	ck_assert_int_eq(dbbi_op_cat(&f.ops, NULL, "a", "a.dmup", collect,
	    &got, &f.err), DBB_ENOTFOUND);
	ck_assert_str_eq(f.err.hint, "did you mean 'a.dump'?");
	fixture_end(&f);
}
END_TEST

START_TEST(export_writes_files_sums_and_advice_into_an_empty_folder)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	char folder[128], path[256], text[256] = "";
	struct fixture f;
	dbbi_json *out = NULL;
	FILE *file;

	backed_up(&f, with);
	snprintf(folder, sizeof(folder), "%s/an out", f.root);
	ck_assert_msg(dbbi_op_export(&out, &f.ops, NULL, folder, &f.err) ==
	    DBB_OK, "%s", f.err.message);
	dbbi_json_free(out);
	snprintf(path, sizeof(path), "%s/SHA256SUMS", folder);
	ck_assert_ptr_nonnull(file = fopen(path, "r"));
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	/* sha256 of "alpha" */
	ck_assert_str_eq(text, "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7cc"
	    "dda1ed4018e8f2223f8  a/a.dump\n");
	ck_assert_int_eq(dbbi_op_export(&out, &f.ops, NULL, folder, &f.err),
	    DBB_EEXIST);
	ck_assert_int_eq(access(folder, F_OK), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(list_knows_the_sources_of_sets_and_of_the_configuration)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_json *out = NULL;

	backed_up(&f, with);
	ck_assert_int_eq(dbbi_op_list(&out, &f.ops, "a", &f.err), DBB_OK);
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(out, "sets")), 1);
	dbbi_json_free(out);
	ck_assert_int_eq(dbbi_op_list(&out, &f.ops, "b", &f.err),
	    DBB_ENOTFOUND);
	fixture_end(&f);
}
END_TEST

START_TEST(an_export_that_fails_leaves_no_folder)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	char folder[128], packs[256], away[256];
	struct fixture f;
	dbbi_json *out = NULL;

	backed_up(&f, with);
	snprintf(folder, sizeof(folder), "%s/out", f.root);
	snprintf(packs, sizeof(packs), "%s/repo/packs", f.root);
	snprintf(away, sizeof(away), "%s/away", f.root);
	ck_assert_int_eq(rename(packs, away), 0);
	ck_assert_int_eq(dbbi_op_export(&out, &f.ops, NULL, folder, &f.err),
	    DBB_EDAMAGED);
	ck_assert_int_ne(access(folder, F_OK), 0);
	ck_assert_int_eq(rename(away, packs), 0);
	ck_assert_int_eq(dbbi_op_export(&out, &f.ops, NULL, folder, &f.err),
	    DBB_OK);
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(the_latest_of_one_second_is_the_one_that_began_last)
{
	struct fake with[] = { { .name = "a", .content = "first" }, {0} };
	struct fixture f;
	dbbi_json *out;
	int i;

	backed_up(&f, with);
	with[0].content = "last!";
	for (i = 0; i < 6; i++) {
		usleep(2000);
		ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
		dbbi_json_free(out);
	}
	with[0].content = "newest";
	usleep(2000);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	ck_assert_int_eq(restore(&out, &f, (dbb_restore_options){0}), DBB_OK);
	ck_assert_str_eq(with[0].restored, "newest");
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(verify_finds_a_missing_pack_and_says_which_set)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	dbb_verify_options options = DBB_VERIFY_OPTIONS_INIT;
	struct fixture f;
	dbbi_json *out = NULL;
	char command[256];
	int ok = 1;

	backed_up(&f, with);
	ck_assert_int_eq(dbbi_op_verify(&out, &f.ops, &options, &f.err),
	    DBB_OK);
	dbbi_json_free(out);
	snprintf(command, sizeof(command), "%s/repo/packs", f.root);
	snprintf(command + 128, 128, "%s/away", f.root);
	ck_assert_int_eq(rename(command, command + 128), 0);
	out = NULL;
	ck_assert_int_eq(dbbi_op_verify(&out, &f.ops, &options, &f.err),
	    DBB_EDAMAGED);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(dbbi_json_bool(&ok, dbbi_json_at(dbbi_json_array(out,
	    "sets"), 0), "ok"), 0);
	ck_assert_int_eq(ok, 0);
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("restore");
	TCase *t = tcase_create("restore");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_went_in_comes_out);
	tcase_add_test(t, one_source_of_two_leaves_the_other_alone);
	tcase_add_loop_test(t, a_failure_on_the_way_commits_no_source_at_all,
	    0, (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(t,
	    a_failure_after_one_took_its_place_names_that_one);
	tcase_add_test(t, a_difference_is_a_finding);
	tcase_add_test(t, a_warning_is_a_finding_too);
	tcase_add_test(t, replacing_keeps_a_safety_set_first);
	tcase_add_test(t, a_failure_after_the_safety_set_names_it);
	tcase_add_test(t, no_safety_set_no_replacing);
	tcase_add_test(t, into_is_for_one_source);
	tcase_add_test(t, a_beginning_that_fits_two_sets_is_refused);
	tcase_add_test(t, latest_passes_over_partial_sets);
	tcase_add_test(t,
	    cat_gives_the_plain_bytes_and_names_the_nearest_stream);
	tcase_add_test(t,
	    export_writes_files_sums_and_advice_into_an_empty_folder);
	tcase_add_test(t,
	    list_knows_the_sources_of_sets_and_of_the_configuration);
	tcase_add_test(t, an_export_that_fails_leaves_no_folder);
	tcase_add_test(t,
	    the_latest_of_one_second_is_the_one_that_began_last);
	tcase_add_test(t, verify_finds_a_missing_pack_and_says_which_set);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
