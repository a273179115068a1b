/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbbi_config *config;
static struct dbb_error err;

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_config_new(&config, NULL), 0);
}

static void
tear_down(void)
{
	dbbi_config_free(config);
	config = NULL;
}

/* Load from at most four variables and no file. */
static int
load(const char *a, const char *b, const char *c, const char *d)
{
	const char *environment[] = { a, b, c, d, NULL };

	return dbbi_config_load(config, "", environment, &err);
}

static void
assert_value(const char *section, const char *name, const char *key,
    const char *value, const char *origin)
{
	const char *found = dbbi_config_get(config, section, name, key);

	if (value == NULL) {
		ck_assert_ptr_null(found);
		return;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found, value);
	ck_assert_str_eq(dbbi_config_origin(config, section, name, key),
	    origin);
}

static void
assert_secret(const char *name, const char *value)
{
	char *secret = NULL;

	ck_assert_int_eq(dbbi_config_secret(&secret, config, "postgres",
	    name, "password", NULL, NULL, &err), 0);
	if (value == NULL)
		ck_assert_ptr_null(secret);
	else
		ck_assert_str_eq(secret, value);
	dbbi_secret_free(secret);
}

static void
assert_names_of(const char *kind, const char *names)
{
	char text[256] = "";
	dbbi_list list = {0};
	size_t i;

	ck_assert_int_eq(dbbi_config_names(&list, config, kind, NULL), 0);
	for (i = 0; i < list.count; i++) {
		strncat(text, i > 0 ? " " : "", 2);
		strncat(text, list.items[i], 64);
	}
	ck_assert_str_eq(text, names);
	dbbi_list_clear(&list);
}

static void
assert_names(const char *names)
{
	assert_names_of("postgres", names);
}

/* One warning, or none, with `word` in it. */
static void
assert_warned(const char *word)
{
	const dbbi_list *warnings = dbbi_config_warnings(config);

	ck_assert_uint_eq(warnings->count, word != NULL);
	if (word != NULL)
		ck_assert_ptr_nonnull(strstr(warnings->items[0], word));
}

START_TEST(variables_name_section_name_and_key)
{
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=file:///r",
	    "DBB_POSTGRES_MAIN_CONNECTION=host=a",
	    "DBB_POSTGRES_MY_APP_DATABASES=x, y",
	    "DBB_HISTORY_CONNECTION=host=h"), 0);
	assert_value("repository", NULL, "url", "file:///r",
	    "environment DBB_REPOSITORY_URL");
	assert_value("postgres", "main", "connection", "host=a",
	    "environment DBB_POSTGRES_MAIN_CONNECTION");
	assert_value("postgres", "my_app", "databases", "x, y",
	    "environment DBB_POSTGRES_MY_APP_DATABASES");
	assert_value("history", NULL, "connection", "host=h",
	    "environment DBB_HISTORY_CONNECTION");
	assert_names("main my_app");
}
END_TEST

START_TEST(the_longest_key_wins)
{
	ck_assert_int_eq(load("DBB_POSTGRES_MAIN_PASSWORD_FILE=/k",
	    "DBB_POSTGRES_A_PASSWORD=x",
	    "DBB_POSTGRES_PASSWORD_PASSWORD=s3cret", NULL), 0);
	assert_value("postgres", "main", "password-file", "/k",
	    "environment DBB_POSTGRES_MAIN_PASSWORD_FILE");
	assert_names("main a password");
	assert_secret("password", "s3cret");
}
END_TEST

START_TEST(finds_the_section_that_exists)
{
	ck_assert_int_eq(dbbi_config_set(config, "postgres My-App.1",
	    "databases", "x", NULL), 0);
	ck_assert_int_eq(load("DBB_POSTGRES_MY_APP_1_CONNECTION=host=a",
	    NULL, NULL, NULL), 0);
	assert_value("postgres", "My-App.1", "connection", "host=a",
	    "environment DBB_POSTGRES_MY_APP_1_CONNECTION");
	assert_names("My-App.1");
}
END_TEST

