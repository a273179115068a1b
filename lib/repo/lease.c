/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/lease_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "repo/lease_notes.h"
#include "repo/lease_object.h"
#include "repo/repository.h"
#include "util/clock.h"
#include "util/process_mark.h"
#include "util/threads.h"

struct dbbi_lease {
	dbbi_repo *repo;	/* borrowed */
	dbbi_lease_times times;
	char object[DBBI_OBJECT_SIZE];
	char verb[32];
	char host[256];
	char process[DBBI_PROCESS_MARK_SIZE];
	int64_t started_at_ms;
	pthread_mutex_t writing;	/* one writes the object at a time */
	dbbi_json *notes;		/* as they are written down */
	pthread_mutex_t mutex;		/* for `end` */
	pthread_cond_t ended;
	pthread_t thread;
	int end;
};

/* ---- the object ---- */

static int
describe(dbbi_json **out, const dbbi_lease *lease, dbbi_json *notes,
    unsigned lasts_ms)
{
	dbbi_json *json = dbbi_json_new_object();
	char started[DBBI_TIME_SIZE], until[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(started, lease->started_at_ms);
	dbbi_time_rfc3339(until, dbbi_now_ms() + lasts_ms);
	if (dbbi_json_set_string(json, "verb", lease->verb) < 0 ||
	    dbbi_json_set_string(json, "host", lease->host) < 0 ||
	    dbbi_json_set_u64(json, "pid", (uint64_t)getpid()) < 0 ||
	    dbbi_json_set_string(json, "process", lease->process) < 0 ||
	    dbbi_json_set_string(json, "version", PACKAGE_VERSION) < 0 ||
	    dbbi_json_set_string(json, "started_at", started) < 0 ||
	    dbbi_json_set_string(json, "until", until) < 0 ||
	    (dbbi_json_count(notes) > 0 && dbbi_json_set(json, "notes",
	    json_object_get(notes)) < 0)) {
		dbbi_json_free(json);
		return DBB_ENOMEM;
	}
	*out = json;
	return 0;
}

/* With these notes; with `writing` held, unless nobody else has it yet. */
static int
write_with(const dbbi_lease *lease, dbbi_json *notes, unsigned lasts_ms,
    uint32_t flags, dbb_error *err)
{
	dbbi_json *json = NULL;
	int rc;

	if (describe(&json, lease, notes, lasts_ms) < 0)
		return dbbi_error_nomem(err);
	rc = dbbi_lease_write(lease->repo, lease->object, json, flags, err);
	dbbi_json_free(json);
	return rc;
}

/* ---- renewing ---- */

static void
add_ms(struct timespec *t, unsigned ms)
{
	t->tv_sec += ms / 1000;
	t->tv_nsec += (long)(ms % 1000) * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000;
	}
}

/* Until it is to end, or it is time to renew; with the mutex held. */
static void
wait_to_renew(dbbi_lease *lease)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	add_ms(&until, lease->times.renew_ms);
	while (!lease->end && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&lease->ended, &lease->mutex,
		    &until);
}

static void
renew_once(dbbi_lease *lease)
{
	dbb_error cause = {0};

	pthread_mutex_lock(&lease->writing);
	if (write_with(lease, lease->notes, lease->times.runs_out_ms,
	    DBB_PUT_REPLACE, &cause) < 0)
		dbbi_log(lease->repo->run, DBB_LOG_DEBUG,
		    "renewing a lease: %s", cause.message);
	pthread_mutex_unlock(&lease->writing);
}

static void *
renew(void *argument)
{
	dbbi_lease *lease = argument;

	pthread_mutex_lock(&lease->mutex);
	while (wait_to_renew(lease), !lease->end) {
		pthread_mutex_unlock(&lease->mutex);
		renew_once(lease);
		pthread_mutex_lock(&lease->mutex);
	}
	pthread_mutex_unlock(&lease->mutex);
	return NULL;
}

/* ---- from the beginning to the end ---- */

/* The words of a new lease. */
static int
name(dbbi_lease *lease, const char *verb, dbb_error *err)
{
	char id[DBBI_SET_ID_SIZE];
	int rc;

	lease->started_at_ms = dbbi_now_ms();
	if ((rc = dbbi_set_id_new(id, lease->started_at_ms, err)) < 0)
		return rc;
	snprintf(lease->object, sizeof lease->object, DBBI_LEASES "%s", id);
	snprintf(lease->verb, sizeof lease->verb, "%s", verb);
	if (gethostname(lease->host, sizeof lease->host - 1) < 0)
		lease->host[0] = '\0';
	dbbi_text_make_utf8(lease->host);
	dbbi_process_mark(lease->process);
	if ((lease->notes = dbbi_json_new_array()) == NULL)
		return dbbi_error_nomem(err);
	return 0;
}

