/* SPDX-License-Identifier: BSD-2-Clause */
/* Backing up: what is refused at the beginning, the moment that is shown, the
 * tools as readers, and the look at what was stored. */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pg_set_fixture.h"
#include "source/pg_source.h"

static const dbbi_source_driver *const driver = &dbbi_source_postgres;
static struct pg_world w;
static dbbi_source *source;

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE poor LOGIN; CREATE ROLE reader LOGIN; "
	    "GRANT pg_read_all_data TO reader");
	pg_sqlf("CREATE DATABASE app");
	pg_sql("app", "CREATE TABLE t AS SELECT i AS a, repeat('x', 500) AS b "
	    "FROM generate_series(1, 6000) i");
	pg_sql("app", "CREATE SEQUENCE s; SELECT nextval('s')");
	pg_sqlf("CREATE DATABASE second");
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "app");
}

static void
tear_down(void)
{
	driver->close(source);
	source = NULL;
	pg_world_end(&w);
	/* Nobody stays connected. */
	pg_await("postgres", "SELECT count(*) = 0 FROM pg_stat_activity "
	    "WHERE application_name IN ('libdbbackup', 'pg_dump')");
}

static int
open_source(void)
{
	return driver->open(&source, &w.env, &w.err);
}

static void
open_well(void)
{
	ck_assert_msg(open_source() == 0, "%s", w.err.message);
}

static void
freeze_well(void)
{
	int64_t at = 0;

	ck_assert_msg(driver->freeze(&at, source, &w.err) == 0, "%s",
	    w.err.message);
	ck_assert_int_gt(at, 0);
}

/* ---- what is refused at the beginning ---- */

START_TEST(a_database_that_is_not_there_is_named)
{
	pg_world_set(&w, "databases", "app, nowhere");
	ck_assert_int_eq(open_source(), DBB_ENOTFOUND);
	ck_assert_has(w.err.message, "no database 'nowhere'");
	ck_assert_str_eq(w.err.remote, "3D000");
}
END_TEST

static void
connect_poor(void)
{
	pg_world_set(&w, "connection", pg_server_conninfo("poor", "second"));
}

START_TEST(tables_that_may_not_be_read_are_named_with_the_grant)
{
	pg_sql("second", "CREATE TABLE a (a int); CREATE TABLE b (a int)");
	connect_poor();
	ck_assert_int_eq(open_source(), DBB_EACCESS);
	ck_assert_has(w.err.message, "database 'second': 'poor' may not read:"
	    " public.a, public.b");
	ck_assert_has(w.err.hint, "GRANT pg_read_all_data TO \"poor\"");
	ck_assert_str_eq(w.err.remote, "42501");
	pg_sql("second", "DROP TABLE a, b");
}
END_TEST

START_TEST(of_many_tables_some_are_named_and_all_counted)
{
	pg_sql("second", "DO $$ BEGIN FOR i IN 1 .. 9 LOOP EXECUTE "
	    "format('CREATE TABLE %I (a int)', 'odd ' || i); END LOOP; "
	    "END $$");
	connect_poor();
	ck_assert_int_eq(open_source(), DBB_EACCESS);
	ck_assert_has(w.err.message, "public.\"odd 5\" and 4 more");
	pg_sql("second", "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
	    "GRANT USAGE ON SCHEMA public TO PUBLIC");
}
END_TEST

START_TEST(a_schema_that_may_not_be_used_counts_too)
{
	pg_sql("second", "CREATE SCHEMA shut; CREATE TABLE shut.a (a int); "
	    "GRANT SELECT ON shut.a TO poor");
	connect_poor();
	ck_assert_int_eq(open_source(), DBB_EACCESS);
	ck_assert_has(w.err.message, "shut.a");
	pg_sql("second", "DROP SCHEMA shut CASCADE");
}
END_TEST

