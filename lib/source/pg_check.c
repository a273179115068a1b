/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_check: read back what was stored, before the set is named: is it a
 * whole artefact, and does it hold the tables that were there? */
#include <config.h>

#include "source/pg_source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/process.h"

#define BLOCK_SIZE 65536
#define LINE_START 512	/* of a line, enough to know what it is */

static int
block_new(char **out, dbb_error *err)
{
	*out = malloc(BLOCK_SIZE);
	return *out != NULL ? 0 : dbbi_error_nomem(err);
}

/* ---- an archive of pg_dump ---- */

/* Give pg_restore the archive until it has read the table of contents and
 * wants no more. */
static int
feed(dbbi_process *p, dbbi_reader *in, dbb_error *err)
{
	int accepted = 1, rc;
	char *block;
	size_t n;

	if ((rc = block_new(&block, err)) < 0)
		return rc;
	do {
		rc = dbbi_reader_read(&n, in, block, BLOCK_SIZE, err);
		if (rc == 0 && n > 0)
			rc = dbbi_process_write(&accepted, p, block, n, err);
	} while (rc == 0 && n > 0 && accepted);
	free(block);
	dbbi_process_close_stdin(p);
	return rc == 0 ? dbbi_process_wait(p, err) : rc;
}

/* Write the archive's table of contents into the memory file `fd`: were it
 * a pipe, pg_restore could wait for us to read while we wait for it to. */
static int
list_contents(int fd, const dbbi_pg_source *s, dbbi_reader *in,
    dbb_error *err)
{
	static const char *const env[] = { "LC_ALL=C", "LANG=C",
	    "PATH=/usr/bin:/bin", NULL };
	char file[32];
	const char *const argv[] = { s->pg_restore, "--list", "-f", file,
	    NULL };
	dbbi_process_options options = { .argv = argv, .env = env,
	    .flags = DBBI_PROCESS_STDIN, .pass_fd = fd };
	dbbi_process *process = NULL;
	int rc;

	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	rc = dbbi_process_start(&process, s->env->run, &options, err);
	if (rc == 0)
		rc = feed(process, in, err);
	dbbi_process_free(process);
	return rc;
}

/* Of "217; 0 16385 TABLE DATA public orders app" the part behind the
 * numbers; NULL for lines that are no entries. */
static const char *
entry_kind(const char *line)
{
	int field;

	if (!isdigit((unsigned char)line[0]) ||
	    (line = strstr(line, "; ")) == NULL)
		return NULL;
	line += 2;
	for (field = 0; field < 2; field++) {
		line += strspn(line, "0123456789");
		if (*line++ != ' ')
			return NULL;
	}
	return line;
}

static int
count_data(uint64_t *out, int fd, dbb_error *err)
{
	static const char wanted[] = "TABLE DATA ";
	FILE *file = fdopen(fd, "r");
	const char *kind;
	uint64_t count = 0;
	char *line = NULL;
	size_t room = 0;

	if (file == NULL || fseeko(file, 0, SEEK_SET) != 0) {
		if (file != NULL)
			fclose(file);
		else
			close(fd);
		return dbbi_error_errno(err, errno, "reading the contents");
	}
	while (getline(&line, &room, file) >= 0) {
		kind = entry_kind(line);
		if (kind != NULL &&
		    strncmp(kind, wanted, sizeof(wanted) - 1) == 0)
			count++;
	}
	free(line);
	fclose(file);
	*out = count;
	return 0;
}

/* How many tables' rows must be in the dump of a database? */
static uint64_t
expect_data(const dbbi_json *database, int in_recovery)
{
	dbbi_json *tables = dbbi_json_array(database, "tables");
	const char *kind;
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < dbbi_json_count(tables); i++) {
		kind = dbbi_json_string(dbbi_json_at(tables, i), "kind");
		if (kind != NULL && (strcmp(kind, "table") == 0 ||
		    (strcmp(kind, "unlogged") == 0 && !in_recovery)))
			count++;
	}
	return count;
}

static int
check_archive(const dbbi_pg_source *s, const char *database,
    const dbbi_json *facts, dbbi_reader *stored, dbb_error *err)
{
	uint64_t expected = expect_data(facts, s->in_recovery), found = 0;
	int copy, fd = memfd_create("pg_list", MFD_CLOEXEC), rc;

	/* Not 0, 1 or 2: those are the child's own. */
	copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (fd >= 0)
		close(fd);
	if (copy < 0)
		return dbbi_error_errno(err, errno, "making a memory file");
	if ((rc = list_contents(copy, s, stored, err)) < 0) {
		close(copy);
		return dbbi_error_context(err, rc,
		    "reading the contents of the dump of '%s'", database);
	}
	if ((rc = count_data(&found, copy, err)) < 0)
		return rc;
	if (found >= expected)
		return 0;
	return dbbi_error_set(err, DBB_ESOURCE,
	    "the dump of '%s' holds the rows of %llu of %llu tables",
	    database, (unsigned long long)found,
	    (unsigned long long)expected);
}

/* ---- the text of pg_dumpall ---- */

/* What was seen so far, and the present line's beginning. */
struct globals {
	int begun, role, complete;
	char line[LINE_START];
	size_t size;
};

static void
take_line(struct globals *g)
{
	static const char role[] = "CREATE ROLE ";

	g->line[g->size] = '\0';
	g->size = 0;
	if (strcmp(g->line, "-- PostgreSQL database cluster dump") == 0)
		g->begun = 1;
	else if (strcmp(g->line,
	    "-- PostgreSQL database cluster dump complete") == 0)
		g->complete = 1;
	else if (strncmp(g->line, role, sizeof(role) - 1) == 0)
		g->role = g->begun;
}

static void
scan(struct globals *g, const char *data, size_t size)
{
	for (; size > 0; data++, size--) {
		if (*data == '\n')
			take_line(g);
		else if (g->size < LINE_START - 1)
			g->line[g->size++] = *data;
	}
}

static int
check_globals(dbbi_reader *stored, dbb_error *err)
{
	struct globals g = {0};
	char *block;
	size_t n;
	int rc;

	if ((rc = block_new(&block, err)) < 0)
		return rc;
	do {
		rc = dbbi_reader_read(&n, stored, block, BLOCK_SIZE, err);
		if (rc == 0)
			scan(&g, block, n);
	} while (rc == 0 && n > 0);
	free(block);
	if (rc < 0)
		return rc;
	if (!g.begun)
		return dbbi_error_set(err, DBB_ESOURCE,
		    "it is not what pg_dumpall writes");
	if (!g.role)
		return dbbi_error_set(err, DBB_ESOURCE,
		    "it holds not a single role");
	if (!g.complete)
		return dbbi_error_set(err, DBB_ESOURCE,
		    "it breaks off before its end");
	return 0;
}

int
dbbi_pg_check(dbbi_source *source, size_t i, const dbbi_json *facts,
    dbbi_reader *stored, dbb_error *err)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	dbbi_json *list = dbbi_json_array(facts, "databases");

	if (i == 0)
		return check_globals(stored, err);
	if (i > s->database_count || i > dbbi_json_count(list))
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "there is no stream %zu", i);
	return check_archive(s, s->databases[i - 1].name,
	    dbbi_json_at(list, i - 1), stored, err);
}
