/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "pg_fixture.h"
#include "suite.h"

#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED 77
#define WAIT_MS 10000
#define SETTINGS_MAX 16
#define ROOM_MIN ((unsigned long long)512 << 20)

static struct {
	char bin[256];
	char folder[64];
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
	fprintf(stderr, "the test's PostgreSQL server: %s\n", why);
	tell_log();
	remove_folder();
	exit(1);
}

static void
skip(void)
{
	const char *ci = getenv("CI");

	if (ci != NULL && strcmp(ci, "true") == 0)
		give_up("no initdb here: install postgresql-15");
	printf("skipped: no initdb here: install postgresql-15\n");
	exit(SKIPPED);
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The newest that a distribution keeps. */
static void
find_programs(void)
{
	glob_t found;
	size_t i;
	long version, newest = 0;

	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
		skip();
	for (i = 0; i < found.gl_pathc; i++) {
		version = strtol(found.gl_pathv[i] +
		    sizeof("/usr/lib/postgresql"), NULL, 10);
		if (version <= newest)
			continue;
		newest = version;
		snprintf(server.bin, sizeof(server.bin), "%.*s",
		    (int)(strlen(found.gl_pathv[i]) - strlen("/initdb")),
		    found.gl_pathv[i]);
	}
	globfree(&found);
}

static const struct passwd *
server_user(void)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return NULL;
	user = getpwnam("postgres");
	return user != NULL ? user : getpwnam("nobody");
}

/* In memory where there is room, for its files are many. */
static void
make_folder(void)
{
	static const char memory[] = "/dev/shm";
	const struct passwd *user = server_user();
	struct statvfs room;

	snprintf(server.folder, sizeof(server.folder), "%s/dbb-pg-XXXXXX",
	    access(memory, W_OK) == 0 && statvfs(memory, &room) == 0 &&
	    room.f_bavail * room.f_frsize >= ROOM_MIN ? memory : "/tmp");
	if (mkdtemp(server.folder) == NULL ||
	    (user != NULL && chown(server.folder, user->pw_uid,
	    user->pw_gid) != 0))
		give_up("no folder for it");
}

/* In a child: become a program of the server's user, whose words go into
 * the log, and which ends with its parent. PostgreSQL refuses root. */
