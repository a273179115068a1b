/* SPDX-License-Identifier: BSD-2-Clause */
/* The body of an answer, pulled, and asked for anew where it was cut. */
#include <config.h>

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cert_fixture.h"
#include "http_fixture.h"
#include "net/http_reader.h"
#include "suite.h"
#include "util/clock.h"

#define STALL_S 1
#define SOON_MS 5000	/* ends that are at once, on a machine that is busy */
#define RING ((size_t)64 << 10)
#define LONG ((size_t)3 << 20)
#define HUGE_SIZE ((size_t)200 << 20)
#define CUT_AT ((size_t)1 << 20)
#define ETAG "ETag: \"one\"\r\n"

static const dbbi_retry_policy policy = { .times = 3, .for_s = 60,
    .first_ms = 1, .most_ms = 5 };

static dbbi_run run;
static dbb_error err;
static http_server *server;
static dbbi_http *client;
static dbbi_http_response head;
static dbbi_reader *reader;
static unsigned char body[LONG + 1];
static unsigned char taken[LONG + 1];

static void
set_up(void)
{
	const dbbi_http_options options = { .stall_s = STALL_S };
	size_t i;

	for (i = 0; i < LONG; i++)
		body[i] = (unsigned char)(i * 31 + i / 251 + i / 65537);
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	dbbi_error_clear(&err);
	server = http_server_start(NULL);
	ck_assert_int_eq(dbbi_http_new(&client, &options, &run, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_http_response_clear(&head);
	dbbi_reader_free(reader);
	dbbi_http_free(client);
	http_server_stop(server);
	dbbi_run_clear(&run);
}

static void
use_client(const dbbi_http_options *options)
{
	dbbi_http_free(client);
	client = NULL;
	ck_assert_int_eq(dbbi_http_new(&client, options, &run, &err), DBB_OK);
}

static int
open_with(const dbbi_retry_policy *resume)
{
	const char *const headers[] = { "X-Key: k", NULL };
	const dbbi_http_request r = { .method = "GET", .headers = headers,
	    .url = http_server_url(server), .ring_size = RING };

	dbbi_http_response_clear(&head);
	dbbi_reader_free(reader);
	reader = NULL;
	return dbbi_http_reader_open(&reader, &head, client, &r, resume, &err);
}

static void
will(int status, const char *headers, size_t from, http_fault fault, size_t at)
{
	const http_answer a = { .status = status, .headers = headers,
	    .body = body + from,
	    .body_size = status >= 300 ? 4 : LONG - from, .fault = fault,
	    .at = at };

	http_server_add(server, &a, 1);
}

/* The first answer is cut, the second is this. */
static void
is_cut_and_then(int status, const char *headers)
{
	will(200, ETAG, 0, HTTP_CUT, CUT_AT);
	will(status, headers, CUT_AT, HTTP_FINE, 0);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_int_eq(head.status, 200);
}

/* Until the end, or a failure. */
static int
take_all(size_t *size, size_t sleep_at, unsigned sleep_ms)
{
	size_t got = 1;
	int rc = DBB_OK;

	for (*size = 0; rc == DBB_OK && got > 0; *size += got) {
		if (sleep_ms > 0 && *size >= sleep_at) {
			usleep(sleep_ms * 1000);
			sleep_ms = 0;
		}
		got = 0;
		rc = dbbi_reader_read(&got, reader, taken + *size,
		    sizeof(taken) - *size, &err);
	}
	return rc;
}

static void
is_whole(size_t sleep_at, unsigned sleep_ms)
{
	size_t size;

	ck_assert_int_eq(take_all(&size, sleep_at, sleep_ms), DBB_OK);
	ck_assert_uint_eq(size, LONG);
	ck_assert_int_eq(memcmp(taken, body, LONG), 0);
}

START_TEST(gives_more_than_its_ring_holds)
{
	will(200, ETAG, 0, HTTP_FINE, 0);
	ck_assert_int_eq(open_with(NULL), DBB_OK);
	ck_assert_int_eq(head.status, 200);
	ck_assert_str_eq(dbbi_http_header(&head, "ETag"), "\"one\"");
	ck_assert_str_eq(dbbi_http_header(&head, "Content-Length"), "3145728");
	is_whole(0, 0);
}
END_TEST

START_TEST(takes_its_own_slowness_for_no_stall)
{
	static const size_t at[] = { 0, LONG / 2 };

	will(200, ETAG, 0, HTTP_FINE, 0);
	ck_assert_int_eq(open_with(NULL), DBB_OK);
	is_whole(at[_i], 1500 * STALL_S);
	ck_assert_uint_eq(http_server_count(server), 1);
}
END_TEST

START_TEST(gives_what_has_no_body)
{
	const http_answer a = { .status = 200 };
	size_t size;

	http_server_add(server, &a, 1);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_OK);
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(keeps_a_refusal)
{
	const http_answer a = { .status = 404, .body = "no such thing" };

	http_server_add(server, &a, 1);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_ptr_null(reader);
	ck_assert_int_eq(head.status, 404);
	ck_assert_str_eq(head.body, "no such thing");
}
END_TEST

START_TEST(fails_where_it_is_cut)
{
	static const http_fault faults[] = { HTTP_CUT, HTTP_CUT_RESET,
	    HTTP_STALL };
	size_t size;

	will(200, ETAG, 0, faults[_i], CUT_AT);
	ck_assert_int_eq(open_with(NULL), DBB_OK);
	ck_assert_int_lt(take_all(&size, 0, 0), 0);
	ck_assert_uint_le(size, CUT_AT);
	ck_assert_int_eq(dbbi_http_reader_outcome(reader), _i < 2 ?
	    DBBI_HTTP_CUT : DBBI_HTTP_TIMEOUT);
	ck_assert_int_eq(err.retryable, 1);
	ck_assert_int_lt(dbbi_reader_read(&size, reader, taken, 1, &err), 0);
}
END_TEST

START_TEST(goes_on_where_it_was_cut)
{
	http_seen seen;

	is_cut_and_then(206, ETAG
	    "Content-Range: bytes 1048576-3145727/3145728\r\n");
	is_whole(0, 0);
	seen = http_server_seen(server, 1);
	ck_assert_str_eq(http_seen_header(&seen, "Range"), "bytes=1048576-");
	ck_assert_str_eq(http_seen_header(&seen, "If-Match"), "\"one\"");
	ck_assert_str_eq(http_seen_header(&seen, "X-Key"), "k");
}
END_TEST

START_TEST(goes_on_as_often_as_it_is_cut)
{
	http_seen seen;

	will(200, ETAG, 0, HTTP_CUT, CUT_AT);
	will(206, ETAG "Content-Range: bytes 1048576-3145727/3145728\r\n",
	    CUT_AT, HTTP_CUT_RESET, 0);
	will(206, ETAG "Content-Range: bytes 1048576-3145727/3145728\r\n",
	    CUT_AT, HTTP_CUT, CUT_AT);
	will(206, ETAG "Content-Range: bytes 2097152-3145727/3145728\r\n",
	    2 * CUT_AT, HTTP_FINE, 0);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	is_whole(0, 0);
	ck_assert_uint_eq(http_server_count(server), 4);
	seen = http_server_seen(server, 3);
	ck_assert_str_eq(http_seen_header(&seen, "Range"), "bytes=2097152-");
}
END_TEST

START_TEST(refuses_a_rest_that_is_longer_than_said)
{
	const http_answer longer = { .status = 206, .headers = ETAG
	    "Content-Range: bytes 1048576-3145727/3145728\r\n",
	    .body = body + CUT_AT, .body_size = LONG - CUT_AT + 1 };
	size_t size;

	will(200, ETAG, 0, HTTP_CUT, CUT_AT);
	http_server_add(server, &longer, 1);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.message, "more than it said"));
	ck_assert_uint_le(size, LONG);
}
END_TEST

