/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cert_fixture.h"
#include "http_fixture.h"
#include "net/http_limit.h"
#include "suite.h"
#include "util/clock.h"
#include "util/text.h"

#define STALL_S 1
#define SOON_MS 5000	/* ends that are at once, on a machine that is busy */

#define ck_assert_has(text, part) \
	ck_assert_msg(strstr((text), (part)) != NULL, \
	    "'%s' is not in '%s'", (part), (text))

static dbbi_run run;
static dbb_error err;
static http_server *server;
static dbbi_http *client;
static dbbi_http_response got;

static void
set_up(void)
{
	const dbbi_http_options options = { .stall_s = STALL_S };

	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	dbbi_error_clear(&err);
	server = http_server_start(NULL);
	ck_assert_int_eq(dbbi_http_new(&client, &options, &run, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_http_response_clear(&got);
	dbbi_http_free(client);
	http_server_stop(server);
	dbbi_run_clear(&run);
}

static void
use_server(const http_server_options *options)
{
	http_server_stop(server);
	server = http_server_start(options);
}

static void
use_client(const dbbi_http_options *options)
{
	dbbi_http_free(client);
	client = NULL;
	ck_assert_int_eq(dbbi_http_new(&client, options, &run, &err), DBB_OK);
}

/* The server's URL with `path`; in one of four buffers that take turns. */
static const char *
url(const char *path)
{
	static char urls[4][256];
	static unsigned turn;
	char *to = urls[turn++ % 4];

	snprintf(to, sizeof(urls[0]), "%s%s", http_server_url(server), path);
	return to;
}

static int
ask(dbbi_http_request *request)
{
	dbbi_http_response_clear(&got);
	dbbi_error_clear(&err);
	if (request->method == NULL)
		request->method = "GET";
	if (request->url == NULL)
		request->url = url("/");
	return dbbi_http_do(&got, client, request, &err);
}

static void
will(http_fault fault, size_t at)
{
	const http_answer a = { .fault = fault, .at = at,
	    .body = "0123456789" };

	http_server_add(server, &a, 1);
}

/* ---- what is sent, what comes back ---- */

START_TEST(answers_with_status_header_and_body)
{
	const http_answer a = { .status = 404, .body = "no such thing",
	    .headers = "X-One:  first \r\nx-one: second\r\n"
	    "Date: Sun, 22 Nov 2026 02:00:00 GMT\r\nX-Empty:\r\n" };
	dbbi_http_request r = { .url = url("/a/../b%2F") };
	http_seen seen;

	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_ANSWERED);
	ck_assert_int_eq(got.status, 404);
	ck_assert_str_eq(got.body, "no such thing");
	ck_assert_uint_eq(got.body_size, strlen(got.body));
	ck_assert_str_eq(dbbi_http_header(&got, "x-ONE"), "first");
	ck_assert_str_eq(dbbi_http_header(&got, "X-Empty"), "");
	ck_assert_ptr_null(dbbi_http_header(&got, "X-On"));
	ck_assert_int_eq(got.date_ms, INT64_C(1795312800000));
	seen = http_server_seen(server, 0);
	ck_assert_ptr_eq(strstr(seen.head, "GET /a/../b%2F HTTP/1.1\r\n"),
	    seen.head);
}
END_TEST

START_TEST(keeps_an_empty_body_as_an_empty_string)
{
	dbbi_http_request r = { .method = "DELETE" };

	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.status, 200);
	ck_assert_str_eq(got.body, "");
	ck_assert_int_eq(got.date_ms, 0);
}
END_TEST

