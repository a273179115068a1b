/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: run a program, talk to it through pipes, and know how it ended.
 *
 * A child gets exactly the arguments, environment and descriptors listed
 * here, a process group of its own (a terminal's Ctrl-C reaches only us),
 * default signal handling and an empty signal mask. It is told to die
 * (SIGTERM by prctl's PDEATHSIG) when the thread that started it ends, so
 * that thread must outlive it. No shell takes part.
 *
 * Errors name the program, how it ended, and the last lines of its stderr.
 * All waits end early with DBB_ECANCELED once `run` is canceled.
 */
#ifndef DBBI_PROCESS_H
#define DBBI_PROCESS_H

#include "util/run.h"
#include "util/reader.h"

typedef struct dbbi_process dbbi_process;

#define DBBI_PROCESS_STDIN  1u	/* we write its stdin; else /dev/null */
#define DBBI_PROCESS_STDOUT 2u	/* we read its stdout; else /dev/null */

typedef struct dbbi_process_options {
	const char *const *argv;	/* argv[0] is the path; NULL-ended */
	const char *const *env;		/* "NAME=value", NULL-ended */
	uint32_t flags;			/* DBBI_PROCESS_… */
	int pass_fd;			/* one more descriptor that it inherits
					   under the same number; -1: none */
	const char *secret;		/* never to appear in a message; may be
					   NULL; copied */
	unsigned total_s;		/* waiting for it longer is DBB_ESOURCE;
					   0: no bound */
} dbbi_process_options;

int dbbi_process_start(dbbi_process **out, dbbi_run *run,
    const dbbi_process_options *options, dbb_error *err);

/* Read its stdout. `*got` 0 is the end of the pipe: how it ended is not yet
 * known (dbbi_process_wait). stderr is collected meanwhile. */
int dbbi_process_read(size_t *got, dbbi_process *p, void *buffer,
    size_t size, dbb_error *err);

/* Write all of it to its stdin. When the child has closed its end, this
 * waits for it and reports how it ended; DBB_ESOURCE. `*accepted` (may be
 * NULL) is 0 when the child closed its stdin and exited with status 0. */
int dbbi_process_write(int *accepted, dbbi_process *p, const void *data,
    size_t size, dbb_error *err);
void dbbi_process_close_stdin(dbbi_process *p);

/* Wait for its end. Exit status 0 is DBB_OK, everything else DBB_ESOURCE
 * with the status or signal and the last lines of stderr. */
int dbbi_process_wait(dbbi_process *p, dbb_error *err);

/* The last lines it wrote to stderr so far, at most 4 KiB, made printable
 * (control characters replaced); borrowed until the next call. */
const char *dbbi_process_stderr(dbbi_process *p);

/* Its process id, for messages and tests. */
long dbbi_process_id(const dbbi_process *p);

/* Release it. One that still runs gets SIGTERM, and SIGKILL after 3 s; it is
 * always reaped. NULL is allowed. */
void dbbi_process_free(dbbi_process *p);

/* Run it to its end and hand over all of its stdout, at most `max` bytes
 * (more is DBB_ESOURCE); `*out` is NUL-ended and the caller's to free. */
int dbbi_process_output(char **out, size_t *size, dbbi_run *run,
    const dbbi_process_options *options, size_t max, dbb_error *err);

#endif
