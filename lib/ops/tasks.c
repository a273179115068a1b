/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/tasks.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"

#define TICK_MS 200

enum { TASK_WAITING, TASK_RUNNING, TASK_ENDED };

/* What the threads of one dbbi_tasks_run share. */
struct crew {
	dbbi_task *tasks;
	size_t count;
	size_t next;			/* the first that waits */
	size_t ended;
	dbbi_run *run;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

void
dbbi_meter_init(dbbi_meter *meter, dbbi_ops *ops)
{
	memset(meter, 0, sizeof(*meter));
	meter->ops = ops;
	meter->phase = DBB_PHASE_PREPARE;
	meter->begun_ms = dbbi_monotonic_ms();
}

/* For a report that is about all. */
static const dbbi_task nobody;

/* Report to the caller; a nonzero answer cancels. */
static void
report(dbbi_meter *meter, uint32_t phase, const dbbi_task *task)
{
	dbb_progress p = { .size = sizeof(p), .source = "", .stream = "" };
	dbbi_ops *ops = meter->ops;

	p.phase = phase;
	p.bytes_done = atomic_load(&meter->bytes_done);
	p.bytes_total = meter->bytes_total;
	p.elapsed_ms = dbbi_monotonic_ms() - meter->begun_ms;
	p.source = task->source != NULL ? task->source : "";
	p.stream = task->stream != NULL ? task->stream : "";
	p.stream_bytes = task->bytes != NULL ? atomic_load(task->bytes) : 0;
	if (meter->refresh != NULL)
		meter->refresh(&p, meter->refresh_payload);
	if (ops->progress != NULL &&
	    ops->progress(&p, ops->progress_payload) != 0)
		dbbi_run_cancel(ops->run);
}

int
dbbi_meter_phase(dbbi_meter *meter, uint32_t phase, dbb_error *err)
{
	meter->phase = phase;
	report(meter, phase, &nobody);
	return dbbi_run_check(meter->ops->run, err);
}

/* Take the next waiting task, or NULL. Called with the mutex held. */
static dbbi_task *
take_task(struct crew *crew)
{
	dbbi_task *task;

	if (crew->next == crew->count)
		return NULL;
	task = &crew->tasks[crew->next++];
	atomic_store(&task->state, TASK_RUNNING);
	return task;
}

/*
 * A thread's life: one task. The next task gets a thread of its own (see
 * tasks.h on child processes), started here and awaited by the caller.
 */
static void *
live(void *arg)
{
	struct crew *crew = arg;
	dbbi_task *task;

	pthread_mutex_lock(&crew->mutex);
	task = take_task(crew);
	pthread_mutex_unlock(&crew->mutex);
	if (task == NULL)
		return NULL;
	task->rc = dbbi_run_check(crew->run, &task->err);
	if (task->rc == 0)
		task->rc = task->work(task, &task->err);
	atomic_store(&task->state, TASK_ENDED);
	pthread_mutex_lock(&crew->mutex);
	crew->ended++;
	pthread_cond_signal(&crew->changed);
	pthread_mutex_unlock(&crew->mutex);
	return NULL;
}

/* Start a thread that hears no signals: they are the program's business. */
static int
start_thread(pthread_t *out, struct crew *crew)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(out, NULL, live, crew);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Sleep until a task ends or a tick has gone by. Mutex held. */
static void
await_change(struct crew *crew)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&crew->changed, &crew->mutex, &until);
}

/* Tell of those that are through, and of one that is at work. */
static void
report_all(dbbi_meter *meter, struct crew *crew, unsigned char *told)
{
	const dbbi_task *busy = &nobody;
	size_t i;

	for (i = 0; i < crew->count; i++) {
		dbbi_task *task = &crew->tasks[i];
		int state = atomic_load(&task->state);

		if (state == TASK_RUNNING && (busy == &nobody ||
		    (task->stream != NULL && busy->stream == NULL)))
			busy = task;
		if (state != TASK_ENDED || told[i])
			continue;
		told[i] = 1;
		if (task->stream != NULL && task->rc == 0)
			report(meter, DBB_PHASE_DONE, task);
	}
	report(meter, meter->phase, busy);
}

/* Keep `at_once` threads at work until all tasks have ended. */
static int
supervise(struct crew *crew, pthread_t *threads, size_t at_once,
    dbbi_meter *meter, unsigned char *told)
{
	size_t started = 0;
	int failed = 0;

	pthread_mutex_lock(&crew->mutex);
	while (crew->ended < (failed ? started : crew->count)) {
		while (!failed && started < crew->count &&
		    started - crew->ended < at_once) {
			failed = start_thread(&threads[started], crew);
			started += failed == 0;
		}
		if (crew->ended < started)
			await_change(crew);
		pthread_mutex_unlock(&crew->mutex);
		report_all(meter, crew, told);
		pthread_mutex_lock(&crew->mutex);
	}
	pthread_mutex_unlock(&crew->mutex);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	return failed;
}

static int
crew_init(struct crew *crew)
{
	pthread_condattr_t attr;

	if (pthread_mutex_init(&crew->mutex, NULL) != 0)
		return -1;
	if (pthread_condattr_init(&attr) != 0)
		goto no_cond;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_cond_init(&crew->changed, &attr) != 0) {
		pthread_condattr_destroy(&attr);
		goto no_cond;
	}
	pthread_condattr_destroy(&attr);
	return 0;
no_cond:
	pthread_mutex_destroy(&crew->mutex);
	return -1;
}

int
dbbi_tasks_run(dbbi_task *tasks, size_t count, size_t at_once,
    dbbi_meter *meter, dbb_error *err)
{
	struct crew crew = { .tasks = tasks, .count = count,
	    .run = meter->ops->run };
	pthread_t *threads = NULL;
	unsigned char *told = NULL;
	int failed, rc = 0;
	size_t i;

	if (count == 0)
		return 0;
	threads = calloc(count, sizeof(*threads));
	told = calloc(count, 1);
	if (threads == NULL || told == NULL || crew_init(&crew) != 0) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	failed = supervise(&crew, threads, at_once > 0 ? at_once : 1, meter,
	    told);
	pthread_cond_destroy(&crew.changed);
	pthread_mutex_destroy(&crew.mutex);
	if (failed != 0)
		rc = dbbi_error_errno(err, failed, "starting a thread");
	for (i = crew.next; i < count && failed != 0; i++) {
		tasks[i].rc = rc;
		if (err != NULL)
			tasks[i].err = *err;
	}
done:
	free(threads);
	free(told);
	return rc;
}

int
dbbi_task_run(int (*work)(dbbi_task *task, dbb_error *err), void *payload,
    dbbi_meter *meter, dbb_error *err)
{
	dbbi_task task = { .work = work, .payload = payload };
	int rc;

	if ((rc = dbbi_tasks_run(&task, 1, 1, meter, err)) < 0)
		return rc;
	if (task.rc < 0 && err != NULL)
		*err = task.err;
	return task.rc;
}
