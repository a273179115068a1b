/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects are read in pieces. The first says how long the object is and which
 * one; the others are asked for side by side, of that same object.
 */
#include <config.h>

#include "store/s3_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/s3_as_of.h"
#include "store/s3_piece.h"

#define GET_SIZE ((size_t)8 << 20)	/* a piece that goes to a receiver */

/* Reading one object. */
struct walk {
	dbbi_s3 *s3;
	const char *name;
	char *query;			/* of its version; NULL: none */
	uint64_t next;			/* to be asked for */
	uint64_t end;			/* not to be asked for any more */
	size_t piece_size;
	uint8_t *to;			/* where the bytes go; NULL: each piece
					   has a buffer, and `fn` gets it */
	uint64_t begin;			/* of what goes there */
	dbb_write_fn fn;
	void *payload;
	dbbi_s3_piece *pieces;		/* a ring */
	size_t count, first, under_way;
	char etag[DBBI_S3_ETAG_SIZE];
	uint64_t got;
};

static int
begin_piece(struct walk *w, dbb_error *err)
{
	dbbi_s3_piece *p = &w->pieces[(w->first + w->under_way) % w->count];
	uint8_t *buffer = w->to != NULL ? w->to + (w->next - w->begin) :
	    p->buffer;
	uint64_t left = w->end - w->next;
	int rc;

	if (buffer == NULL && (buffer = malloc(w->piece_size)) == NULL)
		return dbbi_error_nomem(err);
	memset(p, 0, sizeof(*p));
	p->s3 = w->s3;
	p->name = w->name;
	p->query = w->query;
	p->offset = w->next;
	p->buffer = buffer;
	p->size = left < w->piece_size ? (size_t)left : w->piece_size;
	memcpy(p->etag, w->etag, sizeof(p->etag));
	if ((rc = dbbi_s3_piece_begin(p, err)) == DBB_OK) {
		w->next += p->size;
		w->under_way++;
	}
	return rc;
}

static int
end_piece(struct walk *w, dbb_error *err)
{
	dbbi_s3_piece *p = &w->pieces[w->first];
	int rc;

	w->first = (w->first + 1) % w->count;
	w->under_way--;
	if ((rc = dbbi_s3_piece_end(p, err)) < 0)
		return rc;
	if (w->fn != NULL && p->got > 0 &&
	    w->fn(p->buffer, p->got, w->payload) != 0)
		return dbbi_error_set(err, DBB_ECANCELED,
		    "the receiver stopped taking it");
	w->got += p->got;
	memcpy(w->etag, p->etag, sizeof(w->etag));
	if (p->got < p->size || p->size == 0)
		w->end = w->next;	/* the object is at its end */
	else if (p->known && p->total < w->end)
		w->end = p->total;
	if (w->next > w->end)
		w->next = w->end;
	return DBB_OK;
}

static int
walk(struct walk *w, dbb_error *err)
{
	int rc;

	rc = dbbi_s3_as_of_query(&w->query, w->s3, w->name, err);
	if (rc < 0)
		return rc;
	w->pieces = calloc(w->count, sizeof(*w->pieces));
	if (w->pieces == NULL)
		return dbbi_error_nomem(err);
	if ((rc = begin_piece(w, err)) == DBB_OK)
		rc = end_piece(w, err);
	while (rc == DBB_OK && (w->under_way > 0 || w->next < w->end)) {
		while (rc == DBB_OK && w->next < w->end &&
		    w->under_way < w->count)
			rc = begin_piece(w, err);
		if (rc == DBB_OK)
			rc = end_piece(w, err);
	}
	return rc;
}

static void
end_walk(struct walk *w)
{
	size_t i;

	for (; w->under_way > 0; w->under_way--) {
		dbbi_s3_piece_drop(&w->pieces[w->first]);
		w->first = (w->first + 1) % w->count;
	}
	for (i = 0; w->to == NULL && w->pieces != NULL && i < w->count; i++)
		free(w->pieces[i].buffer);
	free(w->pieces);
	free(w->query);
}

