/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How to connect, what the tools get, and what is said when it fails. The
 * server is a socket of the test's own that says one thing.
 */
#include <config.h>

#include "source/pg_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "suite.h"
#include "util/clock.h"

static dbbi_config *config;
static dbbi_run run;
static dbbi_source_env env;
static dbbi_pg_params *params;
static dbbi_pg_child child = { .fd = -1 };
static dbb_error err;

static void
set_up(void)
{
	static const char *const names[] = { "PGPASSWORD", "PGPASSFILE",
	    "PGSERVICE", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE",
	    "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", NULL };
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		unsetenv(names[i]);
	ck_assert_int_eq(dbbi_config_new(&config, NULL), 0);
	ck_assert_int_eq(dbbi_run_init(&run, NULL), 0);
	env = (dbbi_source_env){ .config = config, .run = &run,
	    .kind = "postgres", .name = "main" };
	dbbi_error_clear(&err);
}

static void
tear_down(void)
{
	dbbi_pg_child_clear(&child);
	dbbi_pg_params_free(params);
	params = NULL;
	dbbi_config_free(config);
	dbbi_run_clear(&run);
}

static void
configure(const char *key, const char *value)
{
	static const char *const nothing[] = { NULL };

	ck_assert_int_eq(dbbi_config_set(config, "postgres main", key, value,
	    &err), 0);
	ck_assert_int_eq(dbbi_config_load(config, "", nothing, &err), 0);
}

static int
make_params(void)
{
	return dbbi_pg_params_new(&params, &env, &err);
}

static int
make_child(const char *database)
{
	return dbbi_pg_child_new(&child, params, database, &err);
}

/* What `name` is in the child's environment; NULL when it is not there. */
static const char *
child_env(const char *name)
{
	size_t i, size = strlen(name);

	for (i = 0; i < child.env.count; i++) {
		if (strncmp(child.env.items[i], name, size) == 0 &&
		    child.env.items[i][size] == '=')
			return child.env.items[i] + size + 1;
	}
	return NULL;
}

/* Is `text` anywhere that others can see? */
static int
is_shown(const char *text)
{
	size_t i;

	for (i = 0; i < child.env.count; i++) {
		if (strstr(child.env.items[i], text) != NULL)
			return 1;
	}
	return strstr(child.conninfo, text) != NULL ||
	    strstr(err.message, text) != NULL ||
	    strstr(err.hint, text) != NULL;
}

