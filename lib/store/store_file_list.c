/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 513		/* the longest name and its NUL: this bounds
				   how deep the walk goes, too */

struct walk {
	dbbi_file_store *store;
	const char *prefix;
	dbb_list_fn fn;
	void *payload;
	char path[NAME_SIZE];	/* of where the walk is */
};

static int walk_folder(struct walk *w, int fd, size_t used, dbb_error *err);

static int
tell(struct walk *w, const struct stat *st, dbb_error *err)
{
	dbb_object object = { .size = sizeof(object) };

	if (!dbbi_store_name_valid(w->path))
		return DBB_OK;
	object.name = w->path;
	object.size_bytes = (uint64_t)st->st_size;
	object.modified_at_ms = (int64_t)st->st_mtim.tv_sec * 1000 +
	    st->st_mtim.tv_nsec / 1000000;
	if (w->fn(&object, w->payload) == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

/* `path`, all of it and `size` long, is a folder: go in. */
static int
enter(struct walk *w, int parent, const char *part, size_t size,
    dbb_error *err)
{
	int fd;

	if (size + 2 > sizeof(w->path))
		return DBB_OK;
	fd = openat(parent, part,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? DBB_OK :
		    dbbi_file_fail(err, w->store, errno, "opening a folder");
	w->path[size] = '/';
	w->path[size + 1] = '\0';
	return walk_folder(w, fd, size + 1, err);
}

/* One entry of the folder whose path is the first `used` bytes of `path`. */
static int
visit(struct walk *w, int folder, const struct dirent *entry, size_t used,
    dbb_error *err)
{
	size_t size = used + strlen(entry->d_name);
	size_t compared = strlen(w->prefix);
	struct stat st;

	if (entry->d_name[0] == '.' || size >= sizeof(w->path) ||
	    (entry->d_type != DT_REG && entry->d_type != DT_DIR &&
	    entry->d_type != DT_UNKNOWN))
		return DBB_OK;
	memcpy(w->path + used, entry->d_name, size - used + 1);
	if (strncmp(w->path, w->prefix, size < compared ? size :
	    compared) != 0)
		return DBB_OK;
	if (entry->d_type == DT_DIR)
		return enter(w, folder, entry->d_name, size, err);
	/* Gone since: then it is not listed. */
	if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? DBB_OK : dbbi_file_fail(err,
		    w->store, errno, "looking at a file");
	if (S_ISDIR(st.st_mode))
		return enter(w, folder, entry->d_name, size, err);
	if (!S_ISREG(st.st_mode) || size < compared)
		return DBB_OK;
	return tell(w, &st, err);
}

/* Takes `fd` over. */
static int
walk_folder(struct walk *w, int fd, size_t used, dbb_error *err)
{
	struct dirent *entry = NULL;
	DIR *dir = fdopendir(fd);
	int rc;

	if (dir == NULL) {
		rc = dbbi_file_fail(err, w->store, errno, "listing a folder");
		close(fd);
		return rc;
	}
	do {
		errno = 0;
		entry = readdir(dir);
		if (entry != NULL)
			rc = visit(w, fd, entry, used, err);
		else if (errno != 0)
			rc = dbbi_file_fail(err, w->store, errno,
			    "listing a folder");
		else
			rc = DBB_OK;
	} while (entry != NULL && rc == DBB_OK);
	closedir(dir);
	return rc;
}

/* The walk begins in the folder that the prefix names; the rest of it is a
 * filter. */
int
dbbi_file_list(void *store, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err)
{
	struct walk w = { .store = store, .prefix = prefix, .fn = fn,
	    .payload = payload };
	const char *last;
	size_t used;
	int fd, own, rc;

	rc = dbbi_file_open_folder(&fd, &last, store, prefix, 0, err);
	if (rc == DBB_ENOTFOUND) {
		dbbi_error_clear(err);
		return DBB_OK;
	}
	if (rc < 0)
		return rc;
	/* The root's descriptor shares its position with its copies. */
	own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		rc = dbbi_file_fail(err, store, errno, "opening a folder");
	close(fd);
	if (rc < 0)
		return rc;
	used = (size_t)(last - prefix);
	memcpy(w.path, prefix, used);
	return walk_folder(&w, own, used, err);
}
