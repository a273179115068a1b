/* SPDX-License-Identifier: BSD-2-Clause */
/* The history table: never written into where others' code could run, and
 * right in what it tells. */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_fixture.h"
#include "source/history.h"

#define CHECKSUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789" \
	"abcdef"

static const dbbi_history_driver *const driver = &dbbi_history_postgres;
static struct pg_world w;
static dbbi_history *history;

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE poor LOGIN; CREATE ROLE other LOGIN; "
	    "CREATE ROLE writer LOGIN");
	pg_sqlf("CREATE DATABASE app");
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "app");
	pg_sql("app", "DROP TABLE IF EXISTS backup_history CASCADE");
}

static void
tear_down(void)
{
	driver->close(history);
	history = NULL;
	pg_world_end(&w);
}

static void
open_well(void)
{
	ck_assert_msg(driver->open(&history, &w.env, &w.err) == 0, "%s",
	    w.err.message);
}

static void
create_well(void)
{
	int created = -1;

	open_well();
	ck_assert_msg(driver->create(&created, history, &w.err) == 0, "%s",
	    w.err.message);
	ck_assert_int_eq(created, 1);
}

static int
record(const char *status, const char *message)
{
	dbbi_history_row row = { .backup_id = "set", .backup_type = "full",
	    .status = status, .at_ms = 1764000000123, .size_bytes = 4711,
	    .checksum = CHECKSUM, .error_message = message };

	return driver->record(history, &row, &w.err);
}

/* ---- what keeps it from being written ---- */

START_TEST(no_server_is_told_as_the_history_s)
{
	pg_world_set(&w, "connection", pg_server_conninfo(NULL, "nowhere"));
	ck_assert_int_eq(driver->open(&history, &w.env, &w.err),
	    DBB_ENOTFOUND);
	ck_assert_has(w.err.message, "the history table: ");
}
END_TEST

START_TEST(who_may_not_make_it_is_told_what_to_grant)
{
	int created = -1;

	pg_world_set(&w, "connection", pg_server_conninfo("poor", "app"));
	open_well();
	ck_assert_int_eq(driver->create(&created, history, &w.err),
	    DBB_EACCESS);
	ck_assert_has(w.err.message, "making table 'backup_history'");
	ck_assert_has(w.err.hint, "GRANT CREATE ON SCHEMA public TO "
	    "\"poor\"");
	ck_assert_int_eq(created, -1);
	/* And the session goes on. */
	ck_assert_int_eq(driver->exists(&created, history, &w.err), 0);
	ck_assert_int_eq(created, 0);
}
END_TEST

START_TEST(a_table_that_is_not_there_is_not_written)
{
	open_well();
	ck_assert_int_eq(record("running", NULL), DBB_ESOURCE);
	ck_assert_has(w.err.message, "writing 'set' into table "
	    "'backup_history'");
	ck_assert_int_eq(driver->settle(history, "set", "completed",
	    &w.err), DBB_ESOURCE);
}
END_TEST

START_TEST(a_row_without_id_or_type_is_refused)
{
	dbbi_history_row row = { .backup_id = "set" };

	create_well();
	ck_assert_int_eq(driver->record(history, &row, &w.err), DBB_EINVAL);
}
END_TEST

/* Ways to have others' code run with the writer's rights. */
static const struct {
	const char *sql;
	const char *words;
} traps[] = {
	{ "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
	    "'BEGIN RETURN NEW; END'; CREATE TRIGGER x BEFORE INSERT ON "
	    "backup_history FOR EACH ROW EXECUTE FUNCTION f()",
	    "it has a trigger" },
	{ "CREATE RULE x AS ON INSERT TO backup_history DO ALSO SELECT 1",
	    "it has a rule" },
	{ "ALTER TABLE backup_history ENABLE ROW LEVEL SECURITY",
	    "row level security" },
	{ "ALTER TABLE backup_history ALTER size_bytes SET DEFAULT "
	    "length(version())", "a default or a generated column" },
	{ "ALTER TABLE backup_history ADD CHECK (size_bytes > 0)",
	    "a check or a foreign key" },
	{ "CREATE INDEX ON backup_history (lower(status))",
	    "an index on an expression" },
	{ "CREATE STATISTICS x ON status, backup_type FROM backup_history",
	    "extended statistics" },
	{ "CREATE TABLE child () INHERITS (backup_history)",
	    "inheritance" },
	{ "CREATE DOMAIN d AS text; ALTER TABLE backup_history ADD x d",
	    "a user-defined type" },
	{ "ALTER TABLE backup_history OWNER TO other",
	    "belongs to 'other', who is not trusted" },
	{ "ALTER TABLE backup_history RENAME TO base; CREATE VIEW "
	    "backup_history AS SELECT * FROM base", "no ordinary table" },
};
#define TRAPS (int)(sizeof(traps) / sizeof(traps[0]))

START_TEST(a_table_in_which_code_hides_is_not_written)
{
	int there = -1;

	create_well();
	pg_sql("app", traps[_i].sql);
	ck_assert_int_eq(driver->exists(&there, history, &w.err),
	    DBB_EACCESS);
	ck_assert_has(w.err.message, traps[_i].words);
	ck_assert_int_lt(record("running", NULL), 0);
	ck_assert_int_lt(driver->settle(history, "set", "completed",
	    &w.err), 0);
	ck_assert_int_lt(driver->create(&there, history, &w.err), 0);
	pg_sql("app", "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
	    "GRANT USAGE ON SCHEMA public TO PUBLIC");
}
END_TEST

START_TEST(a_connection_lost_is_told)
{
	create_well();
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'libdbbackup'");
	ck_assert_int_eq(record("running", NULL), DBB_ECONNECT);
	pg_assert_said("app", "SELECT count(*) FROM backup_history", "0");
}
END_TEST

