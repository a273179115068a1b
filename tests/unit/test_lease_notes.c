/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lease_fixture.h"
#include "repo/lease_internal.h"
#include "repo/lease_object.h"
#include "util/clock.h"
#include "util/process_mark.h"

/* A lease that is over because its process is gone. */
static char today[DBBI_OBJECT_SIZE];
static char host[256];
static char gone[DBBI_PROCESS_MARK_SIZE];

/* What was read of it: "kind/name/key=value " for each note. */
static char heard[8192];
static const char *done;		/* keys with this in them */
static int fails;

static void
set_up(void)
{
	char at[DBBI_TIME_SIZE];

	repo_set_up();
	dbbi_time_compact(at, dbbi_now_ms());
	snprintf(today, sizeof today, "leases/%s-0001", at);
	gethostname(host, sizeof host - 1);
	dbbi_process_mark(gone);
	lease_gone(gone);
	done = NULL;
	fails = 0;
}

static int
hear(const dbbi_note *note, void *payload, dbb_error *err)
{
	size_t n = strlen(heard);

	(void)payload;
	if (fails)
		return dbbi_error_set(err, DBB_EIO, "told to fail");
	snprintf(heard + n, sizeof heard - n, "%s/%s/%s=%s ", note->kind,
	    note->name, note->key, json_object_to_json_string_ext(
	    (dbbi_json *)(uintptr_t)note->value, JSON_C_TO_STRING_PLAIN));
	return done != NULL && strstr(note->key, done) != NULL;
}

static const char *
listen(void)
{
	*heard = '\0';
	repo_ok(dbbi_leases_left(fx.repo, hear, NULL, &fx.err));
	return heard;
}

static int
put(dbbi_lease *lease, const char *key, const char *text)
{
	dbbi_json *value = dbbi_json_new_object();
	dbbi_note note = { "fake", "a", key, value };
	int rc;

	repo_ok(dbbi_json_set_string(value, "v", text));
	rc = dbbi_lease_note(lease, &note, &fx.err);
	dbbi_json_free(value);
	return rc;
}

static void
forget(dbbi_lease *lease, const char *key)
{
	dbbi_lease_forget(lease, &(dbbi_note){ "fake", "a", key, NULL });
}

/* What stands in the store while the run is at work. */
static int
stands(const char *words)
{
	char *text = lease_text(repo_object("leases/"));
	int yes = strstr(text, words) != NULL;

	free(text);
	return yes;
}

START_TEST(a_note_is_in_the_store_when_it_is_put_and_out_when_forgotten)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");

	ck_assert(!stands("notes"));
	repo_ok(put(lease, "x", "one"));
	ck_assert(stands("{\"kind\":\"fake\",\"name\":\"a\",\"key\":\"x\","
	    "\"note\":{\"v\":\"one\"}}"));
	repo_ok(put(lease, "y", "two"));
	repo_ok(put(lease, "x", "three"));
	ck_assert(!stands("one"));
	ck_assert(stands("two"));
	ck_assert(stands("three"));
	forget(lease, "x");
	forget(lease, "never put");
	ck_assert(!stands("three"));
	ck_assert(stands("two"));
	ck_assert_str_eq(listen(), "");		/* it is at work */
	forget(lease, "y");
	ck_assert(!stands("notes"));
	dbbi_lease_end(lease);
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

START_TEST(a_run_that_ends_with_notes_leaves_them_to_the_next)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");
	dbbi_json *list = NULL;

	repo_ok(put(lease, "x", "one"));
	repo_ok(put(lease, "y", "two"));
	dbbi_lease_end(lease);
	repo_ok(dbbi_leases_list(&list, fx.repo, &fx.err));
	ck_assert_uint_eq(dbbi_json_count(list), 0);
	dbbi_json_free(list);
	ck_assert_str_eq(listen(),
	    "fake/a/x={\"v\":\"one\"} fake/a/y={\"v\":\"two\"} ");
	done = "x";
	listen();
	ck_assert_str_eq(listen(), "fake/a/y={\"v\":\"two\"} ");
	ck_assert_uint_eq(repo_count("leases/"), 1);
	done = "y";
	listen();
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

