/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies that come from a reader, and forms with a file. */
#include <config.h>

#include <check.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cert_fixture.h"
#include "http_fixture.h"
#include "net/http.h"
#include "net/http_form.h"
#include "suite.h"
#include "util/clock.h"

#define STALL_S 1
#define SOON_MS 5000	/* ends that are at once, on a machine that is busy */
#define RING ((size_t)64 << 10)
#define LONG ((size_t)3 << 20)
#define HUGE_SIZE ((size_t)200 << 20)

#define ck_assert_has(text, part) \
	ck_assert_msg(strstr((text), (part)) != NULL, \
	    "'%s' is not in '%s'", (part), (text))

static dbbi_run run;
static dbb_error err;
static http_server *server;
static dbbi_http *client;
static dbbi_http_response got;

/* What is sent: bytes that tell where they stand. */
static struct feed {
	dbbi_reader reader;
	size_t size, at;
	size_t piece;		/* at once at most; 0: as much as is wanted */
	size_t sleep_at;	/* then once for */
	unsigned sleep_ms;
	size_t fail_at;
	int fails;
	int blank;		/* only zeros, which is fast */
	int cancels;		/* rather than fails */
	pthread_t thread;	/* that reads */
} feed;

static unsigned char
byte_at(size_t at)
{
	return (unsigned char)(at * 31 + at / 251 + at / 65537);
}

static int
read_feed(size_t *out, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *e)
{
	struct feed *f = (struct feed *)reader;
	unsigned char *to = buffer;
	size_t i, n = f->size - f->at;

	f->thread = pthread_self();
	ck_assert_uint_gt(size, 0);
	if (f->sleep_ms > 0 && f->at >= f->sleep_at) {
		usleep(f->sleep_ms * 1000);
		f->sleep_ms = 0;
	}
	if (f->fails && f->at >= f->fail_at)
		return dbbi_error_set(e, DBB_EDAMAGED, "pack 'x' is damaged");
	if (f->cancels && f->at >= f->fail_at) {
		dbbi_run_cancel(&run);
		f->cancels = 0;
	}
	n = n < size ? n : size;
	if (f->piece != 0 && n > f->piece)
		n = f->piece;
	if (f->blank)
		memset(to, 0, n);
	for (i = 0; i < n && !f->blank; i++)
		to[i] = byte_at(f->at + i);
	f->at += n;
	*out = n;
	return DBB_OK;
}

static void
set_up(void)
{
	const dbbi_http_options options = { .stall_s = STALL_S };

	memset(&feed, 0, sizeof(feed));
	feed.reader.read = read_feed;
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

static int
send_with(dbbi_http_request r)
{
	r.method = "POST";
	r.url = http_server_url(server);
	r.upload = &feed.reader;
	r.ring_size = RING;
	dbbi_http_response_clear(&got);
	dbbi_error_clear(&err);
	return dbbi_http_do(&got, client, &r, &err);
}

static int
send_in_chunks(void)
{
	return send_with((dbbi_http_request){ 0 });
}

static int
is_fed(const unsigned char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (data[i] != byte_at(i))
			return 0;
	return 1;
}

/* The server's n-th request has these bytes of the feed, and its end. */
static void
has_arrived(unsigned n, size_t size)
{
	http_seen seen = http_server_seen(server, n);

	ck_assert_int_eq(seen.cut, 0);
	ck_assert_uint_eq(seen.body_size, size);
	ck_assert(is_fed(seen.body, size));
}

/* The fixture notes a request only once it is through with it. */
static void
is_cut(unsigned n)
{
	uint64_t began = dbbi_monotonic_ms();

	while (http_server_count(server) <= n &&
	    dbbi_monotonic_ms() - began < SOON_MS)
		usleep(1000);
	ck_assert_int_eq(http_server_seen(server, n).cut, 1);
}

/* ---- what arrives ---- */

START_TEST(sends_in_chunks_what_has_no_known_length)
{
	static const size_t sizes[] = { 0, 1, 1000, RING, RING + 1, LONG };
	http_seen seen;

	feed.size = sizes[_i];
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	ck_assert_int_eq(got.status, 200);
	has_arrived(0, feed.size);
	seen = http_server_seen(server, 0);
	ck_assert_str_eq(http_seen_header(&seen, "Transfer-Encoding"),
	    "chunked");
	ck_assert_ptr_null(http_seen_header(&seen, "Content-Length"));
	ck_assert_ptr_null(http_seen_header(&seen, "Expect"));
	ck_assert(pthread_equal(feed.thread, pthread_self()));
}
END_TEST

START_TEST(sends_whole_what_has_a_known_length)
{
	static const size_t sizes[] = { 1, 1000, RING, RING + 1, LONG };
	char length[32];
	http_seen seen;

	feed.size = sizes[_i];
	snprintf(length, sizeof(length), "%zu", feed.size);
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = feed.size }), DBB_OK);
	has_arrived(0, feed.size);
	seen = http_server_seen(server, 0);
	ck_assert_str_eq(http_seen_header(&seen, "Content-Length"), length);
	ck_assert_ptr_null(http_seen_header(&seen, "Transfer-Encoding"));
	ck_assert_ptr_null(http_seen_header(&seen, "Expect"));
}
END_TEST

