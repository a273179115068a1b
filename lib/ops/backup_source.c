/* SPDX-License-Identifier: BSD-2-Clause */
/* backup_source: one source on its way into the repository. */
#include <config.h>

#include "ops/backup.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

/* A source's log lines are the operation's. */
static void
pass_log(int level, const char *line, void *payload)
{
	dbbi_log(payload, level, "%s", line);
}

int
backup_source_init(struct backup_source *s, const dbbi_backup_item *item,
    dbbi_ops *ops, dbb_error *err)
{
	int rc;

	s->item = *item;
	if ((rc = dbbi_run_init(&s->run, err)) < 0)
		return rc;
	s->run_ready = 1;
	s->run.log = pass_log;
	s->run.log_payload = ops->run;
	s->run.log_level = ops->run->log_level;
	s->env = (dbbi_source_env){ .config = ops->config, .run = &s->run,
	    .kind = item->driver->kind, .name = item->name, .to = item->to,
	    .only = item->only };
	dbbi_source_notes_init(&s->notes, &s->env, NULL);
	if ((s->warnings = dbbi_json_new_array()) == NULL)
		return dbbi_error_nomem(err);
	return 0;
}

void
backup_source_clear(struct backup_source *s)
{
	if (s->source != NULL)
		s->item.driver->close(s->source);
	dbbi_json_free(s->facts);
	dbbi_json_free(s->warnings);
	free(s->streams);
	if (s->run_ready)
		dbbi_run_clear(&s->run);
	memset(s, 0, sizeof(*s));
}

uint64_t
backup_source_bytes(const struct backup_source *s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s->stream_count; i++)
		sum += s->streams[i].ref.size_bytes;
	return sum;
}

int64_t
backup_source_ended_at(const struct backup_source *s)
{
	int64_t last = s->frozen_at_ms;
	size_t i;

	for (i = 0; i < s->stream_count; i++)
		if (s->streams[i].ended_at_ms > last)
			last = s->streams[i].ended_at_ms;
	return last;
}

void
backup_source_failed(struct backup_source *s, int rc, const dbb_error *why)
{
	if (rc >= 0)
		return;
	if (s->rc == 0 || s->rc == DBB_ECANCELED) {
		s->rc = rc;
		s->err = *why;
		dbbi_error_context(&s->err, rc, "%s '%s'",
		    s->item.driver->kind, s->item.name);
	}
}

/* When one of a source's tasks fails, the others need not go on. */
static int
ended(struct backup_source *s, int rc)
{
	if (rc < 0)
		dbbi_run_cancel(&s->run);
	return rc;
}

static int
adopt_streams(struct backup_source *s, dbb_error *err)
{
	size_t i, n = s->source->stream_count;

	if (n == 0)
		return dbbi_error_set(err, DBB_ESOURCE,
		    "there is nothing to back up in it");
	if ((s->streams = calloc(n, sizeof(*s->streams))) == NULL)
		return dbbi_error_nomem(err);
	s->stream_count = n;
	for (i = 0; i < n; i++) {
		s->streams[i].owner = s;
		s->streams[i].i = i;
	}
	return 0;
}

int
backup_open_task(dbbi_task *task, dbb_error *err)
{
	struct backup_source *s = task->payload;
	int rc;

	rc = s->item.driver->open(&s->source, &s->env, err);
	if (rc == 0)
		rc = adopt_streams(s, err);
	return ended(s, rc);
}

int
backup_facts_task(dbbi_task *task, dbb_error *err)
{
	struct backup_source *s = task->payload;

	return ended(s, s->item.driver->facts(&s->facts, s->source,
	    s->warnings, err));
}

int
backup_stream_task(dbbi_task *task, dbb_error *err)
{
	struct backup_stream *stream = task->payload;
	struct backup_source *s = stream->owner;
	const char *name = s->source->streams[stream->i].name;
	dbbi_reader *in = NULL;
	int rc;

	rc = s->item.driver->stream(&in, s->source, stream->i, err);
	if (rc == 0)
		rc = dbbi_repo_write_stream(&stream->ref, s->writer, in,
		    stream->has_base ? &stream->base : NULL, &stream->bytes,
		    err);
	if (rc == 0 && stream->ref.size_bytes == 0)
		rc = dbbi_error_set(err, DBB_ESOURCE, "it gave nothing");
	dbbi_reader_free(in);
	stream->ended_at_ms = dbbi_now_ms();
	return ended(s, dbbi_error_context(err, rc, "stream '%s'", name));
}

/* Read back what was stored, before the set is named. */
int
backup_check_task(dbbi_task *task, dbb_error *err)
{
	struct backup_stream *stream = task->payload;
	struct backup_source *s = stream->owner;
	const char *name = s->source->streams[stream->i].name;
	dbbi_reader *stored = NULL;
	int rc;

	rc = dbbi_repo_read_stream(&stored, s->repo, &stream->ref, 1, err);
	if (rc == 0)
		rc = s->item.driver->check(s->source, stream->i, s->facts,
		    stored, err);
	dbbi_reader_free(stored);
	if (rc == DBB_EACCESS && dbbi_store_may_only_write(s->store)) {
		dbbi_log(&s->run, DBB_LOG_INFO, "what was stored of '%s' "
		    "is not read back to be checked: the store lets this key "
		    "write it, and not read it", name);
		rc = 0;
	}
	return ended(s, dbbi_error_context(err, rc,
	    "checking what was stored of '%s'", name));
}
