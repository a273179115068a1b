/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define DURABLE_MAX 1024	/* remembered; a repository has 256 and some */

/* Some file systems have no fsync for folders and say so. */
static int
sync_one(int folder)
{
	if (fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP)
		return 0;
	return -1;
}

/* Make `path` and what is missing above it, each durable in its parent. */
static int
make_path(char *path)
{
	char *slash;
	int parent, rc;

	if (mkdir(path, 0700) != 0) {
		if (errno == EEXIST)
			return 0;
		slash = strrchr(path, '/');
		if (errno != ENOENT || slash == path)
			return -1;
		*slash = '\0';
		rc = make_path(path);
		*slash = '/';
		if (rc != 0 || (mkdir(path, 0700) != 0 && errno != EEXIST))
			return -1;
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	parent = open(slash == path ? "/" : path, FOLDER);
	*slash = '/';
	if (parent < 0)		/* it may be written and not read */
		return errno == EACCES ? 0 : -1;
	rc = sync_one(parent);
	close(parent);
	return rc;
}

/* "/a//b/" becomes "/a/b". */
static void
squeeze_slashes(char *path)
{
	char *to = path;
	const char *from;

	for (from = path; *from != '\0'; from++)
		if (*from != '/' || to == path || to[-1] != '/')
			*to++ = *from;
	if (to > path + 1 && to[-1] == '/')
		to--;
	*to = '\0';
}

int
dbbi_file_open_root(int *out, const char *path, int create, dbb_error *err)
{
	const char *doing = "opening the folder";
	char *copy;
	int fd, rc;

	copy = dbbi_text_dup(path);
	if (copy == NULL)
		return dbbi_error_nomem(err);
	squeeze_slashes(copy);
	fd = open(copy, FOLDER);
	if (fd < 0 && errno == ENOENT && create) {
		doing = "making the folder";
		if (make_path(copy) == 0)
			fd = open(copy, FOLDER);
	}
	rc = errno;
	free(copy);
	if (fd >= 0) {
		*out = fd;
		return DBB_OK;
	}
	if (rc == ENOTDIR) {
		rc = dbbi_error_set(err, DBB_EINVAL,
		    "'%s' or a part of it is not a folder", path);
		dbbi_error_hint(err, "give the URL of a folder");
	} else if (rc == ENOENT && !create) {
		rc = dbbi_error_set(err, DBB_ENOTFOUND, "no folder '%s'",
		    path);
		dbbi_error_hint(err, "check the URL and that the disk is "
		    "mounted; a new repository is made by 'dbb-backup init'");
	} else {
		rc = dbbi_error_errno(err, rc, "%s '%s'", doing, path);
		if (rc == DBB_EACCESS)
			dbbi_error_hint(err, "user id %ld needs the right to "
			    "read, write and enter '%s', and to enter every "
			    "folder above it", (long)geteuid(), path);
	}
	return rc;
}

/* Why a part of a name did not open as a folder. */
static int
not_a_folder(dbb_error *err, const dbbi_file_store *fs, int parent,
    const char *part, int create)
{
	struct stat st;
	int rc;

	if (fstatat(parent, part, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return dbbi_file_fail(err, fs, errno, "opening its folder");
	if (S_ISLNK(st.st_mode)) {
		rc = dbbi_error_set(err, DBB_EACCESS, "'%s' in '%s' is a "
		    "symbolic link, which is not followed", part, fs->path);
		dbbi_error_hint(err, "put the folder itself there, or mount "
		    "it there");
		return rc;
	}
	if (!create)
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such object");
	rc = dbbi_error_set(err, DBB_EIO,
	    "'%s' is a file in '%s' where a folder is needed", part,
	    fs->path);
	dbbi_error_hint(err, "move it out of the way: it was not put there "
	    "by dbbackup");
	return rc;
}

static int
open_part(int *out, const dbbi_file_store *fs, int parent, const char *part,
    int create, dbb_error *err)
{
	int fd;

	fd = openat(parent, part, FOLDER | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT && create) {
		if (mkdirat(parent, part, 0700) != 0 && errno != EEXIST)
			return dbbi_file_fail(err, fs, errno,
			    "making its folder");
		fd = openat(parent, part, FOLDER | O_NOFOLLOW);
	}
	if (fd >= 0) {
		*out = fd;
		return DBB_OK;
	}
	if (errno == ENOTDIR || errno == ELOOP)
		return not_a_folder(err, fs, parent, part, create);
	if ((errno == ENOENT || errno == ENAMETOOLONG) && !create)
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such object");
	return dbbi_file_fail(err, fs, errno, "opening its folder");
}

int
dbbi_file_open_folder(int *out, const char **last, dbbi_file_store *fs,
    const char *name, int create, dbb_error *err)
{
	const char *slash;
	char *part;
	int fd, next = -1, rc = DBB_OK;

	fd = fcntl(fs->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return dbbi_file_fail(err, fs, errno, "opening its folder");
	while (rc == DBB_OK && (slash = strchr(name, '/')) != NULL) {
		part = strndup(name, (size_t)(slash - name));
		rc = part == NULL ? dbbi_error_nomem(err) :
		    open_part(&next, fs, fd, part, create, err);
		free(part);
		if (rc < 0)
			break;
		close(fd);
		fd = next;
		name = slash + 1;
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*out = fd;
	*last = name;
	return DBB_OK;
}

/* Sync every folder above the one that `name` lies in. */
static int
sync_above(dbbi_file_store *fs, const char *name, dbb_error *err)
{
	char *path, *slash;
	const char *last;
	int fd = -1, rc = DBB_OK;

	path = dbbi_text_dup(name);
	if (path == NULL)
		return dbbi_error_nomem(err);
	while (rc == DBB_OK && (slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		rc = dbbi_file_open_folder(&fd, &last, fs, path, 0, err);
		if (rc < 0)
			break;
		if (sync_one(fd) != 0)
			rc = dbbi_file_fail(err, fs, errno,
			    "syncing its folder");
		close(fd);
	}
	free(path);
	return rc;
}

/* Is the folder of `name` known to be durable? With `add`, it is now. */
static int
known_durable(dbbi_file_store *fs, const char *name, int add)
{
	const char *slash = strrchr(name, '/');
	char *folder;
	int known = slash == NULL;	/* the root's is open_root's matter */

	if (known)
		return 1;
	folder = strndup(name, (size_t)(slash - name));
	if (folder == NULL)
		return 0;
	pthread_mutex_lock(&fs->mutex);
	known = dbbi_list_has(&fs->durable, folder);
	/* Failing to remember costs a sync the next time, and no more. */
	if (add && !known && fs->durable.count < DURABLE_MAX)
		(void)dbbi_list_add(&fs->durable, folder, NULL);
	pthread_mutex_unlock(&fs->mutex);
	free(folder);
	return known;
}

/*
 * A folder that is there may still be in memory only, made a moment ago by
 * another thread or process: so its parents are synced for the first object
 * that goes into it, whoever made it.
 */
int
dbbi_file_sync_folder(dbbi_file_store *fs, int folder, const char *name,
    dbb_error *err)
{
	int rc;

	if (sync_one(folder) != 0)
		return dbbi_file_fail(err, fs, errno, "syncing its folder");
	if (known_durable(fs, name, 0))
		return DBB_OK;
	if ((rc = sync_above(fs, name, err)) < 0)
		return rc;
	(void)known_durable(fs, name, 1);
	return DBB_OK;
}
