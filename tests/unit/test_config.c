/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "suite.h"

static const char *const nothing[] = { NULL };
static char folder[64];
static dbbi_config *config;
static struct dbb_error err;

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(dbbi_config_new(&config, NULL), 0);
}

static void
tear_down(void)
{
	static const char *const files[] = {
		"dbbackup.conf", "other.conf", "key", "empty", NULL,
	};
	size_t i;

	dbbi_config_free(config);
	for (i = 0; files[i] != NULL; i++)
		unlink(files[i]);
	rmdir(folder);
}

static void
write_file(const char *path, const void *data, size_t size, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, size, f), size);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static int
load_bytes(const void *data, size_t size)
{
	write_file("dbbackup.conf", data, size, 0600);
	return dbbi_config_load(config, NULL, nothing, &err);
}

static int
load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static void
assert_value(const char *section, const char *name, const char *key,
    const char *value, const char *origin)
{
	const char *found = dbbi_config_get(config, section, name, key);

	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found, value);
	ck_assert_str_eq(dbbi_config_origin(config, section, name, key),
	    origin);
}

/* The file is refused with exactly this message. */
static void
assert_refused(const char *text, const char *message)
{
	ck_assert_msg(load(text) == DBB_ECONFIG, "%s", text);
	ck_assert_str_eq(err.message, message);
	ck_assert_int_eq(err.code, DBB_ECONFIG);
}

START_TEST(reads_sections_and_keys)
{
	ck_assert_int_eq(load("# comment\n; comment [x]\n\n"
	    "[repository]\nurl = file:///r;a#b\t; here\n\tcompression=7\n"
	    "[postgres \"main\"] ; the first\nconnection: host=a port=5\n"
	    "  [ postgres  \"My-db.2\" ]\ndatabases = app, auth ;; all\n"
	    "[postgres \"empty\"]\n[history]\nconnection =\n"), 0);
	assert_value("repository", NULL, "url", "file:///r;a#b",
	    "dbbackup.conf:5");
	assert_value("repository", NULL, "compression", "7",
	    "dbbackup.conf:6");
	assert_value("postgres", "main", "connection", "host=a port=5",
	    "dbbackup.conf:8");
	assert_value("postgres", "My-db.2", "databases", "app, auth",
	    "dbbackup.conf:10");
	assert_value("history", NULL, "connection", "", "dbbackup.conf:13");
	ck_assert_ptr_null(dbbi_config_get(config, "postgres", "empty",
	    "connection"));
	ck_assert_ptr_null(dbbi_config_get(config, "nonsense", NULL, "x"));
}
END_TEST

START_TEST(names_come_in_order)
{
	dbbi_list names = {0};

	ck_assert_int_eq(dbbi_config_set(config, "postgres b", "databases",
	    "x", NULL), 0);
	ck_assert_int_eq(dbbi_config_set(config, "postgres z", "databases",
	    "x", NULL), 0);
	ck_assert_int_eq(load("[postgres \"c\"]\n[postgres \"a\"]\n"
	    "[postgres \"b\"]\n[postgres \"c\"]\ndatabases=x\n"), 0);
	ck_assert_int_eq(dbbi_config_names(&names, config, "postgres", NULL),
	    0);
	ck_assert_uint_eq(names.count, 4);
	ck_assert_str_eq(names.items[0], "c");
	ck_assert_str_eq(names.items[1], "a");
	ck_assert_str_eq(names.items[2], "b");
	ck_assert_str_eq(names.items[3], "z");
	dbbi_list_clear(&names);
	ck_assert_int_eq(dbbi_config_names(&names, config, "repository",
	    NULL), 0);
	ck_assert_uint_eq(names.count, 0);
}
END_TEST

START_TEST(reads_marks_and_line_ends_of_windows)
{
	ck_assert_int_eq(load("\xef\xbb\xbf[repository]\r\n"
	    "url = file:///r\r\n\r\ncompression = 1"), 0);
	assert_value("repository", NULL, "url", "file:///r",
	    "dbbackup.conf:2");
	assert_value("repository", NULL, "compression", "1",
	    "dbbackup.conf:4");
}
END_TEST