START_TEST(refuses_a_name_that_may_mean_two)
{
	ck_assert_int_eq(dbbi_config_set(config, "postgres a-b",
	    "databases", "x", NULL), 0);
	ck_assert_int_eq(dbbi_config_set(config, "postgres a_b",
	    "databases", "x", NULL), 0);
	ck_assert_int_eq(load("DBB_POSTGRES_A_B_CONNECTION=host=a", NULL,
	    NULL, NULL), DBB_ECONFIG);
	ck_assert_str_eq(err.message, "environment "
	    "DBB_POSTGRES_A_B_CONNECTION: it may mean 'a-b' or 'a_b'");
}
END_TEST

START_TEST(unknown_variables_name_the_nearest)
{
	static const char *const table[][2] = {
		{ "DBB_REPOSITORY_URI=x", "'DBB_REPOSITORY_URL'" },
		{ "DBB_POSTGRES_MAIN_CONECTION=x",
		    "'DBB_POSTGRES_MAIN_CONNECTION'" },
		{ "DBB_CONFG=x", "'DBB_CONFIG'" },
		{ "DBB_POSTGRES_CONNECTION=x",
		    "'DBB_POSTGRES_MAIN_CONNECTION'" },
		{ "DBB_REPOSITORY_COMPRESSION_LEVEL=3",
		    "'DBB_REPOSITORY_COMPRESSION'" },
		{ "DBB_ZZZZ=x", "unknown variable" },
		{ "DBB_=x", "unknown variable" },
		{ "DBB_HISTORY_X_CONNECTION=x", "'DBB_HISTORY_CONNECTION'" },
		{ "DBB_REPOSITORY_URL_=x", "'DBB_REPOSITORY_URL'" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ck_assert_int_eq(load(table[i][0], NULL, NULL, NULL),
		    DBB_ECONFIG);
		ck_assert_msg(strstr(err.message, table[i][1]) != NULL,
		    "%s: %s", table[i][0], err.message);
		ck_assert_ptr_nonnull(strstr(err.message, "environment DBB_"));
	}
}
END_TEST

START_TEST(refuses_a_variable_too_long_to_be_known)
{
	char variable[1024], name[901];

	memset(name, 'A', 900);
	name[900] = '\0';
	snprintf(variable, sizeof(variable),
	    "DBB_POSTGRES_%s_PASSWORD=s3cret", name);
	ck_assert_int_eq(load(variable, NULL, NULL, NULL), DBB_ECONFIG);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
	snprintf(variable, sizeof(variable),
	    "DBB_POSTGRES_%.65s_PASSWORD=s3cret", name);
	ck_assert_int_eq(load(variable, NULL, NULL, NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "longer than 64"));
}
END_TEST

START_TEST(refuses_what_later_versions_have)
{
	static const char *const table[][2] = {
		{ "DBB_NEO4J_GRAPH_URL=x", "does not back up neo4j" },
		{ "DBB_SERVICE_LISTEN=x", "no service" },
		{ "DBB_SCHEDULE_BACKUP=x", "no scheduler" },
		{ "DBB_HOOK_BEFORE=x", "no hooks" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ck_assert_int_eq(load(table[i][0], NULL, NULL, NULL),
		    DBB_ECONFIG);
		ck_assert_msg(strstr(err.message, table[i][1]) != NULL,
		    "%s: %s", table[i][0], err.message);
		ck_assert_str_ne(err.hint, "");
	}
}
END_TEST

START_TEST(an_empty_variable_is_not_set)
{
	ck_assert_int_eq(load("DBB_PASSWORD=", "DBB_REPOSITORY_URL=",
	    "POSTGRES_HOST=", "DBB_CONFIG="), 0);
	assert_value("repository", NULL, "url", NULL, NULL);
	assert_names("");
	ck_assert_int_eq(load("DBB_REPOSITORY_URI=", NULL, NULL, NULL),
	    DBB_ECONFIG);
}
END_TEST

START_TEST(refuses_a_wrong_value)
{
	ck_assert_int_eq(load("DBB_REPOSITORY_COMPRESSION=20", NULL, NULL,
	    NULL), DBB_ECONFIG);
	ck_assert_str_eq(err.message, "environment "
	    "DBB_REPOSITORY_COMPRESSION: 'compression' is '20' and not 'auto' or a "
	    "whole number from 0 to 19");
}
END_TEST

START_TEST(containers_declare_main)
{
	ck_assert_int_eq(load("POSTGRES_HOST=db", "POSTGRES_USER=o'neil\\",
	    "POSTGRES_PASSWORD=s3cret", "POSTGRES_DB=app"), 0);
	assert_names("main");
	assert_value("postgres", "main", "connection",
	    "host='db' user='o\\'neil\\\\' dbname='app'",
	    "environment POSTGRES_HOST");
	assert_secret("main", "s3cret");
	assert_warned(NULL);
}
END_TEST

START_TEST(a_user_alone_declares_nothing)
{
	ck_assert_int_eq(load("POSTGRES_USER=x", "POSTGRES_PASSWORD=y",
	    "POSTGRES_PORT=1", NULL), 0);
	assert_names("");
}
END_TEST

START_TEST(libpq_variables_declare_main)
{
	ck_assert_int_eq(load("PGSERVICE=x", NULL, NULL, NULL), 0);
	assert_names("main");
	assert_value("postgres", "main", "connection", "",
	    "environment PGSERVICE");
}
END_TEST

START_TEST(ports_are_checked)
{
	ck_assert_int_eq(load("POSTGRES_HOST=db", "POSTGRES_PORT=6543", NULL,
	    NULL), 0);
	assert_value("postgres", "main", "connection",
	    "host='db' port='6543'", "environment POSTGRES_HOST");
	ck_assert_int_eq(load("POSTGRES_HOST=db", "POSTGRES_PORT=65536",
	    NULL, NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "POSTGRES_PORT"));
	ck_assert_int_eq(load("POSTGRES_HOST=db",
	    "POSTGRES_PORT=tcp://10.0.0.1:5432", NULL, NULL), 0);
	assert_value("postgres", "main", "connection", "host='db'",
	    "environment POSTGRES_HOST");
	assert_warned("Kubernetes");
}
END_TEST

START_TEST(refuses_a_password_given_twice)
{
	ck_assert_int_eq(load("POSTGRES_HOST=db", "POSTGRES_PASSWORD=s3cret",
	    "POSTGRES_PASSWORD_FILE=/k", NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "POSTGRES_PASSWORD_FILE"));
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
	ck_assert_int_eq(load("DBB_POSTGRES_MAIN_PASSWORD=s3cret",
	    "DBB_POSTGRES_MAIN_PASSWORD_COMMAND=c", NULL, NULL),
	    DBB_ECONFIG);
}
END_TEST

START_TEST(takes_the_repositorys_passphrase)
{
	char *secret = NULL;

	ck_assert_int_eq(load("DBB_PASSWORD=s3cret", NULL, NULL, NULL), 0);
	ck_assert_int_eq(dbbi_config_secret(&secret, config, "repository",
	    NULL, "password", NULL, NULL, &err), 0);
	ck_assert_str_eq(secret, "s3cret");
	dbbi_secret_free(secret);
	ck_assert_int_eq(load("DBB_PASSWORD_FILE=/k", NULL, NULL, NULL), 0);
	assert_value("repository", NULL, "password-file", "/k",
	    "environment DBB_PASSWORD_FILE");
	ck_assert_int_eq(load("DBB_REPOSITORY_PASSWORD_COMMAND=c", NULL,
	    NULL, NULL), 0);
	ck_assert_int_eq(load("DBB_REPOSITORY_KEY_FILE=/k", NULL, NULL,
	    NULL), 0);
	assert_value("repository", NULL, "key-file", "/k",
	    "environment DBB_REPOSITORY_KEY_FILE");
	ck_assert_int_eq(load("DBB_PASSWORD=s3cret",
	    "DBB_REPOSITORY_PASSWORD=s3cret", NULL, NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message,
	    "another variable says the same"));
	ck_assert_int_eq(load("DBB_PASSWORD=s3cret",
	    "DBB_REPOSITORY_KEY_FILE=/k", NULL, NULL), DBB_ECONFIG);
	ck_assert_ptr_null(strstr(err.message, "s3cret"));
}
END_TEST

START_TEST(usual_names_give_way_to_other_sections)
{
	ck_assert_int_eq(load("POSTGRES_HOST=db",
	    "DBB_POSTGRES_APP_CONNECTION=host=a", NULL, NULL), 0);
	assert_names("app");
	assert_value("postgres", "main", "connection", NULL, NULL);
	assert_warned("POSTGRES_HOST is set and not used");
	/* Also when the section comes after the load. */
	ck_assert_int_eq(load("POSTGRES_HOST=db", NULL, NULL, NULL), 0);
	assert_names("main");
	ck_assert_int_eq(dbbi_config_set(config, "postgres other",
	    "connection", "host=o", NULL), 0);
	assert_names("other");
	ck_assert_int_eq(dbbi_config_set(config, "postgres other",
	    "connection", NULL, NULL), 0);
	assert_names("main");
}
END_TEST

START_TEST(usual_names_fill_a_main_that_is_silent)
{
	ck_assert_int_eq(load("POSTGRES_HOST=db",
	    "DBB_POSTGRES_MAIN_DATABASES=*", NULL, NULL), 0);
	assert_names("main");
	assert_value("postgres", "main", "connection", "host='db'",
	    "environment POSTGRES_HOST");
	ck_assert_int_eq(load("POSTGRES_HOST=db", "POSTGRES_PASSWORD=x",
	    "DBB_POSTGRES_MAIN_CONNECTION=host=a", NULL), 0);
	assert_value("postgres", "main", "connection", "host=a",
	    "environment DBB_POSTGRES_MAIN_CONNECTION");
	assert_secret("main", NULL);
}
END_TEST

START_TEST(retention_days_have_a_usual_name)
{
	ck_assert_int_eq(load("BACKUP_RETENTION_DAYS=30", NULL, NULL, NULL),
	    0);
	assert_value("retention", NULL, "days", "30",
	    "environment BACKUP_RETENTION_DAYS");
	ck_assert_int_eq(load("BACKUP_RETENTION_DAYS=30",
	    "DBB_RETENTION_DAYS=7", NULL, NULL), 0);
	assert_value("retention", NULL, "days", "7",
	    "environment DBB_RETENTION_DAYS");
	ck_assert_int_eq(load("BACKUP_RETENTION_DAYS=30",
	    "DBB_POSTGRES_APP_CONNECTION=host=a", NULL, NULL), 0);
	assert_value("retention", NULL, "days", "30",
	    "environment BACKUP_RETENTION_DAYS");
	ck_assert_int_eq(load("BACKUP_RETENTION_DAYS=30 days", NULL, NULL,
	    NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message,
	    "environment BACKUP_RETENTION_DAYS: 'days' is '30 days'"));
}
END_TEST

START_TEST(s3_has_usual_names)
{
	ck_assert_int_eq(load("MINIO_BUCKET=backups",
	    "MINIO_ENDPOINT=http://minio:9000", "MINIO_ACCESS_KEY=me",
	    "MINIO_SECRET_KEY_FILE=/k"), 0);
	assert_warned(NULL);
	assert_value("repository", NULL, "url", "s3://backups",
	    "environment MINIO_BUCKET");
	assert_value("repository", NULL, "endpoint", "http://minio:9000",
	    "environment MINIO_ENDPOINT");
	assert_value("repository", NULL, "secret-key-file", "/k",
	    "environment MINIO_SECRET_KEY_FILE");
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=s3://b",
	    "MINIO_ENDPOINT=http://a", "AWS_ENDPOINT_URL=http://b",
	    "AWS_ENDPOINT_URL_S3=http://c"), 0);
	assert_value("repository", NULL, "endpoint", "http://c",
	    "environment AWS_ENDPOINT_URL_S3");
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=s3://b",
	    "AWS_DEFAULT_REGION=x", "AWS_REGION=y",
	    "DBB_REPOSITORY_ENDPOINT=http://d"), 0);
	assert_value("repository", NULL, "region", "y",
	    "environment AWS_REGION");
	assert_value("repository", NULL, "endpoint", "http://d",
	    "environment DBB_REPOSITORY_ENDPOINT");
}
END_TEST

