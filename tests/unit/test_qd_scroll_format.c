/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_scroll_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

#define INFO "{\"config\":{\"params\":{\"vectors\":{\"size\":2," \
    "\"distance\":\"Dot\"},\"shard_number\":1},\"hnsw_config\":{\"m\":16}," \
    "\"optimizer_config\":{\"deleted_threshold\":0.20}},\"payload_schema\":" \
    "{\"b\":{\"points\":3,\"data_type\":\"keyword\"}," \
    "\"a\":{\"data_type\":\"integer\",\"points\":3}}}"

#define HEADER "{\"format\":\"dbbackup-qdrant-points\",\"version\":1," \
    "\"server\":\"1.18.3\",\"collection\":\"docs\",\"config\":" \
    "{\"hnsw_config\":{\"m\":16},\"optimizer_config\":" \
    "{\"deleted_threshold\":0.20},\"params\":{\"shard_number\":1," \
    "\"vectors\":{\"distance\":\"Dot\",\"size\":2}}},\"payload_schema\":" \
    "{\"a\":{\"data_type\":\"integer\"},\"b\":{\"data_type\":\"keyword\"}}," \
    "\"shard_keys\":[]}\n"

/* ---- points ---- */

static char *
rewrite(const char *text)
{
	dbbi_qd_point point;
	dbbi_bytes out;
	char *copy;

	dbbi_bytes_init(&out, 1 << 20);
	ck_assert_int_eq(dbbi_qd_point_read(&point, text, strlen(text), NULL),
	    0);
	ck_assert_int_eq(dbbi_qd_point_write(&out, &point, NULL), 0);
	ck_assert_int_eq(dbbi_bytes_add(&out, "", 1, NULL), 0);
	copy = strdup((const char *)out.data);
	dbbi_bytes_clear(&out);
	return copy;
}

static const struct {
	const char *from;
	const char *to;
} points[] = {
	/* what json-c, or a double, would not keep */
	{ "{\"id\":18446744073709551615}", "{\"id\":18446744073709551615}" },
	{ "{\"id\":1,\"payload\":{\"n\":18446744073709551615,\"m\":"
	    "-9223372036854775808,\"f\":1.0,\"e\":1e300,\"z\":-0.0,"
	    "\"x\":0.1000000000000000055}}", NULL },
	{ "{\"id\":1,\"payload\":{\"a\\u0000b\":\"c\\u0000\\/\\u00fc\"}}",
	    NULL },
	{ "{\"id\":1,\"payload\":{\"a\":1,\"a\":2}}", NULL },
	{ "{\"id\":1,\"payload\":{\"z\":1,\"a\":{\"y\":[],\"b\":null}}}",
	    NULL },
	/* its parts, in their order */
	{ "{ \"vector\" : [ 0.1, -2 ],\n\"shard_key\":\"k\",\"order_value\":"
	    "3,\"payload\":{\"a b\": \"c d\"}, \"id\":7 }",
	    "{\"id\":7,\"payload\":{\"a b\":\"c d\"},\"vector\":[0.1,-2],"
	    "\"shard_key\":\"k\"}" },
	{ "{\"id\":7,\"payload\":null,\"vector\":null,\"shard_key\":null}",
	    "{\"id\":7}" },
	/* named vectors come in any order */
	{ "{\"id\":7,\"vector\":{\"b\":[1],\"ab\":[[2],[3]],\"a\":{\"values\":"
	    "[0.5],\"indices\":[9]}}}", "{\"id\":7,\"vector\":{\"a\":"
	    "{\"values\":[0.5],\"indices\":[9]},\"ab\":[[2],[3]],\"b\":[1]}}" },
	{ "{\"id\":\"048c5c58-40bb-4684-a191-f21ecd32d4ab\",\"vector\":{}}",
	    NULL },
};

START_TEST(keeps_a_point_as_it_came)
{
	const char *to = points[_i].to;
	char *found = rewrite(points[_i].from);

	ck_assert_str_eq(found, to != NULL ? to : points[_i].from);
	free(found);
}
END_TEST

