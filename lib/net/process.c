/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/process_internal.h"
#include "util/bytes.h"
#include "util/clock.h"

#define TERM_MS 3000		/* from SIGTERM to SIGKILL */
#define LEFTOVER_MS 500		/* what its children get after its own end */
#define MESSAGE_MAX 1500	/* of stderr in a message */
#define OUTPUT_BLOCK 65536

/* Look without reaping: a zombie keeps its number, and so its group can be
 * signaled without hitting a stranger. */
int
dbbi_process_ended(dbbi_process *p)
{
	siginfo_t info;
	int ended, rc;

	pthread_mutex_lock(&p->mutex);
	if (!p->ended) {
		do {
			memset(&info, 0, sizeof(info));
			rc = waitid(P_PID, (id_t)p->pid, &info,
			    WEXITED | WNOHANG | WNOWAIT);
		} while (rc != 0 && errno == EINTR);
		p->lost = rc != 0;
		p->ended = p->lost || info.si_pid == p->pid;
		p->code = info.si_code;
		p->status = info.si_status;
	}
	ended = p->ended;
	pthread_mutex_unlock(&p->mutex);
	return ended;
}

const char *
dbbi_process_stderr(dbbi_process *p)
{
	dbbi_process_drain(p);
	pthread_mutex_lock(&p->mutex);
	dbbi_tail_text(p->text, &p->tail, p->secret);
	pthread_mutex_unlock(&p->mutex);
	return p->text;
}

/* The last whole lines of stderr that fit, as one: "; a; b". */
static void
last_words(char out[2 * MESSAGE_MAX + 1], dbbi_process *p)
{
	char text[DBBI_TAIL_SIZE + 1];
	const char *from = text;
	size_t size, used = 0;

	pthread_mutex_lock(&p->mutex);
	dbbi_tail_text(text, &p->tail, p->secret);
	pthread_mutex_unlock(&p->mutex);
	size = strlen(text);
	if (size > MESSAGE_MAX) {
		from = text + size - MESSAGE_MAX;
		if (strchr(from, '\n') != NULL)
			from = strchr(from, '\n') + 1;
		while (((unsigned char)*from & 0xc0) == 0x80)
			from++;
	}
	for (; *from != '\0'; from++) {
		if (*from == '\n')
			out[used++] = ';';
		out[used++] = *from == '\n' ? ' ' : *from;
	}
	out[used] = '\0';
}

static int
report_lost(dbbi_process *p, dbb_error *err)
{
	int rc;

	rc = dbbi_error_set(err, DBB_ESOURCE, "'%s' ended, and how is not "
	    "known: another part of this program took its exit status",
	    p->program);
	dbbi_error_hint(err, "the program must neither ignore SIGCHLD nor "
	    "wait for children that it did not start");
	return rc;
}

/* `p` has ended: well, or how not. */
static int
judge(dbbi_process *p, dbb_error *err)
{
	char words[2 * MESSAGE_MAX + 1];
	const char *name, *verb = "said nothing on stderr";
	int rc;

	if (p->lost)
		return report_lost(p, err);
	if (p->code == CLD_EXITED && p->status == 0)
		return DBB_OK;
	last_words(words, p);
	if (words[0] != '\0')
		verb = words;
	if (p->code == CLD_EXITED)
		return dbbi_error_set(err, DBB_ESOURCE,
		    "'%s' exited with status %d%s%s", p->program, p->status,
		    words[0] != '\0' ? ": " : " and ", verb);
	name = sigabbrev_np(p->status);
	rc = dbbi_error_set(err, DBB_ESOURCE,
	    "'%s' was killed by signal %d (SIG%s)%s%s", p->program, p->status,
	    name != NULL ? name : "?", words[0] != '\0' ? ": " : " and ", verb);
	if (p->status == SIGKILL)
		dbbi_error_hint(err, "the kernel kills when memory is short: "
		    "look for 'out of memory' in its log (dmesg, journalctl "
		    "-k)");
	return rc;
}

int
dbbi_process_wait(dbbi_process *p, dbb_error *err)
{
	int rc;

	while (!dbbi_process_ended(p)) {
		if ((rc = dbbi_run_check(p->run, err)) < 0 ||
		    (rc = dbbi_process_poll(p, -1, 0, DBBI_WATCH_END, -1,
		    err)) < 0)
			return rc;
	}
	/* What it wrote is in the pipe by now; a child of its own that holds
	 * the pipe open is not waited for. */
	dbbi_process_drain(p);
	return judge(p, err);
}