/* What stands in the passfile. */
static const char *
passfile(void)
{
	static char text[256];
	int fd = open(child_env("PGPASSFILE"), O_RDONLY);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

START_TEST(reads_uris_and_words)
{
	configure("connection", _i == 0 ?
	    "postgresql://joe@db.example:5433/app?sslmode=require" :
	    "host=db.example port=5433 user=joe dbname=app sslmode=require");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_str_eq(dbbi_pg_params_get(params, "host"), "db.example");
	ck_assert_str_eq(dbbi_pg_params_get(params, "port"), "5433");
	ck_assert_str_eq(dbbi_pg_params_get(params, "user"), "joe");
	ck_assert_str_eq(dbbi_pg_params_get(params, "dbname"), "app");
	ck_assert_ptr_null(dbbi_pg_params_get(params, "passfile"));
	ck_assert_ptr_null(dbbi_pg_params_get(params, "no such thing"));
	ck_assert_ptr_null(dbbi_pg_params_secret(params));
}
END_TEST

START_TEST(the_environment_fills_what_is_left_out)
{
	setenv("PGHOST", "elsewhere", 1);
	setenv("PGUSER", "nobody", 1);
	configure("connection", "user=joe");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_str_eq(dbbi_pg_params_get(params, "host"), "elsewhere");
	ck_assert_str_eq(dbbi_pg_params_get(params, "user"), "joe");
	ck_assert_int_eq(make_child("app"), 0);
	ck_assert_str_eq(child_env("PGHOST"), "elsewhere");
	ck_assert_ptr_null(child_env("PGUSER"));
}
END_TEST

START_TEST(a_string_that_makes_no_sense_is_not_repeated)
{
	env.to = "host=db password=geheim rest";
	ck_assert_int_eq(make_params(), DBB_EINVAL);
	ck_assert_ptr_null(strstr(err.message, "geheim"));
	ck_assert_ptr_null(strstr(err.message, "rest"));
	ck_assert_str_ne(err.hint, "");
}
END_TEST

/* libpq takes a piece of the password for host, port or database. */
static const char *const mis_split[] = {
	"postgresql://joe:geh@eim@db/app",
	"postgres://joe:geh/eim@db/app",
	"postgresql://joe:x@geh/eim@db/app",
	"postgresql://joe:x?eim@geheim@db/app",
	"host=geheim@db user=joe",
	"postgresql://joe:geheim/app",
};

START_TEST(a_mis_split_string_is_refused_and_not_repeated)
{
	configure("connection", mis_split[_i]);
	ck_assert_int_eq(make_params(), DBB_ECONFIG);
	ck_assert_ptr_null(strstr(err.message, "geh"));
	ck_assert_ptr_null(strstr(err.message, "eim"));
	ck_assert_ptr_nonnull(strstr(err.message, "'@'"));
	ck_assert_ptr_nonnull(strstr(err.hint, "%40"));
}
END_TEST

START_TEST(an_at_sign_in_its_place_is_fine)
{
	static const char *const good[] = {
		"postgresql://joe:geh%40eim@db/app",
		"postgresql://db/app?user=joe@example",
		"host=db port=5432 user=joe@example dbname=a@b",
		"host=@abstract", "postgresql://a:1,b:2/app",
		"postgresql://joe@%2Frun%2Fpg/app",
	};

	configure("connection", good[_i]);
	ck_assert_int_eq(make_params(), 0);
}
END_TEST

START_TEST(a_password_given_to_the_call_is_refused)
{
	env.to = _i == 0 ? "postgresql://joe:geheim@db/app" :
	    "password=geheim";
	ck_assert_int_eq(make_params(), DBB_EINVAL);
	ck_assert_ptr_null(strstr(err.message, "geheim"));
	ck_assert_ptr_null(params);
}
END_TEST

START_TEST(the_password_is_found_in_its_order)
{
	setenv("PGPASSWORD", "environment", 1);
	configure("connection", _i == 0 ? "host=x" :
	    "host=x password=string");
	if (_i == 2)
		configure("password", "key");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_str_eq(dbbi_pg_params_secret(params), _i == 0 ?
	    "environment" : _i == 1 ? "string" : "key");
}
END_TEST

START_TEST(a_password_command_is_run)
{
	configure("password-command", "printf 'from %s' command");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_str_eq(dbbi_pg_params_secret(params), "from command");
}
END_TEST

START_TEST(a_password_command_that_fails_is_an_error)
{
	configure("password-command", "echo no luck >&2; exit 3");
	ck_assert_int_lt(make_params(), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "password-command"));
	ck_assert_ptr_nonnull(strstr(err.message, "no luck"));
}
END_TEST

START_TEST(another_server_prefers_pgpassword)
{
	configure("password", "key");
	env.to = "host=other";
	if (_i == 1)
		setenv("PGPASSWORD", "environment", 1);
	if (_i == 2)
		env.to = "host=other passfile=/x";
	ck_assert_int_eq(make_params(), 0);
	if (_i == 2)
		ck_assert_ptr_null(dbbi_pg_params_secret(params));
	else
		ck_assert_str_eq(dbbi_pg_params_secret(params), _i == 1 ?
		    "environment" : "key");
}
END_TEST

START_TEST(the_child_sees_no_secret)
{
	setenv("PGPASSWORD", "ge:he\\ymq", 1);
	setenv("PGCLIENTENCODING", "LATIN1", 1);
	setenv("PGPASSFILE", "/somewhere/else", 1);
	configure("connection", "host=x user=joe dbname=other");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("app"), 0);
	ck_assert(!is_shown("ge:he"));
	ck_assert(!is_shown("ymq"));
	ck_assert_ptr_null(child_env("PGPASSWORD"));
	ck_assert_ptr_null(child_env("PGCLIENTENCODING"));
	ck_assert_str_eq(passfile(), "*:*:*:*:ge\\:he\\\\ymq\n");
	ck_assert_str_eq(child_env("LC_ALL"), "C");
	ck_assert_ptr_nonnull(strstr(child.conninfo, "dbname='app'"));
	ck_assert_ptr_null(strstr(child.conninfo, "other"));
	ck_assert_ptr_nonnull(strstr(child.conninfo, "connect_timeout="));
}
END_TEST

