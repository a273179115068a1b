/* SPDX-License-Identifier: BSD-2-Clause */
/* What is refused before anything is changed, and what a restore that ends
 * early leaves behind. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pg_set_fixture.h"

static struct pg_world w;
static struct pg_set set;		/* of 'app' */
static struct pg_restoring r;

static void
prepare(void)
{
	pg_sqlf("CREATE DATABASE app");
	pg_sql("app", "CREATE TABLE t AS SELECT generate_series(1, 10) a");
	pg_sqlf("CREATE DATABASE other");
	pg_sqlf("CREATE ROLE plain LOGIN CREATEDB; CREATE ROLE poor LOGIN");
	pg_world_begin(&w, NULL, "app");
	pg_set_take(&set, &w);
	pg_world_end(&w);
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "app");
	pg_restoring_begin(&r, &set, &w);
}

static void
tear_down(void)
{
	pg_restoring_end(&r);
	pg_world_end(&w);
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database "
	    "WHERE datname ~ '^dbb_'", "0");
}

/* The facts of the only database. */
static dbbi_json *
database_facts(void)
{
	return dbbi_json_at(dbbi_json_array(set.facts, "databases"), 0);
}

static void
connect_as(const char *user)
{
	pg_world_set(&w, "connection", pg_server_conninfo(user, "postgres"));
}

/* ---- facts are hostile ---- */

static void
without_databases(void)
{
	dbbi_json_set(set.facts, "databases", dbbi_json_new_array());
}

static void
without_a_name(void)
{
	dbbi_json_set_string(database_facts(), "name", "");
}

static void
with_an_endless_name(void)
{
	char name[200];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dbbi_json_set_string(database_facts(), "name", name);
}

static void
named_twice(void)
{
	dbbi_json *again = dbbi_json_new_object();

	dbbi_json_set_string(again, "name", "app");
	dbbi_json_append(dbbi_json_array(set.facts, "databases"), again);
}

static void
of_no_version(void)
{
	dbbi_json_set_string(set.facts, "server_version_num", "new");
}

static void (*const damages[])(void) = { without_databases, without_a_name,
	with_an_endless_name, named_twice, of_no_version };

START_TEST(facts_that_cannot_be_are_damage)
{
	damages[_i]();
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EDAMAGED);
	ck_assert_has(w.err.message, PG_SET_ID);
}
END_TEST

START_TEST(a_name_that_cannot_be_is_refused)
{
	r.plan.into = _i == 0 ? "" : "0123456789012345678901234567890123456789"
	    "012345678901234567890123";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EINVAL);
	ck_assert_has(w.err.message, "1 to 63 bytes");
}
END_TEST

START_TEST(one_name_is_not_given_to_two_databases)
{
	dbbi_json *second = dbbi_json_new_object();

	dbbi_json_set_string(second, "name", "second");
	dbbi_json_append(dbbi_json_array(set.facts, "databases"), second);
	r.plan.into = "both";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EINVAL);
	ck_assert_has(w.err.hint, "--to");
}
END_TEST

/* ---- servers that do not fit ---- */

START_TEST(an_older_server_is_not_given_a_newer_backup)
{
	dbbi_json_set_i64(set.facts, "server_version_num", 990001);
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EVERSION);
	ck_assert_has(w.err.message, "version 99");
}
END_TEST

START_TEST(who_may_make_no_database_is_told_how)
{
	connect_as("poor");
	r.plan.into = "new";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EACCESS);
	ck_assert_has(w.err.hint, "ALTER ROLE \"poor\" CREATEDB");
}
END_TEST

START_TEST(what_exists_is_refused_without_replace)
{
	r.plan.replace = 0;
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EEXIST);
	ck_assert_has(w.err.message, "database 'app' exists on");
	ck_assert_has(w.err.hint, "--replace");
	r.plan.into = "other";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EEXIST);
	ck_assert_has(w.err.message, "(it is empty)");
}
END_TEST

START_TEST(another_ones_database_is_not_replaced)
{
	connect_as("plain");
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EACCESS);
	ck_assert_has(w.err.message, "belongs to 'postgres'");
}
END_TEST

