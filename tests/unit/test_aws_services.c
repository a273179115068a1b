/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys that a container's host or an instance's metadata give. */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "aws_fixture.h"
#include "http_fixture.h"
#include "suite.h"
#include "util/clock.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"

static http_server *server;

static void
set_up(void)
{
	aws_set_up();
	server = http_server_start(NULL);
}

static void
tear_down(void)
{
	aws_tear_down();
	http_server_stop(server);
}

static const char *
url(const char *path)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", http_server_url(server), path);
	return text;
}

static void
answer(int status, const char *body)
{
	const http_answer a = { .status = status, .body = body };

	http_server_add(server, &a, 1);
}

static void
assert_asked(unsigned n, const char *line)
{
	http_seen seen = http_server_seen(server, n);

	ck_assert_msg(strncmp(seen.head, line, strlen(line)) == 0 &&
	    strncmp(seen.head + strlen(line), " HTTP/1.1\r\n", 11) == 0,
	    "%s", seen.head);
}

/* The n-th request had this header; `value` NULL: it had not. */
static void
assert_header(unsigned n, const char *name, const char *value)
{
	http_seen seen = http_server_seen(server, n);
	const char *had = http_seen_header(&seen, name);

	if (value == NULL)
		ck_assert_ptr_null(had);
	else
		ck_assert_msg(had != NULL && strcmp(had, value) == 0, "%s",
		    seen.head);
}

#define FIRST "{\"Code\":\"Success\",\"AccessKeyId\":\"first\"," \
    "\"SecretAccessKey\":\"HIDDEN\",\"Token\":\"token\"," \
    "\"Expiration\":\"2026-11-22T03:00:00Z\"}"
#define SECOND "{\"AccessKeyId\":\"second\",\"SecretAccessKey\":\"HIDDEN\"," \
    "\"Token\":\"token\",\"Expiration\":\"2026-11-22T04:00:00Z\"}"

/* ---- container ---- */

START_TEST(asks_the_container_and_renews)
{
	aws_variable(FULL, url("/v1/keys?x=y"));
	aws_variable(TOKEN, "Basic HIDDEN");
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "token");
	assert_asked(0, "GET /v1/keys?x=y");
	assert_header(0, "Authorization", "Basic HIDDEN");
	answer(200, SECOND);
	aws_expect(AWS_NOW + 54 * AWS_MINUTE, "first", "HIDDEN", "token");
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "second", "HIDDEN", "token");
	ck_assert_uint_eq(http_server_count(server), 2);
}
END_TEST

/* What Kubernetes writes into it is another token from time to time. */
START_TEST(reads_the_token_for_the_container_each_time)
{
	aws_variable(FULL, url("/"));
	aws_variable(TOKEN, "no");
	aws_variable(TOKEN "_FILE", aws_write("token", "HIDDEN1\n"));
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "token");
	assert_header(0, "Authorization", "HIDDEN1");
	aws_write("token", "HIDDEN2");
	answer(200, SECOND);
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "second", "HIDDEN", "token");
	assert_header(1, "Authorization", "HIDDEN2");
}
END_TEST

START_TEST(tries_again_what_may_pass)
{
	aws_variable(FULL, url("/"));
	aws_begin();
	answer(503, "");
	answer(429, "");
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "token");
	assert_header(2, "Authorization", NULL);
	ck_assert_uint_eq(http_server_count(server), 3);
	answer(503, "");
	answer(503, "");
	answer(503, "");
	answer(503, "busy");
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "first", "HIDDEN", "token");
	ck_assert_uint_eq(http_server_count(server), 7);
	answer(404, "");
	aws_expect_failure(AWS_NOW + 60 * AWS_MINUTE, DBB_EAUTH,
	    "the container's endpoint: it answered 404");
	ck_assert_uint_eq(http_server_count(server), 8);
}
END_TEST

static const struct {
	int status;
	const char *body;
	int code;
	const char *words;
} refusals[] = {
	{ 403, "{\"message\":\"no\x01 role\"}", DBB_EAUTH,
	    "it answered 403: {\"message\":\"no  role\"}" },
	{ 302, "", DBB_EAUTH, "it answered 302" },
	{ 200, "<html>", DBB_EDAMAGED, "not a JSON document" },
	{ 200, "{}", DBB_EAUTH, "has no 'AccessKeyId'" },
	{ 200, "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":7}", DBB_EAUTH,
	    "has no 'SecretAccessKey'" },
	{ 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", DBB_EAUTH,
	    "it answered 'AssumeRoleUnauthorizedAccess'" },
	{ 200, "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"HIDDEN\","
	    "\"Token\":\"a\\r\\nb\"}", DBB_ECONFIG,
	    "the session token that was found has a blank" },
};

