/* SPDX-License-Identifier: BSD-2-Clause */
/* restore_source: one source on its way back into its database. */
#include <config.h>

#include "ops/restore.h"

#include <stdatomic.h>
#include <string.h>

#include "ops/result.h"

/* A reader that adds up what passes through. */
struct counted {
	dbbi_reader reader;
	dbbi_reader *in;		/* borrowed */
	_Atomic uint64_t *all, *one;
};

static int
read_counted(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct counted *c = (struct counted *)reader;
	int rc;

	if ((rc = dbbi_reader_read(got, c->in, buffer, size, err)) < 0)
		return rc;
	atomic_fetch_add(c->all, *got);
	atomic_fetch_add(c->one, *got);
	return 0;
}

static void
free_counted(dbbi_reader *reader)
{
	(void)reader;			/* on the stack of its maker */
}

/* Where is it to go? Into the configured source of that name, unless another
 * connection was named. */
static int
check_configured(const struct restore_source *s, const dbbi_ops *ops,
    const dbb_restore_options *options, dbb_error *err)
{
	dbbi_list names = {0};
	int rc, known;

	if (options->to != NULL)
		return 0;
	rc = dbbi_config_names(&names, ops->config, s->driver->kind, err);
	known = rc == 0 && dbbi_list_has(&names, s->name);
	dbbi_list_clear(&names);
	if (rc < 0 || known)
		return rc;
	dbbi_error_set(err, DBB_ECONFIG, "the set holds %s '%s', which is not "
	    "in the configuration", s->driver->kind, s->name);
	dbbi_error_hint(err, "add a [%s \"%s\"] section that says where it "
	    "is, or name the server with --to CONNECTION", s->driver->kind,
	    s->name);
	return DBB_ECONFIG;
}

/* For the target, which may load a stream twice. */
static int
open_stream(dbbi_reader **out, const char *name, void *payload,
    dbb_error *err)
{
	const struct restore_source *s = payload;
	dbbi_stored_stream stream;
	size_t i;
	int rc;

	for (i = 0; i < dbbi_stored_stream_count(s->entry); i++) {
		if ((rc = dbbi_stored_stream_at(&stream, s->entry, i,
		    err)) < 0)
			return rc;
		if (strcmp(stream.name, name) == 0)
			return dbbi_repo_read_stream(out,
			    s->stored->vault.repo, &stream.ref, 0, err);
	}
	return dbbi_error_set(err, DBB_EDAMAGED, "the set has no stream '%s'",
	    name);
}

int
restore_source_init(struct restore_source *s, const dbbi_stored_set *stored,
    const dbbi_json *entry, dbbi_ops *ops,
    const dbb_restore_options *options, dbb_error *err)
{
	const char *kind = dbbi_json_string(entry, "kind");

	s->name = dbbi_json_string(entry, "name");
	if (kind == NULL || s->name == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a source in the manifest has no kind or name");
	s->driver = dbbi_source_find(kind);
	if (s->driver == NULL || s->driver->target_open == NULL)
		return dbbi_error_set(err, DBB_EVERSION, "this version cannot "
		    "restore '%s', of kind '%s'", s->name, kind);
	if (dbbi_stored_stream_count(entry) == 0) {
		dbbi_error_set(err, DBB_ENOTFOUND, "set %s holds nothing of "
		    "%s '%s': its backup failed", stored->id, kind, s->name);
		dbbi_error_hint(err, "take another set: 'dbb-restore list'");
		return DBB_ENOTFOUND;
	}
	s->entry = entry;
	s->stored = stored;
	s->env = (dbbi_source_env){ .config = ops->config, .run = ops->run,
	    .kind = s->driver->kind, .name = s->name, .to = options->to };
	dbbi_source_notes_init(&s->notes, &s->env, stored->vault.lease);
	s->plan = (dbbi_target_plan){
	    .facts = dbbi_json_object(entry, "facts"), .set = stored->id,
	    .into = options->into, .replace = options->replace != 0,
	    .keep_written = !options->no_safety_set,
	    .open_stream = open_stream, .payload = s };
	return check_configured(s, ops, options, err);
}

int
restore_source_open(struct restore_source *s, dbb_error *err)
{
	int rc;

	rc = s->driver->target_open(&s->target, &s->env, &s->plan, err);
	if (rc == 0)
		rc = s->driver->target_replaces(&s->replaces, s->target, err);
	return dbbi_error_context(err, rc, "%s '%s'", s->driver->kind,
	    s->name);
}

int
restore_source_stream(struct restore_source *s,
    const dbbi_stored_stream *stream, dbb_error *err)
{
	struct counted counted = { .reader = { read_counted, free_counted },
	    .all = s->bytes_done, .one = &s->stream_bytes };
	int rc;

	rc = dbbi_repo_read_stream(&counted.in, s->stored->vault.repo,
	    &stream->ref, 0, err);
	if (rc == 0)
		rc = s->driver->target_load(s->target, stream->name,
		    stream->kind, &counted.reader, err);
	dbbi_reader_free(counted.in);
	return dbbi_error_context(err, rc, "%s '%s': loading '%s'",
	    s->driver->kind, s->name, stream->name);
}

int
restore_source_compare(struct restore_source *s, dbb_error *err)
{
	int rc;

	rc = s->driver->target_compare(&s->compared, s->target, s->findings,
	    s->warnings, err);
	return dbbi_error_context(err, rc,
	    "%s '%s': comparing what was loaded with the set's facts",
	    s->driver->kind, s->name);
}

/* What went less than well with one database is a warning of the whole. */
static int
adopt_warnings(struct restore_source *s, dbb_error *err)
{
	const char *warning;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < dbbi_json_count(s->databases); i++) {
		warning = dbbi_json_string(dbbi_json_at(s->databases, i),
		    "warning");
		if (warning != NULL)
			rc = dbbi_result_say(s->warnings, err, "%s", warning);
	}
	return rc;
}

int
restore_source_commit(struct restore_source *s, dbb_error *err)
{
	int rc;

	rc = s->driver->target_commit(s->target,
	    dbbi_json_count(s->findings) == 0, s->databases, err);
	s->committed = rc == 0;
	if (rc == 0)
		rc = adopt_warnings(s, err);
	if (rc == 0)
		rc = dbbi_result_number(s->result, "compared", s->compared,
		    err);
	return dbbi_error_context(err, rc, "%s '%s'", s->driver->kind,
	    s->name);
}

void
restore_source_clear(struct restore_source *s)
{
	if (s->target != NULL)
		s->driver->target_close(s->target);
	dbbi_list_clear(&s->replaces);
	memset(s, 0, sizeof(*s));
}
