/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http_internal.h"

/*
 * The bytes of bodies that came in or arrived there. What lies in the kernel's
 * buffer counts only as it drains: on a slow line that takes longer than a
 * stall may, and libcurl's own low-speed limit sees nothing move meanwhile.
 */
static uint64_t
moved(dbbi_http_exchange *x)
{
	curl_off_t up = 0;
	uint64_t waiting;

	if (x->body_size == 0)
		return x->received;
	if (curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &up) !=
	    CURLE_OK || up < 0)
		up = 0;
	waiting = dbbi_http_socket_unsent(x);
	return x->received +
	    ((uint64_t)up > waiting ? (uint64_t)up - waiting : 0);
}

/* Until then libcurl's own limit holds (`connect_s`). What it does after a
 * kept connection died counts as one with what was before. */
static int
has_begun(dbbi_http_exchange *x)
{
	curl_off_t at = 0;

	if (!x->begun && curl_easy_getinfo(x->easy,
	    CURLINFO_PRETRANSFER_TIME_T, &at) == CURLE_OK && at > 0)
		x->begun = 1;
	return x->begun;
}

void
dbbi_http_watch_begin(dbbi_http_exchange *x, uint64_t now_ms)
{
	x->since_ms = now_ms;
	x->moved_ms = now_ms;
}

/* Bytes of a header are no movement: one a second would be for ever. Nor is
 * it a stall when a limit of ours holds the transfer. */
uint64_t
dbbi_http_watch(dbbi_http_exchange *x, uint64_t now_ms)
{
	uint64_t by_now = moved(x), due, next;

	if (!has_begun(x) || x->paused != 0 ||
	    by_now >= x->moved + DBBI_HTTP_MOVED_MIN) {
		x->moved = by_now;
		x->moved_ms = now_ms;
	}
	next = x->moved_ms + (uint64_t)x->stall_s * 1000;
	if (next <= now_ms)
		x->verdict = DBBI_HTTP_STALLED;
	if (x->total_s != 0) {
		due = x->since_ms + (uint64_t)x->total_s * 1000;
		if (due <= now_ms)
			x->verdict = DBBI_HTTP_OVERDUE;
		if (due < next)
			next = due;
	}
	return next;
}