START_TEST(rows_that_a_policy_hides_are_a_refusal)
{
	pg_sql("second", "CREATE TABLE a (a int); GRANT SELECT ON a TO poor; "
	    "ALTER TABLE a ENABLE ROW LEVEL SECURITY");
	connect_poor();
	ck_assert_int_eq(open_source(), DBB_EACCESS);
	ck_assert_has(w.err.message, "row level security");
	ck_assert_has(w.err.hint, "BYPASSRLS");
	pg_sql("second", "DROP TABLE a");
}
END_TEST

START_TEST(large_objects_that_may_not_be_read_are_a_refusal)
{
	pg_sql("second", "SELECT lo_create(77)");
	connect_poor();
	ck_assert_int_eq(open_source(), DBB_EACCESS);
	ck_assert_has(w.err.message, "may not read large objects: \"77\"");
	pg_sql("second", "GRANT SELECT ON LARGE OBJECT 77 TO poor");
	open_well();
	pg_sql("second", "SELECT lo_unlink(77)");
}
END_TEST

START_TEST(a_tool_of_no_use_is_not_taken)
{
	char *text = NULL;

	/* Those of the distribution are found, whatever PATH says. */
	setenv("PATH", "/nowhere", 1);
	open_well();
	text = ((dbbi_pg_source *)source)->pg_dump;
	ck_assert_int_eq(strncmp(text, "/usr/", 5), 0);
}
END_TEST

START_TEST(the_user_who_may_not_read_passwords_is_warned)
{
	dbbi_json *facts = NULL, *warnings = dbbi_json_new_array();
	int passwords = 1;

	connect_poor();
	open_well();
	freeze_well();
	ck_assert_msg(driver->facts(&facts, source, warnings, &w.err) == 0,
	    "%s", w.err.message);
	ck_assert_has(dbbi_json_text(warnings), "without their passwords");
	ck_assert_int_eq(dbbi_json_bool(&passwords, facts, "role_passwords"),
	    0);
	ck_assert_int_eq(passwords, 0);
	dbbi_json_free(facts);
	dbbi_json_free(warnings);
}
END_TEST

START_TEST(subscriptions_that_are_left_out_are_told)
{
	dbbi_json *facts = NULL, *warnings = dbbi_json_new_array();

	pg_sql("second", "CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere "
	    "dbname=x' PUBLICATION p WITH (connect = false)");
	pg_world_set(&w, "connection", pg_server_conninfo("reader",
	    "second"));
	open_well();
	freeze_well();
	ck_assert_int_eq(driver->facts(&facts, source, warnings, &w.err), 0);
	ck_assert_has(dbbi_json_text(warnings), "1 subscriptions of database "
	    "'second' are not in the backup");
	pg_sql("second", "ALTER SUBSCRIPTION sub SET (slot_name = NONE)");
	dbbi_json_free(facts);
	dbbi_json_free(warnings);
	driver->close(source);
	source = NULL;
	pg_sql("second", "DROP SUBSCRIPTION sub");
}
END_TEST

/* ---- which databases ---- */

START_TEST(all_databases_are_those_that_can_be_dumped)
{
	dbbi_pg_source *s;

	pg_sqlf("CREATE DATABASE closed ALLOW_CONNECTIONS false");
	pg_sqlf("CREATE DATABASE dbb_restore_x");
	pg_sqlf("COMMENT ON DATABASE dbb_restore_x IS 'libdbbackup: "
	    "restoring \"x\" from set y'");
	pg_sqlf("CREATE DATABASE dbb_restore_mine");
	pg_world_set(&w, "databases", "*");
	open_well();
	s = (dbbi_pg_source *)source;
	ck_assert_uint_eq(s->database_count, 4);
	ck_assert_str_eq(s->databases[0].name, "app");
	ck_assert_str_eq(s->databases[1].name, "dbb_restore_mine");
	ck_assert_str_eq(s->databases[2].name, "postgres");
	ck_assert_str_eq(s->databases[3].name, "second");
	ck_assert_has(dbbi_json_text(s->notes), "'closed' is not in the "
	    "backup");
	driver->close(source);
	source = NULL;
	pg_sqlf("DROP DATABASE closed");
	pg_sqlf("DROP DATABASE dbb_restore_x");
	pg_sqlf("DROP DATABASE dbb_restore_mine");
}
END_TEST

