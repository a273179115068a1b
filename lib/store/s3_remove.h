/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_remove: deleting objects, one or many. */
#ifndef DBBI_S3_REMOVE_H
#define DBBI_S3_REMOVE_H

#include "store/s3.h"

/* As the driver's members of these names. */
int dbbi_s3_remove(void *store, const char *name, dbb_error *err);
int dbbi_s3_remove_many(void *store, const char *const *names, size_t count,
    dbb_not_removed_fn fn, void *payload, dbb_error *err);

#endif
