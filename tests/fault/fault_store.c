/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "fault_store.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "fault:"

static const char *const names[FAULT_ANY] = { "put_begin", "put_write",
    "put_commit", "read", "stat", "list", "remove" };

struct handle {
	struct fault_plan *plan;
	void *wrapped;
};

struct put {
	struct fault_plan *plan;
	void *wrapped;
};

/* ---- the plan ---- */

void
fault_plan_init(struct fault_plan *plan, const dbb_store_driver *wrapped,
    void *payload)
{
	memset(plan, 0, sizeof *plan);
	plan->wrapped = wrapped;
	plan->payload = payload;
	pthread_mutex_init(&plan->mutex, NULL);
	fault_plan_reset(plan);
}

void
fault_plan_clear(struct fault_plan *plan)
{
	pthread_mutex_destroy(&plan->mutex);
}

void
fault_plan_reset(struct fault_plan *plan)
{
	pthread_mutex_lock(&plan->mutex);
	plan->fault_count = 0;
	memset(plan->calls, 0, sizeof plan->calls);
	plan->struck = 0;
	plan->chance = 1;
	plan->room = UINT64_MAX;
	pthread_mutex_unlock(&plan->mutex);
}

void
fault_plan_add(struct fault_plan *plan, const struct fault *fault)
{
	pthread_mutex_lock(&plan->mutex);
	if (plan->fault_count == FAULTS_MAX)
		abort();
	plan->faults[plan->fault_count++] = *fault;
	pthread_mutex_unlock(&plan->mutex);
}

void
fault_plan_seed(struct fault_plan *plan, uint64_t seed)
{
	pthread_mutex_lock(&plan->mutex);
	plan->chance = seed | 1;
	pthread_mutex_unlock(&plan->mutex);
}

void
fault_plan_room(struct fault_plan *plan, uint64_t bytes)
{
	pthread_mutex_lock(&plan->mutex);
	plan->room = bytes;
	pthread_mutex_unlock(&plan->mutex);
}

uint64_t
fault_plan_calls(struct fault_plan *plan, enum fault_call call)
{
	uint64_t n;

	pthread_mutex_lock(&plan->mutex);
	n = plan->calls[call];
	pthread_mutex_unlock(&plan->mutex);
	return n;
}

uint64_t
fault_plan_struck(struct fault_plan *plan)
{
	uint64_t n;

	pthread_mutex_lock(&plan->mutex);
	n = plan->struck;
	pthread_mutex_unlock(&plan->mutex);
	return n;
}

/* A number from 0 to `below` - 1. With the mutex held. */
static uint64_t
draw(struct fault_plan *plan, uint64_t below)
{
	plan->chance ^= plan->chance << 13;
	plan->chance ^= plan->chance >> 7;
	plan->chance ^= plan->chance << 17;
	return plan->chance % below;
}

static int
strikes(struct fault_plan *plan, const struct fault *f, enum fault_call call)
{
	uint64_t n;

	if (f->call != FAULT_ANY && f->call != call)
		return 0;
	if (f->nth == 0)
		return f->one_in > 0 && draw(plan, f->one_in) == 0;
	n = plan->calls[f->call];
	return n == f->nth || (f->for_ever && n > f->nth);
}

/* Count a call, and see what is to happen: 1 and the fault, or 0. */
static int
count(struct fault *out, struct fault_plan *plan, enum fault_call call)
{
	int found = 0;

	pthread_mutex_lock(&plan->mutex);
	plan->calls[call]++;
	plan->calls[FAULT_ANY]++;
	for (size_t i = 0; !found && i < plan->fault_count; i++) {
		if (!strikes(plan, &plan->faults[i], call))
			continue;
		*out = plan->faults[i];
		found = 1;
		plan->struck++;
	}
	pthread_mutex_unlock(&plan->mutex);
	return found;
}

/* How much of `size` bytes there is room for. */
static size_t
take_room(struct fault_plan *plan, size_t size)
{
	size_t n = size;

	pthread_mutex_lock(&plan->mutex);
	if (plan->room != UINT64_MAX) {
		if (n > plan->room)
			n = (size_t)plan->room;
		plan->room -= n;
		plan->struck += n < size;
	}
	pthread_mutex_unlock(&plan->mutex);
	return n;
}

