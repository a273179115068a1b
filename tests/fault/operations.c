/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "operations.h"

#include <stdarg.h>
#include <stdio.h>

#define SECONDS 4000		/* an hour was asked for, at most */

struct ground origin, work;
dbb_error err;

static int
back_up(struct ground *g, dbb_error *error)
{
	char id[DBBI_SET_ID_SIZE];

	return ground_back_up(id, g, GENERATIONS, error);
}

static int
check(struct ground *g, dbb_error *error)
{
	return ground_check(NULL, g, error);
}

const struct operation operations[] = {
	{ "a backup", back_up, 30, 1, 1 },
	{ "a check", check, 15, 0, 0 },
};

const int operation_count = sizeof operations / sizeof *operations;

void
ok(int rc)
{
	ck_assert_msg(rc == DBB_OK, "%d: %s", rc, err.message);
}

void
operations_begin(int sealed)
{
	char id[DBBI_SET_ID_SIZE];

	ground_init(&origin, sealed);
	ground_init(&work, sealed);
	ok(ground_make(&origin, 1, &err));
	ok(ground_make(&work, 0, &err));
	for (uint32_t i = 0; i < GENERATIONS; i++)
		ok(ground_back_up(id, &origin, i, &err));
}

void
operations_end(void)
{
	ground_clear(&work);
	ground_clear(&origin);
}

size_t
operations_look(const char *after, ...)
{
	dbbi_list sets = { NULL, 0 }, first = { NULL, 0 };
	char what[256];
	va_list ap;
	size_t count;
	int rc;

	va_start(ap, after);
	vsnprintf(what, sizeof what, after, ap);
	va_end(ap);
	rc = ground_check(&sets, &work, &err);
	ck_assert_msg(rc == DBB_OK, "%s: %s", what, err.message);
	ok(ground_sets(&first, &origin, &err));
	for (size_t i = 0; i < first.count; i++)
		ck_assert_msg(dbbi_list_has(&sets, first.items[i]),
		    "%s: set '%s' is gone", what, first.items[i]);
	count = sets.count;
	dbbi_list_clear(&sets);
	dbbi_list_clear(&first);
	return count;
}

size_t
operations_look_after(const struct operation *operation, int rc, uint64_t nth,
    const char *what)
{
	size_t sets;

	sets = operations_look("%s, %s %llu", operation->name, what,
	    (unsigned long long)nth);
	ck_assert_msg(rc < 0 || sets == GENERATIONS + operation->sets,
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
