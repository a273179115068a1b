/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <check.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "util/process_mark.h"

/* A child that lives until it is killed; its mark. */
static pid_t
start_child(char mark[DBBI_PROCESS_MARK_SIZE])
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		dbbi_process_mark(mark);
		if (write(fds[1], mark, DBBI_PROCESS_MARK_SIZE) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(fds[0], mark, DBBI_PROCESS_MARK_SIZE),
	    DBBI_PROCESS_MARK_SIZE);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

START_TEST(this_process_is_there)
{
	char mark[DBBI_PROCESS_MARK_SIZE], again[DBBI_PROCESS_MARK_SIZE];

	dbbi_process_mark(mark);
	dbbi_process_mark(again);
	ck_assert_uint_gt(strlen(mark), 0);
	ck_assert_str_eq(mark, again);
	ck_assert_int_eq(dbbi_process_fate(mark), DBBI_PROCESS_THERE);
}
END_TEST

START_TEST(a_killed_one_is_gone_before_it_is_waited_for_and_after)
{
	char mark[DBBI_PROCESS_MARK_SIZE];
	pid_t pid = start_child(mark);
	siginfo_t info;

	ck_assert_int_eq(dbbi_process_fate(mark), DBBI_PROCESS_THERE);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info,
	    WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(dbbi_process_fate(mark), DBBI_PROCESS_GONE);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(dbbi_process_fate(mark), DBBI_PROCESS_GONE);
}
END_TEST

START_TEST(another_one_that_has_the_id_now_is_not_it)
{
	char mark[DBBI_PROCESS_MARK_SIZE], *started;

	dbbi_process_mark(mark);
	started = strrchr(mark, '/') + 1;
	snprintf(started, 2, "1");
	ck_assert_int_eq(dbbi_process_fate(mark), DBBI_PROCESS_GONE);
}
END_TEST

START_TEST(of_another_boot_or_container_nothing_is_known)
{
	char mark[DBBI_PROCESS_MARK_SIZE], other[DBBI_PROCESS_MARK_SIZE];
	char *digit;

	dbbi_process_mark(mark);
	memcpy(other, mark, sizeof other);
	other[0] = other[0] == '0' ? '1' : '0';
	ck_assert_int_eq(dbbi_process_fate(other), DBBI_PROCESS_UNKNOWN);
	memcpy(other, mark, sizeof other);
	ck_assert_ptr_nonnull(digit = strchr(other, ']'));
	digit[-1] = digit[-1] == '0' ? '1' : '0';
	ck_assert_int_eq(dbbi_process_fate(other), DBBI_PROCESS_UNKNOWN);
}
END_TEST

START_TEST(what_is_no_mark_says_nothing)
{
	static const char *const ends[] = { "", "/", "1", "/1", "1/", "0/1",
	    "-1/1", "1/x", "1/2/3", "99999999999999999999999999/1",
	    "4294967297/1", " 1/1" };
	char mark[DBBI_PROCESS_MARK_SIZE], bad[2 * DBBI_PROCESS_MARK_SIZE];
	char *place;

	ck_assert_int_eq(dbbi_process_fate(NULL), DBBI_PROCESS_UNKNOWN);
	ck_assert_int_eq(dbbi_process_fate(""), DBBI_PROCESS_UNKNOWN);
	dbbi_process_mark(mark);
	ck_assert_ptr_nonnull(place = strchr(mark, ']'));
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(bad, sizeof bad, "%.*s%s", (int)(place - mark + 2),
		    mark, ends[i]);
		ck_assert_msg(dbbi_process_fate(bad) == DBBI_PROCESS_UNKNOWN,
		    "'%s'", bad);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("process mark");
	TCase *tc = tcase_create("process mark");

	tcase_add_test(tc, this_process_is_there);
	tcase_add_test(tc,
	    a_killed_one_is_gone_before_it_is_waited_for_and_after);
	tcase_add_test(tc, another_one_that_has_the_id_now_is_not_it);
	tcase_add_test(tc, of_another_boot_or_container_nothing_is_known);
	tcase_add_test(tc, what_is_no_mark_says_nothing);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