/* The last chunk, which is empty, does not come. */
START_TEST(asks_for_nothing_behind_the_end)
{
	const http_answer raw = { .fault = HTTP_RAW,
	    .body = "HTTP/1.1 200 OK\r\n" ETAG "Content-Length: 4\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n" };
	size_t size;

	http_server_add(server, &raw, 1);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_OK);
	ck_assert_uint_eq(size, 4);
	ck_assert_uint_eq(http_server_count(server), 1);
}
END_TEST

START_TEST(reads_through_tls)
{
	dbbi_http_options options = { .stall_s = STALL_S };
	http_server_options tls = { 0 };

	certs_make();
	options.ca_file = certs_path("ca.pem");
	tls.certificate = certs_path("good.pem");
	tls.key = certs_path("key.pem");
	http_server_stop(server);
	server = http_server_start(&tls);
	use_client(&options);
	is_cut_and_then(206, ETAG
	    "Content-Range: bytes 1048576-3145727/3145728\r\n");
	is_whole(LONG / 2, 300);
	certs_remove();
}
END_TEST

static size_t
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (size_t)usage.ru_maxrss;
}

/* Pages that nobody writes to take no memory. */
START_TEST(takes_no_memory_for_what_is_long)
{
	const size_t huge = HUGE_SIZE / suite_share();
	const http_answer a = { .body = mmap(NULL, huge, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .body_size = huge };
	size_t got = 1, size = 0, before;

	ck_assert_ptr_ne(a.body, MAP_FAILED);
	memset(taken, 0, sizeof(taken));
	http_server_add(server, &a, 1);
	before = peak_kib();
	ck_assert_int_eq(open_with(NULL), DBB_OK);
	for (; got > 0; size += got) {
		got = 0;
		ck_assert_int_eq(dbbi_reader_read(&got, reader, taken,
		    sizeof(taken), &err), DBB_OK);
	}
	ck_assert_uint_eq(size, huge);
	if (suite_share() == 1)	/* a sanitizer's shadows would count too */
		ck_assert_uint_lt(peak_kib() - before, 16384);
}
END_TEST

START_TEST(refuses_what_is_not_the_rest)
{
	static const struct {
		int status;
		const char *headers;
	} bad[] = {
		{ 412, NULL }, { 404, NULL }, { 200, ETAG }, { 206, NULL },
		{ 206, "Content-Range: bytes 1048575-3145727/3145728\r\n" },
		{ 206, "Content-Range: bytes 1048576-3145726/3145728\r\n" },
		{ 206, "Content-Range: bytes 1048576-3145727/3145729\r\n" },
		{ 206, "Content-Range: bytes 1048576-3145727/3145728\r\n"
		    "ETag: \"two\"\r\n" },
	};
	size_t size;

	is_cut_and_then(bad[_i].status, bad[_i].headers);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_EIO);
	ck_assert_uint_eq(size, CUT_AT);
	ck_assert_uint_eq(http_server_count(server), 2);
}
END_TEST

