/* SPDX-License-Identifier: BSD-2-Clause */
/* What the S3 store makes of a server's answers: a scripted server gives
 * those that a real one gives only when something is wrong. */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "http_fixture.h"
#include "store/store.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define LIST(inside) XML "<ListBucketResult xmlns=\"" \
    "http://s3.amazonaws.com/doc/2006-03-01/\">" inside "</ListBucketResult>"
#define EMPTY_LIST LIST("<IsTruncated>false</IsTruncated>")
#define OBJECT(key) "<Contents><Key>" key "</Key><LastModified>" \
    "2026-11-24T10:41:33.123Z</LastModified><Size>5</Size></Contents>"
#define ERROR(code, more) XML "<Error><Code>" code "</Code>" \
    "<Message>In its own words.</Message>" more "</Error>"
/* base64 of the SHA-256 of "hello" */
#define HELLO_SHA256 "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
/* and in hexadecimal digits, and its CRC-32C in base64 */
#define HELLO_HEX \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HELLO_CRC32C "mnG7TA=="

static http_server *server;
static dbbi_store_registry *registry;
static dbbi_store *store;
static dbbi_run run;
static char said[4096];		/* by the log */
static dbb_error err;

static void
keep_line(int level, const char *line, void *payload)
{
	size_t n = strlen(said);

	(void)level;
	(void)payload;
	snprintf(said + n, sizeof(said) - n, "%s\n", line);
}

static void
answer_with(http_fault fault, size_t at, int status, const char *headers,
    const char *body)
{
	const http_answer a = { .status = status, .headers = headers,
	    .body = body, .fault = fault, .at = at };

	http_server_add(server, &a, 1);
}

static void
answer(int status, const char *body)
{
	answer_with(HTTP_FINE, 0, status, NULL, body);
}

static int
open_store_with(uint32_t flags, const char *more, const char *even_more)
{
	char endpoint[96];
	const char *settings[] = { endpoint, "access-key=id",
	    "secret-key=s3cret", "retry-times=2", "region=us-west-1", more,
	    even_more, NULL };

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    http_server_url(server));
	return dbbi_store_open_with(&store, registry, "s3://bucket/p", flags,
	    settings, &run, &err);
}

static int
open_store(uint32_t flags)
{
	return open_store_with(flags, NULL, NULL);
}

static void
set_up(void)
{
	server = http_server_start(NULL);
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	run.log = keep_line;
	run.log_level = DBB_LOG_INFO;
	answer(200, EMPTY_LIST);
	ck_assert_msg(open_store(0) == DBB_OK, "%s", err.message);
}

static void
tear_down(void)
{
	dbbi_store_close(store);
	dbbi_store_registry_free(registry);
	dbbi_run_clear(&run);
	http_server_stop(server);
}

/* The n-th request of the test; the one that opened the store was before. */
static http_seen
seen(unsigned n)
{
	return http_server_seen(server, n + 1);
}

static unsigned
requests(void)
{
	return http_server_count(server) - 1;
}

static int
put(uint32_t flags)
{
	return dbbi_store_write(store, "a", "hello", 5, flags, &err);
}

static int
count_one(const dbb_object *object, void *payload)
{
	(void)object;
	++*(int *)payload;
	return 0;
}

static int
list(int *count)
{
	*count = 0;
	return dbbi_store_list(store, "", count_one, count, &err);
}

/* ---- refusals ---- */

static int
do_list(void)
{
	int count;

	return list(&count);
}

static int
do_put(void)
{
	return put(0);
}

static int
do_read(void)
{
	char buffer[8];
	size_t got;

	return dbbi_store_read(&got, store, "a", 0, buffer, 8, &err);
}

static int
do_remove(void)
{
	return dbbi_store_remove(store, "a", &err);
}

static const struct {
	int (*act)(void);
	int status;
	const char *code;
	int rc;
	const char *hint;
} refusals[] = {
	{ do_put, 403, "InvalidAccessKeyId", DBB_EAUTH, "'access-key'" },
	{ do_put, 403, "SignatureDoesNotMatch", DBB_EAUTH, "'secret-key'" },
	{ do_put, 400, "ExpiredToken", DBB_EAUTH, "has expired" },
	{ do_put, 400, "InvalidToken", DBB_EAUTH, "'session-token'" },
	{ do_put, 403, "AccessDenied", DBB_EACCESS,
	    "s3:PutObject on 'bucket/p/*'" },
	{ do_read, 403, "AccessDenied", DBB_EACCESS,
	    "s3:GetObject on 'bucket/p/*'" },
	{ do_list, 403, "AccessDenied", DBB_EACCESS,
	    "s3:ListBucket on 'bucket'" },
	{ do_remove, 403, "AccessDenied", DBB_EACCESS,
	    "s3:DeleteObject on 'bucket/p/*'" },
	{ do_list, 404, "NoSuchBucket", DBB_ENOREPO, "'dbb-backup init'" },
	{ do_read, 404, "NoSuchKey", DBB_ENOTFOUND, "" },
	{ do_put, 412, "PreconditionFailed", DBB_EEXIST, "" },
	{ do_put, 507, "XMinioStorageFull", DBB_ENOSPC, "space on the server" },
	{ do_put, 400, "XMinioAdminBucketQuotaExceeded", DBB_ENOSPC, "quota" },
	{ do_put, 403, "QuotaExceeded", DBB_ENOSPC, "quota" },
	{ do_read, 403, "InvalidObjectState", DBB_EACCESS, "archive" },
	{ do_put, 400, "InvalidStorageClass", DBB_ECONFIG, "'storage-class'" },
	{ do_put, 400, "BadDigest", DBB_EIO, "what arrived" },
	{ do_put, 413, "EntityTooLarge", DBB_EUNSUPPORTED, "proxy" },
	{ do_put, 400, "SomethingNew", DBB_EIO, "" },
	{ do_remove, 403, "SomethingNew", DBB_EACCESS, "s3:DeleteObject" },
};