START_TEST(warns_of_a_bucket_without_a_place)
{
	ck_assert_int_eq(load("MINIO_BUCKET=b", "MINIO_ACCESS_KEY=me",
	    "MINIO_ENDPOINT=", NULL), 0);
	assert_warned("without MINIO_ENDPOINT");
	ck_assert_int_eq(load("MINIO_BUCKET=b", "AWS_ENDPOINT_URL=http://c",
	    NULL, NULL), 0);
	assert_warned(NULL);
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=s3://b", NULL, NULL, NULL),
	    0);
	assert_warned(NULL);
}
END_TEST

START_TEST(names_of_s3_count_only_for_s3)
{
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=file:///r",
	    "AWS_REGION=x", "AWS_ENDPOINT_URL=http://b", NULL), 0);
	assert_value("repository", NULL, "region", NULL, NULL);
	assert_value("repository", NULL, "endpoint", NULL, NULL);
	assert_warned(NULL);
	ck_assert_int_eq(load("DBB_REPOSITORY_URL=file:///r",
	    "MINIO_BUCKET=b", NULL, NULL), 0);
	assert_value("repository", NULL, "url", "file:///r",
	    "environment DBB_REPOSITORY_URL");
	assert_warned("MINIO_… is set and not used: the repository is not "
	    "in s3");
}
END_TEST

