/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dbbackup/common.h>

#include "signals.h"

#define PIPE_BYTES (1024 * 1024)
#define LOOK_MS 200			/* how soon a signal is heard of */

/*
 * A pipe is opened a second time, non-blocking: setting that on standard
 * output itself would set it for everyone who shares it. The library may
 * call us on a thread that hears no signals, so a wait must not be endless.
 */
static void
reopen_pipe(cli_plain *plain)
{
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0 || !S_ISFIFO(st.st_mode))
		return;
	fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	plain->fd = fd;
	plain->own = 1;
}

int
cli_plain_open(cli_plain *plain, cli_failure *why)
{
	memset(plain, 0, sizeof(*plain));
	plain->fd = STDOUT_FILENO;
	if (isatty(STDOUT_FILENO)) {
		cli_fail(why, DBB_EINVAL, "would write binary data to the "
		    "terminal");
		return cli_fail_hint(why, "redirect it: '> FILE', or "
		    "'| pg_restore ...'");
	}
	cli_signals_interrupt();
	reopen_pipe(plain);
	return 0;
}

int
cli_plain_write(const void *data, size_t size, void *payload)
{
	cli_plain *plain = payload;
	const char *at = data;

	while (size > 0) {
		struct pollfd ready = { .fd = plain->fd, .events = POLLOUT };
		ssize_t n = write(plain->fd, at, size);

		if (n >= 0) {
			at += n;
			size -= (size_t)n;
			continue;
		}
		if (errno == EAGAIN)
			poll(&ready, 1, LOOK_MS);
		else if (errno != EINTR)
			break;
		if (cli_signals_caught())
			return -1;
	}
	if (size > 0)
		plain->error = errno;
	return size > 0 ? -1 : 0;
}

int
cli_plain_close(cli_plain *plain, int rc, cli_failure *why)
{
	/* Files on a network say only at the end that they are full. */
	if (rc == 0 && plain->own == 0 && close(STDOUT_FILENO) < 0 &&
	    errno != EBADF)
		plain->error = errno;
	if (plain->own)
		close(plain->fd);
	if (rc == DBB_ECANCELED && cli_signals_caught())
		return cli_fail(why, DBB_ECANCELED, "canceled: what was "
		    "written is not the whole stream");
	if (plain->error == 0)
		return rc;
	cli_fail(why, DBB_EIO, "writing to standard output: %s",
	    strerror(plain->error));
	if (plain->error == EPIPE)
		cli_fail_hint(why, "the program that reads it ended before "
		    "the end of the data");
	return DBB_EIO;
}
