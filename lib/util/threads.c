/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/threads.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define WAIT_NS 100000000L	/* 100 ms */

int
dbbi_thread_start(pthread_t *out, void *(*fn)(void *), void *argument,
    dbb_error *err)
{
	sigset_t all, old;
	int errnum;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	errnum = pthread_create(out, NULL, fn, argument);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (errnum != 0)
		return dbbi_error_errno(err, errnum, "starting a thread");
	return 0;
}

unsigned
dbbi_thread_cores(unsigned max)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	if (n < 1)
		n = 1;
	return (unsigned)n < max ? (unsigned)n : max;
}

int
dbbi_cond_init(pthread_cond_t *cond, dbb_error *err)
{
	pthread_condattr_t attr;
	int errnum;

	if ((errnum = pthread_condattr_init(&attr)) != 0)
		return dbbi_error_errno(err, errnum, "making a condition");
	errnum = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (errnum == 0)
		errnum = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	if (errnum != 0)
		return dbbi_error_errno(err, errnum, "making a condition");
	return 0;
}

void
dbbi_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += WAIT_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(cond, mutex, &until);
}

void *
dbbi_pages_new(size_t size, dbb_error *err)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED) {
		dbbi_error_nomem(err);
		return NULL;
	}
	return pages;
}

void
dbbi_pages_free(void *pages, size_t size)
{
	if (pages != NULL)
		munmap(pages, size);
}