START_TEST(long_values_stay_whole)
{
	char text[13000], value[4001];
	size_t n;

	for (n = 150; n <= 4000; n += n < 250 ? 1 : 1875) {
		memset(value, 'v', n);
		value[n] = '\0';
		snprintf(text, sizeof(text), "[repository]\nurl = %s ; a "
		    "comment = x\n[postgres \"%.64s\"]\ndatabases=%s;%s\n",
		    value, value, value, value);
		ck_assert_int_eq(load(text), 0);
		assert_value("repository", NULL, "url", value,
		    "dbbackup.conf:2");
		value[64] = '\0';
		ck_assert_uint_eq(strlen(dbbi_config_get(config, "postgres",
		    value, "databases")), 2 * n + 1);
	}
}
END_TEST

START_TEST(long_comments_are_passed_over)
{
	char text[4000] = "[repository]\n; ";

	memset(text + 15, 'x', 3000);
	snprintf(text + 3015, 100, "=[\nurl = memory:\n");
	ck_assert_int_eq(load(text), 0);
	assert_value("repository", NULL, "url", "memory:", "dbbackup.conf:3");
}
END_TEST

START_TEST(refuses_a_line_too_long)
{
	char text[20000] = "[repository]\nurl = ";

	memset(text + 19, 's', 9000);
	ck_assert_int_eq(load(text), DBB_ECONFIG);
	ck_assert_str_eq(err.message,
	    "dbbackup.conf:2: the line is too long");
	memset(text, 0, sizeof(text));
	memset(text, 's', 9000);
	ck_assert_int_eq(load(text), DBB_ECONFIG);
	memset(text + 1000, 0, sizeof(text) - 1000);
	assert_refused(text, "dbbackup.conf:1: neither a [section] nor KEY = "
	    "VALUE");
}
END_TEST

