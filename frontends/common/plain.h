/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain: bytes to standard output, as `cat` gives them. Waiting for a slow
 * reader ends when a signal asks to stop.
 */
#ifndef DBB_FRONTEND_PLAIN_H
#define DBB_FRONTEND_PLAIN_H

#include <stddef.h>

#include "failure.h"

typedef struct cli_plain {
	int fd;
	int own;			/* `fd` is to be closed */
	int error;			/* errno of what failed, or 0 */
} cli_plain;

/* Refuses a terminal: DBB_EINVAL. */
int cli_plain_open(cli_plain *plain, cli_failure *why);

/* A dbb_write_fn; payload is the cli_plain. */
int cli_plain_write(const void *data, size_t size, void *plain);

/* `rc` is what the call returned that wrote. DBB_EIO and why when writing
 * failed; else `rc`. */
int cli_plain_close(cli_plain *plain, int rc, cli_failure *why);

#endif
