/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_child: what pg_dump and its kin are started with. The password lies in
 * a sealed memory file that only the child inherits, in the form of a
 * passfile: it is neither in an argument, nor in the environment, nor on a
 * disk.
 */
#include <config.h>

#include "source/pg_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bytes.h"

#define ARGUMENTS_MAX 16
#define CONNINFO_MAX (64 * 1024)
#define PATH_SANE \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Variables handed on, beside those of libpq's own options. */
static const char *const passed[] = {
	"HOME", "PGSERVICEFILE", "PGSYSCONFDIR", "KRB5CCNAME", "KRB5_CONFIG",
	"KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"OPENSSL_CONF", "TZ",
};

/*
 * Options that are ours to decide: a dump is in the database's own encoding,
 * whatever the user's PGCLIENTENCODING says; each tool names itself.
 */
static int
is_ours(const struct pg_option *o)
{
	return strcmp(o->keyword, "client_encoding") == 0 ||
	    strcmp(o->keyword, "fallback_application_name") == 0 ||
	    strcmp(o->keyword, "dbname") == 0;
}

static int
add_variable(dbbi_list *env, const char *name, const char *value,
    dbb_error *err)
{
	char *text;
	int rc;

	if (value == NULL)
		return 0;
	if ((text = dbbi_text_format("%s=%s", name, value)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_list_add(env, text, err);
	free(text);
	return rc;
}

static int
make_env(dbbi_list *env, const dbbi_pg_params *params, const char *passfile,
    dbb_error *err)
{
	const struct pg_option *o;
	size_t i;
	int rc;

	if ((rc = dbbi_list_add(env, PATH_SANE, err)) < 0 ||
	    (rc = dbbi_list_add(env, "LC_ALL=C", err)) < 0 ||
	    (rc = dbbi_list_add(env, "LANG=C", err)) < 0 ||
	    /* pg_dumpall takes the database's own, VALID UNTIL with it. */
	    (rc = dbbi_list_add(env, "PGDATESTYLE=ISO, YMD", err)) < 0)
		return rc;
	for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		rc = add_variable(env, passed[i], getenv(passed[i]), err);
		if (rc < 0)
			return rc;
	}
	for (i = 0; i < params->count; i++) {
		o = &params->options[i];
		if (o->envvar == NULL || o->secret || o->value != NULL ||
		    (is_ours(o) && strcmp(o->keyword, "dbname") != 0) ||
		    strcmp(o->keyword, "passfile") == 0)
			continue;
		rc = add_variable(env, o->envvar, getenv(o->envvar), err);
		if (rc < 0)
			return rc;
	}
	return add_variable(env, "PGPASSFILE", passfile != NULL ? passfile :
	    getenv("PGPASSFILE"), err);
}

/* Append keyword='value', quoted as libpq reads it. */
static int
add_word(dbbi_bytes *b, const char *keyword, const char *value,
    dbb_error *err)
{
	int rc;

	if (b->size > 0 && (rc = dbbi_bytes_add(b, " ", 1, err)) < 0)
		return rc;
	if ((rc = dbbi_bytes_add(b, keyword, strlen(keyword), err)) < 0 ||
	    (rc = dbbi_bytes_add(b, "='", 2, err)) < 0)
		return rc;
	for (; *value != '\0'; value++) {
		if ((*value == '\'' || *value == '\\') &&
		    (rc = dbbi_bytes_add(b, "\\", 1, err)) < 0)
			return rc;
		if ((rc = dbbi_bytes_add(b, value, 1, err)) < 0)
			return rc;
	}
	return dbbi_bytes_add(b, "'", 1, err);
}

/* A secret that no passfile can hold (sslpassword) cannot be handed on. */
static int
refuse_secret(const struct pg_option *o, dbb_error *err)
{
	dbbi_error_set(err, DBB_EUNSUPPORTED,
	    "'%s' in the connection string cannot be handed to pg_dump "
	    "without showing it to others", o->keyword);
	dbbi_error_hint(err, "use a client key without a passphrase, in a "
	    "file that only this user may read");
	return DBB_EUNSUPPORTED;
}

/* As for our own sessions, for the tools' first statements too would run
 * into a timeout. Without ours, the user's own go as they are. */
static int
add_session_options(dbbi_bytes *b, const dbbi_pg_params *params,
    dbb_error *err)
{
	const struct pg_option *o = dbbi_pg_option_find(params, "options");
	char *text = NULL;
	int rc;

	if ((rc = dbbi_pg_options_make(&text, params, err)) < 0)
		return rc;
	if (text != NULL)
		rc = add_word(b, "options", text, err);
	else if (o != NULL && o->value != NULL)
		rc = add_word(b, "options", o->value, err);
	free(text);
	return rc;
}

static int
add_options(dbbi_bytes *b, const dbbi_pg_params *params,
    const char *passfile, dbb_error *err)
{
	const struct pg_option *o;
	size_t i;
	int rc = 0;

	for (i = 0; i < params->count && rc == 0; i++) {
		o = &params->options[i];
		if (o->value == NULL || is_ours(o) ||
		    strcmp(o->keyword, "options") == 0)
			continue;
		if (o->secret)
			return refuse_secret(o, err);
		if (passfile != NULL && strcmp(o->keyword, "passfile") == 0)
			continue;
		rc = add_word(b, o->keyword, o->value, err);
	}
	return rc;
}

static int
make_conninfo(char **out, const dbbi_pg_params *params, const char *database,
    const char *passfile, dbb_error *err)
{
	const struct pg_option *dbname;
	dbbi_bytes b;
	int rc;

	dbbi_bytes_init(&b, CONNINFO_MAX);
	dbname = dbbi_pg_option_find(params, "dbname");
	if (database == NULL && dbname != NULL)
		database = dbname->value;
	if ((rc = add_options(&b, params, passfile, err)) < 0 ||
	    (rc = add_session_options(&b, params, err)) < 0)
		goto done;
	if (database != NULL &&
	    (rc = add_word(&b, "dbname", database, err)) < 0)
		goto done;
	/* Also here: a service file's passfile goes before the
	 * environment's. */
	if (passfile != NULL &&
	    (rc = add_word(&b, "passfile", passfile, err)) < 0)
		goto done;
	if (!dbbi_pg_option_given(params, "connect_timeout") &&
	    !dbbi_pg_option_given(params, "service") &&
	    (rc = add_word(&b, "connect_timeout", "15", err)) < 0)
		goto done;
	if ((rc = dbbi_bytes_add(&b, "", 1, err)) < 0)
		goto done;
	*out = (char *)b.data;
	b.data = NULL;
done:
	dbbi_bytes_clear(&b);
	return rc;
}

/* The line of a passfile that fits every connection. */
static int
make_line(dbbi_bytes *line, const char *password, dbb_error *err)
{
	int rc;

	if (strpbrk(password, "\r\n") != NULL) {
		dbbi_error_set(err, DBB_ECONFIG,
		    "the password holds a line end, with which it cannot be "
		    "handed to pg_dump");
		dbbi_error_hint(err, "a password file ends with one line "
		    "end at most; or choose another password");
		return DBB_ECONFIG;
	}
	/* Room at once: growing would leave copies behind. */
	if ((rc = dbbi_bytes_reserve(line, 2 * strlen(password) + 16,
	    err)) < 0 || (rc = dbbi_bytes_add(line, "*:*:*:*:", 8, err)) < 0)
		return rc;
	for (; *password != '\0'; password++) {
		if ((*password == ':' || *password == '\\') &&
		    (rc = dbbi_bytes_add(line, "\\", 1, err)) < 0)
			return rc;
		if ((rc = dbbi_bytes_add(line, password, 1, err)) < 0)
			return rc;
	}
	return dbbi_bytes_add(line, "\n", 1, err);
}

/* libpq wants a passfile to be a regular file that only its owner may read:
 * a memory file of mode 0600 is one. */
static int
make_passfile(int *out, const char *password, dbb_error *err)
{
	dbbi_bytes line;
	int fd = -1, rc;

	dbbi_bytes_init(&line, CONNINFO_MAX);
	if ((rc = make_line(&line, password, err)) < 0)
		goto done;
	fd = memfd_create("pgpass", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    write(fd, line.data, line.size) != (ssize_t)line.size ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		rc = dbbi_error_errno(err, errno,
		    "keeping the password in memory for pg_dump");
		goto done;
	}
	/* Not 0, 1 or 2, should the program have closed those: they are
	 * the child's own. */
	if ((*out = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
		rc = dbbi_error_errno(err, errno, "duplicating a descriptor");
done:
	if (fd >= 0)
		close(fd);
	if (line.data != NULL)
		dbbi_wipe(line.data, line.capacity);
	dbbi_bytes_clear(&line);
	return rc;
}

int
dbbi_pg_child_new(dbbi_pg_child *out, const dbbi_pg_params *params,
    const char *database, dbb_error *err)
{
	dbbi_pg_child child = { .fd = -1 };
	char *passfile = NULL;
	int rc = 0;

	if (params->password != NULL) {
		rc = make_passfile(&child.fd, params->password, err);
		if (rc < 0)
			goto done;
		passfile = dbbi_text_format("/proc/self/fd/%d", child.fd);
		if (passfile == NULL) {
			rc = dbbi_error_nomem(err);
			goto done;
		}
	}
	if ((rc = make_env(&child.env, params, passfile, err)) < 0 ||
	    (rc = make_conninfo(&child.conninfo, params, database, passfile,
	    err)) < 0)
		goto done;
	*out = child;
	child = (dbbi_pg_child){ .fd = -1 };
done:
	dbbi_pg_child_clear(&child);
	free(passfile);
	return rc;
}

void
dbbi_pg_child_clear(dbbi_pg_child *child)
{
	dbbi_list_clear(&child->env);
	if (child->fd > 2)
		close(child->fd);
	free(child->conninfo);
	*child = (dbbi_pg_child){ .fd = -1 };
}

int
dbbi_pg_child_start(dbbi_process **out, dbbi_run *run,
    const dbbi_pg_params *params, const char *database,
    const char *const *arguments, dbb_error *err)
{
	const char *argv[ARGUMENTS_MAX] = { NULL };
	dbbi_pg_child child = { .fd = -1 };
	dbbi_process_options options = { .argv = argv,
	    .flags = DBBI_PROCESS_STDOUT,
	    .secret = dbbi_pg_params_secret(params) };
	char *dbname = NULL;
	size_t n;
	int rc;

	for (n = 0; arguments[n] != NULL; n++) {
		if (n == ARGUMENTS_MAX - 3)
			return dbbi_error_set(err, DBB_EINTERNAL,
			    "too many arguments for '%s'", arguments[0]);
		argv[n] = arguments[n];
	}
	if ((rc = dbbi_pg_child_new(&child, params, database, err)) < 0)
		return rc;
	dbname = dbbi_text_format("--dbname=%s", child.conninfo);
	if (dbname == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	argv[n++] = "--no-password";
	argv[n] = dbname;
	options.env = (const char *const *)child.env.items;
	options.pass_fd = child.fd;
	rc = dbbi_process_start(out, run, &options, err);
done:
	free(dbname);
	dbbi_pg_child_clear(&child);
	return rc;
}

int
dbbi_pg_child_wait(dbbi_process *process, dbb_error *err)
{
	const char *words;
	int rc = dbbi_process_wait(process, err);

	if (rc != DBB_ESOURCE || err == NULL)
		return rc;
	words = dbbi_process_stderr(process);
	if (strstr(words, "due to statement timeout") != NULL) {
		err->retryable = 1;
		dbbi_error_hint(err, "another session waits to change a "
		    "table and makes everyone queue behind it (see "
		    "pg_stat_activity); run it again when that is done");
	} else if (strstr(words, "permission denied") != NULL) {
		dbbi_error_hint(err, "grant the user the right to read it, "
		    "or connect as a superuser");
	} else if (err->hint[0] == '\0') {
		dbbi_error_hint(err, "the server's log may say more; then "
		    "run it again");
	}
	return rc;
}
