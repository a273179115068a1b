/* SPDX-License-Identifier: BSD-2-Clause */
/* The last step of a restore: at every moment one whole database answers to
 * the name, and nothing that is in no set is dropped. */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_set_fixture.h"

static struct pg_world w;
static struct pg_set set;		/* of 'app' */
static struct pg_restoring r;
static const char *into;		/* what it is restored as */

#define KEPT "SELECT datname ~ '_replaced_[0-9]{8}T[0-9]{6}Z$' FROM " \
	"pg_database WHERE datname ~ '^%s_replaced'"

static void
prepare(void)
{
	pg_sqlf("CREATE DATABASE app");
	pg_sqlf("COMMENT ON DATABASE app IS 'the set''s comment'");
	pg_sqlf("CREATE ROLE plain LOGIN CREATEDB");
	pg_world_begin(&w, NULL, "app");
	pg_set_take(&set, &w);
	pg_world_end(&w);
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "postgres");
	pg_restoring_begin(&r, &set, &w);
}

static void
tear_down(void)
{
	pg_restoring_end(&r);
	pg_sqlf("DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", into);
	/* Whatever became of it, nothing half-made is left. */
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database "
	    "WHERE datname ~ '^dbb_'", "0");
	pg_world_end(&w);
}

/* Up to the last step, without the tools' slowness: what is restored is a
 * table. */
static void
load(void)
{
	dbbi_pg_target *t;
	size_t i;

	ck_assert_msg(pg_restoring_open(&r) == 0, "%s", w.err.message);
	t = (dbbi_pg_target *)r.target;
	for (i = 0; i < t->count; i++) {
		ck_assert_msg(dbbi_pg_scratch_create(t, &t->restored[i],
		    &w.err) == 0, "%s", w.err.message);
		pg_sql(t->restored[i].scratch, "CREATE TABLE t AS SELECT "
		    "generate_series(1, 1000) AS a; GRANT ALL ON t TO PUBLIC");
		t->restored[i].loaded = 1;
	}
}

/* Restore as `name`, which exists, up to the last step. The old database
 * tells itself from the new one by a table. */
static void
restore_over(const char *name)
{
	into = r.plan.into = name;
	pg_sqlf("CREATE DATABASE \"%s\"", name);
	pg_sqlf("COMMENT ON DATABASE \"%s\" IS 'the old one''s comment'",
	    name);
	pg_sql(name, "CREATE TABLE old (a int); INSERT INTO old VALUES (1)");
	/* Sessions count what they wrote when they end. */
	pg_await("postgres", "SELECT count(*) = 1 FROM pg_stat_activity "
	    "WHERE backend_type = 'client backend'");
	load();
}

static void
assert_old(const char *name)
{
	pg_assert_said(name, "SELECT a FROM old", "1");
}

static void
assert_new(const char *name)
{
	pg_assert_said(name, "SELECT count(*) FROM t", "1000");
}

/* ---- what keeps the old one in place ---- */

START_TEST(what_was_not_loaded_takes_no_place)
{
	into = r.plan.into = "unloaded";
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_EINVAL);
}
END_TEST

START_TEST(a_cancel_before_the_end_leaves_the_old_one)
{
	restore_over("canceled");
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_ECANCELED);
	assert_old("canceled");
}
END_TEST

START_TEST(a_lost_connection_leaves_the_old_one)
{
	restore_over("cut");
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM "
	    "pg_stat_activity WHERE application_name = 'libdbbackup'");
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_ECONNECT);
	assert_old("cut");
}
END_TEST

START_TEST(a_name_that_someone_took_meanwhile_is_theirs)
{
	into = r.plan.into = "taken";
	load();
	pg_sqlf("CREATE DATABASE taken");
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_EEXIST);
	ck_assert_has(w.err.message, "'taken' has been made by someone else");
	ck_assert_has(w.err.hint, "--replace");
	pg_assert_said("taken", "SELECT count(*) FROM pg_class WHERE "
	    "relname = 't'", "0");
}
END_TEST

