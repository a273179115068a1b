/* SPDX-License-Identifier: BSD-2-Clause */
/* Roles and tablespaces on their way into a server: what exists is kept, what
 * cannot be made is told, nothing else is executed, and no secret is shown. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "pg_fixture.h"
#include "source/pg_roles.h"

static struct pg_world w;
static dbbi_pg_params *params;
static dbbi_pg *pg;
static dbbi_json *warnings;
static dbbi_pg_roles_result result;

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE maker LOGIN CREATEROLE; "
	    "CREATE ROLE kept PASSWORD 'old' CONNECTION LIMIT 3; "
	    "CREATE ROLE plain LOGIN");
}

static void
connect_as(const char *user)
{
	pg_world_set(&w, "connection", pg_server_conninfo(user, "postgres"));
	dbbi_pg_free(pg);
	dbbi_pg_params_free(params);
	ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env, &w.err), 0);
	ck_assert_msg(dbbi_pg_connect(&pg, &w.run, params, NULL, &w.err) == 0,
	    "%s", w.err.message);
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "postgres");
	connect_as(NULL);
	warnings = dbbi_json_new_array();
}

static void
tear_down(void)
{
	dbbi_pg_roles_result_clear(&result);
	dbbi_json_free(warnings);
	dbbi_pg_free(pg);
	dbbi_pg_params_free(params);
	pg_world_end(&w);
	pg_sqlf("DROP ROLE IF EXISTS a, b, c");
}

static int
load(const char *text)
{
	return dbbi_pg_roles_load(&result, pg, text, strlen(text), warnings,
	    &w.err);
}

static void
load_well(const char *text)
{
	ck_assert_msg(load(text) == 0, "%s", w.err.message);
}

static void
assert_warned(const char *words)
{
	ck_assert_has(dbbi_json_text(warnings), words);
	ck_assert_has(w.log, words);
}

/* ---- how it fails ---- */

START_TEST(a_text_that_is_cut_changes_nothing)
{
	static const char *const cut[] = { "'cut", "\"cut", "$x$cut" };
	char text[128] = "CREATE ROLE a;\nALTER ROLE a PASSWORD ";

	strcat(text, cut[_i]);
	ck_assert_int_eq(load(text), DBB_EDAMAGED);
	ck_assert_uint_eq(result.made.count, 0);
	pg_assert_said("postgres", "SELECT count(*) FROM pg_roles WHERE "
	    "rolname = 'a'", "0");
}
END_TEST

START_TEST(a_lost_connection_ends_it)
{
	pg_sqlf("SELECT pg_terminate_backend(%d, 5000)",
	    PQbackendPID(dbbi_pg_handle(pg)));
	ck_assert_int_eq(load("CREATE ROLE a;\n"), DBB_ECONNECT);
}
END_TEST

START_TEST(a_cancel_ends_it)
{
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(load("CREATE ROLE a;\n"), DBB_ECANCELED);
}
END_TEST

START_TEST(who_may_make_no_roles_is_told_which_are_missing)
{
	connect_as("plain");
	load_well("CREATE ROLE a;\nALTER ROLE a WITH LOGIN;\nCREATE ROLE b;\n"
	    "GRANT a TO b;\n");
	assert_warned("roles that could not be made: 'a', 'b' (permission "
	    "denied");
	ck_assert_uint_eq(result.missing.count, 2);
	ck_assert_uint_eq(result.made.count, 0);
}
END_TEST

/* A role that is to be more than its maker. */
START_TEST(a_role_without_its_attributes_is_not_left_behind)
{
	connect_as("maker");
	load_well("CREATE ROLE a;\nALTER ROLE a WITH SUPERUSER PASSWORD "
	    "'SCRAM-SHA-256$secret';\nCREATE ROLE b;\n");
	pg_assert_said("postgres", "SELECT string_agg(rolname, ' ') FROM "
	    "pg_roles WHERE rolname IN ('a', 'b')", "b");
	assert_warned("roles that could not be made: 'a'");
	ck_assert_uint_eq(result.made.count, 1);
	ck_assert_ptr_null(strstr(dbbi_json_text(warnings), "SCRAM"));
}
END_TEST

START_TEST(words_of_the_server_that_quote_a_secret_are_hidden)
{
	load_well("CREATE ROLE a;\nALTER ROLE a WITH VALID UNTIL "
	    "'geheim-geheim';\n");
	assert_warned("roles that could not be made: 'a'");
	assert_warned("*************");
	ck_assert_ptr_null(strstr(w.log, "geheim"));
}
END_TEST

/* ---- what is executed ---- */

START_TEST(what_is_of_no_known_kind_is_not_executed)
{
	load_well("CREATE TABLE evil (a int);\nDO $$ BEGIN CREATE ROLE a; END "
	    "$$;\nCREATE ROLE b SUPERUSER;\nDROP ROLE kept;\nSELECT 1;\n");
	pg_assert_said("postgres", "SELECT to_regclass('evil') IS NULL AND "
	    "NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'a') AND "
	    "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kept')", "t");
	ck_assert_int_gt(result.other, 0);
	assert_warned("are of no known kind and were not executed");
}
END_TEST

START_TEST(what_exists_is_kept_as_it_is)
{
	char *before = pg_ask("postgres", "SELECT rolpassword FROM pg_authid "
	    "WHERE rolname = 'kept'");

	load_well("CREATE ROLE kept;\nALTER ROLE kept WITH LOGIN CONNECTION "
	    "LIMIT 9 PASSWORD 'new';\nCOMMENT ON ROLE kept IS 'x';\n"
	    "ALTER ROLE kept SET work_mem TO '9MB';\n");
	pg_assert_said("postgres", "SELECT rolconnlimit || ' ' || rolcanlogin "
	    "|| ' ' || coalesce(rolconfig::text, '-') FROM pg_roles WHERE "
	    "rolname = 'kept'", "3 false -");
	pg_assert_said("postgres", "SELECT rolpassword FROM pg_authid WHERE "
	    "rolname = 'kept'", before);
	ck_assert_uint_eq(result.made.count, 0);
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
	free(before);
}
END_TEST

