/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A COMMIT whose answer does not come: what is told of it is what became of
 * it. A synchronous standby that is not there holds answers back.
 */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pg_fixture.h"
#include "source/pg_swap.h"

static struct pg_world w;
static dbbi_pg_target t;
static char *remark;

static void
set_up(void)
{
	pg_world_begin(&w, NULL, "postgres");
	t = (dbbi_pg_target){ .run = &w.run };
	ck_assert_int_eq(dbbi_run_init(&t.calm, &w.err), 0);
	ck_assert_int_eq(dbbi_pg_params_new(&t.params, &w.env, &w.err), 0);
	t.database = strdup("postgres");
	ck_assert_int_eq(dbbi_pg_connect(&t.pg, &w.run, t.params, NULL,
	    &w.err), 0);
	pg_sqlf("CREATE TABLE IF NOT EXISTS done (a int)");
	pg_sqlf("TRUNCATE done");
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "BEGIN", 0, NULL,
	    &w.err), 0);
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "INSERT INTO public.done "
	    "VALUES (1)", 0, NULL, &w.err), 0);
}

static void
tear_down(void)
{
	dbbi_pg_free(t.pg);
	dbbi_pg_params_free(t.params);
	dbbi_run_clear(&t.calm);
	free(t.database);
	free(remark);
	pg_world_end(&w);
}

/* Only the session that says so waits for the standby. */
static void
wait_for_standby(void)
{
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "SET synchronous_commit = "
	    "on", 0, NULL, &w.err), 0);
}

static void
assert_done(int done)
{
	pg_assert_said("postgres", "SELECT count(*) FROM done",
	    done ? "1" : "0");
}

/* From a thread of its own: once the COMMIT waits, do it. */
enum act { CANCEL, TERMINATE, CUT, CUT_TWICE };

struct deed {
	enum act act;
	int fd;			/* the session's socket */
};

/* End the session that asks what became of it. */
static void
end_the_asking(PGconn *other)
{
	static const char sql[] = "SELECT count(pg_terminate_backend(pid)) "
	    "FROM pg_stat_activity WHERE query ~ 'txid_status' AND "
	    "pid <> pg_backend_pid()";
	PGresult *res;
	int found = 0, i;

	for (i = 0; i < 500 && !found; i++) {
		res = PQexec(other, sql);
		found = strcmp(PQgetvalue(res, 0, 0), "0") != 0;
		PQclear(res);
		poll(NULL, 0, 10);
	}
}

static void *
when_it_waits(void *payload)
{
	static const char waiting[] = "FROM pg_stat_activity WHERE "
	    "wait_event = 'SyncRep'";
	const struct deed *deed = payload;
	PGconn *other = PQconnectdb(pg_server_conninfo(NULL, "postgres"));
	PGresult *res = NULL;
	char sql[160];
	int found = 0, i;

	snprintf(sql, sizeof(sql), "SELECT pid %s", waiting);
	for (i = 0; i < 500 && !found; i++) {
		res = PQexec(other, sql);
		found = PQntuples(res) > 0;
		PQclear(res);
		poll(NULL, 0, 10);
	}
	if (found && deed->act == CANCEL) {
		dbbi_run_cancel(&w.run);
	} else if (found && deed->act == TERMINATE) {
		snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(pid) "
		    "%s", waiting);
		PQclear(PQexec(other, sql));
	} else if (found) {
		shutdown(deed->fd, SHUT_RDWR);
		if (deed->act == CUT_TWICE)
			end_the_asking(other);
	}
	PQfinish(other);
	return NULL;
}

static int
commit_and(enum act act)
{
	struct deed deed = { act, PQsocket(dbbi_pg_handle(t.pg)) };
	pthread_t thread;
	int rc;

	wait_for_standby();
	ck_assert_int_eq(pthread_create(&thread, NULL, when_it_waits, &deed),
	    0);
	rc = dbbi_pg_commit(&remark, &t, &w.err);
	pthread_join(thread, NULL);
	return rc;
}

