/* SPDX-License-Identifier: BSD-2-Clause */
/* suite: how much a test program does, and its end. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <stdlib.h>

/* Is the program run by something that takes many times as long (the thread
 * sanitizer, valgrind), or once more only to see that it can be run? */
static inline int
suite_is_slow(void)
{
#if defined(__SANITIZE_THREAD__)
	return 1;
#else
	return getenv("TEST_SLOW") != NULL;
#endif
}

/* One in how many of many alike cases is to be done: sanitizers are slow, too,
 * and what they are to see shows in few. */
static inline int
suite_share(void)
{
#if defined(__SANITIZE_THREAD__)
	return 16;
#elif defined(__SANITIZE_ADDRESS__)
	return 4;
#else
	return suite_is_slow() ? 16 : 1;
#endif
}

/* Run and release it; what main is to return. */
static inline int
suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}

#endif