START_TEST(each_database_is_taken_once)
{
	pg_world_set(&w, "databases", "second, app, second");
	open_well();
	ck_assert_uint_eq(source->stream_count, 3);
	ck_assert_str_eq(source->streams[0].name, "globals.sql");
	ck_assert_str_eq(source->streams[1].name, "second.dump");
	ck_assert_str_eq(source->streams[2].name, "app.dump");
	ck_assert_uint_gt(source->streams[2].size_estimate, 1000000);
}
END_TEST

START_TEST(the_caller_s_choice_goes_first)
{
	char *items[] = { strdup("second"), NULL };
	dbbi_list only = { items, 1 };

	pg_world_set(&w, "databases", "app");
	w.env.only = &only;
	open_well();
	ck_assert_uint_eq(source->stream_count, 2);
	ck_assert_str_eq(source->streams[1].name, "second.dump");
	free(items[0]);
}
END_TEST

/* ---- the moment ---- */

static void *
let_go_soon(void *payload)
{
	poll(NULL, 0, 300);
	PQclear(PQexec(payload, "COMMIT"));
	return NULL;
}

START_TEST(a_table_that_is_held_is_waited_for)
{
	PGconn *holder = pg_session("app");
	pthread_t thread;

	pg_session_do(holder, "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
	open_well();
	ck_assert_int_eq(pthread_create(&thread, NULL, let_go_soon, holder),
	    0);
	freeze_well();
	pthread_join(thread, NULL);
	PQfinish(holder);
}
END_TEST

static void *
cancel_soon(void *payload)
{
	(void)payload;
	poll(NULL, 0, 300);
	dbbi_run_cancel(&w.run);
	return NULL;
}

START_TEST(a_cancel_ends_the_wait_for_a_table)
{
	PGconn *holder = pg_session("app");
	pthread_t thread;
	int64_t at;

	pg_session_do(holder, "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
	open_well();
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL),
	    0);
	ck_assert_int_eq(driver->freeze(&at, source, &w.err), DBB_ECANCELED);
	pthread_join(thread, NULL);
	PQfinish(holder);
}
END_TEST

/* The holder drops what was listed: the list is made anew. */
static void *
drop_soon(void *payload)
{
	poll(NULL, 0, 300);
	PQclear(PQexec(payload, "DROP TABLE passing; COMMIT"));
	return NULL;
}

START_TEST(a_table_that_vanishes_meanwhile_is_no_failure)
{
	PGconn *holder = pg_session("app");
	pthread_t thread;

	pg_sql("app", "CREATE TABLE passing (a int)");
	pg_session_do(holder, "BEGIN; LOCK TABLE passing IN ACCESS EXCLUSIVE "
	    "MODE");
	open_well();
	ck_assert_int_eq(pthread_create(&thread, NULL, drop_soon, holder),
	    0);
	freeze_well();
	pthread_join(thread, NULL);
	PQfinish(holder);
}
END_TEST

START_TEST(what_is_counted_is_what_was_frozen)
{
	dbbi_json *facts = NULL, *warnings = dbbi_json_new_array();
	dbbi_json *one;
	uint64_t rows = 0;
	int64_t before = 0, after = 0;

	open_well();
	freeze_well();
	pg_sql("app", "INSERT INTO t SELECT 7, 'later' FROM "
	    "generate_series(1, 100); SELECT nextval('s')");
	ck_assert_int_eq(driver->facts(&facts, source, warnings, &w.err), 0);
	ck_assert_int_eq(driver->finish(source, facts, &w.err), 0);
	one = dbbi_json_at(dbbi_json_array(facts, "databases"), 0);
	ck_assert_int_eq(dbbi_json_u64(&rows, dbbi_json_at(dbbi_json_array(
	    one, "tables"), 0), "rows"), 0);
	ck_assert_uint_eq(rows, 6000);
	one = dbbi_json_at(dbbi_json_array(one, "sequences"), 0);
	ck_assert_int_eq(dbbi_json_i64(&before, one, "last_value"), 0);
	ck_assert_int_eq(dbbi_json_i64(&after, one, "last_value_after"), 0);
	ck_assert_int_eq(after - before, 1);
	ck_assert_has(dbbi_json_text(facts), "\"sequences_may_move\":true");
	pg_sql("app", "DELETE FROM t WHERE a = 7 AND b = 'later'");
	dbbi_json_free(facts);
	dbbi_json_free(warnings);
}
END_TEST

