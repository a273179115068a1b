/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retry: how often and after how long what failed is tried again.
 *
 * The wait doubles from `first_ms` to `most_ms`; its upper half is left to
 * chance, so that many clients do not come back at once. A server's own
 * Retry-After is waited for when it is longer. The time counts from the first
 * failure. Whichever of `times` and `for_s` is used up first is the end.
 *
 * With the usual policy a server may be away for a minute and is found again
 * however chance falls: the waits are 66 to 120 s together.
 */
#ifndef DBBI_RETRY_H
#define DBBI_RETRY_H

#include <stdint.h>

#include "util/run.h"

typedef struct dbbi_retry_policy {
	unsigned times;		/* after the first try; 0: never */
	unsigned for_s;
	unsigned first_ms;
	unsigned most_ms;
} dbbi_retry_policy;

#define DBBI_RETRY_POLICY_INIT { .times = 20, .for_s = 120, \
    .first_ms = 100, .most_ms = 10000 }

/* Of one request. Zero but for the policy is one that has not failed yet;
 * set it so again once there was progress. */
typedef struct dbbi_retry {
	dbbi_retry_policy policy;
	unsigned failures;
	uint64_t failed_at_ms;	/* first, by the clock that is passed in */
} dbbi_retry;

/*
 * It failed, and might be tried again. Wait, and return 1: try. Or 0: the
 * policy is used up. `after_ms` is the server's Retry-After; 0: none.
 * DBB_ECANCELED ends the wait.
 */
int dbbi_retry_wait(dbbi_retry *retry, uint64_t after_ms, dbbi_run *run,
    dbb_error *err);

/* What dbbi_retry_wait decides, without the wait: 1 and how long, or 0. Any
 * `chance` is as likely as any other. */
int dbbi_retry_next(uint64_t *wait_ms, dbbi_retry *retry, uint64_t after_ms,
    uint64_t now_ms, uint32_t chance);

/* The milliseconds that a Retry-After asks for, as seconds or as a date; 0
 * for anything that is neither, and for NULL. `now_ms` is the server's time
 * where it said it, else ours. */
uint64_t dbbi_retry_after_ms(const char *value, int64_t now_ms);

#endif
