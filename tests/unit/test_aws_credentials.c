/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/aws_credentials.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "aws_fixture.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- settings ---- */

START_TEST(takes_settings_before_anything_else)
{
	aws_options.id.value = "id";
	aws_options.secret.value = "HIDDEN";
	aws_variable("AWS_ACCESS_KEY_ID", "no");
	aws_variable("AWS_SECRET_ACCESS_KEY", "no");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", NULL);
}
END_TEST

START_TEST(takes_settings_from_files_and_commands)
{
	char *path = strdup(aws_write("id", "id\r\n"));
	char *command = strdup("echo HIDDEN");

	aws_options.id.file = path;
	aws_options.secret.command = command;
	aws_options.token.value = "token";
	aws_begin();
	memset(path, 'x', strlen(path));	/* they were copied */
	memset(command, 'x', strlen(command));
	aws_expect(AWS_NOW, "id", "HIDDEN", "token");
	free(path);
	free(command);
}
END_TEST

static const struct {
	dbbi_aws_options options;
	int code;
	const char *words;
} bad_settings[] = {
	{ { .id = { .value = "id" } }, DBB_ECONFIG,
	    "'secret-key' is not given, but 'access-key' is" },
	{ { .secret = { .value = "HIDDEN" } }, DBB_ECONFIG,
	    "'access-key' is not given, but 'secret-key' is" },
	{ { .token = { .value = "HIDDEN" } }, DBB_ECONFIG,
	    "'access-key' is not given, but 'session-token' is" },
	{ { .id = { .value = "id" }, .secret = { "HIDDEN", "f", NULL } },
	    DBB_ECONFIG,
	    "both 'secret-key' and 'secret-key-file' are given" },
	{ { .id = { .value = "id" }, .secret = { .file = "/none" } },
	    DBB_ECONFIG, "'secret-key-file': '/none': opening" },
	{ { .id = { .value = "id" }, .secret = { .command = "exit 1" } },
	    DBB_ESOURCE, "'secret-key-command': password command" },
	{ { .id = { .value = "id" }, .secret = { .command = "true" } },
	    DBB_ECONFIG, "the secret key that was found is empty" },
	{ { .id = { .value = "a\nb" }, .secret = { .value = "HIDDEN" } },
	    DBB_ECONFIG, "the access key that was found has a blank" },
};

START_TEST(refuses_settings_that_are_not_whole)
{
	const char *const *environment;

	aws_variable("AWS_ACCESS_KEY_ID", "no");
	aws_variable("AWS_SECRET_ACCESS_KEY", "no");
	environment = aws_options.environment;
	aws_options = bad_settings[_i].options;
	aws_options.environment = environment;
	aws_begin();
	aws_expect_failure(AWS_NOW, bad_settings[_i].code,
	    bad_settings[_i].words);
}
END_TEST

/* ---- environment ---- */

START_TEST(takes_the_environment_before_files)
{
	aws_write(".aws/credentials", "[default]\naws_access_key_id=no\n"
	    "aws_secret_access_key=no\n");
	aws_variable("MINIO_ACCESS_KEY", "no");
	aws_variable("MINIO_SECRET_KEY", "no");
	aws_variable("AWS_ACCESS_KEY_ID", "id");
	aws_variable("AWS_SECRET_ACCESS_KEY", "HIDDEN");
	aws_variable("AWS_SESSION_TOKEN", "token");
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", "token");
}
END_TEST

START_TEST(empty_variables_are_not_set)
{
	aws_variable("AWS_ACCESS_KEY_ID", "");
	aws_variable("AWS_SECRET_ACCESS_KEY", "");
	aws_variable("MINIO_ACCESS_KEY", "id");
	aws_variable("MINIO_SECRET_KEY_FILE", aws_write("secret",
	    "HIDDEN\n"));
	aws_begin();
	aws_expect(AWS_NOW, "id", "HIDDEN", NULL);
}
END_TEST

