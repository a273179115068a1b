/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result: what a call found out, as one JSON document (RFC 8259) with
 * accessors. A member is named by a JSON pointer (RFC 6901):
 * "/sets/0/size_bytes". The members of each verb are documented with the
 * call that makes the result, and in doc/json.md.
 */
#ifndef DBBACKUP_RESULT_H
#define DBBACKUP_RESULT_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The whole as one line of JSON, what the programs' --json prints. Borrowed
 * until dbb_result_free. */
DBB_API const char *dbb_result_json(dbb_result *result);

/* A text member; NULL when there is none. Borrowed until dbb_result_free. */
DBB_API const char *dbb_result_string(const dbb_result *result,
    const char *pointer);

/* A number member; `otherwise` when there is none or it does not fit. */
DBB_API uint64_t dbb_result_number(const dbb_result *result,
    const char *pointer, uint64_t otherwise);

/* How many elements the array there has; 0 when there is none. */
DBB_API size_t dbb_result_count(const dbb_result *result,
    const char *pointer);

/* Release it. NULL is allowed. */
DBB_API void dbb_result_free(dbb_result *result);

#ifdef __cplusplus
}
#endif
#endif