static const char *const refused[][2] = {
	{ "[repository]\nuri = x\n", "dbbackup.conf:2: [repository]: unknown "
	    "key 'uri'; the nearest known one is 'url'" },
	{ "[postgres \"main\"]\nport=5432\n", "dbbackup.conf:2: [postgres "
	    "\"main\"]: unknown key 'port'" },
	{ "[repository]\nurl = x\n   host=y\n", "dbbackup.conf:3: "
	    "[repository]: unknown key 'host'" },
	{ "\n[repositry]\n", "dbbackup.conf:2: [repositry]: unknown section; "
	    "the nearest known one is [repository]" },
	{ "[zzzz]\n", "dbbackup.conf:1: [zzzz]: unknown section" },
	{ "[Repository]\n", "dbbackup.conf:1: [Repository]: unknown section; "
	    "the nearest known one is [repository]" },
	{ "[neo4j \"graph\"]\nurl=x\n", "dbbackup.conf:1: [neo4j \"graph\"]: "
	    "this version does not back up neo4j" },
	{ "[qdrant]\nurl = x\n", "dbbackup.conf:1: [qdrant]: it needs a "
	    "name: [qdrant \"main\"]" },
	{ "[qdrant \"v\"]\napi-key = s3cret\napi-key-file = /k\n",
	    "[qdrant \"v\"]: both 'api-key' (dbbackup.conf:2) and "
	    "'api-key-file' (dbbackup.conf:3) are given" },
	{ "[retention]\nkeep-last = -1\n", "dbbackup.conf:2: [retention]: "
	    "'keep-last' is '-1' and not a whole number from 0 to 100000" },
	{ "[retention]\nhourly = 1\n", "dbbackup.conf:2: [retention]: "
	    "unknown key 'hourly'" },
	{ "[repository]\npassword-file = /k\npassword-command = c\n",
	    "[repository]: both 'password-file' (dbbackup.conf:2) and "
	    "'password-command' (dbbackup.conf:3) are given" },
	{ "[repository]\nkey-file = /k\npassword = s3cret\n",
	    "[repository]: both 'key-file' (dbbackup.conf:2) and 'password' "
	    "(dbbackup.conf:3) are given" },
	{ "[repository]\nsecret-key = s3cret\nsecret-key-file = /k\n",
	    "[repository]: both 'secret-key' (dbbackup.conf:2) and "
	    "'secret-key-file' (dbbackup.conf:3) are given" },
	{ "[repository]\npart-size = 4 MiB\n", "dbbackup.conf:2: "
	    "[repository]: 'part-size' is '4 MiB' and not a size from 5242880 "
	    "to 1073741824, as in '16 MiB'" },
	{ "[repository]\nverify-write = perhaps\n", "dbbackup.conf:2: "
	    "[repository]: 'verify-write' is 'perhaps' and neither yes nor "
	    "no" },
	{ "[repository]\nurl=a\n[history]\n[repository]\nurl=b\n",
	    "dbbackup.conf:5: [repository]: 'url' was given before, at "
	    "dbbackup.conf:2" },
	{ "[postgres]\n", "dbbackup.conf:1: [postgres]: it needs a name: "
	    "[postgres \"main\"]" },
	{ "[postgres \"\"]\n", "dbbackup.conf:1: [postgres \"\"]: the name "
	    "is empty" },
	{ "[postgres \"a]\n", "dbbackup.conf:1: [postgres \"a]: the name's "
	    "closing quote is missing" },
	{ "[postgres\"a\"]\n", "dbbackup.conf:1: [postgres\"a\"]: a blank is "
	    "missing before the name" },
	{ "[postgres \"a b\"]\n", "dbbackup.conf:1: [postgres \"a b\"]: 'a "
	    "b' is no name: 1 to 64 letters, digits, '_', '.' and '-'" },
	{ "[postgres \"a/b\"]\n", "dbbackup.conf:1: [postgres \"a/b\"]: "
	    "'a/b' is no name: 1 to 64 letters, digits, '_', '.' and '-'" },
	{ "[repository \"x\"]\n", "dbbackup.conf:1: [repository \"x\"]: "
	    "[repository] has no name" },
	{ "[repository\nurl=a\n", "dbbackup.conf:1: the section's ']' is "
	    "missing" },
	{ "[repository] url=a\n", "dbbackup.conf:1: something follows the "
	    "section's ']'" },
	{ "url=a\n", "dbbackup.conf:1: a key before the first [section]" },
	{ "[repository]\n\nfile:///x\n\nurl\n", "dbbackup.conf:3: "
	    "[repository]: unknown key 'file'" },
	{ "[repository]\n\nurl\nnonsense = 1\n", "dbbackup.conf:3: neither a "
	    "[section] nor KEY = VALUE" },
	{ "[repository]\nurl\n[nonsense]\n", "dbbackup.conf:2: neither a "
	    "[section] nor KEY = VALUE" },
	{ "[repository]\nnonsense = 1\nurl\n", "dbbackup.conf:2: "
	    "[repository]: unknown key 'nonsense'" },
	{ "[repository]\nurl =\n", "dbbackup.conf:2: [repository]: 'url' is "
	    "empty" },
	{ "[repository]\nurl = ; none\n", "dbbackup.conf:2: [repository]: "
	    "'url' is empty" },
	{ "[postgres \"a\"]\npassword=\n", "dbbackup.conf:2: [postgres "
	    "\"a\"]: 'password' is empty" },
	{ "[repository]\ncompression = 20\n", "dbbackup.conf:2: "
	    "[repository]: 'compression' is '20' and not 'auto' or a whole "
	    "number from 0 to 19" },
	{ "[repository]\ncompression = best\n", "dbbackup.conf:2: "
	    "[repository]: 'compression' is 'best' and not 'auto' or a "
	    "whole number from 0 to 19" },
	{ "[postgres \"a\"]\npassword=x\npassword-file=y\n", "[postgres "
	    "\"a\"]: both 'password' (dbbackup.conf:2) and 'password-file' "
	    "(dbbackup.conf:3) are given" },
	{ "[postgres \"a\"]\npassword s3cret\n", "dbbackup.conf:2: neither a "
	    "[section] nor KEY = VALUE" },
};

