/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "aws_fixture.h"
#include "net/aws_internal.h"
#include "suite.h"

#define CREDENTIALS ".aws/credentials"
#define CONFIG ".aws/config"

START_TEST(takes_the_default_profile)
{
	aws_write(CREDENTIALS, "[other]\naws_access_key_id = no\n"
	    "[default]\naws_access_key_id = id\n"
	    "aws_secret_access_key=HIDDEN/+=\n");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN/+=", NULL);
}
END_TEST

START_TEST(takes_the_profile_that_the_environment_names)
{
	aws_write(CREDENTIALS, "[default]\naws_access_key_id = no\n"
	    "[ my one ]\naws_access_key_id = id\n"
	    "aws_secret_access_key = HIDDEN\naws_session_token = token\n");
	aws_variable("AWS_DEFAULT_PROFILE", "my one");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", "token");
}
END_TEST

START_TEST(the_config_file_writes_profile_before_the_name)
{
	aws_write(CONFIG, "[mine]\naws_access_key_id = no\n"
	    "[sso-session mine]\naws_access_key_id = no\n"
	    "[profilemine]\naws_access_key_id = no\n"
	    "[profile mine]\naws_access_key_id = id\n"
	    "aws_secret_access_key = HIDDEN\n");
	aws_variable("AWS_PROFILE", "mine");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", NULL);
}
END_TEST

/* One file's id with the other's secret, or with a token that is of other
 * keys, would be refused by every server. */
START_TEST(takes_all_keys_of_one_file)
{
	aws_write(CREDENTIALS, "[default]\naws_access_key_id = id\n"
	    "aws_secret_access_key = HIDDEN\n");
	aws_write(CONFIG, "[default]\naws_access_key_id = other\n"
	    "aws_secret_access_key = HIDDEN2\naws_session_token = other\n"
	    "region = eu-west-3\n");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", NULL);
}
END_TEST

START_TEST(takes_files_that_the_environment_names)
{
	aws_write(CREDENTIALS, "[default]\naws_access_key_id = no\n");
	aws_variable("AWS_SHARED_CREDENTIALS_FILE", aws_write("mine",
	    "[default]\naws_access_key_id = id\n"));
	aws_variable("AWS_CONFIG_FILE", aws_path("none"));
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "profile 'default': it has "
	    "'aws_access_key_id' but not 'aws_secret_access_key'");
}
END_TEST

/* A token is longer than any line that libinih takes. */
START_TEST(reads_as_aws_writes)
{
	char text[8192], token[3001];

	memset(token, 'T', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	snprintf(text, sizeof(text), "\xef\xbb\xbf# comment\r\n\r\n"
	    "[default] ; comment\r\n"
	    "  AWS_Access_Key_ID = id # not this\r\n"
	    "aws_secret_access_key = a;b#HIDDEN\t; nor this\r\n"
	    "aws_session_token = first\n"
	    "aws_session_token = %s\n"
	    "s3 =\n"
	    "  max_concurrent_requests = 20\n"
	    "  aws_session_token = nested\n"
	    "; comment\n"
	    "unknown = x", token);
	aws_write(CREDENTIALS, text);
	aws_begin();
	aws_expect(AWS_NOW, "id", "a;b#HIDDEN", token);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *words;
} bad[] = {
	{ "[default\n", DBB_ECONFIG, ".aws/credentials:1: the section's ']' "
	    "is missing" },
	{ "[default]\naws_access_key_id = a\nHIDDEN\n", DBB_ECONFIG,
	    ".aws/credentials:3: neither a [section] nor KEY = VALUE" },
	{ "[default]\naws_secret_access_key = HIDDEN\n", DBB_ECONFIG,
	    "it has 'aws_secret_access_key' but not 'aws_access_key_id'" },
	{ "[default]\naws_access_key_id = a b\naws_secret_access_key = c\n",
	    DBB_ECONFIG, "the access key that was found has a blank" },
	{ "[default]\nregion = x\n", DBB_ECONFIG,
	    "the profile 'default' has no keys" },
	{ "[other]\nx\n", DBB_ECONFIG, "have no profile 'default'" },
	{ "[default]\nsso_session = x\n", DBB_EUNSUPPORTED,
	    "profile 'default': it has 'sso_session', which is not" },
	{ "[default]\nsso_start_url = x\n", DBB_EUNSUPPORTED,
	    "'sso_start_url'" },
	{ "[default]\nrole_arn = x\nmfa_serial = y\nsource_profile = z\n",
	    DBB_EUNSUPPORTED, "'mfa_serial'" },
};

START_TEST(refuses_what_leads_nowhere)
{
	aws_write(CREDENTIALS, bad[_i].text);
	aws_begin();
	aws_expect_failure(AWS_NOW, bad[_i].code, bad[_i].words);
}
END_TEST

START_TEST(a_named_profile_must_exist)
{
	aws_write(CREDENTIALS, "[default]\naws_access_key_id = no\n"
	    "aws_secret_access_key = no\n");
	aws_variable("AWS_PROFILE", "mine");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "have no profile 'mine'");
	ck_assert(aws_err.hint[0] != '\0');
}
END_TEST

