/* SPDX-License-Identifier: BSD-2-Clause */
/* prune_sets: the rules choose sets, the repository frees what they needed. */
#include <config.h>

#include "ops/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/result.h"
#include "ops/retention.h"
#include "ops/select.h"
#include "ops/tasks.h"
#include "repo/proofs.h"
#include "repo/prune.h"
#include "util/clock.h"

struct prune {
	dbbi_ops *ops;
	const dbb_prune_options *options;
	dbbi_vault vault;
	dbbi_retention_rules rules;
	dbbi_list ids;
	dbbi_retention_set *sets;
	dbbi_json **heads;
	size_t count;			/* of both */
	dbbi_list remove;
	size_t locked;			/* sets that go, and cannot yet */
	dbbi_prune_stats stats;
};

/* ---- the rules ---- */

static uint32_t
get_rule(const dbbi_ops *ops, const char *key)
{
	const char *text = dbbi_config_get(ops->config, "retention", NULL,
	    key);
	uint64_t number = 0;

	if (text != NULL)	/* which was checked when it was read */
		dbbi_parse_u64(&number, text, 0, UINT32_MAX);
	return (uint32_t)number;
}

static void
get_rules(dbbi_retention_rules *out, const dbbi_ops *ops)
{
	out->days = get_rule(ops, "days");
	out->keep_last = get_rule(ops, "keep-last");
	out->daily = get_rule(ops, "daily");
	out->weekly = get_rule(ops, "weekly");
	out->monthly = get_rule(ops, "monthly");
	out->yearly = get_rule(ops, "yearly");
}

/* ---- the sets ---- */

static int
is_completed(const dbbi_json *object)
{
	const char *status = dbbi_json_string(object, "status");

	return status != NULL && strcmp(status, "completed") == 0;
}

/* One that does not say when it was made, or what it holds, has no sources
 * here, and is kept for that. */
static int
describe(dbbi_retention_set *set, const dbbi_json *head, dbb_error *err)
{
	dbbi_json *sources = dbbi_json_array(head, "sources");
	const char *at = dbbi_json_string(head, "started_at");
	const char *name;
	int rc = 0;

	set->completed = is_completed(head);
	set->safety = dbbi_json_string(dbbi_json_object(head, "labels"),
	    DBBI_SAFETY_LABEL) != NULL;
	if (at == NULL || dbbi_time_parse(&set->at_ms, at) < 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < dbbi_json_count(sources); i++) {
		name = dbbi_json_string(dbbi_json_at(sources, i), "name");
		if (name != NULL && is_completed(dbbi_json_at(sources, i)))
			rc = dbbi_list_add(&set->sources, name, err);
	}
	return rc;
}

/* One that cannot be read is passed over: dbbi_repo_prune will stop for it,
 * unless it can be read then, and stays. */
static int
read_set(struct prune *p, const dbbi_proofs *proofs, const char *id,
    dbb_error *err)
{
	dbbi_retention_set *set = &p->sets[p->count];
	dbbi_json **head = &p->heads[p->count];
	int64_t verified_at_ms;
	int rc;

	if ((rc = dbbi_run_check(p->ops->run, err)) < 0)
		return rc;
	rc = dbbi_set_read_verified(head, &verified_at_ms, p->vault.repo,
	    proofs, id, err);
	if (rc == DBB_EDAMAGED || rc == DBB_EVERSION || rc == DBB_ENOTFOUND)
		return 0;
	if (rc < 0)
		return rc;
	p->count++;
	set->id = id;
	set->verified = verified_at_ms != 0;
	return describe(set, *head, err);
}

static int
read_sets(struct prune *p, dbb_error *err)
{
	dbbi_proofs *proofs = NULL;
	int rc;

	if ((rc = dbbi_set_ids(&p->ids, p->vault.repo, err)) < 0 ||
	    (rc = dbbi_proofs_load(&proofs, p->vault.repo, err)) < 0)
		return rc;
	p->sets = calloc(p->ids.count + 1, sizeof *p->sets);
	p->heads = calloc(p->ids.count + 1, sizeof *p->heads);
	if (p->sets == NULL || p->heads == NULL)
		rc = dbbi_error_nomem(err);
	for (size_t i = 0; rc == 0 && i < p->ids.count; i++)
		rc = read_set(p, proofs, p->ids.items[i], err);
	dbbi_proofs_free(proofs);
	return rc;
}

