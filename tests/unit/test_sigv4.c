/* SPDX-License-Identifier: BSD-2-Clause */
/* The vectors are AWS's: the examples of S3's "Signature Calculations for the
 * Authorization Header", and cases of the suite for Signature Version 4. */
#include <config.h>

#include "net/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "net/uri_encode.h"
#include "suite.h"

static dbb_error err;

/* ---- encoding ---- */

static const struct {
	const char *text;
	const char *path;	/* '/' kept */
	const char *value;
} encoded[] = {
	{ "", "", "" },
	{ "AZaz09-._~", "AZaz09-._~", "AZaz09-._~" },
	{ "a b+c%d", "a%20b%2Bc%25d", "a%20b%2Bc%25d" },
	{ "/a//b/../c/", "/a//b/../c/", "%2Fa%2F%2Fb%2F..%2Fc%2F" },
	{ "k=v&x?#", "k%3Dv%26x%3F%23", "k%3Dv%26x%3F%23" },
	{ "\xc3\xa4\xe1\x88\xb4\xf0\x9f\x92\xbe",
	    "%C3%A4%E1%88%B4%F0%9F%92%BE", "%C3%A4%E1%88%B4%F0%9F%92%BE" },
	{ "!\"$'()*,:;<>@[\\]^`{|}\x01\x7f\xff",
	    "%21%22%24%27%28%29%2A%2C%3A%3B%3C%3E%40%5B%5C%5D%5E%60%7B%7C%7D"
	    "%01%7F%FF",
	    "%21%22%24%27%28%29%2A%2C%3A%3B%3C%3E%40%5B%5C%5D%5E%60%7B%7C%7D"
	    "%01%7F%FF" },
};

START_TEST(encodes_all_but_the_unreserved)
{
	char *path = dbbi_uri_encode(encoded[_i].text, "/");
	char *value = dbbi_uri_encode(encoded[_i].text, "");

	ck_assert_str_eq(path, encoded[_i].path);
	ck_assert_str_eq(value, encoded[_i].value);
	free(path);
	free(value);
}
END_TEST

/* ---- published signatures ---- */

#define S3_HOST "examplebucket.s3.amazonaws.com"
#define SUITE_HOST "example.amazonaws.com"
#define SUITE_SERVICE "service"

static char s3_id[] = "AKIAIOSFODNN7EXAMPLE";
static char s3_secret[] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
static char suite_id[] = "AKIDEXAMPLE";
static char suite_secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

static const dbbi_aws_keys s3_keys = { .id = s3_id, .secret = s3_secret };
static const dbbi_aws_keys suite_keys = { .id = suite_id,
    .secret = suite_secret };

#define S3_TIME INT64_C(1369353600000)		/* 2013-05-24T00:00:00Z */
#define SUITE_TIME INT64_C(1440938160000)	/* 2015-08-30T12:36:00Z */

#define HEADERS_MAX 5

