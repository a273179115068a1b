/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_file: objects as files below a root folder.
 *
 *	<root>/packs/3f/3fa1…	an object: a regular file
 *	<root>/.tmp/<random>	one that is being written. No object's name
 *				has a part that begins with '.'
 *
 * store_file.c         open, read, stat, remove
 * store_file_folder.c  from names to open folders, and their durability
 * store_file_put.c     write, publish, and clear what killed runs left
 * store_file_direct.c  write past the system's cache
 * store_file_list.c    list
 *
 * Every step below the root is taken with openat(2) and without following
 * symbolic links, so that nothing put there leads out of it.
 */
#ifndef DBBI_STORE_FILE_H
#define DBBI_STORE_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/store.h"
#include "util/text.h"

#define DBBI_FILE_TMP ".tmp"
#define DBBI_FILE_LARGE (1u << 20)	/* bytes; smaller ones are read again
					   soon, and the cache may have them */

typedef struct dbbi_file_store {
	int root;
	char *path;
	atomic_flag swept;		/* .tmp was looked through */
	pthread_mutex_t mutex;		/* of the next */
	dbbi_list durable;		/* folders whose own entries are known
					   to be on disk */
} dbbi_file_store;

/* errno's words, with the code and the hint that fit a file store. */
int dbbi_file_fail(dbb_error *err, const dbbi_file_store *fs, int errnum,
    const char *doing);

/* ---- store_file_folder.c ---- */

/* Open the root; with `create`, make it and what is missing above it. */
int dbbi_file_open_root(int *out, const char *path, int create,
    dbb_error *err);

/*
 * Open the folder that `name` lies in; `*last` is name's last part, borrowed
 * from it. With `create`, folders are made; without, one that is not there
 * is DBB_ENOTFOUND.
 */
int dbbi_file_open_folder(int *out, const char **last,
    dbbi_file_store *fs, const char *name, int create, dbb_error *err);

/* Make sure that the entry of `name` in its folder (open as `folder`), and
 * those of the folders above it, outlive a crash. */
int dbbi_file_sync_folder(dbbi_file_store *fs, int folder, const char *name,
    dbb_error *err);

/* ---- store_file_put.c, store_file_direct.c, store_file_list.c ---- */

int dbbi_file_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err);
int dbbi_file_put_write(void *put, const void *data, size_t size,
    dbb_error *err);
int dbbi_file_put_commit(void *put, dbb_error *err);
void dbbi_file_put_free(void *put);

/* write(2) to a file whose end is at `at`. */
ssize_t dbbi_file_write(int fd, uint64_t at, const void *data, size_t size);

int dbbi_file_list(void *store, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err);

#endif
