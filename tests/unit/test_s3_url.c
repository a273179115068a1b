/* SPDX-License-Identifier: BSD-2-Clause */
/* What a URL and settings of an S3 store mean, and the forms S3 writes in. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "store/s3.h"
#include "store/s3_lock.h"
#include "store/s3_text.h"
#include "store/store_env.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static dbb_error err;

/* ---- URLs ---- */

static const struct {
	const char *url;
	const char *bucket;	/* NULL: refused, */
	const char *prefix;	/* with this in the message */
} urls[] = {
	{ "s3://bucket", "bucket", "" },
	{ "s3://bucket/", "bucket", "" },
	{ "s3://bucket//", "bucket", "" },
	{ "s3://my.bucket-1/a", "my.bucket-1", "a/" },
	{ "s3://bucket/a/b/", "bucket", "a/b/" },
	{ "s3://bucket/a b+c&d=\xc3\xbc", "bucket", "a b+c&d=\xc3\xbc/" },
	{ "s3://bucket/a%20b%25%3F%23", "bucket", "a b%?#/" },
	{ "s3://bucket/...", "bucket", ".../" },
	{ "s3:bucket", NULL, "two slashes" },
	{ "s3://", NULL, "3 to 63" },
	{ "s3:///a", NULL, "3 to 63" },
	{ "s3://ab", NULL, "3 to 63" },
	{ "s3://a123456789b123456789c123456789d123456789e123456789f123456789"
	    "g123", NULL, "3 to 63" },
	{ "s3://Bucket", NULL, "small letters" },
	{ "s3://buck_et", NULL, "small letters" },
	{ "s3://bu%63ket", NULL, "small letters" },
	{ "s3://-bucket", NULL, "begins and ends" },
	{ "s3://bucket.", NULL, "begins and ends" },
	{ "s3://buc..ket", NULL, "two dots" },
	{ "s3://host:9000/bucket", NULL, "small letters" },
	{ "s3://key:s3cret@bucket/a", NULL, "keys do not belong" },
	{ "s3://bucket/a?x=y", NULL, "'?' or '#'" },
	{ "s3://bucket/a#b", NULL, "'?' or '#'" },
	{ "s3://bucket/a%2", NULL, "%25" },
	{ "s3://bucket/a%zz", NULL, "%25" },
	{ "s3://bucket/a%00b", NULL, "%25" },
	{ "s3://bucket/a%0Ab", NULL, "control" },
	{ "s3://bucket//a", NULL, "empty part" },
	{ "s3://bucket/a//b", NULL, "empty part" },
	{ "s3://bucket/./b", NULL, "'.' or '..'" },
	{ "s3://bucket/a/..", NULL, "'.' or '..'" },
	{ "s3://bucket/a/%2e%2E/b", NULL, "'.' or '..'" },
};

START_TEST(a_url_names_bucket_and_prefix)
{
	dbbi_s3_url url = {0};
	int rc = dbbi_s3_url_parse(&url, urls[_i].url, &err);

	if (urls[_i].bucket == NULL) {
		ck_assert_int_eq(rc, DBB_EINVAL);
		ck_assert_msg(strstr(err.message, urls[_i].prefix) != NULL,
		    "%s: %s", urls[_i].url, err.message);
		ck_assert_ptr_null(strstr(err.message, "s3cret"));
		return;
	}
	ck_assert_msg(rc == DBB_OK, "%s: %s", urls[_i].url, err.message);
	ck_assert_str_eq(url.bucket, urls[_i].bucket);
	ck_assert_str_eq(url.prefix, urls[_i].prefix);
	dbbi_s3_url_clear(&url);
}
END_TEST

START_TEST(a_prefix_leaves_room_for_names)
{
	char text[600] = "s3://bucket/";
	dbbi_s3_url url = {0};

	memset(text + 12, 'a', 511);
	ck_assert_int_eq(dbbi_s3_url_parse(&url, text, &err), DBB_OK);
	dbbi_s3_url_clear(&url);
	text[12 + 511] = 'a';
	ck_assert_int_eq(dbbi_s3_url_parse(&url, text, &err), DBB_EINVAL);
}
END_TEST

