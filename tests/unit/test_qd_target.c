/* SPDX-License-Identifier: BSD-2-Clause */
/* What a set says of its collections, checked before a server is asked; and
 * which server may be given what. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "source/qd_target_private.h"
#include "suite.h"

static dbb_error err;
static dbbi_json *facts;
static dbbi_target_plan plan;
static dbbi_qd_target target;

static void
tear_down(void)
{
	free(target.restored);
	dbbi_json_free(facts);
	memset(&target, 0, sizeof(target));
	facts = NULL;
}

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REST "\"points\":5,\"points_after\":3,\"aliases\":[\"live\"]," \
	"\"snapshot\":{\"sha256\":\"" SUM "\"}"
#define ONE(name) "{\"name\":\"" name "\",\"streams\":[\"" name \
	".snapshot\"]," REST "}"
#define FACTS(collections) "{\"server_version\":\"1.18.3\",\"method\":" \
	"\"snapshot\",\"collections\":[" collections "]}"

static int
check_into(const char *text, const char *into)
{
	tear_down();
	ck_assert_int_eq(dbbi_json_parse(&facts, text, strlen(text), &err), 0);
	plan = (dbbi_target_plan){ .facts = facts, .set = "2026", .into = into };
	target.plan = &plan;
	return dbbi_qd_plan_check(&target, &err);
}

START_TEST(takes_what_a_backup_says)
{
	ck_assert_msg(check_into(FACTS(ONE("docs") "," ONE("a 1#ü")),
	    NULL) == 0, "%s", err.message);
	ck_assert_uint_eq(target.count, 2);
	ck_assert_str_eq(target.restored[0].name, "docs");
	ck_assert_str_eq(target.restored[1].target, "a 1#ü");
	ck_assert_str_eq(target.restored[1].stream, "a 1#ü.snapshot");
	ck_assert_str_eq(target.restored[0].sha256, SUM);
	ck_assert(target.restored[0].least == 3 &&
	    target.restored[0].most == 5);
	ck_assert_int_eq(check_into(FACTS(ONE("docs")), "copy"), 0);
	ck_assert_str_eq(target.restored[0].target, "copy");
}
END_TEST

static const struct { const char *facts, *why; } bad[] = {
	{ "{}", "how it was made" },
	{ "{\"method\":\"magic\"}", "method 'magic'" },
	{ "{\"method\":\"snapshot\",\"server_version\":\"1.18.3\"}",
	    "no collections" },
	{ FACTS(""), "no collections" },
	{ "{\"method\":\"snapshot\",\"server_version\":\"new\","
	    "\"collections\":[" ONE("a") "]}", "version is missing" },
	{ "{\"method\":\"snapshot\",\"server_version\":\"1.18\","
	    "\"collections\":[" ONE("a") "]}", "version is missing" },
	{ FACTS("7"), "no usable name" },
	{ FACTS(ONE("a/b")), "no usable name" },
	{ FACTS(ONE("..")), "no usable name" },
	{ FACTS(ONE("")), "no usable name" },
	{ FACTS(ONE("a") "," ONE("a")), "named twice" },
	{ FACTS("{\"name\":\"a\"," REST "}"), "names no stream" },
	{ FACTS("{\"name\":\"a\",\"streams\":[1]," REST "}"),
	    "names no stream" },
	{ FACTS("{\"name\":\"a\",\"streams\":[\"a@1.snapshot\","
	    "\"a@2.snapshot\"]," REST "}"), "several parts" },
	{ FACTS("{\"name\":\"a\",\"streams\":[\"s\"],\"points\":1,"
	    "\"points_after\":1}"), "no SHA-256" },
	{ FACTS("{\"name\":\"a\",\"streams\":[\"s\"],\"points\":1,"
	    "\"points_after\":1,\"snapshot\":{\"sha256\":\"a&priority="
	    "replica\"}}"), "no SHA-256" },
	{ FACTS("{\"name\":\"a\",\"streams\":[\"s\"],\"points\":-1,"
	    "\"points_after\":1,\"snapshot\":{\"sha256\":\"" SUM "\"}}"),
	    "no number of points" },
	{ FACTS("{\"name\":\"a\",\"streams\":[\"s\"],\"points\":1,"
	    "\"points_after\":1,\"aliases\":[\"a/b\"],\"snapshot\":{"
	    "\"sha256\":\"" SUM "\"}}"), "an alias" },
};

START_TEST(refuses_hostile_facts)
{
	ck_assert_int_lt(check_into(bad[_i].facts, NULL), 0);
	ck_assert_msg(strstr(err.message, bad[_i].why) != NULL, "%s",
	    err.message);
}
END_TEST

START_TEST(gives_one_name_to_one_collection)
{
	ck_assert_int_eq(check_into(FACTS(ONE("a") "," ONE("b")), "c"),
	    DBB_EINVAL);
	ck_assert_str_ne(err.hint, "");
	ck_assert_int_eq(check_into(FACTS(ONE("a")), "c/d"), DBB_EINVAL);
	ck_assert_int_eq(check_into(FACTS(ONE("a")), ""), DBB_EINVAL);
}
END_TEST

static const struct { const char *here, *there; int rc, far; } versions[] = {
	{ "1.18.3", "1.18.3", 0, 0 },
	{ "1.18.0", "1.18.3", 0, 0 },
	{ "1.19.0", "1.18.3", 0, 0 },
	{ "1.20.0", "1.18.3", 0, 1 },
	{ "2.0.0", "1.18.3", 0, 1 },
	{ "1.17.9", "1.18.0", DBB_EVERSION, 0 },
	{ "1.9.9", "1.18.0", DBB_EVERSION, 0 },
	{ "0.99.0", "1.0.0", DBB_EVERSION, 0 },
	{ "1.19.0-dev", "1.18.3", 0, 0 },
	{ "nightly", "1.18.3", 0, 1 },
};

START_TEST(refuses_older_servers)
{
	int far = -1, rc = dbbi_qd_version_check(&far, versions[_i].here,
	    versions[_i].there, &err);

	ck_assert_int_eq(rc, versions[_i].rc);
	ck_assert_int_eq(far, versions[_i].far);
	if (rc < 0)
		ck_assert_ptr_nonnull(strstr(err.hint, versions[_i].there));
}
END_TEST

/* ---- what a killed restore left ---- */

