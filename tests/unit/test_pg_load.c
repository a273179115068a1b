/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading a set beside what exists: its dump, its settings and rights, its
 * subscriptions, and the comparison with what the set says. */
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

static void
prepare(void)
{
	pg_sqlf("CREATE ROLE owner; CREATE ROLE reader; "
	    "CREATE ROLE plain LOGIN CREATEDB");
	pg_sqlf("CREATE DATABASE app OWNER owner");
	pg_sql("app", "CREATE TABLE t AS SELECT i AS a, repeat('x', 500) AS b "
	    "FROM generate_series(1, 2000) i");
	pg_sql("app", "CREATE SEQUENCE s; SELECT nextval('s') FROM "
	    "generate_series(1, 7)");
	pg_sql("app", "CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere "
	    "dbname=x' PUBLICATION p WITH (connect = false)");
	pg_sqlf("ALTER DATABASE app SET search_path TO app, \"$user\", "
	    "\"odd, \"\"name\"");
	pg_sqlf("ALTER DATABASE app SET work_mem TO '7MB'");
	pg_sqlf("ALTER ROLE reader IN DATABASE app SET work_mem TO '8MB'");
	pg_sqlf("REVOKE ALL ON DATABASE app FROM PUBLIC");
	pg_sqlf("GRANT CONNECT ON DATABASE app TO reader WITH GRANT OPTION");
	pg_world_begin(&w, NULL, "app");
	pg_set_take(&set, &w);
	pg_world_end(&w);
}

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "postgres");
	pg_restoring_begin(&r, &set, &w);
	r.plan.into = "copy";
}

static void
tear_down(void)
{
	char *copy = pg_ask("postgres", "SELECT count(*) FROM pg_database "
	    "WHERE datname = 'copy'");

	pg_restoring_end(&r);
	if (strcmp(copy, "1") == 0) {
		pg_sql("copy", "ALTER SUBSCRIPTION sub SET (slot_name = "
		    "NONE)");
		pg_sql("copy", "DROP SUBSCRIPTION sub");
		pg_sqlf("DROP DATABASE copy WITH (FORCE)");
	}
	free(copy);
	pg_assert_said("postgres", "SELECT count(*) FROM pg_database "
	    "WHERE datname ~ '^dbb_'", "0");
	pg_world_end(&w);
}

static dbbi_json *
facts(void)
{
	return dbbi_json_at(dbbi_json_array(set.facts, "databases"), 0);
}

static int
load(const char *stream, const char *kind, dbbi_reader *in)
{
	int rc = dbbi_source_postgres.target_load(r.target, stream, kind, in,
	    &w.err);

	dbbi_reader_free(in);
	return rc;
}

static dbbi_reader *
dump(size_t size, int fault)
{
	return pg_bytes_reader(set.data[1].data, size, fault);
}

static void
open_target(void)
{
	ck_assert_msg(pg_restoring_open(&r) == 0, "%s", w.err.message);
}

/* ---- how loading fails ---- */

START_TEST(a_stream_of_no_database_is_damage)
{
	open_target();
	ck_assert_int_eq(load("other.dump", "pg_dump", dump(0, 0)),
	    DBB_EDAMAGED);
	ck_assert_int_eq(load("app.dump", "strange", dump(0, 0)),
	    DBB_EDAMAGED);
}
END_TEST

START_TEST(a_stream_that_comes_twice_is_damage)
{
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	ck_assert_int_eq(load("app.dump", "pg_dump", dump(0, 0)),
	    DBB_EDAMAGED);
	ck_assert_has(w.err.message, "twice");
}
END_TEST

START_TEST(what_is_no_dump_is_pg_restores_failure)
{
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump",
	    pg_bytes_reader("not a dump at all", 17, 0)), DBB_ESOURCE);
	ck_assert_has(w.err.message, "pg_restore of 'app'");
	ck_assert_has(w.err.message, "does not appear to be a valid archive");
}
END_TEST

START_TEST(a_dump_that_breaks_off_is_a_failure)
{
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump",
	    dump(set.data[1].size / 2, 0)), DBB_ESOURCE);
	ck_assert_has(w.err.message, "pg_restore of 'app'");
}
END_TEST

START_TEST(a_reader_that_fails_is_told_as_it_is)
{
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump",
	    dump(set.data[1].size / 2, DBB_EDAMAGED)), DBB_EDAMAGED);
	ck_assert_str_eq(w.err.message, "the reader's fault");
}
END_TEST

