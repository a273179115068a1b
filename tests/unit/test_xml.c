/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static dbb_error err;
static char seen[4096];
static int verdict;

/* Note each element as "path=text;". */
static int
note(const char *path, const char *text, void *payload, dbb_error *e)
{
	size_t n = strlen(seen);

	ck_assert_ptr_eq(payload, seen);
	snprintf(seen + n, sizeof(seen) - n, "%s=%.100s;", path, text);
	return verdict == DBB_OK ? DBB_OK : dbbi_error_set(e, verdict, "no");
}

static int
read_text(const char *text, const char *root)
{
	seen[0] = '\0';
	return dbbi_xml_read(text, strlen(text), root, note, seen, &err);
}

START_TEST(gives_elements_as_they_end)
{
	ck_assert_int_eq(read_text(" \n<?xml version=\"1.0\"?>\n"
	    "<R xmlns=\"http://x/\"><a>1 &amp; &#x32;</a><n:b c=\"d\"><a/>"
	    "<![CDATA[<]]></n:b></R>", "R"), DBB_OK);
	ck_assert_str_eq(seen, "R/a=1 & 2;R/b/a=;R/b=<;R=;");
	ck_assert_int_eq(read_text("<n:><:/></n:>", NULL), DBB_OK);
	ck_assert_str_eq(seen, "n:/:=;n:=;");
}
END_TEST

static const struct {
	const char *text, *words;
} bad[] = {
	{ "", "no element found" },
	{ "<R>", "no element found" },
	{ "<R></S>", "in line 1: mismatched tag" },
	{ "<R>\xff</R>", "not well-formed" },
	{ "<S/>", "a 'R' was expected, and a 'S' came" },
	{ "<S><a/></S>", "a 'R' was expected, and a 'S' came" },
	{ "<R><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/>",
	    "nested too deep" },
	{ "<!DOCTYPE R [<!ENTITY a \"b\">]><R>&a;</R>", "document type" },
	{ "<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>",
	    "document type" },
	{ "<R>&a;</R>", "undefined entity" },
};

START_TEST(refuses_what_is_no_answer)
{
	ck_assert_int_eq(read_text(bad[_i].text, "R"), DBB_EDAMAGED);
	ck_assert_msg(strstr(err.message, bad[_i].words) != NULL, "%s",
	    err.message);
	ck_assert_str_eq(seen, "");
}
END_TEST

/* What came before is known by then; the end says that it is not good. */
START_TEST(refuses_what_follows_the_document)
{
	ck_assert_int_eq(read_text("<R/><R/>", "R"), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "junk after document"));
}
END_TEST

START_TEST(bounds_names_and_texts)
{
	char *text = malloc(3 * DBBI_XML_TEXT), *at = text;

	at += sprintf(at, "<R>");
	memset(at, 'x', DBBI_XML_TEXT - 1);
	strcpy(at + DBBI_XML_TEXT - 1, "</R>");
	ck_assert_int_eq(read_text(text, NULL), DBB_OK);
	memset(at, 'x', DBBI_XML_TEXT);
	strcpy(at + DBBI_XML_TEXT, "</R>");
	ck_assert_int_eq(read_text(text, NULL), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(err.message, "the text of 'R' is too "
	    "long"));
	at = text + 1;
	memset(at, 'x', 511);
	strcpy(at + 511, "/>");
	ck_assert_int_eq(read_text(text, NULL), DBB_EDAMAGED);
	free(text);
}
END_TEST

/* Even where expat has the end of an empty element on its way. */
START_TEST(stops_where_the_caller_says)
{
	verdict = DBB_ECANCELED;
	ck_assert_int_eq(read_text("<R><a/><b/></R>", "R"), DBB_ECANCELED);
	ck_assert_str_eq(seen, "R/a=;");
	ck_assert_str_eq(err.message, "no");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xml");
	TCase *tc = tcase_create("xml");

	tcase_add_test(tc, gives_elements_as_they_end);
	tcase_add_loop_test(tc, refuses_what_is_no_answer, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, refuses_what_follows_the_document);
	tcase_add_test(tc, bounds_names_and_texts);
	tcase_add_test(tc, stops_where_the_caller_says);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
