/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: what those who work beside their caller need of the system:
 * threads that take no signals, conditions that wait by the monotonic clock,
 * and large buffers that go back to the system when they are released (malloc
 * would keep them, and memory would look as if it grew).
 */
#ifndef DBBI_THREADS_H
#define DBBI_THREADS_H

#include <pthread.h>
#include <stddef.h>

#include "util/error.h"
#include "util/run.h"

/* Start a thread with every signal blocked. */
int dbbi_thread_start(pthread_t *out, void *(*fn)(void *), void *argument,
    dbb_error *err);

/* Cores that this process may use, 1 to `max`. */
unsigned dbbi_thread_cores(unsigned max);

/* For dbbi_cond_wait. */
int dbbi_cond_init(pthread_cond_t *cond, dbb_error *err);

/* Wait until signalled, and at most 100 ms, so that the caller can look
 * whether it was canceled. */
void dbbi_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);

/* Zeroed; memory is taken from the system page by page as it is used. */
void *dbbi_pages_new(size_t size, dbb_error *err);
void dbbi_pages_free(void *pages, size_t size);	/* NULL is allowed */

#endif
