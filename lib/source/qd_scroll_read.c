/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_read: the reader that pages points out. */
#include <config.h>

#include "source/qd_scroll.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_points.h"
#include "source/qd_scroll_format.h"

#define FIRST_POINTS 64		/* of the first page */
#define MOST_POINTS 10000
#define PAGE_BYTES ((size_t)2 << 20)	/* what later pages aim at */

enum phase { BEGIN, POINTS, DONE };

struct scroll {
	dbbi_reader reader;
	dbbi_qd *qd;
	uint64_t *points;	/* the caller's */
	char *collection;
	dbbi_json *header;	/* shard keys are its member */
	enum phase phase;

	size_t limit;		/* points of the next page */
	size_t limit_max;
	size_t key;		/* which of the shard keys is read */
	char *offset;		/* where the next page begins, as the server
				   gave it; NULL: at the first point */

	dbbi_http_response page;
	const char *at;		/* in the page's list of points */
	const char *end;
	dbbi_json_span next;	/* the page's next_page_offset */

	dbbi_qd_lines lines;
	dbbi_bytes out;		/* lines, of which `given` bytes went */
	size_t given;
};

static const dbbi_json *
keys_of(const struct scroll *s)
{
	return dbbi_json_array(s->header, "shard_keys");
}

/* ---- asking ---- */

/* The request's body; to free(3), NULL: out of memory. */
static char *
make_question(struct scroll *s)
{
	dbbi_json *key = dbbi_json_at(keys_of(s), s->key);
	const char *key_text = key != NULL ? dbbi_json_text(key) : "";
	const char *offset = s->offset != NULL ? s->offset : "";

	if (key_text == NULL)
		return NULL;
	return dbbi_text_format("{\"limit\":%zu,\"with_payload\":true,"
	    "\"with_vector\":true%s%s%s%s}", s->limit,
	    *offset != '\0' ? ",\"offset\":" : "", offset,
	    *key_text != '\0' ? ",\"shard_key\":" : "", key_text);
}

static int
ask_for_page(struct scroll *s, dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s/points/scroll",
	    s->collection);
	char *body = make_question(s);
	int rc;

	if (path == NULL || body == NULL)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_qd_ask_text(&s->page, s->qd, "POST", path, body,
		    err);
	free(body);
	free(path);
	return rc;
}

/* A page that is too large is asked for again with fewer points. */
static int
get_page(struct scroll *s, dbb_error *err)
{
	int rc;

	while ((rc = ask_for_page(s, err)) == DBB_EUNSUPPORTED && s->limit > 1)
		s->limit = s->limit / 4 > 0 ? s->limit / 4 : 1;
	if (rc == DBB_EUNSUPPORTED) {
		dbbi_error_set(err, DBB_ESOURCE, "a point takes more than "
		    "the %zu bytes that an answer may have",
		    DBBI_QD_ANSWER_MAX);
		dbbi_error_hint(err, "a point as large as this cannot be put "
		    "back over HTTP either: use method = snapshot");
		return DBB_ESOURCE;
	}
	return rc;
}

/* ---- a page ---- */

static int
refuse_page(dbb_error *err)
{
	dbbi_error_set(err, DBB_ESOURCE, "the server's answer is no page of "
	    "points");
	dbbi_error_hint(err, "see whether something between here and the "
	    "server answers in its place");
	return DBB_ESOURCE;
}

/* Find the list and what follows it; an offset of null is none. */
static int
open_page(struct scroll *s, dbb_error *err)
{
	dbbi_json_span all, result, points, next = {0};
	dbbi_qd_id id;

	if (dbbi_json_scan_whole(&all, s->page.body, s->page.body_size) < 0 ||
	    dbbi_json_scan_find(&result, all, "result") != 1 ||
	    dbbi_json_scan_find(&points, result, "points") != 1 ||
	    *points.at != '[' ||
	    dbbi_json_scan_find(&next, result, "next_page_offset") < 0)
		return refuse_page(err);
	if (dbbi_json_span_is(next, "null"))
		next.at = NULL;
	if (next.at != NULL && dbbi_qd_id_read(&id, next) < 0)
		return refuse_page(err);
	s->at = points.at;
	s->end = points.at + points.size;
	s->next = next;
	return DBB_OK;
}

/* How many points the next page may have, by what these weigh; not many more
 * than these were, as the next ones may be larger. */
static void
fit_limit(struct scroll *s, size_t points)
{
	size_t fit = points > 0 ?
	    PAGE_BYTES / (s->page.body_size / points + 1) : s->limit;

	if (fit > 4 * s->limit)
		fit = 4 * s->limit;
	if (fit > s->limit_max)
		fit = s->limit_max;
	s->limit = fit > 0 ? fit : 1;
}

/* Does the next page begin behind what was read? Else it would never end. */
static int
is_ahead(const struct scroll *s)
{
	dbbi_qd_id next;

	return dbbi_qd_id_read(&next, s->next) == 0 && s->lines.has_last &&
	    dbbi_qd_id_compare(&next, &s->lines.last) > 0;
}

