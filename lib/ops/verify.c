/* SPDX-License-Identifier: BSD-2-Clause */
/* verify: is everything there that the sets need, and is it what it was? */
#include <config.h>

#include "ops/ops.h"

#include <string.h>

#include "ops/result.h"
#include "ops/select.h"
#include "ops/tasks.h"
#include "repo/proofs.h"

struct verify {
	dbbi_ops *ops;
	const dbb_verify_options *options;
	dbbi_vault vault;
	dbbi_meter meter;
	dbbi_list ids;
	dbbi_json *result;
	dbbi_json *sets;		/* borrowed from result */
	dbbi_check_stats stats;
	dbbi_list hurt;			/* sets with a stream that is lost */
	int packs_damaged;		/* some of what is damaged are packs, */
	int index_damaged;		/* or the index is at fault */
	int rc;				/* of building the answer */
};

/* The answer's entry of one set. */
static dbbi_json *
find_entry(const struct verify *v, const char *set)
{
	size_t i;

	for (i = 0; i < dbbi_json_count(v->sets); i++) {
		dbbi_json *entry = dbbi_json_at(v->sets, i);
		const char *at = dbbi_json_string(entry, "set");

		if (at != NULL && strcmp(at, set) == 0)
			return entry;
	}
	return NULL;
}

/* Does it keep a stream from being read, or all of the set? */
static int
hurts(const dbbi_damage *damage)
{
	return damage->stream != NULL ||
	    strncmp(damage->object, "sets/", 5) == 0;
}

static int
note_damage(const dbbi_damage *damage, void *payload)
{
	struct verify *v = payload;
	dbbi_json *entry = find_entry(v, damage->set), *list, *one;

	if (entry == NULL)
		return 0;
	v->index_damaged |= damage->of_index;
	v->packs_damaged |= !damage->of_index &&
	    strncmp(damage->object, "packs/", 6) == 0;
	if (dbbi_json_set_bool(entry, "ok", 0) < 0 ||
	    (list = dbbi_json_array(entry, "damage")) == NULL ||
	    dbbi_result_element(&one, list, NULL) < 0 ||
	    dbbi_json_set_string(one, "object", damage->object) < 0 ||
	    dbbi_json_set_string(one, "source", damage->source) < 0 ||
	    dbbi_json_set_string(one, "stream", damage->stream) < 0 ||
	    dbbi_json_set_string(one, "error", damage->error) < 0 ||
	    (hurts(damage) && !dbbi_list_has(&v->hurt, damage->set) &&
	    dbbi_list_add(&v->hurt, damage->set, NULL) < 0))
		v->rc = DBB_ENOMEM;
	return v->rc;
}

/* A stream of a set with damage that can be restored all the same. */
static int
note_whole(const char *set, const char *source, const char *stream,
    void *payload)
{
	struct verify *v = payload;
	dbbi_json *entry = find_entry(v, set), *one;

	if (entry != NULL &&
	    (dbbi_result_element(&one, dbbi_json_array(entry, "restorable"),
	    NULL) < 0 ||
	    dbbi_json_set_string(one, "source", source) < 0 ||
	    dbbi_json_set_string(one, "stream", stream) < 0))
		v->rc = DBB_ENOMEM;
	return v->rc;
}