START_TEST(sends_many_small_pieces)
{
	feed.size = 70000;
	feed.piece = 7;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	has_arrived(0, feed.size);
}
END_TEST

START_TEST(keeps_the_connection)
{
	feed.size = LONG;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	feed.at = 0;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = LONG }), DBB_OK);
	has_arrived(1, LONG);
	ck_assert_uint_eq(http_server_connections(server), 1);
}
END_TEST

START_TEST(heeds_a_limit)
{
	const dbbi_http_options options = { .up_bytes_per_s = 400000,
	    .stall_s = STALL_S };
	uint64_t began = dbbi_monotonic_ms();

	use_client(&options);
	feed.size = 600000;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	has_arrived(0, feed.size);
	ck_assert_uint_gt(dbbi_monotonic_ms() - began, 1000);
}
END_TEST

static void
use_tls(void)
{
	dbbi_http_options options = { .stall_s = STALL_S };
	http_server_options tls = { 0 };

	certs_make();
	options.ca_file = certs_path("ca.pem");
	tls.certificate = certs_path("good.pem");
	tls.key = certs_path("key.pem");
	use_server(&tls);
	use_client(&options);
}

START_TEST(sends_through_tls)
{
	use_tls();
	feed.size = LONG;
	feed.sleep_at = LONG / 2;
	feed.sleep_ms = 300;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = _i == 0 ? LONG : 0 }), DBB_OK);
	has_arrived(0, LONG);
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

START_TEST(takes_no_memory_for_what_is_long)
{
	const http_server_options forgetful = { .forgets = 1 };
	size_t before;

	use_server(&forgetful);
	feed.size = HUGE_SIZE / suite_share();
	feed.blank = 1;
	before = peak_kib();
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	ck_assert_uint_eq(http_server_seen(server, 0).body_size, feed.size);
	if (suite_share() == 1)	/* a sanitizer's shadows would count too */
		ck_assert_uint_lt(peak_kib() - before, 16384);
}
END_TEST

/* ---- who is slow ---- */

START_TEST(waits_for_a_reader_that_is_slow)
{
	static const size_t at[] = { 0, 1, LONG / 2, LONG };

	feed.size = LONG;
	feed.sleep_at = at[_i];
	feed.sleep_ms = 1500 * STALL_S;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = _i % 2 == 0 ? LONG : 0 }), DBB_OK);
	has_arrived(0, LONG);
	ck_assert_uint_eq(http_server_connections(server), 1);
}
END_TEST

START_TEST(waits_while_a_slow_server_takes_it)
{
	const http_server_options slow = { .receive_buffer = 16384 };
	const http_answer a = { .fault = HTTP_SLOW, .at = 50 };
	uint64_t began = dbbi_monotonic_ms();

	use_server(&slow);
	http_server_add(server, &a, 1);
	feed.size = 900000;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = feed.size }), DBB_OK);
	has_arrived(0, feed.size);
	ck_assert_uint_gt(dbbi_monotonic_ms() - began, 2 * STALL_S * 1000);
}
END_TEST

