/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_download.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_archive.h"
#include "source/qd_fetch.h"
#include "util/bytes.h"

#define ONE_NAME "two snapshots of one collection within a second have one " \
    "name: let no other program take any during a backup, and run it again"

struct download {
	dbbi_reader base;
	dbbi_qd_source *source;
	dbbi_qd_collection *collection;
	dbbi_json *sample;		/* before */
	dbbi_qd_snapshot snapshot;	/* while it is on the server */
	dbbi_reader *bytes;		/* NULL: not begun */
	dbbi_sha256 *hash;
	dbbi_qd_archive *archive;
	uint64_t received;
	dbb_error why;		/* what its structure lacks */
	int ended;
	int failed;		/* the code that a read gave; it stays */
};

/* ---- deleting ---- */

static dbbi_notes *
notes_of(const struct download *d)
{
	return d->source->env->notes;
}

/* By a client of its own, which no cancel reaches. */
static int
delete_surely(struct download *d, dbb_error *err)
{
	dbbi_qd *qd = NULL;
	int rc;

	rc = dbbi_qd_connect_to_clean(&qd, &d->source->settings,
	    dbbi_qd_address(d->source->qd), d->source->env->run, err);
	if (rc == 0)
		rc = dbbi_qd_snapshot_delete(qd, d->collection->name,
		    d->snapshot.name, notes_of(d), err);
	dbbi_qd_free(qd);
	return rc;
}

/* That it stays is a pity, and no harm to the backup. */
static void
delete_snapshot(struct download *d)
{
	dbb_error why = {0};

	if (d->snapshot.name == NULL)
		return;
	if (dbbi_qd_snapshot_delete(d->source->qd, d->collection->name,
	    d->snapshot.name, notes_of(d), &why) < 0 &&
	    delete_surely(d, &why) < 0) {
		dbbi_log(d->source->env->run, DBB_LOG_WARNING, "qdrant: "
		    "collection '%s': %s", d->collection->name, why.message);
		d->collection->taken.left = dbbi_text_dup(why.message);
	}
	dbbi_qd_snapshot_clear(&d->snapshot);
}

/* ---- the beginning ---- */

static int
open_bytes(struct download *d, dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s/snapshots/%s",
	    d->collection->name, d->snapshot.name);
	int rc;

	if (path == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_qd_fetch(&d->bytes, d->source->qd, path, err);
	free(path);
	return dbbi_error_context(err, rc, "downloading snapshot '%s'",
	    d->snapshot.name);
}

static int
begin(struct download *d, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_qd_taken_before(&d->sample, d->source, d->collection,
	    err)) < 0 ||
	    (rc = dbbi_qd_snapshot_make(&d->snapshot, d->source->qd,
	    d->collection->name, notes_of(d), err)) < 0 ||
	    (rc = dbbi_sha256_new(&d->hash, err)) < 0 ||
	    (rc = dbbi_qd_archive_new(&d->archive, err)) < 0)
		return rc;
	return open_bytes(d, err);
}

/* ---- the end ---- */

/* The server's own list says which of the two it is. */
static int
refuse_sum(struct download *d, const char *found, dbb_error *err)
{
	char listed[DBBI_SHA256_HEX];
	int replaced;

	replaced = dbbi_qd_snapshot_listed(listed, d->source->qd,
	    d->collection->name, d->snapshot.name, NULL) == 0 &&
	    strcmp(listed, found) == 0;
	dbbi_error_set(err, DBB_ESOURCE, replaced ? "snapshot '%s' was "
	    "replaced by another one of the same name: what came has SHA-256 "
	    "%s, and %s was made" : "snapshot '%s' came damaged: what came "
	    "has SHA-256 %s, and the server made %s", d->snapshot.name,
	    found, d->snapshot.sha256);
	dbbi_error_hint(err, "%s", replaced ? ONE_NAME : "run the backup again; "
	    "when it stays so, the server's disk or the network between "
	    "changes bytes");
	return DBB_ESOURCE;
}

