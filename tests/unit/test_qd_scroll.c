/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_scroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "http_fixture.h"
#include "suite.h"
#include "util/bytes.h"

#define ROOT "{\"title\":\"qdrant - vector search engine\"," \
    "\"version\":\"1.18.3\"}"
#define CONFIG "{\"params\":{\"vectors\":{\"size\":1,\"distance\":\"Dot\"}," \
    "\"read_fan_out_factor\":2},\"optimizer_config\":{\"flush_interval_sec\":5}," \
    "\"quantization_config\":null,\"strict_mode_config\":{\"enabled\":true," \
    "\"max_query_limit\":2}}"
#define INFO "{\"config\":" CONFIG ",\"payload_schema\":{\"n\":{\"data_type\":" \
    "\"integer\",\"points\":3},\"t\":{\"data_type\":\"text\",\"params\":" \
    "{\"type\":\"text\",\"lowercase\":true},\"points\":3}}}"

static dbbi_run run;
static http_server *server;
static dbbi_qd *qd;

static void
answer(const char *body)
{
	http_answer one = { .body = body };

	http_server_add(server, &one, 1);
}

#define OK(result) "{\"result\":" result ",\"status\":\"ok\",\"time\":0.1}"
#define PAGE(points, next) OK("{\"points\":[" points "]," \
    "\"next_page_offset\":" next "}")

static void
start(void)
{
	dbbi_qd_settings settings = {0};

	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	server = http_server_start(NULL);
	answer(ROOT);
	ck_assert_int_eq(dbbi_qd_connect(&qd, &settings,
	    http_server_url(server), &run, NULL), 0);
}

static void
stop(void)
{
	dbbi_qd_free(qd);
	http_server_stop(server);
	dbbi_run_clear(&run);
}

/* Read all of it, NUL behind it; `step` bytes a call. */
static int
read_all(dbbi_bytes *out, uint64_t *points, const char *keys,
    size_t step, dbb_error *err)
{
	dbbi_json *info = NULL, *list = NULL;
	dbbi_reader *reader = NULL;
	char buffer[4096];
	size_t got;
	int rc;

	dbbi_bytes_init(out, 1 << 20);
	ck_assert_int_eq(dbbi_json_parse(&info, INFO, strlen(INFO), NULL), 0);
	if (keys != NULL)
		ck_assert_int_eq(dbbi_json_parse(&list, keys, strlen(keys),
		    NULL), 0);
	ck_assert_int_eq(dbbi_qd_scroll_open(&reader, qd, "docs", info, list,
	    points, err), 0);
	dbbi_json_free(info);
	dbbi_json_free(list);
	while ((rc = dbbi_reader_read(&got, reader, buffer, step, err)) == 0 &&
	    got > 0)
		ck_assert_int_eq(dbbi_bytes_add(out, buffer, got, NULL), 0);
	ck_assert_int_eq(dbbi_bytes_add(out, "", 1, NULL), 0);
	dbbi_reader_free(reader);
	return rc;
}

/* The n-th request, from 0, as "METHOD /path body". */
static const char *
asked(unsigned n)
{
	static char text[4][4096];
	http_seen seen = http_server_seen(server, n);
	char *out = text[n % 4];

	snprintf(out, sizeof(text[0]), "%.*s %.*s",
	    (int)(strstr(seen.head, " HTTP/") - seen.head), seen.head,
	    (int)seen.body_size, (const char *)seen.body);
	return out;
}

/* ---- reading ---- */