static void
sends_whole(size_t size, const char *method)
{
	const char *const headers[] = { "X-Key: a b", "X-None;", NULL };
	dbbi_http_request r = { .method = method, .headers = headers,
	    .body_size = size };
	char *body = malloc(size + 1);
	http_seen seen;
	size_t i;

	for (i = 0; i < size; i++)
		body[i] = (char)(i * 31 + i / 251);
	r.body = body;
	ck_assert_int_eq(ask(&r), DBB_OK);
	seen = http_server_seen(server, 0);
	ck_assert_int_eq(strncmp(seen.head, method, strlen(method)), 0);
	ck_assert_uint_eq(seen.body_size, size);
	ck_assert_mem_eq(seen.body, body, size);
	ck_assert_ptr_nonnull(http_seen_header(&seen, "Content-Length"));
	ck_assert_str_eq(http_seen_header(&seen, "X-Key"), "a b");
	ck_assert_str_eq(http_seen_header(&seen, "X-None"), "");
	ck_assert_ptr_null(http_seen_header(&seen, "Content-Type"));
	ck_assert_ptr_null(http_seen_header(&seen, "Transfer-Encoding"));
	ck_assert_int_eq(http_seen_header(&seen, "Expect") != NULL,
	    size >= 1 << 20);
	free(body);
}

START_TEST(sends_an_empty_body)
{
	sends_whole(0, "POST");
}
END_TEST

START_TEST(sends_a_small_body)
{
	sends_whole(1000, "PUT");
}
END_TEST

START_TEST(asks_before_it_sends_a_large_body)
{
	sends_whole((3 << 20) + 7, "POST");
}
END_TEST

struct sum {
	size_t size;
	uint32_t sum;
	size_t stop_at;
};

static int
add_up(const void *data, size_t size, void *payload)
{
	struct sum *s = payload;
	const unsigned char *at = data;
	size_t i;

	for (i = 0; i < size; i++)
		s->sum = s->sum * 31 + at[i];
	s->size += size;
	return s->stop_at != 0 && s->size >= s->stop_at;
}

START_TEST(gives_the_body_of_a_success_to_the_sink)
{
	static char body[(5 << 20) + 3];	/* for the server's threads */
	const size_t size = sizeof(body);
	http_answer a = { .status = 206, .body_size = size };
	struct sum sum = { 0 }, sent = { 0 };
	dbbi_http_request r = { .sink = add_up, .payload = &sum };

	snprintf(body + size / 2, 100, "not all the same");
	add_up(body, size, &sent);
	a.body = body;
	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_eq(got.received, size);
	ck_assert_uint_eq(sum.size, size);
	ck_assert_uint_eq(sum.sum, sent.sum);
	ck_assert_str_eq(got.body, "");
}
END_TEST

START_TEST(keeps_the_body_of_a_refusal_from_the_sink)
{
	const http_answer a = { .status = 403, .body = "<Error/>" };
	struct sum sum = { 0 };
	dbbi_http_request r = { .sink = add_up, .payload = &sum };

	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_eq(sum.size, 0);
	ck_assert_uint_eq(got.received, 0);
	ck_assert_str_eq(got.body, "<Error/>");
}
END_TEST

START_TEST(reads_no_body_after_head)
{
	const http_answer a = { .headers = "Content-Length: 4711\r\n" };
	dbbi_http_request r = { .method = "HEAD" };

	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_str_eq(dbbi_http_header(&got, "content-length"), "4711");
	ck_assert_uint_eq(got.body_size, 0);
}
END_TEST

START_TEST(follows_no_redirect)
{
	char location[300];
	http_answer a = { .status = 307, .headers = location };
	dbbi_http_request r = { 0 };

	snprintf(location, sizeof(location), "Location: %s\r\n",
	    url("/elsewhere"));
	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.status, 307);
	ck_assert_str_eq(dbbi_http_header(&got, "Location"),
	    url("/elsewhere"));
	ck_assert_uint_eq(http_server_count(server), 1);
}
END_TEST

START_TEST(hears_a_refusal_before_a_large_body_is_sent)
{
	const http_answer a = { .status = 403, .fault = HTTP_EARLY,
	    .body = "no" };
	dbbi_http_request r = { .method = "PUT", .body_size = 8 << 20 };
	char *body = calloc(1, 8 << 20);

	r.body = body;
	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.status, 403);
	ck_assert_str_eq(got.body, "no");
	free(body);
}
END_TEST

