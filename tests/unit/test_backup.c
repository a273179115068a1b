/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <check.h>

#include "suite.h"
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops_fixture.h"
#include "util/clock.h"

START_TEST(two_sources_make_one_completed_set)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	ck_assert_msg(fixture_backup(&out, &f) == DBB_OK, "%s",
	    f.err.message);
	ck_assert_str_eq(dbbi_json_string(out, "status"), "completed");
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(out, "sources")), 2);
	dbbi_json_free(out);
	ck_assert_uint_eq(fixture_sets(&f), 1);
	fixture_end(&f);
}
END_TEST

static const struct {
	enum fake_fault fault;
	int code;
	const char *says;
} faults[] = {
	{ FAKE_OPEN, DBB_ESOURCE, "told to fail" },
	{ FAKE_FREEZE, DBB_ESOURCE, "told to fail" },
	{ FAKE_FACTS, DBB_ESOURCE, "told to fail" },
	{ FAKE_STREAM, DBB_ESOURCE, "told to fail" },
	{ FAKE_EMPTY, DBB_ESOURCE, "it gave nothing" },
	{ FAKE_CHECK, DBB_ESOURCE, "told to fail" },
};

START_TEST(a_failing_source_leaves_no_set)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .fault = faults[_i].fault }, {0} };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	ck_assert_int_eq(fixture_backup(&out, &f), faults[_i].code);
	ck_assert_ptr_null(out);
	ck_assert_ptr_nonnull(strstr(f.err.message, "postgres 'a': "));
	ck_assert_ptr_nonnull(strstr(f.err.message, faults[_i].says));
	ck_assert_uint_eq(fixture_sets(&f), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(one_failing_of_two_makes_a_partial_set_and_fails)
{
	struct fake with[] = { { .name = "a", .content = "alpha" },
	    { .name = "b", .content = "beta", .fault = faults[_i].fault },
	    {0} };
	struct fixture f;
	dbbi_json *out, *list = NULL, *set;

	fixture_begin(&f, with);
	ck_assert_int_eq(fixture_backup(&out, &f), faults[_i].code);
	ck_assert_ptr_nonnull(strstr(f.err.message, "is partial"));
	ck_assert_ptr_nonnull(strstr(f.err.message, "postgres 'b'"));
	ck_assert_int_eq(dbbi_op_list(&list, &f.ops, NULL, &f.err), 0);
	set = dbbi_json_at(dbbi_json_array(list, "sets"), 0);
	ck_assert_str_eq(dbbi_json_string(set, "status"), "partial");
	dbbi_json_free(list);
	fixture_end(&f);
}
END_TEST

START_TEST(a_warning_is_a_finding)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .warns = 1 }, {0} };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_FINDINGS);
	ck_assert_str_eq(json_object_get_string(dbbi_json_at(
	    dbbi_json_array(out, "warnings"), 0)),
	    "postgres 'a': a word of warning");
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

START_TEST(a_source_that_shrank_is_warned_of)
{
	struct fake with[] = { { .name = "a", .content = "0123456789",
	    .repeat = 100 }, {0} };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	with[0].repeat = 10;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_FINDINGS);
	ck_assert_ptr_nonnull(strstr(dbbi_json_text(dbbi_json_array(out,
	    "warnings")), "less than half"));
	dbbi_json_free(out);
	fixture_end(&f);
}
END_TEST

static void *
cancel_soon(void *run)
{
	usleep(100000);
	dbbi_run_cancel(run);
	return NULL;
}

START_TEST(a_cancel_reaches_a_source_that_hangs)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .fault = FAKE_HANGS }, { .name = "b", .content = "beta" }, {0} };
	struct fixture f;
	dbbi_json *out;
	pthread_t thread;

	fixture_begin(&f, with);
	pthread_create(&thread, NULL, cancel_soon, &f.run);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_ECANCELED);
	pthread_join(thread, NULL);
	dbbi_run_resume(&f.run);
	ck_assert_uint_eq(fixture_sets(&f), 0);
	fixture_end(&f);
}
END_TEST

/* What is wrong with the repository is told, whatever the sources say or do
 * not say. */
static const enum fake_fault beside[] = { FAKE_WELL, FAKE_OPEN,
	FAKE_OPEN_HANGS };

START_TEST(the_repository_s_failure_goes_first)
{
	struct fake with[] = { { .name = "a", .content = "alpha",
	    .fault = beside[_i] }, { .name = "b", .content = "beta" }, {0} };
	uint64_t begun = dbbi_monotonic_ms();
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "repository", "url",
	    "file:///nowhere/at/all", &f.err), 0);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_ENOREPO);
	ck_assert_ptr_null(out);
	ck_assert_ptr_nonnull(strstr(f.err.message, "no repository at"));
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 10000);
	fixture_end(&f);
}
END_TEST

