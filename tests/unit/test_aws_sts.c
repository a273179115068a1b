/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of roles, by a web identity's token or by other keys. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "aws_fixture.h"
#include "http_fixture.h"
#include "net/sigv4.h"
#include "suite.h"
#include "util/bytes.h"
#include "util/sha256.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ROLE "arn:aws:iam::123456789012:role/my+role"
#define ROLE_ENCODED "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmy%2Brole"
#define MADE_UP "dbbackup-20261122T020000Z"
#define FORM_TYPE "application/x-www-form-urlencoded"

static http_server *server;

static void
set_up(void)
{
	aws_set_up();
	server = http_server_start(NULL);
	aws_variable("AWS_ENDPOINT_URL_STS", http_server_url(server));
}

static void
tear_down(void)
{
	aws_tear_down();
	http_server_stop(server);
}

static void
answer(int status, const char *body)
{
	const http_answer a = { .status = status, .body = body };

	http_server_add(server, &a, 1);
}

#define KEYS(id, until) "<?xml version=\"1.0\"?>\n" \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
    "<AssumeRoleResult><AssumedRoleUser><Arn>no</Arn></AssumedRoleUser>" \
    "<Credentials><AccessKeyId>" id "</AccessKeyId>" \
    "<SecretAccessKey>HIDDEN</SecretAccessKey>" \
    "<SessionToken>to&#43;ken</SessionToken>" \
    "<Expiration>" until "</Expiration></Credentials>" \
    "</AssumeRoleResult></AssumeRoleResponse>"
#define FIRST KEYS("first", "2026-11-22T03:00:00Z")
#define SECOND KEYS("second", "2026-11-22T04:00:00Z")

static void
assert_form(unsigned n, const char *form)
{
	http_seen seen = http_server_seen(server, n);

	ck_assert_ptr_eq(strstr(seen.head, "POST / HTTP/1.1\r\n"), seen.head);
	ck_assert_str_eq(http_seen_header(&seen, "Content-Type"), FORM_TYPE);
	ck_assert_uint_eq(seen.body_size, strlen(form));
	ck_assert_mem_eq(seen.body, form, strlen(form));
}

/* ---- web identity ---- */

static void
use_token(void)
{
	aws_variable("AWS_ROLE_ARN", ROLE);
	aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE", aws_write("token",
	    "HIDDEN.a-b_c\n"));
}

START_TEST(shows_the_token_to_the_service)
{
	http_seen seen;

	use_token();
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_form(0, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
	    "&RoleArn=" ROLE_ENCODED "&RoleSessionName=" MADE_UP
	    "&WebIdentityToken=HIDDEN.a-b_c");
	seen = http_server_seen(server, 0);
	ck_assert_ptr_null(http_seen_header(&seen, "Authorization"));
}
END_TEST

START_TEST(renews_with_the_token_of_then)
{
	use_token();
	aws_variable("AWS_ROLE_SESSION_NAME", "me@host");
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	aws_write("token", "HIDDEN2");
	answer(500, "");
	answer(200, SECOND);
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "second", "HIDDEN", "to+ken");
	assert_form(2, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
	    "&RoleArn=" ROLE_ENCODED "&RoleSessionName=me%40host"
	    "&WebIdentityToken=HIDDEN2");
}
END_TEST

START_TEST(takes_the_token_that_a_profile_names)
{
	char text[1024];

	snprintf(text, sizeof(text), "[default]\nrole_arn = " ROLE "\n"
	    "web_identity_token_file = %s\nrole_session_name = me\n",
	    aws_write("token", "HIDDEN"));
	aws_write(".aws/config", text);
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_form(0, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
	    "&RoleArn=" ROLE_ENCODED "&RoleSessionName=me"
	    "&WebIdentityToken=HIDDEN");
}
END_TEST

/* As MinIO has it: all services at one place. */
START_TEST(asks_at_the_one_endpoint_of_all_services)
{
	use_token();
	aws_variable("AWS_ENDPOINT_URL_STS", "");
	aws_variable("AWS_ENDPOINT_URL", http_server_url(server));
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	ck_assert_uint_eq(http_server_count(server), 1);
}
END_TEST

