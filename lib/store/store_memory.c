/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_memory: objects in a sorted array, forgotten on close.
 *
 * The mutex is never held while a caller's function runs: a listing looks
 * for the next name after the last one, so that it may put and remove.
 */
#include <config.h>

#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/text.h"

struct object {
	char *name;
	uint8_t *data;
	size_t size;
	int64_t modified_at_ms;
};

struct memory {
	pthread_mutex_t mutex;
	struct object *objects;		/* by name */
	size_t count;
	size_t capacity;
};

struct memory_put {
	struct memory *store;
	char *name;
	uint32_t flags;
	dbbi_bytes data;
};

/* Where `name` is or would be. The mutex is held. */
static size_t
position(const struct memory *m, const char *name, int *there)
{
	size_t low = 0, high = m->count, middle;
	int order;

	*there = 0;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(m->objects[middle].name, name);
		if (order == 0)
			*there = 1;
		if (order >= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int
not_found(dbb_error *err)
{
	return dbbi_error_set(err, DBB_ENOTFOUND, "no such object");
}

static int
exists(dbb_error *err)
{
	return dbbi_error_set(err, DBB_EEXIST,
	    "an object of that name exists");
}

static int
memory_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	struct memory *m;

	(void)flags;
	(void)env;
	(void)payload;
	if (url[strcspn(url, ":") + 1] != '\0')
		return dbbi_error_set(err, DBB_EINVAL,
		    "nothing may follow 'memory:'");
	m = calloc(1, sizeof(*m));
	if (m == NULL || pthread_mutex_init(&m->mutex, NULL) != 0) {
		free(m);
		return dbbi_error_nomem(err);
	}
	*out = m;
	return DBB_OK;
}

static void
memory_close(void *store)
{
	struct memory *m = store;
	size_t i;

	for (i = 0; i < m->count; i++) {
		free(m->objects[i].name);
		free(m->objects[i].data);
	}
	free(m->objects);
	pthread_mutex_destroy(&m->mutex);
	free(m);
}

static int
memory_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err)
{
	struct memory *m = store;
	struct memory_put *put;
	int there;

	(void)size_hint;
	pthread_mutex_lock(&m->mutex);
	(void)position(m, name, &there);
	pthread_mutex_unlock(&m->mutex);
	if (there && (flags & DBB_PUT_REPLACE) == 0)
		return exists(err);
	put = calloc(1, sizeof(*put));
	if (put == NULL || (put->name = dbbi_text_dup(name)) == NULL) {
		free(put);
		return dbbi_error_nomem(err);
	}
	put->store = m;
	put->flags = flags;
	dbbi_bytes_init(&put->data, SIZE_MAX / 4);
	*out = put;
	return DBB_OK;
}

static int
memory_put_write(void *handle, const void *data, size_t size, dbb_error *err)
{
	struct memory_put *put = handle;

	return dbbi_bytes_add(&put->data, data, size, err);
}

/* Make room for one more object at `at`. */
static int
insert(struct memory *m, size_t at, dbb_error *err)
{
	size_t capacity = m->capacity > 0 ? 2 * m->capacity : 64;
	struct object *objects;

	if (m->count == m->capacity) {
		objects = realloc(m->objects, capacity * sizeof(*objects));
		if (objects == NULL)
			return dbbi_error_nomem(err);
		m->objects = objects;
		m->capacity = capacity;
	}
	memmove(m->objects + at + 1, m->objects + at,
	    (m->count - at) * sizeof(*m->objects));
	memset(m->objects + at, 0, sizeof(*m->objects));
	m->count++;
	return DBB_OK;
}

static int
memory_put_commit(void *handle, dbb_error *err)
{
	struct memory_put *put = handle;
	struct memory *m = put->store;
	struct object *o;
	int there, rc = DBB_OK;
	size_t at;

	pthread_mutex_lock(&m->mutex);
	at = position(m, put->name, &there);
	if (there && (put->flags & DBB_PUT_REPLACE) == 0)
		rc = exists(err);
	else if (!there)
		rc = insert(m, at, err);
	if (rc == DBB_OK) {
		o = &m->objects[at];
		free(o->name);
		free(o->data);
		o->name = put->name;
		o->data = put->data.data;
		o->size = put->data.size;
		o->modified_at_ms = dbbi_now_ms();
		put->name = NULL;
		dbbi_bytes_init(&put->data, 0);
	}
	pthread_mutex_unlock(&m->mutex);
	return rc;
}