/* NULL is allowed; its thread has ended. */
static void
release(dbbi_lease *lease)
{
	if (lease == NULL)
		return;
	dbbi_json_free(lease->notes);
	pthread_cond_destroy(&lease->ended);
	pthread_mutex_destroy(&lease->mutex);
	pthread_mutex_destroy(&lease->writing);
	free(lease);
}

/* NULL when that is not possible. */
static dbbi_lease *
make(dbbi_repo *repo, const dbbi_lease_times *times, dbb_error *err)
{
	dbbi_lease *lease = calloc(1, sizeof *lease);

	if (lease == NULL) {
		dbbi_error_nomem(err);
		return NULL;
	}
	if (dbbi_cond_init(&lease->ended, err) < 0) {
		free(lease);
		return NULL;
	}
	pthread_mutex_init(&lease->mutex, NULL);
	pthread_mutex_init(&lease->writing, NULL);
	lease->repo = repo;
	lease->times = *times;
	return lease;
}

/* Write it and start the thread; nothing is left of it after a failure. */
static int
start(dbbi_lease *lease, dbb_error *err)
{
	int rc;

	if ((rc = write_with(lease, lease->notes, lease->times.runs_out_ms, 0,
	    err)) < 0)
		return rc;
	rc = dbbi_thread_start(&lease->thread, renew, lease, err);
	if (rc < 0)
		dbbi_store_remove(lease->repo->store, lease->object, NULL);
	return rc;
}

dbbi_lease *
dbbi_lease_take_with(dbbi_repo *repo, const char *verb,
    const dbbi_lease_times *times)
{
	dbb_error cause = {0};
	dbbi_lease *lease = make(repo, times, &cause);

	if (lease != NULL &&
	    name(lease, verb, &cause) == 0 && start(lease, &cause) == 0)
		return lease;
	dbbi_log(repo->run, DBB_LOG_DEBUG, "others cannot see that this is "
	    "at work: %s", cause.message);
	release(lease);
	return NULL;
}

dbbi_lease *
dbbi_lease_take(dbbi_repo *repo, const char *verb)
{
	static const dbbi_lease_times times = { .renew_ms = 5 * 60 * 1000,
	    .runs_out_ms = 15 * 60 * 1000 };

	return dbbi_lease_take_with(repo, verb, &times);
}

static void
stop_renewing(dbbi_lease *lease)
{
	pthread_mutex_lock(&lease->mutex);
	lease->end = 1;
	pthread_cond_signal(&lease->ended);
	pthread_mutex_unlock(&lease->mutex);
	pthread_join(lease->thread, NULL);
}

void
dbbi_lease_end(dbbi_lease *lease)
{
	if (lease == NULL)
		return;
	stop_renewing(lease);
	if (dbbi_json_count(lease->notes) == 0)
		dbbi_store_remove(lease->repo->store, lease->object, NULL);
	else
		write_with(lease, lease->notes, 0, DBB_PUT_REPLACE, NULL);
	release(lease);
}

/* ---- notes ---- */

int
dbbi_lease_note(dbbi_lease *lease, const dbbi_note *note, dbb_error *err)
{
	dbbi_json *notes = NULL;
	int rc;

	pthread_mutex_lock(&lease->writing);
	if ((rc = dbbi_notes_with(&notes, lease->notes, note, err)) == 0 &&
	    (rc = write_with(lease, notes, lease->times.runs_out_ms,
	    DBB_PUT_REPLACE, err)) == 0) {
		dbbi_json_free(lease->notes);
		lease->notes = notes;
		notes = NULL;
	}
	pthread_mutex_unlock(&lease->writing);
	dbbi_json_free(notes);
	return dbbi_error_context(err, rc, "noting '%s' for the next run",
	    note->key);
}

void
dbbi_lease_forget(dbbi_lease *lease, const dbbi_note *note)
{
	dbbi_json *notes = NULL;

	pthread_mutex_lock(&lease->writing);
	if (dbbi_notes_without(&notes, lease->notes, note, NULL) == 0 &&
	    dbbi_json_count(notes) < dbbi_json_count(lease->notes)) {
		write_with(lease, notes, lease->times.runs_out_ms,
		    DBB_PUT_REPLACE, NULL);
		dbbi_json_free(lease->notes);
		lease->notes = notes;
		notes = NULL;
	}
	pthread_mutex_unlock(&lease->writing);
	dbbi_json_free(notes);
}
