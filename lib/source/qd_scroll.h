/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_scroll: a collection without a snapshot (method = scroll): its points
 * are paged out in the order of their ids, and put back in batches. No more
 * than the right to read is needed, and any version of Qdrant takes what any
 * other gave. The stream is that of qd_scroll_format.h.
 *
 * It is not one moment: what is written meanwhile may be half in it.
 */
#ifndef DBBI_QD_SCROLL_H
#define DBBI_QD_SCROLL_H

#include "source/qd_server.h"
#include "util/reader.h"

/* `info` is what `GET /collections/…` answers, `shard_keys` a list of keys or
 * NULL: borrowed for the call. `*points`, borrowed until the reader is freed as
 * `qd` is, is how many the stream has, once its end was given. The server is
 * asked on the thread that reads. */
int dbbi_qd_scroll_open(dbbi_reader **out, dbbi_qd *qd,
    const char *collection, const dbbi_json *info,
    const dbbi_json *shard_keys, uint64_t *points, dbb_error *err);

/* Make `collection`, which must not exist, as the stream's header says, and
 * put the stream's points into it. After a failure it may be there in part. */
int dbbi_qd_scroll_load(dbbi_qd *qd, const char *collection, dbbi_reader *in,
    dbb_error *err);

/* ---- between the files that load ---- */

/* Make it, with its shard keys and payload indexes, without what would be in
 * the way of loading. */
int dbbi_qd_scroll_make(dbbi_qd *qd, const char *collection,
    const dbbi_json *header, dbb_error *err);

/* All points are in: set what was left out. */
int dbbi_qd_scroll_finish(dbbi_qd *qd, const char *collection,
    const dbbi_json *header, dbb_error *err);

#endif
