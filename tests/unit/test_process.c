/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deny_syscall.h"
#include "net/command.h"
#include "suite.h"
#include "util/clock.h"
#include "util/text.h"

#define TEN_MB ((size_t)10 << 20)

static dbbi_run run;
static dbb_error err;
static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	dbbi_error_clear(&err);
}

/* Whatever a test did, no child is left, not even a dead one. */
static void
tear_down(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	dbbi_run_clear(&run);
}

static dbbi_process *
start(const char *const *argv, uint32_t flags)
{
	dbbi_process_options o = { .argv = argv, .env = env, .flags = flags,
	    .pass_fd = -1 };
	dbbi_process *p = NULL;

	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_OK);
	return p;
}

static dbbi_process *
start_sh(const char *script, uint32_t flags)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	return start(argv, flags);
}

static char *
output_of(const char *const *argv)
{
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	char *out = NULL;
	size_t size = 0;

	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 1 << 20,
	    &err), DBB_OK);
	ck_assert_uint_eq(strlen(out), size);
	return out;
}

/* Does any process of this group still run? One that is dead and waits for
 * init to reap it does not. */
static int
group_runs(long group)
{
	char script[128];
	char *out;
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	int runs;

	snprintf(script, sizeof(script), "cat /proc/[0-9]*/stat 2>/dev/null |"
	    " awk '$5 == %ld && $3 != \"Z\"'", group);
	out = output_of(argv);
	runs = out[0] != '\0';
	free(out);
	return runs;
}

/* What was killed is gone a moment later, when the kernel has got to it. */
static int
group_ends(long group)
{
	uint64_t until = dbbi_monotonic_ms() + 5000;

	while (group_runs(group)) {
		if (dbbi_monotonic_ms() > until)
			return 0;
		usleep(20000);
	}
	return 1;
}

static void *
cancel_soon(void *unused)
{
	const struct timespec pause = { 0, 200 * 1000 * 1000 };

	(void)unused;
	nanosleep(&pause, NULL);
	dbbi_run_cancel(&run);
	return NULL;
}

START_TEST(says_that_all_is_well)
{
	static const char *const argv[] = { "/bin/true", NULL };
	dbbi_process *p = start(argv, 0);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

START_TEST(says_how_it_failed)
{
	dbbi_process *p = start_sh("echo one >&2; echo two >&2; exit 7", 0);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_str_eq(err.message,
	    "'/bin/sh' exited with status 7: one; two");
	ck_assert_str_eq(dbbi_process_stderr(p), "one\ntwo");
	dbbi_process_free(p);
}
END_TEST

START_TEST(says_that_it_said_nothing)
{
	static const char *const argv[] = { "/bin/false", NULL };
	dbbi_process *p = start(argv, 0);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_str_eq(err.message, "'/bin/false' exited with status 1 and "
	    "said nothing on stderr");
	dbbi_process_free(p);
}
END_TEST

START_TEST(names_the_signal_that_killed_it)
{
	dbbi_process *p = start_sh("kill -9 $$", 0);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(err.message, "signal 9 (SIGKILL)"));
	ck_assert_ptr_nonnull(strstr(err.hint, "memory"));
	dbbi_process_free(p);
}
END_TEST

START_TEST(refuses_a_missing_program)
{
	static const char *const argv[] = { "/nowhere/pg_dump", NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	dbbi_process *p = NULL;

	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_ETOOL);
	ck_assert_str_eq(err.message,
	    "starting '/nowhere/pg_dump': No such file or directory");
	ck_assert_str_eq(err.remote, "ENOENT");
	ck_assert(err.hint[0] != '\0');
	ck_assert_ptr_null(p);
}
END_TEST

START_TEST(refuses_a_file_that_cannot_run)
{
	char path[] = "/tmp/test_process_XXXXXX";
	const char *const argv[] = { path, NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	dbbi_process *p = NULL;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.hint, "executable"));
	ck_assert_int_eq(fchmod(fd, 0700), 0);
	ck_assert_int_eq(write(fd, "hello\n", 6), 6);
	close(fd);
	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_ETOOL);
	ck_assert_ptr_null(p);
	unlink(path);
}
END_TEST