/* ---- what happens ---- */

static void
wait_ms(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

static int
fail(const struct fault *f, enum fault_call call, dbb_error *err)
{
	char text[64] = "a fault was asked for in ";

	strcat(text, names[call]);
	return dbb_error_set(err, f->code, text, NULL);
}

/* A fault that does not change what the call does: at its own moment, before
 * or after it. DBB_OK: go on. */
static int
strike(const struct fault *f, enum fault_call call, int after,
    dbb_error *err)
{
	if (f->after != after)
		return DBB_OK;
	if (f->action == FAULT_KILL) {
		kill(getpid(), SIGKILL);
		for (;;)
			pause();
	}
	if (f->action == FAULT_DELAY)
		wait_ms(f->delay_ms);
	return f->action == FAULT_FAIL ? fail(f, call, err) : DBB_OK;
}

static void
flip(void *bytes, size_t size, uint64_t bit)
{
	uint8_t *at = bytes;

	if (size > 0)
		at[bit / 8 % size] ^= (uint8_t)(1u << bit % 8);
}

/* What is to happen in a call, if anything. */
struct moment {
	struct fault fault;
	enum fault_call call;
	int due;
};

/* Begin a call: count it, and let happen what happens before it. */
static int
enter(struct moment *m, struct fault_plan *plan, enum fault_call call,
    dbb_error *err)
{
	m->call = call;
	m->due = count(&m->fault, plan, call);
	return m->due ? strike(&m->fault, call, 0, err) : DBB_OK;
}

/* End it. A call that failed by itself stays failed. */
static int
leave(const struct moment *m, int rc, dbb_error *err)
{
	int struck = m->due ? strike(&m->fault, m->call, 1, err) : DBB_OK;

	return rc < 0 ? rc : struck;
}

static int
is(const struct moment *m, enum fault_action action)
{
	return m->due && m->fault.action == action;
}

/* ---- the driver ---- */

static int
fault_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	struct fault_plan *plan = payload;
	struct handle *h = calloc(1, sizeof *h);
	int rc;

	if (h == NULL)
		return dbb_error_set(err, DBB_ENOMEM, "out of memory", NULL);
	h->plan = plan;
	rc = plan->wrapped->open(&h->wrapped, url + strlen(PREFIX), flags,
	    env, plan->payload, err);
	if (rc < 0)
		free(h);
	else
		*out = h;
	return rc;
}

static void
fault_close(void *store)
{
	struct handle *h = store;

	h->plan->wrapped->close(h->wrapped);
	free(h);
}

static int
fault_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err)
{
	struct handle *h = store;
	struct moment m;
	struct put *put;
	int rc;

	if ((rc = enter(&m, h->plan, FAULT_PUT_BEGIN, err)) < 0)
		return rc;
	put = calloc(1, sizeof *put);
	if (put == NULL)
		return dbb_error_set(err, DBB_ENOMEM, "out of memory", NULL);
	put->plan = h->plan;
	rc = h->plan->wrapped->put_begin(&put->wrapped, h->wrapped, name,
	    size_hint, flags, err);
	if (rc == DBB_OK && (rc = leave(&m, rc, err)) < 0)
		h->plan->wrapped->put_free(put->wrapped);
	if (rc < 0)
		free(put);
	else
		*out = put;
	return rc;
}

/* Write a copy with a bit of it turned around. */
static int
write_flipped(struct put *put, const void *data, size_t size, uint64_t bit,
    dbb_error *err)
{
	uint8_t *copy = malloc(size);
	int rc;

	if (copy == NULL)
		return dbb_error_set(err, DBB_ENOMEM, "out of memory", NULL);
	memcpy(copy, data, size);
	flip(copy, size, bit);
	rc = put->plan->wrapped->put_write(put->wrapped, copy, size, err);
	free(copy);
	return rc;
}