START_TEST(a_renewal_keeps_notes)
{
	static const dbbi_lease_times times = { .renew_ms = 10,
	    .runs_out_ms = 60000 };
	dbbi_lease *lease = dbbi_lease_take_with(fx.repo, "run", &times);
	char *before, *after;
	int i;

	repo_ok(put(lease, "x", "one"));
	before = lease_text(repo_object("leases/"));
	for (i = 0; i < 1000; i++) {
		after = lease_text(repo_object("leases/"));
		if (strcmp(before, after) != 0)
			break;
		free(after);
		usleep(10000);
	}
	ck_assert_int_lt(i, 1000);
	ck_assert_ptr_nonnull(strstr(after, "\"v\":\"one\""));
	free(before);
	free(after);
	dbbi_lease_end(lease);
}
END_TEST

struct worker {
	dbbi_lease *lease;
	int number;
};

static void *
work(void *argument)
{
	struct worker *w = argument;
	char key[16];

	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof key, "%d-%d", w->number, i);
		ck_assert_int_eq(put(w->lease, key, "x"), 0);
		if (i > 0)
			forget(w->lease, key);
	}
	return NULL;
}

START_TEST(several_threads_note_and_none_loses_anothers)
{
	static const dbbi_lease_times times = { .renew_ms = 1,
	    .runs_out_ms = 60000 };
	dbbi_lease *lease = dbbi_lease_take_with(fx.repo, "run", &times);
	struct worker workers[4];
	pthread_t threads[4];
	char words[32];

	for (int i = 0; i < 4; i++) {
		workers[i] = (struct worker){ lease, i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work,
		    &workers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++) {
		snprintf(words, sizeof words, "\"key\":\"%d-0\"", i);
		ck_assert(stands(words));
	}
	ck_assert(!stands("-1\""));
	dbbi_lease_end(lease);
}
END_TEST

START_TEST(one_that_could_not_be_written_is_refused_and_others_stay)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");

	repo_ok(put(lease, "x", "one"));
	atomic_store(&fx.faults.puts_until_full, 1);
	ck_assert_int_eq(put(lease, "y", "two"), DBB_ENOSPC);
	ck_assert_ptr_nonnull(strstr(fx.err.message,
	    "noting 'y' for the next run: "));
	repo_ok(put(lease, "z", "three"));
	ck_assert(stands("one"));
	ck_assert(!stands("two"));
	ck_assert(stands("three"));
	dbbi_lease_end(lease);
}
END_TEST

START_TEST(one_too_large_is_refused)
{
	dbbi_lease *lease = dbbi_lease_take(fx.repo, "run");
	static char large[70000];
	char key[514];

	memset(large, 'x', sizeof large - 1);
	ck_assert_int_eq(put(lease, "x", large), DBB_EINVAL);
	large[65000] = '\0';
	for (int i = 0; i < 16; i++) {
		snprintf(key, sizeof key, "%d", i);
		repo_ok(put(lease, key, large));
	}
	ck_assert_int_eq(put(lease, "16", large), DBB_EINVAL);
	ck_assert(stands("\"15\""));
	ck_assert(!stands("\"16\""));
	memset(key, 'k', sizeof key - 1);
	key[513] = '\0';
	ck_assert_int_eq(put(lease, key, ""), DBB_EINVAL);
	key[512] = '\0';
	repo_ok(put(lease, key, ""));
	dbbi_lease_end(lease);
}
END_TEST

#define GOOD "{\"kind\":\"k\",\"name\":\"n\",\"key\":\"good\",\"note\":{}}"

START_TEST(a_killed_run_s_notes_are_read_and_those_of_a_living_one_are_not)
{
	char own[DBBI_PROCESS_MARK_SIZE];

	dbbi_process_mark(own);
	lease_leave_of(today, host, own, "[" GOOD "]");
	ck_assert_str_eq(listen(), "");
	lease_leave_of(today, "another", gone, "[" GOOD "]");
	ck_assert_str_eq(listen(), "");
	lease_leave_of(today, host, gone, "[" GOOD "]");
	ck_assert_str_eq(listen(), "k/n/good={} ");
}
END_TEST

