/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_mark: a process, as one that comes later finds out whether it is
 * still there: the boot of the machine, the namespace of process ids (a
 * container has its own), the id, and when it was started, since ids come
 * again.
 */
#ifndef DBBI_PROCESS_MARK_H
#define DBBI_PROCESS_MARK_H

#define DBBI_PROCESS_MARK_SIZE 128

/* This process's; empty where the system does not tell. */
void dbbi_process_mark(char out[DBBI_PROCESS_MARK_SIZE]);

enum dbbi_process_fate {
	DBBI_PROCESS_UNKNOWN,	/* another machine's, boot's or container's */
	DBBI_PROCESS_THERE,
	DBBI_PROCESS_GONE
};

/* `mark` may be anything, also NULL. */
enum dbbi_process_fate dbbi_process_fate(const char *mark);

#endif
