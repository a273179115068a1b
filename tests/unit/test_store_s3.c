/* SPDX-License-Identifier: BSD-2-Clause */
/* The S3 store against a MinIO of its own. */
#include <config.h>

#include "minio_fixture.h"
#include "store_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define MIB ((size_t)1 << 20)

static dbbi_store_registry *registry;
static dbb_error err;

/* Open with the server's keys and up to three settings more. */
static int
open_store(dbbi_store **out, const char *url, uint32_t flags, const char *a,
    const char *b)
{
	char endpoint[96];
	const char *settings[] = { endpoint, "access-key=" MINIO_USER,
	    "secret-key=" MINIO_PASSWORD, "retry-times=3", a, b, NULL };

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint());
	return dbbi_store_open_with(out, registry, url, flags, settings,
	    NULL, &err);
}

/* Each test has a bucket of its own. */
static const char *
bucket_url(const char *prefix)
{
	static char url[256];

	snprintf(url, sizeof(url), "s3://test-%d%s", (int)getpid(), prefix);
	return url;
}

static void
open_under_test(const char *prefix, const char *setting)
{
	int rc;

	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	rc = open_store(&store_under_test, bucket_url(prefix),
	    DBB_STORE_CREATE, setting, NULL);
	ck_assert_msg(rc == DBB_OK, "%s; %s", err.message, err.hint);
}

static void
set_up(void)
{
	open_under_test("/a prefix/with+odd%25=&\xc3\xbc", NULL);
}

static void
set_up_without_prefix(void)
{
	open_under_test("", NULL);
}

static void
tear_down(void)
{
	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
}

/* ---- large objects ---- */

#define BIG (23 * MIB + 4711)	/* five parts of 5 MiB, the last of them short */

static void
set_up_small_parts(void)
{
	open_under_test("/parts", "part-size=5M");
}

static void
set_up_crc32c(void)
{
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	ck_assert_msg(open_store(&store_under_test, bucket_url("/crc"),
	    DBB_STORE_CREATE, "part-size=5M", "checksum=crc32c") == DBB_OK,
	    "%s", err.message);
}

static uint8_t *
big_bytes(void)
{
	uint8_t *bytes = malloc(BIG);
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < BIG; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251 + i / 65521);
	return bytes;
}

static void
put_big(const char *name, const uint8_t *bytes, uint32_t flags, int rc)
{
	dbbi_put *put = NULL;
	size_t at, n;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, name, 0,
	    flags, &err), DBB_OK);
	for (at = 0; at < BIG; at += n) {
		n = BIG - at < 1000003 ? BIG - at : 1000003;
		ck_assert_int_eq(dbbi_store_put_write(put, bytes + at, n,
		    &err), DBB_OK);
	}
	ck_assert_msg(dbbi_store_put_commit(put, &err) == rc, "%s",
	    err.message);
	dbbi_store_put_free(put);
}

static void
expect_big(const char *name, const uint8_t *bytes)
{
	uint8_t *back = NULL;
	size_t size = 0;

	ck_assert_msg(dbbi_store_load(&back, &size, store_under_test, name,
	    BIG, &err) == DBB_OK, "%s", err.message);
	ck_assert_uint_eq(size, BIG);
	ck_assert_int_eq(memcmp(back, bytes, BIG), 0);
	free(back);
}

static size_t
count_uploads(void)
{
	size_t swept = 0;

	ck_assert_msg(dbbi_store_sweep(&swept, store_under_test,
	    dbbi_now_ms() + 60000, &err) == DBB_OK, "%s", err.message);
	return swept;
}

START_TEST(large_objects_go_in_parts)
{
	uint8_t *bytes = big_bytes();

	put_big("streamed", bytes, 0, DBB_OK);
	expect_big("streamed", bytes);
	put_big("streamed", bytes, 0, DBB_EEXIST);
	put_big("streamed", bytes, DBB_PUT_REPLACE, DBB_OK);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "at-once", bytes,
	    BIG, 0, &err), DBB_OK);
	expect_big("at-once", bytes);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "at-once", bytes,
	    BIG, 0, &err), DBB_EEXIST);
	ck_assert_uint_eq(count_uploads(), 0);
	free(bytes);
}
END_TEST

