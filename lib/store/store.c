/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_env.h"
#include "store/store_registry.h"
#include "util/text.h"

struct dbbi_put {
	dbbi_store *store;
	void *handle;
	char *name;
	const char *closed;	/* why it takes no more; NULL: it does */
};

int
dbbi_store_settle(const dbbi_store_entry *entry, int rc, dbb_error *err)
{
	if (rc > 0)
		return dbbi_error_set(err, DBB_EINTERNAL, "the store driver "
		    "'%s:' returned %d", entry->scheme, rc);
	if (rc < 0 && err != NULL && err->code != rc)
		return dbbi_error_set(err, rc, "the store driver '%s:' gave "
		    "no reason", entry->scheme);
	return rc;
}

static int
check_name(const char *name, dbb_error *err)
{
	if (dbbi_store_name_valid(name))
		return DBB_OK;
	return dbbi_error_set(err, DBB_EINVAL, "'%.600s' is no name of an "
	    "object: it takes 1 to 512 of [A-Za-z0-9._-/], no part empty or "
	    "beginning with '.'", name != NULL ? name : "");
}

static int
check_flags(uint32_t flags, uint32_t known, dbb_error *err)
{
	if ((flags & ~known) == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_EINVAL, "unknown flags 0x%x",
	    (unsigned)(flags & ~known));
}

int
dbbi_store_open_with(dbbi_store **out, const dbbi_store_registry *registry,
    const char *url, uint32_t flags, const char *const *settings,
    dbbi_run *run, dbb_error *err)
{
	const dbbi_store_entry *entry = NULL;
	dbbi_store *s = NULL;
	int rc;

	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->url = dbbi_store_url_shown(url != NULL ? url :
	    "")) == NULL) {
		free(s);
		return dbbi_error_nomem(err);
	}
	s->env = (dbb_store_env){ .settings = settings, .run = run };
	if ((rc = check_flags(flags, DBB_STORE_CREATE | DBB_STORE_OFFLINE,
	    err)) < 0 ||
	    (rc = dbbi_store_registry_find(&entry, registry, url, err)) < 0 ||
	    (rc = dbbi_store_env_check(&s->env, entry->driver.settings,
	    err)) < 0)
		goto done;
	s->entry = *entry;
	dbbi_error_clear(err);
	rc = entry->driver.open(&s->handle, url, flags, &s->env,
	    entry->payload, err);
	if ((rc = dbbi_store_settle(entry, rc, err)) < 0)
		goto done;
	s->env.settings = NULL;
	*out = s;
	return DBB_OK;
done:
	rc = dbbi_error_context(err, rc, "opening the store '%s'", s->url);
	free(s->url);
	free(s);
	return rc;
}

int
dbbi_store_open(dbbi_store **out, const dbbi_store_registry *registry,
    const char *url, uint32_t flags, dbb_error *err)
{
	return dbbi_store_open_with(out, registry, url, flags, NULL, NULL,
	    err);
}

void
dbbi_store_close(dbbi_store *store)
{
	if (store == NULL)
		return;
	store->entry.driver.close(store->handle);
	free(store->url);
	free(store);
}

const char *
dbbi_store_url(const dbbi_store *store)
{
	return store->url;
}

/* Those for the driver: what it knows nothing of is no matter to it. */
static int
put_flags(uint32_t *out, const dbbi_store *store, uint32_t flags,
    dbb_error *err)
{
	int rc = check_flags(flags, DBB_PUT_REPLACE | DBB_PUT_LOCK, err);

	*out = store->entry.driver.locks != NULL ? flags :
	    flags & ~DBB_PUT_LOCK;
	return rc;
}

