/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/process_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

#define DRAIN_MAX (1 << 20)	/* at once, so that a chatterbox cannot hold
				   us up for ever */
#define NO_PIDFD_MS 20
#define MUCH (1 << 20)		/* read so far: more is to be expected */
#define LITTLE (1 << 17)	/* read at once */
#define GATHER_NS 500000L	/* in which a pipe of DBBI_PIPE_SIZE can be
				   neither filled nor emptied */

void
dbbi_process_drain(dbbi_process *p)
{
	char block[8192];
	size_t taken = 0;
	ssize_t n;

	pthread_mutex_lock(&p->mutex);
	while (!p->err_ended && taken < DRAIN_MAX) {
		n = read(p->err, block, sizeof(block));
		if (n > 0) {
			dbbi_tail_add(&p->tail, block, (size_t)n);
			taken += (size_t)n;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			p->err_ended = 1;
		} else if (errno == EAGAIN) {
			break;
		}
	}
	pthread_mutex_unlock(&p->mutex);
}

/* How long to wait, at most until its time is over. */
static int
within_time(const dbbi_process *p, int timeout_ms)
{
	uint64_t now = dbbi_monotonic_ms(), left;

	left = now < p->deadline_ms ? p->deadline_ms - now : 0;
	if (timeout_ms >= 0 && (uint64_t)timeout_ms < left)
		return timeout_ms;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static int
check_time(const dbbi_process *p, dbb_error *err)
{
	if (dbbi_monotonic_ms() < p->deadline_ms)
		return DBB_OK;
	return dbbi_error_set(err, DBB_ESOURCE,
	    "'%s' was not done after %u s", p->program, p->total_s);
}

int
dbbi_process_poll(dbbi_process *p, int fd, short events, unsigned watch,
    int timeout_ms, dbb_error *err)
{
	int end = (watch & DBBI_WATCH_END) != 0;
	int bounded = p->total_s != 0 && (watch & DBBI_NO_CANCEL) == 0;
	struct pollfd fds[] = {
		{ .fd = fd, .events = events },
		{ .fd = p->err_ended ? -1 : p->err, .events = POLLIN },
		{ .fd = end ? p->pidfd : -1, .events = POLLIN },
		{ .fd = (watch & DBBI_NO_CANCEL) != 0 ? -1 :
		    dbbi_run_wake_fd(p->run), .events = POLLIN },
	};

	if (end && p->pidfd < 0 &&
	    (timeout_ms < 0 || timeout_ms > NO_PIDFD_MS))
		timeout_ms = NO_PIDFD_MS;
	if (bounded)
		timeout_ms = within_time(p, timeout_ms);
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms) < 0) {
		if (errno == EINTR || errno == EAGAIN)
			return DBB_OK;
		return dbbi_error_errno(err, errno, "waiting for '%s'",
		    p->program);
	}
	if (fds[1].revents != 0)
		dbbi_process_drain(p);
	if (fds[3].revents != 0)
		return dbbi_run_check(p->run, err);
	return bounded ? check_time(p, err) : DBB_OK;
}

/*
 * Let some bytes, or some room, gather in a pipe. pg_dump writes 4 KiB at a
 * time: it would else wake its reader 250,000 times for 1 GB, and be held up
 * by that itself.
 */
static void
let_gather(void)
{
	const struct timespec moment = { 0, GATHER_NS };

	(void)nanosleep(&moment, NULL);
}

/* What a child begins with is never waited for, its last words no longer than
 * that moment. */
static void
note_read(dbbi_process *p, size_t got, size_t size)
{
	p->read_bytes += got;
	p->trickles = p->out_roomy && p->read_bytes >= MUCH && got > 0 &&
	    got < size && got < LITTLE;
}

int
dbbi_process_read(size_t *got, dbbi_process *p, void *buffer, size_t size,
    dbb_error *err)
{
	ssize_t n;
	int rc;

	if (p->out < 0 || size == 0)
		return dbbi_error_set(err, DBB_EINVAL,
		    "reading from '%s': %s", p->program,
		    size == 0 ? "no room" : "its output is not read");
	if (p->trickles)
		let_gather();
	for (;;) {
		if ((rc = dbbi_run_check(p->run, err)) < 0)
			return rc;
		n = read(p->out, buffer, size);
		if (n >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return dbbi_error_errno(err, errno,
			    "reading from '%s'", p->program);
		rc = dbbi_process_poll(p, p->out, POLLIN, 0, -1, err);
		if (rc < 0)
			return rc;
	}
	note_read(p, (size_t)n, size);
	*got = (size_t)n;
	return DBB_OK;
}

/*
 * Write without the SIGPIPE that a dead reader brings: it is blocked for
 * this thread only, and taken back if it came. The alternative, a socket
 * with MSG_NOSIGNAL, costs less here but cannot be opened as /dev/stdin by
 * the child, which scripts do, and holds less than a pipe of 1 MiB.
 */
static ssize_t
write_quietly(int fd, const void *data, size_t size)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe_set, pending, before;
	ssize_t n;
	int problem;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigemptyset(&pending);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
	n = write(fd, data, size);
	problem = errno;
	if (n < 0 && problem == EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_set, NULL, &now) < 0 &&
		    errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = problem;
	return n;
}

/* It reads no more: how it ended says whether that is a failure. */
static int
closed_early(int *accepted, dbbi_process *p, dbb_error *err)
{
	int rc;

	dbbi_process_close_stdin(p);
	p->closed_early = 1;
	if ((rc = dbbi_process_wait(p, err)) < 0)
		return rc;
	if (accepted == NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "'%s' ended with "
		    "status 0 before it had read all of its input",
		    p->program);
	*accepted = 0;
	return DBB_OK;
}

int
dbbi_process_write(int *accepted, dbbi_process *p, const void *data,
    size_t size, dbb_error *err)
{
	const char *at = data;
	ssize_t n;
	int rc;

	if (p->in < 0)
		return p->closed_early ? closed_early(accepted, p, err) :
		    dbbi_error_set(err, DBB_EINVAL, "writing to '%s': its "
		    "input is not open", p->program);
	while (size > 0) {
		if ((rc = dbbi_run_check(p->run, err)) < 0)
			return rc;
		n = write_quietly(p->in, at, size);
		if (n >= 0) {
			at += n;
			size -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EPIPE)
			return closed_early(accepted, p, err);
		if (errno != EAGAIN)
			return dbbi_error_errno(err, errno, "writing to '%s'",
			    p->program);
		/* The pipe is full. A child of its child may hold it open
		 * without reading after it ended itself. */
		if (dbbi_process_ended(p))
			return closed_early(accepted, p, err);
		if (p->in_roomy)
			let_gather();
		rc = dbbi_process_poll(p, p->in, POLLOUT, DBBI_WATCH_END, -1,
		    err);
		if (rc < 0)
			return rc;
	}
	if (accepted != NULL)
		*accepted = 1;
	return DBB_OK;
}

void
dbbi_process_close_stdin(dbbi_process *p)
{
	if (p->in >= 0)
		close(p->in);
	p->in = -1;
}
