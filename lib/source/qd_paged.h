/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_paged: the stream of one collection by method = scroll: the points are
 * counted and a few looked at, all of them are paged out (qd_scroll.h), and
 * that is done again: the end is given after it.
 */
#ifndef DBBI_QD_PAGED_H
#define DBBI_QD_PAGED_H

#include "source/qd_source.h"

#define DBBI_QD_POINTS_KIND "qdrant_points"

/* `collection` is one of the source's, and is filled in. */
int dbbi_qd_paged(dbbi_reader **out, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err);

/* Did the collection change meanwhile, as far as counts tell? */
int dbbi_qd_paged_moved(const dbbi_qd_taken *taken);

/* Does what is stored begin as such a stream does? */
int dbbi_qd_paged_check(dbbi_reader *stored, dbb_error *err);

#endif