START_TEST(an_old_one_that_is_gone_is_told)
{
	restore_over("vanished");
	pg_sqlf("DROP DATABASE vanished");
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_ENOTFOUND);
	ck_assert_has(w.err.message, "'vanished' is not there any more");
}
END_TEST

/* This takes the server's five seconds. */
START_TEST(a_session_that_may_not_be_ended_is_the_reason)
{
	PGconn *admin;

	pg_world_set(&w, "connection", pg_server_conninfo("plain",
	    "postgres"));
	into = r.plan.into = "held";
	pg_sqlf("CREATE DATABASE held OWNER plain");
	dbbi_json_set_string(dbbi_json_at(dbbi_json_array(set.facts,
	    "databases"), 0), "owner", "plain");
	load();
	admin = pg_session("held");
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_EACCESS);
	ck_assert_has(w.err.message, "others are connected to database "
	    "'held'");
	ck_assert_has(w.err.hint, "pg_signal_backend");
	pg_session_do(admin, "SELECT 1");
	PQfinish(admin);
}
END_TEST

START_TEST(what_differs_is_kept_beside_the_old_one)
{
	restore_over("differs");
	dbbi_json_append_string(r.findings, "something");
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_old("differs");
	assert_new("differs_restored_20261122T020000Z");
	ck_assert_has(pg_restoring_warning(&r, 0),
	    "'differs_restored_20261122T020000Z'");
	pg_sqlf("DROP DATABASE \"differs_restored_20261122T020000Z\"");
}
END_TEST

START_TEST(a_second_that_differs_gets_a_name_of_its_own)
{
	restore_over("again");
	pg_sqlf("CREATE DATABASE \"again_restored_20261122T020000Z\"");
	dbbi_json_append_string(r.findings, "something");
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_new("again_restored_20261122T020000Z_2");
	pg_sqlf("DROP DATABASE \"again_restored_20261122T020000Z\"");
	pg_sqlf("DROP DATABASE \"again_restored_20261122T020000Z_2\"");
}
END_TEST

/* ---- what takes its place ---- */

START_TEST(sessions_are_sent_out_and_the_old_one_goes)
{
	PGconn *inside;
	PGresult *res;

	restore_over("used");
	inside = pg_session("used");
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_new("used");
	ck_assert_str_eq(pg_restoring_warning(&r, 0), "");
	pg_assert_said("postgres", "SELECT shobj_description(oid, "
	    "'pg_database') FROM pg_database WHERE datname = 'used'",
	    "the set's comment");
	res = PQexec(inside, "SELECT 1");
	ck_assert_int_ne(PQresultStatus(res), PGRES_TUPLES_OK);
	PQclear(res);
	PQfinish(inside);
}
END_TEST

/* From a thread of its own: a standby that is not there holds the COMMIT's
 * answer back, and that is when the cancel comes. */
static void *
cancel_when_it_waits(void *payload)
{
	PGconn *other = PQconnectdb(pg_server_conninfo(NULL, "postgres"));
	PGresult *res;
	int found = 0, i;

	(void)payload;
	for (i = 0; i < 500 && !found; i++) {
		res = PQexec(other, "SELECT 1 FROM pg_stat_activity WHERE "
		    "wait_event = 'SyncRep'");
		found = PQntuples(res) > 0;
		PQclear(res);
		poll(NULL, 0, 10);
	}
	dbbi_run_cancel(&w.run);
	PQfinish(other);
	return NULL;
}

START_TEST(a_cancel_that_comes_too_late_is_told_and_nothing_is_undone)
{
	pthread_t thread;

	restore_over("latest");
	ck_assert_int_eq(dbbi_pg_query(NULL, ((dbbi_pg_target *)r.target)->pg,
	    "SET synchronous_commit = on", 0, NULL, &w.err), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_when_it_waits,
	    NULL), 0);
	ck_assert_msg(pg_restoring_commit(&r) == 0, "%s", w.err.message);
	pthread_join(thread, NULL);
	assert_new("latest");
	ck_assert_has(pg_restoring_warning(&r, 0), "the cancel came when");
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database WHERE "
	    "datname ~ '^(latest|dbb_)'", "1");
}
END_TEST