START_TEST(refuses_what_is_no_path_and_wrong_options)
{
	static const char *const name[] = { "true", NULL };
	static const char *const path[] = { "/bin/true", NULL };
	static const char *const none[] = { NULL };
	const dbbi_process_options options[] = {
		{ .argv = name, .env = env, .pass_fd = -1 },
		{ .argv = none, .env = env, .pass_fd = -1 },
		{ .argv = NULL, .env = env, .pass_fd = -1 },
		{ .argv = path, .env = env, .pass_fd = 1 },
		{ .argv = path, .env = env, .pass_fd = 999 },
		{ .argv = path, .env = env, .pass_fd = -1, .flags = 64 },
	};
	dbbi_process *p = NULL;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		ck_assert_int_eq(dbbi_process_start(&p, &run, &options[i],
		    &err), DBB_EINVAL);
	dbbi_process_free(NULL);
}
END_TEST

static void *
feed(void *payload)
{
	dbbi_process *p = payload;
	char *block = malloc(TEN_MB);
	int accepted = 0;
	size_t i;

	for (i = 0; i < TEN_MB; i++)
		block[i] = (char)(i * 31 + i / 4099);
	if (dbbi_process_write(&accepted, p, block, TEN_MB, NULL) < 0)
		accepted = 0;
	dbbi_process_close_stdin(p);
	free(block);
	return accepted ? p : NULL;
}

START_TEST(passes_10_mb_through_both_ways_at_once)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	dbbi_process *p = start(argv, DBBI_PROCESS_STDIN |
	    DBBI_PROCESS_STDOUT);
	char block[65536];
	size_t got = 1, total = 0, i;
	pthread_t thread;
	void *fed;

	ck_assert_int_eq(pthread_create(&thread, NULL, feed, p), 0);
	while (got > 0) {
		ck_assert_int_eq(dbbi_process_read(&got, p, block,
		    sizeof(block), &err), DBB_OK);
		for (i = 0; i < got; i++, total++)
			if (block[i] != (char)(total * 31 + total / 4099))
				ck_abort_msg("byte %zu differs", total);
	}
	pthread_join(thread, &fed);
	ck_assert_ptr_nonnull(fed);
	ck_assert_uint_eq(total, TEN_MB);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

/* What a cancel ends, and how long it may take until the child is gone. */
static void
read_all(dbbi_process *p)
{
	char block[65536];
	size_t got = 1;
	int rc = DBB_OK;

	while (rc == DBB_OK && got > 0)
		rc = dbbi_process_read(&got, p, block, sizeof(block), &err);
	ck_assert_int_eq(rc, DBB_ECANCELED);
}

static void
write_all(dbbi_process *p)
{
	static const char block[65536];
	int rc = DBB_OK;

	while (rc == DBB_OK)
		rc = dbbi_process_write(NULL, p, block, sizeof(block), &err);
	ck_assert_int_eq(rc, DBB_ECANCELED);
}

static void
wait_for(dbbi_process *p)
{
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ECANCELED);
}

static const struct {
	const char *script;
	void (*use)(dbbi_process *p);
} canceled[] = {
	{ "exec sleep 60", read_all },
	{ "exec yes", read_all },
	{ "sleep 60; exec cat", write_all },
	{ "exec sleep 60", wait_for },
	{ "exec >&- 2>&- <&-; exec sleep 60", wait_for },
	{ "sleep 60", wait_for },
};

START_TEST(a_cancel_ends_reading_writing_and_waiting)
{
	dbbi_process *p = start_sh(canceled[_i].script, DBBI_PROCESS_STDIN |
	    DBBI_PROCESS_STDOUT);
	uint64_t before = dbbi_monotonic_ms();
	long pid = dbbi_process_id(p);
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	canceled[_i].use(p);
	pthread_join(thread, NULL);
	dbbi_process_free(p);
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 2000);
	dbbi_run_resume(&run);
	ck_assert(group_ends(pid));
}
END_TEST

START_TEST(starts_nothing_once_canceled)
{
	static const char *const argv[] = { "/bin/true", NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	dbbi_process *p = NULL;

	dbbi_run_cancel(&run);
	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err),
	    DBB_ECANCELED);
}
END_TEST

