/* SPDX-License-Identifier: BSD-2-Clause */
/* Statements against a server: what they give, how they fail, and that a
 * cancel or a lost connection ends every wait. */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pg_fixture.h"
#include "source/pg_names.h"
#include "source/pg_quote.h"
#include "util/clock.h"

static struct pg_world w;
static dbbi_pg_params *params;
static dbbi_pg *pg;

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE poor LOGIN; CREATE ROLE bound LOGIN");
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "postgres");
	ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env, &w.err), 0);
	ck_assert_msg(dbbi_pg_connect(&pg, &w.run, params, NULL, &w.err) == 0,
	    "%s", w.err.message);
}

static void
tear_down(void)
{
	dbbi_pg_free(pg);
	dbbi_pg_params_free(params);
	pg_world_end(&w);
}

static int
query(const char *sql)
{
	return dbbi_pg_query(NULL, pg, sql, 0, NULL, &w.err);
}

/* What the session answers. */
static void
assert_answer(const char *sql, const char *words)
{
	PGresult *res = NULL;

	ck_assert_int_eq(dbbi_pg_query(&res, pg, sql, 0, NULL, &w.err), 0);
	ck_assert_str_eq(PQgetvalue(res, 0, 0), words);
	PQclear(res);
}

/* From a thread of its own, after a moment: cancel the run, or end the
 * session on the server. */
static void *
cancel_soon(void *payload)
{
	(void)payload;
	poll(NULL, 0, 150);
	dbbi_run_cancel(&w.run);
	return NULL;
}

static void *
end_soon(void *payload)
{
	PGconn *other = PQconnectdb(pg_server_conninfo(NULL, "postgres"));
	char sql[80];

	poll(NULL, 0, 150);
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)",
	    *(int *)payload);
	PQclear(PQexec(other, sql));
	PQfinish(other);
	return NULL;
}

/* ---- how it fails ---- */

START_TEST(a_refusal_has_the_servers_words_state_and_hint)
{
	ck_assert_int_eq(query("SELECT * FROM nowhere"), DBB_ESOURCE);
	ck_assert_str_eq(w.err.remote, "42P01");
	ck_assert_has(w.err.message, "\"nowhere\"");
	ck_assert_int_eq(w.err.retryable, 0);
	ck_assert_int_eq(query("SELECT lenght('a')"), DBB_ESOURCE);
	ck_assert_has(w.err.hint, "explicit type casts");
}
END_TEST

START_TEST(a_detail_is_part_of_the_message)
{
	pg_sqlf("CREATE TABLE d (a int UNIQUE); INSERT INTO d VALUES (7)");
	ck_assert_int_eq(query("INSERT INTO public.d VALUES (7)"),
	    DBB_ESOURCE);
	ck_assert_has(w.err.message, "(Key (a)=(7) already exists.)");
	pg_sqlf("DROP TABLE d");
}
END_TEST

START_TEST(the_kind_of_failure_is_known_by_its_state)
{
	static const struct {
		const char *sql;
		int code, retryable;
	} cases[] = {
		{ "SET ROLE poor; SELECT * FROM pg_catalog.pg_authid",
		    DBB_EACCESS, 0 },
		{ "CREATE DATABASE x TEMPLATE nowhere", DBB_ENOTFOUND, 0 },
		{ "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53300'; "
		    "END $$", DBB_ECONNECT, 1 },
		{ "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; "
		    "END $$", DBB_ESOURCE, 1 },
		{ "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '28P01'; "
		    "END $$", DBB_EAUTH, 0 },
	};

	ck_assert_int_eq(query(cases[_i].sql), cases[_i].code);
	ck_assert_int_eq(w.err.retryable, cases[_i].retryable);
}
END_TEST

START_TEST(the_first_of_several_failures_is_told)
{
	ck_assert_int_eq(query("SELECT 1; SELECT 1/0; SELECT * FROM never"),
	    DBB_ESOURCE);
	ck_assert_str_eq(w.err.remote, "22012");
	assert_answer("SELECT 'well'", "well");
}
END_TEST

