/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_limit: a number of bytes a second that several transfers share. Time is
 * passed in, in milliseconds of a clock that only goes on.
 */
#ifndef DBBI_HTTP_LIMIT_H
#define DBBI_HTTP_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#define DBBI_HTTP_LIMIT_PIECE 16384	/* take no more at once */

typedef struct dbbi_http_limit {
	uint64_t rate;		/* bytes a second; 0: no limit */
	uint64_t at_ms;
	int64_t left;		/* may be used now; below 0: a debt */
} dbbi_http_limit;

void dbbi_http_limit_init(dbbi_http_limit *limit, uint64_t rate,
    uint64_t now_ms);

/* How long until something may move, in ms; 0: now. */
uint64_t dbbi_http_limit_wait(dbbi_http_limit *limit, uint64_t now_ms);

/* So much has moved; more than is left is a debt, which is waited for. */
void dbbi_http_limit_take(dbbi_http_limit *limit, size_t size);

#endif