START_TEST(a_template_is_not_replaced)
{
	pg_sqlf("CREATE DATABASE mould IS_TEMPLATE true");
	r.plan.into = "mould";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EUNSUPPORTED);
	ck_assert_has(w.err.hint, "IS_TEMPLATE false");
	pg_sqlf("ALTER DATABASE mould IS_TEMPLATE false");
	pg_sqlf("DROP DATABASE mould");
}
END_TEST

START_TEST(what_others_follow_by_slots_is_not_replaced)
{
	pg_sqlf("CREATE DATABASE followed");
	pg_sql("followed", "SELECT pg_create_logical_replication_slot("
	    "'first', 'test_decoding'), pg_create_logical_replication_slot("
	    "'second', 'pgoutput')");
	r.plan.into = "followed";
	ck_assert_int_eq(pg_restoring_open(&r), DBB_EBUSY);
	ck_assert_has(w.err.message, "'first', 'second'");
	ck_assert_has(w.err.hint, "pg_drop_replication_slot");
	pg_assert_said("postgres", "SELECT count(*) FROM "
	    "pg_replication_slots", "2");
	/* Those of other databases are no matter. */
	r.plan.into = "other";
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	pg_sqlf("SELECT pg_drop_replication_slot(slot_name) FROM "
	    "pg_replication_slots");
	pg_sqlf("DROP DATABASE followed");
}
END_TEST

START_TEST(a_closed_database_is_told_of)
{
	pg_sqlf("CREATE DATABASE closed ALLOW_CONNECTIONS false");
	r.plan.into = "closed";
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_has(w.log, "'closed' accepts no connections now");
	pg_sqlf("DROP DATABASE closed");
}
END_TEST

/* A pg_restore that says it is of that version, found through PATH. */
static void
fake_pg_restore(char folder[64], const char *version)
{
	char path[80];
	FILE *file;

	snprintf(folder, 64, "/tmp/dbb-tools-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pg_restore", folder);
	ck_assert_ptr_nonnull(file = fopen(path, "w"));
	fprintf(file, "#!/bin/sh\necho 'pg_restore (PostgreSQL) %s'\n",
	    version);
	fclose(file);
	ck_assert_int_eq(chmod(path, 0755), 0);
	setenv("PATH", folder, 1);
}

static void
remove_tools(const char *folder)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/pg_restore", folder);
	unlink(path);
	rmdir(folder);
}

/* A real server of that age is needed to be refused by it. */
START_TEST(a_pg_restore_that_is_too_new_for_the_server_is_refused)
{
	char folder[64];
	int version = atoi(pg_server_bin() + strlen("/usr/lib/postgresql/"));

	if (version >= 17) {
		printf("skipped: the server knows transaction_timeout\n");
		return;
	}
	fake_pg_restore(folder, "98.1");
	dbbi_json_set_i64(database_facts(), "pg_dump_major", 98);
	ck_assert_int_eq(pg_restoring_open(&r), DBB_ETOOL);
	ck_assert_has(w.err.message, "version 98 cannot restore into "
	    "servers older than 17");
	ck_assert_has(w.err.hint, "--to");
	ck_assert_has(w.err.hint, "dbb-restore export");
	remove_tools(folder);
}
END_TEST

START_TEST(a_dump_that_no_tool_here_can_read_is_refused)
{
	dbbi_json_set_i64(database_facts(), "pg_dump_major", 99);
	ck_assert_int_eq(pg_restoring_open(&r), DBB_ETOOL);
	ck_assert_has(w.err.message, "the dump was made by pg_dump 99");
}
END_TEST

/* ---- which database to stand on ---- */

START_TEST(stands_beside_what_it_replaces)
{
	dbbi_pg_target *t;

	ck_assert_int_eq(pg_restoring_open(&r), 0);
	t = (dbbi_pg_target *)r.target;
	ck_assert_str_eq(t->database, "postgres");
	ck_assert_int_eq(t->restored[0].exists, 1);
}
END_TEST

