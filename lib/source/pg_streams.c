/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_streams: pg_dump and pg_dumpall as readers. The tool is started at the
 * first read, on the thread that reads; its end is given only when it exited
 * with status 0 and had written something, a dump a whole archive. The rows of
 * a dump are counted as it passes.
 */
#include <config.h>

#include "source/pg_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_private.h"

struct dump_reader {
	dbbi_reader base;
	const dbbi_pg_source *source;
	dbbi_pg_database *database;		/* NULL: the globals */
	dbbi_pg_archive *archive;		/* NULL: likewise */
	dbbi_process *process;			/* NULL: not started */
	int ended;
	int failed;		/* the code that a read gave; it stays */
	uint64_t bytes;
};

static int
start_dump(struct dump_reader *r, dbb_error *err)
{
	const dbbi_pg_source *s = r->source;
	char *snapshot = dbbi_text_format("--snapshot=%s",
	    r->database->snapshot);
	const char *const arguments[] = { s->pg_dump, "--format=custom",
	    "--compress=0", DBBI_PG_LOCK_WAIT, snapshot,
	    /* they cannot be read on a standby */
	    s->in_recovery ? "--no-unlogged-table-data" : NULL, NULL };
	int rc;

	if (snapshot == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_pg_child_start(&r->process, s->env->run, s->params,
	    r->database->name, arguments, err);
	free(snapshot);
	return rc;
}

static int
start_globals(struct dump_reader *r, dbb_error *err)
{
	const dbbi_pg_source *s = r->source;
	const char *first = s->databases[0].name;
	char *database = dbbi_text_format("--database=%s", first);
	const char *const arguments[] = { s->pg_dumpall, "--globals-only",
	    DBBI_PG_LOCK_WAIT, database,
	    s->no_passwords ? "--no-role-passwords" : NULL, NULL };
	int rc;

	if (database == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_pg_child_start(&r->process, s->env->run, s->params, first,
	    arguments, err);
	free(database);
	return rc;
}

static int
start(struct dump_reader *r, dbb_error *err)
{
	return r->database != NULL ? start_dump(r, err) :
	    start_globals(r, err);
}

/* What a tool remarked although it succeeded is worth a line in the log. */
static void
log_remarks(struct dump_reader *r)
{
	const char *line = dbbi_process_stderr(r->process);
	size_t size;

	while (*line != '\0') {
		size = strcspn(line, "\n");
		if (size > 0)
			dbbi_log(r->source->env->run, DBB_LOG_WARNING,
			    "%.*s", (int)size, line);
		line += size + (line[size] == '\n');
	}
}

/* The dump is whole: leave what was counted with its database. */
static void
leave(struct dump_reader *r)
{
	const char *unknown;

	if (r->archive == NULL)
		return;
	unknown = dbbi_pg_archive_unknown(r->archive);
	if (unknown != NULL)
		dbbi_log(r->source->env->run, DBB_LOG_DEBUG, "the rows of "
		    "database '%s' are counted on the server, not in its "
		    "dump: %s", r->database->name, unknown);
	dbbi_pg_archive_free(r->database->dump);
	r->database->dump = r->archive;
	r->archive = NULL;
}

/* The pipe has ended: was it the end of a whole dump? */
static int
finish(struct dump_reader *r, dbb_error *err)
{
	int rc = dbbi_pg_child_wait(r->process, err);

	if (rc == 0 && r->bytes == 0)
		rc = dbbi_error_set(err, DBB_ESOURCE,
		    "it ended well and gave nothing");
	if (rc == 0 && r->archive != NULL)
		rc = dbbi_pg_archive_end(r->archive, err);
	if (rc == 0) {
		r->ended = 1;
		log_remarks(r);
		leave(r);
	}
	return rc;
}

static int
pull(size_t *got, struct dump_reader *r, void *buffer, size_t size,
    dbb_error *err)
{
	int rc;

	if (r->process == NULL && (rc = start(r, err)) < 0)
		return rc;
	if ((rc = dbbi_process_read(got, r->process, buffer, size, err)) < 0)
		return rc;
	r->bytes += *got;
	if (*got == 0)
		return finish(r, err);
	return r->archive != NULL ?
	    dbbi_pg_archive_add(r->archive, buffer, *got, err) : 0;
}

static int
dump_read(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct dump_reader *r = (struct dump_reader *)reader;
	size_t n = 0;
	int rc;

	if (r->failed < 0)
		return dbbi_error_set(err, r->failed,
		    "the dump has failed before");
	if (!r->ended && (rc = pull(&n, r, buffer, size, err)) < 0) {
		r->failed = rc;
		return r->database != NULL ? dbbi_error_context(err, rc,
		    "dumping database '%s'", r->database->name) :
		    dbbi_error_context(err, rc, "dumping the roles");
	}
	*got = n;
	return 0;
}

static void
dump_free(dbbi_reader *reader)
{
	struct dump_reader *r = (struct dump_reader *)reader;

	dbbi_process_free(r->process);
	dbbi_pg_archive_free(r->archive);
	free(r);
}

int
dbbi_pg_stream(dbbi_reader **out, dbbi_source *source, size_t i,
    dbb_error *err)
{
	dbbi_pg_source *s = (dbbi_pg_source *)source;
	struct dump_reader *r;
	int rc;

	if (i > s->database_count ||
	    (i > 0 && s->databases[i - 1].snapshot == NULL))
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "stream %zu was asked for before the freeze", i);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return dbbi_error_nomem(err);
	if (i > 0 && (rc = dbbi_pg_archive_new(&r->archive, err)) < 0) {
		free(r);
		return rc;
	}
	r->base.read = dump_read;
	r->base.free = dump_free;
	r->source = s;
	r->database = i > 0 ? &s->databases[i - 1] : NULL;
	*out = &r->base;
	return 0;
}
