/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/clock.h"

#include <string.h>

#include <check.h>

#include "suite.h"

START_TEST(writes_both_forms)
{
	char text[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(text, INT64_C(1795312800123));
	ck_assert_str_eq(text, "2026-11-22T02:00:00.123Z");
	dbbi_time_compact(text, INT64_C(1795312800123));
	ck_assert_str_eq(text, "20261122T020000Z");
}
END_TEST

START_TEST(counts_upwards_before_1970)
{
	char text[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(text, -1);
	ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
	dbbi_time_rfc3339(text, -1000);
	ck_assert_str_eq(text, "1969-12-31T23:59:59.000Z");
}
END_TEST

START_TEST(reads_what_it_writes)
{
	static const int64_t times[] = {
		0, 1, -1, 999, 1000, 951782400000, 1795312800123,
		253402300799999, -62167219200000,
	};
	char text[DBBI_TIME_SIZE];
	int64_t again;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		dbbi_time_rfc3339(text, times[i]);
		ck_assert_int_eq(dbbi_time_parse(&again, text), 0);
		ck_assert(again == times[i]);
	}
}
END_TEST

START_TEST(refuses_what_is_no_such_time)
{
	static const char *const bad[] = {
		"", "2026", "2026-11-22T02:00:00Z", "2026-11-22T02:00:00.123",
		"2026-11-22 02:00:00.123Z", "2026-11-22T02:00:00.123z",
		"2026-11-22T02:00:00.123Z ", "2026-13-22T02:00:00.123Z",
		"2026-00-22T02:00:00.123Z", "2026-02-29T02:00:00.123Z",
		"2026-11-31T02:00:00.123Z", "2026-11-22T24:00:00.123Z",
		"2026-11-22T02:60:00.123Z", "2026-11-22T02:00:60.123Z",
		"2026-11-22T02:00:-1.123Z", "+026-11-22T02:00:00.123Z", NULL,
	};
	int64_t kept = 42;
	size_t i;

	for (i = 0; bad[i] != NULL; i++)
		ck_assert_msg(dbbi_time_parse(&kept, bad[i]) == -1, "%s",
		    bad[i]);
	ck_assert(kept == 42);
}
END_TEST

START_TEST(no_time_overruns_the_buffer)
{
	char text[DBBI_TIME_SIZE + 1];

	text[DBBI_TIME_SIZE] = '#';
	dbbi_time_rfc3339(text, INT64_MAX);
	dbbi_time_compact(text, INT64_MAX);
	dbbi_time_rfc3339(text, INT64_MIN);
	ck_assert(text[DBBI_TIME_SIZE] == '#');
	ck_assert_uint_lt(strlen(text), DBBI_TIME_SIZE);
}
END_TEST

START_TEST(clocks_go_forward)
{
	uint64_t begun = dbbi_monotonic_ms();

	ck_assert(dbbi_monotonic_ms() >= begun);
	ck_assert(dbbi_now_ms() > INT64_C(1700000000000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_test(tc, writes_both_forms);
	tcase_add_test(tc, counts_upwards_before_1970);
	tcase_add_test(tc, reads_what_it_writes);
	tcase_add_test(tc, refuses_what_is_no_such_time);
	tcase_add_test(tc, no_time_overruns_the_buffer);
	tcase_add_test(tc, clocks_go_forward);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
