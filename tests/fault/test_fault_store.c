/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_store.h"
#include "store_cases.h"
#include "util/clock.h"

static struct fault_plan plan;
static dbbi_store_registry *registry;
static dbb_error err;

static void
set_up(void)
{
	fault_plan_init(&plan, &dbbi_store_memory, NULL);
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_registry_add(registry, &fault_store,
	    &plan, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&store_under_test, registry,
	    "fault:memory:", 0, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
	fault_plan_clear(&plan);
}

/* ---- short words for calls ---- */

static int
put(const char *name, const char *text)
{
	return dbbi_store_write(store_under_test, name, text, strlen(text), 0,
	    &err);
}

static int
get(char text[32], const char *name)
{
	size_t got = 0;
	int rc;

	rc = dbbi_store_read(&got, store_under_test, name, 0, text, 31, &err);
	text[got] = '\0';
	return rc;
}

static int
look(const char *name)
{
	dbb_object object = { .size = sizeof object };

	return dbbi_store_stat(&object, store_under_test, name, &err);
}

static int
pass_over(const dbb_object *object, void *payload)
{
	(void)object;
	(void)payload;
	return 0;
}

static int
list(void)
{
	return dbbi_store_list(store_under_test, "", pass_over, NULL, &err);
}

static int
call(enum fault_call which)
{
	char text[32];

	switch (which) {
	case FAULT_READ:
		return get(text, "there");
	case FAULT_STAT:
		return look("there");
	case FAULT_LIST:
		return list();
	case FAULT_REMOVE:
		return dbbi_store_remove(store_under_test, "new", &err);
	case FAULT_PUT_BEGIN:
	case FAULT_PUT_WRITE:
	case FAULT_PUT_COMMIT:
	case FAULT_ANY:
	default:
		return put("new", "text");
	}
}

static int
remove_one(const char *path, const struct stat *st, int what,
    struct FTW *where)
{
	(void)st;
	(void)what;
	(void)where;
	return remove(path);
}

/* ---- cases ---- */

START_TEST(counts_calls_by_kind)
{
	char text[32];

	put("a", "x");
	put("b", "x");
	get(text, "a");
	look("a");
	look("b");
	look("c");
	list();
	dbbi_store_remove(store_under_test, "a", &err);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_PUT_BEGIN), 2);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_PUT_WRITE), 2);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_PUT_COMMIT), 2);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_READ), 1);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_STAT), 3);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_LIST), 1);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_REMOVE), 1);
	ck_assert_uint_eq(fault_plan_calls(&plan, FAULT_ANY), 12);
	ck_assert_uint_eq(fault_plan_struck(&plan), 0);
}
END_TEST

START_TEST(any_call_fails_with_the_code_that_is_asked_for)
{
	store_put(store_under_test, "there", "x");
	for (int i = FAULT_PUT_BEGIN; i < FAULT_ANY; i++) {
		fault_plan_reset(&plan);
		fault_plan_add(&plan, &(struct fault){ .nth = 1,
		    .call = (enum fault_call)i, .action = FAULT_FAIL,
		    .code = DBB_EACCESS });
		ck_assert_int_eq(call((enum fault_call)i), DBB_EACCESS);
		ck_assert_ptr_nonnull(strstr(err.message,
		    "a fault was asked for in"));
		ck_assert_uint_eq(fault_plan_struck(&plan), 1);
		ck_assert_str_eq(store_names(store_under_test, "new"), "");
		ck_assert_int_eq(call((enum fault_call)i), DBB_OK);
		dbbi_store_remove(store_under_test, "new", &err);
	}
}
END_TEST

START_TEST(fails_at_the_nth_call_of_a_kind_once)
{
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_COMMIT,
	    .nth = 2, .action = FAULT_FAIL, .code = DBB_ENOSPC });
	ck_assert_int_eq(put("a", "x"), DBB_OK);
	ck_assert_int_eq(put("b", "x"), DBB_ENOSPC);
	ck_assert_int_eq(put("c", "x"), DBB_OK);
	ck_assert_str_eq(store_names(store_under_test, ""), "a c ");
}
END_TEST

START_TEST(fails_from_the_nth_call_of_any_kind_for_ever)
{
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_ANY, .nth = 2,
	    .for_ever = 1, .action = FAULT_FAIL, .code = DBB_EIO });
	ck_assert_int_eq(list(), DBB_OK);
	ck_assert_int_eq(list(), DBB_EIO);
	ck_assert_int_eq(put("a", "x"), DBB_EIO);
	ck_assert_int_eq(look("a"), DBB_EIO);
}
END_TEST

START_TEST(fails_after_the_call_has_happened)
{
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_COMMIT,
	    .nth = 1, .after = 1, .action = FAULT_FAIL, .code = DBB_EIO });
	ck_assert_int_eq(put("a", "x"), DBB_EIO);
	store_expect(store_under_test, "a", "x");
}
END_TEST

START_TEST(fails_by_chance_and_the_same_seed_is_the_same_chance)
{
	char first[201], second[201];

	for (int round = 0; round < 2; round++) {
		fault_plan_reset(&plan);
		fault_plan_seed(&plan, 77);
		fault_plan_add(&plan, &(struct fault){ .call = FAULT_LIST,
		    .one_in = 4, .action = FAULT_FAIL, .code = DBB_EIO });
		for (int i = 0; i < 200; i++)
			(round == 0 ? first : second)[i] =
			    list() == DBB_OK ? '.' : 'x';
		ck_assert_uint_gt(fault_plan_struck(&plan), 20);
		ck_assert_uint_lt(fault_plan_struck(&plan), 90);
	}
	first[200] = second[200] = '\0';
	ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(reads_less_than_there_is)
{
	char text[32];

	store_put(store_under_test, "a", "abcdef");
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_READ, .nth = 2,
	    .action = FAULT_SHORT });
	ck_assert_int_eq(get(text, "a"), DBB_OK);
	ck_assert_str_eq(text, "abcdef");
	ck_assert_int_eq(get(text, "a"), DBB_OK);
	ck_assert_str_eq(text, "abc");
}
END_TEST