START_TEST(the_passfile_is_what_libpq_accepts)
{
	struct stat st;

	configure("password", "x");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child(NULL), 0);
	ck_assert_int_gt(child.fd, 2);
	ck_assert_int_eq(stat(child_env("PGPASSFILE"), &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_lt(write(child.fd, "y", 1), 0);
	ck_assert_int_ne(fcntl(child.fd, F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

START_TEST(the_user_s_own_passfile_keeps_working)
{
	setenv("PGPASSFILE", "/somewhere/pgpass", 1);
	setenv("HOME", "/home/joe", 1);
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("app"), 0);
	ck_assert_int_eq(child.fd, -1);
	ck_assert_str_eq(child_env("PGPASSFILE"), "/somewhere/pgpass");
	ck_assert_str_eq(child_env("HOME"), "/home/joe");
}
END_TEST

START_TEST(no_timeout_strikes_the_child)
{
	if (_i == 1)
		setenv("PGOPTIONS", "-c role=x", 1);
	configure("connection", _i == 2 ? "host=x options='-c role=x'" :
	    "host=x");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("app"), 0);
	ck_assert_ptr_nonnull(strstr(child.conninfo, _i == 0 ?
	    "options='-c statement_timeout=0" :
	    "options='-c role=x -c statement_timeout=0"));
}
END_TEST

START_TEST(the_options_of_a_service_are_not_hidden)
{
	configure("connection", _i == 0 ? "service=s" :
	    "service=s options='-c role=x'");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("app"), 0);
	if (_i == 0)
		ck_assert_ptr_null(strstr(child.conninfo, "options="));
	else
		ck_assert_ptr_nonnull(strstr(child.conninfo,
		    "options='-c role=x -c statement_timeout=0"));
}
END_TEST

START_TEST(names_are_quoted_for_the_child)
{
	configure("connection", "user='j o\\'e'");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("a'b\\c d=e"), 0);
	ck_assert_ptr_nonnull(strstr(child.conninfo, "user='j o\\'e'"));
	ck_assert_ptr_nonnull(strstr(child.conninfo,
	    "dbname='a\\'b\\\\c d=e'"));
}
END_TEST

START_TEST(a_line_end_in_the_password_is_refused)
{
	configure("password", _i == 0 ? "ge\nheim" : "geheim\r");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(make_child("app"), DBB_ECONFIG);
	ck_assert_ptr_null(strstr(err.message, "heim"));
	ck_assert_int_eq(child.fd, -1);
}
END_TEST

START_TEST(a_secret_that_cannot_be_handed_on_is_refused)
{
	configure("connection", "host=x sslpassword=geheim");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_ptr_null(dbbi_pg_params_get(params, "sslpassword"));
	ck_assert_int_eq(make_child("app"), DBB_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, "'sslpassword'"));
	ck_assert_ptr_null(strstr(err.message, "geheim"));
}
END_TEST

/* ---- connecting ---- */

/* A server of one connection (or `more`): reads what comes, answers
 * `answer`. */
struct server {
	int fd, port, more;
	char got[1024];		/* the last that came */
	const char *answer;
	size_t size;
	pthread_t thread;
};

static void *
serve(void *arg)
{
	struct server *s = arg;
	int fd;

	do {
		if ((fd = accept(s->fd, NULL, NULL)) < 0)
			return NULL;
		memset(s->got, 0, sizeof(s->got));
		if (read(fd, s->got, sizeof(s->got)) > 0 && s->size > 0 &&
		    write(fd, s->answer, s->size) < 0)
			perror("write");
		if (s->size == 0)	/* until the client gives up */
			while (read(fd, s->got, sizeof(s->got)) > 0)
				;
		close(fd);
	} while (s->more-- > 0);
	return NULL;
}