START_TEST(judges_what_the_container_answers)
{
	aws_variable(FULL, url("/"));
	aws_begin();
	answer(refusals[_i].status, refusals[_i].body);
	aws_expect_failure(AWS_NOW, refusals[_i].code, refusals[_i].words);
}
END_TEST

START_TEST(keeps_no_answer_without_end)
{
	const http_answer endless = { .fault = HTTP_ENDLESS_BODY };

	aws_variable(FULL, url("/"));
	aws_begin();
	http_server_add(server, &endless, 1);
	aws_expect_failure(AWS_NOW, DBB_EDAMAGED, "the container's endpoint");
}
END_TEST

static const struct {
	const char *variable, *value, *words;
} far[] = {
	{ FULL, "http://example.com/", "without TLS, keys are not asked of "
	    "the host 'example.com'" },
	{ FULL, "http://127.0.0.1.example.com/", "without TLS" },
	{ FULL, "http://127.0.0.1@example.com/", "'example.com'" },
	{ FULL, "http://localhost.example.com/", "without TLS" },
	{ FULL, "http://169.254.170.3/", "without TLS" },
	{ FULL, "http://[::2]/", "without TLS" },
	{ FULL, "ftp://127.0.0.1/", "without TLS" },
	{ FULL, "file:///etc/passwd", "" },
	{ FULL, "nothing", "" },
	{ RELATIVE, "@example.com/", "does not begin with '/'" },
	{ RELATIVE, ".example.com/", "does not begin with '/'" },
};

START_TEST(asks_no_host_that_is_far_away)
{
	aws_variable(TOKEN, "HIDDEN");
	aws_variable(far[_i].variable, far[_i].value);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, far[_i].words);
	ck_assert_ptr_nonnull(strstr(aws_err.message, far[_i].variable));
}
END_TEST

static const char *const near[] = {
	"http://localhost:1/", "http://127.1.2.3:1/", "http://[::1]:1/",
	"https://localhost:1/", "https://127.0.0.1:1/",
};

/* None of them listens there; what matters is that it was asked. */
START_TEST(asks_hosts_that_are_near)
{
	aws_variable(FULL, near[_i]);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONNECT, "");
}
END_TEST

START_TEST(sends_no_token_of_two_lines)
{
	aws_variable(FULL, url("/"));
	aws_variable(TOKEN, "a\r\nHost: HIDDEN");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "more than one line");
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

/* ---- instance ---- */

#define ROLES "GET /latest/meta-data/iam/security-credentials/"

static void
be_instance(void)
{
	aws_variable("AWS_EC2_METADATA_DISABLED", "false");
	aws_variable(ENDPOINT, url("/"));
	aws_begin();
}

START_TEST(asks_the_instance_with_a_session)
{
	be_instance();
	answer(200, "session==");
	answer(200, "my-role\nother");
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "token");
	assert_asked(0, "PUT /latest/api/token");
	assert_header(0, "X-aws-ec2-metadata-token-ttl-seconds", "600");
	assert_asked(1, ROLES);
	assert_header(1, "X-aws-ec2-metadata-token", "session==");
	assert_asked(2, ROLES "my-role");
	assert_header(2, "X-aws-ec2-metadata-token", "session==");
	answer(200, "another");
	answer(200, "my-role");
	answer(200, SECOND);
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "second", "HIDDEN", "token");
	assert_header(5, "X-aws-ec2-metadata-token", "another");
}
END_TEST

static const struct {
	http_answer answers[3];
	int code;
	const char *words;
	unsigned requests;
} instances[] = {
	{ { { .status = 404 } }, DBB_ECONFIG, "no credentials were found", 1 },
	{ { { .status = 403 } }, DBB_ECONFIG, "it answered 403", 1 },
	{ { { .status = 503 } }, DBB_ECONFIG, "it answered 503", 1 },
	{ { { .body = "" } }, DBB_ECONFIG, "is no token", 1 },
	{ { { .body = "a\r\nX: b" } }, DBB_ECONFIG, "is no token", 1 },
	{ { { .body = "t" }, { .status = 404 } }, DBB_ECONFIG,
	    "the instance has no role", 2 },
	{ { { .body = "t" }, { .status = 401, .body = "x" } }, DBB_EAUTH,
	    "it answered 401: x", 2 },
	{ { { .body = "t" }, { .body = "../../user-data" } }, DBB_EAUTH,
	    "is no name of a role", 2 },
	{ { { .body = "t" }, { .body = "" } }, DBB_EAUTH,
	    "is no name of a role", 2 },
	{ { { .body = "t" }, { .body = "r" }, { .status = 404 } }, DBB_EAUTH,
	    "role 'r': it answered 404", 3 },
	{ { { .body = "t" }, { .body = "r" }, { .body =
	    "{\"Code\":\"Failed\"}" } }, DBB_EAUTH,
	    "role 'r': it answered 'Failed'", 3 },
};