START_TEST(an_abandoned_upload_is_taken_away)
{
	uint8_t *bytes = big_bytes();
	dbbi_put *put = NULL;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "x", 0,
	    0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, bytes, BIG, &err), DBB_OK);
	dbbi_store_put_free(put);
	ck_assert_uint_eq(count_uploads(), 0);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	free(bytes);
}
END_TEST

/* A process is killed in the middle of an upload. */
START_TEST(what_a_killed_run_left_is_swept)
{
	uint8_t *bytes = big_bytes();
	dbbi_put *put = NULL;
	dbbi_store *other = NULL;
	size_t swept = 9;
	int status = -1;
	pid_t pid;
	char url[256];

	snprintf(url, sizeof(url), "%s", bucket_url("/parts"));
	/* A child of one thread may start its own, also under TSan. */
	dbbi_store_close(store_under_test);
	if ((pid = fork()) == 0) {
		if (open_store(&other, url, 0, "part-size=5M", NULL) < 0 ||
		    dbbi_store_put_begin(&put, other, "left/x", 0, 0,
		    &err) < 0 ||
		    dbbi_store_put_write(put, bytes, BIG, &err) < 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(open_store(&store_under_test, url, 0, "part-size=5M",
	    NULL), DBB_OK);
	ck_assert_int_eq(dbbi_store_sweep(&swept, store_under_test,
	    dbbi_now_ms() - 3600000, &err), DBB_OK);
	ck_assert_uint_eq(swept, 0);
	ck_assert_uint_eq(count_uploads(), 1);
	ck_assert_uint_eq(count_uploads(), 0);
	free(bytes);
}
END_TEST

struct receiver {
	const uint8_t *bytes;
	size_t size;
	size_t stop_at;
};

static int
receive(const void *data, size_t size, void *payload)
{
	struct receiver *r = payload;

	if (r->size >= r->stop_at)
		return 1;
	ck_assert_uint_le(r->size + size, BIG);
	ck_assert_int_eq(memcmp(data, r->bytes + r->size, size), 0);
	r->size += size;
	return 0;
}

START_TEST(a_receiver_gets_all_in_order)
{
	uint8_t *bytes = big_bytes();
	struct receiver r = { bytes, 0, SIZE_MAX };

	put_big("big", bytes, 0, DBB_OK);
	ck_assert_int_eq(dbbi_store_get(store_under_test, "big", 0,
	    UINT64_MAX, receive, &r, &err), DBB_OK);
	ck_assert_uint_eq(r.size, BIG);
	r = (struct receiver){ bytes + 4711, 0, SIZE_MAX };
	ck_assert_int_eq(dbbi_store_get(store_under_test, "big", 4711,
	    11 * MIB, receive, &r, &err), DBB_OK);
	ck_assert_uint_eq(r.size, 11 * MIB);
	r = (struct receiver){ bytes, 0, 6 * MIB };
	ck_assert_int_eq(dbbi_store_get(store_under_test, "big", 0,
	    UINT64_MAX, receive, &r, &err), DBB_ECANCELED);
	ck_assert_int_eq(dbbi_store_get(store_under_test, "none", 0,
	    UINT64_MAX, receive, &r, &err), DBB_ENOTFOUND);
	free(bytes);
}
END_TEST

/* ---- many objects ---- */

static int
count_object(const dbb_object *object, void *payload)
{
	(void)object;
	++*(int *)payload;
	return 0;
}

static void
count_refusal(const char *name, const dbb_error *why, void *payload)
{
	(void)name;
	(void)why;
	++*(int *)payload;
}

START_TEST(pages_are_listed_and_many_are_deleted)
{
	enum { MANY = 1050 };
	static char names[MANY][24];
	const char *list[MANY];
	int i, listed = 0, refused = 0;

	for (i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "many/%d/%d", i % 7, i);
		list[i] = names[i];
		store_put(store_under_test, names[i], "x");
	}
	ck_assert_int_eq(dbbi_store_list(store_under_test, "many/",
	    count_object, &listed, &err), DBB_OK);
	ck_assert_int_eq(listed, MANY);
	ck_assert_msg(dbbi_store_remove_many(store_under_test, list, MANY,
	    count_refusal, &refused, &err) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(refused, 0);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	ck_assert_int_eq(dbbi_store_remove_many(store_under_test, list, 2,
	    count_refusal, &refused, &err), DBB_OK);
	ck_assert_int_eq(refused, 0);
}
END_TEST

/* ---- opening ---- */

START_TEST(a_bucket_that_is_not_there_is_not_found)
{
	dbbi_store *s = NULL;

	ck_assert_int_eq(open_store(&s, "s3://no-such-bucket", 0, NULL, NULL),
	    DBB_ENOTFOUND);
	ck_assert_str_eq(err.message, "opening the store "
	    "'s3://no-such-bucket': there is no bucket 'no-such-bucket'");
	ck_assert_ptr_nonnull(strstr(err.hint, "endpoint"));
	ck_assert_ptr_null(s);
}
END_TEST

static const struct {
	const char *setting;
	const char *code;
} wrong_keys[] = {
	{ "access-key=nobody", "InvalidAccessKeyId" },
	{ "secret-key=another-secret", "SignatureDoesNotMatch" },
};

START_TEST(wrong_keys_are_told_apart)
{
	char endpoint[96];
	const char *settings[] = { endpoint, _i == 0 ? wrong_keys[0].setting :
	    "access-key=" MINIO_USER, _i == 1 ? wrong_keys[1].setting :
	    "secret-key=" MINIO_PASSWORD, NULL };
	dbbi_store *s = NULL;

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint());
	ck_assert_int_eq(dbbi_store_open_with(&s, registry, bucket_url(""), 0,
	    settings, NULL, &err), DBB_EAUTH);
	ck_assert_ptr_nonnull(strstr(err.message, wrong_keys[_i].code));
	ck_assert_str_ne(err.hint, "");
	ck_assert_ptr_null(strstr(err.message, MINIO_PASSWORD));
}
END_TEST

START_TEST(a_bucket_may_be_part_of_the_hosts_name)
{
	char endpoint[96];
	const char *settings[] = { endpoint, "access-key=" MINIO_USER,
	    "secret-key=" MINIO_PASSWORD, "addressing=virtual", NULL };
	dbbi_store *s = NULL;

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint_by_name());
	ck_assert_msg(dbbi_store_open_with(&s, registry, bucket_url("/v w"),
	    DBB_STORE_CREATE, settings, NULL, &err) == DBB_OK, "%s",
	    err.message);
	store_put(s, "a/b", "hello");
	store_expect(s, "a/b", "hello");
	ck_assert_str_eq(store_names(s, ""), "a/b ");
	dbbi_store_close(s);
}
END_TEST