START_TEST(tries_no_more_often_than_it_may)
{
	const http_answer busy = { .status = 503 };
	size_t size;

	will(200, ETAG, 0, HTTP_CUT, CUT_AT);
	http_server_add(server, &busy, 9);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_EIO);
	ck_assert_uint_eq(http_server_count(server), 1 + policy.times);
}
END_TEST

START_TEST(is_released_in_the_middle)
{
	const dbbi_http_request next = { .method = "GET",
	    .url = http_server_url(server) };
	dbbi_reader *readers[4];
	dbbi_http_response got;
	uint64_t began = dbbi_monotonic_ms();
	size_t i;

	for (i = 0; i < 4; i++) {
		will(200, ETAG, 0, HTTP_FINE, 0);
		ck_assert_int_eq(open_with(NULL), DBB_OK);
		readers[i] = reader;
		reader = NULL;
	}
	for (i = 0; i < 4; i++)
		dbbi_reader_free(readers[i]);
	ck_assert_int_eq(dbbi_http_do(&got, client, &next, &err), DBB_OK);
	dbbi_http_response_clear(&got);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, SOON_MS);
}
END_TEST

START_TEST(ends_when_canceled)
{
	size_t size, got = 0;

	will(200, ETAG, 0, _i == 0 ? HTTP_FINE : HTTP_STALL, CUT_AT);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	ck_assert_int_eq(dbbi_reader_read(&got, reader, taken, 1, &err),
	    DBB_OK);
	dbbi_run_cancel(&run);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_ECANCELED);
}
END_TEST