START_TEST(warns_of_what_is_not_used)
{
	static const char *const names[] = {
		"NEO4J_URI=x", "BACKUP_SCHEDULE=x", "MINIO_SECRET_KEY=s3cret",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(load(names[i], NULL, NULL, NULL), 0);
		assert_warned("is set and not used");
		ck_assert_ptr_null(strstr(
		    dbbi_config_warnings(config)->items[0], "s3cret"));
	}
	ck_assert_int_eq(load("HOME=/x", "MINIO=x", "NOTHING", NULL), 0);
	assert_warned(NULL);
}
END_TEST

START_TEST(qdrant_has_usual_names)
{
	ck_assert_int_eq(load("QDRANT_URL=https://q:443",
	    "QDRANT_HOST=other", "QDRANT_API_KEY_FILE=/k", NULL), 0);
	assert_names_of("qdrant", "main");
	assert_names("");
	assert_warned(NULL);
	assert_value("qdrant", "main", "url", "https://q:443",
	    "environment QDRANT_URL");
	assert_value("qdrant", "main", "api-key-file", "/k",
	    "environment QDRANT_API_KEY_FILE");
	ck_assert_int_eq(load("QDRANT_HOST=q", NULL, NULL, NULL), 0);
	assert_value("qdrant", "main", "url", "http://q:6333",
	    "environment QDRANT_HOST");
	ck_assert_int_eq(load("QDRANT_HOST=fd00::1", "QDRANT_PORT=7", NULL,
	    NULL), 0);
	assert_value("qdrant", "main", "url", "http://[fd00::1]:7",
	    "environment QDRANT_HOST");
	ck_assert_int_eq(load("QDRANT_HOST=https://q", NULL, NULL, NULL), 0);
	assert_value("qdrant", "main", "url", "https://q",
	    "environment QDRANT_HOST");
	ck_assert_int_eq(load("QDRANT_API_KEY=s3cret", NULL, NULL, NULL), 0);
	assert_names_of("qdrant", "");
}
END_TEST

