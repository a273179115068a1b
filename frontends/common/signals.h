/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: SIGINT, SIGTERM and SIGHUP ask the library to stop; SIGPIPE is
 * ignored, so that writing fails instead.
 */
#ifndef DBB_FRONTEND_SIGNALS_H
#define DBB_FRONTEND_SIGNALS_H

#include <dbbackup/context.h>

/* `ctx` is borrowed until cli_signals_end. `talk`: say on standard error
 * that it is stopping. */
void cli_signals_begin(dbb_context *ctx, int talk);

/* From now on a signal also ends a read(2) or write(2) that waits. */
void cli_signals_interrupt(void);

/* The signal that asked to stop, or 0. */
int cli_signals_caught(void);

/* No context to cancel from here on: a signal now simply ends the program. */
void cli_signals_end(void);

#endif
