/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <limits.h>

#include "net/http_internal.h"
#include "util/clock.h"

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

	if (x->body_size == 0 && x->upload == NULL)
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

/* Has the server all of the request, and has it said nothing final? */
static int
is_answering(const dbbi_http_exchange *x)
{
	int given = x->upload != NULL ? dbbi_http_upload_given(x->upload) :
	    x->sent == x->body_size;

	return x->begun && given && x->status < 200 &&
	    dbbi_http_socket_unsent(x) == 0;
}

/* A transfer that we hold is no stall: a limit does, or a reader has nothing
 * for now while the server has all that there was, or nobody takes what
 * came. */
static int
is_held(const dbbi_http_exchange *x)
{
	return x->paused != 0 || (x->held & CURLPAUSE_RECV) != 0 ||
	    (x->held != 0 && dbbi_http_socket_unsent(x) == 0);
}

/* The moment from which on nothing may move any more. */
static uint64_t
due(const dbbi_http_exchange *x)
{
	unsigned most = x->answering ? x->answer_s : x->stall_s;

	return most == UINT_MAX ? UINT64_MAX :
	    x->moved_ms + (uint64_t)most * 1000;
}

void
dbbi_http_watch_release(dbbi_http_exchange *x)
{
	if (is_held(x))
		x->moved_ms = dbbi_monotonic_ms();
}

void
dbbi_http_watch_begin(dbbi_http_exchange *x, uint64_t now_ms)
{
	x->since_ms = now_ms;
	x->moved_ms = now_ms;
}

/* Bytes of a header are no movement: one a second would be for ever. */
uint64_t
dbbi_http_watch(dbbi_http_exchange *x, uint64_t now_ms)
{
	uint64_t by_now = moved(x), end, next;
	int answering = has_begun(x) && is_answering(x);

	if (!x->begun || is_held(x) || answering != x->answering ||
	    by_now >= x->moved + DBBI_HTTP_MOVED_MIN) {
		x->moved = by_now;
		x->moved_ms = now_ms;
		x->answering = answering;
	}
	next = due(x);
	if (next <= now_ms)
		x->verdict = x->answering ? DBBI_HTTP_UNANSWERED :
		    DBBI_HTTP_STALLED;
	if (x->total_s != 0) {
		end = x->since_ms + (uint64_t)x->total_s * 1000;
		if (end <= now_ms)
			x->verdict = DBBI_HTTP_OVERDUE;
		if (end < next)
			next = end;
	}
	return next;
}