START_TEST(a_refusal_has_a_code_and_a_hint)
{
	char body[512], status[8];

	snprintf(body, sizeof(body), ERROR("%s", ""), refusals[_i].code);
	answer(refusals[_i].status, body);
	ck_assert_int_eq(refusals[_i].act(), refusals[_i].rc);
	ck_assert_msg(strstr(err.hint, refusals[_i].hint) != NULL, "%s",
	    err.hint);
	snprintf(status, sizeof(status), "%d", refusals[_i].status);
	ck_assert_str_eq(err.remote, status);
	if (refusals[_i].rc != DBB_ENOREPO &&
	    refusals[_i].rc != DBB_ENOTFOUND && refusals[_i].rc != DBB_EEXIST)
		ck_assert_msg(strstr(err.message, refusals[_i].code) != NULL &&
		    strstr(err.message, ": In its own words") != NULL, "%s",
		    err.message);
	ck_assert_uint_eq(requests(), 1);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
}
END_TEST

static const struct {
	int status;
	const char *body, *words;
} foreign[] = {
	{ 200, "<html><head/></html>", "a 'html' came" },
	{ 200, "{\"a\": 1}", "cannot be read" },
	{ 302, "", "the server answered 302" },
	{ 404, "<html><body>none</body></html>", "the server answered 404" },
	{ 400, "Client sent an HTTP request to an HTTPS server.",
	    "the server answered 400" },
};

/* A console, a site, or TLS that is expected there. */
START_TEST(what_is_no_s3_server_is_said_to_be_none)
{
	dbbi_store_close(store);
	store = NULL;
	answer(foreign[_i].status, foreign[_i].body);
	ck_assert_int_lt(open_store(0), 0);
	ck_assert_int_ne(err.code, DBB_ENOTFOUND);
	ck_assert_msg(strstr(err.message, foreign[_i].words) != NULL, "%s",
	    err.message);
	ck_assert_msg(strstr(err.hint, "'endpoint'") != NULL, "%s", err.hint);
	ck_assert_ptr_null(strstr(err.message, "status"));
}
END_TEST

/* ---- what passes ---- */

static const struct {
	http_fault fault;
	int status;
	const char *body;
} passing[] = {
	{ HTTP_FINE, 503, ERROR("SlowDown", "") },
	{ HTTP_FINE, 503, "<html>no XML of S3</html>" },
	{ HTTP_FINE, 500, ERROR("InternalError", "") },
	{ HTTP_FINE, 502, "" },
	{ HTTP_FINE, 504, "" },
	{ HTTP_FINE, 429, "" },
	{ HTTP_FINE, 400, ERROR("RequestTimeout", "") },
	{ HTTP_FINE, 409, ERROR("ConditionalRequestConflict", "") },
	{ HTTP_FINE, 409, ERROR("ExistingObjectIsDirectory", "") },
	{ HTTP_FINE, 200, ERROR("InternalError", "") },
	{ HTTP_RESET, 0, "" },
	{ HTTP_CLOSE, 0, "" },
	{ HTTP_CUT, 200, EMPTY_LIST },
};