START_TEST(reads_no_file_without_end_and_no_bytes)
{
	char *large = malloc((1 << 20) + 2);

	aws_variable("AWS_SHARED_CREDENTIALS_FILE", "/dev/zero");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG,
	    "'/dev/zero' is larger than 1048576 bytes");
	memset(large, '\n', (1 << 20) + 1);
	large[(1 << 20) + 1] = '\0';
	aws_write(CONFIG, large);
	aws_tear_down();
	aws_set_up();
	aws_write(CONFIG, large);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "is larger than");
	large[1 << 20] = '\0';
	aws_write(CONFIG, large);
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "no credentials were found");
	free(large);
}
END_TEST

static const struct {
	const char *variable, *value;
	const char *region;
} regions[] = {
	{ NULL, NULL, "eu-west-3" },
	{ "AWS_DEFAULT_REGION", "us-west-2", "us-west-2" },
	{ "AWS_REGION", "us-west-1", "us-west-1" },
	{ "AWS_CONFIG_FILE", "/nowhere", NULL },
};

START_TEST(knows_the_region)
{
	char *region = NULL;

	aws_write(CONFIG, "[default]\nregion = eu-west-3\n");
	if (regions[_i].variable != NULL)
		aws_variable(regions[_i].variable, regions[_i].value);
	aws_begin();
	ck_assert_int_eq(dbbi_aws_credentials_region(&region, aws, &aws_err),
	    DBB_OK);
	if (regions[_i].region == NULL)
		ck_assert_ptr_null(region);
	else
		ck_assert_str_eq(region, regions[_i].region);
	free(region);
}
END_TEST

/* ---- credential_process ---- */

static void
use_process(const char *command)
{
	char text[2048];

	snprintf(text, sizeof(text), "[default]\ncredential_process = %s\n",
	    command);
	aws_write(CONFIG, text);
	aws_begin();
}

START_TEST(runs_the_process_of_the_profile)
{
	aws_write("keys", "{\"Version\": 1, \"AccessKeyId\": \"id\", "
	    "\"SecretAccessKey\": \"HIDDEN\", \"SessionToken\": \"token\", "
	    "\"Expiration\": \"2026-11-22T04:00:00+01:00\"}\n");
	aws_write("more", "no");
	use_process("cd \"$HOME_OF_TEST\" && cat keys && : \"a b\"");
	aws_expect(AWS_NOW, "id", "HIDDEN", "token");
}
END_TEST

START_TEST(the_process_is_given_nothing_of_our_configuration)
{
	ck_assert_int_eq(setenv("DBB_PASSWORD", "x", 1), 0);
	ck_assert_int_eq(setenv("DBBX", "kept", 1), 0);
	use_process("echo '{\"Version\": 1, \"AccessKeyId\": \"'"
	    "\"${DBB_PASSWORD-none}$DBBX\"'\", "
	    "\"SecretAccessKey\": \"HIDDEN\"}'");
	aws_expect(AWS_NOW, "nonekept", "HIDDEN", NULL);
}
END_TEST

#define KEYS "\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"HIDDEN\""

