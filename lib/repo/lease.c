/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "repo/repository.h"
#include "repo/seal.h"
#include "util/clock.h"
#include "util/threads.h"

#define MAGIC "DBBLEASE"
#define INFO "dbbackup lease"
#define PREFIX "leases/"
#define OBJECT_LIMIT 4096u	/* bytes */
#define MOST_LISTED 1000u	/* of a folder that somebody filled */
#define RUNS_OUT_MS (15 * 60 * (int64_t)1000)
#define RENEW_S (5 * 60)

struct dbbi_lease {
	dbbi_repo *repo;	/* borrowed */
	char object[DBBI_OBJECT_SIZE];
	char verb[32];
	char host[256];
	int64_t started_at_ms;
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	pthread_t thread;
	int end;
};

/* ---- write ---- */

static int
describe(dbbi_json **out, const dbbi_lease *lease)
{
	dbbi_json *json = dbbi_json_new_object();
	char started[DBBI_TIME_SIZE], until[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(started, lease->started_at_ms);
	dbbi_time_rfc3339(until, dbbi_now_ms() + RUNS_OUT_MS);
	if (dbbi_json_set_string(json, "verb", lease->verb) < 0 ||
	    dbbi_json_set_string(json, "host", lease->host) < 0 ||
	    dbbi_json_set_u64(json, "pid", (uint64_t)getpid()) < 0 ||
	    dbbi_json_set_string(json, "version", PACKAGE_VERSION) < 0 ||
	    dbbi_json_set_string(json, "started_at", started) < 0 ||
	    dbbi_json_set_string(json, "until", until) < 0) {
		dbbi_json_free(json);
		return DBB_ENOMEM;
	}
	*out = json;
	return 0;
}

static int
encode(dbbi_bytes *b, const dbbi_keys *keys, dbbi_json *json, dbb_error *err)
{
	uint8_t header[DBBI_HEADER_SIZE];
	const char *text = dbbi_json_text(json);
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	dbbi_header_put(header, MAGIC, dbbi_seal_cipher(keys), 0);
	if ((rc = dbbi_bytes_add(b, header, sizeof header, err)) < 0 ||
	    (rc = dbbi_sealed_begin(b, keys, err)) < 0 ||
	    (rc = dbbi_bytes_add(b, text, strlen(text), err)) < 0)
		return rc;
	return dbbi_sealed_end(b, sizeof header, keys, INFO, err);
}

static int
write_lease(const dbbi_lease *lease, uint32_t flags, dbb_error *err)
{
	dbbi_json *json = NULL;
	dbbi_bytes b;
	int rc;

	if (describe(&json, lease) < 0)
		return dbbi_error_nomem(err);
	dbbi_bytes_init(&b, OBJECT_LIMIT);
	rc = encode(&b, lease->repo->keys, json, err);
	if (rc == 0)
		rc = dbbi_store_write(lease->repo->store, lease->object,
		    b.data, b.size, flags, err);
	dbbi_bytes_clear(&b);
	dbbi_json_free(json);
	return rc;
}

/* Until it is to end, or it is time to renew; with the mutex held. */
static void
wait_to_renew(dbbi_lease *lease)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RENEW_S;
	while (!lease->end && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&lease->ended, &lease->mutex,
		    &until);
}

static void *
renew(void *argument)
{
	dbbi_lease *lease = argument;
	dbb_error cause;

	pthread_mutex_lock(&lease->mutex);
	while (wait_to_renew(lease), !lease->end) {
		pthread_mutex_unlock(&lease->mutex);
		dbbi_error_clear(&cause);
		if (write_lease(lease, DBB_PUT_REPLACE, &cause) < 0)
			dbbi_log(lease->repo->run, DBB_LOG_DEBUG,
			    "renewing a lease: %s", cause.message);
		pthread_mutex_lock(&lease->mutex);
	}
	pthread_mutex_unlock(&lease->mutex);
	return NULL;
}

/* The words of a new lease. */
static int
name(dbbi_lease *lease, const char *verb, dbb_error *err)
{
	char id[DBBI_SET_ID_SIZE];
	int rc;

	lease->started_at_ms = dbbi_now_ms();
	if ((rc = dbbi_set_id_new(id, lease->started_at_ms, err)) < 0)
		return rc;
	snprintf(lease->object, sizeof lease->object, PREFIX "%s", id);
	snprintf(lease->verb, sizeof lease->verb, "%s", verb);
	if (gethostname(lease->host, sizeof lease->host - 1) < 0)
		lease->host[0] = '\0';
	dbbi_text_make_utf8(lease->host);
	return 0;
}

/* Write it and start the thread; nothing is left of it after a failure. */
static int
start(dbbi_lease *lease, dbb_error *err)
{
	int errnum, rc;

	if ((errnum = pthread_mutex_init(&lease->mutex, NULL)) != 0)
		return dbbi_error_errno(err, errnum, "making a mutex");
	if ((rc = dbbi_cond_init(&lease->ended, err)) < 0) {
		pthread_mutex_destroy(&lease->mutex);
		return rc;
	}
	if ((rc = write_lease(lease, 0, err)) == 0) {
		rc = dbbi_thread_start(&lease->thread, renew, lease, err);
		if (rc < 0)
			dbbi_store_remove(lease->repo->store, lease->object,
			    NULL);
	}
	if (rc < 0) {
		pthread_cond_destroy(&lease->ended);
		pthread_mutex_destroy(&lease->mutex);
	}
	return rc;
}

