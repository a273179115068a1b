/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"

#define LOOK_MS 200			/* how soon a signal is heard of */

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

/* Wait until there is something to read; -1 when a signal asks to stop,
 * which may have come before the waiting began. */
static int
wait_for_input(void)
{
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };

	do {
		if (cli_signals_caught())
			return -1;
	} while (poll(&ready, 1, LOOK_MS) <= 0);
	return 0;
}

/* One line, cut at its end; -1 when there is none or it is too long. */
static int
read_line(char *out, size_t size)
{
	size_t n = 0;

	while (n < size - 1 && wait_for_input() == 0 &&
	    read(STDIN_FILENO, out + n, 1) == 1) {
		if (out[n] == '\n') {
			out[n] = '\0';
			return n > 0 ? 0 : -1;
		}
		n++;
	}
	return -1;
}

int
cli_terminal_secret(char *out, size_t size, const char *question)
{
	struct termios shown, hidden;
	int rc;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return -1;
	hidden = shown;
	hidden.c_lflag &= (tcflag_t)~ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0)
		return -1;
	fputs(question, stderr);
	fflush(stderr);
	rc = read_line(out, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return rc;
}

void
cli_terminal_forget(char *secret, size_t size)
{
	explicit_bzero(secret, size);
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
