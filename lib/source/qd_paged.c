/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_paged.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_scroll.h"
#include "source/qd_scroll_format.h"
#include "util/clock.h"

struct paged {
	dbbi_reader base;
	dbbi_qd_source *source;
	dbbi_qd_collection *collection;
	dbbi_json *sample;	/* before */
	dbbi_reader *lines;	/* NULL: not begun */
	int ended;
	int failed;		/* the code that a read gave; it stays */
};

static int
begin(struct paged *p, dbb_error *err)
{
	const dbbi_json *found = p->collection->found;
	int rc;

	p->collection->taken.taken_at_ms = dbbi_now_ms();
	if ((rc = dbbi_qd_taken_before(&p->sample, p->source, p->collection,
	    err)) < 0)
		return rc;
	return dbbi_qd_scroll_open(&p->lines, p->source->qd,
	    p->collection->name, dbbi_json_object(found, "info"),
	    dbbi_json_array(found, "shard_keys"),
	    &p->collection->taken.paged, err);
}

static int
read_next(size_t *got, struct paged *p, void *buffer, size_t size,
    dbb_error *err)
{
	int rc;

	if (p->lines == NULL && (rc = begin(p, err)) < 0)
		return rc;
	if ((rc = dbbi_reader_read(got, p->lines, buffer, size, err)) < 0 ||
	    *got > 0)
		return rc;
	rc = dbbi_qd_taken_after(p->source, p->collection, p->sample, err);
	p->ended = rc == 0;
	return rc;
}

static int
read_paged(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct paged *p = (struct paged *)reader;
	int rc;

	*got = 0;
	if (p->ended)
		return DBB_OK;
	if (p->failed < 0)
		return dbbi_error_set(err, p->failed, "reading it failed "
		    "before");
	rc = read_next(got, p, buffer, size, err);
	if (rc < 0)
		p->failed = rc;
	return rc;
}

static void
free_paged(dbbi_reader *reader)
{
	struct paged *p = (struct paged *)reader;

	dbbi_reader_free(p->lines);
	dbbi_json_free(p->sample);
	free(p);
}

int
dbbi_qd_paged(dbbi_reader **out, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err)
{
	struct paged *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return dbbi_error_nomem(err);
	p->base.read = read_paged;
	p->base.free = free_paged;
	p->source = source;
	p->collection = collection;
	*out = &p->base;
	return DBB_OK;
}

int
dbbi_qd_paged_moved(const dbbi_qd_taken *taken)
{
	return taken->points != taken->points_after ||
	    taken->paged != taken->points_after;
}

/* ---- what is stored ---- */

#define ENOUGH DBB_FINDINGS	/* ends the parser: the header was right */

static int
take_header(void *payload, const dbbi_json *header, dbb_error *err)
{
	(void)payload;
	(void)header;
	(void)err;
	return ENOUGH;
}

static int
take_point(void *payload, const dbbi_qd_point *point, dbb_error *err)
{
	(void)payload;
	(void)point;
	return dbbi_error_set(err, DBB_EINTERNAL, "a point before the header");
}

int
dbbi_qd_paged_check(dbbi_reader *stored, dbb_error *err)
{
	dbbi_qd_scroll_sink sink = { .header = take_header,
	    .point = take_point };
	dbbi_qd_scroll_parser *parser = NULL;
	char buffer[4096];
	size_t got;
	int rc;

	if ((rc = dbbi_qd_scroll_parser_new(&parser, &sink, err)) < 0)
		return rc;
	while ((rc = dbbi_reader_read(&got, stored, buffer, sizeof(buffer),
	    err)) == 0 && got > 0)
		if ((rc = dbbi_qd_scroll_parser_feed(parser, buffer, got,
		    err)) != 0)
			break;
	if (rc == 0)
		rc = dbbi_qd_scroll_parser_end(parser, err);
	dbbi_qd_scroll_parser_free(parser);
	return rc == ENOUGH ? DBB_OK : rc;
}