START_TEST(a_copy_is_not_begun_by_a_query)
{
	ck_assert_int_lt(query(_i == 0 ? "COPY (SELECT 1) TO STDOUT" :
	    "COPY pg_catalog.pg_class FROM STDIN"), 0);
}
END_TEST

START_TEST(a_lost_connection_is_told_as_such)
{
	int pid = PQbackendPID(dbbi_pg_handle(pg));

	pg_sqlf("SELECT pg_terminate_backend(%d, 5000)", pid);
	ck_assert_int_eq(query("SELECT 1"), DBB_ECONNECT);
	ck_assert_int_eq(w.err.retryable, 1);
	ck_assert_str_ne(w.err.hint, "");
	ck_assert_int_eq(query("SELECT 1"), DBB_ECONNECT);
}
END_TEST

START_TEST(a_connection_lost_in_the_middle_ends_the_wait)
{
	int pid = PQbackendPID(dbbi_pg_handle(pg));
	uint64_t rows = 0;
	pthread_t thread;
	int rc;

	ck_assert_int_eq(pthread_create(&thread, NULL, end_soon, &pid), 0);
	if (_i == 0)
		rc = query("SELECT pg_sleep(60)");
	else
		rc = dbbi_pg_copy_count(&rows, pg, "COPY (SELECT i, "
		    "pg_sleep(0.05) FROM generate_series(1, 1000) i) "
		    "TO STDOUT", &w.err);
	pthread_join(thread, NULL);
	ck_assert_int_eq(rc, DBB_ECONNECT);
	ck_assert_uint_eq(rows, 0);
}
END_TEST

START_TEST(a_cancel_ends_the_wait_and_the_statement)
{
	uint64_t began = dbbi_monotonic_ms(), rows = 0;
	char busy[160];
	pthread_t thread;
	int rc;

	snprintf(busy, sizeof(busy), "SELECT state <> 'active' FROM "
	    "pg_stat_activity WHERE pid = %d",
	    PQbackendPID(dbbi_pg_handle(pg)));
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL),
	    0);
	if (_i == 0)
		rc = query("SELECT pg_sleep(60)");
	else if (_i == 1)
		rc = dbbi_pg_copy_count(&rows, pg, "COPY (SELECT i, "
		    "pg_sleep(0.05) FROM generate_series(1, 1000) i) "
		    "TO STDOUT", &w.err);
	else
		rc = dbbi_pg_copy_count(&rows, pg, "COPY (SELECT "
		    "pg_sleep(60)) TO STDOUT", &w.err);
	pthread_join(thread, NULL);
	ck_assert_int_eq(rc, DBB_ECANCELED);
	ck_assert_uint_lt(dbbi_monotonic_ms() - began, 5000);
	/* The server was asked to stop it. */
	pg_await("postgres", busy);
}
END_TEST

START_TEST(nothing_is_sent_once_canceled)
{
	uint64_t rows;

	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(query("CREATE TABLE never (a int)"), DBB_ECANCELED);
	ck_assert_int_eq(dbbi_pg_copy_count(&rows, pg,
	    "COPY (SELECT 1) TO STDOUT", &w.err), DBB_ECANCELED);
	pg_assert_said("postgres", "SELECT to_regclass('never') IS NULL",
	    "t");
}
END_TEST

START_TEST(a_count_of_what_is_no_copy_fails_and_leaves_the_session_usable)
{
	uint64_t rows = 7;

	ck_assert_int_eq(dbbi_pg_copy_count(&rows, pg,
	    "COPY nowhere TO STDOUT", &w.err), DBB_ESOURCE);
	ck_assert_str_eq(w.err.remote, "42P01");
	/* An error behind the first rows. */
	ck_assert_int_eq(dbbi_pg_copy_count(&rows, pg, "COPY (SELECT 1 / (9 "
	    "- i) FROM generate_series(1, 20) i) TO STDOUT", &w.err),
	    DBB_ESOURCE);
	ck_assert_str_eq(w.err.remote, "22012");
	ck_assert_uint_eq(rows, 7);
	assert_answer("SELECT 'well'", "well");
}
END_TEST

START_TEST(a_statement_without_memory_is_no_statement)
{
	ck_assert_int_eq(dbbi_pg_execute(pg, NULL, &w.err), DBB_ENOMEM);
}
END_TEST