static const struct {
	int status;
	const char *body;
	int code;
	const char *words;
} refusals[] = {
	{ 400, "<ErrorResponse><Error><Type>Sender</Type>"
	    "<Code>ExpiredTokenException</Code><Message>Token expired"
	    "</Message></Error></ErrorResponse>", DBB_EAUTH,
	    "it answered 400 ExpiredTokenException: Token expired" },
	{ 403, "go away", DBB_EAUTH, "it answered 403: go away" },
	{ 200, "<R/>", DBB_EAUTH, "has no 'AccessKeyId'" },
	{ 200, "", DBB_EDAMAGED, "the server's XML cannot be read" },
	{ 200, "<R><Credentials><AccessKeyId>a</AccessKeyId>", DBB_EDAMAGED,
	    "the server's XML cannot be read" },
	{ 200, "<!DOCTYPE R><R/>", DBB_EDAMAGED, "document type" },
	{ 200, KEYS("a", "2026-11-22T01:59:59Z"), DBB_EAUTH,
	    "expired at 2026-11-22T01:59:59.000Z" },
	{ 200, KEYS("a", "tomorrow"), DBB_EAUTH, "is no time" },
	{ 200, KEYS("a b", "2026-11-22T03:00:00Z"), DBB_ECONFIG,
	    "the access key that was found has a blank" },
};

START_TEST(judges_what_the_service_answers)
{
	use_token();
	aws_begin();
	answer(refusals[_i].status, refusals[_i].body);
	aws_expect_failure(AWS_NOW, refusals[_i].code, refusals[_i].words);
	if (refusals[_i].code != DBB_ECONFIG)
		ck_assert_ptr_nonnull(strstr(aws_err.message, "assuming the "
		    "role '" ROLE "': the token service at 'http://127"));
	ck_assert_uint_eq(http_server_count(server), 1);
}
END_TEST

START_TEST(needs_role_and_token)
{
	aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "the environment has "
	    "'AWS_WEB_IDENTITY_TOKEN_FILE', but not 'AWS_ROLE_ARN'");
	aws_variable("AWS_ROLE_ARN", ROLE);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "the web identity's token "
	    "'/nowhere/token': opening");
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

/* It would become part of a host's name. */
START_TEST(refuses_a_region_that_is_none)
{
	use_token();
	aws_variable("AWS_REGION", "x.example.com/");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG,
	    "'x.example.com/' is no region");
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

/* ---- roles of profiles ---- */

/* The n-th request is signed by these keys as the server would reckon it. */
static void
assert_signed(unsigned n, const char *id, const char *secret,
    const char *token, const char *region)
{
	static const char *const headers[] = { "Content-Type: " FORM_TYPE,
	    NULL };
	http_seen seen = http_server_seen(server, n);
	uint8_t digest[DBBI_SHA256_SIZE];
	char hash[DBBI_SHA256_HEX], host[64];
	dbbi_sigv4_request request = { .method = "POST", .host = host,
	    .path = "/", .headers = headers, .payload_hash = hash,
	    .region = region, .service = "sts" };
	dbbi_aws_keys keys = {0};
	dbbi_list out = {0};

	ck_assert_int_eq(dbbi_sha256_of(digest, seen.body, seen.body_size,
	    &aws_err), 0);
	dbbi_hex_encode(hash, digest, sizeof(digest));
	snprintf(host, sizeof(host), "127.0.0.1:%u",
	    http_server_port(server));
	ck_assert_str_eq(http_seen_header(&seen, "Host"), host);
	ck_assert_int_eq(dbbi_aws_keys_set(&keys, id, secret, token, 0,
	    &aws_err), 0);
	ck_assert_int_eq(dbbi_sigv4_sign(&out, &request, &keys, AWS_NOW,
	    &aws_err), 0);
	ck_assert_str_eq(http_seen_header(&seen, "Authorization"),
	    out.items[out.count - 1] + strlen("Authorization: "));
	ck_assert_str_eq(http_seen_header(&seen, "x-amz-date"),
	    "20261122T020000Z");
	dbbi_list_clear(&out);
	dbbi_aws_keys_clear(&keys);
}

#define SOURCE "[base]\naws_access_key_id = base\n" \
    "aws_secret_access_key = HIDDEN0\n"
#define TO_ROLE(profile, name, source) "[profile " profile "]\n" \
    "role_arn = " name "\nrole_session_name = me\n" source "\n"

START_TEST(asks_for_a_role_with_keys_of_another_profile)
{
	aws_write(".aws/credentials", SOURCE);
	aws_write(".aws/config", TO_ROLE("mine", ROLE, "external_id = a&b\n"
	    "source_profile = base\nregion = eu-west-3"));
	aws_variable("AWS_PROFILE", "mine");
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_form(0, "Action=AssumeRole&Version=2011-06-15&RoleArn="
	    ROLE_ENCODED "&RoleSessionName=me&ExternalId=a%26b");
	assert_signed(0, "base", "HIDDEN0", NULL, "eu-west-3");
}
END_TEST

