/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export: all streams of a set as plain files. The folder is written through
 * the file store, so that a file is there whole or not at all. Names come
 * from a manifest and never reach the file system as they are.
 */
#include <config.h>

#include "ops/ops.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/result.h"
#include "ops/stored.h"
#include "ops/tasks.h"
#include "source/source.h"
#include "util/bytes.h"

#define NAME_SIZE 512		/* the longest name in a store */
#define SAME_NAME_MAX 99	/* tries for a name that is taken */

struct export {
	dbbi_ops *ops;
	const char *set;
	const char *directory;
	dbbi_stored_set stored;
	dbbi_store *store;
	int existed;			/* the folder, before */
	dbbi_list written;		/* names, to take back on failure */
	dbbi_bytes sums;		/* SHA256SUMS */
	dbbi_bytes readme;
	dbbi_json *files;		/* of the result; borrowed */
	dbbi_meter meter;
};

static int
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* A file name made of any text: odd bytes as _xx, no leading dot. */
static void
plain_name(char *to, size_t size, const char *text)
{
	size_t at = 0, i;

	for (i = 0; text[i] != '\0' && at + 4 < size; i++) {
		int odd = !is_plain(text[i]) || (i == 0 && text[i] == '.');

		if (odd)
			snprintf(to + at, size - at, "_%02x",
			    (unsigned char)text[i]);
		else
			to[at] = text[i];
		at += odd ? 3 : 1;
	}
	to[at] = '\0';
}

static int
add_text(dbbi_bytes *to, const char *text, dbb_error *err)
{
	return dbbi_bytes_add(to, text, strlen(text), err);
}

static int
add_line(dbbi_bytes *to, char *line, dbb_error *err)
{
	int rc = line != NULL ? add_text(to, line, err) :
	    dbbi_error_nomem(err);

	free(line);
	return rc;
}

struct sink {
	dbbi_put *put;
	dbb_error err;
};

static int
write_block(const void *data, size_t size, void *payload)
{
	struct sink *sink = payload;

	return dbbi_store_put_write(sink->put, data, size, &sink->err);
}

/* Open a file for `wanted`, or for wanted-2 … when that name is taken: two
 * odd names may become one plain name. */
static int
begin_file(dbbi_put **put, char name[NAME_SIZE], struct export *x,
    const char *folder, const char *wanted, uint64_t size, dbb_error *err)
{
	char *first = NULL, *full = NULL;
	int i, rc;

	if ((first = dbbi_text_format("%s/%s", folder, wanted)) == NULL)
		return dbbi_error_nomem(err);
	for (i = 1; i <= SAME_NAME_MAX; i++) {
		free(full);
		full = i == 1 ? dbbi_text_dup(first) :
		    dbbi_text_format("%s-%d", first, i);
		if (full == NULL) {
			rc = dbbi_error_nomem(err);
			goto done;
		}
		if (!dbbi_list_has(&x->written, full))
			break;
	}
	if (strlen(full) >= NAME_SIZE) {
		rc = dbbi_error_set(err, DBB_EUNSUPPORTED,
		    "'%s' is too long for a file's name", full);
		goto done;
	}
	if ((rc = dbbi_store_put_begin(put, x->store, full, size, 0,
	    err)) == 0)
		memcpy(name, full, strlen(full) + 1);
done:
	free(first);
	free(full);
	return rc;
}

/* Put one file into the sums and the result. */
static int
note_file(struct export *x, const char *name, const dbbi_stream_ref *ref,
    dbb_error *err)
{
	char hex[DBBI_SHA256_HEX];
	dbbi_json *entry;
	int rc;

	dbbi_hex_encode(hex, ref->sha256, sizeof(ref->sha256));
	if ((rc = dbbi_list_add(&x->written, name, err)) < 0 ||
	    (rc = add_line(&x->sums, dbbi_text_format("%s  %s\n", hex, name),
	    err)) < 0 ||
	    (rc = dbbi_result_element(&entry, x->files, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "path", name, err)) < 0 ||
	    (rc = dbbi_result_number(entry, "size_bytes", ref->size_bytes,
	    err)) < 0)
		return rc;
	return dbbi_result_text(entry, "sha256", hex, err);
}

