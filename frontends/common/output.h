/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output: all that a program says. Answers go to standard output; talk, the
 * log, errors and the progress line to standard error. With --json all of it
 * (but the log) is one JSON object a line on standard output, or on standard
 * error where standard output carries data (`cat`).
 *
 * Threads: the library may log from a thread of its own, so every function
 * here may be called from any thread.
 */
#ifndef DBB_FRONTEND_OUTPUT_H
#define DBB_FRONTEND_OUTPUT_H

#include <pthread.h>
#include <stdio.h>

#include <dbbackup/context.h>
#include <dbbackup/error.h>

#include "failure.h"
#include "progress.h"

typedef struct cli_output {
	const char *program;
	int json;
	int quiet;
	FILE *answers;
	FILE *talk;
	int terminal;			/* `talk` is one */
	pthread_mutex_t mutex;
	cli_progress progress;
	size_t drawn;			/* columns of the line that stands */
	int error;			/* errno when answers first failed */
} cli_output;

void cli_output_init(cli_output *output, const char *program, int json,
    int quiet);

/* Standard output carries data: JSON goes to standard error. */
void cli_output_spare_stdout(cli_output *output);

/* Talk, not shown with --quiet or --json. A line end is added. */
void cli_output_say(cli_output *output, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A warning; shown with --quiet too. */
void cli_output_warn(cli_output *output, const char *text);

/* An error, with its hint and (JSON) the server's status; any may be "". */
void cli_output_error(cli_output *output, int status, const char *message,
    const char *hint, const char *remote);

/* A result's JSON, as it is. */
void cli_output_json(cli_output *output, const char *json);

/* Callbacks for the library; payload is the cli_output. */
int cli_output_progress(const dbb_progress *report, void *output);
void cli_output_log(int level, const char *line, void *output);

/* Write out the answers so far, before talk follows them. */
void cli_output_flush(cli_output *output);

/* Take the progress line away. */
void cli_output_clear(cli_output *output);

/* Has everything been written? DBB_EIO and why, when not. */
int cli_output_finish(cli_output *output, cli_failure *why);

#endif
