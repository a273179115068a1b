/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/restore.h"

#include <stdlib.h>
#include <string.h>

#include "ops/backup.h"
#include "ops/clear_up.h"
#include "ops/ledger.h"
#include "ops/result.h"
#include "util/clock.h"

struct restore {
	dbbi_ops *ops;
	const dbb_restore_options *options;
	dbbi_meter meter;
	dbbi_stored_set stored;
	struct restore_source *sources;
	size_t count;
	int64_t started_at_ms;
	dbbi_json *result;
	dbbi_json *warnings;		/* borrowed from result */
};

/* ---- what to restore ---- */

static int
add_source(struct restore *r, const dbbi_json *entry, dbbi_json *list,
    dbb_error *err)
{
	struct restore_source *s = &r->sources[r->count];
	int rc;

	if ((rc = restore_source_init(s, &r->stored, entry, r->ops,
	    r->options, err)) < 0)
		return rc;
	r->count++;
	s->bytes_done = &r->meter.bytes_done;
	s->warnings = r->warnings;
	if ((rc = dbbi_result_element(&s->result, list, err)) < 0 ||
	    (rc = dbbi_result_text(s->result, "kind", s->driver->kind,
	    err)) < 0 ||
	    (rc = dbbi_result_text(s->result, "name", s->name, err)) < 0 ||
	    (rc = dbbi_result_array(&s->databases, s->result, "databases",
	    err)) < 0)
		return rc;
	return dbbi_result_array(&s->findings, s->result, "findings", err);
}

static int
is_asked_for(const struct restore *r, const dbbi_json *entry)
{
	const char *name = dbbi_json_string(entry, "name");
	const char *const *asked = r->options->sources;

	if (asked == NULL)
		return 1;
	for (; *asked != NULL; asked++)
		if (name != NULL && strcmp(*asked, name) == 0)
			return 1;
	return 0;
}

static int
check_asked(const struct restore *r, dbb_error *err)
{
	const char *const *asked = r->options->sources;

	for (; asked != NULL && *asked != NULL; asked++) {
		if (dbbi_find_source(r->stored.body, *asked) != NULL)
			continue;
		dbbi_error_set(err, DBB_ENOTFOUND,
		    "set %s holds no source '%s'", r->stored.id, *asked);
		dbbi_error_hint(err, "'dbb-backup show %s' lists them",
		    r->stored.id);
		return DBB_ENOTFOUND;
	}
	return 0;
}

static int
choose(struct restore *r, dbb_error *err)
{
	dbbi_json *all, *list;
	size_t i;
	int rc;

	if ((rc = dbbi_stored_open(&r->stored, r->ops, r->options->set,
	    r->options->sources, err)) < 0)
		return rc;
	dbbi_vault_work(&r->stored.vault, "restore");
	if ((rc = check_asked(r, err)) < 0 ||
	    (rc = dbbi_result_text(r->result, "set", r->stored.id,
	    err)) < 0 ||
	    (rc = dbbi_result_array(&list, r->result, "sources", err)) < 0)
		return rc;
	all = dbbi_json_array(r->stored.body, "sources");
	r->sources = calloc(dbbi_json_count(all) + 1, sizeof(*r->sources));
	if (r->sources == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; rc == 0 && i < dbbi_json_count(all); i++)
		if (is_asked_for(r, dbbi_json_at(all, i)))
			rc = add_source(r, dbbi_json_at(all, i), list, err);
	if (rc < 0)
		return rc;
	if (r->count == 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "set %s holds no source", r->stored.id);
	if (r->count > 1 && (r->options->into != NULL ||
	    r->options->to != NULL)) {
		dbbi_error_set(err, DBB_EINVAL, "set %s holds %zu sources, "
		    "and --into or --to can be said of one", r->stored.id,
		    r->count);
		dbbi_error_hint(err, "name the source behind the set");
		return DBB_EINVAL;
	}
	return 0;
}

/* ---- the steps, each over all sources ---- */

struct step {
	struct restore_source *source;
	int (*one)(struct restore_source *s, dbb_error *err);
	const dbbi_stored_stream *stream;	/* to load; or NULL: `one` */
};

static int
step_task(dbbi_task *task, dbb_error *err)
{
	struct step *step = task->payload;

	if (step->stream != NULL)
		return restore_source_stream(step->source, step->stream, err);
	return step->one(step->source, err);
}