/* All was given, and yet its end is not true. */
START_TEST(a_reader_that_fails_at_its_end_is_heard)
{
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump",
	    dump(set.data[1].size, DBB_EDAMAGED)), DBB_EDAMAGED);
}
END_TEST

START_TEST(a_missing_role_is_what_the_hint_names)
{
	pg_sqlf("ALTER DATABASE app OWNER TO postgres");
	pg_sqlf("CREATE ROLE temporary");
	pg_sql("app", "ALTER TABLE public.t OWNER TO temporary");
	pg_set_free(&set);
	pg_world_set(&w, "connection", pg_server_conninfo(NULL, "app"));
	pg_set_take(&set, &w);
	r.plan.facts = set.facts;
	pg_sql("app", "ALTER TABLE public.t OWNER TO postgres");
	pg_sqlf("DROP ROLE temporary; ALTER DATABASE app OWNER TO owner");
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump", dump(set.data[1].size,
	    0)), DBB_ESOURCE);
	ck_assert_has(w.err.message, "role \"temporary\" does not exist");
	ck_assert_has(w.err.hint, "globals.sql");
}
END_TEST

START_TEST(too_few_rights_ask_for_a_superuser)
{
	pg_world_set(&w, "connection", pg_server_conninfo("plain",
	    "postgres"));
	dbbi_json_set_string(facts(), "owner", "plain");
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump", dump(set.data[1].size,
	    0)), DBB_ESOURCE);
	ck_assert_has(w.err.hint, "superuser");
}
END_TEST

START_TEST(an_owner_one_is_no_member_of_is_told_at_once)
{
	pg_world_set(&w, "connection", pg_server_conninfo("plain",
	    "postgres"));
	open_target();
	ck_assert_int_eq(load("app.dump", "pg_dump", dump(0, 0)),
	    DBB_EACCESS);
	ck_assert_has(w.err.hint, "member of role 'owner'");
}
END_TEST

START_TEST(a_locale_that_is_not_there_is_explained)
{
	dbbi_json_set_string(facts(), "collate", "tlh_QO.UTF-8");
	open_target();
	ck_assert_int_lt(load("app.dump", "pg_dump", dump(0, 0)), 0);
	ck_assert_has(w.err.message, "tlh_QO.UTF-8");
	ck_assert_has(w.err.hint, "locale-gen");
}
END_TEST

START_TEST(what_the_server_lacks_is_replaced_by_the_default)
{
	dbbi_json_set_string(facts(), "owner", "gone");
	dbbi_json_set_string(facts(), "tablespace", "gone");
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	ck_assert_has(w.log, "its owner 'gone' is not on this server");
	ck_assert_has(w.log, "its tablespace 'gone' is not on this server");
}
END_TEST

/* From a thread of its own: once the rows are loaded, cancel, or end
 * pg_restore's session. */
static void *
while_loading(void *payload)
{
	PGconn *other = PQconnectdb(pg_server_conninfo(NULL, "postgres"));
	PGresult *res;
	int i, found = 0;

	for (i = 0; i < 500 && !found; i++) {
		res = PQexec(other, *(int *)payload == 0 ?
		    "SELECT pid FROM pg_stat_activity WHERE application_name "
		    "= 'pg_restore'" :
		    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
		    "WHERE application_name = 'pg_restore'");
		found = PQntuples(res) > 0;
		PQclear(res);
		poll(NULL, 0, 10);
	}
	PQfinish(other);
	if (*(int *)payload == 0)
		dbbi_run_cancel(&w.run);
	return NULL;
}

/* Its second half comes only when the other thread has done its work. */
struct slow {
	dbbi_reader base;
	dbbi_reader *in;
	pthread_t other;
	int joined;
	size_t left;
};

static int
read_slowly(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct slow *s = (struct slow *)reader;

	if (s->left == 0 && !s->joined) {
		pthread_join(s->other, NULL);
		s->joined = 1;
	}
	if (!s->joined && size > s->left)
		size = s->left;
	if (dbbi_reader_read(got, s->in, buffer, size, err) < 0)
		return -1;
	if (!s->joined)
		s->left -= *got;
	return 0;
}

static void
free_slow(dbbi_reader *reader)
{
	dbbi_reader_free(((struct slow *)reader)->in);
}

