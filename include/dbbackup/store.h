/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store: named objects behind a URL, useful by itself. It knows nothing of
 * backups.
 *
 *	file:///var/lib/dbbackup    a folder; objects are files below it
 *	s3://bucket/prefix          objects in a bucket of S3, MinIO or another
 *				    server that speaks S3
 *	memory:                     forgotten on close (for tests)
 *
 * A name is 1 to 512 bytes of [A-Za-z0-9._-] and '/', with no empty part and
 * none that begins with '.': "packs/3f/3fa1…". Anything else is DBB_EINVAL.
 *
 * Threads: a store belongs to the context it was opened with, and is used by
 * one thread at a time.
 */
#ifndef DBBACKUP_STORE_H
#define DBBACKUP_STORE_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dbb_store_put dbb_store_put;

typedef struct dbb_object {
	size_t size;		/* sizeof of what the library filled */
	const char *name;	/* borrowed for the callback; NULL from stat */
	uint64_t size_bytes;
	int64_t modified_at_ms;	/* since 1970, UTC */
} dbb_object;

#define DBB_STORE_CREATE 1u	/* make the folder or bucket if there is none */
#define DBB_STORE_OFFLINE 2u	/* ask no server: see whether URL and settings
				   can be understood. Only to be closed */

/* Open the store at `url`. `*out` is the caller's, to release with
 * dbb_store_close. DBB_ENOTFOUND when the folder or bucket is not there and
 * DBB_STORE_CREATE was not said; DBB_EINVAL for a URL of no known scheme. */
DBB_API int dbb_store_open(dbb_store **out, dbb_context *ctx, const char *url,
    uint32_t flags);

/*
 * The same with settings, "name=value" strings ended by NULL (NULL: none),
 * which are not kept. Their names are those of the keys under [repository]
 * that dbb-backup(1) lists for stores: "endpoint=http://127.0.0.1:9000". A
 * name that this kind of store does not know is DBB_EINVAL. What
 * dbb_context_load has read is not looked at.
 */
DBB_API int dbb_store_open_with(dbb_store **out, dbb_context *ctx,
    const char *url, uint32_t flags, const char *const *settings);

DBB_API void dbb_store_close(dbb_store *store);

#define DBB_PUT_REPLACE 1u	/* write over an object of that name; without
				   it an existing name is DBB_EEXIST */
#define DBB_PUT_LOCK 2u		/* it is to be kept: lock it against being
				   deleted, if the store was told to lock */

/*
 * Begin to write an object. Nothing of it is to be seen under its name until
 * dbb_store_put_commit returns DBB_OK; after that it is whole and durable.
 * dbb_store_put_free without a commit leaves nothing behind.
 */
DBB_API int dbb_store_put_begin(dbb_store_put **out, dbb_store *store,
    const char *name, uint32_t flags);
DBB_API int dbb_store_put_write(dbb_store_put *put, const void *data,
    size_t size);
DBB_API int dbb_store_put_commit(dbb_store_put *put);
DBB_API void dbb_store_put_free(dbb_store_put *put);

/* All of the above for bytes that are in memory. */
DBB_API int dbb_store_write(dbb_store *store, const char *name,
    const void *data, size_t size, uint32_t flags);

/*
 * Read up to `size` bytes from `offset` on; `*got` says how many came, fewer
 * than `size` only at the end of the object. DBB_ENOTFOUND: no such object.
 */
DBB_API int dbb_store_read(size_t *got, dbb_store *store, const char *name,
    uint64_t offset, void *buffer, size_t size);

/* Send `length` bytes from `offset` on (UINT64_MAX: to the end) to `fn`. */
DBB_API int dbb_store_get(dbb_store *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload);

/* Describe an object. `out->size` is to be set by the caller. */
DBB_API int dbb_store_stat(dbb_object *out, dbb_store *store,
    const char *name);

/* Told of one object; nonzero ends the listing with DBB_ECANCELED. */
typedef int (*dbb_list_fn)(const dbb_object *object, void *payload);

/* List objects whose names begin with `prefix` ("" for all), in no
 * particular order. Memory does not grow with their number. */
DBB_API int dbb_store_list(dbb_store *store, const char *prefix,
    dbb_list_fn fn, void *payload);

/* Delete an object. One that is not there is DBB_OK. */
DBB_API int dbb_store_delete(dbb_store *store, const char *name);

#ifdef __cplusplus
}
#endif
#endif
