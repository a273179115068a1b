/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_fetch: the bytes of a snapshot, as a reader. They are asked for piece by
 * piece, the next one while this one is read, so that a connection that breaks
 * costs one piece. Each but the first is asked for under the condition that the
 * file is still the same.
 */
#ifndef DBBI_QD_FETCH_H
#define DBBI_QD_FETCH_H

#include "source/qd_server.h"
#include "util/reader.h"

/* `size` bytes of what lies at `path` (dbbi_qd_path). */
int dbbi_qd_fetch(dbbi_reader **out, dbbi_qd *qd, const char *path,
    uint64_t size, dbb_error *err);

#endif
