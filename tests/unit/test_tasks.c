/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <check.h>

#include "suite.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/tasks.h"

struct shared {
	atomic_int now, most, ran;
};

static int
work(dbbi_task *task, dbb_error *err)
{
	struct shared *shared = task->payload;
	int now = atomic_fetch_add(&shared->now, 1) + 1;

	if (now > atomic_load(&shared->most))
		atomic_store(&shared->most, now);
	usleep(2000);
	atomic_fetch_sub(&shared->now, 1);
	if (atomic_fetch_add(&shared->ran, 1) == 3)
		return dbbi_error_set(err, DBB_EIO, "the fourth fails");
	return 0;
}

static dbbi_run run;
static dbbi_ops ops = { .run = &run };
static dbbi_meter meter;

static void
begin(void)
{
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	dbbi_meter_init(&meter, &ops);
}

static void
end(void)
{
	dbbi_run_clear(&run);
}

START_TEST(all_run_and_never_more_than_asked_at_once)
{
	struct shared shared = {0};
	dbbi_task tasks[20];
	int i, failed = 0;

	memset(tasks, 0, sizeof(tasks));
	for (i = 0; i < 20; i++) {
		tasks[i].work = work;
		tasks[i].payload = &shared;
	}
	ck_assert_int_eq(dbbi_tasks_run(tasks, 20, 3, &meter, NULL), 0);
	ck_assert_int_eq(shared.ran, 20);
	ck_assert_int_le(shared.most, 3);
	for (i = 0; i < 20; i++)
		if (tasks[i].rc != 0) {
			failed++;
			ck_assert_str_eq(tasks[i].err.message,
			    "the fourth fails");
		}
	ck_assert_int_eq(failed, 1);
}
END_TEST

START_TEST(after_a_cancel_none_begins)
{
	struct shared shared = {0};
	dbbi_task task = { .work = work, .payload = &shared };

	dbbi_run_cancel(&run);
	ck_assert_int_eq(dbbi_tasks_run(&task, 1, 1, &meter, NULL), 0);
	ck_assert_int_eq(task.rc, DBB_ECANCELED);
	ck_assert_int_eq(shared.ran, 0);
}
END_TEST

START_TEST(nothing_to_do_is_done)
{
	ck_assert_int_eq(dbbi_tasks_run(NULL, 0, 4, &meter, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tasks");
	TCase *t = tcase_create("tasks");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, all_run_and_never_more_than_asked_at_once);
	tcase_add_test(t, after_a_cancel_none_begins);
	tcase_add_test(t, nothing_to_do_is_done);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