static void
server_start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	char conninfo[128];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s->fd, 4), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&at, &size),
	    0);
	s->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
	snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d "
	    "user=joe dbname=app sslmode=disable gssencmode=disable "
	    "connect_timeout=2", s->port);
	configure("connection", conninfo);
	ck_assert_int_eq(make_params(), 0);
}

static void
server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static int
try_connect(void)
{
	dbbi_pg *pg = NULL;
	int rc = dbbi_pg_connect(&pg, &run, params, NULL, &err);

	ck_assert_int_lt(rc, 0);
	ck_assert_ptr_null(pg);
	return rc;
}

/* Put an ErrorResponse of the protocol together; returns its size. */
static size_t
refusal(char out[512], const char *state, const char *words)
{
	const char *const fields[] = { "SFATAL", "VFATAL", "C", state, "M",
	    words, "Fauth.c", "L335", "Rauth_failed" };
	size_t i, n = 5;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memcpy(out + n, fields[i], strlen(fields[i]) + 1);
		n += strlen(fields[i]);
		if (fields[i][1] != '\0')	/* not a letter alone */
			n++;
	}
	out[n++] = '\0';
	out[0] = 'E';
	out[1] = out[2] = 0;
	out[3] = (char)((n - 1) >> 8);
	out[4] = (char)((n - 1) & 0xff);
	return n;
}

static const struct {
	const char *state, *words;
	int code;
} refusals[] = {
	{ "28P01", "Passwort-Authentifizierung fehlgeschlagen", DBB_EAUTH },
	{ "28000", "kein pg_hba.conf-Eintrag: für Host", DBB_EAUTH },
	{ "3D000", "Datenbank »app« existiert nicht", DBB_ENOTFOUND },
	{ "42501", "keine Berechtigung für Datenbank app", DBB_EACCESS },
	{ "57P03", "das Datenbanksystem startet", DBB_ECONNECT },
	{ "53300", "zu viele Verbindungen", DBB_ECONNECT },
	{ "55000", "Datenbank »app« akzeptiert keine", DBB_ESOURCE },
};

START_TEST(refusals_are_known_in_any_language)
{
	char answer[512];
	struct server s = { .answer = answer };

	s.size = refusal(answer, refusals[_i].state, refusals[_i].words);
	server_start(&s);
	ck_assert_int_eq(try_connect(), refusals[_i].code);
	server_stop(&s);
	ck_assert_str_eq(err.remote, refusals[_i].state);
	ck_assert_ptr_nonnull(strstr(err.message, refusals[_i].words));
	ck_assert_ptr_nonnull(strstr(err.message, "connecting to 'app' on "
	    "127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(err.message, "as 'joe'"));
	ck_assert_ptr_null(strstr(err.message, "auth.c"));
	ck_assert_str_ne(err.hint, "");
	ck_assert_ptr_null(strstr(err.hint, "pg_isready"));
	ck_assert_int_eq(err.retryable, refusals[_i].code == DBB_ECONNECT);
}
END_TEST

START_TEST(options_that_a_pooler_refuses_are_left_out)
{
	char answer[512];
	struct server s = { .answer = answer, .more = 1 };

	s.size = refusal(answer, "08P01",
	    "unsupported startup parameter: options");
	server_start(&s);
	ck_assert_int_eq(try_connect(), DBB_ECONNECT);
	server_stop(&s);
	ck_assert_int_eq(s.more, -1);
	ck_assert_ptr_nonnull(memmem(s.got, sizeof(s.got), "joe", 3));
	ck_assert_ptr_null(memmem(s.got, sizeof(s.got), "timeout", 7));
	ck_assert_int_eq(make_child("app"), 0);
	ck_assert_ptr_null(strstr(child.conninfo, "options="));
}
END_TEST

START_TEST(a_server_that_is_down_is_named)
{
	struct server s = { .answer = "" };

	server_start(&s);
	server_stop(&s);
	ck_assert_int_eq(try_connect(), DBB_ECONNECT);
	ck_assert_ptr_nonnull(strstr(err.message, "127.0.0.1"));
	ck_assert_ptr_nonnull(strstr(err.hint, "pg_isready"));
}
END_TEST

START_TEST(a_server_that_speaks_something_else_is_no_crash)
{
	struct server s = { .answer = "HTTP/1.1 400 Bad Request\r\n\r\n" };

	s.size = strlen(s.answer);
	server_start(&s);
	ck_assert_int_eq(try_connect(), DBB_ECONNECT);
	server_stop(&s);
}
END_TEST

START_TEST(a_silent_server_is_given_up)
{
	struct server s = { .size = 0 };
	uint64_t begun = dbbi_monotonic_ms();

	server_start(&s);
	ck_assert_int_eq(try_connect(), DBB_ECONNECT);
	ck_assert_uint_ge(dbbi_monotonic_ms() - begun, 1900);
	ck_assert_ptr_nonnull(strstr(err.message, "2 seconds"));
	server_stop(&s);
}
END_TEST

static void *
cancel_soon(void *arg)
{
	usleep(100000);
	dbbi_run_cancel(arg);
	return NULL;
}

START_TEST(a_cancel_ends_the_wait)
{
	struct server s = { .size = 0 };
	uint64_t begun = dbbi_monotonic_ms();
	pthread_t thread;

	server_start(&s);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &run),
	    0);
	ck_assert_int_eq(try_connect(), DBB_ECANCELED);
	ck_assert_uint_lt(dbbi_monotonic_ms() - begun, 1500);
	pthread_join(thread, NULL);
	server_stop(&s);
}
END_TEST