START_TEST(refuses_what_is_no_request)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://h/",
	    "gopher://h/", "http://", "x", "", "http://user:secret@h/" };
	const char *const broken[] = { "X: a\r\nY: b", NULL };
	dbbi_http_request r = { .headers = broken };
	size_t i;

	ck_assert_int_eq(ask(&r), DBB_EINVAL);
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		r = (dbbi_http_request){ .url = urls[i] };
		ck_assert_int_eq(ask(&r), DBB_EINVAL);
		ck_assert_ptr_null(strstr(err.message, "secret"));
	}
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

/* ---- servers that misbehave ---- */

static const struct misdeed {
	http_fault fault;
	size_t at;
	dbbi_http_outcome outcome;
	int code;
	int sink;
} misdeeds[] = {
	{ HTTP_SILENT, 0, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 0 },
	{ HTTP_DRIBBLE_HEADER, 100, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 0 },
	{ HTTP_ENDLESS_CONTINUE, 300, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 0 },
	{ HTTP_DRIBBLE_BODY, 100, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 0 },
	{ HTTP_DRIBBLE_BODY, 100, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 1 },
	{ HTTP_STALL, 5, DBBI_HTTP_TIMEOUT, DBB_ECONNECT, 1 },
	{ HTTP_ENDLESS_CONTINUE, 0, DBBI_HTTP_TOO_BIG, DBB_EDAMAGED, 0 },
	{ HTTP_ENDLESS_HEADERS, 0, DBBI_HTTP_TOO_BIG, DBB_EDAMAGED, 0 },
	{ HTTP_LONG_LINE, 0, DBBI_HTTP_TOO_BIG, DBB_EDAMAGED, 0 },
	{ HTTP_ENDLESS_BODY, 0, DBBI_HTTP_TOO_BIG, DBB_EDAMAGED, 0 },
	{ HTTP_CUT, 9, DBBI_HTTP_CUT, DBB_EIO, 0 },
	{ HTTP_CUT, 0, DBBI_HTTP_CUT, DBB_EIO, 1 },
	{ HTTP_CUT_RESET, 5, DBBI_HTTP_CUT, DBB_EIO, 1 },
	{ HTTP_CLOSE, 0, DBBI_HTTP_CUT, DBB_EIO, 0 },
	{ HTTP_RESET, 0, DBBI_HTTP_CUT, DBB_EIO, 0 },
	{ HTTP_RAW, 0, DBBI_HTTP_OTHER, DBB_EIO, 0 },
};

START_TEST(ends_whatever_the_server_does)
{
	const struct misdeed *m = &misdeeds[_i];
	const char *const headers[] = { "Authorization: Bearer s3cr3t", NULL };
	struct sum sum = { 0 };
	dbbi_http_request r = { .headers = headers,
	    .sink = m->sink ? add_up : NULL, .payload = &sum };
	const http_answer longer = { .fault = m->fault, .at = m->at,
	    .body = "0123456789" };
	char port[16];
	uint64_t began = dbbi_monotonic_ms();

	if (m->fault == HTTP_DRIBBLE_BODY)
		http_server_add(server, &(http_answer){ .fault = m->fault,
		    .at = m->at, .headers = "Content-Length: 1000\r\n" }, 1);
	else
		http_server_add(server, &longer, 1);
	ck_assert_int_eq(ask(&r), m->code);
	ck_assert_int_eq(got.outcome, m->outcome);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, STALL_S * 1000 +
	    SOON_MS);
	snprintf(port, sizeof(port), ":%u'", http_server_port(server));
	ck_assert_has(err.message, port);
	ck_assert_ptr_null(strstr(err.message, "s3cr3t"));
	ck_assert_int_eq(err.retryable,
	    m->outcome == DBBI_HTTP_TIMEOUT || m->outcome == DBBI_HTTP_CUT);
	/* And what comes next is served. */
	r = (dbbi_http_request){ 0 };
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.status, 200);
}
END_TEST

