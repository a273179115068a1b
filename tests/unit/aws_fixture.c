/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "aws_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "util/text.h"

#define PATH_SIZE 512

dbbi_run aws_run;
dbb_error aws_err;
dbbi_aws_options aws_options;
dbbi_aws_credentials *aws;

static char folder[64];
static dbbi_list environment;

const char *
aws_path(const char *name)
{
	static char paths[4][PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_SIZE, "%s/%s", folder, name);
	return path;
}

const char *
aws_write(const char *name, const char *text)
{
	const char *path = aws_path(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/* Where a variable is set, make it another that nobody asks for. */
static void
forget(const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < environment.count; i++)
		if (strncmp(environment.items[i], name, n) == 0 &&
		    environment.items[i][n] == '=')
			environment.items[i][0] = '-';
}

void
aws_variable(const char *name, const char *value)
{
	char *text = dbbi_text_format("%s=%s", name, value);

	ck_assert_ptr_nonnull(text);
	forget(name);
	ck_assert_int_eq(dbbi_list_add(&environment, text, NULL), 0);
	free(text);
	aws_options.environment = (const char *const *)environment.items;
}

void
aws_set_up(void)
{
	strcpy(folder, "/tmp/dbb-aws-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(mkdir(aws_path(".aws"), 0700), 0);
	ck_assert_int_eq(dbbi_run_init(&aws_run, NULL), 0);
	dbbi_error_clear(&aws_err);
	memset(&aws_options, 0, sizeof(aws_options));
	aws_variable("HOME", folder);
	aws_variable("AWS_EC2_METADATA_DISABLED", "true");
}

static void
empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char file[PATH_SIZE];

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)) != NULL) {
		snprintf(file, sizeof(file), "%.255s/%.255s", path,
		    e->d_name);
		unlink(file);
	}
	closedir(dir);
}

void
aws_tear_down(void)
{
	dbbi_aws_credentials_free(aws);
	aws = NULL;
	dbbi_list_clear(&environment);
	dbbi_run_clear(&aws_run);
	empty_folder(aws_path(".aws"));
	ck_assert_int_eq(rmdir(aws_path(".aws")), 0);
	empty_folder(folder);
	ck_assert_int_eq(rmdir(folder), 0);
}

void
aws_begin(void)
{
	dbbi_aws_credentials_free(aws);
	aws = NULL;
	ck_assert_int_eq(dbbi_aws_credentials_new(&aws, &aws_options,
	    &aws_run, &aws_err), 0);
}

void
aws_expect(int64_t now_ms, const char *id, const char *secret,
    const char *token)
{
	dbbi_aws_keys keys = {0};
	int rc = dbbi_aws_credentials_get(&keys, aws, now_ms, &aws_err);

	ck_assert_msg(rc == 0, "%d: %s", rc, aws_err.message);
	ck_assert_str_eq(keys.id, id);
	ck_assert_str_eq(keys.secret, secret);
	if (token == NULL)
		ck_assert_ptr_null(keys.token);
	else
		ck_assert_str_eq(keys.token, token);
	dbbi_aws_keys_clear(&keys);
}

void
aws_expect_failure(int64_t now_ms, int code, const char *words)
{
	dbbi_aws_keys keys = {0};
	int rc = dbbi_aws_credentials_get(&keys, aws, now_ms, &aws_err);

	ck_assert_msg(rc == code && aws_err.code == code, "%d: %s", rc,
	    aws_err.message);
	ck_assert_msg(strstr(aws_err.message, words) != NULL, "'%s' not in "
	    "'%s'", words, aws_err.message);
	ck_assert_ptr_null(strstr(aws_err.message, "HIDDEN"));
	ck_assert_ptr_null(keys.id);
}
