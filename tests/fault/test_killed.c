/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process is killed at each of its calls of the store in turn, before the
 * call and after it. Whatever it did: the repository is sound, has the sets
 * that it had, and the next run succeeds.
 */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operations.h"

/* Run it in a child that is killed at its nth call: 1 when it was, 0 when
 * it came to its end before. */
static int
run_killed(const struct operation *operation, uint64_t nth, int after)
{
	struct fault fault = { .call = FAULT_ANY, .nth = nth, .after = after,
	    .action = FAULT_KILL };
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (ground_reopen(&work, &err) < 0)
			_exit(2);
		fault_plan_add(&work.plan, &fault);
		_exit(operation->run(&work, &err) == DBB_OK ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 1;
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "%s to be killed at call %llu ended with status 0x%x",
	    operation->name, (unsigned long long)nth, (unsigned)status);
	return 0;
}

/* Of the same bytes again, if they did not come to a set: it meets what the
 * killed one has left of them. */
static uint32_t
next(size_t sets)
{
	return sets == KEPT ? NEXT : NEXT + 1;
}

/* Kill it at every call; the call that was not made any more. */
static uint64_t
kill_at_each(const struct operation *operation, int after)
{
	const char *when = after ? "after" : "before";
	char id[DBBI_SET_ID_SIZE];
	unsigned long long nth;
	size_t sets;
	int killed = 1;

	for (nth = 1; killed; nth += suite_share()) {
		operations_restart();
		killed = run_killed(operation, nth, after);
		sets = operations_look("%s killed %s call %llu",
		    operation->name, when, nth);
		ok(ground_back_up(id, &work, next(sets), &err));
		ck_assert_uint_eq(operations_look("the run after %s killed "
		    "%s call %llu", operation->name, when, nth), sets + 1);
		if (operation->sets > 0)
			continue;
		ok(operation->run(&work, &err));
		operations_look("%s after one killed %s call %llu",
		    operation->name, when, nth);
	}
	return nth - suite_share();
}

static void
kill_it(const struct operation *operation, int sealed, int after)
{
	operations_begin(sealed);
	ck_assert_uint_gt(kill_at_each(operation, after), operation->least);
	operations_end();
}

START_TEST(killed_before_a_call_it_leaves_a_sound_repository)
{
	kill_it(&operations[_i], 1, 0);
}
END_TEST

START_TEST(killed_after_a_call_it_leaves_a_sound_repository)
{
	if (operations[_i].writes)
		kill_it(&operations[_i], 0, 1);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("killed");

	tcase_add_loop_test(tc,
	    killed_before_a_call_it_leaves_a_sound_repository, 0,
	    operation_count);
	tcase_add_loop_test(tc,
	    killed_after_a_call_it_leaves_a_sound_repository, 0,
	    operation_count);
	return operations_test(tc);
}