static const struct {
	const char *what;
	const char *method, *path, *query;
	const char *headers[HEADERS_MAX];
	const char *payload_hash;	/* NULL: of nothing */
	const char *signed_names;
	const char *signature;
} vectors[] = {
	/* S3: these four are signed with the keys and the time of S3. */
	{ "get object", "GET", "/test.txt", NULL, { "Range: bytes=0-9" },
	    NULL, "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
	},
	{ "put object", "PUT", "/test%24file.text", NULL,
	    { "Date: Fri, 24 May 2013 00:00:00 GMT",
	    "x-amz-storage-class: REDUCED_REDUNDANCY" },
	    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
	    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
	},
	{ "get bucket lifecycle", "GET", "/", "lifecycle", { NULL }, NULL,
	    "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
	},
	{ "list objects", "GET", "/", "prefix=J&max-keys=2", { NULL }, NULL,
	    "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
	},
	/* The suite. */
	{ "get-vanilla", "GET", "/", "", { NULL }, NULL, "host;x-amz-date",
	    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	},
	{ "post-vanilla", "POST", "/", NULL, { NULL }, NULL,
	    "host;x-amz-date",
	    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
	},
	{ "get-vanilla-query-order-key-case", "GET", "/",
	    "Param2=value2&Param1=value1", { NULL }, NULL, "host;x-amz-date",
	    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
	},
	{ "get-vanilla-query-order-value", "GET", "/",
	    "Param1=value2&Param1=value1", { NULL }, NULL, "host;x-amz-date",
	    "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"
	},
	{ "get-vanilla-query-order-encoded", "GET", "/",
	    "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", { NULL }, NULL,
	    "host;x-amz-date",
	    "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"
	},
	{ "get-vanilla-query-unreserved", "GET", "/",
	    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
	    "yz", { NULL }, NULL, "host;x-amz-date",
	    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"
	},
	{ "get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", { NULL },
	    NULL, "host;x-amz-date",
	    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
	},
	{ "get-utf8", "GET", "/%E1%88%B4", NULL, { NULL }, NULL,
	    "host;x-amz-date",
	    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
	},
	{ "get-space", "GET", "/example%20space/", NULL, { NULL }, NULL,
	    "host;x-amz-date",
	    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"
	},
	{ "get-unreserved", "GET",
	    "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
	    "yz", NULL, { NULL }, NULL, "host;x-amz-date",
	    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
	},
	{ "get-header-key-duplicate", "GET", "/", NULL,
	    { "My-Header1:value2", "My-Header1:value2", "My-Header1:value1" },
	    NULL, "host;my-header1;x-amz-date",
	    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
	},
	{ "get-header-value-order", "GET", "/", NULL,
	    { "My-Header1:value4", "My-Header1:value1", "My-Header1:value3",
	    "My-Header1:value2" }, NULL, "host;my-header1;x-amz-date",
	    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"
	},
	{ "get-header-value-trim", "GET", "/", NULL,
	    { "My-Header1: value1", "My-Header2: \"a   b   c\"" }, NULL,
	    "host;my-header1;my-header2;x-amz-date",
	    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
	},
	{ "post-x-www-form-urlencoded", "POST", "/", NULL,
	    { "Content-Type: application/x-www-form-urlencoded" },
	    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
	    "content-type;host;x-amz-date",
	    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
	},
};

#define S3_VECTORS 4
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static dbbi_sigv4_request
request_of(size_t i)
{
	int s3 = i < S3_VECTORS;

	return (dbbi_sigv4_request){ .method = vectors[i].method,
	    .host = s3 ? S3_HOST : SUITE_HOST, .path = vectors[i].path,
	    .query = vectors[i].query, .headers = vectors[i].headers,
	    .payload_hash = vectors[i].payload_hash != NULL ?
	    vectors[i].payload_hash : DBBI_SIGV4_EMPTY,
	    .region = "us-east-1", .service = s3 ? "s3" : SUITE_SERVICE };
}

static const char *
last(const dbbi_list *list)
{
	ck_assert_uint_gt(list->count, 0);
	return list->items[list->count - 1];
}

START_TEST(signs_published_vector)
{
	int s3 = _i < S3_VECTORS;
	dbbi_sigv4_request request = request_of((size_t)_i);
	dbbi_list out = {0};
	char want[1024];

	snprintf(want, sizeof(want), "Authorization: AWS4-HMAC-SHA256 "
	    "Credential=%s/%s/us-east-1/%s/aws4_request,SignedHeaders=%s,"
	    "Signature=%s", s3 ? s3_keys.id : suite_keys.id,
	    s3 ? "20130524" : "20150830", request.service,
	    vectors[_i].signed_names, vectors[_i].signature);
	ck_assert_int_eq(dbbi_sigv4_sign(&out, &request, s3 ? &s3_keys :
	    &suite_keys, s3 ? S3_TIME : SUITE_TIME, &err), DBB_OK);
	ck_assert_msg(strcmp(last(&out), want) == 0, "%s: %s, not %s",
	    vectors[_i].what, last(&out), want);
	dbbi_list_clear(&out);
}
END_TEST

