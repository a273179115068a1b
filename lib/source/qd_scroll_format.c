/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_format: writing the lines. */
#include <config.h>

#include "source/qd_scroll_format.h"

#include <stdio.h>
#include <string.h>

int
dbbi_qd_lines_init(dbbi_qd_lines *lines, dbb_error *err)
{
	memset(lines, 0, sizeof(*lines));
	return dbbi_sha256_new(&lines->hash, err);
}

void
dbbi_qd_lines_clear(dbbi_qd_lines *lines)
{
	dbbi_sha256_free(lines->hash);
	memset(lines, 0, sizeof(*lines));
}

/* The line that begins at `from`. */
static int
end_line(dbbi_bytes *out, size_t from, dbbi_qd_lines *lines, dbb_error *err)
{
	int rc = dbbi_bytes_add(out, "\n", 1, err);

	return rc < 0 ? rc : dbbi_sha256_add(lines->hash, out->data + from,
	    out->size - from, err);
}

int
dbbi_qd_lines_header(dbbi_bytes *out, dbbi_qd_lines *lines,
    dbbi_json *header, dbb_error *err)
{
	const char *text = dbbi_json_text(header);
	size_t from = out->size;
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	if (strlen(text) > DBBI_QD_HEADER_MAX)
		return dbbi_error_set(err, DBB_ESOURCE, "the collection's "
		    "configuration takes %zu bytes, more than the %zu that "
		    "may be kept", strlen(text), DBBI_QD_HEADER_MAX);
	rc = dbbi_bytes_add(out, text, strlen(text), err);
	return rc < 0 ? rc : end_line(out, from, lines, err);
}

static int
check_order(dbbi_qd_lines *lines, const dbbi_qd_point *point, dbb_error *err)
{
	dbbi_qd_id id;

	if (dbbi_qd_id_read(&id, point->id) < 0)
		return dbbi_error_set(err, DBB_ESOURCE, "a point has no id");
	if (lines->has_last && dbbi_qd_id_compare(&id, &lines->last) <= 0) {
		dbbi_error_set(err, DBB_ESOURCE, "the server gave point %.*s "
		    "after points that come behind it",
		    (int)point->id.size, point->id.at);
		dbbi_error_hint(err, "points are read in the order of their "
		    "ids: see whether something between here and the server "
		    "answers in its place");
		return DBB_ESOURCE;
	}
	lines->last = id;
	lines->has_last = 1;
	return DBB_OK;
}

int
dbbi_qd_lines_point(dbbi_bytes *out, dbbi_qd_lines *lines,
    const dbbi_qd_point *point, dbb_error *err)
{
	size_t from = out->size;
	int rc;

	if ((rc = check_order(lines, point, err)) < 0 ||
	    (rc = dbbi_qd_point_write(out, point, err)) < 0)
		return rc;
	lines->points++;
	return end_line(out, from, lines, err);
}

int
dbbi_qd_lines_trailer(dbbi_bytes *out, dbbi_qd_lines *lines, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	char hex[DBBI_SHA256_HEX], line[128];
	int rc = dbbi_sha256_end(digest, lines->hash, err);

	if (rc < 0)
		return rc;
	dbbi_hex_encode(hex, digest, sizeof(digest));
	snprintf(line, sizeof(line), "{\"points\":%llu,\"sha256\":\"%s\"}\n",
	    (unsigned long long)lines->points, hex);
	return dbbi_bytes_add(out, line, strlen(line), err);
}

void
dbbi_qd_lines_next_key(dbbi_qd_lines *lines)
{
	lines->has_last = 0;
}
