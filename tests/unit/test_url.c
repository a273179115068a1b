/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/url.h"
#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *url;
	const char *scheme;	/* NULL: refused */
} schemes[] = {
	{ "file:///x", "file" },
	{ "FILE:///x", "file" },
	{ "memory:", "memory" },
	{ "s3://bucket/x", "s3" },
	{ "a+b-c.d:x", "a+b-c.d" },
	{ "", NULL },
	{ "/var/lib/x", NULL },
	{ "relative/path", NULL },
	{ ":x", NULL },
	{ "3s:x", NULL },
	{ "a b:x", NULL },
	{ "a/b:x", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:",
	    NULL },
};

START_TEST(takes_the_scheme)
{
	dbb_error err;
	char *out = NULL;
	int rc;

	rc = dbbi_url_scheme(&out, schemes[_i].url, &err);
	if (schemes[_i].scheme == NULL) {
		ck_assert_int_eq(rc, DBB_EINVAL);
		ck_assert_int_eq(err.code, DBB_EINVAL);
		ck_assert_ptr_null(out);
		ck_assert(err.hint[0] != '\0');
	} else {
		ck_assert_int_eq(rc, DBB_OK);
		ck_assert_str_eq(out, schemes[_i].scheme);
	}
	free(out);
}
END_TEST

static const struct {
	const char *url;
	const char *path;	/* NULL: refused */
} files[] = {
	{ "file:///var/lib/x", "/var/lib/x" },
	{ "file:/var/lib/x", "/var/lib/x" },
	{ "file://localhost/x", "/x" },
	{ "FILE:///x", "/x" },
	{ "file:///", "/" },
	{ "file:///a%20b%2fc", "/a b/c" },
	{ "file:///a/%C3%BC", "/a/\xc3\xbc" },
	{ "file:///a/../b", "/a/../b" },
	{ "file:///a%23b%3Fc", "/a#b?c" },
	{ "file:///me@home/x", "/me@home/x" },
	{ "file:x", NULL },
	{ "file:", NULL },
	{ "file://", NULL },
	{ "file://host/x", NULL },
	{ "file://user:password@host/x", NULL },
	{ "file://127.0.0.1/x", NULL },
	{ "file://x", NULL },
	{ "file:///a?b", NULL },
	{ "file:///a#b", NULL },
	{ "file:///a%00b", NULL },
	{ "file:///a%0ab", NULL },
	{ "memory:", NULL },
	{ "/x", NULL },
	{ "", NULL },
};

START_TEST(takes_the_path_of_a_folder)
{
	dbb_error err;
	char *out = NULL;
	int rc;

	rc = dbbi_url_file_path(&out, files[_i].url, &err);
	if (files[_i].path == NULL) {
		ck_assert_int_eq(rc, DBB_EINVAL);
		ck_assert_ptr_null(out);
		ck_assert(err.hint[0] != '\0');
		ck_assert_ptr_null(strstr(err.message, "password"));
	} else {
		ck_assert_int_eq(rc, DBB_OK);
		ck_assert_str_eq(out, files[_i].path);
	}
	free(out);
}
END_TEST

START_TEST(refuses_null)
{
	char *out = NULL;

	ck_assert_int_eq(dbbi_url_scheme(&out, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbbi_url_file_path(&out, NULL, NULL), DBB_EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("url");
	TCase *tc = tcase_create("url");

	tcase_add_loop_test(tc, takes_the_scheme, 0,
	    (int)(sizeof(schemes) / sizeof(schemes[0])));
	tcase_add_loop_test(tc, takes_the_path_of_a_folder, 0,
	    (int)(sizeof(files) / sizeof(files[0])));
	tcase_add_test(tc, refuses_null);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
