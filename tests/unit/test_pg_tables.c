/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting: which tables there are, exactly how many rows each has, and that
 * no code of others runs on the way. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_fixture.h"
#include "source/pg_facts.h"
#include "source/pg_facts_parts.h"
#include "source/pg_sequences.h"

static struct pg_world w;
static dbbi_pg_params *params;
static dbbi_pg *pg;
static dbbi_json *facts;

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE poor LOGIN; CREATE ROLE owner LOGIN");
}

/* Each test has a database of its own. */
static void
set_up(void)
{
	pg_world_begin(&w, NULL, "app");
	pg_sqlf("CREATE DATABASE app");
	ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env, &w.err), 0);
	facts = dbbi_json_new_object();
}

static void
tear_down(void)
{
	dbbi_json_free(facts);
	dbbi_pg_free(pg);
	dbbi_pg_params_free(params);
	pg_world_end(&w);
	pg_sqlf("DROP DATABASE app WITH (FORCE)");
}

static void
connect_as(const char *user)
{
	if (user != NULL) {
		pg_world_set(&w, "connection", pg_server_conninfo(user,
		    "app"));
		dbbi_pg_params_free(params);
		ck_assert_int_eq(dbbi_pg_params_new(&params, &w.env,
		    &w.err), 0);
	}
	ck_assert_msg(dbbi_pg_connect(&pg, &w.run, params, NULL, &w.err) == 0,
	    "%s", w.err.message);
	ck_assert_int_eq(dbbi_pg_query(NULL, pg, "BEGIN", 0, NULL, &w.err),
	    0);
}

static int
count(void)
{
	return dbbi_pg_tables_count(facts, NULL, pg, &w.err);
}

/* "name kind rows; …" */
static void
assert_tables(const char *words)
{
	dbbi_json *list, *one;
	char text[1024] = "";
	uint64_t rows;
	size_t i, n = 0;

	ck_assert_msg(count() == 0, "%s", w.err.message);
	list = dbbi_json_array(facts, "tables");
	for (i = 0; i < dbbi_json_count(list); i++) {
		one = dbbi_json_at(list, i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s ",
		    i > 0 ? "; " : "", dbbi_json_string(one, "name"),
		    dbbi_json_string(one, "kind"));
		if (dbbi_json_u64(&rows, one, "rows") == 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%llu", (unsigned long long)rows);
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "null");
	}
	ck_assert_str_eq(text, words);
}

START_TEST(a_table_that_may_not_be_read_is_named)
{
	pg_sql("app", "CREATE SCHEMA \"s s\"; CREATE TABLE \"s s\".\"t\"\"x\" "
	    "(a int)");
	connect_as("poor");
	ck_assert_int_eq(count(), DBB_EACCESS);
	ck_assert_has(w.err.message, "counting '\"s s\".\"t\"\"x\"': "
	    "permission denied");
}
END_TEST

START_TEST(a_lost_connection_ends_the_counting)
{
	pg_sql("app", "CREATE TABLE t (a int)");
	connect_as(NULL);
	pg_sqlf("SELECT pg_terminate_backend(%d, 5000)",
	    PQbackendPID(dbbi_pg_handle(pg)));
	ck_assert_int_eq(count(), DBB_ECONNECT);
	ck_assert_has(w.err.message, "listing tables");
}
END_TEST

START_TEST(a_cancel_ends_the_counting)
{
	connect_as(NULL);
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(count(), DBB_ECANCELED);
}
END_TEST

/* A function of the table's owner in an index would run with our rights if
 * the planner were asked about the table. */
START_TEST(no_code_of_an_owner_runs)
{
	pg_sql("app", "GRANT CREATE ON SCHEMA public TO owner; SET ROLE owner;"
	    " CREATE TABLE t (a int); CREATE FUNCTION f(int) RETURNS int "
	    "LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF current_user <> "
	    "''owner'' THEN RAISE ''ran as %'', current_user; END IF; "
	    "RETURN $1; END'; INSERT INTO t VALUES (1), (2); "
	    "CREATE INDEX ON t (f(a)); CREATE INDEX ON t (a) WHERE f(1) = 1; "
	    "CREATE MATERIALIZED VIEW m AS SELECT f(a) FROM t");
	connect_as(NULL);
	assert_tables("m materialized view null; t table 2");
}
END_TEST

START_TEST(what_is_listed_and_what_is_not)
{
	pg_sql("app", "CREATE TABLE empty (a int); CREATE TABLE none (); "
	    "INSERT INTO none DEFAULT VALUES; "
	    "CREATE UNLOGGED TABLE quick AS SELECT 1 AS a; "
	    "CREATE TABLE parts (a int) PARTITION BY RANGE (a); "
	    "CREATE TABLE part PARTITION OF parts DEFAULT; "
	    "INSERT INTO parts VALUES (1), (2), (3); "
	    "CREATE TABLE base (a int); CREATE TABLE child () INHERITS "
	    "(base); INSERT INTO child VALUES (1); "
	    "CREATE TABLE generated (b int GENERATED ALWAYS AS (1) STORED, "
	    "c text); INSERT INTO generated VALUES (DEFAULT, 'x'); "
	    "CREATE MATERIALIZED VIEW seen AS SELECT 1 AS a UNION SELECT 2; "
	    "CREATE MATERIALIZED VIEW unseen AS SELECT 1 AS a WITH NO DATA; "
	    "CREATE VIEW v AS SELECT 1 AS a; SELECT lo_create(0)");
	connect_as(NULL);
	ck_assert_int_eq(dbbi_pg_query(NULL, pg, "CREATE TEMP TABLE mine "
	    "(a int)", 0, NULL, &w.err), 0);
	assert_tables("base table 0; child table 1; empty table 0; generated "
	    "table 1; none table 1; part table 3; quick unlogged 1; "
	    "seen materialized view 2");
	ck_assert_has(dbbi_json_text(facts), "\"large_objects\":1");
}
END_TEST

