/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/url.h"

int
dbbi_file_fail(dbb_error *err, const dbbi_file_store *fs, int errnum,
    const char *doing)
{
	int rc;

	rc = dbbi_error_errno(err, errnum, "%s", doing);
	if (rc == DBB_ENOSPC)
		dbbi_error_hint(err, "free space (or quota) where '%s' is, or "
		    "choose another repository", fs->path);
	else if (errnum == EROFS)
		dbbi_error_hint(err, "the file system of '%s' is mounted "
		    "read-only: look into the kernel's log for why",
		    fs->path);
	else if (rc == DBB_EACCESS)
		dbbi_error_hint(err, "user id %ld needs the right to read, "
		    "write and enter '%s' and all below it",
		    (long)geteuid(), fs->path);
	else if (errnum == EIO)
		dbbi_error_hint(err, "the disk of '%s' fails: look into the "
		    "kernel's log", fs->path);
	else if (errnum == ENAMETOOLONG)
		dbbi_error_hint(err, "a file's name has at most 255 bytes");
	else if (errnum == EMFILE || errnum == ENFILE)
		dbbi_error_hint(err, "allow more open files (ulimit -n)");
	return rc;
}

static void
file_close(void *store)
{
	dbbi_file_store *fs = store;

	if (fs->root >= 0) {
		/* Where somebody writes it is not empty, and stays. */
		(void)unlinkat(fs->root, DBBI_FILE_TMP, AT_REMOVEDIR);
		close(fs->root);
	}
	dbbi_list_clear(&fs->durable);
	pthread_mutex_destroy(&fs->mutex);
	free(fs->path);
	free(fs);
}

static int
file_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	dbbi_file_store *fs;
	int rc;

	(void)env;
	(void)payload;
	fs = calloc(1, sizeof(*fs));
	if (fs == NULL || pthread_mutex_init(&fs->mutex, NULL) != 0) {
		free(fs);
		return dbbi_error_nomem(err);
	}
	fs->root = -1;
	atomic_flag_clear(&fs->swept);
	if ((rc = dbbi_url_file_path(&fs->path, url, err)) < 0 ||
	    (rc = dbbi_file_open_root(&fs->root, fs->path,
	    (flags & DBB_STORE_CREATE) != 0, err)) < 0) {
		file_close(fs);
		return rc;
	}
	*out = fs;
	return DBB_OK;
}

/* Open the file of an object. What is no regular file is no object. */
static int
open_object(int *out, struct stat *st, dbbi_file_store *fs,
    const char *name, dbb_error *err)
{
	const char *last;
	int folder, fd, problem, rc;

	if ((rc = dbbi_file_open_folder(&folder, &last, fs, name, 0,
	    err)) < 0)
		return rc;
	/* O_NONBLOCK: a pipe of that name would wait for a writer. */
	fd = openat(folder, last,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	problem = errno;
	close(folder);
	if (fd < 0 && problem == ELOOP)
		return dbbi_error_set(err, DBB_EACCESS,
		    "it is a symbolic link, which is not followed");
	if (fd < 0 && (problem == ENOENT || problem == ENAMETOOLONG))
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such object");
	if (fd < 0)
		return dbbi_file_fail(err, fs, problem, "opening its file");
	if (fstat(fd, st) != 0) {
		rc = dbbi_file_fail(err, fs, errno, "opening its file");
		close(fd);
		return rc;
	}
	if (!S_ISREG(st->st_mode)) {
		close(fd);
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such object");
	}
	*out = fd;
	return DBB_OK;
}

static int
file_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	struct stat st;
	size_t used = 0;
	ssize_t n = 1;
	int fd, rc;

	if ((rc = open_object(&fd, &st, store, name, err)) < 0)
		return rc;
	if (offset > INT64_MAX - size)
		n = 0;		/* no file is as long */
	while (n > 0 && used < size) {
		n = pread(fd, (char *)buffer + used, size - used,
		    (off_t)(offset + used));
		if (n > 0)
			used += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		rc = dbbi_file_fail(err, store, errno, "reading its file");
	else
		*got = used;
	close(fd);
	return rc;
}

static int
file_stat(dbb_object *out, void *store, const char *name, dbb_error *err)
{
	struct stat st;
	int fd, rc;

	if ((rc = open_object(&fd, &st, store, name, err)) < 0)
		return rc;
	close(fd);
	out->size_bytes = (uint64_t)st.st_size;
	out->modified_at_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
	    st.st_mtim.tv_nsec / 1000000;
	return DBB_OK;
}

static int
file_remove(void *store, const char *name, dbb_error *err)
{
	const char *last;
	int folder, rc;

	rc = dbbi_file_open_folder(&folder, &last, store, name, 0, err);
	if (rc == DBB_ENOTFOUND) {
		dbbi_error_clear(err);
		return DBB_OK;
	}
	if (rc < 0)
		return rc;
	/* A folder is no object, so none of that name is there. */
	if (unlinkat(folder, last, 0) != 0 && errno != ENOENT &&
	    errno != EISDIR && errno != ENAMETOOLONG)
		rc = dbbi_file_fail(err, store, errno, "deleting its file");
	close(folder);
	return rc;
}

const dbb_store_driver dbbi_store_file = {
	.size = sizeof(dbb_store_driver),
	.scheme = "file",
	.open = file_open,
	.close = file_close,
	.put_begin = dbbi_file_put_begin,
	.put_write = dbbi_file_put_write,
	.put_commit = dbbi_file_put_commit,
	.put_free = dbbi_file_put_free,
	.read = file_read,
	.stat = file_stat,
	.list = dbbi_file_list,
	.remove = file_remove,
};