static const struct {
	const char *text;
	const char *scheme;	/* NULL: refused */
	const char *host;
	const char *path;
} endpoints[] = {
	{ "http://127.0.0.1:9000", "http", "127.0.0.1:9000", "" },
	{ "http://minio:80/", "http", "minio", "" },
	{ "https://minio:443", "https", "minio", "" },
	{ "https://minio:80", "https", "minio:80", "" },
	{ "https://S3.Example.COM", "https", "s3.example.com", "" },
	{ "minio:9000", "https", "minio:9000", "" },
	{ "http://[::1]:9000", "http", "[::1]:9000", "" },
	{ "http://h/a/b//", "http", "h", "/a/b" },
	{ "ftp://h", NULL, NULL, NULL },
	{ "http://", NULL, NULL, NULL },
	{ "http:///x", NULL, NULL, NULL },
	{ "http://h:0", NULL, NULL, NULL },
	{ "http://h:65536", NULL, NULL, NULL },
	{ "http://h:x", NULL, NULL, NULL },
	{ "http://[::1", NULL, NULL, NULL },
	{ "http://a b", NULL, NULL, NULL },
	{ "http://u:s3cret@h", NULL, NULL, NULL },
	{ "http://h?x", NULL, NULL, NULL },
	{ "http://h/x y", NULL, NULL, NULL },
	{ "http://h\r\nX: y", NULL, NULL, NULL },
};

START_TEST(an_endpoint_is_a_scheme_and_a_host)
{
	dbbi_s3_endpoint e = {0};
	int rc = dbbi_s3_endpoint_parse(&e, endpoints[_i].text, &err);

	if (endpoints[_i].scheme == NULL) {
		ck_assert_msg(rc == DBB_ECONFIG, "%s", endpoints[_i].text);
		ck_assert_ptr_null(strstr(err.message, "s3cret"));
		return;
	}
	ck_assert_msg(rc == DBB_OK, "%s: %s", endpoints[_i].text,
	    err.message);
	ck_assert_str_eq(e.scheme, endpoints[_i].scheme);
	ck_assert_str_eq(e.host, endpoints[_i].host);
	ck_assert_str_eq(e.path, endpoints[_i].path);
	dbbi_s3_endpoint_clear(&e);
}
END_TEST

/* ---- where requests go ---- */

static int
read_settings(dbbi_s3 *s3, const char *url, const char *const *settings)
{
	dbb_store_env env = { .settings = settings };

	memset(s3, 0, sizeof(*s3));
	ck_assert_int_eq(dbbi_s3_url_parse(&s3->url, url, &err), DBB_OK);
	return dbbi_s3_settings_read(&s3->settings, &s3->url, &env, &err);
}

static void
clear_settings(dbbi_s3 *s3)
{
	dbbi_s3_settings_clear(&s3->settings);
	dbbi_s3_url_clear(&s3->url);
}

static const struct {
	const char *url;
	const char *settings[3];
	const char *name;
	const char *target;
} targets[] = {
	{ "s3://bucket/p", { NULL }, "a/b",
	    "https://bucket.s3.eu-west-1.amazonaws.com/p/a/b" },
	{ "s3://bucket", { NULL }, NULL,
	    "https://bucket.s3.eu-west-1.amazonaws.com/?x=" },
	{ "s3://my.bucket", { NULL }, "a",
	    "https://s3.eu-west-1.amazonaws.com/my.bucket/a" },
	{ "s3://my.bucket", { "addressing=virtual" }, "a",
	    "https://my.bucket.s3.eu-west-1.amazonaws.com/a" },
	{ "s3://bucket", { "addressing=path" }, "a",
	    "https://s3.eu-west-1.amazonaws.com/bucket/a" },
	{ "s3://bucket/p q", { "endpoint=http://h:9000" }, "a",
	    "http://h:9000/bucket/p%20q/a" },
	{ "s3://bucket", { "endpoint=http://h:9000" }, NULL,
	    "http://h:9000/bucket?x=" },
	{ "s3://bucket", { "endpoint=http://h:9000/base" }, "a",
	    "http://h:9000/base/bucket/a" },
	{ "s3://bucket/a+b", { "endpoint=http://h", "addressing=virtual" },
	    "a", "http://bucket.h/a%2Bb/a" },
};

START_TEST(a_request_goes_to_its_target)
{
	dbbi_s3_target target = {0};
	dbbi_s3 s3;

	ck_assert_int_eq(read_settings(&s3, targets[_i].url,
	    targets[_i].settings), DBB_OK);
	ck_assert_int_eq(dbbi_s3_target_make(&target, &s3, "eu-west-1",
	    targets[_i].name, targets[_i].name == NULL ? "x=" : NULL, &err),
	    DBB_OK);
	ck_assert_str_eq(target.url, targets[_i].target);
	dbbi_s3_target_clear(&target);
	clear_settings(&s3);
}
END_TEST

/* ---- settings ---- */