START_TEST(a_connection_lost_after_the_freeze_ends_the_facts)
{
	dbbi_json *facts = NULL, *warnings = dbbi_json_new_array();

	open_well();
	freeze_well();
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'libdbbackup'");
	ck_assert_int_lt(driver->facts(&facts, source, warnings, &w.err), 0);
	ck_assert_ptr_null(facts);
	dbbi_json_free(warnings);
}
END_TEST

START_TEST(facts_of_another_source_are_not_finished)
{
	dbbi_json *facts = dbbi_json_new_object();

	open_well();
	freeze_well();
	ck_assert_int_eq(driver->finish(source, facts, &w.err),
	    DBB_EINTERNAL);
	dbbi_json_free(facts);
}
END_TEST

/* ---- streams ---- */

START_TEST(no_stream_before_the_freeze_or_beyond_the_last)
{
	dbbi_reader *reader = NULL;

	open_well();
	ck_assert_int_eq(driver->stream(&reader, source, 1, &w.err),
	    DBB_EINTERNAL);
	freeze_well();
	ck_assert_int_eq(driver->stream(&reader, source, 9, &w.err),
	    DBB_EINTERNAL);
	ck_assert_ptr_null(reader);
}
END_TEST

static int
read_to_end(dbbi_reader *reader, uint64_t *size)
{
	static char block[4096];
	size_t got;
	int rc;

	*size = 0;
	while ((rc = dbbi_reader_read(&got, reader, block, sizeof(block),
	    &w.err)) == 0 && got > 0)
		*size += got;
	return rc;
}

START_TEST(a_dump_whose_snapshot_is_gone_is_a_failure_that_stays)
{
	dbbi_reader *reader = NULL;
	uint64_t size;
	int i;

	open_well();
	freeze_well();
	ck_assert_int_eq(driver->stream(&reader, source, 1, &w.err), 0);
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'libdbbackup'");
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(read_to_end(reader, &size), DBB_ESOURCE);
	ck_assert_uint_eq(size, 0);
	dbbi_reader_free(reader);
}
END_TEST

START_TEST(a_dump_that_is_killed_in_the_middle_has_no_end)
{
	dbbi_reader *reader = NULL;
	char block[16];
	uint64_t size;
	size_t got;

	open_well();
	freeze_well();
	ck_assert_int_eq(driver->stream(&reader, source, 1, &w.err), 0);
	ck_assert_int_eq(dbbi_reader_read(&got, reader, block, sizeof(block),
	    &w.err), 0);
	pg_await("postgres", "SELECT count(*) = 1 FROM pg_stat_activity "
	    "WHERE application_name = 'pg_dump'");
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'pg_dump'");
	ck_assert_int_eq(read_to_end(reader, &size), DBB_ESOURCE);
	ck_assert_has(w.err.message, "pg_dump");
	ck_assert_str_ne(w.err.hint, "");
	dbbi_reader_free(reader);
}
END_TEST

START_TEST(a_cancel_ends_a_stream)
{
	dbbi_reader *reader = NULL;
	uint64_t size;

	open_well();
	freeze_well();
	ck_assert_int_eq(driver->stream(&reader, source, (size_t)_i,
	    &w.err), 0);
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(read_to_end(reader, &size), DBB_ECANCELED);
	dbbi_reader_free(reader);
}
END_TEST

START_TEST(a_stream_may_be_left_at_any_time)
{
	dbbi_reader *reader = NULL;
	char block[16];
	size_t got;

	open_well();
	freeze_well();
	ck_assert_int_eq(driver->stream(&reader, source, 1, &w.err), 0);
	if (_i == 1)
		ck_assert_int_eq(dbbi_reader_read(&got, reader, block,
		    sizeof(block), &w.err), 0);
	dbbi_reader_free(reader);
}
END_TEST