START_TEST(kills_what_does_not_hear_sigterm)
{
	dbbi_process *p = start_sh(
	    "trap '' TERM; echo; while :; do sleep 1; done",
	    DBBI_PROCESS_STDOUT);
	uint64_t before = dbbi_monotonic_ms(), took;
	char c;
	size_t got;
	long pid = dbbi_process_id(p);

	ck_assert_int_eq(dbbi_process_read(&got, p, &c, 1, &err), DBB_OK);
	dbbi_process_free(p);
	took = dbbi_monotonic_ms() - before;
	ck_assert_uint_ge(took, 2900);
	ck_assert_uint_lt(took, 5000);
	ck_assert(group_ends(pid));
}
END_TEST

START_TEST(ends_a_stopped_child)
{
	dbbi_process *p = start_sh("kill -STOP $$", 0);
	uint64_t before = dbbi_monotonic_ms();
	const struct timespec pause = { 0, 100 * 1000 * 1000 };

	nanosleep(&pause, NULL);
	dbbi_process_free(p);
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 2000);
}
END_TEST

START_TEST(a_child_may_read_only_a_part)
{
	dbbi_process *p = start_sh("head -c 10 >/dev/null", DBBI_PROCESS_STDIN);
	static const char block[4 << 20];
	int accepted = -1;

	ck_assert_int_eq(dbbi_process_write(&accepted, p, block,
	    sizeof(block), &err), DBB_OK);
	ck_assert_int_eq(accepted, 0);
	ck_assert_int_eq(dbbi_process_write(&accepted, p, block, 1, &err),
	    DBB_OK);
	ck_assert_int_eq(accepted, 0);
	ck_assert_int_eq(dbbi_process_write(NULL, p, block, 1, &err),
	    DBB_ESOURCE);
	dbbi_process_free(p);
}
END_TEST

START_TEST(a_child_that_fails_while_fed_is_reported)
{
	dbbi_process *p = start_sh("head -c 9 >/dev/null; echo no >&2; exit 1",
	    DBBI_PROCESS_STDIN);
	static const char block[4 << 20];
	int accepted = -1;

	ck_assert_int_eq(dbbi_process_write(&accepted, p, block,
	    sizeof(block), &err), DBB_ESOURCE);
	ck_assert_str_eq(err.message, "'/bin/sh' exited with status 1: no");
	ck_assert_int_eq(accepted, -1);
	dbbi_process_free(p);
}
END_TEST

/* SIGPIPE stays as the program has it: here it would kill. */
START_TEST(a_dead_reader_does_not_kill_us)
{
	struct sigaction action;
	sigset_t pending;
	dbbi_process *p;

	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
	ck_assert(action.sa_handler == SIG_DFL);
	p = start_sh("exit 3", DBBI_PROCESS_STDIN);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_int_eq(dbbi_process_write(NULL, p, "x", 1, &err),
	    DBB_ESOURCE);
	sigpending(&pending);
	ck_assert(!sigismember(&pending, SIGPIPE));
	dbbi_process_free(p);
}
END_TEST

START_TEST(a_full_pipe_without_a_reader_does_not_hang)
{
	/* The child of the child holds stdin, and reads nothing. */
	dbbi_process *p = start_sh("exec 3<&0; sleep 20 <&3 & exit 0",
	    DBBI_PROCESS_STDIN);
	static const char block[4 << 20];
	long pid = dbbi_process_id(p);
	int accepted = -1;

	ck_assert_int_eq(dbbi_process_write(&accepted, p, block,
	    sizeof(block), &err), DBB_OK);
	ck_assert_int_eq(accepted, 0);
	kill(-(pid_t)pid, SIGKILL);
	dbbi_process_free(p);
}
END_TEST

START_TEST(the_child_gets_the_environment_given)
{
	static const char *const argv[] = { "/bin/cat", "/proc/self/environ",
	    NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	static const char expected[] = "PATH=/usr/bin:/bin\0LC_ALL=C";
	char *out = NULL;
	size_t size;

	ck_assert_int_eq(setenv("DBB_PASSWORD", "x", 1), 0);
	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 4096,
	    &err), DBB_OK);
	ck_assert_uint_eq(size, sizeof(expected));
	ck_assert_mem_eq(out, expected, size);
	free(out);
}
END_TEST

START_TEST(a_command_of_the_users_is_given_nothing_of_our_configuration)
{
	char *out = NULL;

	ck_assert_int_eq(setenv("DBB_PASSWORD", "x", 1), 0);
	ck_assert_int_eq(setenv("DBB_POSTGRES_MAIN_CONNECTION", "y", 1), 0);
	ck_assert_int_eq(setenv("DBBX", "kept", 1), 0);
	ck_assert_msg(dbbi_command_password(&out, "env | grep -E '^DBB(_|X)'",
	    &run, &err) == DBB_OK, "%s", err.message);
	ck_assert_str_eq(out, "DBBX=kept\n");
	free(out);
}
END_TEST

