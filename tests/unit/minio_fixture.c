/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "minio_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "suite.h"

#define SKIPPED 77
#define WAIT_MS 30000

static const char minio_name[] = "minio";
static const char versity_name[] = "versitygw";

static struct {
	const char *name;	/* one of these */
	char program[512];
	char folder[64];
	char address[32];	/* "127.0.0.1:PORT" */
	char endpoint[64];
	char by_name[64];
	struct sockaddr_in at;
	pid_t keeper;		/* starts the server, and ends it */
} server;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
remove_folder(void)
{
	if (server.folder[0] != '\0')
		nftw(server.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
tell_log(void)
{
	char path[128], line[512];
	FILE *log;

	snprintf(path, sizeof(path), "%s/log", server.folder);
	if ((log = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), log) != NULL)
		fputs(line, stderr);
	fclose(log);
}

static void
give_up(const char *why)
{
	fprintf(stderr, "the test's %s: %s\n", server.name, why);
	tell_log();
	remove_folder();
	exit(1);
}

static void
find_program(void)
{
	const char *folder = getenv("TEST_SERVERS");
	const char *cache = getenv("XDG_CACHE_HOME"), *ci = getenv("CI");
	const char *home = getenv("HOME");

	if (folder != NULL && *folder != '\0')
		snprintf(server.program, sizeof(server.program), "%s/%s",
		    folder, server.name);
	else if (cache != NULL && *cache != '\0')
		snprintf(server.program, sizeof(server.program),
		    "%s/libdbbackup/servers/%s", cache, server.name);
	else
		snprintf(server.program, sizeof(server.program),
		    "%s/.cache/libdbbackup/servers/%s",
		    home != NULL ? home : "", server.name);
	if (access(server.program, X_OK) == 0)
		return;
	printf("skipped: no '%s': tests/lib/s3_servers.sh builds it\n",
	    server.program);
	exit(ci != NULL && strcmp(ci, "true") == 0 ? 1 : SKIPPED);
}

/* One that was free a moment ago. */
static void
choose_port(void)
{
	socklen_t size = sizeof(server.at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned port;

	server.at.sin_family = AF_INET;
	server.at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&server.at, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&server.at, &size) != 0)
		give_up("no port for it");
	close(fd);
	port = ntohs(server.at.sin_port);
	snprintf(server.address, sizeof(server.address), "127.0.0.1:%u",
	    port);
	snprintf(server.endpoint, sizeof(server.endpoint), "http://%s",
	    server.address);
	snprintf(server.by_name, sizeof(server.by_name),
	    "http://localhost:%u", port);
}

static pid_t
start_server(void)
{
	char data[80], log[80];
	const char *minio[] = { minio_name, "server", data, "--address",
	    server.address, "--quiet", NULL };
	const char *versity[] = { versity_name, "--port", server.address,
	    "posix", data, NULL };
	const char *const *argv = server.name == minio_name ? minio : versity;
	sigset_t none;
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(data, sizeof(data), "%s/data", server.folder);
	snprintf(log, sizeof(log), "%s/log", server.folder);
	if ((fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644)) >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
	}
	setenv("MINIO_ROOT_USER", MINIO_USER, 1);
	setenv("MINIO_ROOT_PASSWORD", MINIO_PASSWORD, 1);
	setenv("ROOT_ACCESS_KEY", MINIO_USER, 1);
	setenv("ROOT_SECRET_KEY", MINIO_PASSWORD, 1);
	if (mkdir(data, 0700) != 0)
		_exit(126);
	setenv("MINIO_DOMAIN", "localhost", 1);
	setenv("MINIO_BROWSER", "off", 1);
	setenv("HOME", server.folder, 1);
	execv(server.program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* The keeper: a process that waits for the test program's end, by SIGTERM or
 * by its death, and then ends the server and removes the folder. */
static void
keep_server(pid_t program)
{
	sigset_t awaited;
	int signal = 0;
	pid_t pid;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGINT);	/* a terminal's: our parent decides */
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	pid = getppid() == program ? start_server() : -1;
	while (pid > 0 && signal != SIGTERM) {
		sigwait(&awaited, &signal);
		if (signal == SIGCHLD && waitpid(pid, NULL, WNOHANG) == pid)
			pid = -1;
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (pid > 0 || signal == SIGTERM)
		remove_folder();
	_exit(pid > 0 ? 0 : 1);
}

static int
answers(void)
{
	static const char ask[] = "GET /minio/health/cluster HTTP/1.1\r\n"
	    "Host: localhost\r\nConnection: close\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[16] = "";
	int yes;

	yes = fd >= 0 && connect(fd, (struct sockaddr *)&server.at,
	    sizeof(server.at)) == 0 &&
	    send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) > 0 &&
	    read(fd, answer, sizeof(answer) - 1) > 0 &&
	    strstr(answer, server.name == minio_name ? " 200" : "HTTP") !=
	    NULL;
	if (fd >= 0)
		close(fd);
	return yes;
}

static void
start(const char *name)
{
	struct timespec pause = { 0, 20000000 };
	pid_t program = getpid();
	int ms;

	server.name = name;
	find_program();
	choose_port();
	snprintf(server.folder, sizeof(server.folder), "/tmp/dbb-s3-XXXXXX");
	if (mkdtemp(server.folder) == NULL)
		give_up("no folder for it");
	fflush(NULL);
	if ((server.keeper = fork()) == 0)
		keep_server(program);
	for (ms = 0; server.keeper > 0 && ms < WAIT_MS; ms += 20) {
		if (answers())
			return;
		if (waitpid(server.keeper, NULL, WNOHANG) == server.keeper)
			break;
		nanosleep(&pause, NULL);
	}
	give_up("it does not start");
}

void
minio_start(void)
{
	start(minio_name);
}

void
versity_start(void)
{
	start(versity_name);
}

void
minio_stop(void)
{
	kill(server.keeper, SIGTERM);
	waitpid(server.keeper, NULL, 0);
}

int
minio_run(Suite *suite)
{
	int status = suite_run(suite);

	minio_stop();
	return status;
}

const char *
minio_endpoint(void)
{
	return server.endpoint;
}

const char *
minio_endpoint_by_name(void)
{
	return server.by_name;
}
