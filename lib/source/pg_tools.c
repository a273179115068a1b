/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_tools.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/process.h"
#include "util/text.h"

#define VERSION_MAX 4096	/* bytes that --version may print */

/* Where distributions keep the versions side by side. */
static const char *const homes[] = {
	"/usr/lib/postgresql/*/bin",		/* Debian, Ubuntu, SUSE */
	"/usr/pgsql-*/bin",			/* Red Hat, from PGDG */
	"/usr/libexec/postgresql*",		/* Alpine */
	"/usr/lib/postgresql*/bin",		/* SUSE, Gentoo */
	"/usr/lib64/postgresql*/bin",
	"/usr/local/pgsql/bin",			/* from source */
	"/usr/local/pgsql-*/bin",
	"/opt/postgresql*/bin",
	"/opt/postgresql/*/bin",
	NULL,
};

/* The best found so far, and what was found that is too old. */
struct search {
	dbbi_run *run;
	const char *program;
	int server_major;
	dbbi_list seen;		/* resolved paths */
	dbbi_list old;		/* "'path' is version 12.1" */
	char *path;
	char *version;
	int major;
};

int
dbbi_pg_tool_major(const char *version)
{
	char *end;
	long major = strtol(version, &end, 10);

	return end != version && major > 0 && major < 1000 ? (int)major : 0;
}

/* Of "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)" the part that
 * begins with the number, without the line end; NULL for anything else. */
static char *
cut_version(char *line)
{
	static const char mark[] = "(PostgreSQL) ";
	char *at = strstr(line, mark);

	if (at == NULL)
		return NULL;
	at += sizeof(mark) - 1;
	at[strcspn(at, "\r\n")] = '\0';
	return dbbi_pg_tool_major(at) > 0 ? at : NULL;
}

int
dbbi_pg_tool_version(char **version, dbbi_run *run, const char *path,
    dbb_error *err)
{
	static const char *const env[] = { "LC_ALL=C", "LANG=C",
	    "PATH=/usr/bin:/bin", NULL };
	const char *argv[] = { path, "--version", NULL };
	dbbi_process_options options = { .argv = argv, .env = env,
	    .flags = DBBI_PROCESS_STDOUT, .pass_fd = -1 };
	char *text = NULL, *found;
	size_t size;
	int rc;

	if ((rc = dbbi_process_output(&text, &size, run, &options,
	    VERSION_MAX, err)) < 0)
		return rc;
	if ((found = cut_version(text)) == NULL)
		rc = dbbi_error_set(err, DBB_ETOOL,
		    "'%s --version' did not name a PostgreSQL version", path);
	else if ((found = dbbi_text_dup(found)) == NULL)
		rc = dbbi_error_nomem(err);
	else
		*version = found;
	free(text);
	return rc;
}

/*
 * Is it worth a look: a program, not seen yet, and not Debian's pg_wrapper,
 * which only leads to the version folders that are looked at anyway? 1, 0,
 * or an error.
 */