START_TEST(stopped_in_the_middle_nothing_is_left)
{
	struct slow s = { .base = { read_slowly, free_slow },
	    .left = set.data[1].size / 2 };

	open_target();
	s.in = dump(set.data[1].size, 0);
	ck_assert_int_eq(pthread_create(&s.other, NULL, while_loading, &_i),
	    0);
	ck_assert_int_eq(load("app.dump", "pg_dump", &s.base), _i == 0 ?
	    DBB_ECANCELED : DBB_ESOURCE);
	ck_assert(_i == 0 || strstr(w.err.message, "pg_restore") != NULL);
	ck_assert_int_eq(pg_restoring_commit(&r), DBB_EINVAL);
}
END_TEST

/* ---- settings and rights ---- */

static void
assert_same_of(const char *sql)
{
	char text[512], *before, *after;

	snprintf(text, sizeof(text), "%s 'app'", sql);
	before = pg_ask("postgres", text);
	snprintf(text, sizeof(text), "%s 'copy'", sql);
	after = pg_ask("postgres", text);
	ck_assert_str_ne(before, "");
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}

START_TEST(settings_and_rights_come_back)
{
	pg_restoring_prepare(&r);
	ck_assert_uint_eq(dbbi_json_count(r.findings), 0);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	assert_same_of("SELECT string_agg(setrole::text || setconfig::text, "
	    "' ' ORDER BY setrole) FROM pg_db_role_setting s JOIN "
	    "pg_database d ON d.oid = setdatabase WHERE datname =");
	assert_same_of("SELECT string_agg(a::text, ' ' ORDER BY a::text) "
	    "FROM pg_database, aclexplode(datacl) a WHERE datname =");
	assert_same_of("SELECT datdba FROM pg_database WHERE datname =");
}
END_TEST

/* Put one setting or right in front of the others. */
static void
add_first(const char *list, const char *key, const char *value,
    const char *other, const char *other_value)
{
	dbbi_json *array = dbbi_json_new_array();
	dbbi_json *one = dbbi_json_new_object();

	dbbi_json_set_string(one, key, value);
	dbbi_json_set_string(one, other, other_value);
	dbbi_json_append(array, one);
	dbbi_json_set(facts(), list, array);
}

START_TEST(a_setting_that_is_refused_is_a_warning_and_a_finding)
{
	add_first("settings", "name", "work_mem", "value", "plenty");
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	ck_assert_has(w.log, "setting 'work_mem' was not restored: invalid "
	    "value");
	ck_assert_int_eq(pg_restoring_compare(&r), 0);
	ck_assert_uint_gt(dbbi_json_count(r.findings), 0);
	ck_assert_uint_gt(dbbi_json_count(r.warnings), 0);
}
END_TEST

START_TEST(a_right_of_a_role_that_is_gone_is_a_warning)
{
	add_first("acl", "grantee", "gone", "privilege", "CONNECT");
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	ck_assert_has(w.log, "a right was not restored: role \"gone\" does "
	    "not exist");
}
END_TEST

START_TEST(settings_and_rights_that_cannot_be_are_damage)
{
	if (_i == 0)
		add_first("settings", "name", "work_mem", "value", NULL);
	else
		add_first("acl", "grantee", "reader", "privilege",
		    "CONNECT ON DATABASE app TO x; DROP ROLE");
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), DBB_EDAMAGED);
	ck_assert_has(w.err.message, "cannot be used");
}
END_TEST

/* ---- subscriptions ---- */

START_TEST(a_subscription_comes_back_at_rest)
{
	dbbi_json *one = dbbi_json_at(dbbi_json_array(facts(),
	    "subscriptions"), 0);

	dbbi_json_set_bool(one, "enabled", _i);
	pg_restoring_prepare(&r);
	ck_assert_int_eq(strstr(w.log, "'sub' was restored and is disabled")
	    != NULL, _i);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	pg_assert_said("copy", "SELECT subenabled FROM pg_subscription s "
	    "JOIN pg_database d ON d.oid = subdbid WHERE datname = 'copy'",
	    "f");
}
END_TEST

/* Its publisher is nowhere, so that nobody can be asked about the slot. */
START_TEST(a_database_with_subscriptions_is_replaced)
{
	pg_restoring_prepare(&r);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	pg_restoring_end(&r);
	pg_restoring_begin(&r, &set, &w);
	r.plan.into = "copy";
	pg_restoring_prepare(&r);
	ck_assert_int_eq(pg_restoring_commit(&r), 0);
	ck_assert_has(pg_restoring_warning(&r, 0), "had the subscriptions "
	    "'sub'; their replication slots at the publisher were left");
}
END_TEST

/* ---- comparing ---- */

