/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tasks: run several pieces of work on threads of their own while the
 * caller's thread reports progress and hears of a cancel.
 *
 * A task's thread lives exactly as long as its work, so that child processes
 * started in it die with it (net/process.h).
 */
#ifndef DBBI_TASKS_H
#define DBBI_TASKS_H

#include <stdatomic.h>

#include "ops/ops.h"

/* Where an operation stands. Counters are added to by worker threads, the
 * rest belongs to the caller's thread. */
typedef struct dbbi_meter {
	dbbi_ops *ops;
	uint32_t phase;
	uint64_t begun_ms;		/* monotonic */
	uint64_t bytes_total;
	_Atomic uint64_t bytes_done;
	/* Called on every tick, also where no progress is wanted, before the
	 * report; may be NULL. */
	void (*refresh)(dbb_progress *progress, void *payload);
	void *refresh_payload;
} dbbi_meter;

void dbbi_meter_init(dbbi_meter *meter, dbbi_ops *ops);

/* Change the phase and report it. DBB_ECANCELED when the callback said so. */
int dbbi_meter_phase(dbbi_meter *meter, uint32_t phase, dbb_error *err);

typedef struct dbbi_task dbbi_task;

struct dbbi_task {
	/* The work. */
	int (*work)(dbbi_task *task, dbb_error *err);
	void *payload;
	const char *source;		/* for progress; may be NULL */
	const char *stream;		/* likewise; a task with one is reported
					   as DBB_PHASE_DONE when it is through */
	_Atomic uint64_t *bytes;	/* what it has done, or NULL */

	/* How it went. */
	int rc;
	dbb_error err;
	atomic_int state;		/* private */
};

/*
 * Run all tasks, at most `at_once` at a time, in order; returns when all
 * have ended. DBB_OK even when some failed: look at task->rc. After a cancel
 * the tasks that have not begun end with DBB_ECANCELED.
 * Fails (DBB_ENOMEM, DBB_EIO) only when no thread can be started; tasks that
 * did not begin then say the same.
 */
int dbbi_tasks_run(dbbi_task *tasks, size_t count, size_t at_once,
    dbbi_meter *meter, dbb_error *err);

/* One piece of work on a thread of its own; returns what it returned. */
int dbbi_task_run(int (*work)(dbbi_task *task, dbb_error *err),
    void *payload, dbbi_meter *meter, dbb_error *err);

#endif