static const struct {
	const char *names[2];
	const char *words;
} half_set[] = {
	{ { "AWS_ACCESS_KEY_ID", NULL },
	    "has 'AWS_ACCESS_KEY_ID', but not 'AWS_SECRET_ACCESS_KEY'" },
	{ { "AWS_SECRET_ACCESS_KEY", NULL },
	    "has 'AWS_SECRET_ACCESS_KEY', but not 'AWS_ACCESS_KEY_ID'" },
	{ { "MINIO_ACCESS_KEY", NULL },
	    "has 'MINIO_ACCESS_KEY', but not 'MINIO_SECRET_KEY'" },
	{ { "MINIO_SECRET_KEY", NULL },
	    "has 'MINIO_SECRET_KEY', but not 'MINIO_ACCESS_KEY'" },
	{ { "MINIO_SECRET_KEY", "MINIO_SECRET_KEY_FILE" },
	    "both 'MINIO_SECRET_KEY' and 'MINIO_SECRET_KEY_FILE'" },
};

START_TEST(refuses_variables_that_are_not_whole)
{
	size_t i;

	for (i = 0; i < 2 && half_set[_i].names[i] != NULL; i++)
		aws_variable(half_set[_i].names[i], "HIDDEN");
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, half_set[_i].words);
}
END_TEST

START_TEST(says_where_it_looked)
{
	aws_begin();
	aws_expect_failure(AWS_NOW, DBB_ECONFIG, "credentials: no "
	    "credentials were found: the settings have no 'access-key'; the "
	    "environment has neither AWS_ACCESS_KEY_ID nor MINIO_ACCESS_KEY; "
	    "'/tmp/dbb-aws-");
	ck_assert_ptr_nonnull(strstr(aws_err.message,
	    "/.aws/config' have no profile 'default'"));
	ck_assert(aws_err.hint[0] != '\0');
}
END_TEST

/* ---- keys that expire ---- */

/* A process that gives what is in the file `keys` and counts its calls. */
static void
use_process(void)
{
	char text[2048];

	snprintf(text, sizeof(text), "[default]\ncredential_process = "
	    "echo call >>%s; sleep 0.1; cat %s\n", aws_path("calls"),
	    aws_path("keys"));
	aws_write(".aws/config", text);
	aws_write("calls", "");
	aws_begin();
}

static void
give(const char *id, const char *until)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"Version\":1,\"AccessKeyId\":\"%s\","
	    "\"SecretAccessKey\":\"HIDDEN\",\"Expiration\":\"%s\"}", id,
	    until);
	aws_write("keys", text);
}

static int
calls(void)
{
	FILE *file = fopen(aws_path("calls"), "r");
	char line[16];
	int n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n++;
	fclose(file);
	return n;
}

START_TEST(fetches_anew_five_minutes_before_they_expire)
{
	give("first", "2026-11-22T03:00:00Z");
	use_process();
	aws_expect(AWS_NOW, "first", "HIDDEN", NULL);
	give("second", "2026-11-22T04:00:00Z");
	aws_expect(AWS_NOW + 55 * AWS_MINUTE - 1, "first", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 1);
	aws_expect(AWS_NOW + 55 * AWS_MINUTE, "second", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 2);
}
END_TEST

START_TEST(keeps_the_old_while_they_hold)
{
	give("first", "2026-11-22T03:00:00Z");
	use_process();
	aws_expect(AWS_NOW, "first", "HIDDEN", NULL);
	aws_write("keys", "no keys");
	aws_expect(AWS_NOW + 56 * AWS_MINUTE, "first", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 2);
	aws_expect(AWS_NOW + 56 * AWS_MINUTE + 1, "first", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 2);	/* not each time */
	aws_expect(AWS_NOW + 57 * AWS_MINUTE, "first", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 3);
	aws_expect_failure(AWS_NOW + 60 * AWS_MINUTE, DBB_EDAMAGED,
	    "not a JSON document");
	give("second", "2026-11-22T05:00:00Z");
	aws_expect(AWS_NOW + 60 * AWS_MINUTE, "second", "HIDDEN", NULL);
}
END_TEST

