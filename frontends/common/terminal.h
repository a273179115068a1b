/* SPDX-License-Identifier: BSD-2-Clause */
/* terminal: what the standard streams are connected to. */
#ifndef DBB_FRONTEND_TERMINAL_H
#define DBB_FRONTEND_TERMINAL_H

#include <stddef.h>

/* Before anything is opened: standard streams that are closed become
 * /dev/null (else a pack file might get descriptor 1, and be printed into),
 * and no core is ever dumped, for it would hold passwords. */
void cli_terminal_harden(void);

/* The width of the terminal at `fd`, now; 80 when it does not say. */
size_t cli_terminal_columns(int fd);

/* Ask for a secret on the terminal, without showing it; the line end is cut.
 * -1 when standard input is no terminal, or nothing was typed. */
#define CLI_SECRET_SIZE 1024
int cli_terminal_secret(char *out, size_t size, const char *question);

/* Overwrite it. */
void cli_terminal_forget(char *secret, size_t size);

/* Ask on the terminal; 1 when the answer begins with y or Y. */
int cli_terminal_confirm(const char *question);

#endif