START_TEST(a_dry_run_stores_nothing)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;
	struct fixture f;
	dbbi_json *out = NULL;

	fixture_begin(&f, with);
	options.dry_run = 1;
	ck_assert_int_eq(dbbi_op_backup(&out, &f.ops, &options, &f.err), 0);
	ck_assert_str_eq(dbbi_json_string(out, "status"), "planned");
	ck_assert_ptr_null(strstr(dbbi_json_text(out), "sha256"));
	ck_assert_ptr_null(strstr(dbbi_json_text(out), "frozen_at"));
	ck_assert_ptr_nonnull(strstr(dbbi_json_text(out), "a.dump"));
	dbbi_json_free(out);
	ck_assert_uint_eq(fixture_sets(&f), 0);
	fixture_end(&f);
}
END_TEST

START_TEST(labels_are_kept_and_bad_ones_refused)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	const char *good[] = { "why=before upgrade", NULL };
	const char *bad[] = { "=x", NULL };
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;
	struct fixture f;
	dbbi_json *out = NULL;

	fixture_begin(&f, with);
	options.labels = good;
	ck_assert_int_eq(dbbi_op_backup(&out, &f.ops, &options, &f.err), 0);
	ck_assert_str_eq(dbbi_json_string(dbbi_json_object(out, "labels"),
	    "why"), "before upgrade");
	dbbi_json_free(out);
	options.labels = bad;
	with[0].fault = FAKE_OPEN;	/* not even tried */
	ck_assert_int_eq(dbbi_op_backup(&out, &f.ops, &options, &f.err),
	    DBB_EINVAL);
	ck_assert_uint_eq(fixture_sets(&f), 1);
	fixture_end(&f);
}
END_TEST

START_TEST(a_configuration_is_checked_part_by_part)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;

	fixture_begin(&f, with);
	ck_assert_int_eq(dbbi_op_config_check(&f.ops, &f.err), DBB_OK);
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "repository", "url",
	    "file:///not/made/yet", &f.err), 0);
	ck_assert_int_eq(dbbi_op_config_check(&f.ops, &f.err), DBB_OK);
	ck_assert_int_eq(f.err.code, 0);
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "repository", "url",
	    "gopher://x/y", &f.err), 0);
	ck_assert_int_eq(dbbi_op_config_check(&f.ops, &f.err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "repository", "url",
	    "file:///not/made/yet", &f.err), 0);
	with[0].fault = FAKE_CONFIG;
	ck_assert_int_eq(dbbi_op_config_check(&f.ops, &f.err), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(f.err.message, "[postgres \"a\"]: "));
	fixture_end(&f);
}
END_TEST

START_TEST(an_unknown_source_names_the_nearest)
{
	struct fake with[] = { { .name = "main", .content = "x" }, {0} };
	const char *asked[] = { "mian", NULL };
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;
	struct fixture f;
	dbbi_json *out = NULL;

	fixture_begin(&f, with);
	options.sources = asked;
	ck_assert_int_eq(dbbi_op_backup(&out, &f.ops, &options, &f.err),
	    DBB_ENOTFOUND);
	ck_assert_str_eq(f.err.hint, "did you mean 'main'?");
	fixture_end(&f);
}
END_TEST

struct seen {
	size_t calls, done;
	uint64_t bytes;
	pthread_t thread;
};

static int
see(const dbb_progress *progress, void *payload)
{
	struct seen *seen = payload;

	ck_assert(pthread_equal(seen->thread, pthread_self()));
	seen->calls++;
	seen->done += progress->phase == DBB_PHASE_DONE;
	ck_assert_uint_ge(progress->bytes_done, seen->bytes);
	seen->bytes = progress->bytes_done;
	return 0;
}

START_TEST(progress_comes_to_the_callers_thread_and_only_grows)
{
	struct fake with[] = { { .name = "a", .content = "0123456789",
	    .repeat = 1000 }, {0} };
	struct seen seen = { .thread = pthread_self() };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	f.ops.progress = see;
	f.ops.progress_payload = &seen;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	ck_assert_uint_ge(seen.calls, 3);
	ck_assert_uint_eq(seen.done, 1);
	ck_assert_uint_eq(seen.bytes, 10000);
	fixture_end(&f);
}
END_TEST