dbbi_lease *
dbbi_lease_take(dbbi_repo *repo, const char *verb)
{
	dbbi_lease *lease = calloc(1, sizeof *lease);
	dbb_error cause;

	dbbi_error_clear(&cause);
	if (lease == NULL)
		return NULL;
	lease->repo = repo;
	if (name(lease, verb, &cause) == 0 && start(lease, &cause) == 0)
		return lease;
	dbbi_log(repo->run, DBB_LOG_DEBUG, "others cannot see that this is "
	    "at work: %s", cause.message);
	free(lease);
	return NULL;
}

void
dbbi_lease_end(dbbi_lease *lease)
{
	if (lease == NULL)
		return;
	pthread_mutex_lock(&lease->mutex);
	lease->end = 1;
	pthread_cond_signal(&lease->ended);
	pthread_mutex_unlock(&lease->mutex);
	pthread_join(lease->thread, NULL);
	dbbi_store_remove(lease->repo->store, lease->object, NULL);
	pthread_cond_destroy(&lease->ended);
	pthread_mutex_destroy(&lease->mutex);
	free(lease);
}

/* ---- read ---- */

static int
decode(dbbi_json **out, uint8_t *data, size_t size, const dbbi_keys *keys,
    dbb_error *err)
{
	dbbi_cursor c;
	uint32_t zero;
	int rc;

	if (size < DBBI_HEADER_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&zero, data, MAGIC, dbbi_seal_cipher(keys),
	    err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size, DBBI_HEADER_SIZE, keys,
	    INFO, err)) < 0)
		return rc;
	return dbbi_json_parse(out, (const char *)c.at, c.left, err);
}

/* Take over only what a lease is made of, as it should be; 0, or -1. */
static int
copy_words(dbbi_json *to, const dbbi_json *from)
{
	static const char *const words[] = { "verb", "host", "version",
	    "started_at", "until" };
	const char *text;
	uint64_t pid;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((text = dbbi_json_string(from, words[i])) == NULL ||
		    dbbi_json_set_string(to, words[i], text) < 0)
			return -1;
	return dbbi_json_u64(&pid, from, "pid") < 0 ||
	    dbbi_json_set_u64(to, "pid", pid) < 0 ? -1 : 0;
}

/* NULL when it cannot be read. */
static dbbi_json *
read_lease(int64_t *until_ms, dbbi_repo *repo, const char *object)
{
	dbbi_json *json = NULL, *lease = dbbi_json_new_object();
	uint8_t *data = NULL;
	size_t size;
	int bad;

	bad = dbbi_store_load(&data, &size, repo->store, object,
	    OBJECT_LIMIT, NULL) < 0 ||
	    decode(&json, data, size, repo->keys, NULL) < 0 ||
	    copy_words(lease, json) < 0 ||
	    dbbi_time_parse(until_ms, dbbi_json_string(lease, "until")) < 0;
	free(data);
	dbbi_json_free(json);
	if (!bad)
		return lease;
	dbbi_json_free(lease);
	return NULL;
}

static int
collect(const dbb_object *object, void *payload)
{
	dbbi_list *names = payload;

	if (!dbbi_set_id_valid(object->name + strlen(PREFIX)))
		return 0;
	return names->count == MOST_LISTED ||
	    dbbi_list_add(names, object->name, NULL) < 0;
}

static int
compare_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* By the time they began. */
static int
list_names(dbbi_list *names, dbbi_repo *repo, dbb_error *err)
{
	int rc;

	rc = dbbi_store_list(repo->store, PREFIX, collect, names, err);
	if (rc == DBB_ECANCELED)	/* by `collect`: these are enough */
		rc = 0;
	if (rc == 0 && names->count > 0)
		qsort(names->items, names->count, sizeof *names->items,
		    compare_text);
	return rc;
}

int
dbbi_leases_list(dbbi_json **out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	dbbi_json *list = dbbi_json_new_array(), *lease;
	int64_t until_ms;
	int rc;

	rc = list == NULL ? dbbi_error_nomem(err) :
	    list_names(&names, repo, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		lease = read_lease(&until_ms, repo, names.items[i]);
		if (lease != NULL && until_ms < dbbi_now_ms())
			dbbi_json_free(lease);
		else if (lease != NULL && dbbi_json_append(list, lease) < 0)
			rc = dbbi_error_nomem(err);
	}
	dbbi_list_clear(&names);
	if (rc == 0)
		*out = list;
	else
		dbbi_json_free(list);
	return dbbi_error_context(err, rc, "looking who is at work");
}

void
dbbi_leases_sweep(dbbi_repo *repo)
{
	dbbi_list names = { NULL, 0 };
	dbbi_json *lease;
	int64_t until_ms;

	list_names(&names, repo, NULL);
	for (size_t i = 0; i < names.count; i++) {
		lease = read_lease(&until_ms, repo, names.items[i]);
		if (lease != NULL && until_ms < dbbi_now_ms())
			dbbi_store_remove(repo->store, names.items[i], NULL);
		dbbi_json_free(lease);
	}
	dbbi_list_clear(&names);
}