static const struct {
	const char *command;
	int code;
	const char *words;
} failing[] = {
	{ "echo '{" KEYS "}'", DBB_EAUTH, "credential_process: the 'Version' "
	    "of what it printed is not 1" },
	{ "echo '{\"Version\":2," KEYS "}'", DBB_EAUTH, "is not 1" },
	{ "echo '{\"Version\":\"1\"," KEYS "}'", DBB_EAUTH, "is not 1" },
	{ "echo '[1]'", DBB_EAUTH, "is not 1" },
	{ "echo HIDDEN", DBB_EDAMAGED, "not a JSON document" },
	{ "true", DBB_EDAMAGED, "it is empty" },
	{ "echo '{\"Version\":1,\"AccessKeyId\":\"a\"}'", DBB_EAUTH,
	    "no 'SecretAccessKey'" },
	{ "echo '{\"Version\":1,\"SecretAccessKey\":\"a\"}'", DBB_EAUTH,
	    "no 'AccessKeyId'" },
	{ "echo '{\"Version\":1," KEYS ",\"Expiration\":\"soon\"}'",
	    DBB_EAUTH, "is no time" },
	{ "echo '{\"Version\":1," KEYS
	    ",\"Expiration\":\"2026-11-22T02:00:00Z\"}'", DBB_EAUTH,
	    "expired at 2026-11-22T02:00:00.000Z" },
	{ "echo '{\"Version\":1,\"AccessKeyId\":\"a\\n\","
	    "\"SecretAccessKey\":\"HIDDEN\"}'", DBB_ECONFIG,
	    "the access key that was found has a blank or a control" },
	{ "echo words of its own >&2; exit 3", DBB_ESOURCE,
	    "words of its own" },
	{ "cat /dev/zero", DBB_ESOURCE, "wrote more than 65536 bytes" },
};

START_TEST(judges_what_the_process_says)
{
	use_process(failing[_i].command);
	aws_expect_failure(AWS_NOW, failing[_i].code, failing[_i].words);
}
END_TEST

static const struct {
	const char *text;
	int64_t at_ms;		/* 0: refused */
} times[] = {
	{ "2026-11-22T03:00:00Z", AWS_NOW + 60 * AWS_MINUTE },
	{ "2026-11-22T03:00:00.123456789Z", AWS_NOW + 60 * AWS_MINUTE },
	{ "2026-11-22T04:30:00+01:30", AWS_NOW + 60 * AWS_MINUTE },
	{ "2026-11-21T22:00:00-05:00", AWS_NOW + 60 * AWS_MINUTE },
	{ "2026-11-22T03:00:00", 0 }, { "2026-11-22", 0 }, { "", 0 },
	{ "2026-11-22T03:00:00+0100", 0 }, { "2026-11-22T03:00:00+24:00", 0 },
	{ "2026-11-22T03:00:00+01:60", 0 }, { "2026-11-31T03:00:00Z", 0 },
	{ "2026-11-22T03:00:00Zx", 0 }, { "2026-11-22T03:00:00+0x:00", 0 },
};

START_TEST(reads_times_as_others_write_them)
{
	dbbi_aws_keys keys = {0};
	int rc;

	rc = dbbi_aws_document_set(&keys, "a", "b", NULL, times[_i].text,
	    AWS_NOW, &aws_err);
	ck_assert_int_eq(rc, times[_i].at_ms != 0 ? DBB_OK : DBB_EAUTH);
	ck_assert_int_eq(keys.expires_at_ms, times[_i].at_ms);
	dbbi_aws_keys_clear(&keys);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void
set_up(void)
{
	aws_set_up();
	setenv("HOME_OF_TEST", aws_path(""), 1);
}

int
main(void)
{
	Suite *s = suite_create("aws_profile");
	TCase *tc = tcase_create("aws_profile");

	tcase_add_checked_fixture(tc, set_up, aws_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, takes_the_default_profile);
	tcase_add_test(tc, takes_the_profile_that_the_environment_names);
	tcase_add_test(tc, the_config_file_writes_profile_before_the_name);
	tcase_add_test(tc, takes_all_keys_of_one_file);
	tcase_add_test(tc, takes_files_that_the_environment_names);
	tcase_add_test(tc, reads_as_aws_writes);
	tcase_add_loop_test(tc, refuses_what_leads_nowhere, 0, COUNT(bad));
	tcase_add_test(tc, a_named_profile_must_exist);
	tcase_add_test(tc, reads_no_file_without_end_and_no_bytes);
	tcase_add_loop_test(tc, knows_the_region, 0, COUNT(regions));
	tcase_add_test(tc, runs_the_process_of_the_profile);
	tcase_add_test(tc,
	    the_process_is_given_nothing_of_our_configuration);
	tcase_add_loop_test(tc, judges_what_the_process_says, 0,
	    COUNT(failing));
	tcase_add_loop_test(tc, reads_times_as_others_write_them, 0,
	    COUNT(times));
	suite_add_tcase(s, tc);
	return suite_run(s);
}
