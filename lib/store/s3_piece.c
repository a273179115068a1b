/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_piece.h"

#include <stdio.h>
#include <string.h>

#include "util/clock.h"

#define PROGRESS_MIN ((size_t)64 << 10)	/* a try that gave as much begins
					   the count of tries anew */

/* On the engine's thread, while nobody else looks at the piece. */
static int
take(const void *data, size_t size, void *payload)
{
	dbbi_s3_piece *p = payload;
	size_t room = p->size - p->got;
	size_t n = size < room ? size : room;

	memcpy(p->buffer + p->got, data, n);
	p->got += n;
	return n < size;
}

static int
ask(dbbi_s3_piece *p, dbb_error *err)
{
	dbbi_s3_request request = {
		.action = DBBI_S3_READ, .method = "GET", .name = p->name,
		.query = p->query, .headers = p->headers, .sink = take, .payload = p,
		.once = 1,
	};

	p->tries++;
	p->begun_at = p->got;
	snprintf(p->range, sizeof(p->range), "Range: bytes=%llu-%llu",
	    (unsigned long long)(p->offset + p->got),
	    (unsigned long long)(p->offset + p->size - 1));
	snprintf(p->match, sizeof(p->match), "If-Match: %s", p->etag);
	p->headers[0] = p->range;
	p->headers[1] = p->etag[0] != '\0' ? p->match : NULL;
	p->headers[2] = NULL;
	return dbbi_s3_begin(&p->call, p->s3, &request, err);
}

int
dbbi_s3_piece_begin(dbbi_s3_piece *piece, dbb_error *err)
{
	piece->retry.policy = piece->s3->settings.retry;
	return ask(piece, err);
}

/* ---- is the answer what was asked for? ---- */

static int
parse_number(uint64_t *out, const char **at, const char *ends)
{
	char digits[24];
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n >= sizeof(digits) || strchr(ends, (*at)[n]) == NULL)
		return -1;
	memcpy(digits, *at, n);
	digits[n] = '\0';
	*at += n + ((*at)[n] != '\0');
	return dbbi_parse_u64(out, digits, 0, INT64_MAX);
}

/* "bytes 0-9/100" */
static int
parse_range(uint64_t *first, uint64_t *last, uint64_t *total,
    const char *text)
{
	if (text == NULL || strncmp(text, "bytes ", 6) != 0)
		return -1;
	text += 6;
	if (parse_number(first, &text, "-") < 0 ||
	    parse_number(last, &text, "/") < 0 ||
	    parse_number(total, &text, "") < 0)
		return -1;
	return *first <= *last && *last < *total ? 0 : -1;
}

static int
refuse(dbbi_s3_piece *p, dbb_error *err, const char *why)
{
	p->got = p->begun_at;
	return dbbi_error_set(err, DBB_EIO, "%s", why);
}

/* A server that ignores ranges gives the whole; from the beginning on that
 * is as good. */
static int
check_whole(dbbi_s3_piece *p, const dbbi_http_response *response,
    dbb_error *err)
{
	const char *length = dbbi_http_header(response, "Content-Length");

	if (p->offset + p->begun_at != 0)
		return refuse(p, err, "the server gave the whole object where "
		    "a part was asked for");
	if (length == NULL || dbbi_parse_u64(&p->total, length, 0,
	    INT64_MAX) != 0)
		return refuse(p, err, "the server did not say how long the "
		    "object is");
	p->known = 1;
	return DBB_OK;
}

static int
check_part(dbbi_s3_piece *p, const dbbi_http_response *response,
    dbb_error *err)
{
	uint64_t first, last, total;

	if (parse_range(&first, &last, &total, dbbi_http_header(response,
	    "Content-Range")) != 0 ||
	    first != p->offset + p->begun_at ||
	    last > p->offset + p->size - 1 ||
	    p->got - p->begun_at > last - first + 1)
		return refuse(p, err, "the server gave another part of the "
		    "object than was asked for");
	if (p->known && total != p->total)
		return refuse(p, err, "the object was replaced while it was "
		    "read");
	p->total = total;
	p->known = 1;
	return DBB_OK;
}