START_TEST(goes_from_role_to_role)
{
	aws_write(".aws/credentials", SOURCE);
	aws_write(".aws/config", TO_ROLE("default", "x", "source_profile = y")
	    TO_ROLE("y", "z", "source_profile = base"));
	aws_variable("AWS_PROFILE", "default");
	aws_begin();
	answer(200, KEYS("between", "2026-11-22T03:00:00Z"));
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_form(0, "Action=AssumeRole&Version=2011-06-15&RoleArn=z"
	    "&RoleSessionName=me");
	assert_signed(0, "base", "HIDDEN0", NULL, "us-east-1");
	assert_form(1, "Action=AssumeRole&Version=2011-06-15&RoleArn=x"
	    "&RoleSessionName=me");
	assert_signed(1, "between", "HIDDEN", "to+ken", "us-east-1");
}
END_TEST

START_TEST(a_profile_may_be_its_own_source)
{
	aws_write(".aws/config", TO_ROLE("base", "x",
	    "source_profile = base"));
	aws_write(".aws/credentials", SOURCE);
	aws_variable("AWS_PROFILE", "base");
	aws_begin();
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_signed(0, "base", "HIDDEN0", NULL, "us-east-1");
}
END_TEST

START_TEST(takes_the_keys_for_a_role_from_elsewhere)
{
	char text[256];

	aws_write(".aws/config", "[default]\nrole_arn = x\n"
	    "credential_source = EcsContainer\n");
	snprintf(text, sizeof(text), "%s/keys", http_server_url(server));
	aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", text);
	aws_begin();
	answer(200, "{\"AccessKeyId\":\"c\",\"SecretAccessKey\":\"HIDDEN1\"}");
	answer(200, FIRST);
	aws_expect(AWS_NOW, "first", "HIDDEN", "to+ken");
	assert_signed(1, "c", "HIDDEN1", NULL, "us-east-1");
}
END_TEST

static const struct {
	const char *config;
	const char *words;
} bad[] = {
	{ "[default]\nrole_arn = x\n", "profile 'default': it has "
	    "'role_arn', but no 'source_profile'" },
	{ "[default]\nrole_arn = x\nsource_profile = none\n",
	    "have no profile 'none'" },
	{ "[default]\nrole_arn = x\nsource_profile = empty\n"
	    "[profile empty]\nregion = x\n",
	    "the profile 'empty' has no keys" },
	{ "[default]\nrole_arn = x\nsource_profile = default\n",
	    "profile 'default': it is its own 'source_profile', but has no" },
	{ "[default]\nrole_arn = x\nsource_profile = b\n"
	    "[profile b]\nrole_arn = y\nsource_profile = default\n",
	    "more than 4 profiles lead to one another" },
	{ "[default]\nrole_arn = x\ncredential_source = Moon\n",
	    "'Moon' is no credential_source" },
	{ "[default]\nrole_arn = x\ncredential_source = Environment\n",
	    "credential_source 'Environment': the environment has neither" },
};

START_TEST(refuses_roles_without_a_way_to_them)
{
	aws_write(".aws/config", bad[_i].config);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, bad[_i].words);
	ck_assert_uint_eq(http_server_count(server), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aws_sts");
	TCase *tc = tcase_create("aws_sts");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, shows_the_token_to_the_service);
	tcase_add_test(tc, renews_with_the_token_of_then);
	tcase_add_test(tc, takes_the_token_that_a_profile_names);
	tcase_add_test(tc, asks_at_the_one_endpoint_of_all_services);
	tcase_add_loop_test(tc, judges_what_the_service_answers, 0,
	    COUNT(refusals));
	tcase_add_test(tc, needs_role_and_token);
	tcase_add_test(tc, refuses_a_region_that_is_none);
	tcase_add_test(tc, asks_for_a_role_with_keys_of_another_profile);
	tcase_add_test(tc, goes_from_role_to_role);
	tcase_add_test(tc, a_profile_may_be_its_own_source);
	tcase_add_test(tc, takes_the_keys_for_a_role_from_elsewhere);
	tcase_add_loop_test(tc, refuses_roles_without_a_way_to_them, 0,
	    COUNT(bad));
	suite_add_tcase(s, tc);
	return suite_run(s);
}