START_TEST(what_passes_is_tried_again)
{
	int count = 0;

	answer_with(passing[_i].fault, 20, passing[_i].status, NULL,
	    passing[_i].body);
	answer(200, LIST("<IsTruncated>false</IsTruncated>" OBJECT("p/a")));
	ck_assert_msg(list(&count) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(count, 1);
	ck_assert_uint_eq(requests(), 2);
	/* libcurl itself asks again where nothing at all came back. */
	if (passing[_i].fault == HTTP_FINE)
		ck_assert_ptr_nonnull(strstr(said, "trying again (1 of 2)"));
}
END_TEST

START_TEST(tries_end)
{
	int i, count;

	for (i = 0; i < 3; i++)
		answer(503, ERROR("SlowDown", ""));
	ck_assert_int_eq(list(&count), DBB_EBUSY);
	ck_assert_uint_eq(requests(), 3);
	ck_assert_ptr_nonnull(strstr(err.message, "given up after 3 tries"));
	ck_assert_int_eq(err.retryable, 1);
}
END_TEST

/* ---- what is put right ---- */

START_TEST(the_right_region_is_used_and_said)
{
	http_seen first, second, third;

	answer(400, ERROR("AuthorizationHeaderMalformed",
	    "<Region>eu-west-3</Region>"));
	answer(200, "");
	answer(200, "");
	ck_assert_msg(put(0) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(put(0), DBB_OK);
	first = seen(0);
	second = seen(1);
	third = seen(2);
	ck_assert_ptr_nonnull(strstr(http_seen_header(&first,
	    "Authorization"), "/us-west-1/s3/"));
	ck_assert_ptr_nonnull(strstr(http_seen_header(&second,
	    "Authorization"), "/eu-west-3/s3/"));
	ck_assert_ptr_nonnull(strstr(http_seen_header(&third,
	    "Authorization"), "/eu-west-3/s3/"));
	ck_assert_ptr_nonnull(strstr(said, "in the region 'eu-west-3' and not "
	    "in 'us-west-1'"));
}
END_TEST

START_TEST(a_region_is_put_right_once)
{
	answer(400, ERROR("AuthorizationHeaderMalformed",
	    "<Region>eu-west-3</Region>"));
	answer(400, ERROR("AuthorizationHeaderMalformed",
	    "<Region>eu-west-4</Region>"));
	ck_assert_int_eq(put(0), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.hint, "'region'"));
	ck_assert_uint_eq(requests(), 2);
}
END_TEST

START_TEST(a_region_that_is_none_is_not_believed)
{
	answer(400, ERROR("AuthorizationHeaderMalformed",
	    "<Region>x/s3&#10;Evil: y</Region>"));
	ck_assert_int_eq(put(0), DBB_ECONFIG);
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

START_TEST(the_servers_clock_is_used_and_said)
{
	http_seen second;

	answer_with(HTTP_FINE, 0, 403,
	    "Date: Sun, 22 Nov 2015 02:00:00 GMT\r\n",
	    ERROR("RequestTimeTooSkewed", ""));
	answer(200, "");
	ck_assert_msg(put(0) == DBB_OK, "%s", err.message);
	second = seen(1);
	ck_assert_ptr_nonnull(strstr(http_seen_header(&second, "x-amz-date"),
	    "20151122T0200"));
	ck_assert_ptr_nonnull(strstr(said, "s ahead of the server's"));
}
END_TEST

START_TEST(a_clock_is_put_right_once)
{
	int i;

	for (i = 0; i < 2; i++)
		answer_with(HTTP_FINE, 0, 403,
		    "Date: Sun, 22 Nov 2015 02:00:00 GMT\r\n",
		    ERROR("RequestTimeTooSkewed", ""));
	ck_assert_int_eq(put(0), DBB_EAUTH);
	ck_assert_ptr_nonnull(strstr(err.hint, "set the clock"));
	ck_assert_uint_eq(requests(), 2);
}
END_TEST

/* Who answers may be anybody on the way, and locks end by the clock. */
START_TEST(a_clock_that_is_years_off_is_not_taken_where_there_are_locks)
{
	dbbi_store_close(store);
	answer(200, EMPTY_LIST);
	ck_assert_msg(open_store_with(0, "object-lock=compliance",
	    "object-lock-days=7") == DBB_OK, "%s", err.message);
	answer_with(HTTP_FINE, 0, 403,
	    "Date: Sun, 22 Nov 2099 02:00:00 GMT\r\n",
	    ERROR("RequestTimeTooSkewed", ""));
	ck_assert_int_eq(put(0), DBB_EAUTH);
	ck_assert_ptr_nonnull(strstr(err.hint, "set the clock"));
}
END_TEST

/* ---- loading ---- */

static const struct {
	int status;
	const char *headers, *body;
	size_t max;
	int rc;
} objects[] = {
	{ 206, "Content-Range: bytes 0-4/5\r\n", "hello", 10, DBB_OK },
	{ 206, "Content-Range: bytes 0-4/5\r\n", "hello", 5, DBB_OK },
	{ 416, NULL, ERROR("InvalidRange", ""), 5, DBB_OK },
	{ 206, "Content-Range: bytes 0-3/1000000000000\r\n", "hell", 3,
	    DBB_EDAMAGED },
	{ 200, NULL, "hello, and no end of it", 3, DBB_EDAMAGED },
	{ 404, NULL, ERROR("NoSuchKey", ""), 5, DBB_ENOTFOUND },
};

START_TEST(a_small_object_is_loaded_by_one_request)
{
	const char *whole = objects[_i].status == 416 ? "" : "hello";
	uint8_t *bytes = NULL;
	size_t size = 99;
	http_seen one;
	char range[40];

	answer_with(HTTP_FINE, 0, objects[_i].status, objects[_i].headers,
	    objects[_i].body);
	ck_assert_msg(dbbi_store_load(&bytes, &size, store, "a",
	    objects[_i].max, &err) == objects[_i].rc, "%s", err.message);
	ck_assert_uint_eq(requests(), 1);
	one = seen(0);
	snprintf(range, sizeof(range), "bytes=0-%zu", objects[_i].max);
	ck_assert_str_eq(http_seen_header(&one, "Range"), range);
	if (objects[_i].rc == DBB_OK) {
		ck_assert_uint_eq(size, strlen(whole));
		ck_assert_str_eq((char *)bytes, whole);
	} else {
		ck_assert_ptr_null(bytes);
		ck_assert_ptr_nonnull(strstr(err.message, "reading 'a'"));
	}
	free(bytes);
}
END_TEST

/* ---- puts ---- */

START_TEST(a_put_is_conditional_and_carries_its_checksum)
{
	http_seen one, two;

	answer_with(HTTP_FINE, 0, 200,
	    "x-amz-checksum-sha256: " HELLO_SHA256 "\r\n", "");
	answer(200, "");
	ck_assert_int_eq(put(0), DBB_OK);
	ck_assert_int_eq(put(DBB_PUT_REPLACE), DBB_OK);
	one = seen(0);
	two = seen(1);
	ck_assert_int_eq(strncmp(one.head, "PUT /bucket/p/a HTTP/1.1", 24), 0);
	ck_assert_str_eq(http_seen_header(&one, "If-None-Match"), "*");
	ck_assert_str_eq(http_seen_header(&one, "x-amz-checksum-sha256"),
	    HELLO_SHA256);
	ck_assert_ptr_null(http_seen_header(&two, "If-None-Match"));
	ck_assert_uint_eq(one.body_size, 5);
}
END_TEST

START_TEST(another_checksum_is_an_error)
{
	answer_with(HTTP_FINE, 0, 200, "x-amz-checksum-sha256: xxxx\r\n", "");
	ck_assert_int_eq(put(0), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.message, "something else"));
}
END_TEST

static void
ask_for_crc32c(void)
{
	dbbi_store_close(store);
	answer(200, EMPTY_LIST);
	ck_assert_msg(open_store_with(0, "checksum=crc32c", NULL) == DBB_OK,
	    "%s", err.message);
}

/* By http: the body is signed all the same. */
START_TEST(a_put_carries_a_crc_where_that_is_asked_for)
{
	http_seen one;

	ask_for_crc32c();
	answer_with(HTTP_FINE, 0, 200,
	    "x-amz-checksum-crc32c: " HELLO_CRC32C "\r\n", "");
	answer_with(HTTP_FINE, 0, 200,
	    "x-amz-checksum-crc32c: AAAAAA==\r\n", "");
	ck_assert_int_eq(put(0), DBB_OK);
	one = seen(1);
	ck_assert_str_eq(http_seen_header(&one, "x-amz-checksum-crc32c"),
	    HELLO_CRC32C);
	ck_assert_ptr_null(http_seen_header(&one, "x-amz-checksum-sha256"));
	ck_assert_str_eq(http_seen_header(&one, "x-amz-content-sha256"),
	    HELLO_HEX);
	ck_assert_int_eq(put(0), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.message, "something else"));
}
END_TEST

