/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_points: how many points a collection has, and a few of them by their
 * content, so that an equal count is not the whole proof.
 */
#ifndef DBBI_QD_POINTS_H
#define DBBI_QD_POINTS_H

#include "source/qd_server.h"

/* Exact, whatever is still being optimized. */
int dbbi_qd_points_count(uint64_t *out, dbbi_qd *qd, const char *collection,
    dbb_error *err);

/*
 * A sample: an array of {"id", "sha256"} of points from all over the
 * collection, which has `count` of them: at most 32, each once. `most` is the
 * largest number that may be asked for at once (strict mode's
 * max_query_limit); 0: any.
 */
int dbbi_qd_points_sample(dbbi_json **out, dbbi_qd *qd,
    const char *collection, uint64_t count, uint64_t most, dbb_error *err);

/* The same points once more, in any order; those that are gone are not
 * there. */
int dbbi_qd_points_resample(dbbi_json **out, dbbi_qd *qd,
    const char *collection, const dbbi_json *sample, dbb_error *err);

/* The members of `sample` that are in `other`, too, with the same digest: a
 * new array, or NULL: out of memory. */
dbbi_json *dbbi_qd_points_equal(const dbbi_json *sample,
    const dbbi_json *other);

/* max_query_limit of a collection's config; 0: none. */
uint64_t dbbi_qd_points_most(const dbbi_json *config);

#endif