static void
memory_put_free(void *handle)
{
	struct memory_put *put = handle;

	dbbi_bytes_clear(&put->data);
	free(put->name);
	free(put);
}

static int
memory_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	struct memory *m = store;
	const struct object *o;
	size_t at, n = 0;
	int there;

	pthread_mutex_lock(&m->mutex);
	at = position(m, name, &there);
	o = there ? &m->objects[at] : NULL;
	if (there && offset < o->size) {
		n = o->size - (size_t)offset;
		n = n < size ? n : size;
		if (n > 0)
			memcpy(buffer, o->data + offset, n);
	}
	pthread_mutex_unlock(&m->mutex);
	if (!there)
		return not_found(err);
	*got = n;
	return DBB_OK;
}

static int
memory_stat(dbb_object *out, void *store, const char *name, dbb_error *err)
{
	struct memory *m = store;
	size_t at;
	int there;

	pthread_mutex_lock(&m->mutex);
	at = position(m, name, &there);
	if (there) {
		out->size_bytes = m->objects[at].size;
		out->modified_at_ms = m->objects[at].modified_at_ms;
	}
	pthread_mutex_unlock(&m->mutex);
	return there ? DBB_OK : not_found(err);
}

/* The first object behind `after` (at it, the first time) as `*out` with a
 * name to free; 0 when there is none, -1 when out of memory. */
static int
next(dbb_object *out, char **name, struct memory *m, const char *after,
    int first)
{
	const struct object *o;
	size_t at;
	int there, found = 0;

	pthread_mutex_lock(&m->mutex);
	at = position(m, after, &there);
	if (there && !first)
		at++;
	if (at < m->count) {
		o = &m->objects[at];
		*name = dbbi_text_dup(o->name);
		out->size = sizeof(*out);
		out->name = *name;
		out->size_bytes = o->size;
		out->modified_at_ms = o->modified_at_ms;
		found = *name != NULL ? 1 : -1;
	}
	pthread_mutex_unlock(&m->mutex);
	return found;
}

static int
memory_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *err)
{
	char *last = NULL, *name = NULL;
	dbb_object object;
	int found, rc = DBB_OK;

	while (rc == DBB_OK && (found = next(&object, &name, store,
	    last != NULL ? last : prefix, last == NULL)) != 0) {
		free(last);
		last = name;
		if (found < 0)
			return dbbi_error_nomem(err);
		if (strncmp(name, prefix, strlen(prefix)) != 0)
			break;
		if (fn(&object, payload) != 0)
			rc = dbbi_error_set(err, DBB_ECANCELED,
			    "stopped by the caller");
	}
	free(last);
	return rc;
}

static int
memory_remove(void *store, const char *name, dbb_error *err)
{
	struct memory *m = store;
	size_t at;
	int there;

	(void)err;
	pthread_mutex_lock(&m->mutex);
	at = position(m, name, &there);
	if (there) {
		free(m->objects[at].name);
		free(m->objects[at].data);
		m->count--;
		memmove(m->objects + at, m->objects + at + 1,
		    (m->count - at) * sizeof(*m->objects));
	}
	pthread_mutex_unlock(&m->mutex);
	return DBB_OK;
}

const dbb_store_driver dbbi_store_memory = {
	.size = sizeof(dbb_store_driver),
	.scheme = "memory",
	.open = memory_open,
	.close = memory_close,
	.put_begin = memory_put_begin,
	.put_write = memory_put_write,
	.put_commit = memory_put_commit,
	.put_free = memory_put_free,
	.read = memory_read,
	.stat = memory_stat,
	.list = memory_list,
	.remove = memory_remove,
};
