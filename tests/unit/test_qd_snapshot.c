/* SPDX-License-Identifier: BSD-2-Clause */
/* Which snapshot a note is about; and what is deleted for one. */
#include <config.h>

#include "source/qd_snapshot_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "http_fixture.h"
#include "suite.h"

#define ASKED "1795393660500"	/* 2026-11-23T00:27:40.5Z */
#define NAME(time) "docs-1-2026-11-23-00-27-" time ".snapshot"
#define ONE(name) "{\"name\":\"" name "\",\"size\":1}"

static dbb_error err;

static dbbi_json *
parse(const char *text)
{
	dbbi_json *json = NULL;

	ck_assert_int_eq(dbbi_json_parse(&json, text, strlen(text), NULL), 0);
	return json;
}

static const struct {
	const char *list;
	const char *more;	/* of the note */
	const char *found;	/* NULL: none */
	int rc;
} cases[] = {
	{ "[]", "", NULL, 0 },
	{ "[" ONE(NAME("40")) "]", "", NAME("40"), 0 },
	{ "[" ONE(NAME("39")) "]", "", NAME("39"), 0 },
	{ "[" ONE(NAME("38")) "]", "", NULL, 0 },
	{ "[" ONE("docs-1-2026-11-23-00-28-10.snapshot") "]", "",
	    "docs-1-2026-11-23-00-28-10.snapshot", 0 },
	{ "[" ONE("docs-1-2026-11-23-00-28-11.snapshot") "]", "", NULL, 0 },
	{ "[" ONE("mine.snapshot") "," ONE(NAME("41")) "]", "", NAME("41"),
	    0 },
	/* What was there before is somebody's. */
	{ "[" ONE(NAME("40")) "," ONE(NAME("41")) "]",
	    ",\"before\":[\"" NAME("40") "\"]", NAME("41"), 0 },
	{ "[" ONE(NAME("40")) "," ONE(NAME("41")) "]", "", NULL,
	    DBB_ESOURCE },
	/* The name is known. */
	{ "[" ONE(NAME("40")) "," ONE(NAME("41")) "]",
	    ",\"name\":\"" NAME("41") "\"", NAME("41"), 0 },
	{ "[" ONE(NAME("40")) "]", ",\"name\":\"" NAME("41") "\"", NULL, 0 },
	/* A name that no snapshot of ours has, or of another time. */
	{ "[" ONE("mine.snapshot") "]", ",\"name\":\"mine.snapshot\"", NULL,
	    0 },
	{ "[" ONE(NAME("10")) "]", ",\"name\":\"" NAME("10") "\"", NULL, 0 },
};

START_TEST(a_note_is_about_one_snapshot)
{
	char text[512];
	dbbi_json *list = parse(cases[_i].list), *note;
	const dbbi_json *found = NULL;

	snprintf(text, sizeof(text), "{\"collection\":\"docs\","
	    "\"asked_at_ms\":" ASKED "%s}", cases[_i].more);
	note = parse(text);
	ck_assert_int_eq(dbbi_qd_snapshots_find(&found, list, note, &err),
	    cases[_i].rc);
	if (cases[_i].found == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(dbbi_json_string(found, "name"),
		    cases[_i].found);
	dbbi_json_free(note);
	dbbi_json_free(list);
}
END_TEST

START_TEST(a_note_that_makes_no_sense_is_refused)
{
	static const char *const notes[] = { "{}",
	    "{\"collection\":\"docs\"}",
	    "{\"collection\":\"../x\",\"asked_at_ms\":1}",
	    "{\"collection\":\"docs\",\"asked_at_ms\":-1}",
	    "{\"collection\":\"docs\",\"asked_at_ms\":9223372036854775807}",
	    "{\"collection\":7,\"asked_at_ms\":1}" };
	dbbi_json *list = parse("[" ONE(NAME("40")) "]"), *note;
	const dbbi_json *found = NULL;
	size_t i;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		note = parse(notes[i]);
		ck_assert_int_eq(dbbi_qd_snapshots_find(&found, list, note,
		    &err), DBB_EDAMAGED);
		ck_assert_ptr_null(found);
		dbbi_json_free(note);
	}
	dbbi_json_free(list);
}
END_TEST