static int
clear_up(const char *text)
{
	dbbi_json *note = NULL;
	int rc;

	ck_assert_int_eq(dbbi_json_parse(&note, text, strlen(text), &err), 0);
	/* No server: it may not be asked. */
	rc = dbbi_qd_upload_clear_up(NULL, note, &err);
	dbbi_json_free(note);
	return rc;
}

START_TEST(deletes_nothing_that_is_not_ours)
{
	static const char *const notes[] = {
		"{}", "{\"collection\":\"a/b\"}", "{\"collection\":\"books\"}",
		"{\"collection\":\"books.dbb-12345678-12345\"}",
		"{\"collection\":\"books.dbb-12345678-123456\","
		"\"serves\":\"other\"}",
		"{\"collection\":\"books\",\"file\":\"books-1-2026-11-23-00-27-"
		"40.snapshot\"}",
		"{\"collection\":\"books\",\"file\":\"dbb-.snapshot\"}",
		"{\"collection\":\"books\",\"file\":\"dbb-0123456789abcde/."
		"snapshot\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		ck_assert_int_eq(clear_up(notes[i]), DBB_EDAMAGED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("qd_target");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, tear_down);
	tcase_add_test(t, takes_what_a_backup_says);
	tcase_add_loop_test(t, refuses_hostile_facts, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, gives_one_name_to_one_collection);
	tcase_add_loop_test(t, refuses_older_servers, 0,
	    sizeof(versions) / sizeof(versions[0]));
	tcase_add_test(t, deletes_nothing_that_is_not_ours);
	suite_add_tcase(s, t);
	return suite_run(s);
}