START_TEST(a_server_that_is_not_there_fails_soon)
{
	static const char *const settings[] = { "endpoint=http://127.0.0.1:1",
	    "access-key=a", "secret-key=b", NULL };
	uint64_t began = dbbi_monotonic_ms();
	dbbi_store *s = NULL;

	ck_assert_int_eq(dbbi_store_open_with(&s, registry, bucket_url(""), 0,
	    settings, NULL, &err), DBB_ECONNECT);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 5000);
	ck_assert_ptr_nonnull(strstr(err.message, "127.0.0.1"));
	ck_assert_str_ne(err.hint, "");
}
END_TEST

static TCase *
own_cases(void)
{
	TCase *tc = tcase_create("s3: own cases");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up_small_parts, tear_down);
	tcase_add_test(tc, large_objects_go_in_parts);
	tcase_add_test(tc, an_abandoned_upload_is_taken_away);
	tcase_add_test(tc, what_a_killed_run_left_is_swept);
	tcase_add_test(tc, a_receiver_gets_all_in_order);
	tcase_add_test(tc, pages_are_listed_and_many_are_deleted);
	tcase_add_test(tc, a_bucket_that_is_not_there_is_not_found);
	tcase_add_loop_test(tc, wrong_keys_are_told_apart, 0, 2);
	tcase_add_test(tc, a_bucket_may_be_part_of_the_hosts_name);
	tcase_add_test(tc, a_server_that_is_not_there_fails_soon);
	return tc;
}

int
main(void)
{
	Suite *suite;

	minio_start();
	suite = suite_create("store_s3");
	suite_add_tcase(suite, store_cases("s3: cases", set_up, tear_down));
	suite_add_tcase(suite, store_cases("s3: cases without prefix",
	    set_up_without_prefix, tear_down));
	suite_add_tcase(suite, store_cases("s3: cases, CRC-32C",
	    set_up_crc32c, tear_down));
	suite_add_tcase(suite, own_cases());
	return minio_run(suite);
}