static int
refuse(const dbb_progress *progress, void *payload)
{
	(void)payload;
	return progress->phase == DBB_PHASE_COMMIT;
}

START_TEST(a_progress_callback_can_cancel)
{
	struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
	struct fixture f;
	dbbi_json *out;

	fixture_begin(&f, with);
	f.ops.progress = refuse;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_ECANCELED);
	f.ops.progress = NULL;
	dbbi_run_resume(&f.run);
	ck_assert_uint_eq(fixture_sets(&f), 0);
	fixture_end(&f);
}
END_TEST

/* Text that does not repeat; to free(3). */
static char *
words(size_t size)
{
	char *text = malloc(size + 1);
	uint64_t x = 88172645463325252u;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		text[i] = (char)('0' + x % 64);
	}
	text[size] = '\0';
	return text;
}

/* Run all; the bytes that it stored. */
static uint64_t
stored_by_run(struct fixture *f)
{
	uint64_t stored = 0;
	dbbi_json *out;

	ck_assert_msg(fixture_backup(&out, f) == DBB_OK, "%s",
	    f->err.message);
	ck_assert_int_eq(dbbi_json_u64(&stored, out, "stored_bytes"), 0);
	dbbi_json_free(out);
	return stored;
}

START_TEST(a_second_run_stores_only_what_changed)
{
	char *content = words(900000);
	struct fake with[] = { { .name = "a", .content = content }, {0} };
	struct fixture f;

	fixture_begin(&f, with);
	ck_assert_uint_gt(stored_by_run(&f), 500000);
	content[450000] ^= 1;
	ck_assert_uint_lt(stored_by_run(&f), 60000);
	ck_assert_uint_eq(stored_by_run(&f), 0);
	fixture_end(&f);
	free(content);
}
END_TEST

static char newest[256];
static struct timespec newest_at;

static int
note_newest(const char *path, const struct stat *st, int type,
    struct FTW *at)
{
	(void)at;
	if (type == FTW_F && strstr(path, "/packs/") != NULL &&
	    (st->st_mtim.tv_sec > newest_at.tv_sec ||
	    (st->st_mtim.tv_sec == newest_at.tv_sec &&
	    st->st_mtim.tv_nsec > newest_at.tv_nsec))) {
		snprintf(newest, sizeof newest, "%s", path);
		newest_at = st->st_mtim;
	}
	return 0;
}

/* The third run takes the first as its base: the second has lost a pack. */
START_TEST(a_pack_that_only_the_newest_set_has_comes_again)
{
	char *content = words(900000);
	struct fake with[] = { { .name = "a", .content = content }, {0} };
	dbb_verify_options options = DBB_VERIFY_OPTIONS_INIT;
	struct fixture f;
	dbbi_json *out = NULL;

	fixture_begin(&f, with);
	stored_by_run(&f);
	content[300000] ^= 1;
	content[600000] ^= 1;
	stored_by_run(&f);
	ck_assert_int_eq(nftw(f.root, note_newest, 16, FTW_PHYS), 0);
	ck_assert_int_eq(unlink(newest), 0);
	ck_assert_uint_gt(stored_by_run(&f), 0);
	ck_assert_int_eq(dbbi_op_verify(&out, &f.ops, &options, &f.err),
	    DBB_OK);
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(out, "sets")), 3);
	dbbi_json_free(out);
	fixture_end(&f);
	free(content);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup");
	TCase *t = tcase_create("backup");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, two_sources_make_one_completed_set);
	tcase_add_loop_test(t, a_failing_source_leaves_no_set, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_loop_test(t,
	    one_failing_of_two_makes_a_partial_set_and_fails, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(t, a_warning_is_a_finding);
	tcase_add_test(t, a_source_that_shrank_is_warned_of);
	tcase_add_test(t, a_cancel_reaches_a_source_that_hangs);
	tcase_add_loop_test(t, the_repository_s_failure_goes_first, 0,
	    (int)(sizeof(beside) / sizeof(beside[0])));
	tcase_add_test(t, a_dry_run_stores_nothing);
	tcase_add_test(t, labels_are_kept_and_bad_ones_refused);
	tcase_add_test(t, a_configuration_is_checked_part_by_part);
	tcase_add_test(t, an_unknown_source_names_the_nearest);
	tcase_add_test(t, progress_comes_to_the_callers_thread_and_only_grows);
	tcase_add_test(t, a_progress_callback_can_cancel);
	tcase_add_test(t, a_second_run_stores_only_what_changed);
	tcase_add_test(t, a_pack_that_only_the_newest_set_has_comes_again);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
