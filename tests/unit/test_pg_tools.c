/* SPDX-License-Identifier: BSD-2-Clause */
/* Client programs are scripts here, which tell a version and no more. */
#include <config.h>

#include "source/pg_tools.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "suite.h"

static char root[] = "/tmp/test_pg_tools.XXXXXX";
static char patterns[2][PATH_MAX];
static const char *folders[] = { patterns[0], patterns[1], NULL };
static dbbi_run run;
static dbb_error err;
static char *path, *version;

/* A program below `folder` of the root that prints `text` for --version. */
static void
make_tool(const char *folder, const char *name, const char *text)
{
	char file[PATH_MAX];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", root, folder);
	mkdir(file, 0755);
	snprintf(file, sizeof(file), "%s/%s/%s", root, folder, name);
	ck_assert_ptr_nonnull(f = fopen(file, "w"));
	fprintf(f, "#!/bin/sh\n[ \"$1\" = --version ] && echo '%s'\n", text);
	fclose(f);
	ck_assert_int_eq(chmod(file, 0755), 0);
}

static int
look(int server_version, const char *search)
{
	return dbbi_pg_tool_find_in(&path, &version, &run, "pg_dump",
	    server_version, search, folders, &err);
}

static void
ck_found(const char *folder)
{
	char expected[PATH_MAX];

	snprintf(expected, sizeof(expected), "%s/%s/pg_dump", root, folder);
	ck_assert_str_eq(path, expected);
}

static void
set_up(void)
{
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(patterns[0], sizeof(patterns[0]), "%s/v*", root);
	snprintf(patterns[1], sizeof(patterns[1]), "%s/none*", root);
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	dbbi_error_clear(&err);
	path = version = NULL;
}

static void
tear_down(void)
{
	char command[PATH_MAX + 16];
	const char *const names[] = { "v14", "v15", "v16", "bin", NULL };
	size_t i;

	for (i = 0; names[i] != NULL; i++) {
		snprintf(command, sizeof(command), "%s/%s/pg_dump", root,
		    names[i]);
		unlink(command);
		snprintf(command, sizeof(command), "%s/%s/pg_wrapper", root,
		    names[i]);
		unlink(command);
		snprintf(command, sizeof(command), "%s/%s", root, names[i]);
		rmdir(command);
	}
	rmdir(root);
	free(path);
	free(version);
	dbbi_run_clear(&run);
}

START_TEST(takes_the_nearest_that_is_not_older)
{
	make_tool("v15", "pg_dump", "pg_dump (PostgreSQL) 15.3");
	make_tool("v16", "pg_dump", "pg_dump (PostgreSQL) 16.1 (Debian x)");
	make_tool("v14", "pg_dump", "pg_dump (PostgreSQL) 14.9");
	ck_assert_int_eq(look(150003, NULL), 0);
	ck_found("v15");
	free(path);
	free(version);
	path = version = NULL;
	ck_assert_int_eq(look(160000, NULL), 0);
	ck_found("v16");
	ck_assert_str_eq(version, "16.1 (Debian x)");
}
END_TEST

START_TEST(takes_a_newer_one_where_there_is_no_other)
{
	make_tool("v14", "pg_dump", "pg_dump (PostgreSQL) 14.9");
	make_tool("v16", "pg_dump", "pg_dump (PostgreSQL) 16.1");
	ck_assert_int_eq(look(150003, NULL), 0);
	ck_found("v16");
}
END_TEST

START_TEST(takes_one_of_the_server_s_version)
{
	make_tool("v15", "pg_dump", "pg_dump (PostgreSQL) 15.3");
	ck_assert_int_eq(look(150014, NULL), 0);
	ck_found("v15");
}
END_TEST

START_TEST(knows_versions_under_development)
{
	make_tool("v16", "pg_dump", "pg_dump (PostgreSQL) 19devel");
	ck_assert_int_eq(look(180001, NULL), 0);
	ck_assert_str_eq(version, "19devel");
	ck_assert_int_eq(dbbi_pg_tool_major(version), 19);
}
END_TEST

START_TEST(looks_into_path)
{
	char search[PATH_MAX * 2];

	make_tool("v14", "pg_dump", "pg_dump (PostgreSQL) 14.9");
	make_tool("bin", "pg_dump", "pg_dump (PostgreSQL) 15.1");
	snprintf(search, sizeof(search), ":relative:/nowhere:%s/bin:", root);
	ck_assert_int_eq(look(150014, search), 0);
	ck_found("bin");
}
END_TEST