/* Each beside a good one. */
static const char *const strange[] = {
	"7", "null", "[]", "\"x\"", "{}",
	"{\"kind\":\"k\",\"name\":\"n\",\"key\":\"x\"}",
	"{\"kind\":\"k\",\"name\":\"n\",\"key\":\"x\",\"note\":[]}",
	"{\"kind\":\"k\",\"name\":\"n\",\"key\":\"x\",\"note\":\"\"}",
	"{\"kind\":\"k\",\"name\":\"n\",\"key\":7,\"note\":{}}",
	"{\"kind\":{},\"name\":\"n\",\"key\":\"x\",\"note\":{}}",
	"{\"kind\":\"k\",\"name\":null,\"key\":\"x\",\"note\":{}}",
	"{\"kind\":\"k\",\"name\":\"n\\u0000\",\"key\":\"x\",\"note\":{}}",
};

START_TEST(what_is_no_note_is_passed_over)
{
	char notes[512];

	snprintf(notes, sizeof notes, "[%s," GOOD ",%s]", strange[_i],
	    strange[_i]);
	lease_leave_of(today, host, gone, notes);
	ck_assert_str_eq(listen(), "k/n/good={} ");
	snprintf(notes, sizeof notes, "[%s]", strange[_i]);
	lease_leave_of(today, host, gone, notes);
	ck_assert_str_eq(listen(), "");
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

START_TEST(notes_that_are_no_array_are_none)
{
	static const char *const odd[] = { "7", "{}", "\"x\"", "{\"0\":"
	    GOOD "}", "[]" };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		lease_leave_of(today, host, gone, odd[i]);
		ck_assert_str_eq(listen(), "");
	}
}
END_TEST

/* Many times the same small note, as JSON text. */
static char *
many(size_t n)
{
	char *text = malloc(n * sizeof GOOD + 2);
	size_t at = 0;

	text[at++] = '[';
	for (size_t i = 0; i < n; i++) {
		memcpy(text + at, GOOD ",", sizeof GOOD);
		at += sizeof GOOD;
	}
	text[at - 1] = ']';
	text[at] = '\0';
	return text;
}

START_TEST(more_notes_than_a_run_may_have_are_none)
{
	char *most = many(DBBI_NOTES_MOST), *more = many(DBBI_NOTES_MOST + 1);

	lease_leave_of(today, host, gone, more);
	ck_assert_str_eq(listen(), "");
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 0);
	lease_leave_of(today, host, gone, most);
	ck_assert_str_ne(listen(), "");
	free(most);
	free(more);
}
END_TEST

START_TEST(a_lease_larger_than_any_is_passed_over)
{
	static char notes[DBBI_LEASE_LIMIT + 64];
	const size_t most = DBBI_LEASE_LIMIT;
	size_t front, at;

	lease_leave_of(today, host, gone, "[" GOOD ",\"\"]");
	front = repo_size(today);
	for (size_t size = most + 1; size >= most; size--) {
		at = (size_t)snprintf(notes, sizeof notes, "[" GOOD ",\"");
		memset(notes + at, 'x', size - front);
		memcpy(notes + at + size - front, "\"]", 3);
		lease_leave_of(today, host, gone, notes);
		ck_assert_uint_eq(repo_size(today), size);
		ck_assert_str_eq(listen(), size > most ? "" :
		    "k/n/good={} ");
	}
}
END_TEST