START_TEST(gives_up_a_server_that_takes_no_body)
{
	dbbi_http_request r = { .method = "PUT", .body_size = 16 << 20 };
	char *body = calloc(1, r.body_size);
	uint64_t began = dbbi_monotonic_ms();

	r.body = body;
	will(HTTP_DEAF, 0);
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_uint_ge(dbbi_monotonic_ms() - began, STALL_S * 1000);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, STALL_S * 1000 +
	    SOON_MS);
	ck_assert_has(err.message, "moved for 1 s");
	free(body);
}
END_TEST

START_TEST(waits_while_a_slow_line_drains)
{
	const http_server_options slow = { .receive_buffer = 16384 };
	dbbi_http_request r = { .method = "PUT", .body_size = 900000 };
	char *body = calloc(1, r.body_size);
	uint64_t began = dbbi_monotonic_ms();

	/* All of it is in the kernel's buffer at once. */
	use_server(&slow);
	r.body = body;
	will(HTTP_SLOW, 50);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_gt(dbbi_monotonic_ms() - began, 2 * STALL_S * 1000);
	free(body);
}
END_TEST

START_TEST(takes_what_is_behind_an_answer_for_no_other)
{
	const http_answer more = { .fault = HTTP_LONGER, .body = "right" };
	const http_answer next = { .body = "also right" };
	dbbi_http_request r = { 0 };

	http_server_add(server, &more, 1);
	http_server_add(server, &next, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_str_eq(got.body, "right");
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_str_eq(got.body, "also right");
	ck_assert_uint_eq(http_server_connections(server), 2);
}
END_TEST

START_TEST(keeps_a_body_up_to_its_bound)
{
	const http_answer a = { .body = "0123456789" };
	dbbi_http_request r = { .max_body = 10 };

	http_server_add(server, &a, 2);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_str_eq(got.body, "0123456789");
	r.max_body = 9;
	ck_assert_int_eq(ask(&r), DBB_EDAMAGED);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TOO_BIG);
	ck_assert_has(err.message, "9 bytes");
}
END_TEST

START_TEST(stops_when_the_sink_says_so)
{
	struct sum sum = { .stop_at = 100000 };
	dbbi_http_request r = { .sink = add_up, .payload = &sum };

	will(HTTP_ENDLESS_BODY, 0);
	ck_assert_int_eq(ask(&r), DBB_ECANCELED);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_STOPPED);
	ck_assert_int_eq(got.status, 200);
	ck_assert_uint_lt(got.received, 100000);
}
END_TEST

START_TEST(ends_an_endless_body_in_time)
{
	struct sum sum = { 0 };
	dbbi_http_request r = { .sink = add_up, .payload = &sum,
	    .total_s = 1 };
	uint64_t began = dbbi_monotonic_ms();

	will(HTTP_ENDLESS_BODY, 0);
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 1000 + SOON_MS);
	ck_assert_has(err.message, "not done after 1 s");
}
END_TEST

START_TEST(waits_longer_where_a_request_may_take_longer)
{
	const http_answer a = { .delay_ms = 1500, .body = "at last" };
	dbbi_http_request r = { .stall_s = 20 };

	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_str_eq(got.body, "at last");
}
END_TEST

START_TEST(names_a_server_that_is_not_there)
{
	char place[64];
	dbbi_http_request r = { .url = place };

	snprintf(place, sizeof(place), "http://127.0.0.1:%u/?secret",
	    http_server_port(server));
	http_server_stop(server);
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_REFUSED);
	ck_assert_int_eq(got.status, 0);
	ck_assert_has(err.message, "'127.0.0.1:");
	ck_assert_has(err.message, "(Connection refused)");
	ck_assert_has(err.hint, "runs");
	ck_assert_ptr_null(strstr(err.message, "secret"));
	server = http_server_start(NULL);
}
END_TEST

START_TEST(names_a_host_that_does_not_exist)
{
	dbbi_http_request r = { .url = "http://nowhere.invalid/" };

	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_NO_HOST);
	ck_assert_has(err.message, "'nowhere.invalid:80'");
}
END_TEST

/* ---- connections ---- */

/* The connection is kept, and then breaks after the server has read all. */
static void
break_kept(dbbi_http_request *r, http_fault fault, size_t at)
{
	dbbi_http_request first = { 0 };

	ck_assert_int_eq(ask(&first), DBB_OK);
	will(fault, at);
	ask(r);
}