START_TEST(pages_points_out_in_the_order_of_their_ids)
{
	uint64_t points;
	dbbi_bytes out;

	answer(PAGE("{\"id\":1,\"payload\":{}},{\"id\":2}",
	    "18446744073709551615"));
	answer(PAGE("{\"vector\":[1e-7],\"id\":18446744073709551615}",
	    "null"));
	ck_assert_int_eq(read_all(&out, &points, NULL, 5, NULL), 0);
	ck_assert_ptr_nonnull(strstr((char *)out.data, "]}\n{\"id\":1,"
	    "\"payload\":{}}\n{\"id\":2}\n{\"id\":18446744073709551615,"
	    "\"vector\":[1e-7]}\n{\"points\":3,"));
	ck_assert_uint_eq(points, 3);
	/* strict mode lets no more than two be asked for */
	ck_assert_str_eq(asked(1), "POST /collections/docs/points/scroll "
	    "{\"limit\":2,\"with_payload\":true,\"with_vector\":true}");
	ck_assert_str_eq(asked(2), "POST /collections/docs/points/scroll "
	    "{\"limit\":2,\"with_payload\":true,\"with_vector\":true,"
	    "\"offset\":18446744073709551615}");
	ck_assert_uint_eq(http_server_count(server), 3);
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(reads_one_shard_key_after_the_other)
{
	uint64_t points;
	dbbi_bytes out;

	answer(PAGE("{\"id\":5,\"shard_key\":\"a\"}", "null"));
	answer(PAGE("{\"id\":5,\"shard_key\":7}", "null"));
	ck_assert_int_eq(read_all(&out, &points, "[\"a\",7]", 4096, NULL), 0);
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    "\"shard_keys\":[\"a\",7]}\n"));
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    "{\"id\":5,\"shard_key\":\"a\"}\n{\"id\":5,\"shard_key\":7}\n"));
	ck_assert_ptr_nonnull(strstr(asked(1), ",\"shard_key\":\"a\"}"));
	ck_assert_ptr_nonnull(strstr(asked(2), ",\"shard_key\":7}"));
	dbbi_bytes_clear(&out);
}
END_TEST

static const http_answer mishaps[] = {
	{ .status = 429, .headers = "Retry-After: 0\r\n", .body = "{}" },
	{ .status = 503, .body = "{}" },
	{ .body = PAGE("{\"id\":2}", "null"), .fault = HTTP_CUT, .at = 20 },
	{ .fault = HTTP_RESET },
};

START_TEST(asks_for_a_page_again_that_did_not_come)
{
	uint64_t points;
	dbbi_bytes out;

	answer(PAGE("{\"id\":1}", "2"));
	http_server_add(server, &mishaps[_i], 1);
	answer(PAGE("{\"id\":2}", "null"));
	ck_assert_int_eq(read_all(&out, &points, NULL, 4096, NULL), 0);
	ck_assert_ptr_nonnull(strstr((char *)out.data,
	    "\n{\"id\":1}\n{\"id\":2}\n{\"points\":2,"));
	ck_assert_ptr_nonnull(strstr(asked(2), "\"offset\":2}"));
	ck_assert_ptr_nonnull(strstr(asked(3), "\"offset\":2}"));
	dbbi_bytes_clear(&out);
}
END_TEST

static const char *const bad_pages[] = {
	OK("null"), OK("{}"), OK("[]"), OK("{\"points\":{}}"),
	PAGE("1", "null"), PAGE("{}", "null"), PAGE("{\"id\":3}", "true"),
	/* not behind the page before */
	PAGE("{\"id\":1}", "null"), PAGE("{\"id\":3},{\"id\":3}", "null"),
	PAGE("{\"id\":3},{\"id\":2}", "null"),
	/* for ever */
	PAGE("{\"id\":3}", "3"), PAGE("{\"id\":3}", "1"), PAGE("", "1"),
	"{\"result\":", "\xff", "<html>",
};

START_TEST(refuses_a_page_that_is_none)
{
	uint64_t points;
	dbb_error err = {0};
	dbbi_bytes out;

	answer(PAGE("{\"id\":1}", "2"));
	answer(bad_pages[_i]);
	ck_assert_int_eq(read_all(&out, &points, NULL, 4096, &err),
	    DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(err.message,
	    "reading the points of collection 'docs': the server"));
	ck_assert_str_ne(err.hint, "");
	dbbi_bytes_clear(&out);
}
END_TEST