START_TEST(refuses_and_says_where)
{
	assert_refused(refused[_i][0], refused[_i][1]);
}
END_TEST

START_TEST(refuses_what_is_no_text)
{
	ck_assert_int_eq(load_bytes("[\0r\0e\0p\0", 8), DBB_ECONFIG);
	ck_assert_str_eq(err.message,
	    "dbbackup.conf:1: this is not a text file");
	ck_assert_int_eq(load("[repository]\nurl=\001\n"), DBB_ECONFIG);
}
END_TEST

START_TEST(refuses_a_long_section_name)
{
	char text[512];

	memset(text, 'x', sizeof(text));
	memcpy(text, "[postgres \"", 11);
	memcpy(text + 76, "\"]\n", 4);
	ck_assert_int_eq(load(text), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "1 to 64 letters"));
	memset(text + 76, 'x', 300);
	memcpy(text + 376, "\"]\n", 4);
	ck_assert_int_eq(load(text), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "too long"));
}
END_TEST

START_TEST(the_file_is_found_in_order)
{
	const char *named[] = { "DBB_CONFIG=other.conf", NULL };

	write_file("other.conf", "[repository]\nurl=memory:o\n", 26, 0600);
	ck_assert_int_eq(load("[repository]\nurl=memory:d\n"), 0);
	assert_value("repository", NULL, "url", "memory:d",
	    "dbbackup.conf:2");
	ck_assert_int_eq(dbbi_config_load(config, NULL, named, &err), 0);
	assert_value("repository", NULL, "url", "memory:o", "other.conf:2");
	ck_assert_int_eq(dbbi_config_load(config, "dbbackup.conf", named,
	    &err), 0);
	assert_value("repository", NULL, "url", "memory:d",
	    "dbbackup.conf:2");
	ck_assert_int_eq(dbbi_config_load(config, "", named, &err), 0);
	ck_assert_ptr_null(dbbi_config_get(config, "repository", NULL,
	    "url"));
}
END_TEST

START_TEST(a_named_file_must_be_there)
{
	const char *named[] = { "DBB_CONFIG=absent.conf", NULL };

	ck_assert_int_eq(dbbi_config_load(config, NULL, named, &err),
	    DBB_ECONFIG);
	ck_assert_str_eq(err.message, "configuration: opening 'absent.conf': "
	    "No such file or directory");
	ck_assert_str_ne(err.hint, "");
	ck_assert_int_eq(dbbi_config_load(config, "/tmp", nothing, &err),
	    DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "Is a directory"));
}
END_TEST

START_TEST(a_failed_load_changes_nothing)
{
	ck_assert_int_eq(load("[repository]\nurl=memory:\n"), 0);
	ck_assert_int_eq(load("[repository]\nurl=file:///x\nnonsense=1\n"),
	    DBB_ECONFIG);
	assert_value("repository", NULL, "url", "memory:", "dbbackup.conf:2");
}
END_TEST

START_TEST(program_goes_before_environment_and_file)
{
	const char *environment[] = {
		"DBB_REPOSITORY_COMPRESSION=5", NULL,
	};

	assert_value("repository", NULL, "compression", "auto", "default");
	write_file("dbbackup.conf", "[repository]\ncompression=4\n", 27, 0600);
	ck_assert_int_eq(dbbi_config_load(config, NULL, nothing, &err), 0);
	assert_value("repository", NULL, "compression", "4",
	    "dbbackup.conf:2");
	ck_assert_int_eq(dbbi_config_load(config, NULL, environment, &err),
	    0);
	assert_value("repository", NULL, "compression", "5",
	    "environment DBB_REPOSITORY_COMPRESSION");
	ck_assert_int_eq(dbbi_config_set(config, "repository", "compression",
	    "6", &err), 0);
	ck_assert_int_eq(dbbi_config_set(config, "repository", "compression",
	    "7", &err), 0);
	ck_assert_int_eq(dbbi_config_load(config, NULL, environment, &err),
	    0);
	assert_value("repository", NULL, "compression", "7", "program");
	ck_assert_int_eq(dbbi_config_set(config, "repository", "compression",
	    NULL, &err), 0);
	assert_value("repository", NULL, "compression", "5",
	    "environment DBB_REPOSITORY_COMPRESSION");
}
END_TEST

