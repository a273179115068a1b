/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * driver: the second tier, for those who add a store. A driver is a struct
 * of functions; the library's own stores are made of the same.
 *
 * Names handed to a driver have been checked (see store.h). All functions
 * but open and close may be called from several threads at once on one open
 * store, each put from one thread at a time. A failing function fills `err`
 * with dbb_error_set and returns its code.
 */
#ifndef DBBACKUP_DRIVER_H
#define DBBACKUP_DRIVER_H

#include <dbbackup/common.h>
#include <dbbackup/error.h>
#include <dbbackup/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What goes with a store from its opening to its closing. */
typedef struct dbb_store_env dbb_store_env;

/* The setting of that name, or NULL; borrowed until `open` returns. */
DBB_API const char *dbb_store_env_setting(const dbb_store_env *env,
    const char *name);

/* Log one line at a level as in dbb_context_set_log. Never a secret. */
DBB_API void dbb_store_env_log(const dbb_store_env *env, int level,
    const char *line);

/* 1 once the caller wants what is running to stop: DBB_ECANCELED. */
DBB_API int dbb_store_env_canceled(const dbb_store_env *env);

/* Told that the object could not be deleted, and why; `err` is borrowed. */
typedef void (*dbb_not_removed_fn)(const char *name, const dbb_error *err,
    void *payload);

typedef struct dbb_store_driver {
	size_t size;		/* sizeof(dbb_store_driver) */
	const char *scheme;	/* "file": URLs that begin "file:" come here */

	/* `flags` as in dbb_store_open; `payload` as registered. `env` may be
	 * kept until `close`. */
	int (*open)(void **out, const char *url, uint32_t flags,
	    const dbb_store_env *env, void *payload, dbb_error *err);
	void (*close)(void *store);

	/* As dbb_store_put_…: all or nothing, durable after commit. put_free
	 * is called once for each put_begin that gave DBB_OK. `size_hint` is
	 * the object's size where it is known, else 0. */
	int (*put_begin)(void **out, void *store, const char *name,
	    uint64_t size_hint, uint32_t flags, dbb_error *err);
	int (*put_write)(void *put, const void *data, size_t size,
	    dbb_error *err);
	int (*put_commit)(void *put, dbb_error *err);
	void (*put_free)(void *put);

	int (*read)(size_t *got, void *store, const char *name,
	    uint64_t offset, void *buffer, size_t size, dbb_error *err);
	int (*stat)(dbb_object *out, void *store, const char *name,
	    dbb_error *err);
	int (*list)(void *store, const char *prefix, dbb_list_fn fn,
	    void *payload, dbb_error *err);
	int (*remove)(void *store, const char *name, dbb_error *err);

	/* From here on a member may be NULL, and `size` may end before it. */

	/* The names of the settings that it knows, NULL-ended. */
	const char *const *settings;

	/* How many puts at once are faster than one after the other. */
	unsigned (*parallel)(void *store);

	/* Delete many objects. One that cannot be deleted keeps no other from
	 * being deleted, and `fn` is told of it; a negative code says that
	 * something was not even tried. */
	int (*remove_many)(void *store, const char *const *names,
	    size_t count, dbb_not_removed_fn fn, void *payload,
	    dbb_error *err);

	/* Lock an object until as late as one that is put with DBB_PUT_LOCK
	 * just now; a lock that lasts longer stays. */
	int (*protect)(void *store, const char *name, dbb_error *err);

	/* Take away what puts have left that were begun before `before_ms`
	 * and never ended; `*swept` counts. */
	int (*sweep)(size_t *swept, void *store, int64_t before_ms,
	    dbb_error *err);

	/* Write an object whose bytes are in memory, without copying them. */
	int (*write)(void *store, const char *name, const void *data,
	    size_t size, uint32_t flags, dbb_error *err);

	/* Send `length` bytes from `offset` on to `fn`, in order; fewer where
	 * the object ends before. Nonzero from `fn` is DBB_ECANCELED. */
	int (*get)(void *store, const char *name, uint64_t offset,
	    uint64_t length, dbb_write_fn fn, void *payload, dbb_error *err);

	/* 1: this store was told to lock what is put with DBB_PUT_LOCK. A
	 * driver without this member is never given that flag. */
	int (*locks)(void *store);

	/* Until when the object cannot be deleted; 0: it can. */
	int (*locked_until)(int64_t *until_ms, void *store, const char *name,
	    dbb_error *err);

	/* 1: here a key may write and not read, so that DBB_EACCESS for what
	 * was just written is no fault, and it is not read back. */
	int (*may_only_write)(void *store);
} dbb_store_driver;

/*
 * Teach `ctx` a store. The driver is copied; `payload` stays the caller's
 * and must live as long as the context. A scheme that is known already is
 * DBB_EEXIST.
 */
DBB_API int dbb_store_register(dbb_context *ctx,
    const dbb_store_driver *driver, void *payload);

#ifdef __cplusplus
}
#endif
#endif
