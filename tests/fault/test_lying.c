/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store that lies: reads that give other bytes, fewer, or none, listings
 * that leave out half, writes that keep other bytes or none and say that all
 * is well. Who reads gets the right bytes or is refused; a set that is
 * reported as done comes back, or a check says that it does not.
 */
#include <config.h>

#include "operations.h"

/* One fault in a call of a kind, again and again at another. */
struct lie {
	const char *name;
	enum fault_call call;
	enum fault_action action;
	int harms;		/* what is in the store */
};

static const struct lie lies[] = {
	{ "a bit flipped in what is read", FAULT_READ, FAULT_FLIP, 0 },
	{ "half of what is read", FAULT_READ, FAULT_SHORT, 0 },
	{ "zeros instead of what is read", FAULT_READ, FAULT_LIE, 0 },
	{ "half of a list", FAULT_LIST, FAULT_SHORT, 0 },
	{ "an empty list", FAULT_LIST, FAULT_LIE, 0 },
	{ "a bit flipped in what is written", FAULT_PUT_WRITE, FAULT_FLIP,
	    1 },
	{ "half of what is written", FAULT_PUT_WRITE, FAULT_SHORT, 1 },
	{ "nothing of what is written", FAULT_PUT_COMMIT, FAULT_LIE, 1 },
};

static int
is_refusal(int rc)
{
	return rc == DBB_EDAMAGED || rc == DBB_EVERSION ||
	    rc == DBB_ENOTFOUND || rc == DBB_ENOREPO || rc == DBB_EKEY;
}

static void
expect_no_wrong_byte(const struct lie *lie, uint64_t nth, int rc,
    const char *who)
{
	ck_assert_msg(rc == DBB_OK || is_refusal(rc), "%s at call %llu: %s: "
	    "%d: %s", lie->name, (unsigned long long)nth, who, rc,
	    err.message);
}

/* Lie to it at the nth call of that kind: was there one? */
static int
lie_to(int (*fn)(struct ground *g, dbb_error *error), const char *who,
    const struct lie *lie, uint64_t nth, int *rc)
{
	int struck;

	fault_plan_add(&work.plan, &(struct fault){ .call = lie->call,
	    .nth = nth, .action = lie->action, .bit = 1013 * nth });
	dbbi_error_clear(&err);
	*rc = fn(&work, &err);
	struck = fault_plan_struck(&work.plan) > 0;
	fault_plan_reset(&work.plan);
	expect_no_wrong_byte(lie, nth, *rc, who);
	return struck;
}

START_TEST(who_reads_gets_the_right_bytes_or_is_refused)
{
	const struct lie *lie = &lies[_i / 2];
	uint64_t nth = 1;
	int rc;

	operations_begin(_i % 2);
	operations_restart();
	while (lie_to(ground_read_all, "reading", lie, nth, &rc))
		nth += suite_share();
	operations_look("reading, with %s", lie->name);
	operations_end();
}
END_TEST

/* What is there afterwards is whole, unless the store was lied to about what
 * was put into it: then that is found. */
START_TEST(a_set_is_whole_or_is_found_not_to_be)
{
	const struct lie *lie = &lies[_i / 2];
	uint64_t nth = 1;
	int rc, struck;

	operations_begin(_i % 2);
	do {
		operations_restart();
		struck = lie_to(operations[0].run, "a run", lie, nth, &rc);
		if (lie->harms) {
			expect_no_wrong_byte(lie, nth,
			    ground_check(NULL, &work, &err), "a check");
			expect_no_wrong_byte(lie, nth,
			    ground_read_all(&work, &err), "reading");
		} else {
			operations_look_after(&operations[0], rc, nth,
			    lie->name);
		}
		nth += suite_share();
	} while (struck);
	ck_assert_uint_gt(nth, 2);
	operations_end();
}
END_TEST

int
main(void)
{
	int count = 2 * sizeof lies / sizeof *lies;	/* open, sealed */
	TCase *tc = tcase_create("lying");

	tcase_add_loop_test(tc,
	    who_reads_gets_the_right_bytes_or_is_refused, 0, count);
	tcase_add_loop_test(tc, a_set_is_whole_or_is_found_not_to_be, 0,
	    count);
	return operations_test(tc);
}