START_TEST(nothing_is_written_once_canceled)
{
	create_well();
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(record("running", NULL), DBB_ECANCELED);
	pg_assert_said("app", "SELECT count(*) FROM backup_history", "0");
}
END_TEST

/* ---- what it tells ---- */

START_TEST(it_is_made_once_with_its_indexes)
{
	int created = -1, there = 0;

	create_well();
	ck_assert_int_eq(driver->create(&created, history, &w.err), 0);
	ck_assert_int_eq(created, 0);
	ck_assert_int_eq(driver->exists(&there, history, &w.err), 0);
	ck_assert_int_eq(there, 1);
	ck_assert_str_eq(driver->database(history), "app");
	pg_assert_said("app", "SELECT string_agg(indexname, ' ' ORDER BY 1) "
	    "FROM (SELECT indexname FROM pg_indexes WHERE tablename = "
	    "'backup_history' ORDER BY 1) i", "backup_history_pkey "
	    "idx_backup_history_status idx_backup_history_timestamp "
	    "idx_backup_history_type");
}
END_TEST

START_TEST(a_row_that_runs_is_brought_up_to_date)
{
	create_well();
	ck_assert_int_eq(record("running", NULL), 0);
	ck_assert_int_eq(record("completed", NULL), 0);
	pg_assert_said("app", "SELECT string_agg(concat_ws('|', backup_id, "
	    "backup_type, timestamp, size_bytes, checksum, status), ';') "
	    "FROM backup_history", "set|full|2025-11-24 16:00:00.123|4711|"
	    CHECKSUM "|completed");
	/* One that has ended is not: the next is a row of its own. */
	ck_assert_int_eq(record("failed", "why"), 0);
	pg_assert_said("app", "SELECT string_agg(status, ' ' ORDER BY id) "
	    "FROM backup_history", "completed failed");
}
END_TEST

START_TEST(rows_left_running_are_settled_and_no_others)
{
	create_well();
	pg_sql("app", "INSERT INTO backup_history (backup_id, backup_type, "
	    "timestamp, status) VALUES ('set', 'full', now(), 'running'), "
	    "('set', 'x', now(), 'failed'), ('y', 'full', now(), 'running')");
	ck_assert_int_eq(driver->settle(history, "set", "completed",
	    &w.err), 0);
	pg_assert_said("app", "SELECT string_agg(status, ' ' ORDER BY id) "
	    "FROM backup_history", "completed failed running");
}
END_TEST

START_TEST(any_words_are_fit_to_be_kept)
{
	char text[6000];

	create_well();
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "'\xff\xc3\xa4\n", 5);
	memcpy(text + 3999, "\xc3\xa4", 2);	/* cut in its middle */
	text[sizeof(text) - 1] = '\0';
	ck_assert_msg(record("failed", text) == 0, "%s", w.err.message);
	pg_assert_said("app", "SELECT octet_length(error_message) || left("
	    "error_message, 4) FROM backup_history", "3999'?\xc3\xa4\n");
}
END_TEST

START_TEST(a_user_with_few_rights_may_write_rows)
{
	create_well();
	pg_sql("app", "GRANT SELECT, INSERT, UPDATE ON backup_history TO "
	    "writer; GRANT USAGE ON backup_history_id_seq TO writer");
	pg_world_set(&w, "connection", pg_server_conninfo("writer", "app"));
	driver->close(history);
	open_well();
	ck_assert_msg(record("running", NULL) == 0, "%s", w.err.message);
	pg_assert_said("app", "SELECT count(*) FROM backup_history", "1");
}
END_TEST

START_TEST(the_history_section_goes_first)
{
	ck_assert_int_eq(dbbi_config_set(w.config, "history", "connection",
	    pg_server_conninfo(NULL, "postgres"), &w.err), 0);
	open_well();
	ck_assert_str_eq(driver->database(history), "postgres");
}
END_TEST

static void *
create_too(void *payload)
{
	int *rc = payload, created;

	*rc = driver->create(&created, history, &w.err);
	return NULL;
}

START_TEST(two_that_make_it_at_once_both_find_it)
{
	struct pg_world other;
	dbbi_history *second = NULL;
	pthread_t thread;
	int rc = -1, created = -1;

	open_well();
	pg_world_begin(&other, NULL, "app");
	ck_assert_int_eq(driver->open(&second, &other.env, &other.err), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, create_too, &rc), 0);
	ck_assert_msg(driver->create(&created, second, &other.err) == 0,
	    "%s", other.err.message);
	pthread_join(thread, NULL);
	ck_assert_msg(rc == 0, "%s", w.err.message);
	driver->close(second);
	pg_world_end(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_history");
	TCase *tc = tcase_create("pg_history");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_server_is_told_as_the_history_s);
	tcase_add_test(tc, who_may_not_make_it_is_told_what_to_grant);
	tcase_add_test(tc, a_table_that_is_not_there_is_not_written);
	tcase_add_test(tc, a_row_without_id_or_type_is_refused);
	tcase_add_loop_test(tc, a_table_in_which_code_hides_is_not_written,
	    0, TRAPS);
	tcase_add_test(tc, a_connection_lost_is_told);
	tcase_add_test(tc, nothing_is_written_once_canceled);
	tcase_add_test(tc, it_is_made_once_with_its_indexes);
	tcase_add_test(tc, a_row_that_runs_is_brought_up_to_date);
	tcase_add_test(tc, rows_left_running_are_settled_and_no_others);
	tcase_add_test(tc, any_words_are_fit_to_be_kept);
	tcase_add_test(tc, a_user_with_few_rights_may_write_rows);
	tcase_add_test(tc, the_history_section_goes_first);
	tcase_add_test(tc, two_that_make_it_at_once_both_find_it);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
