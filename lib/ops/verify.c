/* SPDX-License-Identifier: BSD-2-Clause */
/* verify: is everything there that the sets need, and is it what it was? */
#include <config.h>

#include "ops/ops.h"

#include <string.h>

#include "ops/result.h"
#include "ops/select.h"
#include "ops/tasks.h"

struct verify {
	dbbi_ops *ops;
	const dbb_verify_options *options;
	dbbi_vault vault;
	dbbi_meter meter;
	dbbi_list ids;
	dbbi_json *result;
	dbbi_json *sets;		/* borrowed from result */
	dbbi_check_stats stats;
	size_t damaged;
	int packs_damaged;		/* some of them are packs */
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

static int
note_damage(const char *set, const char *object, const char *error,
    void *payload)
{
	struct verify *v = payload;
	dbbi_json *entry = find_entry(v, set), *damage, *one;

	if (entry == NULL)
		return 0;
	v->damaged++;
	v->packs_damaged |= strncmp(object, "packs/", 6) == 0;
	if (dbbi_json_set_bool(entry, "ok", 0) < 0 ||
	    (damage = dbbi_json_array(entry, "damage")) == NULL ||
	    dbbi_result_element(&one, damage, NULL) < 0 ||
	    dbbi_json_set_string(one, "object", object) < 0 ||
	    dbbi_json_set_string(one, "error", error) < 0)
		v->rc = DBB_ENOMEM;
	return v->rc;
}

/* The sets asked for, each once, with an entry that says "ok" until told
 * otherwise. */
static int
choose(struct verify *v, dbb_error *err)
{
	const char *const *asked = v->options->sets;
	char id[DBBI_SET_ID_SIZE];
	dbbi_json *entry, *damage;
	size_t i;
	int rc = 0;

	if (asked == NULL)
		rc = dbbi_set_ids(&v->ids, v->vault.repo, err);
	for (; rc == 0 && asked != NULL && *asked != NULL; asked++) {
		rc = dbbi_choose_set(id, v->vault.repo, *asked, NULL, err);
		if (rc == 0 && !dbbi_list_has(&v->ids, id))
			rc = dbbi_list_add(&v->ids, id, err);
	}
	for (i = 0; rc == 0 && i < v->ids.count; i++) {
		if ((rc = dbbi_result_element(&entry, v->sets, err)) == 0 &&
		    (rc = dbbi_result_text(entry, "set", v->ids.items[i],
		    err)) == 0 &&
		    (rc = dbbi_result_array(&damage, entry, "damage",
		    err)) == 0 && dbbi_json_set_bool(entry, "ok", 1) < 0)
			rc = dbbi_error_nomem(err);
	}
	return rc;
}

static int
check_task(dbbi_task *task, dbb_error *err)
{
	struct verify *v = task->payload;
	int rc;

	if ((rc = choose(v, err)) < 0)
		return rc;
	rc = dbbi_repo_check(&v->stats, v->vault.repo, &v->ids,
	    v->options->read_data != 0, note_damage, v,
	    &v->meter.bytes_done, err);
	return v->rc < 0 ? dbbi_error_nomem(err) : rc;
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
	dbbi_error_set(err, DBB_EDAMAGED, "%zu of %zu %s cannot be restored "
	    "whole; damaged or missing objects: %zu", bad, all,
	    all == 1 ? "set" : "sets", v->damaged);
	dbbi_error_hint(err, "%s%s, and look after the disk or bucket",
	    bad < all ? "the other sets restore; " : "", v->packs_damaged ?
	    "move the damaged packs away, if they are still there, and run "
	    "'dbb-backup run': it stores again what the databases still "
	    "have, which may mend older sets, too; then verify again" :
	    "make a new set soon ('dbb-backup run')");
	return DBB_EDAMAGED;
}

int
dbbi_op_verify(dbbi_json **out, dbbi_ops *ops,
    const dbb_verify_options *options, dbb_error *err)
{
	struct verify v = { .ops = ops, .options = options };
	int rc;

	dbbi_meter_init(&v.meter, ops);
	if ((rc = dbbi_vault_open(&v.vault, ops, err)) < 0)
		return rc;
	if ((rc = dbbi_result_new(&v.result, "verify", err)) < 0 ||
	    (rc = dbbi_result_array(&v.sets, v.result, "sets", err)) < 0 ||
	    (rc = dbbi_meter_phase(&v.meter, DBB_PHASE_VERIFY, err)) < 0 ||
	    (rc = dbbi_task_run(check_task, &v, &v.meter, err)) < 0 ||
	    (rc = dbbi_result_number(v.result, "packs", v.stats.packs,
	    err)) < 0 ||
	    (rc = dbbi_result_number(v.result, "bytes_read",
	    v.stats.bytes_read, err)) < 0)
		goto done;
	rc = conclude(&v, err);
	*out = v.result;
	v.result = NULL;
done:
	dbbi_json_free(v.result);
	dbbi_list_clear(&v.ids);
	dbbi_vault_close(&v.vault);
	return rc;
}
