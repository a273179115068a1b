/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_as_of: a bucket that keeps versions, as it was at a moment. Of each name
 * the newest version counts that is not younger; where that is a marker, the
 * name had been deleted. Nothing can be written.
 */
#ifndef DBBI_S3_AS_OF_H
#define DBBI_S3_AS_OF_H

#include "store/s3.h"

/* By the setting "as-of"; NULL in `*out` without it. */
int dbbi_s3_as_of_new(dbbi_s3_as_of **out, const dbb_store_env *env,
    dbb_error *err);
void dbbi_s3_as_of_free(dbbi_s3_as_of *as_of);	/* NULL is allowed */

/* As the driver's members of these names. */
int dbbi_s3_as_of_list(dbbi_s3 *s3, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err);
int dbbi_s3_as_of_stat(dbb_object *out, dbbi_s3 *s3, const char *name,
    dbb_error *err);

/* What a request that reads the object has to ask for, to free(3): its
 * version, or NULL where all is as it is now. */
int dbbi_s3_as_of_query(char **out, dbbi_s3 *s3, const char *name,
    dbb_error *err);

/* DBB_OK, or say that the past is not written to. */
int dbbi_s3_as_of_check(const dbbi_s3 *s3, dbb_error *err);

#endif