START_TEST(what_was_not_loaded_is_not_compared)
{
	open_target();
	ck_assert_int_eq(pg_restoring_compare(&r), DBB_EDAMAGED);
	ck_assert_has(w.err.message, "holds no dump of database 'app'");
}
END_TEST

START_TEST(a_difference_is_found)
{
	dbbi_json *one = dbbi_json_at(dbbi_json_array(facts(), "tables"), 0);

	ck_assert_str_eq(dbbi_json_string(one, "name"), "t");
	dbbi_json_set_u64(one, "rows", 1999);
	pg_restoring_prepare(&r);
	ck_assert_uint_eq(dbbi_json_count(r.findings), 1);
	ck_assert_has(dbbi_json_text(r.findings), "public.t");
	ck_assert_has(dbbi_json_text(r.findings), "\"expected\":\"1999 rows\"");
	ck_assert_has(dbbi_json_text(r.findings), "\"found\":\"2000 rows\"");
}
END_TEST

START_TEST(a_lost_connection_ends_the_comparison)
{
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	pg_sqlf("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE datname ~ '^dbb_restore'");
	ck_assert_int_eq(pg_restoring_compare(&r), DBB_ECONNECT);
	ck_assert_has(w.err.message, "comparing database 'copy'");
}
END_TEST

START_TEST(a_cancel_ends_the_comparison)
{
	open_target();
	ck_assert_int_eq(pg_restoring_load(&r), 0);
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(pg_restoring_compare(&r), DBB_ECANCELED);
}
END_TEST

/* A schema that names tablespaces which could not be made proves nothing. */
START_TEST(a_schema_without_its_tablespaces_is_not_compared)
{
	static const char globals[] =
	    "CREATE TABLESPACE far LOCATION '/nowhere/at/all';\n";

	dbbi_json_set_string(facts(), "schema_sha256", "0123456789abcdef01234"
	    "56789abcdef0123456789abcdef0123456789abcdef");
	open_target();
	ck_assert_int_eq(load("globals.sql", "pg_globals",
	    pg_bytes_reader(globals, sizeof(globals) - 1, 0)), 0);
	ck_assert_has(w.log, "tablespace 'far' was not restored");
	ck_assert_int_eq(load("app.dump", "pg_dump", dump(set.data[1].size,
	    0)), 0);
	ck_assert_int_eq(pg_restoring_compare(&r), 0);
	ck_assert_uint_eq(dbbi_json_count(r.findings), 0);
	ck_assert_has(dbbi_json_text(r.warnings), "the schema was not "
	    "compared");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_load");
	TCase *tc = tcase_create("pg_load");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_stream_of_no_database_is_damage);
	tcase_add_test(tc, a_stream_that_comes_twice_is_damage);
	tcase_add_test(tc, what_is_no_dump_is_pg_restores_failure);
	tcase_add_test(tc, a_dump_that_breaks_off_is_a_failure);
	tcase_add_test(tc, a_reader_that_fails_is_told_as_it_is);
	tcase_add_test(tc, a_reader_that_fails_at_its_end_is_heard);
	tcase_add_test(tc, a_missing_role_is_what_the_hint_names);
	tcase_add_test(tc, too_few_rights_ask_for_a_superuser);
	tcase_add_test(tc, an_owner_one_is_no_member_of_is_told_at_once);
	tcase_add_test(tc, a_locale_that_is_not_there_is_explained);
	tcase_add_test(tc, what_the_server_lacks_is_replaced_by_the_default);
	tcase_add_loop_test(tc, stopped_in_the_middle_nothing_is_left, 0, 2);
	tcase_add_test(tc, settings_and_rights_come_back);
	tcase_add_test(tc,
	    a_setting_that_is_refused_is_a_warning_and_a_finding);
	tcase_add_test(tc, a_right_of_a_role_that_is_gone_is_a_warning);
	tcase_add_loop_test(tc,
	    settings_and_rights_that_cannot_be_are_damage, 0, 2);
	tcase_add_loop_test(tc, a_subscription_comes_back_at_rest, 0, 2);
	tcase_add_test(tc, a_database_with_subscriptions_is_replaced);
	tcase_add_test(tc, what_was_not_loaded_is_not_compared);
	tcase_add_test(tc, a_difference_is_found);
	tcase_add_test(tc, a_lost_connection_ends_the_comparison);
	tcase_add_test(tc, a_cancel_ends_the_comparison);
	tcase_add_test(tc, a_schema_without_its_tablespaces_is_not_compared);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