/* ---- and what it gives ---- */

START_TEST(counts_rows_of_any_size)
{
	uint64_t rows = 7;

	ck_assert_int_eq(dbbi_pg_copy_count(&rows, pg, "COPY (SELECT "
	    "repeat('x', i % 5000) FROM generate_series(1, 10007) i) "
	    "TO STDOUT", &w.err), 0);
	ck_assert_uint_eq(rows, 10007);
	ck_assert_int_eq(dbbi_pg_copy_count(&rows, pg,
	    "COPY (SELECT WHERE false) TO STDOUT", &w.err), 0);
	ck_assert_uint_eq(rows, 0);
}
END_TEST

START_TEST(names_and_values_arrive_as_they_are)
{
	static const char *const odd[] = { "a'b\"c\\d\n$1 %s ü" };
	PGresult *res = NULL;

	ck_assert_int_eq(dbbi_pg_query(&res, pg, "SELECT $1::text", 1, odd,
	    &w.err), 0);
	ck_assert_str_eq(PQgetvalue(res, 0, 0), odd[0]);
	PQclear(res);
	ck_assert_int_eq(dbbi_pg_execute(pg, dbbi_pg_sql("CREATE TEMP TABLE "
	    "%I AS SELECT %L::text AS %I", odd[0], odd[0], "c"), &w.err), 0);
	ck_assert_int_eq(dbbi_pg_query(&res, pg, "SELECT relname FROM "
	    "pg_catalog.pg_class WHERE relname = $1", 1, odd, &w.err), 0);
	ck_assert_int_eq(PQntuples(res), 1);
	PQclear(res);
}
END_TEST

START_TEST(a_remark_of_the_server_goes_into_the_log)
{
	w.run.log_level = DBB_LOG_DEBUG;
	ck_assert_int_eq(query("DO $$ BEGIN RAISE NOTICE 'on\ntwo lines'; "
	    "END $$"), 0);
	ck_assert_has(w.log, "server: NOTICE: on two lines\n");
}
END_TEST

START_TEST(nothing_that_is_set_for_a_user_changes_the_session)
{
	pg_sqlf("ALTER ROLE bound SET search_path = 'nowhere'");
	pg_sqlf("ALTER ROLE bound SET statement_timeout = '1ms'");
	pg_sqlf("ALTER ROLE bound SET row_security = on");
	pg_sqlf("ALTER ROLE bound SET datestyle = 'German'");
	pg_world_set(&w, "connection", pg_server_conninfo("bound",
	    "postgres"));
	dbbi_pg_free(pg);
	dbbi_pg_params_free(params);
	ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env, &w.err), 0);
	ck_assert_msg(dbbi_pg_connect(&pg, &w.run, params, NULL, &w.err) == 0,
	    "%s", w.err.message);
	ck_assert_int_eq(query("SELECT pg_sleep(0.05)"), 0);
	assert_answer("SHOW search_path", "");
	assert_answer("SHOW row_security", "off");
	assert_answer("SHOW datestyle", "ISO, YMD");
	assert_answer("SHOW application_name", "libdbbackup");
}
END_TEST

START_TEST(a_database_that_is_not_utf8_is_read_as_it_is)
{
	dbbi_pg *ascii = NULL;
	PGresult *res = NULL;
	dbbi_json *json = dbbi_json_new_object();

	pg_sqlf("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' "
	    "LC_CTYPE 'C' TEMPLATE template0");
	ck_assert_int_eq(dbbi_pg_connect(&ascii, &w.run, params, "ascii",
	    &w.err), 0);
	ck_assert_int_eq(dbbi_pg_query(&res, ascii, "SELECT E'a\\xe4'", 0,
	    NULL, &w.err), 0);
	ck_assert_int_eq(dbbi_pg_is_utf8(PQgetvalue(res, 0, 0)), 0);
	ck_assert_int_eq(dbbi_pg_json_text(json, "t",
	    PQgetvalue(res, 0, 0)), 0);
	ck_assert_str_eq(dbbi_json_string(json, "t"), "a\\xe4");
	dbbi_json_free(json);
	PQclear(res);
	dbbi_pg_free(ascii);
	pg_sqlf("DROP DATABASE ascii");
}
END_TEST

