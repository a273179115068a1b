/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lease_fixture.h"
#include "repo/lease_internal.h"
#include "util/clock.h"
#include "util/process_mark.h"

static dbbi_json *list;

static void
set_up(void)
{
	repo_set_up();
	list = NULL;
}

static void
tear_down(void)
{
	dbbi_json_free(list);
	repo_tear_down();
}

static size_t
count(void)
{
	dbbi_json_free(list);
	list = NULL;
	repo_ok(dbbi_leases_list(&list, fx.repo, &fx.err));
	return dbbi_json_count(list);
}

static const char *
word(size_t i, const char *key)
{
	return dbbi_json_string(dbbi_json_at(list, i), key);
}

START_TEST(says_who_is_at_work)
{
	dbbi_lease *one, *other;
	int64_t until = 0;
	uint64_t pid = 0;

	ck_assert_uint_eq(count(), 0);
	one = dbbi_lease_take(fx.repo, "run");
	other = dbbi_lease_take(fx.repo, "verify");
	ck_assert_ptr_nonnull(one);
	ck_assert_ptr_nonnull(other);
	ck_assert_uint_eq(count(), 2);
	ck_assert(strcmp(word(0, "verb"), word(1, "verb")) != 0);
	ck_assert_ptr_nonnull(word(0, "host"));
	ck_assert_str_eq(word(0, "version"), PACKAGE_VERSION);
	repo_ok(dbbi_json_u64(&pid, dbbi_json_at(list, 0), "pid"));
	ck_assert_uint_eq(pid, (uint64_t)getpid());
	repo_ok(dbbi_time_parse(&until, word(0, "until")));
	ck_assert_int_gt(until, dbbi_now_ms());
	dbbi_lease_end(one);
	ck_assert_uint_eq(count(), 1);
	ck_assert_str_eq(word(0, "verb"), "verify");
	dbbi_lease_end(other);
	dbbi_lease_end(NULL);
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

START_TEST(a_full_store_gives_none_and_no_failure)
{
	atomic_store(&fx.faults.puts_until_full, 1);
	ck_assert_ptr_null(dbbi_lease_take(fx.repo, "run"));
	ck_assert_uint_eq(repo_count("leases/"), 0);
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(one_that_ran_out_is_not_shown_and_swept)
{
	lease_leave("leases/20261122T020000Z-0001",
	    "\"2001-01-01T00:00:00.000Z\"");
	lease_leave("leases/20261122T020000Z-0002",
	    "\"2999-01-01T00:00:00.000Z\"");
	ck_assert_uint_eq(count(), 1);
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 1);
	ck_assert_uint_eq(count(), 1);
}
END_TEST

START_TEST(what_cannot_be_read_is_passed_over)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");
	static uint8_t large[2 << 20];
	const char *object = repo_object("leases/");
	char name[DBBI_OBJECT_SIZE];

	snprintf(name, sizeof name, "%s", object);
	lease_leave("leases/20261122T020000Z-0001", "17");
	repo_ok(dbbi_store_write(fx.store, "leases/20261122T020000Z-0002",
	    large, sizeof large, 0, &fx.err));
	repo_ok(dbbi_store_write(fx.store, "leases/20261122T020000Z-0003",
	    large, 1, 0, &fx.err));
	repo_ok(dbbi_store_write(fx.store, "leases/readme", "x", 1, 0,
	    &fx.err));
	ck_assert_uint_eq(count(), 1);
	for (size_t i = 0; i < 16; i++) {	/* its header */
		repo_flip(name, i, 1);
		ck_assert_uint_le(count(), i < 12 ? 0 : 1);
		repo_flip(name, i, 1);
	}
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(count(), 1);
	dbbi_lease_end(lease);
}
END_TEST

/* Until it says another time than `until`, and at most ten seconds. */
static void
await_another(const char *until)
{
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(count(), 1);
		if (strcmp(word(0, "until"), until) != 0)
			return;
		usleep(10000);
	}
	ck_abort_msg("it says %s for ten seconds", until);
}

START_TEST(it_is_renewed_for_as_long_as_it_is_held)
{
	static const dbbi_lease_times times = { .renew_ms = 20,
	    .runs_out_ms = 60000 };
	dbbi_lease *lease = dbbi_lease_take_with(fx.repo, "run", &times);
	char until[DBBI_TIME_SIZE];

	ck_assert_uint_eq(count(), 1);
	for (int i = 0; i < 3; i++) {
		snprintf(until, sizeof until, "%s", word(0, "until"));
		await_another(until);
		ck_assert_int_gt(strcmp(word(0, "until"), until), 0);
	}
	dbbi_lease_end(lease);
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

START_TEST(one_that_is_not_renewed_runs_out)
{
	static const dbbi_lease_times times = { .renew_ms = 60000,
	    .runs_out_ms = 50 };
	dbbi_lease *lease = dbbi_lease_take_with(fx.repo, "run", &times);

	usleep(60000);
	ck_assert_uint_eq(count(), 0);
	dbbi_lease_end(lease);
}
END_TEST

START_TEST(one_of_a_killed_process_is_not_shown_and_swept)
{
	char host[256] = "", process[DBBI_PROCESS_MARK_SIZE];

	gethostname(host, sizeof host - 1);
	dbbi_process_mark(process);
	lease_leave_of("leases/20261122T020000Z-0001", host, process, NULL);
	lease_gone(process);
	lease_leave_of("leases/20261122T020000Z-0002", host, process, NULL);
	lease_leave_of("leases/20261122T020000Z-0003", "another", process,
	    NULL);
	ck_assert_uint_eq(count(), 2);
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 2);
	ck_assert_uint_eq(count(), 2);
	ck_assert_str_eq(word(0, "host"), host);
	ck_assert_str_eq(word(1, "host"), "another");
}
END_TEST

START_TEST(what_is_shown_is_of_a_bounded_length)
{
	char host[400];

	memset(host, 'h', sizeof host);
	host[256] = '\0';
	lease_leave_of("leases/20261122T020000Z-0001", host, "", NULL);
	ck_assert_uint_eq(count(), 1);
	host[256] = 'h';
	host[257] = '\0';
	lease_leave_of("leases/20261122T020000Z-0001", host, "", NULL);
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(in_a_sealed_repository_it_tells_strangers_nothing)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");
	uint8_t *data = NULL;
	size_t size;

	repo_ok(dbbi_store_load(&data, &size, fx.store,
	    repo_object("leases/"), 4096, &fx.err));
	ck_assert_int_eq(memmem(data, size, "\"verb\"", 6) == NULL,
	    repo_sealed);
	free(data);
	dbbi_lease_end(lease);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("lease", set_up, tear_down);

	tcase_add_test(tc, says_who_is_at_work);
	tcase_add_test(tc, a_full_store_gives_none_and_no_failure);
	tcase_add_test(tc, one_that_ran_out_is_not_shown_and_swept);
	tcase_add_test(tc, what_cannot_be_read_is_passed_over);
	tcase_add_test(tc, it_is_renewed_for_as_long_as_it_is_held);
	tcase_add_test(tc, one_that_is_not_renewed_runs_out);
	tcase_add_test(tc, one_of_a_killed_process_is_not_shown_and_swept);
	tcase_add_test(tc, what_is_shown_is_of_a_bounded_length);
	tcase_add_test(tc, in_a_sealed_repository_it_tells_strangers_nothing);
	return repo_run("lease", tc);
}
