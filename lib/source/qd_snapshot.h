/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_snapshot: a snapshot of one collection on one node: made, and taken away
 * again, whatever happens in between.
 *
 * Snapshots of one collection that are made within the same second have the
 * same name, and the second takes the place of the first. So the next second is
 * waited for where the newest one is that young, and its SHA-256 is compared.
 *
 * Before one is asked for, a note is written of it: should the run be killed,
 * the next one finds the note and takes the snapshot away.
 */
#ifndef DBBI_QD_SNAPSHOT_H
#define DBBI_QD_SNAPSHOT_H

#include "source/qd_server.h"
#include "util/notes.h"
#include "util/sha256.h"

typedef struct dbbi_qd_snapshot {
	char *name;		/* NULL: there is none */
	uint64_t size_bytes;
	char sha256[DBBI_SHA256_HEX];	/* "": the server says none */
	int64_t taken_at_ms;	/* by the server's clock */
} dbbi_qd_snapshot;

/* Make one, and wait for it however long it takes. `notes` may be NULL. */
int dbbi_qd_snapshot_make(dbbi_qd_snapshot *out, dbbi_qd *qd,
    const char *collection, dbbi_notes *notes, dbb_error *err);

/* Delete it, and the note of it. That it is not there is no error. */
int dbbi_qd_snapshot_delete(dbbi_qd *qd, const char *collection,
    const char *name, dbbi_notes *notes, dbb_error *err);

/* The SHA-256 that the server's list has for it now; "" for none. */
int dbbi_qd_snapshot_listed(char sha256[DBBI_SHA256_HEX], dbbi_qd *qd,
    const char *collection, const char *name, dbb_error *err);

void dbbi_qd_snapshot_clear(dbbi_qd_snapshot *snapshot);

/* What its notes say they are about, in "makes". */
#define DBBI_QD_NOTE_SNAPSHOT "snapshot"

/* As dbbi_source_driver.clear_up, for a note of this kind. `qd` is the node
 * that the note names, the caller has seen to that. */
int dbbi_qd_snapshot_clear_up(dbbi_qd *qd, const dbbi_json *note,
    dbb_error *err);

#endif
