/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_list: names, page by page, and uploads that were never finished. */
#ifndef DBBI_S3_LIST_H
#define DBBI_S3_LIST_H

#include "store/s3.h"

/* As the driver's members of these names. */
int dbbi_s3_list(void *store, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err);
int dbbi_s3_sweep(size_t *swept, void *store, int64_t before_ms,
    dbb_error *err);

/* Ask for a page of at most one name: may the bucket be listed, and is it
 * there? */
int dbbi_s3_list_probe(dbbi_s3 *s3, dbb_error *err);

#endif