/* A set whose manifest the store has locked stays, and so does all that it
 * needs, whatever the rules say. */
static int
choose(struct prune *p, dbbi_retention_set *set, dbb_error *err)
{
	char until[DBBI_TIME_SIZE];
	int rc;

	if (set->keep)
		return 0;
	rc = dbbi_set_locked_until(&set->locked_until_ms, p->vault.repo,
	    set->id, err);
	if (rc < 0 && rc != DBB_ENOTFOUND)
		return rc;
	if (set->locked_until_ms == 0)
		return dbbi_list_add(&p->remove, set->id, err);
	dbbi_time_rfc3339(until, set->locked_until_ms);
	snprintf(set->reason, sizeof(set->reason), "locked in the store "
	    "until %s, and to be removed then", until);
	set->keep = 1;
	p->locked++;
	return 0;
}

static int
prune_task(dbbi_task *task, dbb_error *err)
{
	struct prune *p = task->payload;
	dbbi_prune_options options = { &p->remove,
	    p->options->dry_run != 0 };
	int rc;

	if ((rc = read_sets(p, err)) < 0 ||
	    (rc = dbbi_retention_decide(p->sets, p->count, &p->rules,
	    dbbi_now_ms(), err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < p->count; i++)
		rc = choose(p, &p->sets[i], err);
	if (rc == 0)
		rc = dbbi_repo_prune(&p->stats, p->vault.repo, &options, err);
	return rc;
}

/* ---- the answer ---- */

static int
set_flag(dbbi_json *object, const char *key, int value, dbb_error *err)
{
	return dbbi_json_set_bool(object, key, value) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

static int
add_set(dbbi_json *sets, const struct prune *p, size_t i, dbb_error *err)
{
	const dbbi_retention_set *set = &p->sets[i];
	const dbbi_json *head = p->heads[i];
	dbbi_json *entry;
	int rc;

	if ((rc = dbbi_result_element(&entry, sets, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "set", set->id, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "status",
	    dbbi_json_string(head, "status"), err)) < 0 ||
	    (rc = dbbi_result_text(entry, "started_at",
	    dbbi_json_string(head, "started_at"), err)) < 0 ||
	    (rc = set_flag(entry, "verified", set->verified, err)) < 0 ||
	    (rc = set_flag(entry, "keep", set->keep, err)) < 0)
		return rc;
	if (set->locked_until_ms != 0 &&
	    (rc = dbbi_result_time(entry, "locked_until",
	    set->locked_until_ms, err)) < 0)
		return rc;
	return dbbi_result_text(entry, "reason", set->reason, err);
}

static int
add_part(dbbi_json *result, const char *key, const dbbi_prune_part *part,
    dbb_error *err)
{
	dbbi_json *object;
	int rc;

	if ((rc = dbbi_result_object(&object, result, key, err)) < 0 ||
	    (rc = dbbi_result_number(object, "packs", part->packs, err)) < 0)
		return rc;
	return dbbi_result_number(object, "bytes", part->bytes, err);
}

static int
add_time(dbbi_json *result, const char *key, int64_t at_ms, dbb_error *err)
{
	if (at_ms == 0)
		return dbbi_result_text(result, key, NULL, err);
	return dbbi_result_time(result, key, at_ms, err);
}

static void
widen(int64_t *first_ms, int64_t *last_ms, int64_t until_ms)
{
	if (until_ms != 0 && (*first_ms == 0 || until_ms < *first_ms))
		*first_ms = until_ms;
	if (until_ms > *last_ms)
		*last_ms = until_ms;
}

/* What has to be left, and until when. */
static int
add_locked(dbbi_json *result, const struct prune *p, dbb_error *err)
{
	int64_t first = p->stats.locked_first_ms;
	int64_t last = p->stats.locked_last_ms;
	dbbi_json *locked;
	int rc;

	for (size_t i = 0; i < p->count; i++)
		widen(&first, &last, p->sets[i].locked_until_ms);
	if ((rc = add_part(result, "locked", &p->stats.locked, err)) < 0)
		return rc;
	locked = dbbi_json_object(result, "locked");
	if ((rc = dbbi_result_number(locked, "sets", p->locked, err)) < 0 ||
	    (rc = add_time(locked, "first", first, err)) < 0)
		return rc;
	return add_time(locked, "last", last, err);
}

static int
add_stats(dbbi_json *result, const dbbi_prune_stats *s, dbb_error *err)
{
	dbbi_json *rewritten;
	int rc;

	if ((rc = add_part(result, "store", &s->store, err)) < 0 ||
	    (rc = add_part(result, "used", &s->used, err)) < 0 ||
	    (rc = add_part(result, "condemned", &s->condemned, err)) < 0 ||
	    (rc = add_part(result, "waiting", &s->waiting, err)) < 0 ||
	    (rc = add_part(result, "deleted", &s->deleted, err)) < 0 ||
	    (rc = add_part(result, "rewritten", &s->rewritten, err)) < 0)
		return rc;
	rewritten = dbbi_json_object(result, "rewritten");
	if ((rc = dbbi_result_number(rewritten, "kept_bytes",
	    s->rewritten_bytes, err)) < 0 ||
	    (rc = add_time(result, "delete_first", s->delete_first_ms,
	    err)) < 0)
		return rc;
	return add_time(result, "delete_last", s->delete_last_ms, err);
}

static int
build(dbbi_json *result, const struct prune *p, dbb_error *err)
{
	dbbi_json *sets, *warnings;
	int rc;

	if ((rc = set_flag(result, "dry_run", p->options->dry_run != 0,
	    err)) < 0 ||
	    (rc = dbbi_result_array(&sets, result, "sets", err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < p->count; i++)
		rc = add_set(sets, p, i, err);
	dbbi_result_sort_sets(sets);
	if (rc < 0 ||
	    (rc = dbbi_result_number(result, "removed", p->remove.count,
	    err)) < 0 ||
	    (rc = add_stats(result, &p->stats, err)) < 0 ||
	    (rc = add_locked(result, p, err)) < 0 ||
	    (rc = dbbi_result_number(result, "unfinished_uploads",
	    p->stats.swept, err)) < 0 ||
	    (rc = dbbi_result_array(&warnings, result, "warnings", err)) < 0)
		return rc;
	if (dbbi_retention_has_rules(&p->rules))
		return 0;
	rc = dbbi_result_say(warnings, err, "no rules are configured under "
	    "[retention]: no set is removed");
	return rc < 0 ? rc : DBB_FINDINGS;
}

int
dbbi_op_prune(dbbi_json **out, dbbi_ops *ops,
    const dbb_prune_options *options, dbb_error *err)
{
	struct prune p = { .ops = ops, .options = options };
	dbbi_json *result = NULL;
	dbbi_meter meter;
	int rc;

	get_rules(&p.rules, ops);
	dbbi_meter_init(&meter, ops);
	if ((rc = dbbi_vault_open(&p.vault, ops, err)) < 0)
		return rc;
	if (!options->dry_run) {
		dbbi_vault_work(&p.vault, "prune");
		dbbi_leases_sweep(p.vault.repo);
	}
	if ((rc = dbbi_meter_phase(&meter, DBB_PHASE_PRUNE, err)) < 0 ||
	    (rc = dbbi_task_run(prune_task, &p, &meter, err)) < 0 ||
	    (rc = dbbi_result_new(&result, "prune", err)) < 0 ||
	    (rc = build(result, &p, err)) < 0)
		goto done;
	*out = result;
	result = NULL;
done:
	dbbi_json_free(result);
	for (size_t i = 0; i < p.count; i++) {
		dbbi_list_clear(&p.sets[i].sources);
		dbbi_json_free(p.heads[i]);
	}
	free(p.sets);
	free(p.heads);
	dbbi_list_clear(&p.remove);
	dbbi_list_clear(&p.ids);
	dbbi_vault_close(&p.vault);
	return rc;
}
