/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_internal: what the files of `process` share.
 *
 * process_start.c   makes the pipes, forks, and becomes the program
 * process_io.c      reads, writes, and waits for any of that
 * process_tail.c    remembers the end of stderr and makes it fit to show
 * process.c         knows how the child ended, and ends it
 *
 * One thread may read while another writes: `out` belongs to the reader,
 * `in` to the writer, and what lies below the mutex to both.
 */
#ifndef DBBI_PROCESS_INTERNAL_H
#define DBBI_PROCESS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "net/process.h"

#define DBBI_TAIL_SIZE 4096
#define DBBI_PIPE_SIZE (1 << 20)	/* where it is allowed */

/* The last bytes of what was written, as a ring. */
typedef struct dbbi_tail {
	char ring[DBBI_TAIL_SIZE];
	uint64_t total;		/* bytes ever added */
} dbbi_tail;

struct dbbi_process {
	dbbi_run *run;		/* borrowed */
	char *program;
	char *secret;		/* may be NULL */
	pid_t pid;		/* not reaped before dbbi_process_free, so that
				   the number stays ours to signal */
	int pidfd;		/* -1 where the kernel gives none */
	int in;			/* our ends of the pipes; -1: none */
	int out;
	int err;		/* open until free: another thread may be
				   polling it */
	int in_roomy;		/* the pipe holds DBBI_PIPE_SIZE */
	int out_roomy;
	int trickles;		/* much was read, the last time little */
	uint64_t read_bytes;
	unsigned total_s;	/* 0: no bound; else until deadline_ms */
	uint64_t deadline_ms;	/* by the monotonic clock */
	int closed_early;	/* the child stopped reading its stdin */
	atomic_int err_ended;

	pthread_mutex_t mutex;
	dbbi_tail tail;
	int ended;
	int lost;		/* it ended, and someone else took its status */
	int code;		/* CLD_EXITED, CLD_KILLED, … */
	int status;		/* exit status or signal */
	char text[DBBI_TAIL_SIZE + 1];
};

/* ---- process_tail.c ---- */

void dbbi_tail_add(dbbi_tail *tail, const char *data, size_t size);

/* Write what is remembered as printable UTF-8 text, lines kept, `secret`
 * (may be NULL) hidden, without a line that is cut in front. */
void dbbi_tail_text(char out[DBBI_TAIL_SIZE + 1], const dbbi_tail *tail,
    const char *secret);

/* ---- process_io.c ---- */

#define DBBI_WATCH_END  1u	/* return when the child has ended, too */
#define DBBI_NO_CANCEL  2u	/* a cancel does not end this wait */

/* Wait until `fd` (-1: none) has one of `events`, something was written to
 * stderr (it is taken in), or `timeout_ms` (-1: none) are over. May return
 * early: the caller looks for itself what holds. */
int dbbi_process_poll(dbbi_process *p, int fd, short events, unsigned watch,
    int timeout_ms, dbb_error *err);

/* Take in what is in the stderr pipe, without waiting. */
void dbbi_process_drain(dbbi_process *p);

/* ---- process.c ---- */

/* Has it ended? Does not wait. */
int dbbi_process_ended(dbbi_process *p);

#endif
