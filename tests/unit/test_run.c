/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbbi_run run;
static char logged[8192];
static int logged_level, logged_lines;

static int
is_readable(void)
{
	struct pollfd p = { .fd = dbbi_run_wake_fd(&run), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
take_line(int level, const char *line, void *payload)
{
	ck_assert_ptr_eq(payload, &run);
	logged_level = level;
	logged_lines++;
	snprintf(logged, sizeof(logged), "%s", line);
}

START_TEST(cancel_is_seen_until_resumed)
{
	struct dbb_error err;
	int round;

	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	for (round = 0; round < 3; round++) {
		ck_assert_int_eq(dbbi_run_check(&run, &err), DBB_OK);
		ck_assert(!is_readable());
		dbbi_run_cancel(&run);
		dbbi_run_cancel(&run);
		ck_assert_int_eq(dbbi_run_check(&run, &err), DBB_ECANCELED);
		ck_assert_int_eq(err.code, DBB_ECANCELED);
		ck_assert(is_readable());
		dbbi_run_resume(&run);
	}
	dbbi_run_clear(&run);
}
END_TEST

START_TEST(cancel_never_blocks_and_keeps_errno)
{
	int i;

	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	errno = EDOM;
	for (i = 0; i < 70000; i++)	/* more than a pipe holds */
		dbbi_run_cancel(&run);
	ck_assert_int_eq(errno, EDOM);
	ck_assert(is_readable());
	dbbi_run_resume(&run);
	ck_assert(!is_readable());
	dbbi_run_clear(&run);
}
END_TEST

START_TEST(logs_up_to_its_level)
{
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	dbbi_log(&run, DBB_LOG_ERROR, "nobody listens");
	run.log = take_line;
	run.log_payload = &run;
	run.log_level = DBB_LOG_INFO;
	dbbi_log(&run, DBB_LOG_INFO, "%d sets", 3);
	ck_assert_int_eq(logged_lines, 1);
	ck_assert_str_eq(logged, "3 sets");
	ck_assert_int_eq(logged_level, DBB_LOG_INFO);
	dbbi_log(&run, DBB_LOG_DEBUG, "not this");
	ck_assert_int_eq(logged_lines, 1);
	dbbi_log(NULL, DBB_LOG_ERROR, "not this either");
	dbbi_run_clear(&run);
}
END_TEST

START_TEST(logs_one_line_of_utf8)
{
	static char text[10000];

	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	run.log = take_line;
	run.log_payload = &run;
	run.log_level = DBB_LOG_INFO;
	dbbi_log(&run, DBB_LOG_ERROR, "a\nb\r\x1b[31m\xfc");
	ck_assert_str_eq(logged, "a b  [31m?");
	memset(text, 'x', sizeof(text) - 1);
	dbbi_log(&run, DBB_LOG_ERROR, "%s", text);
	ck_assert_uint_gt(strlen(logged), 4000);
	dbbi_run_clear(&run);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("run");
	TCase *tc = tcase_create("run");

	tcase_add_test(tc, cancel_is_seen_until_resumed);
	tcase_add_test(tc, cancel_never_blocks_and_keeps_errno);
	tcase_add_test(tc, logs_up_to_its_level);
	tcase_add_test(tc, logs_one_line_of_utf8);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