static const char *const no_points[] = {
	"", "1", "[]", "{}", "{\"id\":null}", "{\"id\":-1}", "{\"id\":1.0}",
	"{\"id\":18446744073709551616}", "{\"id\":\"\"}", "{\"id\":true}",
	"{\"id\":\"048c5c58-40bb-4684-a191-f21ecd32d4a\"}",
	"{\"id\":\"048c5c58x40bb-4684-a191-f21ecd32d4ab\"}",
	"{\"id\":\"048C5C58-40bb-4684-a191-f21ecd32d4ab\"}",
	"{\"id\":1", "{\"id\":1}}", "{\"id\":1,\"payload\":}",
};

START_TEST(refuses_what_is_no_point)
{
	dbbi_qd_point point;

	ck_assert_int_eq(dbbi_qd_point_read(&point, no_points[_i],
	    strlen(no_points[_i]), NULL), DBB_EDAMAGED);
}
END_TEST

START_TEST(orders_ids_as_the_server_does)
{
	static const char *const ids[] = { "0", "9", "10",
	    "9223372036854775808", "18446744073709551615",
	    "\"00000000-0000-0000-0000-000000000000\"",
	    "\"0fffffff-0000-0000-0000-000000000000\"",
	    "\"f0000000-0000-0000-0000-000000000000\"" };
	size_t n = sizeof(ids) / sizeof(ids[0]), i;
	dbbi_qd_id before, id;

	for (i = 0; i < n; i++, before = id) {
		ck_assert_int_eq(dbbi_qd_id_read(&id, (dbbi_json_span){
		    .at = ids[i], .size = strlen(ids[i]) }), 0);
		ck_assert_int_eq(dbbi_qd_id_compare(&id, &id), 0);
		if (i > 0)
			ck_assert_int_lt(dbbi_qd_id_compare(&before, &id), 0);
	}
}
END_TEST

/* ---- the stream ---- */

static void
add_point(dbbi_bytes *out, dbbi_qd_lines *lines, const char *text, int code)
{
	dbbi_qd_point point;

	ck_assert_int_eq(dbbi_qd_point_read(&point, text, strlen(text), NULL),
	    0);
	ck_assert_int_eq(dbbi_qd_lines_point(out, lines, &point, NULL), code);
}

/* A whole stream of three points. */
static void
make_stream(dbbi_bytes *out)
{
	dbbi_json *info = NULL, *header = NULL;
	dbbi_qd_lines lines;

	dbbi_bytes_init(out, 1 << 20);
	ck_assert_int_eq(dbbi_json_parse(&info, INFO, strlen(INFO), NULL), 0);
	ck_assert_int_eq(dbbi_qd_scroll_header(&header, "docs", "1.18.3",
	    info, NULL, NULL), 0);
	ck_assert_int_eq(dbbi_qd_lines_init(&lines, NULL), 0);
	ck_assert_int_eq(dbbi_qd_lines_header(out, &lines, header, NULL), 0);
	add_point(out, &lines, "{\"id\":1,\"vector\":[1,2]}", 0);
	add_point(out, &lines, "{\"id\":2,\"payload\":{}}", 0);
	add_point(out, &lines,
	    "{\"id\":\"048c5c58-40bb-4684-a191-f21ecd32d4ab\"}", 0);
	ck_assert_int_eq(dbbi_qd_lines_trailer(out, &lines, NULL), 0);
	dbbi_qd_lines_clear(&lines);
	dbbi_json_free(header);
	dbbi_json_free(info);
}

struct seen {
	unsigned headers;
	unsigned points;
};

static int
see_header(void *payload, const dbbi_json *header, dbb_error *err)
{
	(void)err;
	ck_assert_str_eq(dbbi_json_string(header, "collection"), "docs");
	((struct seen *)payload)->headers++;
	return 0;
}

static int
see_point(void *payload, const dbbi_qd_point *point, dbb_error *err)
{
	(void)err;
	ck_assert_ptr_nonnull(point->id.at);
	((struct seen *)payload)->points++;
	return 0;
}

