/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_lock: object lock. What is put with DBB_PUT_LOCK cannot be deleted until
 * a date, by nobody in compliance mode, and in governance mode only by who
 * has the right to (s3:BypassGovernanceRetention), which is never used here.
 *
 * A lock belongs to one version of an object. Whoever may write can lay
 * another version, or a marker, above it: what is locked is still there, and
 * `as-of` shows it.
 */
#ifndef DBBI_S3_LOCK_H
#define DBBI_S3_LOCK_H

#include "store/s3.h"

/* The headers of a request that writes a locked object, added to `out`. */
int dbbi_s3_lock_headers(dbbi_list *out, const dbbi_s3_settings *settings,
    int64_t now_ms, dbb_error *err);

/* As the driver's members of these names. */
int dbbi_s3_locks(void *store);
int dbbi_s3_protect(void *store, const char *name, dbb_error *err);
int dbbi_s3_locked_until(int64_t *until_ms, void *store, const char *name,
    dbb_error *err);

/* The same for one version; NULL: the newest. */
int dbbi_s3_version_locked_until(int64_t *until_ms, dbbi_s3 *s3,
    const char *name, const char *id, dbb_error *err);

/* Say that it is; returns its code. */
int dbbi_s3_lock_refuse(const dbbi_s3 *s3, int64_t until_ms, dbb_error *err);

#endif