START_TEST(lists_fewer_than_there_are_and_stores_half)
{
	store_put(store_under_test, "a", "x");
	store_put(store_under_test, "b", "x");
	fault_plan_reset(&plan);
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_LIST, .nth = 1,
	    .action = FAULT_SHORT });
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_WRITE,
	    .nth = 1, .action = FAULT_SHORT });
	ck_assert_uint_eq(strlen(store_names(store_under_test, "")), 2);
	ck_assert_int_eq(put("c", "abcdef"), DBB_OK);
	store_expect(store_under_test, "c", "abc");
}
END_TEST

START_TEST(delays)
{
	uint64_t began = dbbi_monotonic_ms();

	fault_plan_add(&plan, &(struct fault){ .call = FAULT_LIST, .nth = 1,
	    .action = FAULT_DELAY, .delay_ms = 60 });
	ck_assert_int_eq(list(), DBB_OK);
	ck_assert_uint_ge(dbbi_monotonic_ms() - began, 60);
}
END_TEST

START_TEST(lies_that_it_stored_or_removed)
{
	char text[32];

	store_put(store_under_test, "a", "abc");
	fault_plan_reset(&plan);
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_COMMIT,
	    .nth = 1, .action = FAULT_LIE });
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_REMOVE,
	    .nth = 1, .action = FAULT_LIE });
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_READ, .nth = 1,
	    .action = FAULT_LIE });
	ck_assert_int_eq(put("b", "x"), DBB_OK);
	ck_assert_int_eq(look("b"), DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "a", &err),
	    DBB_OK);
	ck_assert_int_eq(look("a"), DBB_OK);
	ck_assert_int_eq(get(text, "a"), DBB_OK);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(flips_one_bit_of_what_is_read_or_written)
{
	char text[32];

	store_put(store_under_test, "a", "abc");
	fault_plan_reset(&plan);
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_READ, .nth = 1,
	    .action = FAULT_FLIP, .bit = 8 });
	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_WRITE,
	    .nth = 1, .action = FAULT_FLIP, .bit = 25 });
	ck_assert_int_eq(get(text, "a"), DBB_OK);
	ck_assert_str_eq(text, "acc");
	ck_assert_int_eq(get(text, "a"), DBB_OK);
	ck_assert_str_eq(text, "abc");
	ck_assert_int_eq(put("b", "abc"), DBB_OK);
	store_expect(store_under_test, "b", "cbc");
}
END_TEST

START_TEST(is_full_after_so_many_bytes)
{
	fault_plan_room(&plan, 5);
	ck_assert_int_eq(put("a", "abc"), DBB_OK);
	ck_assert_int_eq(put("b", "abc"), DBB_ENOSPC);
	ck_assert_int_eq(put("c", "x"), DBB_ENOSPC);
	ck_assert_uint_eq(fault_plan_struck(&plan), 2);
	fault_plan_reset(&plan);
	ck_assert_int_eq(put("b", "abc"), DBB_OK);
	ck_assert_str_eq(store_names(store_under_test, ""), "a b ");
}
END_TEST

/* A child stores "a" and then "b" in a folder, and is killed at the second
 * commit: how it ended. */
static int
die_storing(const char *folder, int after)
{
	char url[64];
	int status = 0;
	pid_t child;

	snprintf(url, sizeof url, "fault:file://%s", folder);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		plan.wrapped = &dbbi_store_file;
		fault_plan_add(&plan, &(struct fault){ .nth = 2,
		    .call = FAULT_PUT_COMMIT, .after = after,
		    .action = FAULT_KILL });
		dbbi_store_open(&store_under_test, registry, url, 0, &err);
		put("a", "x");
		put("b", "x");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

START_TEST(kills_before_or_after_the_call)
{
	char folder[] = "/tmp/test_fault_store.XXXXXX", a[64], b[64];
	int status;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(a, sizeof a, "%s/a", folder);
	snprintf(b, sizeof b, "%s/b", folder);
	for (int after = 0; after < 2; after++) {
		status = die_storing(folder, after);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
		ck_assert_int_eq(unlink(a), 0);
		ck_assert_int_eq(unlink(b), after ? 0 : -1);
	}
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS),
	    0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("faults");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, counts_calls_by_kind);
	tcase_add_test(tc, any_call_fails_with_the_code_that_is_asked_for);
	tcase_add_test(tc, fails_at_the_nth_call_of_a_kind_once);
	tcase_add_test(tc, fails_from_the_nth_call_of_any_kind_for_ever);
	tcase_add_test(tc, fails_after_the_call_has_happened);
	tcase_add_test(tc,
	    fails_by_chance_and_the_same_seed_is_the_same_chance);
	tcase_add_test(tc, reads_less_than_there_is);
	tcase_add_test(tc, lists_fewer_than_there_are_and_stores_half);
	tcase_add_test(tc, delays);
	tcase_add_test(tc, lies_that_it_stored_or_removed);
	tcase_add_test(tc, flips_one_bit_of_what_is_read_or_written);
	tcase_add_test(tc, is_full_after_so_many_bytes);
	tcase_add_test(tc, kills_before_or_after_the_call);
	return store_run(store_cases("fault: the cases of a store", set_up,
	    tear_down), tc);
}
