/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "util/text.h"

#define LINE_SIZE 4096

int
dbbi_run_init(dbbi_run *run, dbb_error *err)
{
	int ends[2];
	int errnum;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return dbbi_error_errno(err, errno, "making a pipe");
	errnum = pthread_mutex_init(&run->log_mutex, NULL);
	if (errnum != 0) {
		close(ends[0]);
		close(ends[1]);
		return dbbi_error_errno(err, errnum, "making a mutex");
	}
	atomic_init(&run->canceled, 0);
	run->wake[0] = ends[0];
	run->wake[1] = ends[1];
	run->log_level = 0;
	run->log = NULL;
	run->log_payload = NULL;
	return 0;
}

void
dbbi_run_clear(dbbi_run *run)
{
	close(run->wake[0]);
	close(run->wake[1]);
	pthread_mutex_destroy(&run->log_mutex);
}

/* A full pipe is as readable as it can be: failing to write is no loss. */
static void
wake(dbbi_run *run)
{
	ssize_t n;

	do
		n = write(run->wake[1], "c", 1);
	while (n < 0 && errno == EINTR);
}

void
dbbi_run_cancel(dbbi_run *run)
{
	int kept = errno;

	atomic_store(&run->canceled, 1);
	wake(run);
	errno = kept;
}

void
dbbi_run_resume(dbbi_run *run)
{
	char buffer[64];
	ssize_t n;

	atomic_store(&run->canceled, 0);
	do
		n = read(run->wake[0], buffer, sizeof(buffer));
	while (n > 0 || (n < 0 && errno == EINTR));
	/* A cancel that came in between lost its byte just now. */
	if (atomic_load(&run->canceled))
		wake(run);
}

int
dbbi_run_check(dbbi_run *run, dbb_error *err)
{
	if (!atomic_load(&run->canceled))
		return DBB_OK;
	return dbbi_error_set(err, DBB_ECANCELED, "canceled");
}

int
dbbi_run_wake_fd(const dbbi_run *run)
{
	return run->wake[0];
}

/* What is logged is one line, whatever a server said. */
static void
make_line(char *text)
{
	dbbi_text_make_utf8(text);
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void
dbbi_log(dbbi_run *run, int level, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list args;
	int n;

	if (run == NULL || run->log == NULL || level > run->log_level)
		return;
	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0)
		return;
	make_line(line);
	pthread_mutex_lock(&run->log_mutex);
	run->log(level, line, run->log_payload);
	pthread_mutex_unlock(&run->log_mutex);
}
