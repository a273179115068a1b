/* SPDX-License-Identifier: BSD-2-Clause */
/* What a node answers, and what becomes of it. */
#include <config.h>

#include "source/qd_server.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "http_fixture.h"
#include "suite.h"

#define ROOT "{\"title\":\"qdrant - vector search engine\"," \
    "\"version\":\"1.18.3\",\"commit\":\"db8\"}"
#define OK "{\"result\":{\"x\":1},\"status\":\"ok\",\"time\":0.1}"

static http_server *server;
static dbbi_run run;
static dbbi_qd *qd;
static dbbi_qd_settings settings;
static dbb_error err;

static void
set_up(void)
{
	qd = NULL;
	memset(&settings, 0, sizeof(settings));
	server = http_server_start(NULL);
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
}

static void
tear_down(void)
{
	dbbi_qd_free(qd);
	dbbi_run_clear(&run);
	http_server_stop(server);
}

static void
answer(int status, const char *headers, const char *body, unsigned times)
{
	http_answer a = { .status = status, .headers = headers,
	    .body = body };

	http_server_add(server, &a, times);
}

static int
connect_node(void)
{
	return dbbi_qd_connect(&qd, &settings, http_server_url(server), &run,
	    &err);
}

static void
greet(void)
{
	answer(200, NULL, ROOT, 1);
	ck_assert_int_eq(connect_node(), 0);
}

START_TEST(a_node_says_who_it_is)
{
	greet();
	ck_assert_str_eq(dbbi_qd_version(qd), "1.18.3");
	ck_assert_str_eq(dbbi_qd_commit(qd), "db8");
	ck_assert(dbbi_qd_is_version(qd, 1, 18));
	ck_assert(dbbi_qd_is_version(qd, 1, 8));
	ck_assert(dbbi_qd_is_version(qd, 0, 99));
	ck_assert(!dbbi_qd_is_version(qd, 1, 19));
	ck_assert(!dbbi_qd_is_version(qd, 2, 0));
}
END_TEST

static const char *const strangers[] = {
	"hello", "[]", "{}", "{\"title\":\"elasticsearch\",\"version\":\"8\"}",
	"{\"title\":\"qdrant\"}", "",
};

START_TEST(another_server_is_no_node)
{
	answer(200, NULL, strangers[_i], 1);
	ck_assert_int_eq(connect_node(), DBB_ECONNECT);
	ck_assert_ptr_nonnull(strstr(err.message, "no Qdrant"));
	ck_assert_ptr_nonnull(strstr(err.hint, "6333"));
}
END_TEST

START_TEST(the_key_goes_as_a_header_alone)
{
	char key[] = "s3cret";
	http_seen seen;

	settings.api_key = key;
	greet();
	answer(401, NULL, "Invalid API key or JWT", 1);
	ck_assert_int_eq(dbbi_qd_ask(NULL, qd, "GET", "/collections", NULL,
	    &err), DBB_EAUTH);
	seen = http_server_seen(server, 1);
	ck_assert_str_eq(http_seen_header(&seen, "api-key"), "s3cret");
	ck_assert_ptr_nonnull(strstr(seen.head, "GET /collections HTTP"));
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
}
END_TEST

START_TEST(a_result_is_given)
{
	dbbi_json *result = NULL;

	greet();
	answer(200, NULL, OK, 1);
	ck_assert_int_eq(dbbi_qd_ask(&result, qd, "GET", "/x", NULL, &err), 0);
	ck_assert_str_eq(dbbi_json_text(result), "{\"x\":1}");
	dbbi_json_free(result);
	result = NULL;
	answer(200, NULL, "{\"result\":null,\"status\":\"ok\"}", 1);
	ck_assert_int_eq(dbbi_qd_ask(&result, qd, "PUT", "/x", NULL, &err), 0);
	ck_assert_ptr_null(result);
}
END_TEST