long
dbbi_process_id(const dbbi_process *p)
{
	return (long)p->pid;
}

static int
left_ms(uint64_t deadline)
{
	uint64_t now = dbbi_monotonic_ms();

	return now >= deadline ? 0 : (int)(deadline - now);
}

/*
 * Ask the whole group to end, give it time, then end it. Children that it
 * leaves behind are taken to be gone when nobody holds its stderr any more.
 */
static void
terminate(dbbi_process *p)
{
	uint64_t deadline = dbbi_monotonic_ms() + TERM_MS;
	uint64_t leftovers;

	kill(-p->pid, SIGTERM);
	kill(-p->pid, SIGCONT);		/* a stopped one cannot hear it */
	dbbi_process_close_stdin(p);	/* only now: psql would commit what it
					   has at the end of its input */
	while (!dbbi_process_ended(p) && left_ms(deadline) > 0)
		if (dbbi_process_poll(p, -1, 0,
		    DBBI_WATCH_END | DBBI_NO_CANCEL, left_ms(deadline),
		    NULL) < 0)
			break;
	leftovers = dbbi_monotonic_ms() + LEFTOVER_MS;
	if (leftovers > deadline)
		leftovers = deadline;
	while (!p->err_ended && left_ms(leftovers) > 0)
		if (dbbi_process_poll(p, -1, 0, DBBI_NO_CANCEL,
		    left_ms(leftovers), NULL) < 0)
			break;
	if (!p->lost)
		kill(-p->pid, SIGKILL);
}

static void
end_child(dbbi_process *p)
{
	siginfo_t info;
	int may_kill = 1;

	/* What ended well may have left something running on purpose. */
	if (!dbbi_process_ended(p) || (!p->lost &&
	    (p->code != CLD_EXITED || p->status != 0))) {
		may_kill = kill(-p->pid, 0) == 0 || errno != EPERM;
		terminate(p);
	}
	/* One that belongs to another user by now (sudo) may ignore us for
	 * ever; it is reaped if it has ended. */
	while (!p->lost && waitid(P_PID, (id_t)p->pid, &info,
	    WEXITED | (may_kill ? 0 : WNOHANG)) != 0 && errno == EINTR)
		;
}

void
dbbi_process_free(dbbi_process *p)
{
	if (p == NULL)
		return;
	if (p->pid > 0)
		end_child(p);
	dbbi_process_close_stdin(p);
	if (p->out >= 0)
		close(p->out);
	if (p->err >= 0)
		close(p->err);
	if (p->pidfd >= 0)
		close(p->pidfd);
	pthread_mutex_destroy(&p->mutex);
	if (p->secret != NULL)
		dbbi_wipe(p->secret, strlen(p->secret));
	dbbi_wipe(&p->tail, sizeof(p->tail));
	free(p->secret);
	free(p->program);
	free(p);
}

/* All that it writes, and how it ended. */
static int
collect(dbbi_bytes *all, dbbi_process *p, size_t max, dbb_error *err)
{
	size_t got = 0;
	int rc;

	do {
		if ((rc = dbbi_bytes_reserve(all, all->size + OUTPUT_BLOCK,
		    err)) < 0 ||
		    (rc = dbbi_process_read(&got, p, all->data + all->size,
		    OUTPUT_BLOCK, err)) < 0)
			return rc;
		all->size += got;
		if (all->size > max)
			return dbbi_error_set(err, DBB_ESOURCE, "'%s' wrote "
			    "more than %zu bytes to its output", p->program,
			    max);
	} while (got > 0);
	return dbbi_process_wait(p, err);
}

int
dbbi_process_output(char **out, size_t *size, dbbi_run *run,
    const dbbi_process_options *options, size_t max, dbb_error *err)
{
	dbbi_process_options with = *options;
	dbbi_process *p = NULL;
	dbbi_bytes all;
	int rc;

	if (max > SIZE_MAX / 4)
		max = SIZE_MAX / 4;
	dbbi_bytes_init(&all, max + 2 * OUTPUT_BLOCK);
	with.flags = DBBI_PROCESS_STDOUT;
	if ((rc = dbbi_process_start(&p, run, &with, err)) < 0 ||
	    (rc = collect(&all, p, max, err)) < 0 ||
	    (rc = dbbi_bytes_add(&all, "", 1, err)) < 0)
		goto done;
	*out = (char *)all.data;
	*size = all.size - 1;
	all.data = NULL;
done:
	dbbi_process_free(p);
	dbbi_bytes_clear(&all);
	return rc;
}
