/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_bucket: is the bucket there? */
#ifndef DBBI_S3_BUCKET_H
#define DBBI_S3_BUCKET_H

#include "store/s3.h"

/* Look for it, and make it with DBB_STORE_CREATE in `flags`. DBB_ENOTFOUND:
 * there is none. A key that may not look is not refused for that: it may still
 * be allowed to do what it is for. */
int dbbi_s3_bucket_find(dbbi_s3 *s3, uint32_t flags, dbb_error *err);

#endif