static int
export_stream(struct export *x, const char *folder,
    const dbbi_source_driver *driver, const dbbi_stored_stream *stream,
    dbb_error *err)
{
	char plain[NAME_SIZE / 2], name[NAME_SIZE];
	struct sink sink = {0};
	const char *how;
	int rc;

	plain_name(plain, sizeof(plain), stream->name);
	if ((rc = begin_file(&sink.put, name, x, folder, plain,
	    stream->ref.size_bytes, err)) < 0)
		return rc;
	rc = dbbi_stored_send(&x->stored, stream, write_block, &sink,
	    &x->meter.bytes_done, err);
	if (rc == DBB_ECANCELED && sink.err.code < 0) {
		rc = sink.err.code;
		if (err != NULL)
			*err = sink.err;
	}
	if (rc == 0)
		rc = dbbi_store_put_commit(sink.put, err);
	dbbi_store_put_free(sink.put);
	if (rc < 0 || (rc = note_file(x, name, &stream->ref, err)) < 0)
		return rc;
	how = driver != NULL ? driver->how_to_load(stream->kind) : NULL;
	return add_line(&x->readme, dbbi_text_format("%s\n    %s\n\n", name,
	    how != NULL ? how : "(no advice for this kind of stream)"), err);
}

static int
export_source(struct export *x, const dbbi_json *source, dbb_error *err)
{
	const char *kind = dbbi_json_string(source, "kind");
	const char *name = dbbi_json_string(source, "name");
	char folder[NAME_SIZE / 4];
	dbbi_stored_stream stream;
	size_t i;
	int rc = 0;

	if (kind == NULL || name == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a source in the manifest has no kind or name");
	plain_name(folder, sizeof(folder), name);
	for (i = 0; rc == 0 && i < dbbi_stored_stream_count(source); i++) {
		rc = dbbi_stored_stream_at(&stream, source, i, err);
		if (rc == 0)
			rc = export_stream(x, folder, dbbi_source_find(kind),
			    &stream, err);
	}
	return rc;
}

/* The folder must not exist or be empty: nothing of the user's is mixed with
 * ours, or written over. */
static int
check_directory(int *existed, const char *directory, dbb_error *err)
{
	const struct dirent *entry;
	DIR *dir;
	int used = 0;

	if ((dir = opendir(directory)) == NULL) {
		if (errno == ENOENT)
			return 0;
		return dbbi_error_errno(err, errno, "looking at '%s'",
		    directory);
	}
	*existed = 1;
	while (!used && (entry = readdir(dir)) != NULL)
		used = strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	if (!used)
		return 0;
	dbbi_error_set(err, DBB_EEXIST, "the folder '%s' is not empty",
	    directory);
	dbbi_error_hint(err, "name one that is empty or not there yet");
	return DBB_EEXIST;
}

/* A file: URL of a path, absolute or not. */
static char *
url_of(const char *path)
{
	char *cwd = *path == '/' ? NULL : realpath(".", NULL);
	char *url = NULL, *full = NULL;
	size_t at, i;

	if (*path == '/')
		full = dbbi_text_dup(path);
	else if (cwd != NULL)
		full = dbbi_text_format("%s/%s", cwd, path);
	if (full != NULL && (url = malloc(strlen(full) * 3 + 8)) != NULL) {
		memcpy(url, "file://", 8);
		for (at = 7, i = 0; full[i] != '\0'; i++) {
			if (is_plain(full[i]) || full[i] == '/') {
				url[at++] = full[i];
				continue;
			}
			snprintf(url + at, 4, "%%%02X",
			    (unsigned char)full[i]);
			at += 3;
		}
		url[at] = '\0';
	}
	free(full);
	free(cwd);
	return url;
}

static int
open_directory(struct export *x, dbb_error *err)
{
	char *url;
	int rc;

	if ((rc = check_directory(&x->existed, x->directory, err)) < 0)
		return rc;
	if ((url = url_of(x->directory)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_store_open(&x->store, x->ops->stores, url, DBB_STORE_CREATE,
	    err);
	free(url);
	return rc;
}

static int
begin_readme(struct export *x, dbb_error *err)
{
	return add_line(&x->readme, dbbi_text_format(
	    "Set %s, written out by dbb-restore export (libdbbackup "
	    PACKAGE_VERSION ").\n\n"
	    "These are plain files; nothing of libdbbackup is needed to load "
	    "them.\nFirst see that they are whole, in this folder:\n\n"
	    "    sha256sum -c SHA256SUMS\n\n"
	    "Then load them in this order:\n\n", x->stored.id), err);
}

/* Remove a source's folder, which is empty by now. */
static void
remove_folder(const struct export *x, const dbbi_json *source)
{
	const char *name = dbbi_json_string(source, "name");
	char folder[NAME_SIZE / 4], *path;

	if (name == NULL)
		return;
	plain_name(folder, sizeof(folder), name);
	path = dbbi_text_format("%s/%s", x->directory, folder);
	if (path != NULL)
		rmdir(path);
	free(path);
}

/* Leave the folder as it was found, so that the next try finds it empty. */
static void
take_back(struct export *x, const dbbi_json *sources)
{
	size_t i;

	for (i = 0; i < x->written.count; i++)
		dbbi_store_remove(x->store, x->written.items[i], NULL);
	for (i = 0; i < dbbi_json_count(sources); i++)
		remove_folder(x, dbbi_json_at(sources, i));
	dbbi_store_close(x->store);	/* its own folders go with it */
	x->store = NULL;
	if (!x->existed)
		rmdir(x->directory);
}

static int
export_task(dbbi_task *task, dbb_error *err)
{
	struct export *x = task->payload;
	dbbi_json *sources;
	size_t i;
	int rc;

	if ((rc = dbbi_stored_open(&x->stored, x->ops, x->set, NULL,
	    err)) < 0 || (rc = open_directory(x, err)) < 0 ||
	    (rc = begin_readme(x, err)) < 0)
		return rc;
	sources = dbbi_json_array(x->stored.body, "sources");
	for (i = 0; rc == 0 && i < dbbi_json_count(sources); i++)
		rc = export_source(x, dbbi_json_at(sources, i), err);
	if (rc == 0)
		rc = dbbi_store_write(x->store, "SHA256SUMS", x->sums.data,
		    x->sums.size, 0, err);
	if (rc == 0)
		rc = dbbi_list_add(&x->written, "SHA256SUMS", err);
	if (rc == 0)
		rc = dbbi_store_write(x->store, "README", x->readme.data,
		    x->readme.size, 0, err);
	if (rc < 0)
		take_back(x, sources);
	return rc;
}

int
dbbi_op_export(dbbi_json **out, dbbi_ops *ops, const char *set,
    const char *directory, dbb_error *err)
{
	struct export x = { .ops = ops, .set = set, .directory = directory };
	dbbi_json *result = NULL;
	int rc;

	dbbi_meter_init(&x.meter, ops);
	x.meter.phase = DBB_PHASE_RESTORE;
	dbbi_bytes_init(&x.sums, 64u << 20);
	dbbi_bytes_init(&x.readme, 64u << 20);
	if ((rc = dbbi_result_new(&result, "export", err)) < 0 ||
	    (rc = dbbi_result_array(&x.files, result, "files", err)) < 0 ||
	    (rc = dbbi_task_run(export_task, &x, &x.meter, err)) < 0 ||
	    (rc = dbbi_result_text(result, "set", x.stored.id, err)) < 0 ||
	    (rc = dbbi_result_text(result, "directory", directory, err)) < 0)
		goto done;
	*out = result;
	result = NULL;
done:
	dbbi_json_free(result);
	dbbi_list_clear(&x.written);
	dbbi_bytes_clear(&x.sums);
	dbbi_bytes_clear(&x.readme);
	dbbi_store_close(x.store);
	dbbi_stored_close(&x.stored);
	return rc;
}
