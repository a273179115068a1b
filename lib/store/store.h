/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store: the interface that the repository sees: named objects behind a URL.
 * A store is a driver (include/dbbackup/driver.h) and its handle. Names are
 * checked here, once, before any driver sees them, and every error gets
 * what was being done to which object in front.
 *
 * A dbbi_store may be used by several threads at once.
 */
#ifndef DBBI_STORE_H
#define DBBI_STORE_H

#include <dbbackup/driver.h>

#include "util/error.h"
#include "util/run.h"
#include "util/text.h"

typedef struct dbbi_store dbbi_store;
typedef struct dbbi_store_registry dbbi_store_registry;

/* The drivers that a context knows: the library's own (file, memory) and
 * those registered by the caller. */
int dbbi_store_registry_new(dbbi_store_registry **out, dbb_error *err);
int dbbi_store_registry_add(dbbi_store_registry *registry,
    const dbb_store_driver *driver, void *payload, dbb_error *err);
void dbbi_store_registry_free(dbbi_store_registry *registry);

/* As dbb_store_open_with; `run` may be NULL. Registry and run must outlive
 * the store. */
int dbbi_store_open_with(dbbi_store **out,
    const dbbi_store_registry *registry, const char *url, uint32_t flags,
    const char *const *settings, dbbi_run *run, dbb_error *err);

/* Without settings, and without a run. */
int dbbi_store_open(dbbi_store **out, const dbbi_store_registry *registry,
    const char *url, uint32_t flags, dbb_error *err);

/* Take out of `settings` those that the driver of `url` does not know, and
 * say so in the log. */
int dbbi_store_settings_sift(dbbi_list *settings,
    const dbbi_store_registry *registry, const char *url, dbbi_run *run,
    dbb_error *err);

void dbbi_store_close(dbbi_store *store);
const char *dbbi_store_url(const dbbi_store *store);	/* without secrets */

/* Is it a name as include/dbbackup/store.h says? */
int dbbi_store_name_valid(const char *name);

typedef struct dbbi_put dbbi_put;

int dbbi_store_put_begin(dbbi_put **out, dbbi_store *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err);
int dbbi_store_put_write(dbbi_put *put, const void *data, size_t size,
    dbb_error *err);
int dbbi_store_put_commit(dbbi_put *put, dbb_error *err);
void dbbi_store_put_free(dbbi_put *put);

/* Whole objects in memory. */
int dbbi_store_write(dbbi_store *store, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err);

/* As dbb_store_read. */
int dbbi_store_read(size_t *got, dbbi_store *store, const char *name,
    uint64_t offset, void *buffer, size_t size, dbb_error *err);

/* As dbb_store_get. */
int dbbi_store_get(dbbi_store *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload, dbb_error *err);

/* Read a whole object of at most `max` bytes, NUL put behind it; larger is
 * DBB_EDAMAGED (nothing is allocated for it). `*data` is to free(3). */
int dbbi_store_load(uint8_t **data, size_t *size, dbbi_store *store,
    const char *name, size_t max, dbb_error *err);

int dbbi_store_stat(dbb_object *out, dbbi_store *store, const char *name,
    dbb_error *err);
int dbbi_store_list(dbbi_store *store, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err);
int dbbi_store_remove(dbbi_store *store, const char *name, dbb_error *err);

/* As the driver's members of these names, for any driver: many are deleted
 * one by one, and where nothing is locked or left there is nothing to do. */
int dbbi_store_remove_many(dbbi_store *store, const char *const *names,
    size_t count, dbb_not_removed_fn fn, void *payload, dbb_error *err);
int dbbi_store_protect(dbbi_store *store, const char *name, dbb_error *err);
int dbbi_store_sweep(size_t *swept, dbbi_store *store, int64_t before_ms,
    dbb_error *err);
unsigned dbbi_store_parallel(dbbi_store *store);	/* 1 or more */
int dbbi_store_locks(dbbi_store *store);
int dbbi_store_may_only_write(dbbi_store *store);
int dbbi_store_locked_until(int64_t *until_ms, dbbi_store *store,
    const char *name, dbb_error *err);

/* The library's own drivers. */
extern const dbb_store_driver dbbi_store_file;
extern const dbb_store_driver dbbi_store_memory;
extern const dbb_store_driver dbbi_store_s3;

#endif