/* ---- what the dump itself tells ---- */

/* A pg_dump that does not do what it is asked to. In a file of its own, which
 * is removed with the test's end. */
static char wrapper[] = "/tmp/dbb-pg_dump-XXXXXX";

static void
replace_pg_dump(const char *command)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	int fd = mkstemp(wrapper);
	FILE *file;

	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_nonnull(file = fdopen(fd, "w"));
	fprintf(file, "#!/bin/sh\nd=%s\n%s\n", s->pg_dump, command);
	ck_assert_int_eq(fchmod(fd, 0755), 0);
	ck_assert_int_eq(fclose(file), 0);
	free(s->pg_dump);
	ck_assert_ptr_nonnull(s->pg_dump = strdup(wrapper));
}

static void
begin(dbbi_json **facts)
{
	dbbi_json *warnings = dbbi_json_new_array();

	open_well();
	freeze_well();
	ck_assert_msg(driver->facts(facts, source, warnings, &w.err) == 0,
	    "%s", w.err.message);
	dbbi_json_free(warnings);
}

/* Read stream 1 with that pg_dump. */
static int
read_with(const char *command)
{
	dbbi_reader *reader = NULL;
	uint64_t size;
	int rc;

	replace_pg_dump(command);
	ck_assert_int_eq(driver->stream(&reader, source, 1, &w.err), 0);
	rc = read_to_end(reader, &size);
	dbbi_reader_free(reader);
	unlink(wrapper);
	return rc;
}

static void
assert_rows(const dbbi_json *facts, const char *rows)
{
	dbbi_json *one = dbbi_json_at(dbbi_json_array(facts, "databases"), 0);

	ck_assert_has(dbbi_json_text(dbbi_json_array(one, "tables")), rows);
}

/* Even where it shows another moment. */
START_TEST(rows_are_those_of_the_dump)
{
	dbbi_json *facts = NULL;

	begin(&facts);
	assert_rows(facts, "\"kind\":\"table\",\"rows\":null}");
	pg_sql("app", "INSERT INTO t VALUES (7, 'later')");
	ck_assert_int_eq(read_with("for a; do shift; case $a in "
	    "--snapshot=*) ;; *) set -- \"$@\" \"$a\";; esac; done\n"
	    "exec \"$d\" \"$@\""), 0);
	ck_assert_msg(driver->finish(source, facts, &w.err) == 0, "%s",
	    w.err.message);
	assert_rows(facts, "\"kind\":\"table\",\"rows\":6001}");
	pg_sql("app", "DELETE FROM t WHERE a = 7 AND b = 'later'");
	dbbi_json_free(facts);
}
END_TEST

START_TEST(a_dump_without_a_table_s_rows_fails)
{
	dbbi_json *facts = NULL;

	begin(&facts);
	ck_assert_int_eq(read_with("exec \"$d\" \"$@\" "
	    "--exclude-table-data=t"), 0);
	ck_assert_int_eq(driver->finish(source, facts, &w.err), DBB_ESOURCE);
	ck_assert_has(w.err.message, "database 'app': the dump holds nothing "
	    "of table 'public.t', which has 6000 rows");
	ck_assert_str_ne(w.err.hint, "");
	dbbi_json_free(facts);
}
END_TEST

START_TEST(a_dump_without_an_empty_table_lacks_nothing)
{
	dbbi_json *facts = NULL;

	pg_sql("app", "CREATE TABLE hollow (a int)");
	begin(&facts);
	ck_assert_int_eq(read_with("exec \"$d\" \"$@\" "
	    "--exclude-table-data=hollow"), 0);
	ck_assert_msg(driver->finish(source, facts, &w.err) == 0, "%s",
	    w.err.message);
	assert_rows(facts, "\"name\":\"hollow\",\"kind\":\"table\","
	    "\"rows\":0}");
	dbbi_json_free(facts);
	driver->close(source);
	source = NULL;
	pg_sql("app", "DROP TABLE hollow");
}
END_TEST