START_TEST(sends_no_body_twice)
{
	static const http_fault faults[] = { HTTP_CLOSE, HTTP_RESET,
	    HTTP_RESET_EARLY };
	dbbi_http_request r = { .method = "POST", .body_size = 500000 };
	char *body = calloc(1, r.body_size);

	r.body = body;
	break_kept(&r, faults[_i], 1000);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_CUT);
	ck_assert_int_eq(err.code, DBB_EIO);
	ck_assert_uint_eq(http_server_count(server), 2);
	ck_assert_uint_eq(http_server_seen(server, 1).connection, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_eq(http_server_seen(server, 2).body_size, r.body_size);
	free(body);
}
END_TEST

START_TEST(repeats_without_a_body_when_nothing_came)
{
	dbbi_http_request r = { 0 };

	break_kept(&r, HTTP_CLOSE, 0);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_ANSWERED);
	ck_assert_uint_eq(http_server_count(server), 3);
	ck_assert_uint_eq(http_server_connections(server), 2);
}
END_TEST

START_TEST(connects_through_a_unix_socket)
{
	char folder[] = "/tmp/dbb-http-XXXXXX", path[64];
	const http_server_options at = { .unix_socket = path };
	const dbbi_http_options options = { .unix_socket = path };
	dbbi_http_request r = { .url = "http://docker/version" };
	http_seen seen;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	use_server(&at);
	use_client(&options);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_int_eq(got.status, 200);
	seen = http_server_seen(server, 0);
	ck_assert_str_eq(http_seen_header(&seen, "Host"), "docker");
	unlink(path);
	rmdir(folder);
	use_client(&options);
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_has(err.message, path);
}
END_TEST

static int
is_internet(int fd)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof(at);

	return getpeername(fd, (struct sockaddr *)&at, &size) == 0 &&
	    at.ss_family == AF_INET;
}

static int
look_at_sockets(const void *data, size_t size, void *payload)
{
	unsigned *inherited = payload;
	struct stat st;
	int fd, flags;

	(void)data;
	(void)size;
	for (fd = 3; fd < 256; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && (flags & FD_CLOEXEC) == 0 &&
		    fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
		    is_internet(fd))
			++*inherited;
	}
	return 0;
}

START_TEST(hands_no_connection_to_children)
{
	unsigned inherited = 0;
	const http_answer a = { .body = "x" };
	dbbi_http_request r = { .sink = look_at_sockets,
	    .payload = &inherited };

	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_eq(got.received, 1);
	ck_assert_uint_eq(inherited, 0);
}
END_TEST

/* ---- limits ---- */

START_TEST(waits_only_where_there_is_a_limit)
{
	dbbi_http_limit limit;

	dbbi_http_limit_init(&limit, 0, 5);
	dbbi_http_limit_take(&limit, SIZE_MAX / 4);
	ck_assert_uint_eq(dbbi_http_limit_wait(&limit, 5), 0);
}
END_TEST

START_TEST(pays_what_was_taken_by_waiting)
{
	dbbi_http_limit limit;
	uint64_t wait, now = 1000;

	dbbi_http_limit_init(&limit, 1000, now);
	dbbi_http_limit_take(&limit, 5000);
	wait = dbbi_http_limit_wait(&limit, now);
	ck_assert_uint_ge(wait, 5000);
	ck_assert_uint_le(wait, 5010);
	ck_assert_uint_gt(dbbi_http_limit_wait(&limit, now + wait / 2), 0);
	ck_assert_uint_eq(dbbi_http_limit_wait(&limit, now + wait), 0);
	/* Nor does time that goes back give anything. */
	dbbi_http_limit_take(&limit, 5000);
	ck_assert_uint_gt(dbbi_http_limit_wait(&limit, 0), 0);
}
END_TEST