#define PART_BYTES ((size_t)5 << 20)	/* of zeros: their CRC, and that of
					   both one behind the other */
#define PART_CRC32C "zqsFQg=="
#define PARTS_CRC32C "+a9+sg==-2"

static const struct {
	const char *told;	/* of what was joined */
	int rc;
} joined[] = {
	{ PARTS_CRC32C, DBB_OK },
	{ PART_CRC32C "-2", DBB_EIO },
};

START_TEST(parts_are_compared_by_their_crcs_together)
{
	uint8_t *zeros = calloc(2, PART_BYTES);
	char head[128];
	http_seen begun, finish;

	snprintf(head, sizeof(head), "Content-Length: %zu\r\n"
	    "x-amz-checksum-crc32c: %s\r\n", 2 * PART_BYTES,
	    joined[_i].told);
	dbbi_store_close(store);
	answer(200, EMPTY_LIST);
	ck_assert_int_eq(open_store_with(0, "checksum=crc32c",
	    "part-size=5M"), DBB_OK);
	answer(200, XML "<InitiateMultipartUploadResult><UploadId>u"
	    "</UploadId></InitiateMultipartUploadResult>");
	for (int i = 0; i < 2; i++)
		answer_with(HTTP_FINE, 0, 200, "ETag: \"e\"\r\n"
		    "x-amz-checksum-crc32c: " PART_CRC32C "\r\n", "");
	answer(200, XML "<CompleteMultipartUploadResult/>");
	answer_with(HTTP_FINE, 0, 200, head, NULL);
	answer(204, "");	/* where the upload is dropped then */
	ck_assert_msg(dbbi_store_write(store, "a", zeros, 2 * PART_BYTES, 0,
	    &err) == joined[_i].rc, "%s", err.message);
	begun = seen(1);
	finish = seen(4);
	ck_assert_str_eq(http_seen_header(&begun, "x-amz-checksum-algorithm"),
	    "CRC32C");
	ck_assert_ptr_nonnull(memmem(finish.body, finish.body_size,
	    "<ChecksumCRC32C>" PART_CRC32C "</ChecksumCRC32C>", 16 + 8 + 17));
	free(zeros);
}
END_TEST

static const struct {
	const char *headers;
	int rc;
} found[] = {
	{ "Content-Length: 5\r\n", DBB_OK },
	{ "Content-Length: 5\r\nx-amz-checksum-sha256: " HELLO_SHA256 "\r\n",
	    DBB_OK },
	{ "Content-Length: 6\r\n", DBB_EEXIST },
	{ "Content-Length: 5\r\nx-amz-checksum-sha256: x\r\n", DBB_EEXIST },
};

START_TEST(a_put_whose_answer_was_lost_is_recognised)
{
	answer_with(HTTP_RESET, 0, 0, NULL, "");
	answer(412, ERROR("PreconditionFailed", ""));
	answer_with(HTTP_FINE, 0, 200, found[_i].headers, NULL);
	ck_assert_int_eq(put(0), found[_i].rc);
	ck_assert_uint_eq(requests(), 3);
	ck_assert_int_eq(strncmp(seen(2).head, "HEAD ", 5), 0);
}
END_TEST