START_TEST(rows_of_others_that_are_not_committed_do_not_count)
{
	PGconn *other;

	pg_sql("app", "CREATE TABLE t AS SELECT 1 AS a");
	other = pg_session("app");
	pg_session_do(other, "BEGIN; INSERT INTO t VALUES (2)");
	connect_as(NULL);
	assert_tables("t table 1");
	PQfinish(other);
}
END_TEST

/* ---- sequences ---- */

START_TEST(sequences_are_read_exactly)
{
	dbbi_json *list = NULL;

	pg_sql("app", "CREATE SEQUENCE fresh; CREATE SEQUENCE used; "
	    "SELECT nextval('used'), nextval('used'); CREATE SEQUENCE low "
	    "INCREMENT -1 MINVALUE -9223372036854775808; "
	    "SELECT setval('low', -9223372036854775808)");
	connect_as(NULL);
	ck_assert_int_eq(dbbi_pg_sequences_read(&list, pg, &w.err), 0);
	ck_assert_str_eq(dbbi_json_text(list), "[{\"schema\":\"public\","
	    "\"name\":\"fresh\",\"last_value\":1,\"is_called\":false},"
	    "{\"schema\":\"public\",\"name\":\"low\",\"last_value\":"
	    "-9223372036854775808,\"is_called\":true},{\"schema\":\"public\","
	    "\"name\":\"used\",\"last_value\":2,\"is_called\":true}]");
	dbbi_json_free(list);
}
END_TEST

/* 200 are read by one statement. */
START_TEST(many_sequences_are_all_read)
{
	dbbi_json *list = NULL;

	pg_sql("app", "DO $$ BEGIN FOR i IN 1 .. 401 LOOP EXECUTE format("
	    "'CREATE SEQUENCE %I', 's ' || i); END LOOP; END $$");
	connect_as(NULL);
	ck_assert_int_eq(dbbi_pg_sequences_read(&list, pg, &w.err), 0);
	ck_assert_uint_eq(dbbi_json_count(list), 401);
	dbbi_json_free(list);
}
END_TEST

START_TEST(a_sequence_that_is_gone_keeps_its_first_value)
{
	dbbi_json *list = NULL;

	pg_sql("app", "CREATE SEQUENCE gone; CREATE SEQUENCE stays");
	connect_as(NULL);
	ck_assert_int_eq(dbbi_pg_sequences_read(&list, pg, &w.err), 0);
	dbbi_json_set(facts, "sequences", list);
	ck_assert_int_eq(dbbi_pg_query(NULL, pg, "ROLLBACK", 0, NULL,
	    &w.err), 0);
	pg_sql("app", "DROP SEQUENCE gone; SELECT nextval('stays'), "
	    "nextval('stays')");
	ck_assert_int_eq(dbbi_pg_facts_finish(facts, pg, &w.err), 0);
	ck_assert_has(dbbi_json_text(facts), "\"name\":\"gone\","
	    "\"last_value\":1,\"is_called\":false}");
	ck_assert_has(dbbi_json_text(facts), "\"last_value_after\":2,"
	    "\"is_called_after\":true");
}
END_TEST

START_TEST(a_sequence_that_may_not_be_read_is_an_error)
{
	dbbi_json *list = NULL;

	pg_sql("app", "CREATE SEQUENCE s");
	connect_as("poor");
	ck_assert_int_eq(dbbi_pg_sequences_read(&list, pg, &w.err),
	    DBB_EACCESS);
	ck_assert_has(w.err.message, "reading sequences: ");
	ck_assert_ptr_null(list);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_tables");
	TCase *tc = tcase_create("pg_tables");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_table_that_may_not_be_read_is_named);
	tcase_add_test(tc, a_lost_connection_ends_the_counting);
	tcase_add_test(tc, a_cancel_ends_the_counting);
	tcase_add_test(tc, no_code_of_an_owner_runs);
	tcase_add_test(tc, what_is_listed_and_what_is_not);
	tcase_add_test(tc, rows_of_others_that_are_not_committed_do_not_count);
	tcase_add_test(tc, sequences_are_read_exactly);
	tcase_add_test(tc, many_sequences_are_all_read);
	tcase_add_test(tc, a_sequence_that_is_gone_keeps_its_first_value);
	tcase_add_test(tc, a_sequence_that_may_not_be_read_is_an_error);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
