/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"

#define FIRST_FREE_FD 3		/* above stdin, stdout and stderr */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* All that the child needs, made ready before the fork. */
struct launch {
	const char *const *argv;
	const char *const *env;
	int fds[3];		/* to become its stdin, stdout and stderr */
	int pass_fd;
	int status_fd;		/* takes errno when there is no exec */
	int fd_limit;
	pid_t parent;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Default handling for every signal: ignored ones would stay ignored over
 * exec, and a handler of the host program must not run in the child. */
static void
reset_signals(void)
{
	struct sigaction action;
	int i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	for (i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
}

/* Nothing above stderr outlives exec, but pass_fd. */
static int
seal_descriptors(const struct launch *l)
{
	int fd;

	if (close_range(FIRST_FREE_FD, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		for (fd = FIRST_FREE_FD; fd < l->fd_limit; fd++)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (l->pass_fd >= 0 && fcntl(l->pass_fd, F_SETFD, 0) != 0)
		return -1;
	return 0;
}

/* The child's way to exec: async-signal-safe calls only. */
static _Noreturn void
become(const struct launch *l)
{
	sigset_t none;
	int i, problem;

	setpgid(0, 0);
	reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		goto failed;
	if (getppid() != l->parent)	/* it died before the prctl */
		_exit(127);
	for (i = 0; i < 3; i++)
		if (dup2(l->fds[i], i) < 0)
			goto failed;
	if (seal_descriptors(l) != 0)
		goto failed;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The two are declared without const for reasons of history. */
	execve(l->argv[0], (char **)(uintptr_t)l->argv,
	    (char **)(uintptr_t)l->env);
failed:
	problem = errno;
	if (write(l->status_fd, &problem, sizeof(problem)) < 0)
		_exit(126);
	_exit(127);
}

/* Fork with every signal blocked, so that no handler of the host program
 * runs in the child before its handling is reset. */
static pid_t
fork_quietly(const struct launch *l)
{
	sigset_t all, before;
	pid_t pid;
	int problem;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(l);
	problem = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = problem;
	return pid;
}

/* Descriptors 0 to 2 are free in a program that closed its own; dup2 in the
 * child would then overwrite one that is still to be used. */
static int
lift(int *fd)
{
	int higher;

	if (*fd < 0 || *fd >= FIRST_FREE_FD)
		return *fd < 0 ? -1 : 0;
	higher = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	close(*fd);
	*fd = higher;
	return higher < 0 ? -1 : 0;
}

/* `ours` does not block; `theirs` does. They are two open files, so that the
 * flag of one does not show in the other. */
static int
make_pipe(int *ours, int *theirs, int we_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	*ours = fds[we_write ? 1 : 0];
	*theirs = fds[we_write ? 0 : 1];
	if (lift(ours) != 0 || lift(theirs) != 0)
		return -1;
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int
make_stream(int *ours, int *theirs, int wanted, int we_write)
{
	if (!wanted) {
		*theirs = open("/dev/null",
		    (we_write ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		return lift(theirs);
	}
	if (make_pipe(ours, theirs, we_write) != 0)
		return -1;
	/* Larger where it is allowed; the usual size does, too. */
	(void)fcntl(*ours, F_SETPIPE_SZ, DBBI_PIPE_SIZE);
	return 0;
}

static int
is_roomy(int fd)
{
	return fd >= 0 && fcntl(fd, F_GETPIPE_SZ) >= DBBI_PIPE_SIZE;
}

/* What exec said, or 0 when it became the program. */
static int
read_status(int fd)
{
	int problem = 0;
	ssize_t n;

	do {
		n = read(fd, &problem, sizeof(problem));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(problem) ? problem : 0;
}

static int
report_start(const char *program, int problem, dbb_error *err)
{
	int rc;

	rc = dbbi_error_errno(err, problem, "starting '%s'", program);
	if (problem == EACCES)
		dbbi_error_hint(err, "make '%s' executable for this user",
		    program);
	if (problem != ENOENT && problem != ENOTDIR && problem != ENOEXEC)
		return rc;
	dbbi_error_hint(err, problem == ENOEXEC ?
	    "'%s' is not a program for this machine, or a script without "
	    "'#!' in front" :
	    "install what '%s' belongs to, or the interpreter that its first "
	    "line names", program);
	if (err != NULL)
		err->code = DBB_ETOOL;
	return DBB_ETOOL;
}

/* Fork, and learn whether it became the program. */
static int
launch_child(dbbi_process *p, struct launch *l, dbb_error *err)
{
	struct rlimit limit;
	int status_fd = -1, rc, problem;

	l->parent = getpid();
	l->fd_limit = getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < 1 << 20 ? (int)limit.rlim_cur : 1 << 20;
	if (make_pipe(&status_fd, &l->status_fd, 0) != 0 ||
	    fcntl(status_fd, F_SETFL, 0) != 0 ||
	    (p->pid = fork_quietly(l)) < 0) {
		problem = errno;
		p->pid = 0;
		close_fd(&status_fd);
		return dbbi_error_errno(err, problem, "starting '%s'",
		    p->program);
	}
	close_fd(&l->status_fd);
	problem = read_status(status_fd);
	close_fd(&status_fd);
	if (problem != 0) {
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		p->pid = 0;
		rc = report_start(p->program, problem, err);
		return rc;
	}
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	return DBB_OK;
}

static int
check_options(const dbbi_process_options *o, dbb_error *err)
{
	if (o->argv == NULL || o->argv[0] == NULL ||
	    strchr(o->argv[0], '/') == NULL)
		return dbbi_error_set(err, DBB_EINVAL,
		    "starting '%s': a program is named by its path",
		    o->argv != NULL && o->argv[0] != NULL ? o->argv[0] : "");
	if ((o->flags & ~(DBBI_PROCESS_STDIN | DBBI_PROCESS_STDOUT)) != 0)
		return dbbi_error_set(err, DBB_EINVAL,
		    "starting '%s': unknown flags", o->argv[0]);
	if (o->pass_fd != -1 && (o->pass_fd < FIRST_FREE_FD ||
	    fcntl(o->pass_fd, F_GETFD) < 0))
		return dbbi_error_set(err, DBB_EINVAL,
		    "starting '%s': descriptor %d cannot be passed on",
		    o->argv[0], o->pass_fd);
	return DBB_OK;
}

static int
make_process(dbbi_process **out, dbbi_run *run,
    const dbbi_process_options *options, dbb_error *err)
{
	dbbi_process *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return dbbi_error_nomem(err);
	p->run = run;
	p->pidfd = p->in = p->out = p->err = -1;
	p->total_s = options->total_s;
	p->deadline_ms = dbbi_monotonic_ms() +
	    (uint64_t)options->total_s * 1000;
	if (pthread_mutex_init(&p->mutex, NULL) != 0) {
		free(p);
		return dbbi_error_nomem(err);
	}
	p->program = dbbi_text_dup(options->argv[0]);
	if (options->secret != NULL)
		p->secret = dbbi_text_dup(options->secret);
	if (p->program == NULL ||
	    (options->secret != NULL && p->secret == NULL)) {
		dbbi_process_free(p);
		return dbbi_error_nomem(err);
	}
	*out = p;
	return DBB_OK;
}

int
dbbi_process_start(dbbi_process **out, dbbi_run *run,
    const dbbi_process_options *options, dbb_error *err)
{
	static const char *const nothing[] = { NULL };
	dbbi_process *p = NULL;
	struct launch l = { .fds = { -1, -1, -1 }, .status_fd = -1 };
	int rc;

	if ((rc = check_options(options, err)) < 0 ||
	    (rc = dbbi_run_check(run, err)) < 0 ||
	    (rc = make_process(&p, run, options, err)) < 0)
		goto done;
	l.argv = options->argv;
	l.env = options->env != NULL ? options->env : nothing;
	l.pass_fd = options->pass_fd;
	if (make_stream(&p->in, &l.fds[0],
	    (options->flags & DBBI_PROCESS_STDIN) != 0, 1) != 0 ||
	    make_stream(&p->out, &l.fds[1],
	    (options->flags & DBBI_PROCESS_STDOUT) != 0, 0) != 0 ||
	    make_pipe(&p->err, &l.fds[2], 0) != 0) {
		rc = dbbi_error_errno(err, errno, "starting '%s': making its "
		    "pipes", p->program);
		goto done;
	}
	p->in_roomy = is_roomy(p->in);
	p->out_roomy = is_roomy(p->out);
	if ((rc = launch_child(p, &l, err)) < 0)
		goto done;
	*out = p;
	p = NULL;
done:
	close_fd(&l.fds[0]);
	close_fd(&l.fds[1]);
	close_fd(&l.fds[2]);
	close_fd(&l.status_fd);
	dbbi_process_free(p);
	return rc;
}