/* With and without a reader that has nothing more for the moment. */
START_TEST(gives_up_a_server_that_takes_nothing)
{
	const http_server_options small = { .receive_buffer = 16384 };
	const http_answer a = { .fault = HTTP_DEAF };
	uint64_t began = dbbi_monotonic_ms();

	use_server(&small);
	http_server_add(server, &a, 1);
	feed.size = 64 << 20;
	if (_i == 1) {
		feed.sleep_at = 8 << 20;
		feed.sleep_ms = 3000;
	}
	ck_assert_int_eq(send_in_chunks(), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_has(err.message, "moved for 1 s");
	ck_assert_uint_lt(feed.at, feed.size);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, STALL_S * 1000 +
	    SOON_MS);
}
END_TEST

START_TEST(waits_for_an_answer_as_long_as_it_may)
{
	const http_answer a = { .delay_ms = 1500, .body = "at last" };
	const unsigned bounds[] = { 20, UINT_MAX };

	http_server_add(server, &a, 1);
	feed.size = 100000;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .answer_s = bounds[_i] }), DBB_OK);
	ck_assert_str_eq(got.body, "at last");
}
END_TEST

START_TEST(gives_up_an_answer_that_does_not_come)
{
	const http_answer a = { .fault = HTTP_SILENT };
	uint64_t began = dbbi_monotonic_ms();

	http_server_add(server, &a, 1);
	feed.size = 100000;
	ck_assert_int_eq(send_with((dbbi_http_request){ .stall_s = 60,
	    .answer_s = 1 }), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_has(err.message, "did not answer for 1 s");
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 1000 + SOON_MS);
}
END_TEST

START_TEST(bounds_an_answer_once_it_has_begun)
{
	const http_answer a = { .fault = HTTP_STALL, .at = 5,
	    .body = "0123456789" };

	http_server_add(server, &a, 1);
	feed.size = 100000;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .answer_s = UINT_MAX }), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_TIMEOUT);
	ck_assert_has(err.message, "moved for 1 s");
}
END_TEST

/* ---- what fails ---- */

START_TEST(leaves_a_body_without_end_when_its_reader_fails)
{
	static const size_t at[] = { 0, 1, LONG / 2, LONG };

	feed.size = LONG;
	feed.fails = 1;
	feed.fail_at = at[_i % 4];
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = _i < 4 ? 0 : LONG }), DBB_EDAMAGED);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_UPLOAD);
	ck_assert_str_eq(err.message, "pack 'x' is damaged");
	is_cut(0);
	feed.fails = 0;
	feed.at = 0;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
}
END_TEST

START_TEST(leaves_a_body_without_end_that_is_not_as_long_as_said)
{
	static const struct {
		size_t is, said;
		const char *words;
	} lengths[] = { { LONG, LONG + 1, "shorter" }, { 0, 1, "shorter" },
	    { LONG + 1, LONG, "longer" }, { 2, 1, "longer" } };

	feed.size = lengths[_i].is;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = lengths[_i].said }), DBB_EIO);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_UPLOAD);
	ck_assert_has(err.message, lengths[_i].words);
	is_cut(0);
}
END_TEST

/* A refusal in the middle is heard, whichever way the server ends; where it
 * has read nothing its kernel resets the connection. */
START_TEST(hears_a_refusal_while_it_sends)
{
	static const int statuses[] = { 401, 403, 413 };
	static const char *const headers[] = { NULL,
	    "Connection: close\r\n" };
	const http_answer a = { .status = statuses[_i % 3],
	    .headers = headers[_i % 2], .body = "may not",
	    .fault = _i < 6 ? HTTP_EARLY : HTTP_EARLY_MIDDLE,
	    .at = 200000 };

	http_server_add(server, &a, 1);
	feed.size = 64 << 20;
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .upload_size = _i % 4 < 2 ? feed.size : 0 }), DBB_OK);
	ck_assert_int_eq(got.status, a.status);
	ck_assert_str_eq(got.body, "may not");
	ck_assert_uint_lt(feed.at, feed.size);
	feed.at = 0;
	feed.size = LONG;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	has_arrived(1, LONG);
}
END_TEST