/* Nothing is asked for, or what no object has: but is it there at all? */
static int
read_nothing(dbbi_s3 *s3, const char *name, dbb_error *err)
{
	dbb_object object = { .size = sizeof(object) };

	return dbbi_s3_stat(&object, s3, name, err);
}

int
dbbi_s3_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	dbbi_s3 *s3 = store;
	size_t part = s3->settings.part_size;
	struct walk w = {
		.s3 = s3, .name = name, .next = offset, .begin = offset,
		.to = buffer, .count = s3->settings.concurrency,
	};
	int rc;

	if (size == 0 || offset > INT64_MAX - size) {
		if ((rc = read_nothing(s3, name, err)) == DBB_OK)
			*got = 0;
		return rc;
	}
	w.end = offset + size;
	w.piece_size = size < 2 * part ? size : part;
	rc = walk(&w, err);
	end_walk(&w);
	if (rc == DBB_OK)
		*got = (size_t)w.got;
	return rc;
}

int
dbbi_s3_get(void *store, const char *name, uint64_t offset, uint64_t length,
    dbb_write_fn fn, void *payload, dbb_error *err)
{
	dbbi_s3 *s3 = store;
	struct walk w = {
		.s3 = s3, .name = name, .next = offset, .begin = offset,
		.fn = fn, .payload = payload,
		.count = s3->settings.concurrency,
	};
	int rc;

	if (length == 0 || offset >= INT64_MAX)
		return read_nothing(s3, name, err);
	w.end = length < INT64_MAX - offset ? offset + length : INT64_MAX;
	w.piece_size = s3->settings.part_size < GET_SIZE ?
	    s3->settings.part_size : GET_SIZE;
	rc = walk(&w, err);
	end_walk(&w);
	return rc;
}

/* ---- stat ---- */

static int
read_head(dbb_object *out, const dbbi_http_response *head, dbb_error *err)
{
	const char *length = dbbi_http_header(head, "Content-Length");
	uint64_t size;

	if (length == NULL || dbbi_parse_u64(&size, length, 0,
	    INT64_MAX) != 0)
		return dbbi_error_set(err, DBB_EIO, "the server did not say "
		    "how long the object is");
	out->size_bytes = size;
	out->modified_at_ms = dbbi_http_header_ms(head, "Last-Modified");
	return DBB_OK;
}

/* An answer to HEAD has no body to say why. The same asked as GET has. */
static int
ask_why(dbbi_s3 *s3, const char *name, dbb_error *err)
{
	const char *headers[] = { "Range: bytes=0-0", NULL };
	dbbi_s3_request request = {
		.action = DBBI_S3_STAT, .method = "GET", .name = name,
		.headers = headers,
	};
	dbbi_http_response response;
	int rc;

	rc = dbbi_s3_do(&response, s3, &request, err);
	if (response.status == 416)
		rc = DBB_OK;
	dbbi_http_response_clear(&response);
	return rc;
}

int
dbbi_s3_head(dbbi_http_response *out, dbbi_s3 *s3, const char *name,
    dbb_error *err)
{
	const char *headers[] = { "x-amz-checksum-mode: ENABLED", NULL };
	dbbi_s3_request request = {
		.action = DBBI_S3_STAT, .method = "HEAD", .name = name,
		.headers = headers,
	};
	int rc;

	rc = dbbi_s3_do(out, s3, &request, err);
	if (rc == DBB_OK || out->status < 300)
		return rc;
	if ((rc = ask_why(s3, name, err)) < 0)
		return rc;
	dbbi_http_response_clear(out);	/* what was wrong was put right */
	return dbbi_s3_do(out, s3, &request, err);
}

int
dbbi_s3_stat(dbb_object *out, void *store, const char *name, dbb_error *err)
{
	const dbbi_s3 *s3 = store;
	dbbi_http_response head;
	int rc;

	if (s3->as_of != NULL)
		return dbbi_s3_as_of_stat(out, store, name, err);
	if ((rc = dbbi_s3_head(&head, store, name, err)) == DBB_OK)
		rc = read_head(out, &head, err);
	dbbi_http_response_clear(&head);
	return rc;
}
