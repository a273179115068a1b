/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever can be refused is refused here, before anything is changed. */
#include <config.h>

#include "source/qd_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_discover.h"
#include "source/qd_points.h"
#include "source/qd_target_private.h"

static int
check_single(const dbbi_qd_target *t, const dbbi_json *cluster,
    dbb_error *err)
{
	if (t->settings.urls.count == 1 &&
	    dbbi_qd_discover_peers(cluster) <= 1)
		return DBB_OK;
	dbbi_error_set(err, DBB_EUNSUPPORTED, "'%s' is a node of a cluster, "
	    "and this version restores into single servers",
	    dbbi_qd_address(t->qd));
	dbbi_error_hint(err, "restore into a single server with --to URL, or "
	    "take the snapshots out by 'dbb-restore export' and upload each "
	    "to one node, with priority=snapshot");
	return DBB_EUNSUPPORTED;
}

static int
check_version(dbbi_qd_target *t, dbb_error *err)
{
	const char *here = dbbi_qd_version(t->qd);
	const char *there = dbbi_json_string(t->plan->facts,
	    "server_version");
	int far = 0, rc;

	if (t->scroll)
		return DBB_OK;		/* points fit everywhere */
	if ((rc = dbbi_qd_version_check(&far, here, there, err)) < 0 || !far)
		return rc;
	return dbbi_qd_target_warn(t, dbbi_text_format("the snapshots were "
	    "taken by Qdrant %s and the server is %s: Qdrant promises to read "
	    "those of the version before, and not older ones", there, here),
	    err);
}

/* ---- what exists ---- */

static int
refuse_existing(const dbbi_qd_target *t, const dbbi_qd_restored *r,
    dbb_error *err)
{
	if (r->behind != NULL)
		dbbi_error_set(err, DBB_EEXIST, "'%s' is an alias of "
		    "collection '%s' on %s", r->target, r->behind,
		    dbbi_qd_address(t->qd));
	else
		dbbi_error_set(err, DBB_EEXIST, "collection '%s' exists on %s",
		    r->target, dbbi_qd_address(t->qd));
	if (t->count > 1)
		dbbi_error_hint(err, "use --replace to put the backup in the "
		    "place of each of the %zu collections that exists, or --to "
		    "another server", t->count);
	else if (r->behind != NULL)
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside it, "
		    "or --replace to let the alias lead to the backup: '%s' "
		    "is not touched", r->behind);
	else
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside it, "
		    "or --replace to put the backup in its place");
	return DBB_EEXIST;
}

/* So that what is written meanwhile shows, before it is deleted. */
static int
look_at_old(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	int rc;

	if (!t->plan->keep_written)
		return DBB_OK;
	rc = dbbi_qd_points_count(&r->old_points, t->qd, r->target, err);
	if (rc == 0)
		rc = dbbi_qd_points_sample(&r->old_sample, t->qd, r->target,
		    r->old_points, 1, err);
	if (rc < 0)
		dbbi_error_hint(err, "if it is broken and nothing of it is to "
		    "be kept, restore with --no-safety-set");
	return dbbi_error_context(err, rc, "collection '%s'", r->target);
}

static int
check_existing(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	const char *behind = dbbi_qd_alias_behind(t->aliases, r->target);
	int rc;

	if (behind != NULL && (r->behind = dbbi_text_dup(behind)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_qd_collection_exists(&r->exists, t->qd, r->target,
	    err)) < 0)
		return rc;
	if (!r->exists && r->behind == NULL)
		return DBB_OK;
	if (!t->plan->replace)
		return refuse_existing(t, r, err);
	return r->exists ? look_at_old(t, r, err) : DBB_OK;
}

/* ---- the whole ---- */

static int
connect_to(dbbi_qd_target *t, dbb_error *err)
{
	dbbi_json *cluster = NULL;
	int rc;

	if ((rc = dbbi_qd_settings_read(&t->settings, t->env, err)) < 0 ||
	    (rc = dbbi_qd_connect(&t->qd, &t->settings,
	    t->settings.urls.items[0], t->env->run, err)) < 0 ||
	    (rc = dbbi_qd_discover_node(&cluster, t->qd, err)) < 0)
		return rc;
	rc = check_single(t, cluster, err);
	dbbi_json_free(cluster);
	t->site = (dbbi_qd_site){ t->qd, &t->settings, t->env->run,
		t->env->notes };
	return rc;
}

static int
check_server(dbbi_qd_target *t, dbb_error *err)
{
	size_t i;
	int rc;

	if ((rc = check_version(t, err)) < 0 ||
	    (rc = dbbi_qd_discover_aliases(&t->aliases, t->qd, err)) < 0)
		return rc;
	for (i = 0; rc == 0 && i < t->count; i++)
		rc = check_existing(t, &t->restored[i], err);
	return rc;
}

int
dbbi_qd_target_open(dbbi_target **out, const dbbi_source_env *env,
    const dbbi_target_plan *plan, dbb_error *err)
{
	dbbi_qd_target *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return dbbi_error_nomem(err);
	t->base.driver = &dbbi_source_qdrant;
	t->env = env;
	t->plan = plan;
	if ((t->warnings = dbbi_json_new_array()) == NULL)
		rc = dbbi_error_nomem(err);
	else if ((rc = dbbi_qd_plan_check(t, err)) == 0 &&
	    (rc = connect_to(t, err)) == 0)
		rc = check_server(t, err);
	if (rc < 0)
		dbbi_qd_target_close(&t->base);
	else
		*out = &t->base;
	return rc;
}
