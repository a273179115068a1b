/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/backup.h"

#include <stdlib.h>
#include <string.h>

#include "ops/clear_up.h"
#include "ops/result.h"
#include "util/clock.h"

/* On every tick: pass a cancel on to the sources, and add up what is done. */
static void
refresh(dbb_progress *progress, void *payload)
{
	struct backup *b = payload;
	dbbi_writer_stats stats;
	uint64_t done = 0;
	size_t i, j;

	for (i = 0; i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];

		if (s->run_ready && dbbi_run_check(b->ops->run, NULL) < 0)
			dbbi_run_cancel(&s->run);
		/* While sources are opening, their streams are not ours. */
		for (j = 0; b->writer != NULL && j < s->stream_count; j++)
			done += atomic_load(&s->streams[j].bytes);
	}
	progress->bytes_done = done;
	if (b->writer != NULL) {
		dbbi_repo_writer_stats(&stats, b->writer);
		progress->bytes_stored = stats.stored_bytes;
	}
}

/* ---- running tasks over all sources that are still well ---- */

typedef int (*task_fn)(dbbi_task *task, dbb_error *err);

static size_t
count_tasks(const struct backup *b, int of_source, int of_streams)
{
	size_t i, n = 0;

	for (i = 0; i < b->plan->count; i++)
		if (b->sources[i].rc == 0)
			n += (of_source ? 1 : 0) +
			    (of_streams ? b->sources[i].stream_count : 0);
	return n;
}

static size_t
add_source_tasks(dbbi_task *tasks, struct backup_source *s, task_fn of_source,
    task_fn of_stream, int announce)
{
	size_t i, n = 0;

	if (of_source != NULL)
		tasks[n++] = (dbbi_task){ .work = of_source, .payload = s,
		    .source = s->item.name };
	for (i = 0; of_stream != NULL && i < s->stream_count; i++)
		tasks[n++] = (dbbi_task){ .work = of_stream,
		    .payload = &s->streams[i], .source = s->item.name,
		    .stream = announce ? s->source->streams[i].name : NULL,
		    .bytes = &s->streams[i].bytes };
	return n;
}

/* What failed is noted in its source. */
static void
collect(struct backup *b, const dbbi_task *tasks, size_t count)
{
	size_t i, k;

	for (k = 0; k < count; k++)
		for (i = 0; i < b->plan->count; i++)
			if (tasks[k].source == b->sources[i].item.name)
				backup_source_failed(&b->sources[i],
				    tasks[k].rc, &tasks[k].err);
}

int
backup_survivors(struct backup *b, dbb_error *err)
{
	const struct backup_source *first = NULL;
	size_t i, well = 0;
	int rc;

	if ((rc = dbbi_run_check(b->ops->run, err)) < 0)
		return rc;
	for (i = 0; i < b->plan->count; i++) {
		if (b->sources[i].rc == 0)
			well++;
		else if (first == NULL)
			first = &b->sources[i];
	}
	if (well > 0 || first == NULL)
		return 0;
	if (err != NULL)
		*err = first->err;
	return first->rc;
}

/* `of_source` once a source, `of_stream` once a stream; NULL: not at all. */
static int
run_tasks(struct backup *b, task_fn of_source, task_fn of_stream,
    int announce, dbb_error *err)
{
	size_t i, n = 0, count = count_tasks(b, of_source != NULL,
	    of_stream != NULL);
	dbbi_task *tasks;
	int rc;

	if ((tasks = calloc(count > 0 ? count : 1, sizeof(*tasks))) == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < b->plan->count; i++)
		if (b->sources[i].rc == 0)
			n += add_source_tasks(tasks + n, &b->sources[i],
			    of_source, of_stream, announce);
	rc = dbbi_tasks_run(tasks, n, BACKUP_TASKS_AT_ONCE, &b->meter, err);
	collect(b, tasks, n);
	free(tasks);
	return rc < 0 ? rc : backup_survivors(b, err);
}

/* ---- the steps ---- */

