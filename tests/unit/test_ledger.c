/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger: whatever goes wrong with the history is a warning, and nothing
 * more. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ops/ledger.h"
#include "pg_fixture.h"
#include "source/source.h"

static struct pg_world w;
static dbbi_ops ops;
static dbbi_ledger ledger;
static dbbi_json *warnings;

static const dbbi_history_row running = { .backup_id = "set",
	.backup_type = "full", .status = "running", .at_ms = 1764000000000 };

static void
prepare(void)
{
	pg_sqlf("CREATE DATABASE app");
	pg_sqlf("CREATE DATABASE bare");
}

static void
set_up(void)
{
	int created;
	dbbi_history *history = NULL;

	pg_world_begin(&w, NULL, "app");
	ops = (dbbi_ops){ .config = w.config, .run = &w.run };
	warnings = dbbi_json_new_array();
	pg_sql("app", "DROP TABLE IF EXISTS backup_history");
	ck_assert_int_eq(dbbi_history_postgres.open(&history, &w.env,
	    &w.err), 0);
	ck_assert_int_eq(dbbi_history_postgres.create(&created, history,
	    &w.err), 0);
	dbbi_history_postgres.close(history);
}

static void
tear_down(void)
{
	dbbi_ledger_close(&ledger);
	dbbi_json_free(warnings);
	pg_world_end(&w);
}

static void
open_ledger(void)
{
	dbbi_ledger_open(&ledger, &ops, &w.run, warnings);
}

/* Nothing more is written, and nothing more is said. */
static void
assert_silent(size_t said)
{
	ck_assert_ptr_null(ledger.history);
	dbbi_ledger_record(&ledger, &running, warnings);
	dbbi_ledger_settle(&ledger, "set", "completed", warnings);
	ck_assert_uint_eq(dbbi_json_count(warnings), said);
}

START_TEST(a_server_that_is_away_is_a_warning)
{
	pg_world_set(&w, "connection", "host=/nowhere");
	open_ledger();
	ck_assert_has(dbbi_json_text(warnings), "backup_history: connecting: "
	    "the history table: ");
	assert_silent(1);
}
END_TEST

START_TEST(a_table_that_cannot_be_trusted_is_a_warning)
{
	pg_sql("app", "ALTER TABLE backup_history ADD CHECK (id > 0)");
	open_ledger();
	ck_assert_has(dbbi_json_text(warnings), "is not written into");
	assert_silent(1);
}
END_TEST

START_TEST(where_no_table_was_made_none_is_missed)
{
	pg_world_set(&w, "connection", pg_server_conninfo(NULL, "bare"));
	open_ledger();
	ck_assert_has(w.log, "'dbb-backup init' makes it");
	assert_silent(0);
	pg_assert_said("bare", "SELECT to_regclass('backup_history') IS NULL",
	    "t");
}
END_TEST

START_TEST(where_nobody_keeps_one_nothing_is_said)
{
	static const char *const nothing[] = { NULL };
	dbbi_config *empty = NULL;

	ck_assert_int_eq(dbbi_config_new(&empty, &w.err), 0);
	ck_assert_int_eq(dbbi_config_load(empty, "", nothing, &w.err), 0);
	ops.config = empty;
	open_ledger();
	assert_silent(0);
	dbbi_config_free(empty);
}
END_TEST

START_TEST(a_failed_row_is_told_once)
{
	open_ledger();
	ck_assert_ptr_nonnull(ledger.history);
	pg_sql("app", "DROP TABLE backup_history");
	dbbi_ledger_record(&ledger, &running, warnings);
	ck_assert_has(dbbi_json_text(warnings), "backup_history: writing a "
	    "row: ");
	assert_silent(1);
}
END_TEST

START_TEST(a_failed_settling_is_told)
{
	open_ledger();
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'libdbbackup'");
	dbbi_ledger_settle(&ledger, "set", "completed", warnings);
	ck_assert_has(dbbi_json_text(warnings), "backup_history: settling its "
	    "rows: ");
}
END_TEST

START_TEST(rows_are_written_and_settled)
{
	open_ledger();
	dbbi_ledger_record(&ledger, &running, warnings);
	pg_assert_said("app", "SELECT status FROM backup_history", "running");
	dbbi_ledger_settle(&ledger, "set", "completed", warnings);
	pg_assert_said("app", "SELECT status FROM backup_history",
	    "completed");
	ck_assert_uint_eq(dbbi_json_count(warnings), 0);
}
END_TEST

START_TEST(the_first_source_keeps_it_unless_another_place_is_named)
{
	pg_sql("bare", "CREATE TABLE IF NOT EXISTS backup_history "
	    "(id serial PRIMARY KEY)");
	ck_assert_int_eq(dbbi_config_set(w.config, "postgres other",
	    "connection", pg_server_conninfo(NULL, "bare"), &w.err), 0);
	open_ledger();
	ck_assert_str_eq(ledger.driver->database(ledger.history), "app");
	dbbi_ledger_close(&ledger);
	ck_assert_int_eq(dbbi_config_set(w.config, "history", "connection",
	    pg_server_conninfo(NULL, "bare"), &w.err), 0);
	open_ledger();
	ck_assert_str_eq(ledger.driver->database(ledger.history), "bare");
	pg_sql("bare", "DROP TABLE backup_history");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tc = tcase_create("ledger");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_server_that_is_away_is_a_warning);
	tcase_add_test(tc, a_table_that_cannot_be_trusted_is_a_warning);
	tcase_add_test(tc, where_no_table_was_made_none_is_missed);
	tcase_add_test(tc, where_nobody_keeps_one_nothing_is_said);
	tcase_add_test(tc, a_failed_row_is_told_once);
	tcase_add_test(tc, a_failed_settling_is_told);
	tcase_add_test(tc, rows_are_written_and_settled);
	tcase_add_test(tc,
	    the_first_source_keeps_it_unless_another_place_is_named);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