START_TEST(names_what_is_too_old)
{
	make_tool("v14", "pg_dump", "pg_dump (PostgreSQL) 14.9");
	ck_assert_int_eq(look(150014, NULL), DBB_ETOOL);
	ck_assert_ptr_nonnull(strstr(err.message, "PostgreSQL 15"));
	ck_assert_ptr_nonnull(strstr(err.message, "v14/pg_dump"));
	ck_assert_ptr_nonnull(strstr(err.message, "14.9"));
	ck_assert_ptr_nonnull(strstr(err.hint, "postgresql-client-15"));
	ck_assert_ptr_null(path);
}
END_TEST

START_TEST(says_what_to_install_where_there_is_none)
{
	ck_assert_int_eq(look(160002, "/nowhere"), DBB_ETOOL);
	ck_assert_ptr_nonnull(strstr(err.message, "'pg_dump'"));
	ck_assert_ptr_nonnull(strstr(err.hint, "postgresql-client-16"));
}
END_TEST

START_TEST(passes_over_what_tells_no_version)
{
	make_tool("v15", "pg_dump", "this is not PostgreSQL");
	make_tool("v16", "pg_dump", "pg_dump (PostgreSQL) 16.1");
	ck_assert_int_eq(look(150000, NULL), 0);
	ck_found("v16");
	ck_assert_int_eq(err.code, 0);
}
END_TEST

START_TEST(passes_over_what_cannot_be_run)
{
	char file[PATH_MAX];

	make_tool("v16", "pg_dump", "pg_dump (PostgreSQL) 16.1");
	make_tool("v15", "pg_dump", "pg_dump (PostgreSQL) 15.1");
	snprintf(file, sizeof(file), "%s/v16/pg_dump", root);
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(look(150000, NULL), 0);
	ck_found("v15");
}
END_TEST

START_TEST(passes_over_the_wrapper_of_debian)
{
	char target[PATH_MAX], link[PATH_MAX], search[PATH_MAX];

	make_tool("bin", "pg_wrapper", "pg_dump (PostgreSQL) 17.0");
	make_tool("v15", "pg_dump", "pg_dump (PostgreSQL) 15.1");
	snprintf(target, sizeof(target), "%s/bin/pg_wrapper", root);
	snprintf(link, sizeof(link), "%s/bin/pg_dump", root);
	snprintf(search, sizeof(search), "%s/bin", root);
	ck_assert_int_eq(symlink(target, link), 0);
	ck_assert_int_eq(look(150000, search), 0);
	ck_found("v15");
}
END_TEST

START_TEST(stops_when_canceled)
{
	make_tool("v15", "pg_dump", "pg_dump (PostgreSQL) 15.1");
	dbbi_run_cancel(&run);
	ck_assert_int_eq(look(150000, NULL), DBB_ECANCELED);
	ck_assert_ptr_null(path);
}
END_TEST

START_TEST(reads_major_versions)
{
	ck_assert_int_eq(dbbi_pg_tool_major("15.18 (Debian)"), 15);
	ck_assert_int_eq(dbbi_pg_tool_major("9.6.24"), 9);
	ck_assert_int_eq(dbbi_pg_tool_major(""), 0);
	ck_assert_int_eq(dbbi_pg_tool_major("x15"), 0);
	ck_assert_int_eq(dbbi_pg_tool_major("-3"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_tools");
	TCase *tc = tcase_create("pg_tools");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, takes_the_nearest_that_is_not_older);
	tcase_add_test(tc, takes_a_newer_one_where_there_is_no_other);
	tcase_add_test(tc, takes_one_of_the_server_s_version);
	tcase_add_test(tc, knows_versions_under_development);
	tcase_add_test(tc, looks_into_path);
	tcase_add_test(tc, names_what_is_too_old);
	tcase_add_test(tc, says_what_to_install_where_there_is_none);
	tcase_add_test(tc, passes_over_what_tells_no_version);
	tcase_add_test(tc, passes_over_what_cannot_be_run);
	tcase_add_test(tc, passes_over_the_wrapper_of_debian);
	tcase_add_test(tc, stops_when_canceled);
	tcase_add_test(tc, reads_major_versions);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