START_TEST(a_put_that_finds_another_at_once_does_not_ask)
{
	answer(412, ERROR("PreconditionFailed", ""));
	ck_assert_int_eq(put(0), DBB_EEXIST);
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

START_TEST(without_conditions_it_is_asked_first)
{
	http_seen last;

	answer(501, ERROR("NotImplemented", ""));
	answer(404, NULL);			/* HEAD */
	answer(404, ERROR("NoSuchKey", ""));	/* and why */
	answer(200, "");
	ck_assert_msg(put(0) == DBB_OK, "%s", err.message);
	last = seen(3);
	ck_assert_int_eq(strncmp(last.head, "PUT ", 4), 0);
	ck_assert_ptr_null(http_seen_header(&last, "If-None-Match"));
	ck_assert_ptr_nonnull(strstr(said, "has no If-None-Match"));
	answer_with(HTTP_FINE, 0, 200, "Content-Length: 1\r\n", NULL);
	ck_assert_int_eq(put(0), DBB_EEXIST);
	ck_assert_uint_eq(requests(), 5);
}
END_TEST

static void *
put_many(void *payload)
{
	char name[32];
	int i, failures = 0;

	for (i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "%d/%d", *(int *)payload, i);
		failures += dbbi_store_write(store, name, "hello", 5, 0,
		    NULL) != DBB_OK;
	}
	*(int *)payload = failures;
	return NULL;
}

START_TEST(connections_are_used_again)
{
	pthread_t threads[4];
	int numbers[4], i;

	for (i = 0; i < 4; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, put_many,
		    &numbers[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(numbers[i], 0);
	}
	ck_assert_uint_eq(requests(), 1000);
	ck_assert_uint_le(http_server_connections(server), 4);
}
END_TEST

/* ---- listings ---- */

static const struct {
	int status;
	const char *body;
	const char *why;
} listings[] = {
	{ 200, "", "the server's XML" },
	{ 200, "<html></html>", "a 'ListBucketResult' was expected" },
	{ 200, LIST(""), "whether it goes on" },
	{ 200, LIST("<IsTruncated>true</IsTruncated>"), "how to go on" },
	{ 200, LIST("<IsTruncated>true</IsTruncated><NextContinuationToken/>"),
	    "how to go on" },
	{ 200, LIST("<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>"
	    OBJECT("p/a")), "as many names" },
	{ 200, LIST("<IsTruncated>false</IsTruncated><Contents><Size>1</Size>"
	    "</Contents>"), "no key" },
	{ 200, LIST("<IsTruncated>false</IsTruncated><Contents><Key>p/a</Key>"
	    "<Size>-1</Size></Contents>"), "a size" },
	{ 200, LIST("<EncodingType>url</EncodingType><IsTruncated>false"
	    "</IsTruncated>" OBJECT("p/a%2")), "encoded wrongly" },
	{ 200, XML "<!DOCTYPE l [<!ENTITY a \"aaaa\">]><ListBucketResult>"
	    "<IsTruncated>false</IsTruncated></ListBucketResult>",
	    "document type" },
	{ 200, XML "<ListBucketResult><IsTruncated>false</IsTruncated>",
	    "the server's XML" },
};

START_TEST(a_broken_listing_is_no_listing)
{
	int count;

	answer(listings[_i].status, listings[_i].body);
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_msg(strstr(err.message, listings[_i].why) != NULL, "%s",
	    err.message);
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

START_TEST(pages_are_gone_through)
{
	http_seen second;
	int count;

	answer(200, LIST("<EncodingType>url</EncodingType><IsTruncated>true"
	    "</IsTruncated><NextContinuationToken>a+b/=</"
	    "NextContinuationToken>" OBJECT("p%2Fa") OBJECT("p/b%20c")));
	answer(200, LIST(OBJECT("p/d") "<IsTruncated>false</IsTruncated>"
	    "<KeyCount>1</KeyCount>"));
	ck_assert_msg(list(&count) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(count, 2);	/* "b c" is no name of ours */
	second = seen(1);
	ck_assert_ptr_nonnull(strstr(second.head,
	    "continuation-token=a%2Bb%2F%3D"));
}
END_TEST

START_TEST(empty_pages_end_the_listing_at_last)
{
	static char pages[1000][256];
	int i, count;

	for (i = 0; i < 1000; i++) {
		snprintf(pages[i], sizeof(pages[i]), LIST("<IsTruncated>true"
		    "</IsTruncated><NextContinuationToken>%d"
		    "</NextContinuationToken>"), i);
		answer(200, pages[i]);
	}
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "empty page"));
	ck_assert_uint_eq(requests(), 1000);
}
END_TEST

/* A page of versions, none or always one of the same name, that goes on at
 * another place each time. */
static void
answer_versions(int i, const char *inside)
{
	static char pages[1001][512];

	snprintf(pages[i], sizeof(pages[i]), XML "<ListVersionsResult>"
	    "<IsTruncated>true</IsTruncated><NextKeyMarker>p/a"
	    "</NextKeyMarker><NextVersionIdMarker>%d</NextVersionIdMarker>%s"
	    "</ListVersionsResult>", i, inside);
	answer(200, pages[i]);
}

static const struct {
	const char *inside;
	unsigned pages;
} still[] = {
	{ "", 1000 },
	{ "<Version><Key>p/a</Key><VersionId>v</VersionId><LastModified>"
	    "2026-11-24T10:41:33.123Z</LastModified><Size>5</Size></Version>",
	    1001 },
};

START_TEST(versions_without_another_name_end_the_listing_at_last)
{
	unsigned i;
	int count;

	dbbi_store_close(store);
	store = NULL;
	answer(200, EMPTY_LIST);
	ck_assert_msg(open_store_with(0, "as-of=2026-11-24T12:00:00Z",
	    NULL) == DBB_OK, "%s", err.message);
	for (i = 0; i < still[_i].pages; i++)
		answer_versions((int)i, still[_i].inside);
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_msg(strstr(err.message, "no other name") != NULL, "%s",
	    err.message);
	ck_assert_uint_eq(requests(), 1 + still[_i].pages);
}
END_TEST

START_TEST(a_page_that_comes_again_ends_the_listing)
{
	int i, count;

	for (i = 0; i < 2; i++)
		answer(200, LIST("<IsTruncated>true</IsTruncated>"
		    "<NextContinuationToken>x</NextContinuationToken>"));
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "for ever"));
}
END_TEST