static void *
cancel_soon(void *unused)
{
	(void)unused;
	usleep(300 * 1000);
	dbbi_run_cancel(&run);
	return NULL;
}

START_TEST(ends_when_canceled_between_tries)
{
	const dbbi_retry_policy patient = { .times = 50, .for_s = 600,
	    .first_ms = 60000, .most_ms = 60000 };
	const http_answer busy = { .status = 503 };
	uint64_t began = dbbi_monotonic_ms();
	pthread_t canceler;
	size_t size;

	will(200, ETAG, 0, HTTP_CUT, CUT_AT);
	http_server_add(server, &busy, 50);
	ck_assert_int_eq(open_with(&patient), DBB_OK);
	pthread_create(&canceler, NULL, cancel_soon, NULL);
	ck_assert_int_eq(take_all(&size, 0, 0), DBB_ECANCELED);
	pthread_join(canceler, NULL);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, SOON_MS);
}
END_TEST

/* All connections are taken by readers that nobody reads. */
START_TEST(ends_when_canceled_before_its_turn)
{
	const dbbi_http_options one = { .connections = 1, .stall_s = STALL_S };
	dbbi_reader *first;
	pthread_t canceler;

	use_client(&one);
	will(200, ETAG, 0, HTTP_FINE, 0);
	ck_assert_int_eq(open_with(&policy), DBB_OK);
	first = reader;
	reader = NULL;
	pthread_create(&canceler, NULL, cancel_soon, NULL);
	ck_assert_int_eq(open_with(&policy), DBB_ECANCELED);
	pthread_join(canceler, NULL);
	ck_assert_ptr_null(reader);
	ck_assert_uint_eq(http_server_count(server), 1);
	dbbi_reader_free(first);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http_reader");
	TCase *tc = tcase_create("http_reader");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, gives_more_than_its_ring_holds);
	tcase_add_loop_test(tc, takes_its_own_slowness_for_no_stall, 0, 2);
	tcase_add_test(tc, gives_what_has_no_body);
	tcase_add_test(tc, keeps_a_refusal);
	tcase_add_loop_test(tc, fails_where_it_is_cut, 0, 3);
	tcase_add_test(tc, goes_on_where_it_was_cut);
	tcase_add_test(tc, goes_on_as_often_as_it_is_cut);
	tcase_add_test(tc, refuses_a_rest_that_is_longer_than_said);
	tcase_add_test(tc, asks_for_nothing_behind_the_end);
	tcase_add_test(tc, reads_through_tls);
	tcase_add_test(tc, takes_no_memory_for_what_is_long);
	tcase_add_loop_test(tc, refuses_what_is_not_the_rest, 0, 8);
	tcase_add_test(tc, tries_no_more_often_than_it_may);
	tcase_add_test(tc, is_released_in_the_middle);
	tcase_add_loop_test(tc, ends_when_canceled, 0, 2);
	tcase_add_test(tc, ends_when_canceled_between_tries);
	tcase_add_test(tc, ends_when_canceled_before_its_turn);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