START_TEST(stands_on_a_template_when_all_else_is_replaced)
{
	dbbi_pg_target *t;

	dbbi_json_set_string(database_facts(), "name", "postgres");
	pg_world_set(&w, "connection", pg_server_conninfo(NULL, "postgres"));
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	t = (dbbi_pg_target *)r.target;
	ck_assert_str_eq(t->database, "template1");
}
END_TEST

START_TEST(names_what_will_be_replaced)
{
	dbbi_list names = {0};

	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(dbbi_source_postgres.target_replaces(&names,
	    r.target, &w.err), 0);
	ck_assert_uint_eq(names.count, 1);
	ck_assert_str_eq(names.items[0], "app");
	dbbi_list_clear(&names);
	ck_assert(dbbi_source_postgres.target_wants(r.target, "app.dump",
	    "pg_dump"));
	ck_assert(dbbi_source_postgres.target_wants(r.target, "any",
	    "pg_globals"));
	ck_assert(!dbbi_source_postgres.target_wants(r.target, "b.dump",
	    "pg_dump"));
	ck_assert(!dbbi_source_postgres.target_wants(r.target, "app.dump",
	    "other"));
}
END_TEST

/* ---- what is left of those that ended early ---- */

static const char leftovers[] = "SELECT count(*) FROM pg_database WHERE "
	"datname ~ '^dbb_'";

START_TEST(sweeps_what_killed_restores_left)
{
	pg_sqlf("CREATE DATABASE dbb_restore_marked");
	pg_sqlf("COMMENT ON DATABASE dbb_restore_marked IS "
	    "'libdbbackup: restoring \"x\" from set y'");
	pg_sqlf("CREATE DATABASE dbb_old_marked");
	pg_sqlf("COMMENT ON DATABASE dbb_old_marked IS "
	    "'libdbbackup: replaced \"x\" by set y'");
	/* Killed before it was marked, long ago. */
	pg_sqlf("CREATE DATABASE dbb_restore_00000000_10000000_000000");
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	pg_assert_said("postgres", leftovers, "0");
	ck_assert_has(w.log, "'dbb_old_marked', left by an earlier restore, "
	    "was removed");
}
END_TEST

/* One in use, one that may be in the making, two of someone else's. */
START_TEST(sweeps_nothing_that_is_in_use_or_another_ones)
{
	PGconn *inside;

	pg_sqlf("CREATE DATABASE dbb_restore_used");
	pg_sqlf("COMMENT ON DATABASE dbb_restore_used IS "
	    "'libdbbackup: restoring \"x\" from set y'");
	inside = pg_session("dbb_restore_used");
	pg_sqlf("CREATE DATABASE dbb_restore_00000000_f0000000_000000");
	pg_sqlf("CREATE DATABASE dbb_restore_mine");
	pg_sqlf("CREATE DATABASE dbb_old_mine");
	pg_sqlf("COMMENT ON DATABASE dbb_old_mine IS 'mine'");
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	pg_assert_said("postgres", leftovers, "4");
	PQfinish(inside);
	pg_sqlf("DROP DATABASE dbb_restore_used WITH (FORCE)");
	pg_sqlf("DROP DATABASE dbb_restore_00000000_f0000000_000000");
	pg_sqlf("DROP DATABASE dbb_restore_mine");
	pg_sqlf("DROP DATABASE dbb_old_mine");
}
END_TEST

/* Nobody is counted as being in it, and yet it cannot be dropped. */
START_TEST(what_cannot_be_swept_is_told_and_no_failure)
{
	pg_sqlf("CREATE DATABASE dbb_old_prepared");
	pg_sqlf("COMMENT ON DATABASE dbb_old_prepared IS "
	    "'libdbbackup: replaced \"x\" by set y'");
	pg_sql("dbb_old_prepared", "SELECT "
	    "pg_create_logical_replication_slot('s', 'test_decoding')");
	connect_as("plain");
	r.plan.into = "new";
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_has(w.log, "'dbb_old_prepared', left by an earlier "
	    "restore, stays: must be owner");
	pg_sqlf("DROP DATABASE dbb_old_prepared");
}
END_TEST