START_TEST(the_child_gets_the_descriptors_given)
{
	static const char *const argv[] = { "/bin/ls", "/proc/self/fd",
	    NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	char expected[64];
	char *out = NULL;
	size_t size;
	int open_fd, pass_fd;

	open_fd = open("/dev/null", O_RDONLY);
	pass_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pass_fd = fcntl(pass_fd, F_DUPFD_CLOEXEC, 50);
	ck_assert_int_ge(open_fd, 3);
	/* 3 is the folder that ls reads. */
	out = output_of(argv);
	ck_assert_str_eq(out, "0\n1\n2\n3\n");
	free(out);
	o.pass_fd = pass_fd;
	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 4096,
	    &err), DBB_OK);
	snprintf(expected, sizeof(expected), "0\n1\n2\n3\n%d\n", pass_fd);
	ck_assert_str_eq(out, expected);
	free(out);
	ck_assert_int_eq(fcntl(pass_fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(works_when_the_program_closed_its_own_streams)
{
	static const char *const argv[] = { "/bin/cat", NULL };
	int kept = fcntl(2, F_DUPFD_CLOEXEC, 100);
	dbbi_process *p;
	char text[8] = "";
	size_t got = 0;

	close(0);
	close(1);
	close(2);
	p = start(argv, DBBI_PROCESS_STDIN | DBBI_PROCESS_STDOUT);
	ck_assert_int_eq(dbbi_process_write(NULL, p, "hello", 5, &err),
	    DBB_OK);
	dbbi_process_close_stdin(p);
	ck_assert_int_eq(dbbi_process_read(&got, p, text, sizeof(text), &err),
	    DBB_OK);
	ck_assert_str_eq(text, "hello");
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
	dup2(kept, 2);
	dup2(kept, 1);
	open("/dev/null", O_RDONLY);
}
END_TEST

START_TEST(the_child_has_default_signals_and_its_own_group)
{
	static const char *const argv[] = { "/bin/sh", "-c",
	    /* 32 and 33 are the C library's own and nobody can reset them;
	     * what posix_spawn starts (make does) has them ignored. */
	    "grep -E '^Sig(Blk|Ign)' /proc/self/status |"
	    "sed -E 's/[01][08](.{7})$/00\\1/';"
	    "test $(cut -d' ' -f5 /proc/$$/stat) = $$ && echo own", NULL };
	sigset_t set;
	char *out;

	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	out = output_of(argv);
	ck_assert_str_eq(out, "SigBlk:\t0000000000000000\n"
	    "SigIgn:\t0000000000000000\nown\n");
	free(out);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ck_assert(sigismember(&set, SIGUSR2) && !sigismember(&set, SIGPIPE));
}
END_TEST

START_TEST(keeps_the_last_lines_of_a_lot_of_stderr)
{
	dbbi_process *p = start_sh("yes 'a line of junk' | head -c1000000 >&2; "
	    "echo 'the reason' >&2; exit 1", 0);
	const char *text;

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	text = err.message + strlen(err.message) - strlen("the reason");
	ck_assert_str_eq(text, "the reason");
	ck_assert_ptr_nonnull(strstr(err.message,
	    "with status 1: a line of junk; a line"));
	text = dbbi_process_stderr(p);
	ck_assert_uint_le(strlen(text), 4096);
	ck_assert_uint_gt(strlen(text), 4000);
	ck_assert_int_eq(strncmp(text, "a line of junk\n", 15), 0);
	dbbi_process_free(p);
}
END_TEST

START_TEST(takes_in_stderr_while_reading)
{
	dbbi_process *p = start_sh("head -c 3000000 /dev/zero >&2; echo out",
	    DBBI_PROCESS_STDOUT);
	char text[8] = "";
	size_t got = 0;

	ck_assert_int_eq(dbbi_process_read(&got, p, text, sizeof(text), &err),
	    DBB_OK);
	ck_assert_str_eq(text, "out\n");
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

START_TEST(shows_only_what_can_be_shown)
{
	dbbi_process *p = start_sh(
	    "printf 'a\\33[1mb\\tc\\000d\\377 \\303\\274\\r\\n' >&2;"
	    "exit 1", 0);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_str_eq(dbbi_process_stderr(p),
	    "a?[1mb c?d? \xc3\xbc");
	dbbi_process_free(p);
}
END_TEST

static void
check_secret(const char *script, const char *secret, const char *forbidden)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1,
	    .secret = secret };
	dbbi_process *p = NULL;

	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_OK);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_ptr_null(strstr(err.message, forbidden));
	ck_assert_ptr_null(strstr(dbbi_process_stderr(p), forbidden));
	dbbi_process_free(p);
}

