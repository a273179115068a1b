/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"
#include "util/clock.h"

#define HEAD_MAX ((size_t)64 << 10)

static size_t
blank_end(const char *line, size_t size)
{
	while (size > 0 && strchr(" \t\r\n", line[size - 1]) != NULL)
		size--;
	return size;
}

/* The three digits behind the first blanks; 0: there are none. */
static int
status_of(const char *line, size_t size)
{
	const char *at = memchr(line, ' ', size), *end = line + size;
	int status = 0, i;

	while (at != NULL && at < end && *at == ' ')
		at++;
	for (i = 0; i < 3; i++, at++) {
		if (at == NULL || at == end || *at < '0' || *at > '9')
			return 0;
		status = status * 10 + (*at - '0');
	}
	return status < 100 ? 0 : status;
}

/* A status line begins a header anew: what an interim answer said is gone. */
static int
keep_line(dbbi_http_exchange *x, const char *line, size_t size)
{
	size_t end;

	if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
		x->head.size = 0;
		x->status = status_of(line, size);
		return DBB_OK;
	}
	end = blank_end(line, strnlen(line, size));
	if (end == 0) {
		x->head_whole = x->status >= 200;
		return DBB_OK;
	}
	if (dbbi_bytes_add(&x->head, line, end, NULL) < 0 ||
	    dbbi_bytes_add(&x->head, "", 1, NULL) < 0)
		return DBB_ENOMEM;
	return DBB_OK;
}

size_t
dbbi_http_take_header(char *line, size_t size, size_t count, void *exchange)
{
	dbbi_http_exchange *x = exchange;

	size *= count;
	if (size > HEAD_MAX - x->head_total) {
		x->verdict = DBBI_HTTP_HEADER_TOO_BIG;
		return 0;
	}
	x->head_total += size;
	if (keep_line(x, line, size) < 0) {
		x->verdict = DBBI_HTTP_NO_MEMORY;
		return 0;
	}
	return size;
}

static int
is_success(const dbbi_http_exchange *x)
{
	return x->status >= 200 && x->status <= 299;
}

static dbbi_http_verdict
keep_body(dbbi_http_exchange *x, const char *data, size_t size)
{
	if (size >= x->kept.max - x->kept.size)	/* a NUL comes behind it */
		return DBBI_HTTP_BODY_TOO_BIG;
	if (dbbi_bytes_add(&x->kept, data, size, NULL) < 0)
		return DBBI_HTTP_NO_MEMORY;
	return DBBI_HTTP_GOES_ON;
}

/* The header goes ahead of the first of the body. */
static int
copy_head(dbbi_http_exchange *x)
{
	dbbi_http_response *head = &x->down->head;

	head->outcome = DBBI_HTTP_ANSWERED;
	head->status = x->status;
	head->body = calloc(1, 1);
	head->headers = malloc(x->head.size + 1);
	if (head->body == NULL || head->headers == NULL)
		return DBB_ENOMEM;
	if (x->head.size > 0)
		memcpy(head->headers, x->head.data, x->head.size);
	head->headers_size = x->head.size;
	head->date_ms = dbbi_http_header_ms(head, "Date");
	return DBB_OK;
}

/* 0: there is no room, it has to wait. */
static int
put_down(dbbi_http_exchange *x, const char *data, size_t size)
{
	if (!x->head_given && copy_head(x) < 0)
		x->verdict = DBBI_HTTP_NO_MEMORY;
	x->head_given = 1;
	if (x->verdict != DBBI_HTTP_GOES_ON)
		return 1;
	if (dbbi_http_ring_add(&x->down->ring, data, size) == 0) {
		x->sunk += size;
		return 1;
	}
	x->held |= CURLPAUSE_RECV;
	return 0;
}

size_t
dbbi_http_take_body(char *data, size_t size, size_t count, void *exchange)
{
	dbbi_http_exchange *x = exchange;
	dbbi_http_limit *limit = &x->client->down;

	size *= count;
	if (dbbi_http_limit_wait(limit, dbbi_monotonic_ms()) > 0) {
		x->paused |= CURLPAUSE_RECV;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (x->down != NULL && is_success(x)) {
		if (!put_down(x, data, size))
			return CURL_WRITEFUNC_PAUSE;
	} else if (x->sink == NULL || !is_success(x))
		x->verdict = keep_body(x, data, size);
	else if (x->sink(data, size, x->payload) != 0)
		x->verdict = DBBI_HTTP_SINK_STOPPED;
	else
		x->sunk += size;
	if (x->verdict != DBBI_HTTP_GOES_ON)
		return 0;
	dbbi_http_limit_take(limit, size);
	x->received += size;
	return size;
}

int
dbbi_http_answer(dbbi_http_response *out, dbbi_http_exchange *x,
    dbb_error *err)
{
	int rc;

	if ((rc = dbbi_bytes_add(&x->kept, "", 1, err)) < 0)
		return rc;
	out->status = x->status < 200 ? 0 : x->status;
	out->body = (char *)x->kept.data;
	out->body_size = x->kept.size - 1;
	out->received = x->sunk;
	out->headers = (char *)x->head.data;
	out->headers_size = x->head.size;
	x->kept.data = NULL;
	x->head.data = NULL;
	out->date_ms = dbbi_http_header_ms(out, "Date");
	return DBB_OK;
}

const char *
dbbi_http_header(const dbbi_http_response *response, const char *name)
{
	const char *line = response->headers, *end, *value;
	size_t size = strlen(name);

	if (line == NULL)
		return NULL;
	end = line + response->headers_size;
	for (; line < end; line += strlen(line) + 1) {
		if (strncasecmp(line, name, size) != 0 || line[size] != ':')
			continue;
		value = line + size + 1;
		return value + strspn(value, " \t");
	}
	return NULL;
}

int64_t
dbbi_http_header_ms(const dbbi_http_response *response, const char *name)
{
	const char *text = dbbi_http_header(response, name);
	time_t at = text == NULL ? -1 : curl_getdate(text, NULL);

	return at <= 0 || at > INT64_MAX / 1000 ? 0 : (int64_t)at * 1000;
}

void
dbbi_http_response_clear(dbbi_http_response *response)
{
	free(response->body);
	free(response->headers);
	memset(response, 0, sizeof(*response));
}
