/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_put: writing objects.
 *
 * What fits into one request goes in one (s3_put.c), else in parts that are
 * joined at the end (s3_multipart.c). Each carries a checksum, which the
 * server checks (s3_checksum.h); what the server says of the result is compared, too.
 *
 * An object that must not exist is written with If-None-Match: *. When an
 * answer is lost and the next try finds an object of that name, its size and
 * checksum say whether it is ours.
 */
#ifndef DBBI_S3_PUT_H
#define DBBI_S3_PUT_H

#include "store/s3.h"

/* As the driver's members of these names. */
int dbbi_s3_write(void *store, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err);
int dbbi_s3_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err);
int dbbi_s3_put_write(void *put, const void *data, size_t size,
    dbb_error *err);
int dbbi_s3_put_commit(void *put, dbb_error *err);
void dbbi_s3_put_free(void *put);

/* Write one object by one request. */
int dbbi_s3_put_whole(dbbi_s3 *s3, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err);

/* How an object is to be found once it is written. */
typedef struct dbbi_s3_written {
	uint64_t size;
	const char *checksum;	/* as the server tells it; NULL: none */
} dbbi_s3_written;

/* Is the object of that name this one? DBB_OK; DBB_EEXIST: another. */
int dbbi_s3_compare(dbbi_s3 *s3, const char *name,
    const dbbi_s3_written *written, dbb_error *err);

/* Before a put of what must not exist: DBB_EEXIST, where only asking can
 * tell. */
int dbbi_s3_put_check(dbbi_s3 *s3, const char *name, uint32_t flags,
    dbb_error *err);

/* Is this failure the server's way to say that it knows no If-None-Match?
 * Then it is noted, and the put is worth another try. */
int dbbi_s3_put_unconditional(dbbi_s3 *s3, uint32_t flags, int status);

/* ---- s3_multipart.c ---- */

typedef struct dbbi_s3_upload dbbi_s3_upload;

/* Begin an upload; parts go to it in order. */
int dbbi_s3_upload_new(dbbi_s3_upload **out, dbbi_s3 *s3, const char *name,
    uint32_t flags, dbb_error *err);

/* Send a part. `data` stays where it is until the upload's end; `owned` is
 * freed by then, or NULL. Waits where as many are under way as may be. */
int dbbi_s3_upload_part(dbbi_s3_upload *upload, const void *data,
    size_t size, void *owned, dbb_error *err);

/* Join the parts to the object. */
int dbbi_s3_upload_finish(dbbi_s3_upload *upload, dbb_error *err);

/* Drop what was not finished, on the server, too. */
void dbbi_s3_upload_free(dbbi_s3_upload *upload);

#endif