static int
refuse_length(const struct download *d, dbb_error *err)
{
	dbbi_error_set(err, DBB_ESOURCE, "snapshot '%s' has another length "
	    "than the server said: %llu bytes came, and %llu were made",
	    d->snapshot.name, (unsigned long long)d->received,
	    (unsigned long long)d->snapshot.size_bytes);
	dbbi_error_hint(err, "%s", ONE_NAME);
	return DBB_ESOURCE;
}

static int
prove_sum(struct download *d, dbb_error *err)
{
	dbbi_qd_taken *t = &d->collection->taken;
	uint8_t sum[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = dbbi_sha256_end(sum, d->hash, err)) < 0)
		return rc;
	dbbi_hex_encode(t->sha256, sum, sizeof(sum));
	t->is_proven = d->snapshot.sha256[0] != '\0';
	if (t->is_proven && strcmp(t->sha256, d->snapshot.sha256) != 0)
		return refuse_sum(d, t->sha256, err);
	return DBB_OK;
}

/* What is damaged is told as that; what its structure lacks says less. */
static int
prove_bytes(struct download *d, dbb_error *err)
{
	int rc;

	if (d->received != d->snapshot.size_bytes)
		return refuse_length(d, err);
	if ((rc = prove_sum(d, err)) < 0)
		return rc;
	if (d->why.code < 0) {
		rc = d->why.code;
		if (err != NULL)
			*err = d->why;
	} else {
		rc = dbbi_qd_archive_end(d->archive, err);
	}
	return dbbi_error_context(err, rc, "snapshot '%s'",
	    d->snapshot.name);
}

static int
end(struct download *d, dbb_error *err)
{
	dbbi_qd_taken *t = &d->collection->taken;
	int rc;

	if ((rc = prove_bytes(d, err)) < 0 ||
	    (rc = dbbi_qd_taken_after(d->source, d->collection, d->sample,
	    err)) < 0)
		return rc;
	t->size_bytes = d->received;
	t->taken_at_ms = d->snapshot.taken_at_ms;
	t->name = dbbi_text_dup(d->snapshot.name);
	if (t->name == NULL)
		return dbbi_error_nomem(err);
	delete_snapshot(d);
	d->ended = 1;
	return DBB_OK;
}

/* ---- the reader ---- */

/* Damage shows in the sum, which says more than the structure can. */
static int
look_at(struct download *d, const void *data, size_t size, dbb_error *err)
{
	d->received += size;
	if (d->received > d->snapshot.size_bytes)
		return refuse_length(d, err);
	if (d->why.code == DBB_OK && dbbi_qd_archive_add(d->archive, data,
	    size, &d->why) < 0)
		dbbi_log(d->source->env->run, DBB_LOG_DEBUG, "qdrant: %s",
		    d->why.message);
	return dbbi_sha256_add(d->hash, data, size, err);
}

static int
read_next(size_t *got, struct download *d, void *buffer, size_t size,
    dbb_error *err)
{
	int rc;

	if (d->bytes == NULL && (rc = begin(d, err)) < 0)
		return rc;
	if ((rc = dbbi_reader_read(got, d->bytes, buffer, size, err)) < 0) {
		dbbi_qd_fetch_advise(d->bytes, err);
		return dbbi_error_context(err, rc, "downloading snapshot '%s'",
		    d->snapshot.name);
	}
	return *got == 0 ? end(d, err) : look_at(d, buffer, *got, err);
}

static int
read_download(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct download *d = (struct download *)reader;
	int rc;

	*got = 0;
	if (d->ended)
		return DBB_OK;
	if (d->failed < 0)
		return dbbi_error_set(err, d->failed, "reading it failed "
		    "before");
	rc = read_next(got, d, buffer, size, err);
	if (rc < 0)
		d->failed = rc;
	return rc;
}

static void
free_download(dbbi_reader *reader)
{
	struct download *d = (struct download *)reader;

	dbbi_reader_free(d->bytes);
	delete_snapshot(d);
	dbbi_json_free(d->sample);
	dbbi_sha256_free(d->hash);
	dbbi_qd_archive_free(d->archive);
	free(d);
}

int
dbbi_qd_download(dbbi_reader **out, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err)
{
	struct download *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return dbbi_error_nomem(err);
	d->base.read = read_download;
	d->base.free = free_download;
	d->source = source;
	d->collection = collection;
	*out = &d->base;
	return DBB_OK;
}
