/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_fetch: the bytes of a snapshot, as a reader, which goes on where the
 * connection broke as long as the file is the same. */
#ifndef DBBI_QD_FETCH_H
#define DBBI_QD_FETCH_H

#include "source/qd_server.h"
#include "util/reader.h"

/* What lies at `path` (dbbi_qd_path). Free it before `qd`. */
int dbbi_qd_fetch(dbbi_reader **out, dbbi_qd *qd, const char *path,
    dbb_error *err);

/* A hint for an error that one of its reads gave. */
void dbbi_qd_fetch_advise(const dbbi_reader *reader, dbb_error *err);

#endif
