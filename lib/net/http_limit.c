/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http_limit.h"

#define BURST_MS 100		/* what was not used for longer is lost */
#define RATE_MAX ((uint64_t)1 << 40)
#define PASSED_MAX ((uint64_t)1 << 22)

void
dbbi_http_limit_init(dbbi_http_limit *limit, uint64_t rate, uint64_t now_ms)
{
	limit->rate = rate > RATE_MAX ? 0 : rate;
	limit->at_ms = now_ms;
	limit->left = 0;
}

/* Time in which not even a byte came together is kept for the next look. */
static void
refill(dbbi_http_limit *limit, uint64_t now_ms)
{
	uint64_t most = limit->rate * BURST_MS / 1000 + 1;
	uint64_t passed, more;

	if (now_ms <= limit->at_ms)
		return;
	passed = now_ms - limit->at_ms;
	if (passed > PASSED_MAX)
		passed = PASSED_MAX;
	more = limit->rate * passed / 1000;
	if (more == 0)
		return;
	limit->at_ms = now_ms;
	limit->left += (int64_t)more;
	if (limit->left > (int64_t)most)
		limit->left = (int64_t)most;
}

uint64_t
dbbi_http_limit_wait(dbbi_http_limit *limit, uint64_t now_ms)
{
	if (limit->rate == 0)
		return 0;
	refill(limit, now_ms);
	if (limit->left > 0)
		return 0;
	return (uint64_t)(1 - limit->left) * 1000 / limit->rate + 1;
}

void
dbbi_http_limit_take(dbbi_http_limit *limit, size_t size)
{
	if (limit->rate != 0)
		limit->left -= (int64_t)size;
}