/* ---- connecting to a real server ---- */

static int
refused(const char *user, const char *database)
{
	dbbi_pg *other = NULL;
	int rc;

	dbbi_pg_params_free(params);
	pg_world_set(&w, "connection", pg_server_conninfo(user, database));
	ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env, &w.err), 0);
	rc = dbbi_pg_connect(&other, &w.run, params, NULL, &w.err);
	ck_assert_ptr_null(other);
	return rc;
}

START_TEST(no_such_database_and_no_such_user_are_told_apart)
{
	ck_assert_int_eq(refused(NULL, "nowhere"), DBB_ENOTFOUND);
	ck_assert_has(w.err.message, "'nowhere'");
	ck_assert_has(w.err.hint, "psql -l");
	ck_assert_int_eq(refused("nobody_here", "postgres"), DBB_EAUTH);
	ck_assert_has(w.err.message, "nobody_here");
}
END_TEST

START_TEST(a_database_without_the_right_to_connect_asks_for_a_grant)
{
	pg_sqlf("CREATE DATABASE shut");
	pg_sqlf("REVOKE CONNECT ON DATABASE shut FROM PUBLIC");
	ck_assert_int_eq(refused("poor", "shut"), DBB_EACCESS);
	ck_assert_has(w.err.hint,
	    "GRANT CONNECT ON DATABASE \"shut\" TO \"poor\"");
	pg_sqlf("ALTER DATABASE shut ALLOW_CONNECTIONS false");
	ck_assert_int_lt(refused(NULL, "shut"), 0);
	ck_assert_str_eq(w.err.remote, "55000");
	ck_assert_has(w.err.hint, "ALLOW_CONNECTIONS");
	pg_sqlf("DROP DATABASE shut");
}
END_TEST

START_TEST(a_user_without_a_free_place_is_told_so)
{
	pg_sqlf("ALTER ROLE bound CONNECTION LIMIT 0");
	ck_assert_int_eq(refused("bound", "postgres"), DBB_ECONNECT);
	ck_assert_str_eq(w.err.remote, "53300");
	ck_assert_int_eq(w.err.retryable, 1);
	ck_assert_has(w.err.hint, "max_connections");
	pg_sqlf("ALTER ROLE bound CONNECTION LIMIT -1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_query");
	TCase *tc = tcase_create("pg_query");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_refusal_has_the_servers_words_state_and_hint);
	tcase_add_test(tc, a_detail_is_part_of_the_message);
	tcase_add_loop_test(tc, the_kind_of_failure_is_known_by_its_state, 0,
	    5);
	tcase_add_test(tc, the_first_of_several_failures_is_told);
	tcase_add_loop_test(tc, a_copy_is_not_begun_by_a_query, 0, 2);
	tcase_add_test(tc, a_lost_connection_is_told_as_such);
	tcase_add_loop_test(tc,
	    a_connection_lost_in_the_middle_ends_the_wait, 0, 2);
	tcase_add_loop_test(tc, a_cancel_ends_the_wait_and_the_statement, 0,
	    3);
	tcase_add_test(tc, nothing_is_sent_once_canceled);
	tcase_add_test(tc,
	    a_count_of_what_is_no_copy_fails_and_leaves_the_session_usable);
	tcase_add_test(tc, a_statement_without_memory_is_no_statement);
	tcase_add_test(tc, counts_rows_of_any_size);
	tcase_add_test(tc, names_and_values_arrive_as_they_are);
	tcase_add_test(tc, a_remark_of_the_server_goes_into_the_log);
	tcase_add_test(tc, nothing_that_is_set_for_a_user_changes_the_session);
	tcase_add_test(tc, a_database_that_is_not_utf8_is_read_as_it_is);
	tcase_add_test(tc,
	    no_such_database_and_no_such_user_are_told_apart);
	tcase_add_test(tc,
	    a_database_without_the_right_to_connect_asks_for_a_grant);
	tcase_add_test(tc, a_user_without_a_free_place_is_told_so);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
