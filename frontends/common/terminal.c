/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

void
cli_terminal_harden(void)
{
	const struct rlimit none = { 0, 0 };
	int fd;

	/* open(2) takes the lowest number that is free. Opened for reading,
	 * standard output fails when it is written to, as it should. */
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
	setrlimit(RLIMIT_CORE, &none);
}

size_t
cli_terminal_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* read(2), and not stdio, so that a signal ends the waiting. */
int
cli_terminal_confirm(const char *question)
{
	char answer[256];
	ssize_t n;

	fputs(question, stderr);
	fflush(stderr);
	n = read(STDIN_FILENO, answer, sizeof(answer));
	if (n <= 0)
		fputc('\n', stderr);
	return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}
