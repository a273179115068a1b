/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/random.h"

#define TMP_TRIES 8
#define TMP_BYTES 16
#define LEFTOVER_S (24 * 60 * 60)

struct file_put {
	dbbi_file_store *store;
	char *name;
	uint32_t flags;
	int tmp;			/* the folder .tmp */
	int fd;
	uint64_t written;
	char tmp_name[2 * TMP_BYTES + 1];	/* "": nothing to remove */
};

/*
 * Is this file of .tmp what a killed writer left? A writer holds a lock on
 * its file as long as it lives; the age covers the moment between making
 * and locking, and file systems without locks.
 */
static int
is_leftover(int tmp, const char *name)
{
	struct stat st;
	int fd, left;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_mtime > time(NULL) - LEFTOVER_S)
		return 0;
	fd = openat(tmp, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	left = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	close(fd);
	return left;
}

/* Remove what killed writers left. Failing to is no reason not to store. */
static void
sweep(int tmp)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = openat(tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strlen(entry->d_name) == 2 * TMP_BYTES &&
		    is_leftover(tmp, entry->d_name))
			(void)unlinkat(tmp, entry->d_name, 0);
	closedir(dir);
}

static int
open_tmp(struct file_put *put, dbb_error *err)
{
	const char *last;
	int rc;

	if (put->tmp >= 0)
		close(put->tmp);
	put->tmp = -1;
	rc = dbbi_file_open_folder(&put->tmp, &last, put->store,
	    DBBI_FILE_TMP "/", 1, err);
	if (rc < 0)
		return rc;
	if (!atomic_flag_test_and_set(&put->store->swept))
		sweep(put->tmp);
	return DBB_OK;
}

