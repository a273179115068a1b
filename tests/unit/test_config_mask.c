/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config_parts.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

#define HIDDEN "(hidden)"

static const struct {
	const char *from;
	const char *shown;
} connections[] = {
	{ "", "" },
	{ "host=db user=app", "host=db user=app" },
	{ "host=db password=s3cret user=app",
	    "host=db password=*** user=app" },
	{ " host = db  password = s3cret ", "host=db password=***" },
	{ "password='s3cret with \\' quote' dbname='my app'",
	    "password=*** dbname='my app'" },
	{ "password=s3cret\\ more user=x", "password=*** user=x" },
	{ "sslpassword=s3cret", "sslpassword=***" },
	{ "options='-c my.key=s3cret'", "options=***" },
	{ "passwd=s3cret", "passwd=***" },
	{ "dbname=postgresql://u:s3cret@h/d", "dbname=***" },
	{ "dbname='host=h password=s3cret'", "dbname=***" },
	{ "password='s3cret", HIDDEN },
	{ "password='a's3cret", HIDDEN },
	{ "password=my s3cret", HIDDEN },
	{ "s3cret", HIDDEN },
	{ "PASSWORD=s3cret", HIDDEN },
	{ "=s3cret", HIDDEN },
	{ "host=db s3cret", HIDDEN },
	{ "postgresql://db.example/app", "postgresql://db.example/app" },
	{ "postgresql://backup@db.example:5432/app",
	    "postgresql://backup@db.example:5432/app" },
	{ "postgres://backup:s3cret@db/app",
	    "postgres://backup:***@db/app" },
	{ "postgresql://:s3cret@db/app", "postgresql://:***@db/app" },
	{ "postgresql://u:s3cret%40@[::1]:5432,b:1/app?sslmode=require",
	    "postgresql://u:***@[::1]:5432,b:1/app?sslmode=require" },
	{ "postgresql:///app?host=/run/pg&password=s3cret&user=x",
	    "postgresql:///app?host=/run/pg&password=***&user=x" },
	{ "postgresql://h/d?pass%77ord=s3cret",
	    "postgresql://h/d?pass%77ord=***" },
	{ "postgresql://", "postgresql://" },
	{ "postgresql://u:s3@cret@db/app", HIDDEN },
	{ "postgresql://u:s3/cret@db/app", HIDDEN },
	{ "postgresql://u:s3?cret@db/app", HIDDEN },
	{ "postgresql://u:s3#cret@db/app", HIDDEN },
	{ "postgresql://u:s3cret", HIDDEN },
	{ "postgresql://u:s3cret/app", HIDDEN },
	{ "postgresql://h:1:s3cret/app", HIDDEN },
	{ "postgresql://h/app?s3cret", HIDDEN },
	{ "postgresql://h/a:s3cret", HIDDEN },
	{ "postgresql://u@h1,u:s3cret@h2/a", HIDDEN },
	{ "postgresql:/u:s3cret@h/a", HIDDEN },
	{ "mysql://u:s3cret@h/a", HIDDEN },
};

START_TEST(shows_a_connection_without_its_secret)
{
	char *shown = dbbi_mask_connection(connections[_i].from);

	ck_assert_ptr_nonnull(shown);
	ck_assert_str_eq(shown, connections[_i].shown);
	ck_assert_ptr_null(strstr(shown, "s3"));
	ck_assert_ptr_null(strstr(shown, "cret"));
	free(shown);
}
END_TEST

START_TEST(hides_a_connection_cut_off_anywhere)
{
	static const char *const whole[] = {
		"host=db password='s3cret' user=app",
		"postgresql://u:s3cret@h:1/d?password=s3cret&user=x", NULL,
	};
	char cut[64], *shown;
	size_t i, n;

	for (i = 0; whole[i] != NULL; i++)
		for (n = strlen(whole[i]); n > 0; n--) {
			memset(cut, 0, sizeof(cut));
			memcpy(cut, whole[i], n);
			shown = dbbi_mask_connection(cut);
			ck_assert_msg(strstr(shown, "s3") == NULL, "%s",
			    cut);
			free(shown);
		}
}
END_TEST

START_TEST(hides_a_url_with_more_than_a_path)
{
	static const char *const urls[][2] = {
		{ "file:///var/lib/a@b", "file:///var/lib/a@b" },
		{ "memory:", "memory:" },
		{ "s3://bucket/prefix", "s3://bucket/prefix" },
		{ "s3://key:s3cret@bucket/prefix", HIDDEN },
		{ "s3://bucket/prefix?token=s3cret", HIDDEN },
	};
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		char *shown = dbbi_mask_url(urls[i][0]);

		ck_assert_str_eq(shown, urls[i][1]);
		free(shown);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config_mask");
	TCase *tc = tcase_create("config_mask");

	tcase_add_loop_test(tc, shows_a_connection_without_its_secret, 0,
	    sizeof(connections) / sizeof(connections[0]));
	tcase_add_test(tc, hides_a_connection_cut_off_anywhere);
	tcase_add_test(tc, hides_a_url_with_more_than_a_path);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
