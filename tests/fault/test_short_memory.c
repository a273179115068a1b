/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation of the library's code fails in turn, once or from then on:
 * the operation says so, or did well without, and the repository is sound.
 * Built with sanitizers, it also shows that nothing was leaked or used after
 * it was freed.
 */
#include <config.h>

#include <string.h>

#include "operations.h"
#include "short_memory.h"

#define LOOK_EVERY 4	/* times: looking takes longer than running */

/* Run it: did it get what it asked for? */
static int
run_short(const struct operation *operation, uint64_t nth, int for_ever)
{
	int refused, rc;

	operations_restart();
	dbbi_error_clear(&err);
	short_memory_from(nth, for_ever);
	rc = operation->run(&work, &err);
	short_memory_end(&refused);
	if (!refused)
		ok(rc);
	if (rc < 0)
		ck_assert_msg(err.code == rc && strlen(err.message) > 0 &&
		    (rc == DBB_ENOMEM || strstr(err.message, "thread")),
		    "%s without allocation %llu returned %d: %s",
		    operation->name, (unsigned long long)nth, rc,
		    err.message);
	if (rc == DBB_OK || nth % LOOK_EVERY == 1)
		operations_look_after(operation, rc, nth,
		    "without allocation");
	return !refused;
}

static void
run_short_at_each(const struct operation *operation, int for_ever)
{
	uint64_t nth = 1;

	operations_begin(1);
	while (!run_short(operation, nth, for_ever))
		nth += for_ever ? 3 * suite_share() : suite_share();
	operations_end();
	ck_assert_uint_ge(nth, 100);
}

START_TEST(an_allocation_that_fails_is_said_and_does_no_harm)
{
	run_short_at_each(&operations[_i], 0);
}
END_TEST

START_TEST(memory_that_stays_short_is_said_and_does_no_harm)
{
	run_short_at_each(&operations[_i], 1);
}
END_TEST

START_TEST(the_next_run_in_the_same_process_succeeds)
{
	char id[DBBI_SET_ID_SIZE];
	uint64_t nth = 1;

	operations_begin(0);
	while (!run_short(&operations[0], nth, 0)) {
		ok(ground_back_up(id, &work, NEXT + 1, &err));
		operations_look("the run after one short of memory");
		nth += 29 * suite_share();
	}
	operations_end();
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("short memory");

	tcase_add_loop_test(tc,
	    an_allocation_that_fails_is_said_and_does_no_harm, 0,
	    operation_count);
	tcase_add_loop_test(tc,
	    memory_that_stays_short_is_said_and_does_no_harm, 0,
	    operation_count);
	tcase_add_test(tc, the_next_run_in_the_same_process_succeeds);
	return operations_test(tc);
}
