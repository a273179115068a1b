/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_read: objects, whole or in part. */
#ifndef DBBI_S3_READ_H
#define DBBI_S3_READ_H

#include "store/s3.h"

/* As the driver's members of these names. */
int dbbi_s3_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err);
int dbbi_s3_get(void *store, const char *name, uint64_t offset,
    uint64_t length, dbb_write_fn fn, void *payload, dbb_error *err);
int dbbi_s3_stat(dbb_object *out, void *store, const char *name,
    dbb_error *err);

/* What the server says of an object, its checksum among it; to be cleared. */
int dbbi_s3_head(dbbi_http_response *out, dbbi_s3 *s3, const char *name,
    dbb_error *err);

#endif