START_TEST(a_new_role_comes_with_all_that_it_had)
{
	load_well("SET client_encoding = 'UTF8';\n\nCREATE ROLE a;\n"
	    "ALTER ROLE a WITH NOSUPERUSER LOGIN CONNECTION LIMIT 5 PASSWORD "
	    "'md500000000000000000000000000000000';\n"
	    "COMMENT ON ROLE a IS 'it''s a';\n"
	    "ALTER ROLE a SET work_mem TO '9MB';\nCREATE ROLE b;\n"
	    "GRANT b TO a WITH ADMIN OPTION GRANTED BY postgres;\n");
	pg_assert_said("postgres", "SELECT rolconnlimit || ' ' || rolpassword "
	    "|| ' ' || shobj_description(oid, 'pg_authid') FROM pg_authid "
	    "WHERE rolname = 'a'", "5 md500000000000000000000000000000000 "
	    "it's a");
	pg_assert_said("postgres", "SELECT rolconfig FROM pg_roles WHERE "
	    "rolname = 'a'", "{work_mem=9MB}");
	pg_assert_said("postgres", "SELECT admin_option FROM pg_auth_members "
	    "WHERE member = 'a'::regrole AND roleid = 'b'::regrole", "t");
	ck_assert_uint_eq(result.made.count, 2);
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
}
END_TEST

START_TEST(a_grantor_that_is_not_here_is_left_out)
{
	load_well("CREATE ROLE a;\nCREATE ROLE b;\nGRANT b TO a GRANTED BY "
	    "\"nobody here\";\n");
	pg_assert_said("postgres", "SELECT count(*) FROM pg_auth_members "
	    "WHERE member = 'a'::regrole AND roleid = 'b'::regrole", "1");
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
}
END_TEST

START_TEST(a_refused_setting_is_a_warning_and_the_rest_goes_on)
{
	load_well("CREATE ROLE a;\nALTER ROLE a SET work_mem TO 'plenty';\n"
	    "CREATE ROLE b;\n");
	assert_warned("a setting of role 'a' was not restored: invalid");
	ck_assert_uint_eq(result.made.count, 2);
}
END_TEST

START_TEST(a_tablespace_is_made_or_told)
{
	load_well("CREATE TABLESPACE near OWNER postgres LOCATION '';\n"
	    "COMMENT ON TABLESPACE near IS 'here';\n"
	    "CREATE TABLESPACE far LOCATION '/nowhere/at/all';\n"
	    "COMMENT ON TABLESPACE far IS 'there';\n");
	assert_warned("tablespace 'far' was not restored: ");
	ck_assert_int_eq(result.tablespaces_missing, 1);
	ck_assert_uint_eq(result.tablespaces_made.count, 1);
	ck_assert_str_eq(result.tablespaces_made.items[0], "near");
	pg_assert_said("postgres", "SELECT shobj_description(oid, "
	    "'pg_tablespace') FROM pg_tablespace WHERE spcname = 'near'",
	    "here");
	/* One that exists is kept. */
	dbbi_pg_roles_result_clear(&result);
	memset(&result, 0, sizeof(result));
	load_well("CREATE TABLESPACE near OWNER postgres LOCATION '/other';\n"
	    "COMMENT ON TABLESPACE near IS 'changed';\n");
	ck_assert_uint_eq(result.tablespaces_made.count, 0);
	ck_assert_int_eq(result.tablespaces_missing, 0);
	pg_assert_said("postgres", "SELECT shobj_description(oid, "
	    "'pg_tablespace') FROM pg_tablespace WHERE spcname = 'near'",
	    "here");
	pg_sqlf("DROP TABLESPACE near");
}
END_TEST

START_TEST(many_missing_roles_are_counted)
{
	char text[1024] = "";
	int i;

	for (i = 0; i < 12; i++)
		sprintf(text + strlen(text), "CREATE ROLE r%d;\n", i);
	connect_as("plain");
	load_well(text);
	assert_warned("'r9' and 2 more");
}
END_TEST

int
main(void)
{
	static const char *const settings[] = {
	    "allow_in_place_tablespaces=on", NULL };
	Suite *suite = suite_create("pg_globals");
	TCase *tc = tcase_create("pg_globals");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_text_that_is_cut_changes_nothing, 0, 3);
	tcase_add_test(tc, a_lost_connection_ends_it);
	tcase_add_test(tc, a_cancel_ends_it);
	tcase_add_test(tc, who_may_make_no_roles_is_told_which_are_missing);
	tcase_add_test(tc, a_role_without_its_attributes_is_not_left_behind);
	tcase_add_test(tc,
	    words_of_the_server_that_quote_a_secret_are_hidden);
	tcase_add_test(tc, what_is_of_no_known_kind_is_not_executed);
	tcase_add_test(tc, what_exists_is_kept_as_it_is);
	tcase_add_test(tc, a_new_role_comes_with_all_that_it_had);
	tcase_add_test(tc, a_grantor_that_is_not_here_is_left_out);
	tcase_add_test(tc,
	    a_refused_setting_is_a_warning_and_the_rest_goes_on);
	tcase_add_test(tc, a_tablespace_is_made_or_told);
	tcase_add_test(tc, many_missing_roles_are_counted);
	suite_add_tcase(suite, tc);
	pg_server_start(settings);
	return pg_server_run(suite);
}