/* Fed in parts of `step` bytes. */
static int
parse(struct seen *seen, const void *data, size_t size, size_t step,
    dbb_error *err)
{
	dbbi_qd_scroll_sink sink = { see_header, see_point, seen };
	dbbi_qd_scroll_parser *parser = NULL;
	const char *at = data;
	size_t n;
	int rc = 0;

	memset(seen, 0, sizeof(*seen));
	ck_assert_int_eq(dbbi_qd_scroll_parser_new(&parser, &sink, err), 0);
	for (; rc == 0 && size > 0; at += n, size -= n) {
		n = size < step ? size : step;
		rc = dbbi_qd_scroll_parser_feed(parser, at, n, err);
	}
	if (rc == 0)
		rc = dbbi_qd_scroll_parser_end(parser, err);
	dbbi_qd_scroll_parser_free(parser);
	return rc;
}

START_TEST(writes_what_the_page_says)
{
	dbbi_bytes out;
	uint8_t digest[32];
	char hex[65], last[200];
	const char *trailer;

	make_stream(&out);
	ck_assert_uint_gt(out.size, strlen(HEADER));
	ck_assert_mem_eq(out.data, HEADER, strlen(HEADER));
	ck_assert_int_eq(dbbi_bytes_add(&out, "", 1, NULL), 0);
	trailer = strstr((const char *)out.data, "{\"points\":");
	ck_assert_ptr_nonnull(trailer);
	ck_assert_int_eq(dbbi_sha256_of(digest, out.data,
	    (size_t)(trailer - (const char *)out.data), NULL), 0);
	dbbi_hex_encode(hex, digest, 32);
	snprintf(last, sizeof(last), "{\"points\":3,\"sha256\":\"%s\"}\n",
	    hex);
	ck_assert_str_eq(trailer, last);
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(reads_it_in_parts_of_any_size)
{
	static const size_t steps[] = { 1, 7, 64, 1 << 20 };
	struct seen seen;
	dbbi_bytes out;

	make_stream(&out);
	ck_assert_int_eq(parse(&seen, out.data, out.size, steps[_i], NULL), 0);
	ck_assert_uint_eq(seen.headers, 1);
	ck_assert_uint_eq(seen.points, 3);
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(refuses_a_stream_that_is_cut_anywhere)
{
	struct seen seen;
	dbbi_bytes out;
	size_t n;

	make_stream(&out);
	for (n = 0; n < out.size; n++)
		ck_assert_int_eq(parse(&seen, out.data, n, 4096, NULL),
		    DBB_EDAMAGED);
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(refuses_a_changed_byte_anywhere)
{
	struct seen seen;
	dbbi_bytes out;
	const char *server;
	size_t n;
	int rc;

	make_stream(&out);
	server = strstr((const char *)out.data, "\"version\":1") + 10;
	for (n = strlen(HEADER); n < out.size; n++) {
		out.data[n] ^= 1;
		rc = parse(&seen, out.data, out.size, 4096, NULL);
		ck_assert_int_eq(rc, DBB_EDAMAGED);
		out.data[n] ^= 1;
	}
	out.data[server - (const char *)out.data] = '9';
	ck_assert_int_eq(parse(&seen, out.data, out.size, 4096, NULL),
	    DBB_EVERSION);
	dbbi_bytes_clear(&out);
}
END_TEST

/* Lines instead of a header, behind a good one, and behind the trailer. */
static const char *const bad_headers[] = {
	"\n", "{}\n", "[]\n", "{\"id\":1}\n", "\xff\n",
	"{\"format\":\"dbbackup-qdrant-points\",\"version\":0}\n",
	"{\"format\":\"dbbackup-qdrant-points\",\"version\":1}\n",
	"{\"format\":\"other\",\"version\":1}\n",
	"{\"format\":\"dbbackup-qdrant-points\",\"version\":1,"
	    "\"collection\":\"a\",\"config\":{\"params\":[]},"
	    "\"payload_schema\":{},\"shard_keys\":[]}\n",
	"{\"format\":\"dbbackup-qdrant-points\",\"version\":1,"
	    "\"collection\":\"a\",\"config\":{\"params\":{}},"
	    "\"payload_schema\":{},\"shard_keys\":[{}]}\n",
	"{\"points\":0,\"sha256\":\"00\"}\n",
};

START_TEST(refuses_what_is_no_header)
{
	struct seen seen;
	dbb_error err = {0};

	ck_assert_int_eq(parse(&seen, bad_headers[_i],
	    strlen(bad_headers[_i]), 4096, &err), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "line 1: "));
	ck_assert_uint_eq(seen.headers, 0);
}
END_TEST

static const char *const bad_lines[] = {
	"\n", "{}\n", "{\"id\":1} \0\n", "{\"id\":1}{\"id\":2}\n",
	"{\"points\":1}\n", "{\"points\":0,\"sha256\":\"\"}\n",
	"{\"points\":-1,\"sha256\":\"00\"}\n",
};

START_TEST(refuses_what_is_neither_point_nor_trailer)
{
	struct seen seen;
	char *text;
	dbb_error err = {0};

	text = malloc(strlen(HEADER) + strlen(bad_lines[_i]) + 1);
	ck_assert_ptr_nonnull(text);
	strcpy(text, HEADER);
	strcat(text, bad_lines[_i]);
	ck_assert_int_eq(parse(&seen, text, strlen(text), 4096, &err),
	    DBB_EDAMAGED);
	free(text);
}
END_TEST

START_TEST(refuses_what_follows_the_end)
{
	struct seen seen;
	dbbi_bytes out;

	make_stream(&out);
	ck_assert_int_eq(dbbi_bytes_add(&out, "{\"id\":5}\n", 9, NULL), 0);
	ck_assert_int_eq(parse(&seen, out.data, out.size, 4096, NULL),
	    DBB_EDAMAGED);
	ck_assert_int_eq(parse(&seen, out.data, out.size - 8, 4096, NULL),
	    DBB_EDAMAGED);
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(bounds_a_line)
{
	struct seen seen;
	char *text = malloc(DBBI_QD_LINE_MAX + 2);
	dbb_error err = {0};

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', DBBI_QD_LINE_MAX + 2);
	ck_assert_int_eq(parse(&seen, text, DBBI_QD_LINE_MAX + 2, 1 << 20,
	    &err), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "a line of more than"));
	free(text);
}
END_TEST

START_TEST(refuses_ids_that_do_not_ascend)
{
	dbbi_qd_lines lines;
	dbbi_bytes out;

	dbbi_bytes_init(&out, 1 << 20);
	ck_assert_int_eq(dbbi_qd_lines_init(&lines, NULL), 0);
	add_point(&out, &lines, "{\"id\":2}", 0);
	add_point(&out, &lines, "{\"id\":2}", DBB_ESOURCE);
	add_point(&out, &lines, "{\"id\":1}", DBB_ESOURCE);
	add_point(&out, &lines, "{\"id\":3}", 0);
	dbbi_qd_lines_next_key(&lines);
	add_point(&out, &lines, "{\"id\":1}", 0);
	ck_assert_uint_eq(lines.points, 3);
	dbbi_qd_lines_clear(&lines);
	dbbi_bytes_clear(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("qd_scroll_format");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, keeps_a_point_as_it_came, 0,
	    sizeof(points) / sizeof(points[0]));
	tcase_add_loop_test(tcase, refuses_what_is_no_point, 0,
	    sizeof(no_points) / sizeof(no_points[0]));
	tcase_add_test(tcase, orders_ids_as_the_server_does);
	tcase_add_test(tcase, writes_what_the_page_says);
	tcase_add_loop_test(tcase, reads_it_in_parts_of_any_size, 0, 4);
	tcase_add_test(tcase, refuses_a_stream_that_is_cut_anywhere);
	tcase_add_test(tcase, refuses_a_changed_byte_anywhere);
	tcase_add_loop_test(tcase, refuses_what_is_no_header, 0,
	    sizeof(bad_headers) / sizeof(bad_headers[0]));
	tcase_add_loop_test(tcase, refuses_what_is_neither_point_nor_trailer,
	    0, sizeof(bad_lines) / sizeof(bad_lines[0]));
	tcase_add_test(tcase, refuses_what_follows_the_end);
	tcase_add_test(tcase, bounds_a_line);
	tcase_add_test(tcase, refuses_ids_that_do_not_ascend);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
