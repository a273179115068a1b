/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: what every long operation is handed: where to log, and whether to
 * stop. Owned by the context; shared by all threads of one operation.
 */
#ifndef DBBI_RUN_H
#define DBBI_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include <dbbackup/context.h>

#include "util/error.h"

typedef struct dbbi_run {
	atomic_int canceled;
	int wake[2];		/* non-blocking pipe; readable once canceled */
	pthread_mutex_t log_mutex;
	int log_level;
	dbb_log_fn log;
	void *log_payload;
} dbbi_run;

int dbbi_run_init(dbbi_run *run, dbb_error *err);
void dbbi_run_clear(dbbi_run *run);

/* Async-signal-safe. */
void dbbi_run_cancel(dbbi_run *run);
void dbbi_run_resume(dbbi_run *run);

/* DBB_ECANCELED (and `err` says so) once canceled, else DBB_OK. */
int dbbi_run_check(dbbi_run *run, dbb_error *err);

/* A descriptor for poll(2) that is readable once canceled. */
int dbbi_run_wake_fd(const dbbi_run *run);

/* Log one line at `level`; any thread. Never hand it a secret. */
void dbbi_log(dbbi_run *run, int level, const char *fmt, ...)
    DBBI_PRINTF(3, 4);

#endif
