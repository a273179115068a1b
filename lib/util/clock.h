/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: the time of day and how it is written. What must be tested takes
 * the time as an argument.
 */
#ifndef DBBI_CLOCK_H
#define DBBI_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define DBBI_TIME_SIZE 32	/* room for the longest form, NUL included */

int64_t dbbi_now_ms(void);		/* since 1970, UTC */
uint64_t dbbi_monotonic_ms(void);

/* A moment, by two clocks: one stands still while a machine sleeps, the
 * other may be set. */
typedef struct dbbi_moment {
	uint64_t monotonic_ms;
	int64_t at_ms;
} dbbi_moment;

dbbi_moment dbbi_moment_now(void);

/* How long ago it was, by the clock that says more. */
int64_t dbbi_moment_age(const dbbi_moment *moment);

/* "2026-11-22T02:00:00.123Z" (RFC 3339). */
void dbbi_time_rfc3339(char out[DBBI_TIME_SIZE], int64_t at_ms);

/* "20261122T020000Z", the beginning of a set's id. */
void dbbi_time_compact(char out[DBBI_TIME_SIZE], int64_t at_ms);

/* Read the RFC 3339 form above; 0, or -1 for anything else. */
int dbbi_time_parse(int64_t *out_ms, const char *text);

#endif