START_TEST(prune_leaves_open_notes_for_thirty_days)
{
	char old[DBBI_OBJECT_SIZE], at[DBBI_TIME_SIZE];
	const int64_t day_ms = 24 * 3600 * (int64_t)1000;

	lease_leave_of(today, host, gone, "[" GOOD "]");
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 1);
	dbbi_time_compact(at, dbbi_now_ms() - 29 * day_ms);
	snprintf(old, sizeof old, "leases/%s-0001", at);
	lease_leave_of(old, host, gone, "[" GOOD "]");
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 2);
	ck_assert_str_eq(listen(), "k/n/good={} k/n/good={} ");
	repo_ok(dbbi_store_remove(fx.store, old, &fx.err));
	dbbi_time_compact(at, dbbi_now_ms() - 31 * day_ms);
	snprintf(old, sizeof old, "leases/%s-0001", at);
	lease_leave_of(old, host, gone, "[" GOOD "]");
	ck_assert_str_eq(listen(), "k/n/good={} ");
	dbbi_leases_sweep(fx.repo);
	ck_assert_uint_eq(repo_count("leases/"), 1);
	ck_assert_str_eq(repo_object("leases/"), today);
}
END_TEST

START_TEST(a_failure_ends_the_reading_and_drops_nothing)
{
	lease_leave_of(today, host, gone, "[" GOOD "]");
	fails = 1;
	ck_assert_int_eq(dbbi_leases_left(fx.repo, hear, NULL, &fx.err),
	    DBB_EIO);
	fails = 0;
	ck_assert_str_eq(listen(), "k/n/good={} ");
}
END_TEST

START_TEST(what_is_unknown_in_a_lease_stays_when_a_note_goes)
{
	dbbi_json *lease = NULL;
	char *text;

	lease_leave_of(today, host, gone, "[" GOOD ",{\"kind\":\"k\","
	    "\"name\":\"n\",\"key\":\"x\",\"note\":{},\"of\":\"later\"}]");
	text = lease_text(today);
	repo_ok(dbbi_json_parse(&lease, text, strlen(text), &fx.err));
	repo_ok(dbbi_json_set_string(lease, "also", "of later"));
	lease_put(today, dbbi_json_text(lease));
	dbbi_json_free(lease);
	free(text);
	done = "good";
	listen();
	ck_assert(!stands("good"));
	ck_assert(stands("\"of\":\"later\""));
	ck_assert(stands("\"also\":\"of later\""));
}
END_TEST

START_TEST(a_store_that_is_broken_then_asks_again)
{
	lease_leave_of(today, host, gone, "[" GOOD "]");
	done = "good";
	atomic_store(&fx.faults.changes_until_broken, 1);
	ck_assert_str_eq(listen(), "k/n/good={} ");
	atomic_store(&fx.faults.changes_until_broken, 0);
	ck_assert_str_eq(listen(), "k/n/good={} ");
	ck_assert_uint_eq(repo_count("leases/"), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("lease notes", set_up, repo_tear_down);

	tcase_add_test(tc,
	    a_note_is_in_the_store_when_it_is_put_and_out_when_forgotten);
	tcase_add_test(tc, a_run_that_ends_with_notes_leaves_them_to_the_next);
	tcase_add_test(tc, a_renewal_keeps_notes);
	tcase_add_test(tc, several_threads_note_and_none_loses_anothers);
	tcase_add_test(tc,
	    one_that_could_not_be_written_is_refused_and_others_stay);
	tcase_add_test(tc, one_too_large_is_refused);
	tcase_add_test(tc,
	    a_killed_run_s_notes_are_read_and_those_of_a_living_one_are_not);
	tcase_add_loop_test(tc, what_is_no_note_is_passed_over, 0,
	    (int)(sizeof strange / sizeof *strange));
	tcase_add_test(tc, notes_that_are_no_array_are_none);
	tcase_add_test(tc, more_notes_than_a_run_may_have_are_none);
	tcase_add_test(tc, a_lease_larger_than_any_is_passed_over);
	tcase_add_test(tc, prune_leaves_open_notes_for_thirty_days);
	tcase_add_test(tc, a_failure_ends_the_reading_and_drops_nothing);
	tcase_add_test(tc,
	    what_is_unknown_in_a_lease_stays_when_a_note_goes);
	tcase_add_test(tc, a_store_that_is_broken_then_asks_again);
	return repo_run("lease notes", tc);
}
