/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_download: the stream of one collection. Its first read counts the points,
 * looks at a few and takes the snapshot; its end comes when all of that is
 * proven and the snapshot is deleted on the server:
 *
 *	count, sample -> snapshot -> its bytes, whose SHA-256 and structure
 *	are looked at as they pass -> count, the same sample -> delete
 *
 * However it ends before, the snapshot is deleted when the reader is released,
 * also after a cancel.
 */
#ifndef DBBI_QD_DOWNLOAD_H
#define DBBI_QD_DOWNLOAD_H

#include "source/qd_source.h"

/* `collection` is one of the source's, and is filled in. */
int dbbi_qd_download(dbbi_reader **out, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err);

#endif