START_TEST(set_refuses_what_the_file_may_not_say)
{
	ck_assert_int_eq(dbbi_config_set(config, "repository", "uri", "x",
	    &err), DBB_ECONFIG);
	ck_assert_str_eq(err.message, "setting 'uri' of 'repository': "
	    "unknown key 'uri'; the nearest known one is 'url'");
	ck_assert_int_eq(dbbi_config_set(config, "neo4j g", "url", "x",
	    &err), DBB_ECONFIG);
	ck_assert_int_eq(dbbi_config_set(config, "postgres ../x",
	    "connection", "x", &err), DBB_ECONFIG);
	ck_assert_int_eq(dbbi_config_set(config, "repository", "compression",
	    "x", &err), DBB_ECONFIG);
	ck_assert_int_eq(dbbi_config_set(config, "repository", "pasword",
	    "s3cret", &err), DBB_ECONFIG);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
	ck_assert_int_eq(dbbi_config_set(config, "postgres \"main\"",
	    "connection", "x", &err), 0);
	assert_value("postgres", "main", "connection", "x", "program");
}
END_TEST

/* ---- secrets ---- */

static int
get_secret(char **out)
{
	*out = NULL;
	return dbbi_config_secret(out, config, "postgres", "m", "password",
	    NULL, NULL, &err);
}

static int
run_command(char **out, const char *command, void *payload, dbb_error *e)
{
	ck_assert_str_eq(command, "pass show db");
	if (payload == NULL)
		return dbbi_error_set(e, DBB_ESOURCE, "it failed");
	*out = dbbi_text_dup(payload);
	return 0;
}

START_TEST(a_secret_comes_from_value_or_file)
{
	char *secret;

	ck_assert_int_eq(load("[postgres \"m\"]\n"), 0);
	ck_assert_int_eq(get_secret(&secret), 0);
	ck_assert_ptr_null(secret);
	ck_assert_int_eq(load("[postgres \"m\"]\npassword = s3 cret\n"), 0);
	ck_assert_int_eq(get_secret(&secret), 0);
	ck_assert_str_eq(secret, "s3 cret");
	dbbi_secret_free(secret);
	ck_assert_ptr_null(dbbi_config_get(config, "postgres", "m",
	    "password"));
	write_file("key", " s3cret \r\n", 10, 0600);
	ck_assert_int_eq(load("[postgres \"m\"]\npassword-file = key\n"), 0);
	ck_assert_int_eq(get_secret(&secret), 0);
	ck_assert_str_eq(secret, " s3cret ");
	dbbi_secret_free(secret);
	write_file("key", "a\n\n", 3, 0600);
	ck_assert_int_eq(get_secret(&secret), 0);
	ck_assert_str_eq(secret, "a\n");
	dbbi_secret_free(secret);
	dbbi_secret_free(NULL);
}
END_TEST

START_TEST(the_strongest_way_wins)
{
	const char *environment[] = {
		"DBB_POSTGRES_M_PASSWORD=from environment", NULL,
	};
	char *secret;

	write_file("dbbackup.conf", "[postgres \"m\"]\npassword-file=absent\n",
	    36, 0600);
	ck_assert_int_eq(dbbi_config_load(config, NULL, environment, &err),
	    0);
	ck_assert_int_eq(get_secret(&secret), 0);
	ck_assert_str_eq(secret, "from environment");
	dbbi_secret_free(secret);
}
END_TEST