START_TEST(an_endless_listing_is_left_off)
{
	int count;

	answer_with(HTTP_ENDLESS_BODY, 0, 200, NULL, "<ListBucketResult>");
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "8388608"));
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

START_TEST(endless_headers_are_left_off)
{
	int count;

	answer_with(HTTP_ENDLESS_HEADERS, 0, 200, NULL, "");
	ck_assert_int_eq(list(&count), DBB_EDAMAGED);
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

/* ---- reads ---- */

#define ETAG "ETag: \"e\"\r\n"

static int
read_ten(char buffer[16])
{
	size_t got = 0;
	int rc;

	memset(buffer, 0, 16);
	rc = dbbi_store_read(&got, store, "a", 5, buffer, 10, &err);
	ck_assert(rc < 0 || got == 10);
	return rc;
}

START_TEST(a_read_that_was_cut_goes_on_where_it_stood)
{
	char buffer[16];
	http_seen first, second;

	answer_with(HTTP_CUT, 4, 206, ETAG "Content-Range: bytes 5-14/20\r\n",
	    "0123456789");
	answer_with(HTTP_FINE, 0, 206, ETAG "Content-Range: bytes 9-14/20\r\n",
	    "456789");
	ck_assert_msg(read_ten(buffer) == DBB_OK, "%s", err.message);
	ck_assert_str_eq(buffer, "0123456789");
	first = seen(0);
	second = seen(1);
	ck_assert_str_eq(http_seen_header(&first, "Range"), "bytes=5-14");
	ck_assert_ptr_null(http_seen_header(&first, "If-Match"));
	ck_assert_str_eq(http_seen_header(&second, "Range"), "bytes=9-14");
	ck_assert_str_eq(http_seen_header(&second, "If-Match"), "\"e\"");
	ck_assert_ptr_nonnull(strstr(said, "going on at byte 9"));
}
END_TEST

START_TEST(a_read_of_what_was_replaced_meanwhile_fails)
{
	char buffer[16];

	answer_with(HTTP_CUT, 4, 206, ETAG "Content-Range: bytes 5-14/20\r\n",
	    "0123456789");
	answer(412, ERROR("PreconditionFailed", ""));
	ck_assert_int_eq(read_ten(buffer), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.message, "was replaced"));
}
END_TEST

static const struct {
	int status;
	const char *headers;
	const char *body;
	const char *why;
} wrong[] = {
	{ 206, "", "0123456789", "another part" },
	{ 206, "Content-Range: bytes 0-9/20\r\n", "0123456789",
	    "another part" },
	{ 206, "Content-Range: bytes 5-15/20\r\n", "0123456789a",
	    "another part" },
	{ 206, "Content-Range: bytes 5-14/10\r\n", "0123456789",
	    "another part" },
	{ 206, "Content-Range: bytes 5-7/20\r\n", "0123456789",
	    "another part" },
	{ 206, "Content-Range: bytes 5-14/x\r\n", "0123456789",
	    "another part" },
	{ 200, "", "0123456789", "the whole object" },
};

START_TEST(another_part_is_not_taken)
{
	char buffer[16];

	answer_with(HTTP_FINE, 0, wrong[_i].status, wrong[_i].headers,
	    wrong[_i].body);
	ck_assert_int_eq(read_ten(buffer), DBB_EIO);
	ck_assert_msg(strstr(err.message, wrong[_i].why) != NULL, "%s",
	    err.message);
}
END_TEST

START_TEST(a_short_answer_is_asked_on)
{
	char buffer[16];

	answer_with(HTTP_FINE, 0, 206, ETAG "Content-Range: bytes 5-7/20\r\n",
	    "012");
	answer_with(HTTP_FINE, 0, 206, ETAG "Content-Range: bytes 8-14/20\r\n",
	    "3456789");
	ck_assert_msg(read_ten(buffer) == DBB_OK, "%s", err.message);
	ck_assert_str_eq(buffer, "0123456789");
}
END_TEST

START_TEST(the_whole_is_as_good_from_the_beginning_on)
{
	char buffer[16] = "";
	size_t got = 0;

	answer(200, "0123456789");
	ck_assert_int_eq(dbbi_store_read(&got, store, "a", 0, buffer, 4,
	    &err), DBB_OK);
	ck_assert_uint_eq(got, 4);
	ck_assert_str_eq(buffer, "0123");
	answer(200, "0123456789");
	ck_assert_int_eq(dbbi_store_read(&got, store, "a", 0, buffer, 12,
	    &err), DBB_OK);
	ck_assert_uint_eq(got, 10);
}
END_TEST

/* ---- deleting many ---- */

