/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/process_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define NAMESPACE "/proc/self/ns/pid"
#define PLACE_SIZE 80		/* "<boot id>/<namespace>/" */

/* Of /proc/PID/stat: see proc_pid_stat(5). What counts begins behind the
 * name, which may hold blanks and brackets, with field 3. */
#define FIRST_FIELD 3
#define STATE 3
#define THREADS 20
#define STARTED 22

/* Read the beginning of a file as text; 0, or -1. */
static int
read_text(char *text, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return 0;
}

/* Where process ids mean the same as here. */
static int
read_place(char out[PLACE_SIZE])
{
	char boot[40], space[32];
	ssize_t n;

	if (read_text(boot, sizeof boot, BOOT_ID) < 0 ||
	    (n = readlink(NAMESPACE, space, sizeof space - 1)) <= 0)
		return -1;
	boot[strcspn(boot, "\n")] = '\0';
	space[n] = '\0';
	return snprintf(out, PLACE_SIZE, "%s/%s/", boot, space) <
	    PLACE_SIZE ? 0 : -1;
}

/* The text of a field, in place; NULL when there are not so many. */
static char *
find_field(char *stat, unsigned field)
{
	char *at = strrchr(stat, ')');

	if (at == NULL)
		return NULL;
	for (at++; *at == ' ' && field > FIRST_FIELD; field--) {
		at++;
		at += strcspn(at, " ");
	}
	return *at == ' ' ? at + 1 : NULL;
}

static int
read_number(uint64_t *out, char *stat, unsigned field)
{
	char digits[24], *at = find_field(stat, field);
	size_t n;

	if (at == NULL || (n = strcspn(at, " \n")) >= sizeof digits)
		return -1;
	memcpy(digits, at, n);
	digits[n] = '\0';
	return dbbi_parse_u64(out, digits, 0, UINT64_MAX);
}

/* A process that ended and was not waited for still has its entry; so has one
 * whose first thread ended before the others. */
static int
is_remains(char *stat)
{
	const char *state = find_field(stat, STATE);
	uint64_t threads;

	return state != NULL && (*state == 'Z' || *state == 'X') &&
	    read_number(&threads, stat, THREADS) == 0 && threads <= 1;
}

/* When it was started, in the kernel's own unit; 0, or -1. */
static int
read_start(uint64_t *started, int *remains, uint64_t pid)
{
	char path[48], stat[1024];

	snprintf(path, sizeof path, "/proc/%llu/stat",
	    (unsigned long long)pid);
	if (read_text(stat, sizeof stat, path) < 0 ||
	    read_number(started, stat, STARTED) < 0)
		return -1;
	*remains = is_remains(stat);
	return 0;
}

void
dbbi_process_mark(char out[DBBI_PROCESS_MARK_SIZE])
{
	char place[PLACE_SIZE];
	uint64_t pid = (uint64_t)getpid(), started;
	int remains;

	*out = '\0';
	if (read_place(place) < 0 || read_start(&started, &remains, pid) < 0)
		return;
	snprintf(out, DBBI_PROCESS_MARK_SIZE, "%s%llu/%llu", place,
	    (unsigned long long)pid, (unsigned long long)started);
}

/* "<id>/<start>"; 0, or -1 for anything else. */
static int
split(uint64_t *pid, uint64_t *started, const char *text)
{
	size_t n = strcspn(text, "/");
	char digits[24];

	if (text[n] != '/' || n >= sizeof digits)
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	return dbbi_parse_u64(pid, digits, 1, INT32_MAX) < 0 ? -1 :
	    dbbi_parse_u64(started, text + n + 1, 0, UINT64_MAX);
}

enum dbbi_process_fate
dbbi_process_fate(const char *mark)
{
	char place[PLACE_SIZE];
	uint64_t pid, started, now;
	int remains;

	if (mark == NULL || read_place(place) < 0 ||
	    strncmp(mark, place, strlen(place)) != 0 ||
	    split(&pid, &started, mark + strlen(place)) < 0)
		return DBBI_PROCESS_UNKNOWN;
	/* What /proc does not show to this user is there all the same. */
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return DBBI_PROCESS_GONE;
	if (read_start(&now, &remains, pid) < 0)
		return DBBI_PROCESS_UNKNOWN;
	return now == started && !remains ? DBBI_PROCESS_THERE :
	    DBBI_PROCESS_GONE;
}
