/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operations: what is interrupted, call by call, and how the cases of
 * tests/fault are run. To add an operation is to add a line to the table.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <check.h>

#include "ground.h"

#define GENERATIONS 3u		/* that are there when one begins */

/* Sanitizers are slow: what they are to see shows in one place in so many. */
#if defined(__SANITIZE_ADDRESS__)
#define EVERY 4
#elif defined(__SANITIZE_THREAD__)
#define EVERY 16
#else
#define EVERY 1
#endif

struct operation {
	const char *name;
	int (*run)(struct ground *g, dbb_error *err);
	uint64_t least;		/* calls of the store, at least */
	int writes;		/* more than that it was done */
	uint32_t sets;		/* that it adds */
};

extern const struct operation operations[];
extern const int operation_count;

/* The repository that they are run on, in memory, and another in a folder to
 * run them on copies of it. */
extern struct ground origin, work;
extern dbb_error err;		/* of the last call */

void operations_begin(int sealed);
void operations_end(void);

/* The call succeeded; else its message fails the test. */
void ok(int rc);

/* `work` is sound and has all sets of `origin`; how many it has. If not, the
 * test fails, and says after what. */
size_t operations_look(const char *after, ...) DBBI_PRINTF(1, 2);

/* The same after an operation that returned `rc`: if that is DBB_OK it has
 * what was to be made. */
size_t operations_look_after(const struct operation *operation, int rc,
    uint64_t nth, const char *what);

/* Runs the case, which is given its time here; what main returns. */
int operations_test(TCase *tc);

#endif