START_TEST(a_service_that_is_not_there_is_a_matter_of_configuration)
{
	configure("connection", "service=nowhere");
	ck_assert_int_eq(make_params(), 0);
	ck_assert_int_eq(try_connect(), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "nowhere"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_connection");
	TCase *tc = tcase_create("pg_connection");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, reads_uris_and_words, 0, 2);
	tcase_add_test(tc, the_environment_fills_what_is_left_out);
	tcase_add_test(tc, a_string_that_makes_no_sense_is_not_repeated);
	tcase_add_loop_test(tc,
	    a_mis_split_string_is_refused_and_not_repeated, 0,
	    sizeof(mis_split) / sizeof(mis_split[0]));
	tcase_add_loop_test(tc, an_at_sign_in_its_place_is_fine, 0, 6);
	tcase_add_loop_test(tc, a_password_given_to_the_call_is_refused, 0,
	    2);
	tcase_add_loop_test(tc, the_password_is_found_in_its_order, 0, 3);
	tcase_add_test(tc, a_password_command_is_run);
	tcase_add_test(tc, a_password_command_that_fails_is_an_error);
	tcase_add_loop_test(tc, another_server_prefers_pgpassword, 0, 3);
	tcase_add_test(tc, the_child_sees_no_secret);
	tcase_add_test(tc, the_passfile_is_what_libpq_accepts);
	tcase_add_test(tc, the_user_s_own_passfile_keeps_working);
	tcase_add_loop_test(tc, no_timeout_strikes_the_child, 0, 3);
	tcase_add_loop_test(tc, the_options_of_a_service_are_not_hidden, 0,
	    2);
	tcase_add_test(tc, options_that_a_pooler_refuses_are_left_out);
	tcase_add_test(tc, names_are_quoted_for_the_child);
	tcase_add_loop_test(tc, a_line_end_in_the_password_is_refused, 0, 2);
	tcase_add_test(tc, a_secret_that_cannot_be_handed_on_is_refused);
	tcase_add_loop_test(tc, refusals_are_known_in_any_language, 0,
	    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tc, a_server_that_is_down_is_named);
	tcase_add_test(tc, a_server_that_speaks_something_else_is_no_crash);
	tcase_add_test(tc, a_silent_server_is_given_up);
	tcase_add_test(tc, a_cancel_ends_the_wait);
	tcase_add_test(tc,
	    a_service_that_is_not_there_is_a_matter_of_configuration);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
