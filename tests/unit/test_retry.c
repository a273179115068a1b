/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/retry.h"

#include <pthread.h>
#include <time.h>

#include <check.h>

#include "suite.h"
#include "util/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const dbbi_retry_policy usual = DBBI_RETRY_POLICY_INIT;
static dbbi_run run;
static dbb_error err;

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_run_clear(&run);
}

/* All waits that a policy gives when each try fails at once. */
static uint64_t
sum_of_waits(unsigned *count, const dbbi_retry_policy *policy,
    uint32_t chance)
{
	dbbi_retry retry = { .policy = *policy };
	uint64_t now = 5000, wait;

	*count = 0;
	while (dbbi_retry_next(&wait, &retry, 0, now, chance)) {
		now += wait;
		++*count;
	}
	return now - 5000;
}

START_TEST(doubles_up_to_the_most)
{
	static const uint64_t longest[] = {
		100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000,
	};
	dbbi_retry most = { .policy = usual }, least = { .policy = usual };
	uint64_t wait;
	size_t i;

	for (i = 0; i < COUNT(longest); i++) {
		ck_assert_int_eq(dbbi_retry_next(&wait, &most, 0, 1000,
		    UINT32_MAX), 1);
		ck_assert_uint_eq(wait, longest[i]);
		ck_assert_int_eq(dbbi_retry_next(&wait, &least, 0, 1000, 0),
		    1);
		ck_assert_uint_eq(wait, longest[i] / 2);
	}
}
END_TEST

/* However chance falls, and although a refused connection takes no time. */
START_TEST(outlasts_a_server_that_is_away_for_half_a_minute)
{
	static const uint32_t chances[] = { 0, 1, UINT32_MAX / 2, UINT32_MAX };
	unsigned count;
	uint64_t sum;
	size_t i;

	for (i = 0; i < COUNT(chances); i++) {
		sum = sum_of_waits(&count, &usual, chances[i]);
		ck_assert_uint_ge(sum, 60000);
		ck_assert_uint_le(sum, 120000);
	}
}
END_TEST

START_TEST(ends_with_its_times)
{
	dbbi_retry_policy policy = usual;
	unsigned count;

	policy.times = 3;
	sum_of_waits(&count, &policy, 7);
	ck_assert_uint_eq(count, 3);
	policy.times = 0;
	sum_of_waits(&count, &policy, 7);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(ends_with_its_time_and_one_try_more)
{
	dbbi_retry_policy policy = { 1000, 10, 4000, 4000 };
	unsigned count;

	ck_assert_uint_eq(sum_of_waits(&count, &policy, UINT32_MAX), 10000);
	ck_assert_uint_eq(count, 3);
	policy.for_s = 0;
	ck_assert_uint_eq(sum_of_waits(&count, &policy, 0), 0);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* What a try takes counts, too. */
START_TEST(counts_the_time_from_the_first_failure)
{
	dbbi_retry retry = { .policy = { 1000, 10, 100, 100 } };
	uint64_t wait;

	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 0, 900000, 0), 1);
	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 0, 909990, 0), 1);
	ck_assert_uint_eq(wait, 10);
	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 0, 910000, 0), 0);
}
END_TEST

START_TEST(waits_as_long_as_the_server_asks)
{
	dbbi_retry retry = { .policy = usual };
	uint64_t wait;

	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 7000, 0, 0), 1);
	ck_assert_uint_eq(wait, 7000);
	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 1, 7000, UINT32_MAX),
	    1);
	ck_assert_uint_eq(wait, 200);
	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, UINT64_MAX, 20000, 0),
	    1);
	ck_assert_uint_eq(wait, 100000);
}
END_TEST

START_TEST(no_numbers_overflow)
{
	dbbi_retry retry = { .policy = { UINT32_MAX, UINT32_MAX, UINT32_MAX,
	    UINT32_MAX } };
	uint64_t wait;

	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 0, 0, UINT32_MAX), 1);
	ck_assert_uint_eq(wait, UINT32_MAX);
	ck_assert_int_eq(dbbi_retry_next(&wait, &retry, 0, 0, UINT32_MAX), 1);
	ck_assert_uint_eq(wait, UINT32_MAX);
}
END_TEST

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z, a Sunday */

START_TEST(reads_what_the_server_asks)
{
	static const struct {
		const char *value;
		uint64_t ms;
	} cases[] = {
		{ "0", 0 }, { "120", 120000 }, { "86401", 86400000 },
		{ "18446744073709551615", 86400000 },
		{ "Sun, 22 Nov 2026 12:00:30 GMT", 30000 },
		{ "Sun, 22 Nov 2026 11:59:59 GMT", 0 },
		{ "Sun, 22 Nov 2122 11:59:59 GMT", 86400000 },
		{ "", 0 }, { "-1", 0 }, { "soon", 0 }, { "1.5", 0 },
		{ NULL, 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(dbbi_retry_after_ms(cases[i].value, NOON) ==
		    cases[i].ms, "%s", cases[i].value);
}
END_TEST

START_TEST(waits_and_tells_to_try)
{
	dbbi_retry retry = { .policy = { 2, 10, 40, 40 } };
	uint64_t begun = dbbi_monotonic_ms();

	ck_assert_int_eq(dbbi_retry_wait(&retry, 0, &run, &err), 1);
	ck_assert_uint_ge(dbbi_monotonic_ms() - begun, 20);
	ck_assert_int_eq(dbbi_retry_wait(&retry, 100, &run, &err), 1);
	ck_assert_uint_ge(dbbi_monotonic_ms() - begun, 120);
	ck_assert_int_eq(dbbi_retry_wait(&retry, 0, &run, &err), 0);
}
END_TEST

static void *
cancel_soon(void *payload)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	dbbi_run_cancel(&run);
	return payload;
}

START_TEST(a_cancel_ends_the_wait)
{
	dbbi_retry retry = { .policy = { 2, 600, 600000, 600000 } };
	uint64_t begun = dbbi_monotonic_ms();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	ck_assert_int_eq(dbbi_retry_wait(&retry, 0, &run, &err),
	    DBB_ECANCELED);
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 60000);
	ck_assert_int_eq(err.code, DBB_ECANCELED);
	pthread_join(thread, NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("retry");
	TCase *tc = tcase_create("retry");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, doubles_up_to_the_most);
	tcase_add_test(tc, outlasts_a_server_that_is_away_for_half_a_minute);
	tcase_add_test(tc, ends_with_its_times);
	tcase_add_test(tc, ends_with_its_time_and_one_try_more);
	tcase_add_test(tc, counts_the_time_from_the_first_failure);
	tcase_add_test(tc, waits_as_long_as_the_server_asks);
	tcase_add_test(tc, no_numbers_overflow);
	tcase_add_test(tc, reads_what_the_server_asks);
	tcase_add_test(tc, waits_and_tells_to_try);
	tcase_add_test(tc, a_cancel_ends_the_wait);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