START_TEST(hides_the_secret)
{
	check_secret("echo 'password s3cr3t-w0rd is wrong' >&2; exit 1",
	    "s3cr3t-w0rd", "s3cr3t");
	check_secret("echo s3cr3t-w0rds3cr3t-w0rd >&2; exit 1",
	    "s3cr3t-w0rd", "3");
	/* Cut by the ring at any place, without any line end. */
	check_secret("i=0; while [ $i -lt 1000 ]; do printf s3cr3t-w0rd; "
	    "i=$((i+1)); done >&2; exit 1", "s3cr3t-w0rd", "w0rd");
	check_secret("echo x >&2; exit 1", "", "(hidden)");
}
END_TEST

START_TEST(a_grandchild_on_stderr_holds_nobody_up)
{
	uint64_t before = dbbi_monotonic_ms();
	dbbi_process *p = start_sh("sleep 20 & echo bye >&2; exit 0", 0);
	long pid = dbbi_process_id(p);

	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 1000);
	ck_assert_int_eq(kill(-(pid_t)pid, SIGKILL), 0);
	p = start_sh("sleep 20 & exit 1", 0);
	pid = dbbi_process_id(p);
	before = dbbi_monotonic_ms();
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	dbbi_process_free(p);
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 2000);
	ck_assert(group_ends(pid));	/* one that failed leaves nobody */
}
END_TEST

START_TEST(says_that_its_status_was_taken)
{
	dbbi_process *p = start_sh("exit 0", 0);

	ck_assert_int_eq(waitpid((pid_t)dbbi_process_id(p), NULL, 0),
	    (pid_t)dbbi_process_id(p));
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(err.hint, "SIGCHLD"));
	dbbi_process_free(p);
}
END_TEST

START_TEST(output_has_a_largest_size)
{
	static const char *const argv[] = { "/bin/echo", "12345", NULL };
	static const char *const endless[] = { "/usr/bin/yes", NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1 };
	char *out = NULL;
	size_t size = 0;

	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 6, &err),
	    DBB_OK);
	ck_assert_str_eq(out, "12345\n");
	free(out);
	out = NULL;
	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 5, &err),
	    DBB_ESOURCE);
	o.argv = endless;
	ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o, 100000,
	    &err), DBB_ESOURCE);
	ck_assert_ptr_null(out);
}
END_TEST

START_TEST(refuses_streams_that_are_not_there)
{
	static const char *const argv[] = { "/bin/true", NULL };
	dbbi_process *p = start(argv, 0);
	char c;
	size_t got;

	ck_assert_int_eq(dbbi_process_read(&got, p, &c, 1, &err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_process_write(NULL, p, "x", 1, &err),
	    DBB_EINVAL);
	dbbi_process_free(p);
}
END_TEST

static const long newer_calls[] = { SYS_pidfd_open, SYS_close_range };

START_TEST(works_on_an_older_kernel)
{
	static const char *const argv[] = { "/bin/ls", "/proc/self/fd",
	    NULL };
	dbbi_process *p;
	char *out;

	if (deny_syscall(newer_calls[_i], ENOSYS) != 0) {
		fprintf(stderr, "skipped: no seccomp\n");
		return;
	}
	ck_assert_int_ge(open("/dev/null", O_RDONLY), 3);
	out = output_of(argv);
	ck_assert_str_eq(out, "0\n1\n2\n3\n");
	free(out);
	p = start_sh("sleep 0.1; exec >&- 2>&-; sleep 0.2; exit 4", 0);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_ESOURCE);
	ck_assert_ptr_nonnull(strstr(err.message, "status 4"));
	dbbi_process_free(p);
	p = start_sh("sleep 60", 0);
	dbbi_process_free(p);
}
END_TEST

