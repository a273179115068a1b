/* SPDX-License-Identifier: BSD-2-Clause */
/* suite: the end of a test program. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

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