static const struct {
	const char *settings[3];
	const char *said;
} refused[] = {
	{ { "addressing=other" }, "'addressing' is 'other' and not auto, path "
	    "or virtual" },
	{ { "region=a b" }, "'region' is 'a b'" },
	{ { "endpoint=ftp://h" }, "'endpoint' is neither" },
	{ { "concurrency=0" }, "'concurrency' is '0'" },
	{ { "concurrency=65" }, "'concurrency' is '65'" },
	{ { "part-size=1M" }, "'part-size' is '1M'" },
	{ { "bandwidth-up=1" }, "'bandwidth-up' is '1'" },
	{ { "retry-times=many" }, "'retry-times' is 'many'" },
	{ { "sse=aes" }, "'sse' is 'aes' and not none, s3, kms or c" },
	{ { "sse=c" }, "'sse-customer-key': 32 bytes in base64" },
	{ { "sse=c", "sse-customer-key=c2hvcnQ=" }, "32 bytes" },
	{ { "sse=c", "sse-customer-key=s3cret!" }, "32 bytes" },
	{ { "object-lock=on" }, "'object-lock' is 'on'" },
	{ { "object-lock=compliance" }, "'object-lock-days' is not" },
	{ { "object-lock-days=0" }, "'object-lock-days' is '0'" },
	{ { "object-lock-days=3" }, "nothing without 'object-lock'" },
	{ { "sse-key-id=mine" }, "nothing without 'sse = kms'" },
	{ { "sse=c", "sse-key-id=mine" }, "nothing without 'sse = kms'" },
	{ { "sse-customer-key=s3cret" }, "nothing without 'sse = c'" },
	{ { "sse=s3", "sse-customer-key-file=/k" },
	    "'sse-customer-key-file' is given" },
	{ { "tags=a" }, "'tags' has 'a'" },
	{ { "tags==a" }, "'tags' has '=a'" },
	{ { "checksum=md5" }, "'checksum' is 'md5' and not sha256 or crc32c" },
	{ { "requester-pays=maybe" }, "'requester-pays' is 'maybe'" },
	{ { "storage-class=A\r\nX: y" }, "'storage-class' has a control" },
};

START_TEST(settings_that_cannot_be_are_named)
{
	dbbi_s3 s3;

	ck_assert_int_eq(read_settings(&s3, "s3://bucket",
	    refused[_i].settings), DBB_ECONFIG);
	ck_assert_msg(strstr(err.message, refused[_i].said) != NULL, "%s",
	    err.message);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
	dbbi_s3_url_clear(&s3.url);
}
END_TEST

/* A customer's key goes with whatever writes or reads, and with nothing
 * else. */
#define CUSTOMER_TEXT "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
#define CUSTOMER_KEY "sse-customer-key=" CUSTOMER_TEXT
#define CUSTOMER_HEADERS \
	"x-amz-server-side-encryption-customer-algorithm: AES256|" \
	"x-amz-server-side-encryption-customer-key: " CUSTOMER_TEXT "|" \
	"x-amz-server-side-encryption-customer-key-MD5: " \
	"KYvwGXoFFJ42a2u2GDWhwQ==|"

static const struct {
	const char *settings[3];
	enum dbbi_s3_action action;
	const char *headers;	/* each with a '|' behind it */
} headers[] = {
	{ { NULL }, DBBI_S3_WRITE, "" },
	{ { "storage-class=GLACIER_IR", "tags=a b=c&d, e=" }, DBBI_S3_WRITE,
	    "x-amz-storage-class: GLACIER_IR|"
	    "x-amz-tagging: a%20b=c%26d&e=|" },
	{ { "storage-class=GLACIER_IR", "tags=a=b" }, DBBI_S3_PART, "" },
	{ { "sse=s3" }, DBBI_S3_WRITE,
	    "x-amz-server-side-encryption: AES256|" },
	{ { "sse=s3" }, DBBI_S3_READ, "" },
	{ { "sse=kms", "sse-key-id=mine" }, DBBI_S3_WRITE,
	    "x-amz-server-side-encryption: aws:kms|"
	    "x-amz-server-side-encryption-aws-kms-key-id: mine|" },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_READ, CUSTOMER_HEADERS },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_STAT, CUSTOMER_HEADERS },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_WRITE, CUSTOMER_HEADERS },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_PART, CUSTOMER_HEADERS },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_FINISH, CUSTOMER_HEADERS },
	{ { "sse=c", CUSTOMER_KEY }, DBBI_S3_DELETE, "" },
	{ { "requester-pays=yes" }, DBBI_S3_LIST,
	    "x-amz-request-payer: requester|" },
	{ { "object-lock=compliance", "object-lock-days=2" }, DBBI_S3_WRITE,
	    "" },
};

