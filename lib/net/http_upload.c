/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A body that comes from a reader. Who waits for the answer reads it, and puts
 * it into a ring; the engine sends what is there. The last byte of a body whose
 * length was said goes in only after the reader has reported its end: before
 * that no server has a whole body.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"

#define PIECE_MAX ((size_t)256 << 10)	/* asked of the reader at once */

struct dbbi_http_upload {
	dbbi_http_ring ring;
	dbbi_reader *reader;
	uint64_t size;			/* 0: not known */
	uint64_t total;			/* read */
	int given;			/* the engine's: all of it */
	dbb_error error;		/* the reader's, or ours about it */
};

int
dbbi_http_upload_new(dbbi_http_upload **out,
    const dbbi_http_request *request, dbb_error *err)
{
	dbbi_http_upload *u = calloc(1, sizeof(*u));
	int rc;

	if (u == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_http_ring_init(&u->ring, request->ring_size,
	    err)) < 0) {
		free(u);
		return rc;
	}
	u->reader = request->upload;
	u->size = request->upload_size;
	*out = u;
	return DBB_OK;
}

void
dbbi_http_upload_free(dbbi_http_upload *u)
{
	if (u == NULL)
		return;
	dbbi_http_ring_clear(&u->ring);
	free(u);
}

void
dbbi_http_upload_close(dbbi_http_upload *u)
{
	dbbi_http_ring_close(&u->ring);
}

/* ---- who waits ---- */

static int
refuse_length(dbbi_http_upload *u, const char *how)
{
	return dbbi_error_set(&u->error, DBB_EIO, "what is sent is %s than the "
	    "%llu bytes that were announced", how,
	    (unsigned long long)u->size);
}

/* All that was announced is read: is this the end, and a good one? */
static int
prove_end(dbbi_http_upload *u)
{
	size_t got = 0;
	char more;
	int rc;

	if ((rc = dbbi_reader_read(&got, u->reader, &more, 1, &u->error)) < 0)
		return rc;
	return got == 0 ? 0 : refuse_length(u, "longer");
}

static int
read_piece(size_t *got, dbbi_http_upload *u, uint8_t *to, size_t room)
{
	uint64_t left = u->size - u->total;
	int rc;

	if (room > PIECE_MAX)
		room = PIECE_MAX;
	if (u->size != 0 && room > left)
		room = (size_t)left;
	*got = 0;
	rc = dbbi_reader_read(got, u->reader, to, room, &u->error);
	if (rc < 0)
		return rc;
	u->total += *got;
	if (u->size == 0)
		return 0;
	if (*got == 0)
		return refuse_length(u, "shorter");
	return u->total == u->size ? prove_end(u) : 0;
}

/* 1: there may be more; 0: that was all, or nobody wants it any more. */
static int
feed_piece(dbbi_http_exchange *x)
{
	dbbi_http_upload *u = x->upload;
	size_t room, got;
	uint8_t *at;
	int rc;

	if ((room = dbbi_http_ring_wait_room(&at, &u->ring)) == 0)
		return 0;
	if ((rc = read_piece(&got, u, at, room)) < 0)
		return rc;
	if (got > 0 && dbbi_http_ring_put(&u->ring, got))
		dbbi_http_go_on(x);
	if (got > 0 && (u->size == 0 || u->total < u->size))
		return 1;
	if (dbbi_http_ring_end(&u->ring))
		dbbi_http_go_on(x);
	return 0;
}

void
dbbi_http_upload_feed(dbbi_http_exchange *x)
{
	int rc;

	while ((rc = feed_piece(x)) > 0)
		;
	if (rc < 0)
		dbbi_http_stop(x, DBBI_HTTP_UPLOAD_FAILED);
}

int
dbbi_http_upload_report(const dbbi_http_upload *u, dbb_error *err)
{
	if (err != NULL)
		*err = u->error;
	return u->error.code;
}

/* ---- the engine ---- */

int
dbbi_http_upload_given(const dbbi_http_upload *u)
{
	return u->given;
}

/* The socket is looked at last of all. Where the server has said something
 * that is read first: it may be a refusal, and to send once more after that
 * would lose it. But each second time only, or half a record of TLS would
 * keep the body from going on. */
static int
is_spoken_to(dbbi_http_exchange *x)
{
	x->listened = !x->listened && x->held == 0 && x->paused == 0 &&
	    dbbi_http_socket_readable(x);
	return x->listened;
}

size_t
dbbi_http_upload_give(dbbi_http_exchange *x, char *buffer, size_t size)
{
	dbbi_http_upload *u = x->upload;
	const uint8_t *at;
	size_t n;

	if (dbbi_http_is_being_refused(x)) {
		x->held |= CURLPAUSE_SEND;
		return CURL_READFUNC_PAUSE;
	}
	n = dbbi_http_ring_peek(&at, &u->given, &u->ring);
	if (u->given)
		return 0;
	if (n > size)
		n = size;
	if (n > 0)
		memcpy(buffer, at, n);
	if (n > 0 && is_spoken_to(x)) {
		dbbi_http_go_on(x);
		n = 0;
	}
	if (n == 0) {
		x->held |= CURLPAUSE_SEND;
		return CURL_READFUNC_PAUSE;
	}
	dbbi_http_ring_drop(&u->ring, n);
	u->given = u->size != 0 && x->sent + n == u->size;
	return n;
}