/* Its points are all read: on to the next page, or to the next shard key. */
static int
end_page(struct scroll *s, dbb_error *err)
{
	char *offset = NULL;

	if (s->next.at != NULL) {
		if (!is_ahead(s))
			return refuse_page(err);
		offset = dbbi_text_format("%.*s", (int)s->next.size,
		    s->next.at);
		if (offset == NULL)
			return dbbi_error_nomem(err);
	} else {
		s->key++;
		dbbi_qd_lines_next_key(&s->lines);
	}
	free(s->offset);
	s->offset = offset;
	dbbi_http_response_clear(&s->page);
	return DBB_OK;
}

/* ---- lines ---- */

static int
write_header(struct scroll *s, dbb_error *err)
{
	s->phase = POINTS;
	return dbbi_qd_lines_header(&s->out, &s->lines, s->header, err);
}

static int
write_trailer(struct scroll *s, dbb_error *err)
{
	*s->points = s->lines.points;
	s->phase = DONE;
	return dbbi_qd_lines_trailer(&s->out, &s->lines, err);
}

static int
write_point(struct scroll *s, dbbi_json_span text, dbb_error *err)
{
	dbbi_qd_point point;

	if (dbbi_qd_point_read(&point, text.at, text.size, err) < 0)
		return refuse_page(err);
	return dbbi_qd_lines_point(&s->out, &s->lines, &point, err);
}

/* With shard keys one after the other is read: an id may stand under several
 * of them. */
static int
is_read(const struct scroll *s)
{
	size_t keys = dbbi_json_count(keys_of(s));

	return s->key >= (keys > 0 ? keys : 1);
}

static int
write_page(struct scroll *s, dbb_error *err)
{
	dbbi_json_span text;
	uint64_t before = s->lines.points;
	int rc, more;

	if ((rc = get_page(s, err)) < 0 || (rc = open_page(s, err)) < 0)
		return rc;
	while ((more = dbbi_json_scan_element(&text, &s->at, s->end)) == 1)
		if ((rc = write_point(s, text, err)) < 0)
			return rc;
	if (more < 0)
		return refuse_page(err);
	fit_limit(s, (size_t)(s->lines.points - before));
	return end_page(s, err);
}

static int
go_on(struct scroll *s, dbb_error *err)
{
	switch (s->phase) {
	case BEGIN:
		return write_header(s, err);
	case POINTS:
		return is_read(s) ? write_trailer(s, err) :
		    write_page(s, err);
	case DONE:
	default:
		return DBB_OK;
	}
}

static int
fill(struct scroll *s, dbb_error *err)
{
	int rc = 0;

	s->out.size = s->given = 0;
	while (rc == 0 && s->out.size == 0 && s->phase != DONE)
		rc = go_on(s, err);
	return dbbi_error_context(err, rc, "reading the points of collection "
	    "'%s'", s->collection);
}

static int
read_scroll(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct scroll *s = (struct scroll *)(void *)reader;
	size_t n;
	int rc;

	if (s->given == s->out.size && (rc = fill(s, err)) < 0)
		return rc;
	n = s->out.size - s->given;
	if (n > size)
		n = size;
	if (n > 0)
		memcpy(buffer, s->out.data + s->given, n);
	s->given += n;
	*got = n;
	return DBB_OK;
}

static void
free_scroll(dbbi_reader *reader)
{
	struct scroll *s = (struct scroll *)(void *)reader;

	dbbi_http_response_clear(&s->page);
	dbbi_qd_lines_clear(&s->lines);
	dbbi_bytes_clear(&s->out);
	dbbi_json_free(s->header);
	free(s->collection);
	free(s->offset);
	free(s);
}

/* A collection's strict mode may say how many points a page may have. */
static size_t
find_limit(const dbbi_json *header)
{
	uint64_t most = dbbi_qd_points_most(dbbi_json_object(header,
	    "config"));

	return most == 0 || most > MOST_POINTS ? MOST_POINTS : (size_t)most;
}

int
dbbi_qd_scroll_open(dbbi_reader **out, dbbi_qd *qd, const char *collection,
    const dbbi_json *info, const dbbi_json *shard_keys, uint64_t *points,
    dbb_error *err)
{
	struct scroll *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return dbbi_error_nomem(err);
	s->reader.read = read_scroll;
	s->reader.free = free_scroll;
	s->qd = qd;
	s->points = points;
	dbbi_bytes_init(&s->out, DBBI_QD_ANSWER_MAX + DBBI_QD_HEADER_MAX);
	if ((s->collection = dbbi_text_dup(collection)) == NULL)
		rc = dbbi_error_nomem(err);
	else if ((rc = dbbi_qd_lines_init(&s->lines, err)) == 0)
		rc = dbbi_qd_scroll_header(&s->header, collection,
		    dbbi_qd_version(qd), info, shard_keys, err);
	if (rc < 0) {
		free_scroll(&s->reader);
		return rc;
	}
	s->limit_max = find_limit(s->header);
	s->limit = FIRST_POINTS < s->limit_max ? FIRST_POINTS : s->limit_max;
	*out = &s->reader;
	return DBB_OK;
}