START_TEST(hears_a_refusal_while_the_reader_has_nothing)
{
	const http_answer a = { .status = 403, .body = "may not",
	    .headers = "Connection: close\r\n", .fault = HTTP_EARLY_MIDDLE,
	    .at = 1000 };

	http_server_add(server, &a, 1);
	feed.size = LONG;
	feed.sleep_at = feed.piece = 20000;
	feed.sleep_ms = 500;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	ck_assert_int_eq(got.status, 403);
	ck_assert_str_eq(got.body, "may not");
	ck_assert_uint_le(feed.at, 40000);
}
END_TEST

START_TEST(hears_a_refusal_through_tls)
{
	const http_answer a = { .status = 403, .body = "may not",
	    .fault = HTTP_EARLY_POLITE, .at = 200000 };

	use_tls();
	http_server_add(server, &a, 1);
	feed.size = 64 << 20;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
	ck_assert_int_eq(got.status, 403);
	ck_assert_str_eq(got.body, "may not");
	ck_assert_uint_lt(feed.at, feed.size);
	certs_remove();
}
END_TEST

START_TEST(says_when_the_server_breaks_off)
{
	const http_answer a = { .fault = HTTP_RESET_EARLY, .at = 200000 };

	http_server_add(server, &a, 1);
	feed.size = 64 << 20;
	ck_assert_int_eq(send_in_chunks(), DBB_EIO);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_CUT);
	ck_assert_int_eq(got.status, 0);
	ck_assert_uint_lt(feed.at, feed.size);
}
END_TEST

START_TEST(reads_nothing_for_a_server_that_is_not_there)
{
	dbbi_http_request r = { .method = "POST", .upload = &feed.reader,
	    .url = "http://127.0.0.1:1/" };

	feed.size = 100;
	ck_assert_int_eq(dbbi_http_do(&got, client, &r, &err), DBB_ECONNECT);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_REFUSED);
	ck_assert_uint_eq(feed.at, 0);
}
END_TEST

/* ---- cancelling ---- */

START_TEST(ends_when_canceled_while_it_sends)
{
	static const size_t at[] = { 0, LONG / 2, LONG };

	feed.size = LONG;
	feed.cancels = 1;
	feed.fail_at = at[_i];
	if (_i == 2)		/* all is read: the answer is waited for */
		http_server_add(server,
		    &(http_answer){ .fault = HTTP_SILENT }, 1);
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .answer_s = UINT_MAX, .stall_s = 600 }), DBB_ECANCELED);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_CANCELED);
	dbbi_run_resume(&run);
	feed.at = 0;
	ck_assert_int_eq(send_in_chunks(), DBB_OK);
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

START_TEST(ends_when_canceled_while_the_server_takes_nothing)
{
	const http_fault faults[] = { HTTP_DEAF, HTTP_SILENT };
	const http_answer a = { .fault = faults[_i] };
	uint64_t began = dbbi_monotonic_ms();
	pthread_t canceler;

	http_server_add(server, &a, 1);
	feed.size = _i == 0 ? 64 << 20 : 1000;
	pthread_create(&canceler, NULL, cancel_soon, NULL);
	ck_assert_int_eq(send_with((dbbi_http_request){
	    .stall_s = 600 }), DBB_ECANCELED);
	pthread_join(canceler, NULL);
	ck_assert_int_eq(got.outcome, DBBI_HTTP_CANCELED);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, SOON_MS);
}
END_TEST

/* ---- forms ---- */

START_TEST(sends_a_file_in_a_form)
{
	dbbi_http_form form;
	dbbi_http_request r = { .method = "POST", .upload = &form.reader,
	    .url = http_server_url(server) };
	const char *const headers[] = { form.type, NULL };
	char before[512], after[64];
	http_seen seen;
	size_t size;

	feed.size = 300000;
	ck_assert_int_eq(dbbi_http_form_init(&form, "snapshot",
	    "a\"b\r\n%\xc3\xa4.snapshot", &feed.reader,
	    _i == 0 ? 0 : feed.size, &err), DBB_OK);
	r.headers = headers;
	r.upload_size = form.size;
	ck_assert_int_eq(dbbi_http_do(&got, client, &r, &err), DBB_OK);
	seen = http_server_seen(server, 0);
	ck_assert_has(form.type, "boundary=");
	ck_assert_str_eq(http_seen_header(&seen, "Content-Type"),
	    form.type + strlen("Content-Type: "));
	ck_assert_int_eq(http_seen_header(&seen, "Content-Length") != NULL,
	    _i == 1);
	size = (size_t)snprintf(before, sizeof(before), "--%s\r\n"
	    "Content-Disposition: form-data; name=\"snapshot\"; "
	    "filename=\"a%%22b%%0D%%0A%%\xc3\xa4.snapshot\"\r\n"
	    "Content-Type: application/octet-stream\r\n\r\n",
	    strstr(form.type, "boundary=") + 9);
	snprintf(after, sizeof(after), "\r\n--%s--\r\n",
	    strstr(form.type, "boundary=") + 9);
	ck_assert_uint_eq(seen.body_size, size + feed.size + strlen(after));
	ck_assert_mem_eq(seen.body, before, size);
	ck_assert(is_fed(seen.body + size, feed.size));
	ck_assert_mem_eq(seen.body + size + feed.size, after, strlen(after));
	dbbi_http_form_clear(&form);
}
END_TEST