static const char globals[] =
	"--\n-- PostgreSQL database cluster dump\n--\n\n"
	"SET client_encoding = 'UTF8';\n\n"
	"CREATE ROLE postgres;\nCREATE ROLE newcomer;\n"
	"ALTER ROLE newcomer WITH NOLOGIN;\n\n"
	"-- PostgreSQL database cluster dump complete\n";

static int
load_globals(const char *text, int fault)
{
	dbbi_reader *in = pg_bytes_reader(text, strlen(text), fault);
	int rc = dbbi_source_postgres.target_load(r.target, "globals.sql",
	    "pg_globals", in, &w.err);

	dbbi_reader_free(in);
	return rc;
}

START_TEST(roles_that_a_failed_restore_made_are_told)
{
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(load_globals(globals, 0), 0);
	dbbi_source_postgres.target_close(r.target);
	r.target = NULL;
	ck_assert_has(w.log, "role 'newcomer' was made by this restore, and "
	    "stays");
	ck_assert_ptr_null(strstr(w.log, "role 'postgres'"));
	pg_sqlf("DROP ROLE newcomer");
}
END_TEST

START_TEST(roles_that_were_undone_are_not_told)
{
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(load_globals("CREATE ROLE passing;\nALTER ROLE x "
	    "PASSWORD 'unended", 0), DBB_EDAMAGED);
	dbbi_source_postgres.target_close(r.target);
	r.target = NULL;
	ck_assert_ptr_null(strstr(w.log, "passing"));
	pg_assert_said("postgres", "SELECT count(*) FROM pg_roles WHERE "
	    "rolname = 'passing'", "0");
}
END_TEST

START_TEST(roles_that_a_reader_does_not_give_whole_are_not_made)
{
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(load_globals(globals, DBB_EDAMAGED), DBB_EDAMAGED);
	ck_assert_has(w.err.message, "the reader's fault");
	pg_assert_said("postgres", "SELECT count(*) FROM pg_roles WHERE "
	    "rolname = 'newcomer'", "0");
}
END_TEST

START_TEST(a_role_that_may_not_be_made_is_a_warning)
{
	connect_as("plain");
	r.plan.into = "new";
	ck_assert_int_eq(pg_restoring_open(&r), 0);
	ck_assert_int_eq(load_globals(globals, 0), 0);
	ck_assert_has(w.log, "roles that could not be made: 'newcomer' "
	    "(permission denied");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_target");
	TCase *tc = tcase_create("pg_target");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, facts_that_cannot_be_are_damage, 0, 5);
	tcase_add_loop_test(tc, a_name_that_cannot_be_is_refused, 0, 2);
	tcase_add_test(tc, one_name_is_not_given_to_two_databases);
	tcase_add_test(tc, an_older_server_is_not_given_a_newer_backup);
	tcase_add_test(tc, who_may_make_no_database_is_told_how);
	tcase_add_test(tc, what_exists_is_refused_without_replace);
	tcase_add_test(tc, another_ones_database_is_not_replaced);
	tcase_add_test(tc, a_template_is_not_replaced);
	tcase_add_test(tc, what_others_follow_by_slots_is_not_replaced);
	tcase_add_test(tc, a_closed_database_is_told_of);
	tcase_add_test(tc,
	    a_pg_restore_that_is_too_new_for_the_server_is_refused);
	tcase_add_test(tc, a_dump_that_no_tool_here_can_read_is_refused);
	tcase_add_test(tc, stands_beside_what_it_replaces);
	tcase_add_test(tc, stands_on_a_template_when_all_else_is_replaced);
	tcase_add_test(tc, names_what_will_be_replaced);
	tcase_add_test(tc, sweeps_what_killed_restores_left);
	tcase_add_test(tc, sweeps_nothing_that_is_in_use_or_another_ones);
	tcase_add_test(tc, what_cannot_be_swept_is_told_and_no_failure);
	tcase_add_test(tc, roles_that_a_failed_restore_made_are_told);
	tcase_add_test(tc, roles_that_were_undone_are_not_told);
	tcase_add_test(tc, roles_that_a_reader_does_not_give_whole_are_not_made);
	tcase_add_test(tc, a_role_that_may_not_be_made_is_a_warning);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