#define DELETED(key) "<Deleted><Key>" key "</Key></Deleted>"
#define KEPT(key, code) "<Error><Key>" key "</Key><Code>" code \
    "</Code><Message>In its own words.</Message></Error>"
#define RESULT(inside) XML "<DeleteResult>" inside "</DeleteResult>"

static void
note_kept(const char *name, const dbb_error *why, void *payload)
{
	char *kept = payload;

	snprintf(kept + strlen(kept), 128 - strlen(kept), "%s: %d; ", name,
	    why->code);
}

static int
remove_two(char kept[128])
{
	static const char *const names[] = { "a", "b" };

	kept[0] = '\0';
	return dbbi_store_remove_many(store, names, 2, note_kept, kept, &err);
}

START_TEST(what_was_not_deleted_is_told)
{
	char kept[128];

	answer(200, RESULT(DELETED("p/a") KEPT("p/b", "AccessDenied")));
	ck_assert_msg(remove_two(kept) == DBB_OK, "%s", err.message);
	ck_assert_msg(strncmp(kept, "b: ", 3) == 0, "%s", kept);
	answer(200, RESULT(DELETED("p/a") KEPT("p/b", "NoSuchKey")));
	ck_assert_msg(remove_two(kept) == DBB_OK, "%s", err.message);
	ck_assert_str_eq(kept, "");
}
END_TEST

static const char *const unclear[] = {
	RESULT(DELETED("p/a")),
	RESULT(DELETED("p/a") KEPT("p/other", "AccessDenied")),
	RESULT(DELETED("p/a") KEPT("q/b", "AccessDenied")),
	RESULT(DELETED("p/a") "<Error><Code>InternalError</Code></Error>"),
};

/* A refusal that names none of ours is no word on ours. */
START_TEST(deleting_that_was_not_answered_fails)
{
	char kept[128];

	answer(200, unclear[_i]);
	ck_assert_int_eq(remove_two(kept), DBB_EIO);
	ck_assert_msg(strstr(err.message, "of 1 objects") != NULL, "%s",
	    err.message);
	ck_assert_str_eq(kept, "");
}
END_TEST

START_TEST(many_are_deleted_one_by_one_where_that_is_refused)
{
	char kept[128];
	http_seen first;

	answer(501, ERROR("NotImplemented", ""));
	answer(204, "");
	answer(204, "");
	ck_assert_msg(remove_two(kept) == DBB_OK, "%s", err.message);
	first = seen(1);
	ck_assert_int_eq(strncmp(first.head, "DELETE /bucket/p/a HTTP", 23),
	    0);
	ck_assert_uint_eq(requests(), 3);
}
END_TEST

/* ---- keys ---- */

