/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "source/pg_quote.h"
#include "suite.h"

static const struct {
	const char *text;
	int kind;
	const char *name, *grantor;
} cases[] = {
	{ "CREATE ROLE app", DBBI_PG_CREATE_ROLE, "app", NULL },
	{ "create role \"My App\"", DBBI_PG_CREATE_ROLE, "My App", NULL },
	{ "ALTER ROLE app WITH NOSUPERUSER PASSWORD 'SCRAM-SHA-256$4096:x'",
	    DBBI_PG_ALTER_ROLE, "app", NULL },
	{ "ALTER ROLE app SET search_path TO 'a', 'b'",
	    DBBI_PG_ROLE_SETTING, "app", NULL },
	{ "ALTER ROLE app IN DATABASE x SET work_mem TO '1MB'",
	    DBBI_PG_ROLE_IN_DATABASE, "app", NULL },
	{ "ALTER ROLE app RENAME TO b", DBBI_PG_OTHER, NULL, NULL },
	{ "ALTER ROLE ALL RESET ALL", DBBI_PG_OTHER, NULL, NULL },
	{ "COMMENT ON ROLE app IS 'x TO y; GRANT'", DBBI_PG_COMMENT_ROLE,
	    "app", NULL },
	{ "COMMENT ON TABLESPACE fast IS 'x'", DBBI_PG_ALTER_TABLESPACE,
	    "fast", NULL },
	{ "COMMENT ON DATABASE x IS 'y'", DBBI_PG_OTHER, NULL, NULL },
	{ "GRANT readers TO app", DBBI_PG_GRANT_ROLE, "app", NULL },
	{ "GRANT \"to\" TO app WITH ADMIN OPTION GRANTED BY \"Boss\"",
	    DBBI_PG_GRANT_ROLE, "app", "Boss" },
	{ "GRANT a TO app WITH ADMIN OPTION, INHERIT TRUE GRANTED BY b",
	    DBBI_PG_GRANT_ROLE, "app", "b" },
	{ "REVOKE a FROM app", DBBI_PG_GRANT_ROLE, "app", NULL },
	{ "GRANT a TO app, other", DBBI_PG_OTHER, NULL, NULL },
	{ "GRANT ALL ON TABLESPACE fast TO app", DBBI_PG_ALTER_TABLESPACE,
	    "fast", NULL },
	{ "REVOKE ALL ON TABLESPACE fast FROM PUBLIC",
	    DBBI_PG_ALTER_TABLESPACE, "fast", NULL },
	{ "GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO app",
	    DBBI_PG_GRANT_PARAMETER, "app", NULL },
	{ "GRANT SET ON PARAMETER my.level TO app",
	    DBBI_PG_GRANT_PARAMETER, "app", NULL },
	{ "GRANT ALL ON DATABASE x TO app", DBBI_PG_OTHER, NULL, NULL },
	{ "GRANT pg_read_all_data TO app", DBBI_PG_GRANT_ROLE, "app", NULL },
	{ "CREATE TABLESPACE fast OWNER app LOCATION '/fast'",
	    DBBI_PG_CREATE_TABLESPACE, "fast", NULL },
	{ "ALTER TABLESPACE fast SET (random_page_cost=1)",
	    DBBI_PG_ALTER_TABLESPACE, "fast", NULL },
	{ "ALTER TABLESPACE fast OWNER TO x", DBBI_PG_OTHER, NULL, NULL },
	{ "SET client_encoding = 'UTF8'", DBBI_PG_SET, NULL, NULL },
	{ "SET client_encoding = 'LATIN1'", DBBI_PG_SET, NULL, NULL },
	{ "SET client_encoding = 'SJIS'", DBBI_PG_OTHER, NULL, NULL },
	{ "SET standard_conforming_strings = on", DBBI_PG_SET, NULL, NULL },
	{ "SET default_transaction_read_only = off", DBBI_PG_SET, NULL,
	    NULL },
	{ "SET role = 'postgres'", DBBI_PG_OTHER, NULL, NULL },
	{ "SET SESSION AUTHORIZATION x", DBBI_PG_NOTHING, NULL, NULL },
	{ "RESET SESSION AUTHORIZATION", DBBI_PG_NOTHING, NULL, NULL },
	{ "SELECT pg_catalog.set_config('search_path', '', false)",
	    DBBI_PG_NOTHING, NULL, NULL },
	{ "SELECT pg_catalog.pg_terminate_backend(1)", DBBI_PG_OTHER, NULL,
	    NULL },
	{ "DROP ROLE app", DBBI_PG_OTHER, NULL, NULL },
	{ "CREATE DATABASE x", DBBI_PG_OTHER, NULL, NULL },
	{ "ALTER SYSTEM SET work_mem TO '1MB'", DBBI_PG_OTHER, NULL, NULL },
	{ "CREATE", DBBI_PG_OTHER, NULL, NULL },
	{ "CREATE ROLE", DBBI_PG_OTHER, NULL, NULL },
	{ "GRANT", DBBI_PG_OTHER, NULL, NULL },
	{ "", DBBI_PG_OTHER, NULL, NULL },
};