START_TEST(a_secret_file_must_hold_one)
{
	static const char large[70000];
	char *secret;

	ck_assert_int_eq(load("[postgres \"m\"]\npassword-file = key\n"), 0);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_str_eq(err.message, "'password-file' 'key' "
	    "(dbbackup.conf:2): opening: No such file or directory");
	ck_assert_int_eq(err.code, DBB_ECONFIG);
	write_file("key", "", 0, 0600);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "it is empty"));
	write_file("key", "\n", 1, 0600);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	write_file("key", "s3\0cret", 7, 0600);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "NUL"));
	write_file("key", large, sizeof(large), 0600);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "larger than"));
	ck_assert_int_eq(load("[postgres \"m\"]\npassword-file = /tmp\n"),
	    0);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "Is a directory"));
	ck_assert_ptr_null(secret);
}
END_TEST

START_TEST(a_secret_comes_from_a_command)
{
	char answer[] = "s3cret\n", empty[] = "\n";
	char *secret = NULL;

	ck_assert_int_eq(load("[postgres \"m\"]\n"
	    "password-command = pass show db\n"), 0);
	ck_assert_int_eq(dbbi_config_secret(&secret, config, "postgres", "m",
	    "password", run_command, answer, &err), 0);
	ck_assert_str_eq(secret, "s3cret");
	dbbi_secret_free(secret);
	secret = NULL;
	ck_assert_int_eq(dbbi_config_secret(&secret, config, "postgres", "m",
	    "password", run_command, NULL, &err), DBB_ESOURCE);
	ck_assert_str_eq(err.message,
	    "'password-command' (dbbackup.conf:2): it failed");
	ck_assert_int_eq(dbbi_config_secret(&secret, config, "postgres", "m",
	    "password", run_command, empty, &err), DBB_ECONFIG);
	ck_assert_int_eq(get_secret(&secret), DBB_ECONFIG);
	ck_assert_ptr_null(secret);
}
END_TEST

/* What the repository's store is to know, joined by blanks. */
static void
assert_settings(const char *expected)
{
	dbbi_list settings = {0};
	char text[512] = "";
	size_t i;

	ck_assert_int_eq(dbbi_config_settings(&settings, config, &err), 0);
	for (i = 0; i < settings.count; i++) {
		strcat(text, settings.items[i]);
		strcat(text, " ");
	}
	dbbi_config_settings_clear(&settings);
	ck_assert_str_eq(text, expected);
}

START_TEST(the_store_is_told_what_is_for_it)
{
	ck_assert_int_eq(load("[repository]\nurl = s3://b\nregion = r\n"
	    "compression = 3\npassword = s3cret\nendpoint = http://h\n"
	    "secret-key-file = /k\npart-size = 8M\n"), 0);
	assert_settings("endpoint=http://h region=r secret-key-file=/k "
	    "part-size=8M ");
	ck_assert_int_eq(dbbi_config_set(config, "repository", "secret-key",
	    "s3cret", &err), 0);
	assert_settings("endpoint=http://h region=r secret-key=s3cret "
	    "part-size=8M ");
	ck_assert_int_eq(load("[repository]\nkey-file = /k\n"), 0);
	assert_settings("secret-key=s3cret ");
}
END_TEST

START_TEST(warns_of_secrets_that_others_may_read)
{
	const dbbi_list *warnings;

	write_file("key", "x", 1, 0644);
	ck_assert_int_eq(load("[postgres \"m\"]\npassword-file = key\n"), 0);
	warnings = dbbi_config_warnings(config);
	ck_assert_uint_eq(warnings->count, 1);
	ck_assert_ptr_nonnull(strstr(warnings->items[0], "'key'"));
	ck_assert_ptr_nonnull(strstr(warnings->items[0], "holds a password"));
	ck_assert_int_eq(load("[repository]\nkey-file = key\n"), 0);
	warnings = dbbi_config_warnings(config);
	ck_assert_uint_eq(warnings->count, 1);
	ck_assert_ptr_nonnull(strstr(warnings->items[0], "holds a key"));
	ck_assert_int_eq(load("[postgres \"m\"]\npassword = x\n"), 0);
	ck_assert_uint_eq(dbbi_config_warnings(config)->count, 0);
	ck_assert_int_eq(chmod("dbbackup.conf", 0644), 0);
	ck_assert_int_eq(dbbi_config_load(config, NULL, nothing, &err), 0);
	warnings = dbbi_config_warnings(config);
	ck_assert_uint_eq(warnings->count, 1);
	ck_assert_ptr_nonnull(strstr(warnings->items[0], "dbbackup.conf"));
	write_file("dbbackup.conf", "[postgres \"m\"]\n"
	    "connection=password=x\n", 37, 0644);
	ck_assert_int_eq(dbbi_config_load(config, NULL, nothing, &err), 0);
	ck_assert_uint_eq(dbbi_config_warnings(config)->count, 1);
}
END_TEST