int
dbbi_store_put_begin(dbbi_put **out, dbbi_store *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err)
{
	dbbi_put *put = NULL;
	int rc;

	if ((rc = check_name(name, err)) < 0)
		return rc;
	if ((rc = put_flags(&flags, store, flags, err)) < 0)
		goto done;
	put = calloc(1, sizeof(*put));
	if (put == NULL || (put->name = dbbi_text_dup(name)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	put->store = store;
	dbbi_error_clear(err);
	rc = store->entry.driver.put_begin(&put->handle, store->handle, name,
	    size_hint, flags, err);
	if ((rc = dbbi_store_settle(&store->entry, rc, err)) < 0)
		goto done;
	*out = put;
	return DBB_OK;
done:
	if (put != NULL)
		free(put->name);
	free(put);
	return dbbi_error_context(err, rc, "storing '%s'", name);
}

static int
refuse_closed(const dbbi_put *put, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EINVAL, "storing '%s': %s", put->name,
	    put->closed);
}

int
dbbi_store_put_write(dbbi_put *put, const void *data, size_t size,
    dbb_error *err)
{
	const dbbi_store_entry *entry = &put->store->entry;
	int rc;

	if (put->closed != NULL)
		return refuse_closed(put, err);
	if (size == 0)
		return DBB_OK;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(entry, entry->driver.put_write(put->handle,
	    data, size, err), err);
	if (rc < 0)
		put->closed = "writing it failed before";
	return dbbi_error_context(err, rc, "storing '%s'", put->name);
}

int
dbbi_store_put_commit(dbbi_put *put, dbb_error *err)
{
	const dbbi_store_entry *entry = &put->store->entry;
	int rc;

	if (put->closed != NULL)
		return refuse_closed(put, err);
	dbbi_error_clear(err);
	rc = dbbi_store_settle(entry, entry->driver.put_commit(put->handle,
	    err), err);
	put->closed = rc < 0 ? "committing it failed before" :
	    "it is committed already";
	return dbbi_error_context(err, rc, "storing '%s'", put->name);
}

void
dbbi_store_put_free(dbbi_put *put)
{
	if (put == NULL)
		return;
	put->store->entry.driver.put_free(put->handle);
	free(put->name);
	free(put);
}

/* By a driver that takes it so. */
static int
write_at_once(dbbi_store *store, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err)
{
	int rc;

	if ((rc = check_name(name, err)) < 0)
		return rc;
	if ((rc = put_flags(&flags, store, flags, err)) == 0) {
		dbbi_error_clear(err);
		rc = dbbi_store_settle(&store->entry,
		    store->entry.driver.write(store->handle, name,
		    data != NULL ? data : "", size, flags, err), err);
	}
	return dbbi_error_context(err, rc, "storing '%s'", name);
}

int
dbbi_store_write(dbbi_store *store, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err)
{
	dbbi_put *put = NULL;
	int rc;

	if (store->entry.driver.write != NULL)
		return write_at_once(store, name, data, size, flags, err);
	if ((rc = dbbi_store_put_begin(&put, store, name, size, flags,
	    err)) < 0 ||
	    (rc = dbbi_store_put_write(put, data, size, err)) < 0)
		goto done;
	rc = dbbi_store_put_commit(put, err);
done:
	dbbi_store_put_free(put);
	return rc;
}

int
dbbi_store_read(size_t *got, dbbi_store *store, const char *name,
    uint64_t offset, void *buffer, size_t size, dbb_error *err)
{
	size_t n = 0;
	int rc;

	if ((rc = check_name(name, err)) < 0)
		return rc;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry, store->entry.driver.read(&n,
	    store->handle, name, offset, buffer, size, err), err);
	if (rc == DBB_OK && n > size)
		rc = dbbi_error_set(err, DBB_EINTERNAL, "the store driver "
		    "'%s:' read more than was asked for",
		    store->entry.scheme);
	if (rc == DBB_OK)
		*got = n;
	return dbbi_error_context(err, rc, "reading '%s'", name);
}

int
dbbi_store_stat(dbb_object *out, dbbi_store *store, const char *name,
    dbb_error *err)
{
	dbb_object object = { .size = sizeof(object) };
	size_t size = out->size;
	int rc;

	if ((rc = check_name(name, err)) < 0)
		return rc;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry, store->entry.driver.stat(&object,
	    store->handle, name, err), err);
	if (rc == DBB_OK) {
		object.size = size < sizeof(object) ? size : sizeof(object);
		object.name = NULL;
		memcpy(out, &object, object.size);
	}
	return dbbi_error_context(err, rc, "looking for '%s'", name);
}

/* Between a driver's listing and who asked for it. */
struct listing {
	const char *prefix;
	dbb_list_fn fn;
	void *payload;
	int stopped;
};

/* Pass on what is an object's name: a bucket or folder may hold more. */
static int
sift(const dbb_object *object, void *payload)
{
	struct listing *l = payload;

	if (l->stopped)		/* and the driver did not listen */
		return 1;
	if (!dbbi_store_name_valid(object->name) ||
	    strncmp(object->name, l->prefix, strlen(l->prefix)) != 0)
		return 0;
	l->stopped = l->fn(object, l->payload) != 0;
	return l->stopped;
}

int
dbbi_store_list(dbbi_store *store, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err)
{
	struct listing l = { prefix, fn, payload, 0 };
	int rc;

	if (!dbbi_store_prefix_valid(prefix))
		return dbbi_error_set(err, DBB_EINVAL, "no object's name can "
		    "begin with '%.600s'", prefix != NULL ? prefix : "");
	dbbi_error_clear(err);
	rc = store->entry.driver.list(store->handle, prefix, sift, &l, err);
	if (l.stopped)
		rc = dbbi_error_set(err, DBB_ECANCELED,
		    "stopped by the caller");
	else
		rc = dbbi_store_settle(&store->entry, rc, err);
	return dbbi_error_context(err, rc, "listing '%s' in '%s'", prefix,
	    store->url);
}

int
dbbi_store_remove(dbbi_store *store, const char *name, dbb_error *err)
{
	int rc;

	if ((rc = check_name(name, err)) < 0)
		return rc;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry, store->entry.driver.remove(
	    store->handle, name, err), err);
	return dbbi_error_context(err, rc, "deleting '%s'", name);
}
