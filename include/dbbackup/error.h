/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error: the detail of a failure. A context keeps its last one
 * (dbb_context_error); a store driver is handed one to fill.
 *
 * Strings are UTF-8, lower case, without a full stop, never contain a
 * password or a key, and belong to the error: they are borrowed until the
 * next call that may fail on the same context. They are never NULL.
 */
#ifndef DBBACKUP_ERROR_H
#define DBBACKUP_ERROR_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The status code, DBB_OK when nothing failed. */
DBB_API int dbb_error_code(const dbb_error *err);

/* What was being done to what, outside in, ending with the cause. */
DBB_API const char *dbb_error_message(const dbb_error *err);

/* What to do next; "" when there is no advice. */
DBB_API const char *dbb_error_hint(const dbb_error *err);

/* The server's own status: SQLSTATE, HTTP status, errno's name; or "". */
DBB_API const char *dbb_error_remote(const dbb_error *err);

/* 1 when the same call may succeed later without any change, else 0. */
DBB_API int dbb_error_retryable(const dbb_error *err);

/*
 * For store drivers: set code, message and hint (NULL: none). Returns
 * `code`, so that a driver can `return dbb_error_set(...)`. Longer texts are
 * cut. `err` may be NULL.
 */
DBB_API int dbb_error_set(dbb_error *err, int code, const char *message,
    const char *hint);

#ifdef __cplusplus
}
#endif
#endif