/* A program that dies takes its children with it. */
START_TEST(the_child_dies_with_its_parent)
{
	int ends[2], status;
	char c;
	pid_t parent;
	dbbi_process *p;

	ck_assert_int_eq(pipe(ends), 0);
	parent = fork();
	if (parent == 0) {
		static const char *const argv[] = { "/bin/sleep", "30", NULL };
		dbbi_process_options o = { .argv = argv, .env = env,
		    .pass_fd = ends[1] };

		if (dbbi_process_start(&p, &run, &o, NULL) != DBB_OK)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert(WIFSIGNALED(status));
	/* The pipe ends when the last holder, the sleep, is gone. */
	alarm(5);
	ck_assert_int_eq(read(ends[0], &c, 1), 0);
	alarm(0);
}
END_TEST

/* Silent, or closing its output and going on: neither is waited for. */
START_TEST(gives_up_what_takes_too_long)
{
	static const char *const scripts[] = {
		"sleep 600", "exec >&-; sleep 600", "while :; do echo x; "
		    "sleep 0.1; done",
	};
	uint64_t begun = dbbi_monotonic_ms();
	size_t i, size;
	char *out = NULL;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const char *const argv[] = { "/bin/sh", "-c", scripts[i],
		    NULL };
		dbbi_process_options o = { .argv = argv, .env = env,
		    .pass_fd = -1, .total_s = 1 };

		ck_assert_int_eq(dbbi_process_output(&out, &size, &run, &o,
		    1 << 20, &err), DBB_ESOURCE);
		ck_assert_str_eq(err.message,
		    "'/bin/sh' was not done after 1 s");
		ck_assert_ptr_null(out);
	}
	ck_assert_uint_ge(dbbi_monotonic_ms() - begun, 3000);
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 25000);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, says_that_all_is_well);
	tcase_add_test(tc, says_how_it_failed);
	tcase_add_test(tc, says_that_it_said_nothing);
	tcase_add_test(tc, names_the_signal_that_killed_it);
	tcase_add_test(tc, refuses_a_missing_program);
	tcase_add_test(tc, refuses_a_file_that_cannot_run);
	tcase_add_test(tc, refuses_what_is_no_path_and_wrong_options);
	tcase_add_test(tc, passes_10_mb_through_both_ways_at_once);
	tcase_add_loop_test(tc, a_cancel_ends_reading_writing_and_waiting, 0,
	    (int)(sizeof(canceled) / sizeof(canceled[0])));
	tcase_add_test(tc, starts_nothing_once_canceled);
	tcase_add_test(tc, kills_what_does_not_hear_sigterm);
	tcase_add_test(tc, ends_a_stopped_child);
	tcase_add_test(tc, a_child_may_read_only_a_part);
	tcase_add_test(tc, a_child_that_fails_while_fed_is_reported);
	tcase_add_test(tc, a_dead_reader_does_not_kill_us);
	tcase_add_test(tc, a_full_pipe_without_a_reader_does_not_hang);
	tcase_add_test(tc, the_child_gets_the_environment_given);
	tcase_add_test(tc,
	    a_command_of_the_users_is_given_nothing_of_our_configuration);
	tcase_add_test(tc, the_child_gets_the_descriptors_given);
	tcase_add_test(tc, works_when_the_program_closed_its_own_streams);
	tcase_add_test(tc, the_child_has_default_signals_and_its_own_group);
	tcase_add_test(tc, keeps_the_last_lines_of_a_lot_of_stderr);
	tcase_add_test(tc, takes_in_stderr_while_reading);
	tcase_add_test(tc, shows_only_what_can_be_shown);
	tcase_add_test(tc, hides_the_secret);
	tcase_add_test(tc, a_grandchild_on_stderr_holds_nobody_up);
	tcase_add_test(tc, says_that_its_status_was_taken);
	tcase_add_test(tc, output_has_a_largest_size);
	tcase_add_test(tc, refuses_streams_that_are_not_there);
	tcase_add_loop_test(tc, works_on_an_older_kernel, 0, 2);
	tcase_add_test(tc, the_child_dies_with_its_parent);
	tcase_add_test(tc, gives_up_what_takes_too_long);
}

int
main(void)
{
	Suite *s = suite_create("process");
	TCase *tc = tcase_create("process");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	add_tests(tc);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