/* All sources one right after the other: the set's moment. */
static int
freeze_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;
	size_t i;

	(void)err;
	for (i = 0; i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];
		dbb_error why = {0};
		int rc;

		if (s->rc < 0)
			continue;
		rc = s->item.driver->freeze(&s->frozen_at_ms, s->source,
		    &why);
		backup_source_failed(s, rc, &why);
	}
	return 0;
}

static int
finish_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;
	size_t i;
	int rc;

	for (i = 0; i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];
		dbb_error why = {0};

		if (s->rc < 0 || s->item.driver->finish == NULL)
			continue;
		rc = s->item.driver->finish(s->source, s->facts, &why);
		backup_source_failed(s, rc, &why);
	}
	return dbbi_repo_writer_flush(b->writer, err);
}

static int
start_writer(struct backup *b, dbb_error *err)
{
	dbbi_writer_options options = {0};
	const char *level = dbbi_config_get(b->ops->config, "repository",
	    NULL, "compression");
	const char *verify = dbbi_config_get(b->ops->config, "repository",
	    NULL, "verify-write");
	uint64_t n;
	size_t i, j;
	int yes = 1, rc;

	options.compression = level != NULL &&
	    dbbi_parse_u64(&n, level, 0, 19) == 0 ? (int)n :
	    DBBI_COMPRESSION_AUTO;
	if (verify != NULL && dbbi_parse_bool(&yes, verify) < 0)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "verify-write '%s' is neither yes nor no", verify);
	options.skip_verify = !yes;
	dbbi_vault_work(&b->vault, "run");
	rc = dbbi_repo_writer_new(&b->writer, b->vault.repo, &options, err);
	for (i = 0; rc == 0 && i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];

		s->store = b->vault.store;
		s->repo = b->vault.repo;
		s->writer = b->writer;
		s->notes.lease = b->vault.lease;
		for (j = 0; s->rc == 0 && j < s->stream_count; j++)
			b->meter.bytes_total +=
			    s->source->streams[j].size_estimate;
	}
	return rc;
}

/* Read back what was stored, unless the key is one that only writes. */
static int
check_stored(struct backup *b, dbb_error *err)
{
	if (dbbi_repo_can_read(b->vault.repo))
		return run_tasks(b, NULL, backup_check_task, 0, err);
	dbbi_log(b->ops->run, DBB_LOG_INFO, "what was stored is not read "
	    "back to be checked: the write-only key cannot");
	return 0;
}

static int
clear_up_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;

	return dbbi_clear_up(b->ops, b->vault.repo, NULL, b->set.warnings,
	    err);
}

/* From connected sources to a set in the repository. */
static int
make_set(struct backup *b, dbb_error *err)
{
	int rc;

	if ((rc = start_writer(b, err)) < 0)
		return rc;
	backup_history_begin(b);
	if ((b->plan->clear_up && (rc = dbbi_task_run(clear_up_task, b,
	    &b->meter, err)) < 0) ||
	    (rc = dbbi_task_run(backup_bases_task, b, &b->meter, err)) < 0 ||
	    (rc = dbbi_task_run(freeze_task, b, &b->meter, err)) < 0 ||
	    (rc = backup_survivors(b, err)) < 0 ||
	    (rc = dbbi_meter_phase(&b->meter, DBB_PHASE_READ, err)) < 0 ||
	    (rc = run_tasks(b, backup_facts_task, backup_stream_task, 1,
	    err)) < 0 ||
	    (rc = dbbi_meter_phase(&b->meter, DBB_PHASE_COMMIT, err)) < 0 ||
	    (rc = dbbi_task_run(finish_task, b, &b->meter, err)) < 0 ||
	    (rc = backup_survivors(b, err)) < 0 ||
	    (rc = check_stored(b, err)) < 0)
		return rc;
	return dbbi_task_run(backup_commit_task, b, &b->meter, err);
}