static int
is_candidate(struct search *s, const char *path, dbb_error *err)
{
	char *real = realpath(path, NULL);
	struct stat st;
	int rc = 0;

	if (real == NULL)
		return 0;
	if (stat(real, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(real, X_OK) == 0 && !dbbi_list_has(&s->seen, real) &&
	    strcmp(strrchr(real, '/'), "/pg_wrapper") != 0) {
		rc = dbbi_list_add(&s->seen, real, err);
		rc = rc < 0 ? rc : 1;
	}
	free(real);
	return rc;
}

static int
note_old(struct search *s, const char *path, const char *what,
    dbb_error *err)
{
	char *text = dbbi_text_format("'%s' is %s", path, what);
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_list_add(&s->old, text, err);
	free(text);
	return rc;
}

/* Look at one path. A program that does not even tell its version is noted,
 * and no failure while there may be others. */
static int
consider(struct search *s, const char *path, dbb_error *err)
{
	char *version = NULL, *copy;
	int major, rc;

	if ((rc = is_candidate(s, path, err)) <= 0)
		return rc;
	rc = dbbi_pg_tool_version(&version, s->run, path, err);
	if (rc == DBB_ECANCELED || rc == DBB_ENOMEM)
		return rc;
	if (rc < 0 || version == NULL)
		return note_old(s, path, "of no version that it would tell",
		    err);
	major = dbbi_pg_tool_major(version);
	if (major < s->server_major) {
		rc = note_old(s, path, version, err);
	} else if (s->major == 0 || major < s->major) {
		if ((copy = dbbi_text_dup(path)) == NULL) {
			rc = dbbi_error_nomem(err);
			goto done;
		}
		free(s->path);
		free(s->version);
		s->path = copy;
		s->version = version;
		s->major = major;
		version = NULL;
	}
done:
	free(version);
	return rc;
}

static int
consider_in(struct search *s, const char *folder, size_t size,
    dbb_error *err)
{
	char *path;
	int rc;

	/* An empty or relative part of PATH means where we happen to be. */
	if (size == 0 || folder[0] != '/' || size > 4096)
		return 0;
	path = dbbi_text_format("%.*s/%s", (int)size, folder, s->program);
	if (path == NULL)
		return dbbi_error_nomem(err);
	rc = consider(s, path, err);
	free(path);
	return rc;
}

static int
consider_pattern(struct search *s, const char *pattern, dbb_error *err)
{
	glob_t found;
	size_t i;
	int rc = 0;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (i = 0; i < found.gl_pathc && rc == 0; i++)
		rc = consider_in(s, found.gl_pathv[i],
		    strlen(found.gl_pathv[i]), err);
	globfree(&found);
	return rc;
}

static int
consider_search(struct search *s, const char *search, dbb_error *err)
{
	size_t size;
	int rc = 0;

	while (search != NULL && rc == 0) {
		size = strcspn(search, ":");
		rc = consider_in(s, search, size, err);
		search = search[size] == ':' ? search + size + 1 : NULL;
	}
	return rc;
}

/* Nothing fits: say what was found instead. */
static int
refuse(const struct search *s, dbb_error *err)
{
	if (s->old.count == 0)
		dbbi_error_set(err, DBB_ETOOL, "'%s' was found neither in "
		    "PATH nor where distributions keep it", s->program);
	else
		dbbi_error_set(err, DBB_ETOOL, "the server is PostgreSQL %d, "
		    "and no '%s' here is as new: %s%s", s->server_major,
		    s->program, s->old.items[0],
		    s->old.count > 1 ? ", others likewise" : "");
	if (s->server_major > 0)
		dbbi_error_hint(err, "install it: apt-get install "
		    "postgresql-client-%d (from apt.postgresql.org where the "
		    "distribution has none)", s->server_major);
	else
		dbbi_error_hint(err, "install it: apt-get install "
		    "postgresql-client");
	return DBB_ETOOL;
}

int
dbbi_pg_tool_find_in(char **path, char **version, dbbi_run *run,
    const char *program, int server_version, const char *search,
    const char *const *folders, dbb_error *err)
{
	struct search s = { .run = run, .program = program,
	    .server_major = server_version / 10000 };
	size_t i;
	int rc = 0;

	for (i = 0; folders[i] != NULL && rc == 0; i++)
		rc = consider_pattern(&s, folders[i], err);
	if (rc == 0)
		rc = consider_search(&s, search, err);
	if (rc == 0 && s.path == NULL)
		rc = refuse(&s, err);
	if (rc == 0) {
		dbbi_error_clear(err);	/* of those that were passed over */
		*path = s.path;
		s.path = NULL;
		if (version != NULL) {
			*version = s.version;
			s.version = NULL;
		}
	}
	free(s.path);
	free(s.version);
	dbbi_list_clear(&s.seen);
	dbbi_list_clear(&s.old);
	return dbbi_error_context(err, rc, "looking for %s", program);
}

int
dbbi_pg_tool_find(char **path, char **version, dbbi_run *run,
    const char *program, int server_version, dbb_error *err)
{
	return dbbi_pg_tool_find_in(path, version, run, program,
	    server_version, getenv("PATH"), homes, err);
}