START_TEST(saves_up_little_while_nothing_moves)
{
	dbbi_http_limit limit;

	dbbi_http_limit_init(&limit, 1000000, 0);
	ck_assert_uint_eq(dbbi_http_limit_wait(&limit, UINT64_MAX / 2), 0);
	dbbi_http_limit_take(&limit, 200000);
	ck_assert_uint_ge(dbbi_http_limit_wait(&limit, UINT64_MAX / 2), 90);
}
END_TEST

/* Three transfers together, and how long they take. */
static uint64_t
take_three(const dbbi_http_request *r)
{
	dbbi_http_exchange *x[3];
	uint64_t began = dbbi_monotonic_ms();
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(dbbi_http_start(&x[i], client, r, &err),
		    DBB_OK);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(dbbi_http_wait(&got, x[i], &err), DBB_OK);
		dbbi_http_response_clear(&got);
	}
	return dbbi_monotonic_ms() - began;
}

START_TEST(limits_what_comes_down_in_all)
{
	static char body[700000];	/* for the server's threads */
	const size_t size = sizeof(body);
	const dbbi_http_options options = { .down_bytes_per_s = 1000000,
	    .stall_s = STALL_S };
	const http_answer a = { .body = body, .body_size = size };
	struct sum sum = { 0 };
	dbbi_http_request r = { .method = "GET", .sink = add_up,
	    .payload = &sum };
	uint64_t took;

	use_client(&options);
	r.url = url("/");
	http_server_add(server, &a, 3);
	took = take_three(&r);
	ck_assert_uint_eq(sum.size, 3 * size);
	ck_assert_uint_gt(took, 1800);
	ck_assert_uint_lt(took, 2100 + SOON_MS);
}
END_TEST

START_TEST(limits_what_goes_up_in_all)
{
	const dbbi_http_options options = { .up_bytes_per_s = 1000000,
	    .stall_s = STALL_S };
	dbbi_http_request r = { .method = "PUT", .body_size = 700000 };
	char *body = calloc(1, r.body_size);
	uint64_t took;
	unsigned i;

	use_client(&options);
	r.url = url("/");
	r.body = body;
	took = take_three(&r);
	ck_assert_uint_gt(took, 1800);
	ck_assert_uint_lt(took, 2100 + SOON_MS);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(http_server_seen(server, i).body_size,
		    r.body_size);
	free(body);
}
END_TEST

START_TEST(takes_a_limit_of_its_own_for_no_stall)
{
	static char body[40000];	/* for the server's threads */
	const size_t size = sizeof(body);
	const dbbi_http_options options = { .down_bytes_per_s = 10000,
	    .stall_s = STALL_S };
	const http_answer a = { .body = body, .body_size = size };
	dbbi_http_request r = { 0 };

	use_client(&options);
	http_server_add(server, &a, 1);
	ck_assert_int_eq(ask(&r), DBB_OK);
	ck_assert_uint_eq(got.body_size, size);
}
END_TEST

/* ---- TLS ---- */

static const struct trust {
	const char *certificate;
	int with_ca;
	const char *words, *hint;	/* NULL: it is trusted */
} trusts[] = {
	{ "good.pem", 1, NULL, NULL },
	{ "good.pem", 0, "certificate", "ca-file" },
	{ "alone.pem", 0, "self-signed", "ca-file" },
	{ "alone.pem", 1, "self-signed", "ca-file" },
	{ "expired.pem", 1, "expired", "clock" },
	{ "other.pem", 1, "localhost", "one of the names" },
};

START_TEST(trusts_only_whom_it_should)
{
	const struct trust *t = &trusts[_i];
	http_server_options as = { .certificate = certs_path(t->certificate),
	    .key = certs_path("key.pem") };
	dbbi_http_options options = { .ca_file = t->with_ca ?
	    certs_path("ca.pem") : NULL };
	dbbi_http_request r = { .method = "PUT", .body = "secret",
	    .body_size = 6 };

	use_server(&as);
	use_client(&options);
	if (t->words == NULL) {
		ck_assert_int_eq(ask(&r), DBB_OK);
		ck_assert_int_eq(ask(&r), DBB_OK);
		ck_assert_uint_eq(http_server_connections(server), 1);
		return;
	}
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TLS);
	ck_assert_int_eq(err.retryable, 0);
	ck_assert_has(err.message, "'localhost:");
	ck_assert_has(err.message, t->words);
	ck_assert_has(err.hint, t->hint);
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

