/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver may have: done for it where it has not. */
#include <config.h>

#include "store/store.h"

#include <stdlib.h>

#include "store/store_env.h"
#include "store/store_registry.h"

#define PARALLEL_MAX 16
#define BLOCK_SIZE ((size_t)256 << 10)

static int
check_names(const char *const *names, size_t count, dbb_error *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!dbbi_store_name_valid(names[i]))
			return dbbi_error_set(err, DBB_EINVAL,
			    "'%.600s' is no name of an object", names[i]);
	return DBB_OK;
}

static int
remove_each(dbbi_store *store, const char *const *names, size_t count,
    dbb_not_removed_fn fn, void *payload, dbb_error *err)
{
	dbb_error why;
	size_t i;

	for (i = 0; i < count; i++) {
		dbbi_error_clear(&why);
		if (store->env.run != NULL &&
		    dbbi_run_check(store->env.run, err) < 0)
			return DBB_ECANCELED;
		if (dbbi_store_remove(store, names[i], &why) < 0)
			fn(names[i], &why, payload);
	}
	return DBB_OK;
}

int
dbbi_store_remove_many(dbbi_store *store, const char *const *names,
    size_t count, dbb_not_removed_fn fn, void *payload, dbb_error *err)
{
	const dbb_store_driver *driver = &store->entry.driver;
	int rc;

	if (count == 0)
		return DBB_OK;
	if ((rc = check_names(names, count, err)) < 0)
		return rc;
	if (driver->remove_many == NULL)
		return remove_each(store, names, count, fn, payload, err);
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry, driver->remove_many(
	    store->handle, names, count, fn, payload, err), err);
	return dbbi_error_context(err, rc, "deleting %zu objects", count);
}

/* Block by block. */
static int
get_blocks(dbbi_store *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload, dbb_error *err)
{
	uint8_t *block = malloc(BLOCK_SIZE);
	size_t got = 0, want;
	int rc = DBB_OK;

	if (block == NULL)
		return dbbi_error_nomem(err);
	do {
		want = length < BLOCK_SIZE ? (size_t)length : BLOCK_SIZE;
		if (store->env.run != NULL)
			rc = dbbi_run_check(store->env.run, err);
		if (rc == DBB_OK)
			rc = dbbi_store_read(&got, store, name, offset, block,
			    want, err);
		if (rc < 0)
			break;
		if (got > 0 && fn(block, got, payload) != 0)
			rc = dbbi_error_set(err, DBB_ECANCELED, "reading "
			    "'%s': the receiver stopped taking it", name);
		offset += got;
		length -= got;
	} while (rc == DBB_OK && got == want && length > 0);
	free(block);
	return rc;
}

int
dbbi_store_get(dbbi_store *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload, dbb_error *err)
{
	const dbb_store_driver *driver = &store->entry.driver;
	int rc;

	if (driver->get == NULL)
		return get_blocks(store, name, offset, length, fn, payload,
		    err);
	if ((rc = check_names(&name, 1, err)) < 0)
		return rc;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry, driver->get(store->handle,
	    name, offset, length, fn, payload, err), err);
	return dbbi_error_context(err, rc, "reading '%s'", name);
}

int
dbbi_store_protect(dbbi_store *store, const char *name, dbb_error *err)
{
	const dbb_store_driver *driver = &store->entry.driver;
	int rc;

	if ((rc = check_names(&name, 1, err)) < 0 || driver->protect == NULL)
		return rc;
	dbbi_error_clear(err);
	rc = dbbi_store_settle(&store->entry,
	    driver->protect(store->handle, name, err), err);
	return dbbi_error_context(err, rc, "locking '%s'", name);
}

int
dbbi_store_locks(dbbi_store *store)
{
	const dbb_store_driver *driver = &store->entry.driver;

	return driver->locks != NULL && driver->protect != NULL &&
	    driver->locks(store->handle) != 0;
}

int
dbbi_store_may_only_write(dbbi_store *store)
{
	const dbb_store_driver *driver = &store->entry.driver;

	return driver->may_only_write != NULL &&
	    driver->may_only_write(store->handle) != 0;
}

int
dbbi_store_locked_until(int64_t *until_ms, dbbi_store *store,
    const char *name, dbb_error *err)
{
	const dbb_store_driver *driver = &store->entry.driver;
	int64_t until = 0;
	int rc;

	if ((rc = check_names(&name, 1, err)) < 0)
		return rc;
	if (driver->locked_until != NULL) {
		dbbi_error_clear(err);
		rc = dbbi_store_settle(&store->entry, driver->locked_until(
		    &until, store->handle, name, err), err);
	}
	if (rc == DBB_OK)
		*until_ms = until;
	return dbbi_error_context(err, rc, "looking whether '%s' is locked",
	    name);
}

int
dbbi_store_sweep(size_t *swept, dbbi_store *store, int64_t before_ms,
    dbb_error *err)
{
	const dbb_store_driver *driver = &store->entry.driver;
	size_t count = 0;
	int rc = DBB_OK;

	if (driver->sweep != NULL) {
		dbbi_error_clear(err);
		rc = dbbi_store_settle(&store->entry, driver->sweep(&count,
		    store->handle, before_ms, err), err);
	}
	if (rc == DBB_OK)
		*swept = count;
	return dbbi_error_context(err, rc, "taking away unfinished uploads "
	    "in '%s'", store->url);
}

unsigned
dbbi_store_parallel(dbbi_store *store)
{
	const dbb_store_driver *driver = &store->entry.driver;
	unsigned n = driver->parallel != NULL ?
	    driver->parallel(store->handle) : 1;

	if (n < 1)
		return 1;
	return n < PARALLEL_MAX ? n : PARALLEL_MAX;
}