static int
run_one(struct restore *r, struct step *step, dbb_error *err)
{
	dbbi_task task = { .work = step_task, .payload = step,
	    .source = step->source->name };
	int rc;

	if (step->stream != NULL) {
		atomic_store(&step->source->stream_bytes, 0);
		task.stream = step->stream->name;
		task.bytes = &step->source->stream_bytes;
	}
	if ((rc = dbbi_tasks_run(&task, 1, 1, &r->meter, err)) < 0)
		return rc;
	if (task.rc < 0 && err != NULL)
		*err = task.err;
	return task.rc;
}

/* One step of all sources, one after the other. */
static int
run_step(struct restore *r, int (*one)(struct restore_source *s,
    dbb_error *err), dbb_error *err)
{
	size_t i;
	int rc;

	rc = dbbi_run_check(r->ops->run, err);
	for (i = 0; rc == 0 && i < r->count; i++) {
		struct step step = { .source = &r->sources[i], .one = one };

		rc = run_one(r, &step, err);
	}
	return rc;
}

static int
load_source(struct restore *r, struct restore_source *s, dbb_error *err)
{
	dbbi_stored_stream stream;
	struct step step = { .source = s, .stream = &stream };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < dbbi_stored_stream_count(s->entry); i++) {
		rc = dbbi_stored_stream_at(&stream, s->entry, i, err);
		if (rc == 0 && s->driver->target_wants(s->target, stream.name,
		    stream.kind))
			rc = run_one(r, &step, err);
	}
	return rc;
}

static int
load_all(struct restore *r, dbb_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < r->count; i++)
		rc = load_source(r, &r->sources[i], err);
	return rc;
}

static int
choose_task(dbbi_task *task, dbb_error *err)
{
	return choose(task->payload, err);
}

/* Another connection can be named for one source only. */
static int
clear_up_task(dbbi_task *task, dbb_error *err)
{
	struct restore *r = task->payload;

	return dbbi_clear_up(r->ops, r->stored.vault.repo, &r->sources[0].env,
	    r->warnings, err);
}

/* How much there is to load, for the progress. */
static uint64_t
total_bytes(const struct restore *r)
{
	uint64_t sum = 0, n;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (dbbi_json_u64(&n, r->sources[i].entry, "size_bytes") == 0)
			sum += n;
	return sum;
}

/* Keep what is about to be replaced, so that the restore has its way back. */
static int
make_safety_set(struct restore *r, dbb_error *err)
{
	const char *labels[] = { DBBI_SAFETY_LABEL "=before-restore", NULL };
	dbbi_backup_plan plan = { .labels = labels };
	dbbi_backup_item *items;
	dbbi_json *made = NULL;
	size_t i;
	int rc;

	items = calloc(r->count, sizeof(*items));
	if (items == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < r->count; i++) {
		struct restore_source *s = &r->sources[i];

		if (s->replaces.count > 0)
			items[plan.count++] = (dbbi_backup_item){
			    .driver = s->driver, .name = s->name,
			    .to = s->env.to, .only = &s->replaces };
	}
	plan.items = items;
	rc = plan.count == 0 ? 0 : dbbi_backup_make(&made, r->ops, &plan, err);
	free(items);
	if (rc < 0) {
		dbbi_error_hint(err, "nothing was changed; mend the cause, or "
		    "restore without the way back: --no-safety-set");
		return dbbi_error_context(err, rc,
		    "keeping a safety set of what would be replaced");
	}
	rc = dbbi_result_text(r->result, "safety_set", made != NULL ?
	    dbbi_json_string(made, "set") : NULL, err);
	dbbi_json_free(made);
	return rc;
}

static int
safety(struct restore *r, dbb_error *err)
{
	if (!r->options->replace || r->options->no_safety_set)
		return dbbi_result_text(r->result, "safety_set", NULL, err);
	return make_safety_set(r, err);
}

/* ---- the history ---- */

/* Write down that a restore was. Connects anew, because the database that
 * keeps the history may just have been replaced; and on the caller's thread,
 * with a run of its own, so that a canceled restore is written down too. */
