/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/retry.h"

#include <curl/curl.h>
#include <poll.h>

#include "util/clock.h"
#include "util/random.h"
#include "util/text.h"

#define AFTER_MAX_S 86400	/* no more is asked for in earnest */

/* The longest wait after so many failures. */
static uint64_t
longest_wait(const dbbi_retry_policy *policy, unsigned failures)
{
	uint64_t wait = policy->first_ms;

	while (--failures > 0 && wait < policy->most_ms)
		wait *= 2;
	return wait < policy->most_ms ? wait : policy->most_ms;
}

int
dbbi_retry_next(uint64_t *wait_ms, dbbi_retry *retry, uint64_t after_ms,
    uint64_t now_ms, uint32_t chance)
{
	uint64_t all = (uint64_t)retry->policy.for_s * 1000, over, wait;

	if (retry->failures == 0)
		retry->failed_at_ms = now_ms;
	over = now_ms - retry->failed_at_ms;
	if (retry->failures >= retry->policy.times || over >= all)
		return 0;
	retry->failures++;
	wait = longest_wait(&retry->policy, retry->failures);
	wait = wait - wait / 2 + (wait / 2) * chance / UINT32_MAX;
	if (wait < after_ms)
		wait = after_ms;
	/* What is left ends with one try more. */
	*wait_ms = wait < all - over ? wait : all - over;
	return 1;
}

/* Sleep, until canceled. */
static int
sleep_ms(uint64_t wait_ms, dbbi_run *run, dbb_error *err)
{
	struct pollfd fd = { .fd = dbbi_run_wake_fd(run), .events = POLLIN };
	uint64_t until = dbbi_monotonic_ms() + wait_ms, now;
	int rc;

	while ((rc = dbbi_run_check(run, err)) == 0 &&
	    (now = dbbi_monotonic_ms()) < until)
		poll(&fd, 1, until - now < 60000 ? (int)(until - now) : 60000);
	return rc;
}

int
dbbi_retry_wait(dbbi_retry *retry, uint64_t after_ms, dbbi_run *run,
    dbb_error *err)
{
	uint32_t chance = 0;
	uint64_t wait_ms;
	int rc;

	if ((rc = dbbi_random(&chance, sizeof(chance), err)) < 0)
		return rc;
	if (!dbbi_retry_next(&wait_ms, retry, after_ms, dbbi_monotonic_ms(),
	    chance))
		return 0;
	rc = sleep_ms(wait_ms, run, err);
	return rc < 0 ? rc : 1;
}

uint64_t
dbbi_retry_after_ms(const char *value, int64_t now_ms)
{
	uint64_t seconds = 0;
	int64_t at_s;

	if (value == NULL)
		return 0;
	if (dbbi_parse_u64(&seconds, value, 0, UINT64_MAX) < 0) {
		at_s = (int64_t)curl_getdate(value, NULL);
		if (at_s > now_ms / 1000)
			seconds = (uint64_t)(at_s - now_ms / 1000);
	}
	return (seconds < AFTER_MAX_S ? seconds : AFTER_MAX_S) * 1000;
}