START_TEST(judges_what_the_instance_answers)
{
	unsigned n = instances[_i].requests, i;

	be_instance();
	for (i = 0; i < n; i++)
		http_server_add(server, &instances[_i].answers[i], 1);
	aws_expect_failure(AWS_NOW, instances[_i].code, instances[_i].words);
	ck_assert_uint_eq(http_server_count(server), n);
}
END_TEST

START_TEST(asks_no_instance_where_that_is_off)
{
	be_instance();
	aws_variable("AWS_EC2_METADATA_DISABLED", "TRUE");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG,
	    "off by AWS_EC2_METADATA_DISABLED");
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

/* Most machines are no instance: that must be known soon. */
START_TEST(does_not_wait_for_an_instance_that_is_none)
{
	static const char *const nobody[] = {
		"http://127.0.0.1:1", "http://192.0.2.1", "nothing",
	};
	const http_answer silent = { .fault = HTTP_SILENT };
	uint64_t begun = dbbi_monotonic_ms();
	size_t i;

	be_instance();
	http_server_add(server, &silent, 1);
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "no credentials were found");
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 5000);
	for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		begun = dbbi_monotonic_ms();
		aws_variable(ENDPOINT, nobody[i]);
		aws_begin();
		aws_expect_failure(AWS_NOW, DBB_ECONFIG, nobody[i]);
		ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 4000);
	}
}
END_TEST

/* A proxy would see the keys, or give those of the machine that it is on. */
START_TEST(asks_neither_through_a_proxy)
{
	http_server *proxy = http_server_start(NULL);
	unsigned count;

	ck_assert_int_eq(setenv("http_proxy", http_server_url(proxy), 1), 0);
	aws_variable(FULL, url("/"));
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "token");
	aws_variable(FULL, "");
	be_instance();
	answer(200, "session==");
	answer(200, "role");
	answer(200, SECOND);
	aws_expect(AWS_NOW, "second", "HIDDEN", "token");
	ck_assert_int_eq(unsetenv("http_proxy"), 0);
	count = http_server_count(proxy);
	http_server_stop(proxy);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(http_server_count(server), 4);
}
END_TEST

static void *
cancel_soon(void *payload)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	dbbi_run_cancel(&aws_run);
	return payload;
}

START_TEST(a_cancel_ends_the_wait)
{
	const http_answer silent = { .fault = HTTP_SILENT };
	uint64_t begun = dbbi_monotonic_ms();
	pthread_t thread;

	aws_variable(FULL, url("/"));
	aws_begin();
	http_server_add(server, &silent, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	aws_expect_failure(AWS_NOW, DBB_ECANCELED, "");
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 5000);
	pthread_join(thread, NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aws_services");
	TCase *tc = tcase_create("aws_services");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, asks_the_container_and_renews);
	tcase_add_test(tc, reads_the_token_for_the_container_each_time);
	tcase_add_test(tc, tries_again_what_may_pass);
	tcase_add_loop_test(tc, judges_what_the_container_answers, 0,
	    COUNT(refusals));
	tcase_add_test(tc, keeps_no_answer_without_end);
	tcase_add_loop_test(tc, asks_no_host_that_is_far_away, 0, COUNT(far));
	tcase_add_loop_test(tc, asks_hosts_that_are_near, 0, COUNT(near));
	tcase_add_test(tc, sends_no_token_of_two_lines);
	tcase_add_test(tc, asks_the_instance_with_a_session);
	tcase_add_loop_test(tc, judges_what_the_instance_answers, 0,
	    COUNT(instances));
	tcase_add_test(tc, asks_no_instance_where_that_is_off);
	tcase_add_test(tc, does_not_wait_for_an_instance_that_is_none);
	tcase_add_test(tc, asks_neither_through_a_proxy);
	tcase_add_test(tc, a_cancel_ends_the_wait);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