START_TEST(asks_for_less_where_a_page_is_too_large)
{
	size_t size = DBBI_QD_ANSWER_MAX + 1;
	char *much = malloc(size);
	http_answer large = { .body = much, .body_size = size };
	uint64_t points;
	dbb_error err = {0};
	dbbi_bytes out;

	ck_assert_ptr_nonnull(much);
	memset(much, ' ', size);
	http_server_add(server, &large, 1);
	answer(PAGE("{\"id\":1}", "2"));
	/* two points, and then one that is still too large */
	http_server_add(server, &large, 2);
	ck_assert_int_eq(read_all(&out, &points, NULL, 4096, &err),
	    DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(asked(1), "{\"limit\":2,"));
	ck_assert_ptr_nonnull(strstr(asked(2), "{\"limit\":1,"));
	ck_assert_ptr_nonnull(strstr(err.message, "a point takes more than"));
	ck_assert_ptr_nonnull(strstr(err.hint, "method = snapshot"));
	dbbi_bytes_clear(&out);
	http_server_stop(server);
	server = http_server_start(NULL);
	free(much);
}
END_TEST

START_TEST(reports_what_the_server_refuses)
{
	http_answer refusal = { .status = 403,
	    .body = "{\"status\":{\"error\":\"no\"},\"time\":0}" };
	uint64_t points;
	dbb_error err = {0};
	dbbi_bytes out;

	http_server_add(server, &refusal, 1);
	ck_assert_int_eq(read_all(&out, &points, NULL, 4096, &err),
	    DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.message, "answered 403: no"));
	dbbi_bytes_clear(&out);
}
END_TEST

/* ---- loading ---- */

struct text_reader {
	dbbi_reader reader;
	const char *at;
	size_t left;
};

static int
read_text(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct text_reader *text = (struct text_reader *)(void *)reader;

	(void)err;
	*got = text->left < size ? text->left : size;
	memcpy(buffer, text->at, *got);
	text->at += *got;
	text->left -= *got;
	return 0;
}

/* Read what the script has, and load that. */
static int
load(const char *keys, dbb_error *err)
{
	struct text_reader text = { .reader = { .read = read_text } };
	uint64_t points;
	dbbi_bytes out;
	int rc;

	ck_assert_int_eq(read_all(&out, &points, keys, 4096, NULL), 0);
	text.at = (const char *)out.data;
	text.left = out.size - 1;
	rc = dbbi_qd_scroll_load(qd, "new docs", &text.reader, err);
	dbbi_bytes_clear(&out);
	return rc;
}

static void
accept_all(unsigned times)
{
	http_answer one = { .body = OK("true") };

	http_server_add(server, &one, times);
}

START_TEST(makes_the_collection_and_puts_the_points)
{
	answer(PAGE("{\"id\":1,\"vector\":[1.50],\"payload\":{\"n\":"
	    "18446744073709551615}},{\"id\":2}", "null"));
	accept_all(5);
	ck_assert_int_eq(load(NULL, NULL), 0);
	ck_assert_str_eq(asked(2), "PUT /collections/new%20docs {\"vectors\":"
	    "{\"distance\":\"Dot\",\"size\":1},\"optimizers_config\":"
	    "{\"flush_interval_sec\":5}}");
	ck_assert_str_eq(asked(3), "PUT /collections/new%20docs/index?"
	    "wait=true {\"field_name\":\"n\",\"field_schema\":\"integer\"}");
	ck_assert_str_eq(asked(4), "PUT /collections/new%20docs/index?"
	    "wait=true {\"field_name\":\"t\",\"field_schema\":{\"lowercase\":"
	    "true,\"type\":\"text\"}}");
	ck_assert_str_eq(asked(5), "PUT /collections/new%20docs/points?"
	    "wait=true {\"points\":[{\"id\":1,\"payload\":{\"n\":"
	    "18446744073709551615},\"vector\":[1.50]},"
	    "{\"id\":2,\"vector\":{}}]}");
	/* limits only now, so that they do not hinder */
	ck_assert_str_eq(asked(6), "PATCH /collections/new%20docs "
	    "{\"strict_mode_config\":{\"enabled\":true,\"max_query_limit\":2},"
	    "\"params\":{\"read_fan_out_factor\":2}}");
	ck_assert_uint_eq(http_server_count(server), 7);
}
END_TEST

