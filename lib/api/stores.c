/* SPDX-License-Identifier: BSD-2-Clause */
/* stores: dbb_store_…, the store layer with a context to keep the error. */
#include <config.h>

#include "api/api.h"

#include <stdlib.h>
#include <string.h>

struct dbb_store {
	dbb_context *ctx;
	dbbi_store *store;
};

struct dbb_store_put {
	dbb_context *ctx;
	dbbi_put *put;
};

int
dbb_store_register(dbb_context *ctx, const dbb_store_driver *driver,
    void *payload)
{
	dbb_error *err = dbbi_api_begin(ctx);

	if (ctx == NULL || driver == NULL)
		return dbbi_api_missing(ctx, "driver");
	return dbbi_store_registry_add(ctx->ops.stores, driver, payload, err);
}

int
dbb_store_open_with(dbb_store **out, dbb_context *ctx, const char *url,
    uint32_t flags, const char *const *settings)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_store *store;
	int rc;

	if (ctx == NULL || out == NULL || url == NULL)
		return dbbi_api_missing(ctx, "out and url");
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return dbbi_error_nomem(err);
	store->ctx = ctx;
	rc = dbbi_store_open_with(&store->store, ctx->ops.stores, url, flags,
	    settings, &ctx->run, err);
	if (rc < 0)
		free(store);
	else
		*out = store;
	return rc;
}

int
dbb_store_open(dbb_store **out, dbb_context *ctx, const char *url,
    uint32_t flags)
{
	return dbb_store_open_with(out, ctx, url, flags, NULL);
}

void
dbb_store_close(dbb_store *store)
{
	if (store == NULL)
		return;
	dbbi_store_close(store->store);
	free(store);
}

int
dbb_store_put_begin(dbb_store_put **out, dbb_store *store, const char *name,
    uint32_t flags)
{
	dbb_error *err;
	dbb_store_put *put;
	int rc;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (out == NULL || name == NULL)
		return dbbi_api_missing(store->ctx, "out and name");
	if ((put = calloc(1, sizeof(*put))) == NULL)
		return dbbi_error_nomem(err);
	put->ctx = store->ctx;
	rc = dbbi_store_put_begin(&put->put, store->store, name, 0, flags,
	    err);
	if (rc < 0)
		free(put);
	else
		*out = put;
	return rc;
}

int
dbb_store_put_write(dbb_store_put *put, const void *data, size_t size)
{
	dbb_error *err;

	if (put == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(put->ctx);
	if (data == NULL && size > 0)
		return dbbi_api_missing(put->ctx, "data");
	return dbbi_store_put_write(put->put, data, size, err);
}

int
dbb_store_put_commit(dbb_store_put *put)
{
	if (put == NULL)
		return DBB_EINVAL;
	return dbbi_store_put_commit(put->put, dbbi_api_begin(put->ctx));
}

void
dbb_store_put_free(dbb_store_put *put)
{
	if (put == NULL)
		return;
	dbbi_store_put_free(put->put);
	free(put);
}

int
dbb_store_write(dbb_store *store, const char *name, const void *data,
    size_t size, uint32_t flags)
{
	dbb_error *err;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (name == NULL || (data == NULL && size > 0))
		return dbbi_api_missing(store->ctx, "name and data");
	return dbbi_store_write(store->store, name, data, size, flags, err);
}

int
dbb_store_read(size_t *got, dbb_store *store, const char *name,
    uint64_t offset, void *buffer, size_t size)
{
	dbb_error *err;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (got == NULL || name == NULL || (buffer == NULL && size > 0))
		return dbbi_api_missing(store->ctx, "got, name and buffer");
	return dbbi_store_read(got, store->store, name, offset, buffer, size,
	    err);
}

int
dbb_store_get(dbb_store *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload)
{
	dbb_error *err;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (name == NULL || fn == NULL)
		return dbbi_api_missing(store->ctx, "name and fn");
	return dbbi_store_get(store->store, name, offset, length, fn,
	    payload, err);
}

int
dbb_store_stat(dbb_object *out, dbb_store *store, const char *name)
{
	dbb_object object = { .size = sizeof(object) };
	dbb_error *err;
	int rc;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (out == NULL || name == NULL)
		return dbbi_api_missing(store->ctx, "out and name");
	if (out->size < sizeof(out->size))
		return dbbi_error_set(err, DBB_EINVAL,
		    "the object's size is not set");
	if ((rc = dbbi_store_stat(&object, store->store, name, err)) < 0)
		return rc;
	if (object.size > out->size)
		object.size = out->size;	/* an older caller's */
	memcpy(out, &object, object.size);
	return rc;
}

int
dbb_store_list(dbb_store *store, const char *prefix, dbb_list_fn fn,
    void *payload)
{
	dbb_error *err;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (prefix == NULL || fn == NULL)
		return dbbi_api_missing(store->ctx, "prefix and fn");
	return dbbi_store_list(store->store, prefix, fn, payload, err);
}

int
dbb_store_delete(dbb_store *store, const char *name)
{
	dbb_error *err;

	if (store == NULL)
		return DBB_EINVAL;
	err = dbbi_api_begin(store->ctx);
	if (name == NULL)
		return dbbi_api_missing(store->ctx, "name");
	return dbbi_store_remove(store->store, name, err);
}