static int
create_file(struct file_put *put, dbb_error *err)
{
	uint8_t random[TMP_BYTES];
	char name[sizeof(put->tmp_name)];
	int tries = TMP_TRIES, rc;

	if ((rc = dbbi_random(random, sizeof(random), err)) < 0)
		return rc;
	dbbi_hex_encode(name, random, sizeof(random));
	/* Another store on this folder takes .tmp away when it is closed and
	 * .tmp is empty: then it is made again. */
	do {
		errno = ENOENT;
		if ((rc = open_tmp(put, err)) == 0)
			put->fd = openat(put->tmp, name, O_WRONLY | O_CREAT |
			    O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		else if (rc != DBB_ENOTFOUND)
			return rc;
	} while (put->fd < 0 && errno == ENOENT && --tries > 0);
	if (rc < 0)
		return rc;
	if (put->fd < 0)
		return dbbi_file_fail(err, put->store, errno,
		    "making a temporary file");
	memcpy(put->tmp_name, name, sizeof(name));
	(void)flock(put->fd, LOCK_EX | LOCK_NB);	/* see is_leftover */
	return DBB_OK;
}

static int
exists(dbb_error *err)
{
	return dbbi_error_set(err, DBB_EEXIST,
	    "an object of that name exists");
}

/* Refuse early what the commit would refuse after all the writing. */
static int
check_absent(dbbi_file_store *fs, const char *name, dbb_error *err)
{
	struct stat st;
	const char *last;
	int folder, there, rc;

	rc = dbbi_file_open_folder(&folder, &last, fs, name, 0, NULL);
	if (rc < 0)
		return DBB_OK;	/* the commit will tell what is wrong */
	there = fstatat(folder, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
	close(folder);
	return there ? exists(err) : DBB_OK;
}

int
dbbi_file_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err)
{
	struct file_put *put;
	int rc;

	(void)size_hint;
	if ((flags & DBB_PUT_REPLACE) == 0 &&
	    (rc = check_absent(store, name, err)) < 0)
		return rc;
	put = calloc(1, sizeof(*put));
	if (put == NULL)
		return dbbi_error_nomem(err);
	put->store = store;
	put->flags = flags;
	put->tmp = put->fd = -1;
	put->name = dbbi_text_dup(name);
	rc = put->name == NULL ? dbbi_error_nomem(err) :
	    create_file(put, err);
	if (rc < 0) {
		dbbi_file_put_free(put);
		return rc;
	}
	*out = put;
	return DBB_OK;
}

int
dbbi_file_put_write(void *handle, const void *data, size_t size,
    dbb_error *err)
{
	struct file_put *put = handle;
	const char *at = data;
	ssize_t n;

	while (size > 0) {
		n = dbbi_file_write(put->fd, put->written, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return dbbi_file_fail(err, put->store,
			    n < 0 ? errno : EIO, "writing its file");
		at += n;
		size -= (size_t)n;
		put->written += (size_t)n;
	}
	return DBB_OK;
}

/* Without RENAME_NOREPLACE (NFS), a second link does it: link(2) never
 * replaces. The first is removed with the put. */
static int
publish_by_link(struct file_put *put, int folder, const char *last,
    dbb_error *err)
{
	int rc;

	if (linkat(put->tmp, put->tmp_name, folder, last, 0) == 0)
		return DBB_OK;
	if (errno == EEXIST)
		return exists(err);
	if (errno != EPERM && errno != ENOSYS && errno != ENOTSUP)
		return dbbi_file_fail(err, put->store, errno,
		    "naming its file");
	rc = dbbi_error_set(err, DBB_EUNSUPPORTED, "the file system of '%s' "
	    "can neither link files nor rename them without replacing",
	    put->store->path);
	dbbi_error_hint(err, "choose a folder on another file system");
	return rc;
}

static int
publish(struct file_put *put, int folder, const char *last, dbb_error *err)
{
	unsigned flags = 0;

	if ((put->flags & DBB_PUT_REPLACE) == 0)
		flags = RENAME_NOREPLACE;
	if ((flags == 0 ? renameat(put->tmp, put->tmp_name, folder, last) :
	    renameat2(put->tmp, put->tmp_name, folder, last, flags)) == 0) {
		put->tmp_name[0] = '\0';
		return DBB_OK;
	}
	if (flags != 0 && errno == EEXIST)
		return exists(err);
	if (flags != 0 && (errno == EINVAL || errno == ENOSYS))
		return publish_by_link(put, folder, last, err);
	if (errno == EISDIR)
		return dbbi_error_set(err, DBB_EEXIST,
		    "a folder of that name exists");
	return dbbi_file_fail(err, put->store, errno, "naming its file");
}

/* Its bytes first, then its name, then the folder that holds the name. */
int
dbbi_file_put_commit(void *handle, dbb_error *err)
{
	struct file_put *put = handle;
	const char *last;
	int folder, rc;

	if (fsync(put->fd) != 0)
		return dbbi_file_fail(err, put->store, errno,
		    "syncing its file");
	/* Databases need the cache more than what is read next year does. */
	if (put->written >= DBBI_FILE_LARGE)
		(void)posix_fadvise(put->fd, 0, 0, POSIX_FADV_DONTNEED);
	if ((rc = dbbi_file_open_folder(&folder, &last, put->store, put->name,
	    1, err)) < 0)
		return rc;
	if ((rc = publish(put, folder, last, err)) < 0)
		goto done;
	rc = dbbi_file_sync_folder(put->store, folder, put->name, err);
	/* Not known to last, so it is not there: unless it took the place of
	 * another, which is gone already. */
	if (rc < 0 && (put->flags & DBB_PUT_REPLACE) == 0)
		(void)unlinkat(folder, last, 0);
done:
	close(folder);
	return rc;
}

void
dbbi_file_put_free(void *handle)
{
	struct file_put *put = handle;

	if (put->tmp_name[0] != '\0')
		(void)unlinkat(put->tmp, put->tmp_name, 0);
	if (put->fd >= 0)
		close(put->fd);
	if (put->tmp >= 0)
		close(put->tmp);
	free(put->name);
	free(put);
}