START_TEST(a_dump_without_the_large_objects_fails)
{
	dbbi_json *facts = NULL;

	pg_sql("app", "SELECT lo_create(88)");
	begin(&facts);
	ck_assert_int_eq(read_with("exec \"$d\" \"$@\" --no-blobs"),
	    0);
	ck_assert_int_eq(driver->finish(source, facts, &w.err), DBB_ESOURCE);
	ck_assert_has(w.err.message, "the dump holds 0 of 1 large objects");
	pg_sql("app", "SELECT lo_unlink(88)");
	dbbi_json_free(facts);
}
END_TEST

START_TEST(a_dump_that_breaks_off_and_says_it_is_well_fails)
{
	dbbi_json *facts = NULL;

	begin(&facts);
	ck_assert_int_eq(read_with("\"$d\" \"$@\" | head -c 100000"),
	    DBB_ESOURCE);
	ck_assert_has(w.err.message, "dumping database 'app': what pg_dump "
	    "wrote is no archive that could be restored: at byte 100000 it "
	    "breaks off");
	dbbi_json_free(facts);
}
END_TEST

START_TEST(what_is_no_archive_ends_the_stream)
{
	dbbi_json *facts = NULL;

	begin(&facts);
	ck_assert_int_eq(read_with("exec \"$d\" \"$@\" "
	    "--format=plain"), DBB_ESOURCE);
	ck_assert_has(w.err.message, "it does not begin as one");
	dbbi_json_free(facts);
}
END_TEST

START_TEST(an_archive_that_is_not_known_is_counted_on_the_server)
{
	dbbi_json *facts = NULL;

	w.run.log_level = DBB_LOG_DEBUG;
	begin(&facts);
	ck_assert_int_eq(read_with("exec \"$d\" \"$@\" "
	    "--compress=1"), 0);
	ck_assert_has(w.log, "the rows of database 'app' are counted on the "
	    "server, not in its dump: it is compressed");
	ck_assert_msg(driver->finish(source, facts, &w.err) == 0, "%s",
	    w.err.message);
	assert_rows(facts, "\"kind\":\"table\",\"rows\":6000}");
	dbbi_json_free(facts);
}
END_TEST

/* ---- is what was stored whole? ---- */

static struct pg_set set;

static int
check_stored(size_t i, const void *data, size_t size, int fault)
{
	dbbi_reader *in = pg_bytes_reader(data, size, fault);
	int rc = driver->check(source, i, set.facts, in, &w.err);

	dbbi_reader_free(in);
	return rc;
}

static void
take(void)
{
	pg_set_take(&set, &w);
	open_well();
}

START_TEST(whole_artefacts_pass)
{
	take();
	ck_assert_int_eq(check_stored(0, set.data[0].data, set.data[0].size,
	    0), 0);
	ck_assert_int_eq(check_stored(1, set.data[1].data, set.data[1].size,
	    0), 0);
	pg_set_free(&set);
}
END_TEST

START_TEST(a_stored_dump_that_is_none_does_not_pass)
{
	take();
	ck_assert_int_eq(check_stored(1, "no dump at all", 14, 0),
	    DBB_ESOURCE);
	ck_assert_has(w.err.message, "reading the contents of the dump of "
	    "'app'");
	ck_assert_int_eq(check_stored(1, set.data[1].data, 40, 0),
	    DBB_ESOURCE);
	ck_assert_int_eq(check_stored(1, set.data[1].data, 40, DBB_EDAMAGED),
	    DBB_EDAMAGED);
	ck_assert_int_eq(check_stored(9, set.data[1].data, 40, 0),
	    DBB_EINTERNAL);
	pg_set_free(&set);
}
END_TEST

