/* SPDX-License-Identifier: BSD-2-Clause */
/* index rebuild: the index again, from the packs. */
#include <config.h>

#include "ops/ops.h"

#include "ops/result.h"
#include "ops/select.h"
#include "ops/tasks.h"
#include "repo/rebuild.h"

struct rebuild {
	dbbi_vault vault;
	dbbi_meter meter;
	dbbi_json *result;
	dbbi_json *damaged;		/* borrowed from result, */
	dbbi_json *segments;		/* likewise */
	dbbi_rebuild_stats stats;
	int rc;				/* of building the answer */
};

static int
note(struct rebuild *r, dbbi_json *list, const char *object,
    const char *error)
{
	dbbi_json *one;

	if (dbbi_result_element(&one, list, NULL) < 0 ||
	    dbbi_json_set_string(one, "object", object) < 0 ||
	    dbbi_json_set_string(one, "error", error) < 0)
		r->rc = DBB_ENOMEM;
	return r->rc;
}

static int
note_damage(const char *object, const char *error, void *payload)
{
	struct rebuild *r = payload;

	return note(r, r->damaged, object, error);
}

static int
note_segment(const char *object, const char *error, void *payload)
{
	struct rebuild *r = payload;

	return note(r, r->segments, object, error);
}

static int
rebuild_task(dbbi_task *task, dbb_error *err)
{
	struct rebuild *r = task->payload;
	dbbi_rebuild_options options = { .damage = note_damage,
	    .segment = note_segment, .payload = r,
	    .progress = &r->meter.bytes_done };
	int rc;

	rc = dbbi_repo_rebuild_index(&r->stats, r->vault.repo, &options,
	    err);
	return r->rc < 0 ? dbbi_error_nomem(err) : rc;
}

static int
add_stats(const struct rebuild *r, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_result_number(r->result, "packs", r->stats.packs,
	    err)) < 0 ||
	    (rc = dbbi_result_number(r->result, "packs_added",
	    r->stats.packs_added, err)) < 0)
		return rc;
	return dbbi_result_number(r->result, "bytes_read",
	    r->stats.bytes_read, err);
}

int
dbbi_op_rebuild(dbbi_json **out, dbbi_ops *ops, dbb_error *err)
{
	struct rebuild r = {0};
	int rc;

	dbbi_meter_init(&r.meter, ops);
	if ((rc = dbbi_vault_open(&r.vault, ops, err)) < 0)
		return rc;
	dbbi_vault_work(&r.vault, "index rebuild");
	if ((rc = dbbi_result_new(&r.result, "index rebuild", err)) < 0 ||
	    (rc = dbbi_result_array(&r.damaged, r.result, "damaged",
	    err)) < 0 ||
	    (rc = dbbi_result_array(&r.segments, r.result, "segments",
	    err)) < 0 ||
	    (rc = dbbi_meter_phase(&r.meter, DBB_PHASE_VERIFY, err)) < 0 ||
	    (rc = dbbi_task_run(rebuild_task, &r, &r.meter, err)) < 0 ||
	    (rc = add_stats(&r, err)) < 0)
		goto done;
	rc = dbbi_json_count(r.damaged) > 0 ? DBB_FINDINGS : DBB_OK;
	*out = r.result;
	r.result = NULL;
done:
	dbbi_json_free(r.result);
	dbbi_vault_close(&r.vault);
	return rc;
}