START_TEST(fetches_anew_what_a_server_calls_expired)
{
	char first_id[] = "first", secret[] = "HIDDEN";
	const dbbi_aws_keys first = { .id = first_id, .secret = secret };

	give("first", "2026-11-22T03:00:00Z");
	use_process();
	aws_expect(AWS_NOW, "first", "HIDDEN", NULL);
	give("second", "2026-11-22T03:00:00Z");
	dbbi_aws_credentials_expired(aws, &first);
	aws_expect(AWS_NOW, "second", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 2);
	dbbi_aws_credentials_expired(aws, &first);	/* known already */
	aws_expect(AWS_NOW, "second", "HIDDEN", NULL);
	ck_assert_int_eq(calls(), 2);
}
END_TEST

/* ---- threads ---- */

#define THREADS 8

struct asker {
	pthread_t thread;
	int64_t now_ms;
	int rc;
	char id[16];
};

static void *
ask(void *payload)
{
	struct asker *a = payload;
	dbbi_aws_keys keys = {0};

	a->rc = dbbi_aws_credentials_get(&keys, aws, a->now_ms, NULL);
	if (a->rc == 0)
		snprintf(a->id, sizeof(a->id), "%s", keys.id);
	dbbi_aws_keys_clear(&keys);
	return NULL;
}

static void
ask_all(struct asker askers[THREADS], int64_t now_ms)
{
	size_t i;

	memset(askers, 0, THREADS * sizeof(*askers));
	for (i = 0; i < THREADS; i++) {
		askers[i].now_ms = now_ms;
		ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask,
		    &askers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(askers[i].thread, NULL);
}

START_TEST(threads_that_ask_at_once_share_one_fetch)
{
	struct asker askers[THREADS];
	size_t i, fresh = 0;

	give("first", "2026-11-22T03:00:00Z");
	use_process();
	ask_all(askers, AWS_NOW);
	for (i = 0; i < THREADS; i++)
		ck_assert_str_eq(askers[i].id, "first");
	ck_assert_int_eq(calls(), 1);
	give("second", "2026-11-22T04:00:00Z");
	ask_all(askers, AWS_NOW + 56 * AWS_MINUTE);
	for (i = 0; i < THREADS; i++)
		fresh += strcmp(askers[i].id, "second") == 0;
	ck_assert_uint_ge(fresh, 1);
	ck_assert_int_eq(calls(), 2);
}
END_TEST

/* A failure that takes long is not had once by each. */
START_TEST(threads_that_ask_at_once_share_one_failure)
{
	struct asker askers[THREADS];
	size_t i;

	aws_write("keys", "no keys");
	use_process();
	ask_all(askers, AWS_NOW);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(askers[i].rc, DBB_EDAMAGED);
	ck_assert_int_lt(calls(), THREADS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aws_credentials");
	TCase *tc = tcase_create("aws_credentials");

	tcase_add_checked_fixture(tc, aws_set_up, aws_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, takes_settings_before_anything_else);
	tcase_add_test(tc, takes_settings_from_files_and_commands);
	tcase_add_loop_test(tc, refuses_settings_that_are_not_whole, 0,
	    COUNT(bad_settings));
	tcase_add_test(tc, takes_the_environment_before_files);
	tcase_add_test(tc, empty_variables_are_not_set);
	tcase_add_loop_test(tc, refuses_variables_that_are_not_whole, 0,
	    COUNT(half_set));
	tcase_add_test(tc, says_where_it_looked);
	tcase_add_test(tc, fetches_anew_five_minutes_before_they_expire);
	tcase_add_test(tc, keeps_the_old_while_they_hold);
	tcase_add_test(tc, fetches_anew_what_a_server_calls_expired);
	tcase_add_test(tc, threads_that_ask_at_once_share_one_fetch);
	tcase_add_test(tc, threads_that_ask_at_once_share_one_failure);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