START_TEST(qdrants_port_is_checked)
{
	ck_assert_int_eq(load("QDRANT_HOST=q",
	    "QDRANT_PORT=tcp://10.0.0.1:6333", NULL, NULL), 0);
	assert_value("qdrant", "main", "url", "http://q:6333",
	    "environment QDRANT_HOST");
	assert_warned("QDRANT_PORT is an address, as Kubernetes sets it");
	ck_assert_int_eq(load("QDRANT_HOST=q", "QDRANT_PORT=x", NULL, NULL),
	    DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "QDRANT_PORT: 'x'"));
}
END_TEST

START_TEST(qdrants_usual_names_give_way_to_sections)
{
	ck_assert_int_eq(load("QDRANT_URL=http://q", "POSTGRES_HOST=db",
	    "DBB_QDRANT_OTHER_URL=http://o", NULL), 0);
	assert_names_of("qdrant", "other");
	assert_names("main");
	assert_warned("QDRANT_URL is set and not used");
	ck_assert_int_eq(load("QDRANT_URL=http://q", "QDRANT_API_KEY=k",
	    "DBB_QDRANT_MAIN_COLLECTIONS=a*", "DBB_QDRANT_MAIN_METHOD=scroll"),
	    0);
	assert_names_of("qdrant", "main");
	assert_value("qdrant", "main", "url", "http://q",
	    "environment QDRANT_URL");
	assert_value("qdrant", "main", "collections", "a*",
	    "environment DBB_QDRANT_MAIN_COLLECTIONS");
	ck_assert_int_eq(load("DBB_QDRANT_MAIN_COLECTIONS=a*", NULL, NULL,
	    NULL), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message,
	    "'DBB_QDRANT_MAIN_COLLECTIONS'"));
}
END_TEST

