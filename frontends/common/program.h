/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program: what all programs have in common: parse, make a context, call
 * one verb, show its result or its error, and say by the exit code how it
 * went.
 */
#ifndef DBB_FRONTEND_PROGRAM_H
#define DBB_FRONTEND_PROGRAM_H

#include <dbbackup.h>

#include "failure.h"
#include "options.h"
#include "output.h"

typedef struct cli {
	const cli_program *program;
	const cli_verb *verb;
	cli_request request;
	dbb_context *context;		/* configured, when a verb runs */
	/* How the result is shown; the verb's, unless it says otherwise. */
	void (*show)(cli_output *output, struct json_object *result);
	cli_output output;
	cli_failure failure;		/* the program's own, goes before the
					   context's */
} cli;

/* The program, whole; what main returns. */
int cli_main(const cli_program *program, int argc, char **argv);

#endif
