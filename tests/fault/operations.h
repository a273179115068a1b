/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * operations: what is interrupted, call by call, and how the cases of
 * tests/fault are run. To add an operation is to add a line to the table.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <check.h>

#include "ground.h"
#include "../unit/suite.h"

/*
 * What is there when one begins: a set that is to be pruned, of a time when
 * little was as it is now, so that its pack is to be rewritten; the sets
 * that are kept; and packs of another that was pruned, condemned since.
 */
#define KEPT 3u
#define FIRST_KEPT 40u
#define NEXT (FIRST_KEPT + KEPT)	/* generation that is backed up next */

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

/* Make `work` what `origin` is, and what was condemned ripe for deletion. */
void operations_restart(void);

/* `work` is sound and has all sets that are kept; how many it has beside the
 * one to be pruned. If not, the test fails, and says after what. */
size_t operations_look(const char *after, ...) DBBI_PRINTF(1, 2);

/* The same after an operation that returned `rc`: if that is DBB_OK it has
 * what was to be made. */
size_t operations_look_after(const struct operation *operation, int rc,
    uint64_t nth, const char *what);

/* Runs the case, which is given its time here; what main returns. */
int operations_test(TCase *tc);

#endif
