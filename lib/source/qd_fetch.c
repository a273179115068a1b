/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/retry.h"

#define PIECE_SIZE ((size_t)4 << 20)
#define STALL_S 60
#define HEADERS 6

static const dbbi_retry_policy policy = { .times = 10, .for_s = 300,
    .first_ms = 200, .most_ms = 30000 };

struct fetch {
	dbbi_reader base;
	dbbi_qd *qd;
	char *url;
	char *etag;		/* NULL: not known yet, or there is none */
	uint64_t size;
	uint64_t at;		/* where `exchange` begins */
	dbbi_http_exchange *exchange;	/* what comes next; NULL: nothing */
	dbbi_http_response piece;	/* what is being read */
	size_t used;
	dbbi_retry retry;
};

/* ---- one piece ---- */

static size_t
piece_size(const struct fetch *f)
{
	uint64_t left = f->size - f->at;

	return left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
}

/* Ask for the piece at f->at. */
static int
start_piece(struct fetch *f, dbb_error *err)
{
	const char *const *from = dbbi_qd_headers(f->qd);
	const char *headers[HEADERS] = {0};
	char range[80], match[256];
	dbbi_http_request request = { .method = "GET", .url = f->url,
	    .headers = headers, .max_body = PIECE_SIZE, .stall_s = STALL_S };
	size_t n = 0;

	for (; *from != NULL && n < HEADERS - 3; from++)
		headers[n++] = *from;
	snprintf(range, sizeof(range), "Range: bytes=%llu-%llu",
	    (unsigned long long)f->at,
	    (unsigned long long)(f->at + piece_size(f) - 1));
	headers[n++] = range;
	if (f->etag != NULL) {
		snprintf(match, sizeof(match), "If-Match: %s", f->etag);
		headers[n] = match;
	}
	return dbbi_http_start(&f->exchange, dbbi_qd_http(f->qd), &request,
	    err);
}

static int
keep_etag(struct fetch *f, const dbbi_http_response *response,
    dbb_error *err)
{
	const char *etag = dbbi_http_header(response, "ETag");

	if (f->etag != NULL || etag == NULL || strlen(etag) > 200)
		return DBB_OK;
	f->etag = dbbi_text_dup(etag);
	return f->etag != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
refuse(dbb_error *err, const char *what)
{
	dbbi_error_set(err, DBB_ESOURCE, "%s", what);
	dbbi_error_hint(err, "somebody deleted the snapshot, or took another "
	    "one within the same second, which has the same name: run the "
	    "backup again, and let no other program take any meanwhile");
	return DBB_ESOURCE;
}

/* A whole answer: is it the piece? */
static int
judge(struct fetch *f, const dbbi_http_response *response, dbb_error *err)
{
	int rc;

	if (response->status == 404)
		return refuse(err, "the snapshot is not there any more");
	if (response->status == 412)
		return refuse(err, "the snapshot is another one than at the "
		    "beginning");
	if (response->status == 416)
		return refuse(err, "the snapshot is shorter than the server "
		    "said");
	if (response->status != 206 && response->status != 200) {
		rc = dbbi_qd_take(NULL, f->qd, response, err);
		return rc < 0 ? rc : dbbi_error_set(err, DBB_ESOURCE,
		    "the server answered %d", response->status);
	}
	if (response->body_size != piece_size(f))
		return refuse(err, "the snapshot is not as long as the server "
		    "said");
	return keep_etag(f, response, err);
}

static int
passes(const dbbi_http_response *response)
{
	switch (response->outcome) {
	case DBBI_HTTP_ANSWERED:
		return response->status == 429 || (response->status >= 502 &&
		    response->status <= 504);
	case DBBI_HTTP_NO_HOST:
	case DBBI_HTTP_REFUSED:
	case DBBI_HTTP_TIMEOUT:
	case DBBI_HTTP_CUT:
		return 1;
	case DBBI_HTTP_TLS:
	case DBBI_HTTP_TOO_BIG:
	case DBBI_HTTP_STOPPED:
	case DBBI_HTTP_CANCELED:
	case DBBI_HTTP_UPLOAD:
	case DBBI_HTTP_OTHER:
	default:
		return 0;
	}
}

/* Wait for the piece under way, and ask for it again where that may help. */
static int
take_piece(struct fetch *f, dbb_error *err)
{
	dbb_error why;
	int rc, again;

	for (;;) {
		memset(&why, 0, sizeof(why));
		rc = dbbi_http_wait(&f->piece, f->exchange, &why);
		f->exchange = NULL;
		again = passes(&f->piece);
		if (rc == 0)
			rc = judge(f, &f->piece, &why);
		if (rc == 0 || !again)
			break;
		dbbi_log(dbbi_qd_run(f->qd), DBB_LOG_INFO, "qdrant: the "
		    "download was cut at byte %llu, going on: %s",
		    (unsigned long long)f->at, why.message);
		dbbi_http_response_clear(&f->piece);
		again = dbbi_retry_wait(&f->retry, 0, dbbi_qd_run(f->qd),
		    err);
		if (again < 0)
			return again;
		if (again == 0)
			break;
		if ((rc = start_piece(f, err)) < 0)
			return rc;
	}
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

static int
next_piece(struct fetch *f, dbb_error *err)
{
	int rc;

	dbbi_http_response_clear(&f->piece);
	f->used = 0;
	if (f->exchange == NULL && (rc = start_piece(f, err)) < 0)
		return rc;
	if ((rc = take_piece(f, err)) < 0)
		return rc;
	memset(&f->retry, 0, sizeof(f->retry));
	f->retry.policy = policy;
	f->at += f->piece.body_size;
	return f->at < f->size ? start_piece(f, err) : DBB_OK;
}

/* ---- the reader ---- */

static int
read_fetch(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct fetch *f = (struct fetch *)reader;
	size_t left = f->piece.body_size - f->used;
	int rc;

	if (left == 0 && f->at < f->size) {
		if ((rc = next_piece(f, err)) < 0)
			return rc;
		left = f->piece.body_size;
	}
	if (left > size)
		left = size;
	if (left > 0)
		memcpy(buffer, f->piece.body + f->used, left);
	f->used += left;
	*got = left;
	return DBB_OK;
}

static void
stop_fetch(struct fetch *f)
{
	dbbi_http_response response;

	if (f->exchange == NULL)
		return;
	dbbi_http_wait(&response, f->exchange, NULL);
	dbbi_http_response_clear(&response);
}

static void
free_fetch(dbbi_reader *reader)
{
	struct fetch *f = (struct fetch *)reader;

	stop_fetch(f);
	dbbi_http_response_clear(&f->piece);
	free(f->url);
	free(f->etag);
	free(f);
}

int
dbbi_qd_fetch(dbbi_reader **out, dbbi_qd *qd, const char *path,
    uint64_t size, dbb_error *err)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return dbbi_error_nomem(err);
	f->base.read = read_fetch;
	f->base.free = free_fetch;
	f->qd = qd;
	f->size = size;
	f->retry.policy = policy;
	if ((f->url = dbbi_qd_url(qd, path)) == NULL) {
		free(f);
		return dbbi_error_nomem(err);
	}
	*out = &f->base;
	return DBB_OK;
}