START_TEST(a_dump_that_lacks_a_table_does_not_pass)
{
	dbbi_json *more = dbbi_json_new_object();

	take();
	dbbi_json_set_string(more, "kind", "table");
	dbbi_json_append(dbbi_json_array(dbbi_json_at(dbbi_json_array(
	    set.facts, "databases"), 0), "tables"), more);
	ck_assert_int_eq(check_stored(1, set.data[1].data, set.data[1].size,
	    0), DBB_ESOURCE);
	ck_assert_has(w.err.message, "holds the rows of 1 of 2 tables");
	pg_set_free(&set);
}
END_TEST

START_TEST(globals_that_are_not_whole_do_not_pass)
{
	static const char *const texts[] = {
		"", "CREATE ROLE x;\n",
		"-- PostgreSQL database cluster dump\n"
		    "-- PostgreSQL database cluster dump complete\n",
		"-- PostgreSQL database cluster dump\nCREATE ROLE x;\n",
	};
	static const char *const words[] = { "not what pg_dumpall writes",
		"not what pg_dumpall writes", "not a single role",
		"breaks off" };

	open_well();
	ck_assert_int_eq(check_stored(0, texts[_i], strlen(texts[_i]), 0),
	    DBB_ESOURCE);
	ck_assert_has(w.err.message, words[_i]);
	ck_assert_int_eq(check_stored(0, texts[_i], strlen(texts[_i]),
	    DBB_EIO), DBB_EIO);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_backup");
	TCase *tc = tcase_create("pg_backup");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_database_that_is_not_there_is_named);
	tcase_add_test(tc,
	    tables_that_may_not_be_read_are_named_with_the_grant);
	tcase_add_test(tc, of_many_tables_some_are_named_and_all_counted);
	tcase_add_test(tc, a_schema_that_may_not_be_used_counts_too);
	tcase_add_test(tc, rows_that_a_policy_hides_are_a_refusal);
	tcase_add_test(tc, large_objects_that_may_not_be_read_are_a_refusal);
	tcase_add_test(tc, a_tool_of_no_use_is_not_taken);
	tcase_add_test(tc, the_user_who_may_not_read_passwords_is_warned);
	tcase_add_test(tc, subscriptions_that_are_left_out_are_told);
	tcase_add_test(tc, all_databases_are_those_that_can_be_dumped);
	tcase_add_test(tc, each_database_is_taken_once);
	tcase_add_test(tc, the_caller_s_choice_goes_first);
	tcase_add_test(tc, a_table_that_is_held_is_waited_for);
	tcase_add_test(tc, a_cancel_ends_the_wait_for_a_table);
	tcase_add_test(tc, a_table_that_vanishes_meanwhile_is_no_failure);
	tcase_add_test(tc, what_is_counted_is_what_was_frozen);
	tcase_add_test(tc, a_connection_lost_after_the_freeze_ends_the_facts);
	tcase_add_test(tc, facts_of_another_source_are_not_finished);
	tcase_add_test(tc, no_stream_before_the_freeze_or_beyond_the_last);
	tcase_add_test(tc,
	    a_dump_whose_snapshot_is_gone_is_a_failure_that_stays);
	tcase_add_test(tc, a_dump_that_is_killed_in_the_middle_has_no_end);
	tcase_add_loop_test(tc, a_cancel_ends_a_stream, 0, 2);
	tcase_add_loop_test(tc, a_stream_may_be_left_at_any_time, 0, 2);
	tcase_add_test(tc, rows_are_those_of_the_dump);
	tcase_add_test(tc, a_dump_without_a_table_s_rows_fails);
	tcase_add_test(tc, a_dump_without_an_empty_table_lacks_nothing);
	tcase_add_test(tc, a_dump_without_the_large_objects_fails);
	tcase_add_test(tc, a_dump_that_breaks_off_and_says_it_is_well_fails);
	tcase_add_test(tc, what_is_no_archive_ends_the_stream);
	tcase_add_test(tc, an_archive_that_is_not_known_is_counted_on_the_server);
	tcase_add_test(tc, whole_artefacts_pass);
	tcase_add_test(tc, a_stored_dump_that_is_none_does_not_pass);
	tcase_add_test(tc, a_dump_that_lacks_a_table_does_not_pass);
	tcase_add_loop_test(tc, globals_that_are_not_whole_do_not_pass, 0, 4);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
