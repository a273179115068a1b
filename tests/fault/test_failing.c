/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each call of the store fails in turn, once or from then on. The operation
 * says so, or did well without; either way the repository is sound, and the
 * next run succeeds.
 */
#include <config.h>

#include <string.h>

#include "operations.h"

static const int codes[] = { DBB_EIO, DBB_ENOSPC, DBB_EACCESS };

/* It failed for the reason that it was given. An object that the disk cannot
 * read (DBB_EIO) is a damaged one to who checks. */
static void
expect_the_reason(const struct operation *operation, const struct fault *f,
    int rc)
{
	ck_assert_msg((rc == f->code || (rc == DBB_EDAMAGED &&
	    f->code == DBB_EIO)) && err.code == rc &&
	    strstr(err.message, "a fault was asked for in") != NULL,
	    "%s failing at call %llu with %d returned %d: %s",
	    operation->name, (unsigned long long)f->nth, f->code, rc,
	    err.message);
}

/* Run it with the fault: was it struck by it? */
static int
run_failing(const struct operation *operation, const struct fault *f)
{
	char id[DBBI_SET_ID_SIZE];
	size_t sets;
	int rc, struck;

	operations_restart();
	dbbi_error_clear(&err);
	fault_plan_add(&work.plan, f);
	rc = operation->run(&work, &err);
	struck = fault_plan_struck(&work.plan) > 0;
	fault_plan_reset(&work.plan);
	if (rc != DBB_OK)
		expect_the_reason(operation, f, rc);
	ck_assert(!struck || !f->for_ever || rc < 0);
	sets = operations_look_after(operation, rc, f->nth,
	    "failing at call");
	ok(ground_back_up(id, &work, sets == KEPT ? NEXT :
	    NEXT + 1, &err));	/* the same again, unless it is there */
	ck_assert_uint_eq(operations_look("the run after %s failing at call "
	    "%llu", operation->name, (unsigned long long)f->nth), sets + 1);
	return struck;
}

/* Let it fail at every call, with one code and another; the call that
 * was not made any more. */
static uint64_t
fail_at_each(const struct operation *operation, struct fault fault)
{
	int step = fault.for_ever || fault.after ? 3 * suite_share() : suite_share();

	for (fault.nth = 1;; fault.nth += (uint64_t)step) {
		fault.code = codes[fault.nth / step % 3];
		if (!run_failing(operation, &fault))
			return fault.nth;
	}
}

static void
fail_calls(const struct operation *operation, int for_ever, int after)
{
	struct fault fault = { .call = FAULT_ANY, .for_ever = for_ever,
	    .after = after, .action = FAULT_FAIL };

	operations_begin(1);
	ck_assert_uint_gt(fail_at_each(operation, fault), operation->least);
	operations_end();
}

START_TEST(a_call_that_fails_once_leaves_a_sound_repository)
{
	fail_calls(&operations[_i], 0, 0);
}
END_TEST

START_TEST(a_call_that_fails_once_it_was_made_leaves_a_sound_repository)
{
	fail_calls(&operations[_i], 0, 1);
}
END_TEST

START_TEST(calls_that_fail_for_ever_leave_a_sound_repository)
{
	fail_calls(&operations[_i], 1, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("failing");

	tcase_add_loop_test(tc,
	    a_call_that_fails_once_leaves_a_sound_repository, 0,
	    operation_count);
	tcase_add_loop_test(tc,
	    a_call_that_fails_once_it_was_made_leaves_a_sound_repository, 0,
	    operation_count);
	tcase_add_loop_test(tc,
	    calls_that_fail_for_ever_leave_a_sound_repository, 0,
	    operation_count);
	return operations_test(tc);
}