START_TEST(warns_of_a_password_with_no_use)
{
	ck_assert_int_eq(load("DBB_HISTORY_PASSWORD=s3cret", NULL, NULL,
	    NULL), 0);
	assert_warned("no 'connection'");
	ck_assert_int_eq(load("DBB_HISTORY_PASSWORD=s3cret",
	    "DBB_HISTORY_CONNECTION=host=x", NULL, NULL), 0);
	assert_warned(NULL);
}
END_TEST

START_TEST(the_process_has_an_environment_too)
{
	setenv("DBB_REPOSITORY_URL", "file:///own", 1);
	ck_assert_int_eq(dbbi_config_load(config, "", NULL, &err), 0);
	assert_value("repository", NULL, "url", "file:///own",
	    "environment DBB_REPOSITORY_URL");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config_env");
	TCase *tc = tcase_create("config_env");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, variables_name_section_name_and_key);
	tcase_add_test(tc, the_longest_key_wins);
	tcase_add_test(tc, finds_the_section_that_exists);
	tcase_add_test(tc, refuses_a_name_that_may_mean_two);
	tcase_add_test(tc, unknown_variables_name_the_nearest);
	tcase_add_test(tc, refuses_a_variable_too_long_to_be_known);
	tcase_add_test(tc, refuses_what_later_versions_have);
	tcase_add_test(tc, an_empty_variable_is_not_set);
	tcase_add_test(tc, refuses_a_wrong_value);
	tcase_add_test(tc, containers_declare_main);
	tcase_add_test(tc, a_user_alone_declares_nothing);
	tcase_add_test(tc, libpq_variables_declare_main);
	tcase_add_test(tc, ports_are_checked);
	tcase_add_test(tc, refuses_a_password_given_twice);
	tcase_add_test(tc, takes_the_repositorys_passphrase);
	tcase_add_test(tc, usual_names_give_way_to_other_sections);
	tcase_add_test(tc, usual_names_fill_a_main_that_is_silent);
	tcase_add_test(tc, retention_days_have_a_usual_name);
	tcase_add_test(tc, s3_has_usual_names);
	tcase_add_test(tc, warns_of_a_bucket_without_a_place);
	tcase_add_test(tc, names_of_s3_count_only_for_s3);
	tcase_add_test(tc, warns_of_what_is_not_used);
	tcase_add_test(tc, qdrant_has_usual_names);
	tcase_add_test(tc, qdrants_port_is_checked);
	tcase_add_test(tc, qdrants_usual_names_give_way_to_sections);
	tcase_add_test(tc, warns_of_a_password_with_no_use);
	tcase_add_test(tc, the_process_has_an_environment_too);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
