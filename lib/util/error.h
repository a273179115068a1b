/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error: what went wrong, in fixed buffers, so that reporting "out of
 * memory" needs no memory. It travels as the last parameter; NULL is
 * allowed everywhere.
 *
 * Whoever fails first calls dbbi_error_set; callers on the way up put their
 * object in front with dbbi_error_context; advice goes to the hint.
 * Style: lower case, no full stop, names in single quotes, cause last.
 */
#ifndef DBBI_ERROR_H
#define DBBI_ERROR_H

#include <dbbackup/error.h>

struct dbb_error {
	int code;
	int retryable;
	char remote[64];
	char message[4096];
	char hint[1024];
};

#if defined(__GNUC__)
#define DBBI_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define DBBI_PRINTF(fmt, first)
#endif

void dbbi_error_clear(dbb_error *err);

/* Fill `err` anew (hint and remote are emptied); returns `code`. */
int dbbi_error_set(dbb_error *err, int code, const char *fmt, ...)
    DBBI_PRINTF(3, 4);

/* As dbbi_error_set, with errno's words after a colon; the code is chosen by
 * `errnum` (ENOSPC, EDQUOT: DBB_ENOSPC; EACCES, EPERM, EROFS: DBB_EACCESS;
 * ENOENT: DBB_ENOTFOUND; ENOMEM: DBB_ENOMEM; else DBB_EIO). */
int dbbi_error_errno(dbb_error *err, int errnum, const char *fmt, ...)
    DBBI_PRINTF(3, 4);

int dbbi_error_nomem(dbb_error *err);

/* What to do next; replaces an earlier hint. */
void dbbi_error_hint(dbb_error *err, const char *fmt, ...) DBBI_PRINTF(2, 3);

/* The server's own status. */
void dbbi_error_remote(dbb_error *err, const char *remote);

/* Put "<formatted>: " in front of the message when `rc` is negative; returns
 * `rc`, so that a function can end `return dbbi_error_context(...)`. */
int dbbi_error_context(dbb_error *err, int rc, const char *fmt, ...)
    DBBI_PRINTF(3, 4);

#endif