START_TEST(each_request_carries_its_headers)
{
	dbbi_list list = {0};
	char text[1024] = "";
	dbbi_s3 s3;
	size_t i;

	ck_assert_msg(read_settings(&s3, "s3://bucket",
	    headers[_i].settings) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(dbbi_s3_headers_for(&list, &s3.settings,
	    headers[_i].action, &err), DBB_OK);
	for (i = 0; i < list.count; i++) {
		strcat(text, list.items[i]);
		strcat(text, "|");
	}
	ck_assert_str_eq(text, headers[_i].headers);
	dbbi_list_clear(&list);
	clear_settings(&s3);
}
END_TEST

START_TEST(what_is_to_be_locked_says_until_when)
{
	const char *settings[] = { "object-lock=governance",
	    "object-lock-days=2", NULL };
	dbbi_list list = {0};
	dbbi_s3 s3;

	ck_assert_msg(read_settings(&s3, "s3://bucket", settings) == DBB_OK,
	    "%s", err.message);
	ck_assert_int_eq(dbbi_s3_lock_headers(&list, &s3.settings, 0, &err),
	    DBB_OK);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0],
	    "x-amz-object-lock-mode: GOVERNANCE");
	ck_assert_str_eq(list.items[1], "x-amz-object-lock-retain-until-date: "
	    "1970-01-03T00:00:00.000Z");
	dbbi_list_clear(&list);
	clear_settings(&s3);
}
END_TEST

/* ---- forms ---- */

START_TEST(base64_is_what_openssl_rand_prints)
{
	uint8_t bytes[36];
	size_t size = 0;

	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, sizeof(bytes),
	    "aGVsbG8="), 0);
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(memcmp(bytes, "hello", 5), 0);
	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, sizeof(bytes),
	    ""), -1);
	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, sizeof(bytes),
	    "aGVsbG8"), -1);
	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, sizeof(bytes),
	    "aGVs!G8="), -1);
	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, 4,
	    "aGVsbG8="), -1);
	ck_assert_int_eq(dbbi_s3_base64_decode(bytes, &size, sizeof(bytes),
	    "===="), -1);
}
END_TEST

START_TEST(keys_are_decoded_as_a_form)
{
	char text[] = "a+b%2Bc%20d%C3%BC", plain[] = "a+b", bad[] = "a%2",
	    nul[] = "a%00";

	ck_assert_int_eq(dbbi_s3_percent_decode(text, 1), 0);
	ck_assert_str_eq(text, "a b+c d\xc3\xbc");
	ck_assert_int_eq(dbbi_s3_percent_decode(plain, 0), 0);
	ck_assert_str_eq(plain, "a+b");
	ck_assert_int_eq(dbbi_s3_percent_decode(bad, 1), -1);
	ck_assert_int_eq(dbbi_s3_percent_decode(nul, 1), -1);
}
END_TEST

START_TEST(times_come_with_and_without_a_fraction)
{
	ck_assert_int_eq(dbbi_s3_time_parse("1970-01-01T00:00:01.500Z"),
	    1500);
	ck_assert_int_eq(dbbi_s3_time_parse("1970-01-01T00:00:02Z"), 2000);
	ck_assert_int_eq(dbbi_s3_time_parse(""), 0);
	ck_assert_int_eq(dbbi_s3_time_parse("yesterday"), 0);
	ck_assert_int_eq(dbbi_s3_time_parse("1970-01-01T00:00:02+01:00Z"),
	    0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("s3_url");
	TCase *tc = tcase_create("s3_url");

	tcase_add_loop_test(tc, a_url_names_bucket_and_prefix, 0,
	    COUNT(urls));
	tcase_add_test(tc, a_prefix_leaves_room_for_names);
	tcase_add_loop_test(tc, an_endpoint_is_a_scheme_and_a_host, 0,
	    COUNT(endpoints));
	tcase_add_loop_test(tc, a_request_goes_to_its_target, 0,
	    COUNT(targets));
	tcase_add_loop_test(tc, settings_that_cannot_be_are_named, 0,
	    COUNT(refused));
	tcase_add_loop_test(tc, each_request_carries_its_headers, 0,
	    COUNT(headers));
	tcase_add_test(tc, what_is_to_be_locked_says_until_when);
	tcase_add_test(tc, base64_is_what_openssl_rand_prints);
	tcase_add_test(tc, keys_are_decoded_as_a_form);
	tcase_add_test(tc, times_come_with_and_without_a_fraction);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