START_TEST(carries_much_over_tls)
{
	const http_server_options as = { .certificate = certs_path("good.pem"),
	    .key = certs_path("key.pem") };
	const dbbi_http_options options = { .ca_file = certs_path("ca.pem") };

	use_server(&as);
	use_client(&options);
	sends_whole((3 << 20) + 7, "PUT");
}
END_TEST

START_TEST(says_what_a_ca_file_must_be)
{
	const dbbi_http_options options = { .ca_file = "/no/such/file" };
	dbbi_http_request r = { .url = "https://localhost:1/" };
	http_server_options as = { .certificate = certs_path("good.pem"),
	    .key = certs_path("key.pem") };

	use_server(&as);
	use_client(&options);
	r.url = url("/");
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TLS);
	ck_assert_has(err.message, "/no/such/file");
	ck_assert_has(err.hint, "PEM");
}
END_TEST

START_TEST(gives_up_a_handshake_that_gets_no_answer)
{
	const dbbi_http_options options = { .connect_s = 1, .stall_s = 600 };
	char place[64];
	dbbi_http_request r = { .url = place };
	uint64_t began = dbbi_monotonic_ms();

	/* The server waits for a request, as one without TLS does. */
	use_client(&options);
	snprintf(place, sizeof(place), "https://127.0.0.1:%u/",
	    http_server_port(server));
	ck_assert_int_eq(ask(&r), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 1000 + SOON_MS);
}
END_TEST

static void *
ask_25_times(void *payload)
{
	dbbi_http_request r = { .method = "PUT", .url = payload,
	    .body = "body", .body_size = 4 };
	dbbi_http_response answer;
	unsigned i, bad = 0;

	for (i = 0; i < 25; i++) {
		if (dbbi_http_do(&answer, client, &r, NULL) != DBB_OK ||
		    answer.status != 200)
			bad++;
		dbbi_http_response_clear(&answer);
	}
	return bad == 0 ? NULL : payload;
}

START_TEST(shares_few_connections_among_many_threads)
{
	char place[256];
	pthread_t threads[8];
	void *bad;
	int i;

	snprintf(place, sizeof(place), "%s", url("/x"));
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    ask_25_times, place), 0);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
		ck_assert_ptr_null(bad);
	}
	ck_assert_uint_eq(http_server_count(server), 200);
	ck_assert_uint_le(http_server_connections(server), 4);
}
END_TEST

START_TEST(has_many_under_way_from_one_thread)
{
	const http_answer a = { .delay_ms = 300, .body = "slow" };
	dbbi_http_request r = { .method = "GET", .url = url("/") };
	dbbi_http_exchange *x[12];
	dbbi_http_response answer;
	uint64_t began = dbbi_monotonic_ms();
	int i;

	http_server_add(server, &a, 12);
	for (i = 0; i < 12; i++)
		ck_assert_int_eq(dbbi_http_start(&x[i], client, &r, &err),
		    DBB_OK);
	for (i = 11; i >= 0; i--) {
		ck_assert_int_eq(dbbi_http_wait(&answer, x[i], &err), DBB_OK);
		ck_assert_str_eq(answer.body, "slow");
		dbbi_http_response_clear(&answer);
	}
	/* Four at once: three rounds, and not twelve. */
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 12 * 300);
	ck_assert_uint_ge(dbbi_monotonic_ms() - began, 3 * 300);
	ck_assert_uint_eq(http_server_connections(server), 4);
}
END_TEST

/* ---- cancelling ---- */

static void *
cancel_soon(void *unused)
{
	(void)unused;
	usleep(200 * 1000);
	dbbi_run_cancel(&run);
	return NULL;
}

