/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "operations.h"

#include <stdarg.h>
#include <stdio.h>

#define SECONDS 4000		/* an hour was asked for, at most */

struct ground origin, work;
dbb_error err;

static dbbi_list kept, pruned;

static int
back_up(struct ground *g, dbb_error *error)
{
	char id[DBBI_SET_ID_SIZE];

	return ground_back_up(id, g, NEXT, error);
}

static int
check(struct ground *g, dbb_error *error)
{
	return ground_check(NULL, g, error);
}

static int
prune(struct ground *g, dbb_error *error)
{
	dbbi_prune_stats stats;

	return ground_prune(&stats, g, &pruned, error);
}

const struct operation operations[] = {
	{ "a backup", back_up, 30, 1, 1 },
	{ "a prune", prune, 30, 1, 0 },
	{ "a check", check, 15, 0, 0 },
};

const int operation_count = sizeof operations / sizeof *operations;

void
ok(int rc)
{
	ck_assert_msg(rc == DBB_OK, "%d: %s", rc, err.message);
}

void
operations_restart(void)
{
	ok(ground_copy(&work, &origin, &err));
	ok(ground_age(&work, &err));
	fault_plan_reset(&work.plan);
}

/* The prune that is interrupted does all that a prune can do. */
static void
try_prune(void)
{
	dbbi_prune_stats stats;

	operations_restart();
	ok(ground_prune(&stats, &work, &pruned, &err));
	ck_assert_uint_gt(stats.deleted.packs, 0);
	ck_assert_uint_gt(stats.condemned.packs, 0);
	ck_assert_uint_gt(stats.rewritten.packs, 0);
	ck_assert_uint_gt(stats.segments_removed, 0);
}

/* Make a set in the origin, and note its id. */
static void
make_set(dbbi_list *list, uint32_t generation)
{
	char id[DBBI_SET_ID_SIZE];

	ok(ground_back_up(id, &origin, generation, &err));
	ok(dbbi_list_add(list, id, &err));
}

void
operations_begin(int sealed)
{
	dbbi_list gone = { NULL, 0 };
	dbbi_prune_stats stats;

	ground_init(&origin, sealed);
	ground_init(&work, sealed);
	ok(ground_make(&origin, 1, &err));
	ok(ground_make(&work, 0, &err));
	make_set(&pruned, 0);
	for (uint32_t i = 0; i < KEPT; i++)
		make_set(&kept, FIRST_KEPT + i);
	make_set(&gone, 10 * NEXT);
	ok(ground_prune(&stats, &origin, &gone, &err));
	ck_assert_uint_gt(stats.condemned.packs, 0);
	ck_assert_uint_eq(stats.rewritten.packs, 0);
	dbbi_list_clear(&gone);
	try_prune();
	operations_restart();
}

void
operations_end(void)
{
	ground_clear(&work);
	ground_clear(&origin);
	dbbi_list_clear(&kept);
	dbbi_list_clear(&pruned);
}

size_t
operations_look(const char *after, ...)
{
	dbbi_list sets = { NULL, 0 };
	char what[256];
	va_list ap;
	size_t count;
	int rc;

	va_start(ap, after);
	vsnprintf(what, sizeof what, after, ap);
	va_end(ap);
	rc = ground_check(&sets, &work, &err);
	ck_assert_msg(rc == DBB_OK, "%s: %s", what, err.message);
	for (size_t i = 0; i < kept.count; i++)
		ck_assert_msg(dbbi_list_has(&sets, kept.items[i]),
		    "%s: set '%s' is gone", what, kept.items[i]);
	count = sets.count;
	for (size_t i = 0; i < pruned.count; i++)
		count -= (size_t)dbbi_list_has(&sets, pruned.items[i]);
	dbbi_list_clear(&sets);
	return count;
}

size_t
operations_look_after(const struct operation *operation, int rc, uint64_t nth,
    const char *what)
{
	size_t sets;

	sets = operations_look("%s, %s %llu", operation->name, what,
	    (unsigned long long)nth);
	ck_assert_msg(rc < 0 || sets == KEPT + operation->sets,
	    "%s, %s %llu, did well and left %zu sets", operation->name, what,
	    (unsigned long long)nth, sets);
	return sets;
}

int
operations_test(TCase *tc)
{
	Suite *suite = suite_create("operations");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, SECONDS);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