/* Whether the answer ended well or was cut: are its bytes those? */
static int
check_answer(dbbi_s3_piece *p, const dbbi_http_response *response,
    dbb_error *err)
{
	const char *etag = dbbi_http_header(response, "ETag");
	int rc;

	if (response->status == 206)
		rc = check_part(p, response, err);
	else
		rc = check_whole(p, response, err);
	if (rc == DBB_OK && p->etag[0] == '\0' && etag != NULL &&
	    strlen(etag) < sizeof(p->etag))
		snprintf(p->etag, sizeof(p->etag), "%s", etag);
	return rc;
}

/* ---- the end of a try ---- */

static int
is_complete(const dbbi_s3_piece *p)
{
	return p->got == p->size ||
	    (p->known && p->offset + p->got >= p->total);
}

/* A try failed: 1 when the next may go on. */
static int
go_on(dbbi_s3_piece *p, const dbb_error *why, dbb_error *err)
{
	if (p->got - p->begun_at >= PROGRESS_MIN)
		p->retry = (dbbi_retry){ .policy = p->retry.policy };
	if (!atomic_load(&p->s3->reached))
		p->retry.policy.times = p->call.retry.policy.times;
	dbbi_log(p->s3->run, DBB_LOG_INFO, "s3: reading '%s': %s; going on at "
	    "byte %llu (try %u of %u)", p->name, why->message,
	    (unsigned long long)(p->offset + p->got), p->retry.failures + 1,
	    p->retry.policy.times);
	return dbbi_s3_wait(p->s3, &p->retry, 0, err);
}

/* 412 can only be meant for If-Match. */
static int
report(const dbbi_s3_piece *p, const dbb_error *why, int rc, dbb_error *err)
{
	if (p->call.status == 412)
		return dbbi_error_set(err, DBB_EIO,
		    "the object was replaced while it was read");
	if (err != NULL)
		*err = *why;
	if (p->retry.failures > 0)
		dbbi_error_context(err, rc, "given up after %u tries in %llu "
		    "s", p->tries, (unsigned long long)
		    ((dbbi_monotonic_ms() - p->retry.failed_at_ms) / 1000));
	return rc;
}

/* 1: another try is needed. */
static int
end_try(dbbi_s3_piece *p, dbb_error *err)
{
	dbbi_http_response response;
	dbb_error why = {0};
	int rc, again;

	rc = dbbi_s3_end(&response, &p->call, &why);
	if (response.status == 416 && p->got == 0) {
		rc = DBB_OK;		/* it ends before the offset */
		p->size = 0;
	} else if (response.status == 200 || response.status == 206) {
		again = check_answer(p, &response, &why);
		if (again < 0) {
			rc = again;
			p->call.passes = 0;
		} else if (p->got == p->size) {
			rc = DBB_OK;	/* also when more would come */
		}
	}
	dbbi_http_response_clear(&response);
	if (rc == DBB_OK && !is_complete(p) && p->got == p->begun_at)
		rc = dbbi_error_set(&why, DBB_EIO, "the server gave nothing");
	if (rc == DBB_OK)
		return !is_complete(p);
	if (!p->call.passes || rc == DBB_ECANCELED)
		return report(p, &why, rc, err);
	if ((again = go_on(p, &why, err)) != 0)
		return again;
	return report(p, &why, rc, err);
}

int
dbbi_s3_piece_end(dbbi_s3_piece *piece, dbb_error *err)
{
	int rc;

	while ((rc = end_try(piece, err)) > 0)
		if ((rc = ask(piece, err)) < 0)
			break;
	return rc;
}

void
dbbi_s3_piece_drop(dbbi_s3_piece *piece)
{
	dbbi_http_response response;

	(void)dbbi_s3_end(&response, &piece->call, NULL);
	dbbi_http_response_clear(&response);
}