static int
fault_put_write(void *handle, const void *data, size_t size, dbb_error *err)
{
	struct put *put = handle;
	struct moment m;
	size_t fits;
	int rc;

	if ((rc = enter(&m, put->plan, FAULT_PUT_WRITE, err)) < 0)
		return rc;
	fits = take_room(put->plan, is(&m, FAULT_SHORT) ? size / 2 : size);
	if (is(&m, FAULT_FLIP))
		rc = write_flipped(put, data, size, m.fault.bit, err);
	else if (fits > 0 && !is(&m, FAULT_LIE))
		rc = put->plan->wrapped->put_write(put->wrapped, data, fits,
		    err);
	if (rc == DBB_OK && fits < size && !is(&m, FAULT_SHORT))
		rc = dbb_error_set(err, DBB_ENOSPC, "the store is full",
		    NULL);
	return leave(&m, rc, err);
}

static int
fault_put_commit(void *handle, dbb_error *err)
{
	struct put *put = handle;
	struct moment m;
	int rc;

	if ((rc = enter(&m, put->plan, FAULT_PUT_COMMIT, err)) < 0)
		return rc;
	if (!is(&m, FAULT_LIE))
		rc = put->plan->wrapped->put_commit(put->wrapped, err);
	return leave(&m, rc, err);
}

static void
fault_put_free(void *handle)
{
	struct put *put = handle;

	put->plan->wrapped->put_free(put->wrapped);
	free(put);
}

static int
fault_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	struct handle *h = store;
	struct moment m;
	size_t n = 0;
	int rc;

	if ((rc = enter(&m, h->plan, FAULT_READ, err)) < 0)
		return rc;
	rc = h->plan->wrapped->read(&n, h->wrapped, name, offset, buffer,
	    size, err);
	if ((rc = leave(&m, rc, err)) < 0)
		return rc;
	if (is(&m, FAULT_SHORT))
		n /= 2;
	if (is(&m, FAULT_LIE) && n > 0)
		memset(buffer, 0, n);
	if (is(&m, FAULT_FLIP))
		flip(buffer, n, m.fault.bit);
	*got = n;
	return DBB_OK;
}

static int
fault_stat(dbb_object *out, void *store, const char *name, dbb_error *err)
{
	struct handle *h = store;
	struct moment m;
	int rc;

	if ((rc = enter(&m, h->plan, FAULT_STAT, err)) < 0)
		return rc;
	rc = h->plan->wrapped->stat(out, h->wrapped, name, err);
	return leave(&m, rc, err);
}

/* Passes on every other object, which is about half of them. */
struct halver {
	dbb_list_fn fn;
	void *payload;
	unsigned seen;
};

static int
halve(const dbb_object *object, void *payload)
{
	struct halver *halver = payload;

	return halver->seen++ % 2 == 0 ? 0 :
	    halver->fn(object, halver->payload);
}

static int
fault_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *err)
{
	struct handle *h = store;
	struct halver halver = { fn, payload, 0 };
	struct moment m;
	int rc;

	if ((rc = enter(&m, h->plan, FAULT_LIST, err)) < 0)
		return rc;
	if (is(&m, FAULT_SHORT))
		rc = h->plan->wrapped->list(h->wrapped, prefix, halve,
		    &halver, err);
	else if (!is(&m, FAULT_LIE))
		rc = h->plan->wrapped->list(h->wrapped, prefix, fn, payload,
		    err);
	return leave(&m, rc, err);
}

static int
fault_remove(void *store, const char *name, dbb_error *err)
{
	struct handle *h = store;
	struct moment m;
	int rc;

	if ((rc = enter(&m, h->plan, FAULT_REMOVE, err)) < 0)
		return rc;
	if (!is(&m, FAULT_LIE))
		rc = h->plan->wrapped->remove(h->wrapped, name, err);
	return leave(&m, rc, err);
}

const dbb_store_driver fault_store = {
	.size = sizeof(dbb_store_driver),
	.scheme = "fault",
	.open = fault_open,
	.close = fault_close,
	.put_begin = fault_put_begin,
	.put_write = fault_put_write,
	.put_commit = fault_put_commit,
	.put_free = fault_put_free,
	.read = fault_read,
	.stat = fault_stat,
	.list = fault_list,
	.remove = fault_remove,
};