static void
write_history(struct restore *r, int rc, const dbb_error *why)
{
	dbbi_history_row row = { .backup_id = r->stored.id,
	    .backup_type = "restore", .at_ms = r->started_at_ms,
	    .status = rc < 0 ? "failed" : "completed",
	    .size_bytes = atomic_load(&r->meter.bytes_done),
	    .error_message = rc < 0 ? why->message : NULL };
	const char *status;
	dbbi_ledger ledger;
	dbbi_run run;

	if (rc == DBB_ECONNECT || rc == DBB_EAUTH ||
	    r->options->to != NULL || dbbi_run_init(&run, NULL) < 0)
		return;
	dbbi_ledger_open(&ledger, r->ops, &run, r->warnings);
	status = dbbi_json_string(r->stored.head, "status");
	if (rc >= 0 && status != NULL && strcmp(status, "completed") == 0)
		dbbi_ledger_settle(&ledger, r->stored.id, "completed",
		    r->warnings);
	dbbi_ledger_record(&ledger, &row, r->warnings);
	dbbi_ledger_close(&ledger);
	dbbi_run_clear(&run);
}

/* ---- the verb ---- */

/* Sources take their places one after the other: a failure names those that
 * had done so. */
static void
tell_committed(const struct restore *r, dbb_error *why)
{
	char hint[sizeof(why->hint)];
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (!r->sources[i].committed)
			continue;
		memcpy(hint, why->hint, sizeof(hint));
		dbbi_error_hint(why, "source '%s' is restored and in its "
		    "place already%s%s", r->sources[i].name,
		    *hint != '\0' ? "; " : "", hint);
	}
}

static int
restore_all(struct restore *r, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_task_run(choose_task, r, &r->meter, err)) < 0 ||
	    (rc = run_step(r, restore_source_open, err)) < 0 ||
	    (rc = dbbi_task_run(clear_up_task, r, &r->meter, err)) < 0 ||
	    (rc = safety(r, err)) < 0)
		return rc;
	r->meter.bytes_total = total_bytes(r);
	if ((rc = dbbi_meter_phase(&r->meter, DBB_PHASE_RESTORE, err)) < 0 ||
	    (rc = load_all(r, err)) < 0 ||
	    (rc = dbbi_meter_phase(&r->meter, DBB_PHASE_COMPARE, err)) < 0 ||
	    (rc = run_step(r, restore_source_compare, err)) < 0)
		return rc;
	return run_step(r, restore_source_commit, err);
}

static int
conclude(struct restore *r, dbb_error *err)
{
	size_t i, found = 0;
	int rc;

	for (i = 0; i < r->count; i++)
		found += dbbi_json_count(r->sources[i].findings);
	rc = dbbi_result_number(r->result, "elapsed_ms",
	    dbbi_monotonic_ms() - r->meter.begun_ms, err);
	if (rc < 0)
		return rc;
	return found > 0 || dbbi_json_count(r->warnings) > 0 ? DBB_FINDINGS :
	    DBB_OK;
}

/* A failure after the safety set was made names it. */
static void
tell_way_back(const struct restore *r, dbb_error *why)
{
	const char *safety = dbbi_json_string(r->result, "safety_set");
	char hint[sizeof(why->hint)];

	if (safety == NULL)
		return;
	memcpy(hint, why->hint, sizeof(hint));
	dbbi_error_hint(why, "what was there before is kept as set %s%s%s",
	    safety, *hint != '\0' ? "; " : "", hint);
}

int
dbbi_op_restore(dbbi_json **out, dbbi_ops *ops,
    const dbb_restore_options *options, dbb_error *err)
{
	struct restore r = { .ops = ops, .options = options,
	    .started_at_ms = dbbi_now_ms() };
	dbb_error why = {0};
	size_t count;
	int rc;

	dbbi_meter_init(&r.meter, ops);
	if ((rc = dbbi_result_new(&r.result, "restore", &why)) == 0 &&
	    (rc = dbbi_result_array(&r.warnings, r.result, "warnings",
	    &why)) == 0)
		rc = restore_all(&r, &why);
	if (rc == 0)
		rc = conclude(&r, &why);
	if (rc < 0)
		tell_committed(&r, &why);
	count = r.count;
	while (r.count > 0)
		restore_source_clear(&r.sources[--r.count]);
	/* Only now: a target that failed may have held locks until here. */
	if (count > 0)
		write_history(&r, rc, &why);
	if (rc < 0)
		tell_way_back(&r, &why);
	if (rc >= 0) {
		*out = r.result;
		r.result = NULL;
	} else if (err != NULL) {
		*err = why;
	}
	free(r.sources);
	dbbi_json_free(r.result);
	dbbi_stored_close(&r.stored);
	return rc;
}
