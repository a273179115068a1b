/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_scroll_format: the stream of a collection's points (doc/format.md, "The
 * stream of points"): lines of JSON. Written line by line; read by a parser
 * that is pushed bytes and keeps one line.
 */
#ifndef DBBI_QD_SCROLL_FORMAT_H
#define DBBI_QD_SCROLL_FORMAT_H

#include "source/qd_point.h"
#include "util/json.h"
#include "util/sha256.h"

#define DBBI_QD_LINE_MAX ((size_t)32 << 20)	/* of a point */
#define DBBI_QD_HEADER_MAX ((size_t)4 << 20)

/* ---- the header ---- */

/* `info` is what the server says of the collection, `shard_keys` a list of
 * strings and integers, or NULL. Objects have their members ascending by name:
 * a server gives them in any order. */
int dbbi_qd_scroll_header(dbbi_json **out, const char *collection,
    const char *version, const dbbi_json *info, const dbbi_json *shard_keys,
    dbb_error *err);

/* Is it a header that can be read? DBB_EVERSION: it is of a later format. */
int dbbi_qd_scroll_header_check(const dbbi_json *header, dbb_error *err);

/* ---- writing ---- */

typedef struct dbbi_qd_lines {
	dbbi_sha256 *hash;
	uint64_t points;
	dbbi_qd_id last;
	int has_last;
} dbbi_qd_lines;

int dbbi_qd_lines_init(dbbi_qd_lines *lines, dbb_error *err);
void dbbi_qd_lines_clear(dbbi_qd_lines *lines);

/* Each appends a line to `out`. An id that is not above the last one is
 * refused, DBB_ESOURCE. */
int dbbi_qd_lines_header(dbbi_bytes *out, dbbi_qd_lines *lines,
    dbbi_json *header, dbb_error *err);
int dbbi_qd_lines_point(dbbi_bytes *out, dbbi_qd_lines *lines,
    const dbbi_qd_point *point, dbb_error *err);
int dbbi_qd_lines_trailer(dbbi_bytes *out, dbbi_qd_lines *lines,
    dbb_error *err);

/* The points of another shard key follow: ids begin anew. */
void dbbi_qd_lines_next_key(dbbi_qd_lines *lines);

/* ---- reading ---- */

/* What is called with each part; nonzero ends it. What it is given lasts for
 * the call. */
typedef struct dbbi_qd_scroll_sink {
	int (*header)(void *payload, const dbbi_json *header, dbb_error *err);
	int (*point)(void *payload, const dbbi_qd_point *point,
	    dbb_error *err);
	void *payload;
} dbbi_qd_scroll_sink;

typedef struct dbbi_qd_scroll_parser dbbi_qd_scroll_parser;

/* The sink is copied. */
int dbbi_qd_scroll_parser_new(dbbi_qd_scroll_parser **out,
    const dbbi_qd_scroll_sink *sink, dbb_error *err);
void dbbi_qd_scroll_parser_free(dbbi_qd_scroll_parser *parser);

/* DBB_EDAMAGED with the line's number where it is no such stream. */
int dbbi_qd_scroll_parser_feed(dbbi_qd_scroll_parser *parser,
    const void *data, size_t size, dbb_error *err);

/* Was that all of it, and just what was written? */
int dbbi_qd_scroll_parser_end(dbbi_qd_scroll_parser *parser, dbb_error *err);

#endif
