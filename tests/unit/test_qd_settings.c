/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_settings.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbbi_config *config;
static dbbi_run run;
static dbbi_qd_settings settings;
static dbb_error err;

static void
set_up(void)
{
	memset(&settings, 0, sizeof(settings));
	unsetenv("QDRANT_API_KEY");
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	ck_assert_int_eq(dbbi_config_new(&config, NULL), 0);
}

static void
tear_down(void)
{
	dbbi_qd_settings_clear(&settings);
	dbbi_config_free(config);
	dbbi_run_clear(&run);
}

static void
set(const char *key, const char *value)
{
	ck_assert_int_eq(dbbi_config_set(config, "qdrant main", key, value,
	    NULL), 0);
}

static int
read_for(const char *to)
{
	dbbi_source_env env = { .config = config, .run = &run,
	    .kind = "qdrant", .name = "main", .to = to };

	dbbi_qd_settings_clear(&settings);
	return dbbi_qd_settings_read(&settings, &env, &err);
}

START_TEST(what_is_not_said_has_a_default)
{
	set("url", "http://host");
	ck_assert_int_eq(read_for(NULL), 0);
	ck_assert_uint_eq(settings.urls.count, 1);
	ck_assert_str_eq(settings.urls.items[0], "http://host:6333");
	ck_assert_ptr_null(settings.api_key);
	ck_assert_ptr_null(settings.ca_file);
	ck_assert_str_eq(settings.patterns.items[0], "*");
	ck_assert(!settings.scroll);
}
END_TEST

START_TEST(all_that_is_said_is_read)
{
	set("urls", "https://a:443/, http://[::1]:1/p/, https://a:443");
	set("api-key-command", "echo the-key");
	set("ca-file", "/ca.pem");
	set("collections", "docs*, !*-old");
	set("method", "scroll");
	ck_assert_int_eq(read_for(NULL), 0);
	ck_assert_uint_eq(settings.urls.count, 2);
	ck_assert_str_eq(settings.urls.items[0], "https://a:443");
	ck_assert_str_eq(settings.urls.items[1], "http://[::1]:1/p");
	ck_assert_str_eq(settings.api_key, "the-key");
	ck_assert_str_eq(settings.ca_file, "/ca.pem");
	ck_assert_uint_eq(settings.patterns.count, 2);
	ck_assert(settings.scroll);
}
END_TEST

START_TEST(another_server_goes_before_the_configured_one)
{
	set("url", "http://host");
	set("api-key", "configured");
	ck_assert_int_eq(read_for("http://other:1"), 0);
	ck_assert_uint_eq(settings.urls.count, 1);
	ck_assert_str_eq(settings.urls.items[0], "http://other:1");
	ck_assert_str_eq(settings.api_key, "configured");
	setenv("QDRANT_API_KEY", "usual", 1);
	ck_assert_int_eq(read_for("http://other:1"), 0);
	ck_assert_str_eq(settings.api_key, "usual");
	ck_assert_int_eq(read_for(NULL), 0);
	ck_assert_str_eq(settings.api_key, "configured");
	ck_assert_int_eq(read_for("other:1"), DBB_EINVAL);
}
END_TEST

static const struct {
	const char *key, *value, *words;
} refused[] = {
	{ "url", "host:6333", "'url'" },
	{ "url", "ftp://host", "neither http:// nor https://" },
	{ "url", "http://u@host", "names a user" },
	{ "url", "http://:s3cret@host", "'url'" },
	{ "url", "http://host?api-key=s3cret", "has a '?'" },
	{ "url", "http://host#s3cret", "has a '#'" },
	{ "url", "http://", "'url'" },
	{ "urls", ", ,", "'urls'" },
	{ "method", "copy", "'method' is 'copy'" },
	{ "collections", ", ", "'collections' names none" },
	{ "api-key", "s3cret\nx: y", "control character" },
	{ "api-key-file", "/nowhere/s", "'/nowhere/s'" },
};

START_TEST(what_makes_no_sense_is_refused_without_a_secret)
{
	if (strncmp(refused[_i].key, "url", 3) != 0)
		set("url", "http://host");
	set(refused[_i].key, refused[_i].value);
	ck_assert_int_eq(read_for(NULL), DBB_ECONFIG);
	ck_assert_int_eq(err.code, DBB_ECONFIG);
	ck_assert_msg(strstr(err.message, refused[_i].words) != NULL, "%s",
	    err.message);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
}
END_TEST

START_TEST(one_of_the_two_addresses_is_needed)
{
	ck_assert_int_eq(read_for(NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "nothing says where"));
	ck_assert_ptr_nonnull(strstr(err.hint, "url = "));
	set("url", "http://a");
	set("urls", "http://b");
	ck_assert_int_eq(read_for(NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "both 'url'"));
}
END_TEST

static Suite *
settings_suite(void)
{
	Suite *suite = suite_create("qd_settings");
	TCase *tc = tcase_create("settings");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_is_not_said_has_a_default);
	tcase_add_test(tc, all_that_is_said_is_read);
	tcase_add_test(tc, another_server_goes_before_the_configured_one);
	tcase_add_loop_test(tc,
	    what_makes_no_sense_is_refused_without_a_secret, 0,
	    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tc, one_of_the_two_addresses_is_needed);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return suite_run(settings_suite());
}