START_TEST(a_description_is_checked)
{
	static const char *const no[] = { "{}", "{\"name\":\"x\"}",
	    "{\"name\":\"../x\",\"size\":1}", "{\"name\":\"x\",\"size\":-1}",
	    "{\"name\":\"x\",\"size\":1,\"checksum\":\"abc\"}" };
	dbbi_qd_snapshot snapshot = {0};
	dbbi_json *one;
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		one = parse(no[i]);
		ck_assert_int_eq(dbbi_qd_snapshot_read(&snapshot, "docs",
		    one, &err), DBB_ESOURCE);
		ck_assert_str_ne(err.hint, "");
		dbbi_json_free(one);
	}
	one = parse(ONE(NAME("40")));
	ck_assert_int_eq(dbbi_qd_snapshot_read(&snapshot, "docs", one, NULL),
	    0);
	ck_assert_str_eq(snapshot.name, NAME("40"));
	ck_assert_int_eq(snapshot.taken_at_ms, 1795393660000);
	ck_assert_str_eq(snapshot.sha256, "");
	dbbi_qd_snapshot_clear(&snapshot);
	dbbi_json_free(one);
}
END_TEST

/* ---- what a server is asked for ---- */

#define ROOT "{\"title\":\"qdrant\",\"version\":\"1.18.3\"}"
#define DATE "Date: Mon, 23 Nov 2026 00:30:00 GMT\r\n"

/* Clear up after `note`, where the server lists `list`; how many questions
 * there were. */
static unsigned
clear_up(int expected, const char *note, const char *list)
{
	http_server *server = http_server_start(NULL);
	dbbi_qd_settings settings = {0};
	dbbi_json *parsed = parse(note);
	dbbi_run run;
	dbbi_qd *qd = NULL;
	http_answer answer = { .body = ROOT, .headers = DATE };
	char text[512];
	unsigned asked;

	snprintf(text, sizeof(text), "{\"result\":%s}", list);
	http_server_add(server, &answer, 1);
	answer.body = text;
	http_server_add(server, &answer, 2);
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	ck_assert_int_eq(dbbi_qd_connect(&qd, &settings,
	    http_server_url(server), &run, &err), 0);
	ck_assert_int_eq(dbbi_qd_snapshot_clear_up(qd, parsed, &err),
	    expected);
	asked = http_server_count(server);
	if (asked == 3)
		ck_assert_ptr_nonnull(strstr(http_server_seen(server, 2).head,
		    "DELETE /collections/docs/snapshots/" NAME("40")
		    "?wait=true "));
	dbbi_qd_free(qd);
	dbbi_run_clear(&run);
	dbbi_json_free(parsed);
	http_server_stop(server);
	return asked;
}

#define NOTE(asked) "{\"collection\":\"docs\",\"asked_at_ms\":" asked "}"

START_TEST(what_a_killed_run_left_is_deleted)
{
	ck_assert_uint_eq(clear_up(0, NOTE(ASKED), "[" ONE(NAME("40")) "]"),
	    3);
}
END_TEST

START_TEST(nothing_else_is_deleted)
{
	ck_assert_uint_eq(clear_up(DBB_FINDINGS, NOTE(ASKED),
	    "[" ONE(NAME("10")) "]"), 2);
	/* It may still be made, but not for ever. */
	ck_assert_uint_eq(clear_up(0, NOTE("1795300000000"), "[]"), 2);
}
END_TEST

static Suite *
snapshot_suite(void)
{
	Suite *suite = suite_create("qd_snapshot");
	TCase *tc = tcase_create("notes");

	tcase_add_loop_test(tc, a_note_is_about_one_snapshot, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, a_note_that_makes_no_sense_is_refused);
	tcase_add_test(tc, a_description_is_checked);
	tcase_add_test(tc, what_a_killed_run_left_is_deleted);
	tcase_add_test(tc, nothing_else_is_deleted);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return suite_run(snapshot_suite());
}