static void
become(const char *const *argv)
{
	const struct passwd *user = server_user();
	char path[300];
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir(server.folder) != 0 || (user != NULL &&
	    (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if ((fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644)) >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
	}
	snprintf(path, sizeof(path), "%s/%s", server.bin, argv[0]);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void
make_cluster(void)
{
	static const char *const argv[] = { "initdb", "-D", "data", "-U",
	    "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
	    "--no-sync", "--no-instructions", "--wal-segsize=1", NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		become(argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		give_up("initdb failed");
}

static pid_t
start_postgres(const char *const *settings)
{
	static const char *const usual[] = { "fsync=off", "autovacuum=off",
	    "listen_addresses=", "shared_buffers=16MB", "max_connections=40",
	    "wal_level=logical", "max_prepared_transactions=4",
	    "unix_socket_directories=..", NULL };
	const char *argv[6 + 2 * SETTINGS_MAX] = { "postgres", "-D", "data" };
	size_t i, n = 3;
	pid_t pid;

	for (i = 0; usual[i] != NULL; i++) {
		argv[n++] = "-c";
		argv[n++] = usual[i];
	}
	for (i = 0; settings != NULL && settings[i] != NULL &&
	    n < 4 + 2 * SETTINGS_MAX; i++) {
		argv[n++] = "-c";
		argv[n++] = settings[i];
	}
	argv[n] = NULL;
	if ((pid = fork()) == 0)
		become(argv);
	return pid;
}

/* The keeper: a process that waits for the test program's end, by SIGTERM or
 * by its death, and then ends the server and removes the folder. */
static void
keep_server(const char *const *settings, pid_t program)
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
	pid = getppid() == program ? start_postgres(settings) : -1;
	while (pid > 0 && signal != SIGTERM) {
		sigwait(&awaited, &signal);
		if (signal == SIGCHLD && waitpid(pid, NULL, WNOHANG) == pid)
			pid = -1;
	}
	if (pid > 0) {
		kill(pid, SIGQUIT);
		waitpid(pid, NULL, 0);
	}
	if (pid > 0 || signal == SIGTERM)
		remove_folder();
	_exit(pid > 0 ? 0 : 1);
}

static int
answers(void)
{
	return PQping(pg_server_conninfo(NULL, "postgres")) == PQPING_OK;
}

void
pg_server_start(const char *const *settings)
{
	pid_t program = getpid();
	int ms;

	find_programs();
	make_folder();
	make_cluster();
	fflush(NULL);
	if ((server.keeper = fork()) == 0)
		keep_server(settings, program);
	for (ms = 0; server.keeper > 0 && ms < WAIT_MS; ms += 20) {
		if (answers())
			return;
		if (waitpid(server.keeper, NULL, WNOHANG) == server.keeper)
			break;
		pause_ms(20);
	}
	give_up("it does not start");
}

void
pg_server_stop(void)
{
	kill(server.keeper, SIGTERM);
	waitpid(server.keeper, NULL, 0);
}

int
pg_server_run(Suite *suite)
{
	int status = suite_run(suite);

	pg_server_stop();
	return status;
}

const char *
pg_server_bin(void)
{
	return server.bin;
}

const char *
pg_server_conninfo(const char *user, const char *database)
{
	static char texts[4][256];
	static unsigned turn;
	char *text = texts[turn++ % 4];

	snprintf(text, sizeof(texts[0]), "host=%s user=%s dbname='%s'",
	    server.folder, user != NULL ? user : "postgres", database);
	return text;
}

/* ---- asking it ---- */

static void
drop_notice(void *payload, const char *message)
{
	(void)payload;
	(void)message;
}

PGconn *
pg_session(const char *database)
{
	PGconn *session = PQconnectdb(pg_server_conninfo(NULL, database));

	ck_assert_msg(PQstatus(session) == CONNECTION_OK, "%s",
	    PQerrorMessage(session));
	PQsetNoticeProcessor(session, drop_notice, NULL);
	return session;
}

static PGresult *
execute(PGconn *session, const char *sql)
{
	PGresult *res = PQexec(session, sql);
	ExecStatusType status = PQresultStatus(res);

	ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
	    "%s: %s", sql, PQerrorMessage(session));
	return res;
}

void
pg_session_do(PGconn *session, const char *sql)
{
	PQclear(execute(session, sql));
}

char *
pg_ask(const char *database, const char *sql)
{
	PGconn *session = pg_session(database);
	PGresult *res = execute(session, sql);
	char *text = strdup(PQntuples(res) > 0 ? PQgetvalue(res, 0, 0) : "");

	PQclear(res);
	PQfinish(session);
	ck_assert_ptr_nonnull(text);
	return text;
}

void
pg_sql(const char *database, const char *sql)
{
	free(pg_ask(database, sql));
}

void
pg_sqlf(const char *fmt, ...)
{
	char sql[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	pg_sql("postgres", sql);
}

void
pg_await(const char *database, const char *sql)
{
	char *text;
	int ms, yes;

	for (ms = 0; ms < WAIT_MS; ms += 20) {
		text = pg_ask(database, sql);
		yes = strcmp(text, "t") == 0;
		free(text);
		if (yes)
			return;
		pause_ms(20);
	}
	ck_abort_msg("waited in vain for: %s", sql);
}

/* ---- a source's world ---- */

static void
keep_line(int level, const char *line, void *payload)
{
	struct pg_world *w = payload;
	size_t n = strlen(w->log);

	(void)level;
	snprintf(w->log + n, sizeof(w->log) - n, "%s\n", line);
}

void
pg_world_set(struct pg_world *w, const char *key, const char *value)
{
	ck_assert_int_eq(dbbi_config_set(w->config, "postgres main", key,
	    value, &w->err), 0);
}

void
pg_world_begin(struct pg_world *w, const char *user, const char *database)
{
	static const char *const nothing[] = { NULL };

	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(dbbi_config_new(&w->config, &w->err), 0);
	ck_assert_int_eq(dbbi_config_load(w->config, "", nothing, &w->err),
	    0);
	ck_assert_int_eq(dbbi_run_init(&w->run, &w->err), 0);
	w->run.log = keep_line;
	w->run.log_level = DBB_LOG_INFO;
	w->run.log_payload = w;
	w->env = (dbbi_source_env){ .config = w->config, .run = &w->run,
	    .kind = "postgres", .name = "main" };
	pg_world_set(w, "connection", pg_server_conninfo(user, database));
}

void
pg_world_end(struct pg_world *w)
{
	dbbi_config_free(w->config);
	dbbi_run_clear(&w->run);
}
