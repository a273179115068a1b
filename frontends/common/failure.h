/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failure: what went wrong in the program itself, as the library's errors
 * are for what went wrong in a call.
 */
#ifndef DBB_FRONTEND_FAILURE_H
#define DBB_FRONTEND_FAILURE_H

typedef struct cli_failure {
	int code;			/* DBB_E…; 0: none */
	char message[1024];
	char hint[512];			/* "": none */
} cli_failure;

/* Fill it, the hint emptied; returns `code`. */
int cli_fail(cli_failure *why, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Add advice; returns the failure's code. */
int cli_fail_hint(cli_failure *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