START_TEST(a_new_name_is_taken_without_a_word)
{
	into = r.plan.into = "fresh";
	load();
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_new("fresh");
	ck_assert_str_eq(pg_restoring_warning(&r, 0), "");
}
END_TEST

START_TEST(limit_and_template_come_at_the_end)
{
	dbbi_json *one = dbbi_json_at(dbbi_json_array(set.facts,
	    "databases"), 0);

	dbbi_json_set_i64(one, "connection_limit", 7);
	dbbi_json_set_bool(one, "is_template", 1);
	into = r.plan.into = "limited";
	load();
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	pg_assert_said("postgres", "SELECT datconnlimit || ' ' || "
	    "datistemplate FROM pg_database WHERE datname = 'limited'",
	    "7 true");
	pg_sqlf("ALTER DATABASE limited IS_TEMPLATE false");
}
END_TEST

/* ---- what was written meanwhile ---- */

static const char *const writes[] = {
	"INSERT INTO old VALUES (2)", "TRUNCATE old",
	"CREATE TABLE other (a int)", "SELECT lo_create(0)"
};

START_TEST(what_was_written_meanwhile_is_kept)
{
	char sql[160], *kept;

	restore_over("written");
	pg_sql("written", writes[_i]);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_new("written");
	snprintf(sql, sizeof(sql), KEPT, "written");
	pg_assert_said("postgres", sql, "t");
	kept = pg_ask("postgres", "SELECT datname FROM pg_database WHERE "
	    "datname ~ '^written_'");
	ck_assert_has(pg_restoring_warning(&r, 0), "was written to while");
	snprintf(sql, sizeof(sql), "DROP DATABASE \"%s\"", kept);
	ck_assert_has(pg_restoring_warning(&r, 0), sql);
	if (_i == 0)
		pg_assert_said(kept, "SELECT max(a) FROM old", "2");
	pg_assert_said(kept, "SELECT shobj_description(oid, 'pg_database') "
	    "FROM pg_database WHERE datname = current_database()",
	    "the old one's comment");
	pg_sql("postgres", sql);
	free(kept);
}
END_TEST

START_TEST(a_write_by_a_session_that_is_sent_out_counts)
{
	PGconn *writer;
	char sql[160], *kept;

	restore_over("late");
	writer = pg_session("late");
	pg_session_do(writer, "INSERT INTO old VALUES (2)");
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	snprintf(sql, sizeof(sql), KEPT, "late");
	pg_assert_said("postgres", sql, "t");
	kept = pg_ask("postgres", "SELECT datname FROM pg_database WHERE "
	    "datname ~ '^late_'");
	pg_assert_said(kept, "SELECT max(a) FROM old", "2");
	PQfinish(writer);
	pg_sqlf("DROP DATABASE \"%s\"", kept);
	free(kept);
}
END_TEST

static const char *const nothing[] = {
	"SELECT * FROM old", "INSERT INTO backup_history VALUES (1)",
	"ANALYZE; CREATE ROLE shared; DROP ROLE shared"
};

START_TEST(statistics_and_history_are_no_reason_to_keep_it)
{
	into = r.plan.into = "quiet";
	pg_sqlf("CREATE DATABASE quiet");
	pg_sql("quiet", "CREATE TABLE old (a int); INSERT INTO old VALUES "
	    "(1); CREATE TABLE backup_history (id int)");
	pg_await("postgres", "SELECT count(*) = 1 FROM pg_stat_activity "
	    "WHERE backend_type = 'client backend'");
	load();
	pg_sql("quiet", nothing[_i]);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_new("quiet");
	ck_assert_str_eq(pg_restoring_warning(&r, 0), "");
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database WHERE "
	    "datname ~ '^quiet'", "1");
}
END_TEST

