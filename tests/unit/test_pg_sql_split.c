/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_sql_split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

/* What is nasty in each of these is that it holds a semicolon which does not
 * end it. */
static const char *const whole[] = {
	"SELECT 1",
	"SELECT ';', 'it''s; fine'",
	"SELECT E'\\';', e'a\\\\'",
	"SELECT 'a\\'",			/* a backslash is itself */
	"SELECT \"a;b\", \"c\"\";d\"",
	"SELECT $$;'$$, $tag$;$$;$tag2$;$tag$",
	"SELECT a$b, $1",
	"SELECT 1 -- ; ' \" $$ /*\n + 2",
	"SELECT 1 -- ;\r + 2",
	"SELECT /* ; ' /* nested ; */ \" $$ */ 3",
	"COMMENT ON ROLE \"x\" IS 'line\n\\restrict ;\nline'",
	"SELECT '\xc3\xa4;', \xc3\xa4",
};

#define WHOLE_COUNT (sizeof(whole) / sizeof(whole[0]))

/* The nth statement of a text, to free(3); NULL at its end. */
static char *
nth(const char *text, size_t n)
{
	dbbi_sql_statement s;
	dbbi_sql_cursor c;

	dbbi_sql_begin(&c, text, strlen(text));
	do {
		ck_assert_int_eq(dbbi_sql_statement_next(&s, &c, NULL), 0);
	} while (n-- > 0 && s.text != NULL);
	return s.text == NULL ? NULL : strndup(s.text, s.size);
}

static void
check_nth(const char *text, size_t n, const char *expected)
{
	char *found = nth(text, n);

	if (expected == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, expected);
	free(found);
}

/* All statements taken; the first failure. */
static int
take_all(const char *text, size_t size, dbb_error *err)
{
	dbbi_sql_statement s;
	dbbi_sql_cursor c;
	int rc;

	dbbi_sql_begin(&c, text, size);
	while ((rc = dbbi_sql_statement_next(&s, &c, err)) == DBB_OK &&
	    s.text != NULL)
		;
	return rc;
}

START_TEST(semicolons_in_quotes_and_comments_end_nothing)
{
	char text[512];

	snprintf(text, sizeof(text), "/* begin; */ %s ;\nEND;", whole[_i]);
	check_nth(text, 0, whole[_i]);
	check_nth(text, 1, "END");
	check_nth(text, 2, NULL);
}
END_TEST

START_TEST(a_text_cut_anywhere_is_damaged_or_shorter)
{
	dbb_error err;
	size_t size = strlen(whole[_i]), n;
	char *cut;
	int rc;

	for (n = 1; n < size; n++) {
		/* On the heap, so that a sanitizer sees one byte too many. */
		cut = malloc(n);
		memcpy(cut, whole[_i], n);
		rc = take_all(cut, n, &err);
		ck_assert_int_eq(rc, DBB_EDAMAGED);
		free(cut);
	}
}
END_TEST

START_TEST(names_the_line_of_what_has_no_end)
{
	static const char text[] = "SELECT 1;\n\nSELECT\n 'secret";
	dbb_error err;

	ck_assert_int_eq(take_all(text, strlen(text), &err), DBB_EDAMAGED);
	ck_assert_str_eq(err.message, "line 4: a quote has no end");
}
END_TEST

START_TEST(refuses_a_zero_byte_in_a_statement)
{
	static const char *const texts[] = { "SELECT \0;", "SELECT '\0';",
		"/**/ SELECT /*\0*/;", "SELECT a\0b;" };
	static const size_t sizes[] = { 9, 11, 19, 11 };
	size_t i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(take_all(texts[i], sizes[i], NULL),
		    DBB_EDAMAGED);
}
END_TEST

START_TEST(passes_over_lines_of_psql)
{
	static const char text[] = "\\restrict abc;'\n-- x\nSELECT 1;\n"
	    "\\connect -reuse \"x\"\nSELECT 2;\n\\unrestrict abc";

	check_nth(text, 0, "SELECT 1");
	check_nth(text, 1, "SELECT 2");
	check_nth(text, 2, NULL);
}
END_TEST

START_TEST(refuses_a_backslash_within_a_statement)
{
	static const char text[] = "SELECT 1\n\\connect x\n;";

	ck_assert_int_eq(take_all(text, strlen(text), NULL), DBB_EDAMAGED);
}
END_TEST

START_TEST(backslashes_escape_once_the_setting_says_so)
{
	static const char text[] =
	    "SET standard_conforming_strings = off;\nSELECT '\\';';\n"
	    "SET standard_conforming_strings TO on;\nSELECT '\\';";

	check_nth(text, 1, "SELECT '\\';'");
	check_nth(text, 3, "SELECT '\\'");
	check_nth(text, 4, NULL);
}
END_TEST

START_TEST(an_empty_text_has_no_statements)
{
	check_nth("", 0, NULL);
	check_nth(" \n-- only a remark", 0, NULL);
	check_nth(";", 0, "");
}
END_TEST

START_TEST(survives_any_bytes)
{
	static const char alphabet[] = "'\"$;/*-\\eE a\n\0x\r1";
	unsigned state = 1;
	char text[24];
	size_t i, n;

	for (n = 0; n < 20000; n++) {
		for (i = 0; i < sizeof(text); i++) {
			state = state * 1103515245u + 12345u;
			text[i] = alphabet[(state >> 16) %
			    (sizeof(alphabet) - 1)];
		}
		take_all(text, n % (sizeof(text) + 1), NULL);
	}
}
END_TEST

START_TEST(names_are_folded_or_unquoted)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "App", "app" }, { "\"App\"", "App" },
		{ "\"a\"\"b\"", "a\"b" }, { "\"\"\"\"", "\"" },
		{ "\xc3\x84x", "\xc3\x84x" }, { "\"a;b\nc\"", "a;b\nc" },
	};
	dbbi_sql_cursor c;
	dbbi_sql_token t;
	char *name;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dbbi_sql_begin(&c, cases[i].text, strlen(cases[i].text));
		ck_assert_int_eq(dbbi_sql_token_next(&t, &c, NULL), 0);
		name = dbbi_sql_name(&t);
		ck_assert_str_eq(name, cases[i].name);
		free(name);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_sql_split");
	TCase *tc = tcase_create("pg_sql_split");

	tcase_add_loop_test(tc, semicolons_in_quotes_and_comments_end_nothing,
	    0, (int)WHOLE_COUNT);
	tcase_add_loop_test(tc, a_text_cut_anywhere_is_damaged_or_shorter, 0,
	    (int)WHOLE_COUNT);
	tcase_add_test(tc, names_the_line_of_what_has_no_end);
	tcase_add_test(tc, refuses_a_zero_byte_in_a_statement);
	tcase_add_test(tc, passes_over_lines_of_psql);
	tcase_add_test(tc, refuses_a_backslash_within_a_statement);
	tcase_add_test(tc, backslashes_escape_once_the_setting_says_so);
	tcase_add_test(tc, an_empty_text_has_no_statements);
	tcase_add_test(tc, survives_any_bytes);
	tcase_add_test(tc, names_are_folded_or_unquoted);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