START_TEST(ends_all_when_canceled)
{
	const dbbi_http_options options = { .stall_s = 600 };
	dbbi_http_request r = { .method = "GET" };
	dbbi_http_exchange *x[8];
	uint64_t began = dbbi_monotonic_ms();
	pthread_t canceler;
	int i;

	use_client(&options);
	r.url = url("/");
	for (i = 0; i < 4; i++)		/* the others wait for their turn */
		will(HTTP_SILENT, 0);
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(dbbi_http_start(&x[i], client, &r, &err),
		    DBB_OK);
	pthread_create(&canceler, NULL, cancel_soon, NULL);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(dbbi_http_wait(&got, x[i], &err),
		    DBB_ECANCELED);
		ck_assert_int_eq(got.outcome, DBBI_HTTP_CANCELED);
		dbbi_http_response_clear(&got);
	}
	pthread_join(canceler, NULL);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, SOON_MS);
	ck_assert_int_eq(ask(&r), DBB_ECANCELED);
	ck_assert_uint_eq(http_server_count(server), 4);
	dbbi_run_resume(&run);
	ck_assert_int_eq(ask(&r), DBB_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http");
	TCase *tc = tcase_create("http");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, answers_with_status_header_and_body);
	tcase_add_test(tc, keeps_an_empty_body_as_an_empty_string);
	tcase_add_test(tc, sends_an_empty_body);
	tcase_add_test(tc, sends_a_small_body);
	tcase_add_test(tc, asks_before_it_sends_a_large_body);
	tcase_add_test(tc, gives_the_body_of_a_success_to_the_sink);
	tcase_add_test(tc, keeps_the_body_of_a_refusal_from_the_sink);
	tcase_add_test(tc, reads_no_body_after_head);
	tcase_add_test(tc, follows_no_redirect);
	tcase_add_test(tc, hears_a_refusal_before_a_large_body_is_sent);
	tcase_add_test(tc, refuses_what_is_no_request);
	tcase_add_loop_test(tc, ends_whatever_the_server_does, 0,
	    (int)(sizeof(misdeeds) / sizeof(misdeeds[0])));
	tcase_add_test(tc, gives_up_a_server_that_takes_no_body);
	tcase_add_test(tc, takes_what_is_behind_an_answer_for_no_other);
	tcase_add_test(tc, keeps_a_body_up_to_its_bound);
	tcase_add_test(tc, stops_when_the_sink_says_so);
	tcase_add_test(tc, ends_an_endless_body_in_time);
	tcase_add_test(tc, waits_longer_where_a_request_may_take_longer);
	tcase_add_test(tc, names_a_server_that_is_not_there);
	tcase_add_test(tc, names_a_host_that_does_not_exist);
	tcase_add_test(tc, waits_while_a_slow_line_drains);
	tcase_add_loop_test(tc, sends_no_body_twice, 0, 3);
	tcase_add_test(tc, repeats_without_a_body_when_nothing_came);
	tcase_add_test(tc, connects_through_a_unix_socket);
	tcase_add_test(tc, hands_no_connection_to_children);
	tcase_add_test(tc, waits_only_where_there_is_a_limit);
	tcase_add_test(tc, pays_what_was_taken_by_waiting);
	tcase_add_test(tc, saves_up_little_while_nothing_moves);
	tcase_add_test(tc, limits_what_comes_down_in_all);
	tcase_add_test(tc, limits_what_goes_up_in_all);
	tcase_add_test(tc, takes_a_limit_of_its_own_for_no_stall);
	tcase_add_test(tc, gives_up_a_handshake_that_gets_no_answer);
	tcase_add_test(tc, shares_few_connections_among_many_threads);
	tcase_add_test(tc, has_many_under_way_from_one_thread);
	tcase_add_test(tc, ends_all_when_canceled);
	suite_add_tcase(suite, tc);
	tc = tcase_create("tls");
	tcase_add_unchecked_fixture(tc, certs_make, certs_remove);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, trusts_only_whom_it_should, 0,
	    (int)(sizeof(trusts) / sizeof(trusts[0])));
	tcase_add_test(tc, carries_much_over_tls);
	tcase_add_test(tc, says_what_a_ca_file_must_be);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