/* The set is kept, but a source is missing in it: the call fails. */
static int
fail_partial(const struct backup *b, dbb_error *err)
{
	size_t i;

	for (i = 0; i < b->plan->count; i++) {
		const struct backup_source *s = &b->sources[i];

		if (s->rc >= 0)
			continue;
		if (err != NULL)
			*err = s->err;
		return dbbi_error_context(err, s->rc,
		    "set %s is partial", b->set.id);
	}
	return 0;
}

static int
has_warnings(const struct backup *b)
{
	size_t i;

	if (b->unsaid)
		return 1;
	for (i = 0; i < b->plan->count; i++)
		if (dbbi_json_count(b->sources[i].warnings) > 0)
			return 1;
	return dbbi_json_count(b->set.warnings) > 0;
}

/* Begin: the repository, the set's name, and every source opened. */
static int
begin(struct backup *b, dbb_error *err)
{
	const dbbi_list *said = dbbi_config_warnings(b->ops->config);
	size_t i;
	int rc;

	b->set.labels = b->plan->labels;
	b->set.started_at_ms = dbbi_now_ms();
	b->set.status = "planned";
	if ((b->set.warnings = dbbi_json_new_array()) == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < said->count; i++)
		if (dbbi_json_append_string(b->set.warnings,
		    said->items[i]) < 0)
			return dbbi_error_nomem(err);
	if ((rc = backup_labels_check(b->plan->labels, err)) < 0 ||
	    (rc = dbbi_set_id_new(b->set.id, b->set.started_at_ms, err)) < 0)
		return rc;
	b->meter.refresh = refresh;
	b->meter.refresh_payload = b;
	return backup_open(b, err);
}

static void
end(struct backup *b)
{
	size_t i;

	backup_history_close(b);
	dbbi_repo_writer_free(b->writer);
	for (i = 0; b->sources != NULL && i < b->plan->count; i++)
		backup_source_clear(&b->sources[i]);
	free(b->sources);
	dbbi_json_free(b->set.warnings);
	dbbi_json_free(b->result);
	dbbi_vault_close(&b->vault);
}

int
dbbi_backup_make(dbbi_json **out, dbbi_ops *ops, const dbbi_backup_plan *plan,
    dbb_error *err)
{
	struct backup b = { .ops = ops, .plan = plan };
	dbb_error why = {0};
	int rc;

	dbbi_meter_init(&b.meter, ops);
	rc = begin(&b, &why);
	if (rc == 0 && plan->dry_run)
		rc = backup_document(&b.result, &b.set, b.sources,
		    plan->count, BACKUP_PLAN, &why);
	if (!plan->dry_run) {
		int kept = backup_history_open(&b, rc,
		    rc == 0 ? &why : NULL);

		if (rc == 0 && (rc = kept) == 0)
			rc = make_set(&b, &why);
		backup_history_end(&b, rc, &why);
		backup_tell_late(&b);
	}
	if (rc == 0)
		rc = fail_partial(&b, &why);
	if (rc == 0) {
		rc = has_warnings(&b) ? DBB_FINDINGS : DBB_OK;
		*out = b.result;
		b.result = NULL;
	}
	if (rc < 0 && err != NULL)
		*err = why;
	end(&b);
	return rc;
}

int
dbbi_op_backup(dbbi_json **out, dbbi_ops *ops,
    const dbb_backup_options *options, dbb_error *err)
{
	dbbi_choices choices = {0};
	dbbi_backup_plan plan = { .labels = options->labels,
	    .dry_run = options->dry_run != 0, .clear_up = 1 };
	dbbi_backup_item *items = NULL;
	size_t i;
	int rc;

	rc = dbbi_choose_sources(&choices, ops, options->sources, err);
	if (rc < 0)
		return rc;
	items = calloc(choices.count, sizeof(*items));
	if (items == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	for (i = 0; i < choices.count; i++)
		items[i] = (dbbi_backup_item){
		    .driver = choices.items[i].driver,
		    .name = choices.items[i].name };
	plan.items = items;
	plan.count = choices.count;
	rc = dbbi_backup_make(out, ops, &plan, err);
done:
	free(items);
	dbbi_choices_clear(&choices);
	return rc;
}