START_TEST(describes_everything_but_secrets)
{
	dbbi_json *json = NULL;

	ck_assert_int_eq(dbbi_config_set(config, "postgres n", "password",
	    "s3cret", NULL), 0);
	ck_assert_int_eq(load("[repository]\nurl=s3://k:s3cret@b\n"
	    "[postgres \"m\"]\nconnection = host=a password=s3cret\n"
	    "password-command = echo s3cret\n"), 0);
	ck_assert_int_eq(dbbi_config_describe(&json, config, &err), 0);
	ck_assert_str_eq(dbbi_json_text(json), "{\"file\":\"dbbackup.conf\","
	    "\"keys\":["
	    "{\"section\":\"repository\",\"name\":null,\"key\":\"url\","
	    "\"value\":\"(hidden)\",\"origin\":\"dbbackup.conf:2\"},"
	    "{\"section\":\"repository\",\"name\":null,"
	    "\"key\":\"compression\",\"value\":\"auto\","
	    "\"origin\":\"default\"},"
	    "{\"section\":\"repository\",\"name\":null,"
	    "\"key\":\"verify-write\",\"value\":\"yes\","
	    "\"origin\":\"default\"},"
	    "{\"section\":\"postgres\",\"name\":\"m\","
	    "\"key\":\"connection\",\"value\":\"host=a password=***\","
	    "\"origin\":\"dbbackup.conf:4\"},"
	    "{\"section\":\"postgres\",\"name\":\"m\","
	    "\"key\":\"password-command\",\"value\":\"(hidden)\","
	    "\"origin\":\"dbbackup.conf:5\"},"
	    "{\"section\":\"postgres\",\"name\":\"n\","
	    "\"key\":\"password\",\"value\":\"(hidden)\","
	    "\"origin\":\"program\"}]}");
	dbbi_json_free(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_sections_and_keys);
	tcase_add_test(tc, names_come_in_order);
	tcase_add_test(tc, reads_marks_and_line_ends_of_windows);
	tcase_add_test(tc, long_values_stay_whole);
	tcase_add_test(tc, long_comments_are_passed_over);
	tcase_add_test(tc, refuses_a_line_too_long);
	tcase_add_loop_test(tc, refuses_and_says_where, 0,
	    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tc, refuses_what_is_no_text);
	tcase_add_test(tc, refuses_a_long_section_name);
	tcase_add_test(tc, the_file_is_found_in_order);
	tcase_add_test(tc, a_named_file_must_be_there);
	tcase_add_test(tc, a_failed_load_changes_nothing);
	tcase_add_test(tc, program_goes_before_environment_and_file);
	tcase_add_test(tc, set_refuses_what_the_file_may_not_say);
	tcase_add_test(tc, a_secret_comes_from_value_or_file);
	tcase_add_test(tc, the_strongest_way_wins);
	tcase_add_test(tc, a_secret_file_must_hold_one);
	tcase_add_test(tc, a_secret_comes_from_a_command);
	tcase_add_test(tc, the_store_is_told_what_is_for_it);
	tcase_add_test(tc, warns_of_secrets_that_others_may_read);
	tcase_add_test(tc, describes_everything_but_secrets);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