START_TEST(who_wants_no_safety_set_wants_nothing_kept)
{
	r.plan.keep_written = 0;
	restore_over("unsafe");
	pg_sql("unsafe", "INSERT INTO old VALUES (2)");
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	ck_assert_str_eq(pg_restoring_warning(&r, 0), "");
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database WHERE "
	    "datname ~ '^unsafe'", "1");
}
END_TEST

/* Two names of 63 bytes that differ in the last only. */
START_TEST(two_kept_databases_have_two_names)
{
	char names[2][DBBI_PG_NAME_SIZE];
	struct pg_set two;
	int i;

	pg_restoring_end(&r);
	for (i = 0; i < 2; i++) {
		memset(names[i], 'n', DBBI_PG_NAME_SIZE - 1);
		names[i][62] = (char)('a' + i);
		names[i][63] = '\0';
		pg_sqlf("CREATE DATABASE \"%s\"", names[i]);
		pg_sql(names[i], "CREATE TABLE old AS SELECT "
		    "current_database() AS a");
	}
	pg_world_set(&w, "databases", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	    "nnnnnnnnnnnnnnnnnnnnnnnna, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	    "nnnnnnnnnnnnnnnnnnnnnnnnnnnb");
	pg_set_take(&two, &w);
	pg_restoring_begin(&r, &two, &w);
	load();
	for (i = 0; i < 2; i++)
		pg_sql(names[i], "CREATE TABLE new (a int)");
	if (_i == 1)
		dbbi_json_append_string(r.findings, "something");
	ck_assert_msg(pg_restoring_commit(&r) == 0, "%s", w.err.message);
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database WHERE "
	    "datname ~ '^nnnnnn.*_(replaced|restored)_'", "2");
	ck_assert_str_ne(pg_restoring_warning(&r, 0), "");
	ck_assert_str_ne(pg_restoring_warning(&r, 1), "");
	pg_set_free(&two);
	for (i = 0; i < 4; i++) {
		char *name = pg_ask("postgres", "SELECT datname FROM "
		    "pg_database WHERE datname ~ '^nnnnnn' LIMIT 1");

		pg_sqlf("DROP DATABASE \"%s\"", name);
		free(name);
	}
	into = "nobody";
}
END_TEST

int
main(void)
{
	static const char *const settings[] = { "synchronous_commit=local",
	    "synchronous_standby_names=nobody", NULL };
	Suite *suite = suite_create("pg_swap");
	TCase *tc = tcase_create("pg_swap");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_was_not_loaded_takes_no_place);
	tcase_add_test(tc, a_cancel_before_the_end_leaves_the_old_one);
	tcase_add_test(tc, a_lost_connection_leaves_the_old_one);
	tcase_add_test(tc, a_name_that_someone_took_meanwhile_is_theirs);
	tcase_add_test(tc, an_old_one_that_is_gone_is_told);
	tcase_add_test(tc, a_session_that_may_not_be_ended_is_the_reason);
	tcase_add_test(tc, what_differs_is_kept_beside_the_old_one);
	tcase_add_test(tc, a_second_that_differs_gets_a_name_of_its_own);
	tcase_add_test(tc, sessions_are_sent_out_and_the_old_one_goes);
	tcase_add_test(tc,
	    a_cancel_that_comes_too_late_is_told_and_nothing_is_undone);
	tcase_add_test(tc, a_new_name_is_taken_without_a_word);
	tcase_add_test(tc, limit_and_template_come_at_the_end);
	tcase_add_loop_test(tc, what_was_written_meanwhile_is_kept, 0, 4);
	tcase_add_test(tc, a_write_by_a_session_that_is_sent_out_counts);
	tcase_add_loop_test(tc,
	    statistics_and_history_are_no_reason_to_keep_it, 0, 3);
	tcase_add_test(tc, who_wants_no_safety_set_wants_nothing_kept);
	tcase_add_loop_test(tc, two_kept_databases_have_two_names, 0, 2);
	suite_add_tcase(suite, tc);
	pg_server_start(settings);
	return pg_server_run(suite);
}