START_TEST(puts_points_under_their_shard_keys)
{
	answer(PAGE("{\"id\":5,\"shard_key\":\"a\"},"
	    "{\"id\":6,\"shard_key\":\"a\"}", "null"));
	answer(PAGE("{\"id\":5,\"shard_key\":7}", "null"));
	accept_all(8);
	ck_assert_int_eq(load("[\"a\",7]", NULL), 0);
	ck_assert_str_eq(asked(4), "PUT /collections/new%20docs/shards "
	    "{\"shard_key\":\"a\"}");
	ck_assert_str_eq(asked(5), "PUT /collections/new%20docs/shards "
	    "{\"shard_key\":7}");
	ck_assert_ptr_nonnull(strstr(asked(8), "{\"points\":[{\"id\":5,"
	    "\"vector\":{}},{\"id\":6,\"vector\":{}}],\"shard_key\":\"a\"}"));
	ck_assert_ptr_nonnull(strstr(asked(9), "{\"points\":[{\"id\":5,"
	    "\"vector\":{}}],\"shard_key\":7}"));
	ck_assert_uint_eq(http_server_count(server), 11);
}
END_TEST

START_TEST(puts_points_again_when_that_was_not_answered)
{
	answer(PAGE("{\"id\":1}", "null"));
	accept_all(3);
	http_server_add(server, &mishaps[_i], 1);
	accept_all(2);
	ck_assert_int_eq(load(NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(asked(5), "{\"points\":[{\"id\":1,"));
	ck_assert_str_eq(asked(5), asked(6));
}
END_TEST

START_TEST(says_what_the_server_does_not_take)
{
	http_answer refusal = { .status = 422, .body = "{\"status\":{\"error\":"
	    "\"unknown variant `Moon` in `distance`\"},\"time\":0}" };
	dbb_error err = {0};

	answer(PAGE("", "null"));
	http_server_add(server, &refusal, 1);
	ck_assert_int_eq(load(NULL, &err), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(err.message, "loading collection "
	    "'new docs': making collection 'new docs': "));
	ck_assert_ptr_nonnull(strstr(err.message, "unknown variant `Moon`"));
	ck_assert_ptr_nonnull(strstr(err.hint, "comes from Qdrant 1.18.3"));
	ck_assert_uint_eq(http_server_count(server), 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("qd_scroll");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, pages_points_out_in_the_order_of_their_ids);
	tcase_add_test(tcase, reads_one_shard_key_after_the_other);
	tcase_add_loop_test(tcase, asks_for_a_page_again_that_did_not_come, 0,
	    sizeof(mishaps) / sizeof(mishaps[0]));
	tcase_add_loop_test(tcase, refuses_a_page_that_is_none, 0,
	    sizeof(bad_pages) / sizeof(bad_pages[0]));
	tcase_add_test(tcase, asks_for_less_where_a_page_is_too_large);
	tcase_add_test(tcase, reports_what_the_server_refuses);
	tcase_add_test(tcase, makes_the_collection_and_puts_the_points);
	tcase_add_test(tcase, puts_points_under_their_shard_keys);
	tcase_add_loop_test(tcase,
	    puts_points_again_when_that_was_not_answered, 0,
	    sizeof(mishaps) / sizeof(mishaps[0]));
	tcase_add_test(tcase, says_what_the_server_does_not_take);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