START_TEST(signs_published_vector_with_a_session)
{
	dbbi_sigv4_request request = request_of(S3_VECTORS);
	dbbi_aws_keys keys = suite_keys;
	dbbi_list out = {0};
	char token[] = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b7"
	    "3ebf194267";

	keys.token = token;
	ck_assert_int_eq(dbbi_sigv4_sign(&out, &request, &keys, SUITE_TIME,
	    &err), DBB_OK);
	ck_assert_str_eq(last(&out), "Authorization: AWS4-HMAC-SHA256 "
	    "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
	    "SignedHeaders=host;x-amz-date;x-amz-security-token,Signature="
	    "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
	dbbi_list_clear(&out);
}
END_TEST

/* ---- what is sent ---- */

START_TEST(sends_the_given_headers_and_its_own)
{
	static const char *const given[] = { "Range:  bytes=0-9", NULL };
	dbbi_aws_keys keys = s3_keys;
	dbbi_sigv4_request request = request_of(0);
	dbbi_list out = {0};
	char token[] = "a/session+token==";

	keys.token = token;
	request.headers = given;
	ck_assert_int_eq(dbbi_sigv4_sign(&out, &request, &keys, S3_TIME,
	    &err), DBB_OK);
	ck_assert_uint_eq(out.count, 5);
	ck_assert_str_eq(out.items[0], "Range:  bytes=0-9");
	ck_assert_str_eq(out.items[1], "x-amz-date: 20130524T000000Z");
	ck_assert_str_eq(out.items[2],
	    "x-amz-content-sha256: " DBBI_SIGV4_EMPTY);
	ck_assert_str_eq(out.items[3],
	    "x-amz-security-token: a/session+token==");
	ck_assert_ptr_nonnull(strstr(last(&out), "SignedHeaders=host;range;"
	    "x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
	ck_assert_ptr_null(out.items[5]);
	dbbi_list_clear(&out);
}
END_TEST

/* What the signature of `request` is; the caller's, to free. */
static char *
signature_of(const dbbi_sigv4_request *request, const dbbi_aws_keys *keys,
    int64_t now_ms)
{
	dbbi_list out = {0};
	char *signature;

	ck_assert_int_eq(dbbi_sigv4_sign(&out, request, keys, now_ms, &err),
	    DBB_OK);
	signature = dbbi_text_dup(strstr(last(&out), "Signature=") + 10);
	ck_assert_ptr_nonnull(signature);
	ck_assert_uint_eq(strlen(signature), 64);
	dbbi_list_clear(&out);
	return signature;
}

static void
assert_other(const dbbi_sigv4_request *request, const dbbi_aws_keys *keys,
    int64_t now_ms, const char *than)
{
	char *signature = signature_of(request, keys, now_ms);

	ck_assert_str_ne(signature, than);
	free(signature);
}

START_TEST(signs_every_part_of_the_request)
{
	static const char *const other[] = { "Range: bytes=0-8", NULL };
	dbbi_sigv4_request changed[7];
	const char *than = vectors[0].signature;
	dbbi_aws_keys keys = s3_keys;
	char token[] = "t", secret[] = "s";
	size_t i;

	for (i = 0; i < COUNT(changed); i++)
		changed[i] = request_of(0);
	changed[0].method = "PUT";
	changed[1].host = S3_HOST ":9000";
	changed[2].path = "/test.txs";
	changed[3].query = "acl";
	changed[4].headers = other;
	changed[5].payload_hash = DBBI_SIGV4_UNSIGNED;
	changed[6].region = "us-east-2";
	for (i = 0; i < COUNT(changed); i++)
		assert_other(&changed[i], &keys, S3_TIME, than);
	changed[0] = request_of(0);
	assert_other(&changed[0], &keys, S3_TIME + 1000, than);
	keys.token = token;
	assert_other(&changed[0], &keys, S3_TIME, than);
	keys.token = NULL;
	keys.secret = secret;
	assert_other(&changed[0], &keys, S3_TIME, than);
}
END_TEST

/* '-' is less than '=', so sorting the texts as they are would be wrong. */
START_TEST(sorts_a_query_by_names_first)
{
	static const char *const orders[] = {
		"a=1&a-b=2&a.b=3&b&B=4", "b&a.b=3&B=4&a-b=2&a=1",
		"B=4&a-b=2&b=&a=1&a.b=3",
	};
	dbbi_sigv4_request r = request_of(0);
	char *first, *again;
	size_t i;

	r.query = orders[0];
	first = signature_of(&r, &s3_keys, S3_TIME);
	/* Worked out apart, for exactly this order: B, a, a-b, a.b,
	 * b. */
	ck_assert_str_eq(first, "c02d3abbb66447deb7abdc7807e2bbdc"
	    "a72540af9cecfaf97fdd4a53a2d0a2a7");
	for (i = 1; i < COUNT(orders); i++) {
		r.query = orders[i];
		again = signature_of(&r, &s3_keys, S3_TIME);
		ck_assert_str_eq(again, first);
		free(again);
	}
	free(first);
}
END_TEST

/* S3's keys are not paths: what looks alike is another object. */
START_TEST(normalizes_no_path)
{
	static const char *const paths[] = {
		"/b/a", "/b//a", "/b/./a", "/b/c/../a", "/b/a/", "//b/a",
		"/b/%61",
	};
	char *signatures[COUNT(paths)];
	dbbi_sigv4_request r = request_of(0);
	size_t i, j;

	for (i = 0; i < COUNT(paths); i++) {
		r.path = paths[i];
		signatures[i] = signature_of(&r, &s3_keys, S3_TIME);
		for (j = 0; j < i; j++)
			ck_assert_str_ne(signatures[i], signatures[j]);
	}
	for (i = 0; i < COUNT(paths); i++)
		free(signatures[i]);
}
END_TEST

START_TEST(refuses_headers_that_are_none)
{
	static const char *const bad[] = {
		"no colon", "x-amz-meta-a: b\r\nHost: evil", "x: a\nb",
	};
	const char *headers[] = { NULL, NULL };
	dbbi_sigv4_request r = request_of(0);
	dbbi_list out = {0};
	size_t i;

	r.headers = headers;
	for (i = 0; i < COUNT(bad); i++) {
		headers[0] = bad[i];
		ck_assert_int_eq(dbbi_sigv4_sign(&out, &r, &s3_keys, S3_TIME,
		    &err), DBB_EINVAL);
		ck_assert_ptr_null(out.items);
		ck_assert_ptr_null(strstr(err.message, s3_keys.secret));
	}
}
END_TEST

/* ---- keys ---- */

START_TEST(copies_keys_whole)
{
	char token[] = "t", id[] = "i", secret[] = "s";
	dbbi_aws_keys from = { id, secret, token, 42 }, to = {0};

	ck_assert_int_eq(dbbi_aws_keys_copy(&to, &from, &err), DBB_OK);
	ck_assert_str_eq(to.id, "i");
	ck_assert_str_eq(to.secret, "s");
	ck_assert_str_eq(to.token, "t");
	ck_assert(to.id != from.id && to.secret != from.secret);
	ck_assert(to.expires_at_ms == 42);
	dbbi_aws_keys_clear(&to);
	ck_assert_ptr_null(to.secret);
	from.token = NULL;
	ck_assert_int_eq(dbbi_aws_keys_copy(&to, &from, &err), DBB_OK);
	ck_assert_ptr_null(to.token);
	dbbi_aws_keys_clear(&to);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sigv4");
	TCase *tc = tcase_create("sigv4");

	tcase_add_loop_test(tc, encodes_all_but_the_unreserved, 0,
	    (int)COUNT(encoded));
	tcase_add_loop_test(tc, signs_published_vector, 0,
	    (int)COUNT(vectors));
	tcase_add_test(tc, signs_published_vector_with_a_session);
	tcase_add_test(tc, sends_the_given_headers_and_its_own);
	tcase_add_test(tc, signs_every_part_of_the_request);
	tcase_add_test(tc, sorts_a_query_by_names_first);
	tcase_add_test(tc, normalizes_no_path);
	tcase_add_test(tc, refuses_headers_that_are_none);
	tcase_add_test(tc, copies_keys_whole);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