START_TEST(a_cancel_while_the_answer_is_awaited_is_told_as_too_late)
{
	ck_assert_int_eq(commit_and(CANCEL), 0);
	assert_done(1);
	ck_assert_ptr_nonnull(remark);
	ck_assert_has(remark, "the cancel came when");
	/* What follows can still be done. */
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "SELECT 1", 0, NULL,
	    &w.err), 0);
}
END_TEST

START_TEST(a_session_that_ends_after_its_commit_has_committed)
{
	ck_assert_int_eq(commit_and(TERMINATE), 0);
	assert_done(1);
	ck_assert_ptr_nonnull(remark);
	ck_assert_has(remark, "the server says that it has");
}
END_TEST

/* The server does not notice: the session is made to end. */
START_TEST(a_network_that_is_cut_leaves_no_doubt)
{
	ck_assert_int_eq(commit_and(CUT), 0);
	assert_done(1);
	ck_assert_ptr_nonnull(remark);
}
END_TEST

START_TEST(who_asks_and_is_cut_off_asks_again)
{
	ck_assert_int_eq(commit_and(CUT_TWICE), 0);
	assert_done(1);
	ck_assert_ptr_nonnull(remark);
}
END_TEST

START_TEST(a_cancel_before_it_undoes_all)
{
	dbbi_run_cancel(&w.run);
	ck_assert_int_eq(dbbi_pg_commit(&remark, &t, &w.err), DBB_ECANCELED);
	ck_assert_ptr_null(remark);
	dbbi_pg_free(t.pg);
	t.pg = NULL;
	assert_done(0);
}
END_TEST

START_TEST(a_session_that_ended_before_has_not_committed)
{
	pg_sqlf("SELECT pg_terminate_backend(%d, 5000)",
	    PQbackendPID(dbbi_pg_handle(t.pg)));
	ck_assert_int_eq(dbbi_pg_commit(&remark, &t, &w.err), DBB_ECONNECT);
	ck_assert_ptr_null(remark);
	assert_done(0);
}
END_TEST

START_TEST(what_the_server_refuses_has_not_been_done)
{
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "CREATE TABLE public.two "
	    "(a int UNIQUE DEFERRABLE INITIALLY DEFERRED)", 0, NULL,
	    &w.err), 0);
	ck_assert_int_eq(dbbi_pg_query(NULL, t.pg, "INSERT INTO public.two "
	    "VALUES (1), (1)", 0, NULL, &w.err), 0);
	ck_assert_int_eq(dbbi_pg_commit(&remark, &t, &w.err), DBB_ESOURCE);
	ck_assert_str_eq(w.err.remote, "23505");
	ck_assert_has(w.err.message, "duplicate key");
	assert_done(0);
}
END_TEST

START_TEST(an_answer_that_comes_leaves_nothing_to_say)
{
	ck_assert_int_eq(dbbi_pg_commit(&remark, &t, &w.err), 0);
	ck_assert_ptr_null(remark);
	assert_done(1);
}
END_TEST

int
main(void)
{
	static const char *const settings[] = { "synchronous_commit=local",
	    "synchronous_standby_names=nobody", NULL };
	Suite *suite = suite_create("pg_commit");
	TCase *tc = tcase_create("pg_commit");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
	    a_cancel_while_the_answer_is_awaited_is_told_as_too_late);
	tcase_add_test(tc, a_session_that_ends_after_its_commit_has_committed);
	tcase_add_test(tc, a_network_that_is_cut_leaves_no_doubt);
	tcase_add_test(tc, who_asks_and_is_cut_off_asks_again);
	tcase_add_test(tc, a_cancel_before_it_undoes_all);
	tcase_add_test(tc, a_session_that_ended_before_has_not_committed);
	tcase_add_test(tc, what_the_server_refuses_has_not_been_done);
	tcase_add_test(tc, an_answer_that_comes_leaves_nothing_to_say);
	suite_add_tcase(suite, tc);
	pg_server_start(settings);
	return pg_server_run(suite);
}