START_TEST(ends_no_form_whose_file_fails)
{
	dbbi_http_form form, other;
	dbbi_http_request r = { .method = "POST", .upload = &form.reader,
	    .url = http_server_url(server) };

	feed.size = 300000;
	feed.fails = 1;
	feed.fail_at = feed.size;
	ck_assert_int_eq(dbbi_http_form_init(&form, "f", "x", &feed.reader, 0,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_http_form_init(&other, "f", "x", &feed.reader, 0,
	    &err), DBB_OK);
	ck_assert_str_ne(form.type, other.type);
	ck_assert_int_eq(dbbi_http_do(&got, client, &r, &err), DBB_EDAMAGED);
	is_cut(0);
	dbbi_http_form_clear(&form);
	dbbi_http_form_clear(&other);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

static void
add_slow(TCase *tc)
{
	tcase_add_loop_test(tc, waits_for_a_reader_that_is_slow, 0, 4);
	tcase_add_test(tc, waits_while_a_slow_server_takes_it);
	tcase_add_loop_test(tc, gives_up_a_server_that_takes_nothing, 0, 2);
	tcase_add_loop_test(tc, waits_for_an_answer_as_long_as_it_may, 0, 2);
	tcase_add_test(tc, gives_up_an_answer_that_does_not_come);
	tcase_add_test(tc, bounds_an_answer_once_it_has_begun);
}

static void
add_failing(TCase *tc)
{
	tcase_add_loop_test(tc,
	    leaves_a_body_without_end_when_its_reader_fails, 0, 8);
	tcase_add_loop_test(tc,
	    leaves_a_body_without_end_that_is_not_as_long_as_said, 0, 4);
	tcase_add_test(tc, says_when_the_server_breaks_off);
	tcase_add_test(tc, reads_nothing_for_a_server_that_is_not_there);
	tcase_add_loop_test(tc, ends_when_canceled_while_it_sends, 0, 3);
	tcase_add_loop_test(tc,
	    ends_when_canceled_while_the_server_takes_nothing, 0, 2);
}

int
main(void)
{
	Suite *suite = suite_create("http_upload");
	TCase *tc = add_case(suite, "whole");

	tcase_add_loop_test(tc, sends_in_chunks_what_has_no_known_length, 0,
	    6);
	tcase_add_loop_test(tc, sends_whole_what_has_a_known_length, 0, 5);
	tcase_add_test(tc, sends_many_small_pieces);
	tcase_add_test(tc, keeps_the_connection);
	tcase_add_test(tc, heeds_a_limit);
	tcase_add_loop_test(tc, sends_through_tls, 0, 2);
	tcase_add_test(tc, takes_no_memory_for_what_is_long);
	tcase_add_loop_test(tc, sends_a_file_in_a_form, 0, 2);
	tcase_add_test(tc, ends_no_form_whose_file_fails);
	add_slow(add_case(suite, "slow"));
	add_failing(add_case(suite, "failing"));
	tc = add_case(suite, "refused");
	tcase_add_loop_test(tc, hears_a_refusal_while_it_sends, 0, 12);
	tcase_add_test(tc, hears_a_refusal_while_the_reader_has_nothing);
	tcase_add_test(tc, hears_a_refusal_through_tls);
	return suite_run(suite);
}