static int
add_entry(struct verify *v, const char *id, dbb_error *err)
{
	dbbi_json *entry, *list;
	int rc;

	if ((rc = dbbi_result_element(&entry, v->sets, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "set", id, err)) < 0 ||
	    (rc = dbbi_result_array(&list, entry, "damage", err)) < 0 ||
	    (rc = dbbi_result_array(&list, entry, "restorable", err)) < 0)
		return rc;
	return dbbi_json_set_bool(entry, "ok", 1) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

/* The sets asked for, each once, with an entry that says "ok" until told
 * otherwise. */
static int
choose(struct verify *v, dbb_error *err)
{
	const char *const *asked = v->options->sets;
	char id[DBBI_SET_ID_SIZE];
	size_t i;
	int rc = 0;

	if (asked == NULL)
		rc = dbbi_set_ids(&v->ids, v->vault.repo, err);
	for (; rc == 0 && asked != NULL && *asked != NULL; asked++) {
		rc = dbbi_choose_set(id, v->vault.repo, *asked, NULL, err);
		if (rc == 0 && !dbbi_list_has(&v->ids, id))
			rc = dbbi_list_add(&v->ids, id, err);
	}
	for (i = 0; rc == 0 && i < v->ids.count; i++)
		rc = add_entry(v, v->ids.items[i], err);
	return rc;
}

/* What the proofs say now, of each set. */
static int
note_verified(struct verify *v, dbb_error *err)
{
	dbbi_proofs *proofs = NULL;
	dbbi_json *head;
	int64_t at_ms;
	size_t i;
	int rc;

	rc = dbbi_proofs_load(&proofs, v->vault.repo, err);
	for (i = 0; rc == 0 && i < v->ids.count; i++) {
		head = NULL;
		at_ms = 0;
		if (dbbi_set_read_verified(&head, &at_ms, v->vault.repo,
		    proofs, v->ids.items[i], NULL) == 0)
			dbbi_json_free(head);
		rc = dbbi_result_time_or_null(dbbi_json_at(v->sets, i),
		    "verified", at_ms, err);
	}
	dbbi_proofs_free(proofs);
	return rc;
}

static int
check_task(dbbi_task *task, dbb_error *err)
{
	struct verify *v = task->payload;
	dbbi_check_options options = { .damage = note_damage,
	    .whole = note_whole, .payload = v,
	    .progress = &v->meter.bytes_done };
	int rc;

	if (v->options->read_data)
		options.read_percent = v->options->read_percent == 0 ? 100 :
		    v->options->read_percent;
	if ((rc = choose(v, err)) < 0)
		return rc;
	rc = dbbi_repo_check(&v->stats, v->vault.repo, &v->ids, &options,
	    err);
	if (v->rc < 0)
		return dbbi_error_nomem(err);
	return rc < 0 ? rc : note_verified(v, err);
}

static const char *
advice(const struct verify *v)
{
	if (v->index_damaged)
		return "run 'dbb-backup index rebuild', which makes the index "
		    "again from the packs, and verify again";
	if (v->packs_damaged)
		return "move the damaged packs away, if they are still there, "
		    "and run 'dbb-backup run': it stores again what the "
		    "databases still have, which may mend older sets, too; "
		    "then verify again";
	return "make a new set soon ('dbb-backup run')";
}

/* A set is damaged when any of its entries says so. */
static int
conclude(struct verify *v, dbb_error *err)
{
	size_t i, bad = 0, all = dbbi_json_count(v->sets);
	int ok;

	for (i = 0; i < all; i++)
		if (dbbi_json_bool(&ok, dbbi_json_at(v->sets, i), "ok") < 0 ||
		    !ok)
			bad++;
	if (bad == 0)
		return DBB_OK;
	dbbi_error_set(err, DBB_EDAMAGED, "of %zu %s %zu %s damaged objects, "
	    "and %zu cannot be restored whole", all,
	    all == 1 ? "set" : "sets", bad, bad == 1 ? "has" : "have",
	    v->hurt.count);
	dbbi_error_hint(err, "%s%s, and look after the disk or bucket",
	    v->hurt.count < all ? "the other sets restore; " : "",
	    advice(v));
	return DBB_EDAMAGED;
}

/* The numbers beside the sets. */
static int
add_stats(const struct verify *v, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_result_number(v->result, "packs", v->stats.packs,
	    err)) < 0 ||
	    (rc = dbbi_result_number(v->result, "packs_read",
	    v->stats.packs_read, err)) < 0 ||
	    (rc = dbbi_result_number(v->result, "bytes_read",
	    v->stats.bytes_read, err)) < 0 ||
	    (rc = dbbi_result_number(v->result, "packs_unproven",
	    v->stats.unproven, err)) < 0)
		return rc;
	return dbbi_result_time_or_null(v->result, "oldest_proof",
	    v->stats.oldest_proof_ms, err);
}

static int
check_options(const dbb_verify_options *options, dbb_error *err)
{
	if (options->read_percent > 100)
		return dbbi_error_set(err, DBB_EINVAL, "%u percent of the "
		    "data are more than all of it", options->read_percent);
	if (options->read_percent > 0 && !options->read_data)
		return dbbi_error_set(err, DBB_EINVAL,
		    "read_percent says how much read_data reads, which was "
		    "not asked for");
	return 0;
}

int
dbbi_op_verify(dbbi_json **out, dbbi_ops *ops,
    const dbb_verify_options *options, dbb_error *err)
{
	struct verify v = { .ops = ops, .options = options };
	int rc;

	if ((rc = check_options(options, err)) < 0)
		return rc;
	dbbi_meter_init(&v.meter, ops);
	if ((rc = dbbi_vault_open(&v.vault, ops, err)) < 0)
		return rc;
	dbbi_vault_work(&v.vault, "verify");
	if ((rc = dbbi_result_new(&v.result, "verify", err)) < 0 ||
	    (rc = dbbi_result_array(&v.sets, v.result, "sets", err)) < 0 ||
	    (rc = dbbi_meter_phase(&v.meter, DBB_PHASE_VERIFY, err)) < 0 ||
	    (rc = dbbi_task_run(check_task, &v, &v.meter, err)) < 0 ||
	    (rc = add_stats(&v, err)) < 0)
		goto done;
	rc = conclude(&v, err);
	*out = v.result;
	v.result = NULL;
done:
	dbbi_json_free(v.result);
	dbbi_list_clear(&v.ids);
	dbbi_list_clear(&v.hurt);
	dbbi_vault_close(&v.vault);
	return rc;
}