static void
write_key(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* From now on `setting` says it by a file, or by a command. */
static void
say_key(char setting[128], const char *name, const char *value, int by_file,
    const char *path)
{
	if (by_file)
		write_key(path, value);
	snprintf(setting, 128, by_file ? "%s-file=%s" : "%s-command=echo %s",
	    name, by_file ? path : value);
}

#define CUSTOMER_KEY "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

static const struct {
	const char *name, *value;
} secrets[] = {
	{ "access-key", "key-1" }, { "secret-key", "s3cret" },
	{ "session-token", "token-3" }, { "sse-customer-key", CUSTOMER_KEY },
};

START_TEST(keys_are_taken_from_files_and_from_commands)
{
	char folder[] = "/tmp/dbb-s3-XXXXXX", endpoint[96];
	char lines[COUNT(secrets)][128], paths[COUNT(secrets)][64];
	const char *settings[] = { endpoint, "sse=c", lines[0], lines[1],
	    lines[2], lines[3], NULL };
	http_seen request;
	int i;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    http_server_url(server));
	for (i = 0; i < COUNT(secrets); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%d", folder, i);
		say_key(lines[i], secrets[i].name, secrets[i].value, _i,
		    paths[i]);
	}
	dbbi_store_close(store);
	store = NULL;
	ck_assert_msg(dbbi_store_open_with(&store, registry, "s3://bucket/p",
	    DBB_STORE_OFFLINE, settings, NULL, &err) == DBB_OK, "%s",
	    err.message);
	answer(200, "");
	ck_assert_msg(put(0) == DBB_OK, "%s", err.message);
	request = seen(0);
	ck_assert_ptr_nonnull(strstr(http_seen_header(&request,
	    "Authorization"), "Credential=key-1/"));
	ck_assert_str_eq(http_seen_header(&request, "x-amz-security-token"),
	    "token-3");
	ck_assert_str_eq(http_seen_header(&request,
	    "x-amz-server-side-encryption-customer-key"), CUSTOMER_KEY);
	for (i = 0; i < COUNT(secrets); i++)
		unlink(paths[i]);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* ---- opening ---- */

START_TEST(a_bucket_is_made_where_it_is_asked_for)
{
	http_seen made;

	dbbi_store_close(store);
	store = NULL;
	answer(404, ERROR("NoSuchBucket", ""));
	ck_assert_int_eq(open_store(0), DBB_ENOTFOUND);
	answer(404, ERROR("NoSuchBucket", ""));
	answer(200, "");
	ck_assert_msg(open_store(DBB_STORE_CREATE) == DBB_OK, "%s",
	    err.message);
	made = seen(2);
	ck_assert_int_eq(strncmp(made.head, "PUT /bucket HTTP", 16), 0);
	ck_assert_ptr_nonnull(strstr((const char *)made.body,
	    "<LocationConstraint>us-west-1</LocationConstraint>"));
}
END_TEST

static const uint32_t open_flags[] = { 0, DBB_STORE_CREATE };

/* Nothing is made, which might be an object in a bucket of that name. */
START_TEST(a_bucket_that_lacks_under_a_path_is_told_with_the_endpoint)
{
	char endpoint[128], said_first[256];

	dbbi_store_close(store);
	store = NULL;
	snprintf(endpoint, sizeof(endpoint), "endpoint=%s/other",
	    http_server_url(server));
	snprintf(said_first, sizeof(said_first), "the endpoint '%s/other' has "
	    "no bucket 'bucket'", http_server_url(server));
	answer(404, ERROR("NoSuchBucket", ""));
	ck_assert_int_eq(dbbi_store_open_with(&store, registry,
	    "s3://bucket/p", open_flags[_i], (const char *const []){ endpoint,
	    "access-key=id", "secret-key=s3cret", NULL }, &run, &err),
	    DBB_ECONFIG);
	ck_assert_msg(strstr(err.message, said_first) != NULL, "%s",
	    err.message);
	ck_assert_ptr_nonnull(strstr(err.hint, "leave '/other' out"));
	ck_assert_uint_eq(requests(), 1);
}
END_TEST

START_TEST(a_bucket_that_may_not_be_listed_is_opened)
{
	dbbi_store_close(store);
	store = NULL;
	answer(403, ERROR("AccessDenied", ""));
	ck_assert_int_eq(open_store(0), DBB_OK);
}
END_TEST

START_TEST(offline_no_server_is_asked)
{
	dbbi_store_close(store);
	store = NULL;
	ck_assert_int_eq(open_store(DBB_STORE_OFFLINE), DBB_OK);
	ck_assert_uint_eq(requests(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("s3_answers");
	TCase *tc = tcase_create("s3_answers");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_refusal_has_a_code_and_a_hint, 0,
	    COUNT(refusals));
	tcase_add_loop_test(tc, what_is_no_s3_server_is_said_to_be_none, 0,
	    COUNT(foreign));
	tcase_add_loop_test(tc, what_passes_is_tried_again, 0,
	    COUNT(passing));
	tcase_add_test(tc, tries_end);
	tcase_add_test(tc, the_right_region_is_used_and_said);
	tcase_add_test(tc, a_region_is_put_right_once);
	tcase_add_test(tc, a_region_that_is_none_is_not_believed);
	tcase_add_test(tc, the_servers_clock_is_used_and_said);
	tcase_add_test(tc, a_clock_is_put_right_once);
	tcase_add_test(tc,
	    a_clock_that_is_years_off_is_not_taken_where_there_are_locks);
	tcase_add_loop_test(tc, a_small_object_is_loaded_by_one_request, 0,
	    COUNT(objects));
	tcase_add_test(tc, a_put_is_conditional_and_carries_its_checksum);
	tcase_add_test(tc, another_checksum_is_an_error);
	tcase_add_test(tc, a_put_carries_a_crc_where_that_is_asked_for);
	tcase_add_loop_test(tc, parts_are_compared_by_their_crcs_together, 0,
	    COUNT(joined));
	tcase_add_loop_test(tc, a_put_whose_answer_was_lost_is_recognised, 0,
	    COUNT(found));
	tcase_add_test(tc, a_put_that_finds_another_at_once_does_not_ask);
	tcase_add_test(tc, without_conditions_it_is_asked_first);
	tcase_add_test(tc, connections_are_used_again);
	tcase_add_loop_test(tc, a_broken_listing_is_no_listing, 0,
	    COUNT(listings));
	tcase_add_test(tc, pages_are_gone_through);
	tcase_add_test(tc, empty_pages_end_the_listing_at_last);
	tcase_add_loop_test(tc,
	    versions_without_another_name_end_the_listing_at_last, 0,
	    COUNT(still));
	tcase_add_test(tc, a_page_that_comes_again_ends_the_listing);
	tcase_add_test(tc, an_endless_listing_is_left_off);
	tcase_add_test(tc, endless_headers_are_left_off);
	tcase_add_test(tc, a_read_that_was_cut_goes_on_where_it_stood);
	tcase_add_test(tc, a_read_of_what_was_replaced_meanwhile_fails);
	tcase_add_loop_test(tc, another_part_is_not_taken, 0, COUNT(wrong));
	tcase_add_test(tc, a_short_answer_is_asked_on);
	tcase_add_test(tc, the_whole_is_as_good_from_the_beginning_on);
	tcase_add_test(tc, what_was_not_deleted_is_told);
	tcase_add_loop_test(tc, deleting_that_was_not_answered_fails, 0,
	    COUNT(unclear));
	tcase_add_test(tc, many_are_deleted_one_by_one_where_that_is_refused);
	tcase_add_loop_test(tc, keys_are_taken_from_files_and_from_commands,
	    0, 2);
	tcase_add_test(tc, a_bucket_is_made_where_it_is_asked_for);
	tcase_add_loop_test(tc,
	    a_bucket_that_lacks_under_a_path_is_told_with_the_endpoint, 0,
	    COUNT(open_flags));
	tcase_add_test(tc, a_bucket_that_may_not_be_listed_is_opened);
	tcase_add_test(tc, offline_no_server_is_asked);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