static const struct {
	int status;
	const char *headers, *body;
	int code;
	const char *words, *hint;
} answers[] = {
	{ 400, NULL, "{\"status\":{\"error\":\"Bad request: no\"}}",
	    DBB_ESOURCE, "answered 400: Bad request: no", "" },
	{ 401, NULL, "Must provide an API key", DBB_EAUTH,
	    "answered 401: Must provide an API key", "set api-key-file" },
	{ 403, NULL, "{\"status\":{\"error\":\"Forbidden: Global access\"}}",
	    DBB_EACCESS, "answered 403: Forbidden: Global access",
	    "has not this right" },
	{ 403, NULL, "ExpiredSignature", DBB_EACCESS, "ExpiredSignature",
	    "has expired" },
	{ 404, NULL, "", DBB_ENOTFOUND, "answered 404", "" },
	{ 409, NULL, "{\"status\":{\"error\":\"exists\"}}", DBB_EEXIST,
	    "exists", "" },
	{ 422, NULL, "{\"status\":{\"error\":\"bad\"}}", DBB_ESOURCE,
	    "bad", "" },
	{ 500, NULL, "{\"status\":{\"error\":\"No space left on device\"}}",
	    DBB_ESOURCE, "No space left", "free space on the server" },
	{ 301, "Location: http://u:s3cret@x/\r\n", "", DBB_ECONNECT,
	    "redirect to ''", "no other host" },
	{ 302, "Location: https://y/z?k=s3cret\r\n", "", DBB_ECONNECT,
	    "redirect to 'https://y/z'", "no other host" },
	{ 500, NULL, "<html>s3cret</html>", DBB_ESOURCE, "answered 500",
	    "log" },
	{ 500, NULL, "a\nb\x01\xff", DBB_ESOURCE, "answered 500: a b ", "" },
	{ 200, NULL, "{\"status\":\"accepted\",\"time\":0}", DBB_ECONNECT,
	    "no Qdrant", "6333" },
	{ 200, NULL, "[1]", DBB_ECONNECT, "no Qdrant", "6333" },
};

START_TEST(each_answer_is_one_error)
{
	greet();
	answer(answers[_i].status, answers[_i].headers, answers[_i].body, 1);
	ck_assert_int_eq(dbbi_qd_ask(NULL, qd, "PUT", "/x", NULL, &err),
	    answers[_i].code);
	ck_assert_msg(strstr(err.message, answers[_i].words) != NULL, "%s",
	    err.message);
	ck_assert_msg(strstr(err.hint, answers[_i].hint) != NULL, "%s",
	    err.hint);
	ck_assert_ptr_nonnull(strstr(err.message, http_server_url(server)));
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
	ck_assert_uint_eq(http_server_count(server), 2);
}
END_TEST

START_TEST(what_passes_is_asked_again)
{
	greet();
	answer(503, NULL, "{}", 1);
	answer(429, "Retry-After: 0\r\n", "{}", 1);
	answer(200, NULL, OK, 1);
	ck_assert_int_eq(dbbi_qd_ask(NULL, qd, "PUT", "/x", NULL, &err), 0);
	ck_assert_uint_eq(http_server_count(server), 4);
}
END_TEST

START_TEST(what_may_have_been_done_is_not_asked_twice)
{
	http_answer cut = { .fault = HTTP_CLOSE };

	greet();
	http_server_add(server, &cut, 1);
	ck_assert_int_eq(dbbi_qd_ask_patiently(NULL, qd, "POST", "/x", NULL,
	    &err), DBB_EIO);
	ck_assert_uint_eq(http_server_count(server), 2);
	answer(503, NULL, "{}", 1);
	ck_assert_int_eq(dbbi_qd_ask_patiently(NULL, qd, "POST", "/x", NULL,
	    &err), DBB_ESOURCE);
	ck_assert_uint_eq(http_server_count(server), 3);
}
END_TEST

START_TEST(a_question_that_only_reads_is_asked_twice)
{
	http_answer cut = { .fault = HTTP_CLOSE };
	dbbi_json *body = dbbi_json_new_object();

	greet();
	http_server_add(server, &cut, 1);
	answer(200, NULL, OK, 1);
	ck_assert_int_eq(dbbi_qd_ask(NULL, qd, "POST",
	    "/collections/x/points/count?timeout=1", body, &err), 0);
	ck_assert_uint_eq(http_server_count(server), 3);
	dbbi_json_free(body);
}
END_TEST

START_TEST(a_client_that_cleans_up_heeds_no_cancel)
{
	answer(200, NULL, ROOT, 1);
	answer(200, NULL, OK, 1);
	dbbi_run_cancel(&run);
	ck_assert_int_eq(dbbi_qd_connect_to_clean(&qd, &settings,
	    http_server_url(server), &run, &err), 0);
	ck_assert_int_eq(dbbi_qd_ask(NULL, qd, "DELETE", "/x", NULL, &err), 0);
}
END_TEST

static Suite *
server_suite(void)
{
	Suite *suite = suite_create("qd_server");
	TCase *tc = tcase_create("answers");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_node_says_who_it_is);
	tcase_add_loop_test(tc, another_server_is_no_node, 0,
	    sizeof(strangers) / sizeof(strangers[0]));
	tcase_add_test(tc, the_key_goes_as_a_header_alone);
	tcase_add_test(tc, a_result_is_given);
	tcase_add_loop_test(tc, each_answer_is_one_error, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tc, what_passes_is_asked_again);
	tcase_add_test(tc, what_may_have_been_done_is_not_asked_twice);
	tcase_add_test(tc, a_question_that_only_reads_is_asked_twice);
	tcase_add_test(tc, a_client_that_cleans_up_heeds_no_cancel);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return suite_run(server_suite());
}
