/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_upload: one archive, uploaded into a collection that is not there yet,
 * and everything that is left of it on the server taken away again.
 *
 * The server keeps the uploaded file, after success and failure alike, in the
 * collection's folder of snapshots. It has a name of ours, and is deleted here.
 * Where the collection did not come to be, it is out of reach; then one of that
 * name is made for a moment.
 *
 * What is about to be made is noted before (util/notes.h).
 */
#ifndef DBBI_QD_UPLOAD_H
#define DBBI_QD_UPLOAD_H

#include "source/qd_server.h"
#include "util/notes.h"
#include "util/reader.h"

/* Where things are made. Borrowed, all of it. */
typedef struct dbbi_qd_site {
	dbbi_qd *qd;
	const dbbi_qd_settings *settings;	/* for a client that takes
						   away what was made */
	dbbi_run *run;
	dbbi_notes *notes;	/* or NULL */
} dbbi_qd_site;

/* Upload `in`, whose SHA-256 the server is to compare with `sha256`, as the
 * new collection `name`. After a failure it is not there. The note of it stays
 * until dbbi_qd_upload_forget: until it has its place or is gone. */
int dbbi_qd_upload(const dbbi_qd_site *site, const char *name,
    dbbi_reader *in, const char *sha256, dbb_error *err);

/* The same for a stream of points (method = scroll). */
int dbbi_qd_upload_points(const dbbi_qd_site *site, const char *name,
    dbbi_reader *in, dbb_error *err);

/* Write into its note that it serves for `target`, which is being replaced:
 * nobody deletes it any more. */
int dbbi_qd_upload_serves(const dbbi_qd_site *site, const char *name,
    const char *target, dbb_error *err);

void dbbi_qd_upload_forget(const dbbi_qd_site *site, const char *name);

/* Delete what was uploaded, also after a cancel, and its note. */
int dbbi_qd_upload_undo(const dbbi_qd_site *site, const char *name,
    dbb_error *err);

/* Delete a collection; that it is not there is no error. */
int dbbi_qd_collection_delete(dbbi_qd *qd, const char *name, dbb_error *err);

/* Is there a collection of that name? An alias is none. */
int dbbi_qd_collection_exists(int *exists, dbbi_qd *qd, const char *name,
    dbb_error *err);

/* ---- what a killed restore left ---- */

/* What its notes say they are about, in "makes". */
#define DBBI_QD_NOTE_RESTORE "restore"

/* As dbbi_source_driver.clear_up, for a note of this kind. `qd` is the node
 * that the note names, the caller has seen to that. */
int dbbi_qd_upload_clear_up(dbbi_qd *qd, const dbbi_json *note,
    dbb_error *err);

#endif
