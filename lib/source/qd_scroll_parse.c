/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_parse: reading the lines, which may be anything. */
#include <config.h>

#include "source/qd_scroll_format.h"

#include <stdlib.h>
#include <string.h>

#define TRAILER "{\"points\":"

struct dbbi_qd_scroll_parser {
	dbbi_qd_scroll_sink sink;
	dbbi_bytes line;	/* what there is of it so far */
	dbbi_sha256 *hash;	/* of the lines before */
	uint64_t lines;
	uint64_t points;
	int ended;		/* the trailer was right */
};

int
dbbi_qd_scroll_parser_new(dbbi_qd_scroll_parser **out,
    const dbbi_qd_scroll_sink *sink, dbb_error *err)
{
	dbbi_qd_scroll_parser *parser = calloc(1, sizeof(*parser));
	int rc;

	if (parser == NULL)
		return dbbi_error_nomem(err);
	parser->sink = *sink;
	dbbi_bytes_init(&parser->line, DBBI_QD_LINE_MAX);
	if ((rc = dbbi_sha256_new(&parser->hash, err)) < 0)
		dbbi_qd_scroll_parser_free(parser);
	else
		*out = parser;
	return rc;
}

void
dbbi_qd_scroll_parser_free(dbbi_qd_scroll_parser *parser)
{
	if (parser == NULL)
		return;
	dbbi_bytes_clear(&parser->line);
	dbbi_sha256_free(parser->hash);
	free(parser);
}

static int
take_header(dbbi_qd_scroll_parser *parser, const char *text, size_t size,
    dbb_error *err)
{
	dbbi_json *header = NULL;
	int rc;

	if (size > DBBI_QD_HEADER_MAX)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it has %zu bytes, too many for a header", size);
	if ((rc = dbbi_json_parse(&header, text, size, err)) < 0)
		return rc;
	rc = dbbi_qd_scroll_header_check(header, err);
	if (rc == 0)
		rc = parser->sink.header(parser->sink.payload, header, err);
	dbbi_json_free(header);
	return rc;
}

static int
take_point(dbbi_qd_scroll_parser *parser, const char *text, size_t size,
    dbb_error *err)
{
	dbbi_qd_point point;
	int rc = dbbi_qd_point_read(&point, text, size, err);

	if (rc < 0)
		return rc;
	parser->points++;
	return parser->sink.point(parser->sink.payload, &point, err);
}

static int
take_trailer(dbbi_qd_scroll_parser *parser, const char *text, size_t size,
    dbb_error *err)
{
	uint8_t found[DBBI_SHA256_SIZE], stated[DBBI_SHA256_SIZE];
	dbbi_json *trailer = NULL;
	const char *hex;
	uint64_t points;
	int rc;

	if ((rc = dbbi_json_parse(&trailer, text, size, err)) < 0 ||
	    (rc = dbbi_sha256_end(found, parser->hash, err)) < 0)
		goto done;
	hex = dbbi_json_string(trailer, "sha256");
	if (dbbi_json_u64(&points, trailer, "points") < 0 || hex == NULL ||
	    dbbi_hex_decode(stated, sizeof(stated), hex) < 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "a last line that does not say what was before it");
	else if (points != parser->points)
		rc = dbbi_error_set(err, DBB_EDAMAGED, "the stream has %llu "
		    "points, and should have %llu",
		    (unsigned long long)parser->points,
		    (unsigned long long)points);
	else if (memcmp(found, stated, sizeof(found)) != 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "the lines are not those that were written: their sha256 "
		    "differs");
	parser->ended = rc == 0;
done:
	dbbi_json_free(trailer);
	return rc;
}

static int
is_trailer(const char *text, size_t size)
{
	size_t n = strlen(TRAILER);

	return size > n && memcmp(text, TRAILER, n) == 0;
}

/* A whole line, with its newline. */
static int
take_line(dbbi_qd_scroll_parser *parser, const char *text, size_t size,
    dbb_error *err)
{
	int rc;

	parser->lines++;
	if (parser->ended)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it follows the last line");
	if (parser->lines > 1 && is_trailer(text, size))
		return take_trailer(parser, text, size - 1, err);
	if ((rc = dbbi_sha256_add(parser->hash, text, size, err)) < 0)
		return rc;
	return parser->lines == 1 ? take_header(parser, text, size - 1, err) :
	    take_point(parser, text, size - 1, err);
}

static int
add_to_line(dbbi_qd_scroll_parser *parser, const void *data, size_t size,
    dbb_error *err)
{
	if (size > DBBI_QD_LINE_MAX - parser->line.size)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a line of more than %zu bytes", DBBI_QD_LINE_MAX);
	return dbbi_bytes_add(&parser->line, data, size, err);
}

/* Up to the newline and with it; a line that came whole is not copied. */
static int
finish_line(dbbi_qd_scroll_parser *parser, const char *data, size_t size,
    dbb_error *err)
{
	int rc;

	if (parser->line.size == 0)
		return take_line(parser, data, size, err);
	if ((rc = add_to_line(parser, data, size, err)) < 0)
		return rc;
	rc = take_line(parser, (const char *)parser->line.data,
	    parser->line.size, err);
	parser->line.size = 0;
	return rc;
}

int
dbbi_qd_scroll_parser_feed(dbbi_qd_scroll_parser *parser, const void *data,
    size_t size, dbb_error *err)
{
	const char *at = data, *newline;
	size_t n;
	int rc = 0;

	while (rc == 0 && size > 0) {
		newline = memchr(at, '\n', size);
		n = newline != NULL ? (size_t)(newline - at) + 1 : size;
		rc = newline != NULL ? finish_line(parser, at, n, err) :
		    add_to_line(parser, at, n, err);
		at += n;
		size -= n;
	}
	if (rc == DBB_EDAMAGED)
		dbbi_error_context(err, rc, "line %llu",
		    (unsigned long long)(parser->lines > 0 ? parser->lines :
		    1));
	return rc;
}

int
dbbi_qd_scroll_parser_end(dbbi_qd_scroll_parser *parser, dbb_error *err)
{
	if (parser->ended && parser->line.size == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_EDAMAGED, "the stream of points ends "
	    "after %llu points, without its last line",
	    (unsigned long long)parser->points);
}
