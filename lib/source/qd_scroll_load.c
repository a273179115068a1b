/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_load: points put back in batches. */
#include <config.h>

#include "source/qd_scroll.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_scroll_format.h"

#define BATCH_BYTES ((size_t)2 << 20)	/* sent when it has so many, */
#define BODY_MAX (DBBI_QD_LINE_MAX + BATCH_BYTES + 4096)
#define READ_SIZE ((size_t)128 << 10)

struct load {
	dbbi_qd *qd;
	const char *collection;
	char *path;		/* of the requests with points */
	dbbi_json *header;
	dbbi_bytes body;	/* "{"points":[…", without its end */
	dbbi_bytes key;		/* the shard key of what is in it; empty:
				   none */
	dbbi_bytes first;	/* the first point's id, to tell */
};

static int
add_text(dbbi_bytes *to, const char *text, dbb_error *err)
{
	return dbbi_bytes_add(to, text, strlen(text), err);
}

/* ---- a batch ---- */

static int
close_body(struct load *load, dbb_error *err)
{
	int rc = add_text(&load->body, "]", err);

	if (rc == 0 && load->key.size > 0 &&
	    (rc = add_text(&load->body, ",\"shard_key\":", err)) == 0)
		rc = dbbi_bytes_add(&load->body, load->key.data,
		    load->key.size, err);
	return rc < 0 ? rc : dbbi_bytes_add(&load->body, "}", 2, err);
}

static int
send_batch(struct load *load, dbb_error *err)
{
	dbbi_http_response response = {0};
	int rc;

	if (load->body.size == 0)
		return DBB_OK;
	if ((rc = close_body(load, err)) < 0)
		return rc;
	rc = dbbi_qd_ask_text(&response, load->qd, "PUT", load->path,
	    (const char *)load->body.data, err);
	dbbi_http_response_clear(&response);
	load->body.size = 0;
	return dbbi_error_context(err, rc, "putting points from %.*s on",
	    (int)load->first.size, (const char *)load->first.data);
}

static int
begin_batch(struct load *load, const dbbi_qd_point *point, dbb_error *err)
{
	int rc;

	load->key.size = load->first.size = 0;
	if ((rc = dbbi_bytes_add(&load->first, point->id.at, point->id.size,
	    err)) < 0)
		return rc;
	if (point->shard_key.at != NULL &&
	    (rc = dbbi_json_span_write(&load->key, point->shard_key,
	    err)) < 0)
		return rc;
	return add_text(&load->body, "{\"points\":[", err);
}

static int
has_other_key(const struct load *load, const dbbi_qd_point *point)
{
	return load->key.size != point->shard_key.size ||
	    (load->key.size > 0 && memcmp(load->key.data,
	    point->shard_key.at, load->key.size) != 0);
}

/* A server wants `vector`, be it empty. */
static int
add_point(struct load *load, const dbbi_qd_point *point, dbb_error *err)
{
	static const char none[] = "{}";
	dbbi_qd_point put = *point;

	memset(&put.shard_key, 0, sizeof(put.shard_key));
	if (put.vector.at == NULL) {
		put.vector.at = none;
		put.vector.size = strlen(none);
	}
	return dbbi_qd_point_write(&load->body, &put, err);
}

/* ---- the stream's parts ---- */

static int
take_header(void *payload, const dbbi_json *header, dbb_error *err)
{
	struct load *load = payload;

	load->header = json_object_get((dbbi_json *)(uintptr_t)header);
	return dbbi_qd_scroll_make(load->qd, load->collection, header, err);
}

static int
take_point(void *payload, const dbbi_qd_point *point, dbb_error *err)
{
	struct load *load = payload;
	int rc;

	if (load->body.size > 0 && has_other_key(load, point) &&
	    (rc = send_batch(load, err)) < 0)
		return rc;
	rc = load->body.size == 0 ? begin_batch(load, point, err) :
	    add_text(&load->body, ",", err);
	if (rc == 0)
		rc = add_point(load, point, err);
	if (rc == 0 && load->body.size >= BATCH_BYTES)
		rc = send_batch(load, err);
	return rc;
}

static int
pump(dbbi_qd_scroll_parser *parser, dbbi_reader *in, dbbi_run *run,
    dbb_error *err)
{
	char *buffer = malloc(READ_SIZE);
	size_t got;
	int rc;

	if (buffer == NULL)
		return dbbi_error_nomem(err);
	while ((rc = dbbi_run_check(run, err)) == 0 &&
	    (rc = dbbi_reader_read(&got, in, buffer, READ_SIZE, err)) == 0 &&
	    got > 0)
		if ((rc = dbbi_qd_scroll_parser_feed(parser, buffer, got,
		    err)) < 0)
			break;
	free(buffer);
	return rc;
}

static int
load_all(struct load *load, dbbi_reader *in, dbb_error *err)
{
	dbbi_qd_scroll_sink sink = { .header = take_header,
	    .point = take_point, .payload = load };
	dbbi_qd_scroll_parser *parser = NULL;
	int rc;

	if ((rc = dbbi_qd_scroll_parser_new(&parser, &sink, err)) < 0)
		return rc;
	if ((rc = pump(parser, in, dbbi_qd_run(load->qd), err)) == 0 &&
	    (rc = dbbi_qd_scroll_parser_end(parser, err)) == 0 &&
	    (rc = send_batch(load, err)) == 0)
		rc = dbbi_qd_scroll_finish(load->qd, load->collection,
		    load->header, err);
	dbbi_qd_scroll_parser_free(parser);
	return rc;
}

int
dbbi_qd_scroll_load(dbbi_qd *qd, const char *collection, dbbi_reader *in,
    dbb_error *err)
{
	struct load load = { .qd = qd, .collection = collection };
	int rc;

	dbbi_bytes_init(&load.body, BODY_MAX);
	dbbi_bytes_init(&load.key, 4096);
	dbbi_bytes_init(&load.first, 64);
	load.path = dbbi_qd_path("/collections/%s/points?wait=true",
	    collection);
	rc = load.path != NULL ? load_all(&load, in, err) :
	    dbbi_error_nomem(err);
	dbbi_bytes_clear(&load.body);
	dbbi_bytes_clear(&load.key);
	dbbi_bytes_clear(&load.first);
	dbbi_json_free(load.header);
	free(load.path);
	return dbbi_error_context(err, rc, "loading collection '%s'",
	    collection);
}