START_TEST(tells_what_a_statement_is_about)
{
	dbbi_pg_statement s;

	ck_assert_int_eq(dbbi_pg_statement_read(&s, cases[_i].text,
	    strlen(cases[_i].text), NULL), 0);
	ck_assert_int_eq(s.kind, cases[_i].kind);
	if (cases[_i].name != NULL)
		ck_assert_pstr_eq(s.name, cases[_i].name);
	ck_assert_pstr_eq(s.grantor, cases[_i].grantor);
	dbbi_pg_statement_clear(&s);
}
END_TEST

START_TEST(knows_where_the_grantor_begins)
{
	static const char text[] = "GRANT a TO b WITH ADMIN OPTION GRANTED BY "
	    "c";
	dbbi_pg_statement s;

	ck_assert_int_eq(dbbi_pg_statement_read(&s, text, strlen(text), NULL),
	    0);
	ck_assert_uint_eq(s.without_grantor,
	    strlen("GRANT a TO b WITH ADMIN OPTION "));
	dbbi_pg_statement_clear(&s);
}
END_TEST

START_TEST(reads_a_statement_cut_anywhere_without_harm)
{
	const char *text = cases[_i].text;
	dbbi_pg_statement s;
	size_t n;
	char *cut;

	for (n = 0; n < strlen(text); n++) {
		cut = malloc(n + 1);
		memcpy(cut, text, n);
		if (dbbi_pg_statement_read(&s, cut, n, NULL) == DBB_OK)
			dbbi_pg_statement_clear(&s);
		free(cut);
	}
}
END_TEST

START_TEST(quotes_names_and_values)
{
	char *sql = dbbi_pg_sql("A %I B %L C %L %% %s", "x\"y", "it's",
	    NULL, "D");

	ck_assert_str_eq(sql, "A \"x\"\"y\" B 'it''s' C NULL % D");
	free(sql);
	sql = dbbi_pg_sql("%L", "a\\'b");
	ck_assert_str_eq(sql, " E'a\\\\''b'");
	free(sql);
}
END_TEST

START_TEST(cuts_between_characters)
{
	ck_assert_uint_eq(dbbi_pg_utf8_cut("abc", 3), 3);
	ck_assert_uint_eq(dbbi_pg_utf8_cut("abc", 2), 2);
	ck_assert_uint_eq(dbbi_pg_utf8_cut("a\xc3\xa4", 2), 1);
	ck_assert_uint_eq(dbbi_pg_utf8_cut("a\xc3\xa4", 3), 3);
	ck_assert_uint_eq(dbbi_pg_utf8_cut("\xf0\x9f\x98\x80", 3), 0);
}
END_TEST

START_TEST(replaces_what_is_no_utf8)
{
	static const struct {
		const char *from, *to;
	} texts[] = {
		{ "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		    "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xe4 b", "? b" }, { "\xc3", "?" }, { "\xc0\x80", "??" },
		{ "\xed\xa0\x80", "???" }, { "\xf4\x90\x80\x80", "????" },
		{ "\xe2\x82", "??" },
	};
	char text[16];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(text, sizeof(text), "%s", texts[i].from);
		dbbi_pg_utf8_clean(text);
		ck_assert_str_eq(text, texts[i].to);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_roles");
	TCase *tc = tcase_create("pg_roles");
	int count = (int)(sizeof(cases) / sizeof(cases[0]));

	tcase_add_loop_test(tc, tells_what_a_statement_is_about, 0, count);
	tcase_add_test(tc, knows_where_the_grantor_begins);
	tcase_add_loop_test(tc, reads_a_statement_cut_anywhere_without_harm,
	    0, count);
	tcase_add_test(tc, quotes_names_and_values);
	tcase_add_test(tc, cuts_between_characters);
	tcase_add_test(tc, replaces_what_is_no_utf8);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
