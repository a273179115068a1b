/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_snapshot_list: the snapshots that a node lists of a collection, and which
 * of them may be ours. Part of qd_snapshot. */
#ifndef DBBI_QD_SNAPSHOT_LIST_H
#define DBBI_QD_SNAPSHOT_LIST_H

#include "source/qd_snapshot.h"

/* What the node lists, in no order. */
int dbbi_qd_snapshots_list(dbbi_json **out, dbbi_qd *qd,
    const char *collection, dbb_error *err);

/* One of them, or the answer to its making, checked. */
int dbbi_qd_snapshot_read(dbbi_qd_snapshot *out, const char *collection,
    const dbbi_json *description, dbb_error *err);

/* When the newest was taken, of those with a name of Qdrant's; 0: none. */
int64_t dbbi_qd_snapshots_newest(const dbbi_json *list,
    const char *collection);

/* The names of those that were taken within seconds of `at_ms`: a new array,
 * or NULL: out of memory. */
dbbi_json *dbbi_qd_snapshots_near(const dbbi_json *list,
    const char *collection, int64_t at_ms);

/* The one that the note is about; `*out` NULL: it is not there. Borrowed from
 * `list`. Where several may be it, nobody guesses: DBB_ESOURCE. A note that
 * makes no sense is DBB_EDAMAGED. */
int dbbi_qd_snapshots_find(const dbbi_json **out, const dbbi_json *list,
    const dbbi_json *note, dbb_error *err);

#endif
