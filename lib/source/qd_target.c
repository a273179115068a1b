/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_paged.h"
#include "source/qd_target_private.h"

int
dbbi_qd_target_warn(dbbi_qd_target *t, char *text, dbb_error *err)
{
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	dbbi_log(t->env->run, DBB_LOG_INFO, "%s", text);
	rc = dbbi_json_append_string(t->warnings, text);
	free(text);
	return rc < 0 ? dbbi_error_nomem(err) : DBB_OK;
}

static dbbi_qd_restored *
find_stream(const dbbi_qd_target *t, const char *stream)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->restored[i].stream, stream) == 0)
			return &t->restored[i];
	return NULL;
}

/* Those that are deleted for it; what an alias leads to stays. */
int
dbbi_qd_target_replaces(dbbi_list *names, dbbi_target *target, dbb_error *err)
{
	const dbbi_qd_target *t = (const dbbi_qd_target *)target;
	size_t i;
	int rc = DBB_OK;

	for (i = 0; i < t->count && rc == DBB_OK; i++)
		if (t->restored[i].exists)
			rc = dbbi_list_add(names, t->restored[i].target, err);
	return rc;
}

static const char *
kind_of(const dbbi_qd_target *t)
{
	return t->scroll ? DBBI_QD_POINTS_KIND : "qdrant_snapshot";
}

int
dbbi_qd_target_wants(dbbi_target *target, const char *stream,
    const char *kind)
{
	const dbbi_qd_target *t = (const dbbi_qd_target *)target;

	return strcmp(kind, kind_of(t)) == 0 &&
	    find_stream(t, stream) != NULL;
}

/*
 * What it is loaded as: its own name, where that is free; beside what it is to
 * replace; or, where an alias is to lead to it, a name that it can keep.
 */
static int
name_loaded(char **out, dbbi_qd_target *t, const dbbi_qd_restored *r,
    dbb_error *err)
{
	if (r->exists)
		return dbbi_qd_scratch_name(out, r->target,
		    dbbi_qd_now_ms(t->qd), err);
	*out = r->behind != NULL ?
	    dbbi_text_format("%s-%s", r->target, t->plan->set) :
	    dbbi_text_dup(r->target);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

int
dbbi_qd_target_put(const dbbi_qd_target *t, const dbbi_qd_restored *r,
    const char *name, dbbi_reader *in, dbb_error *err)
{
	return t->scroll ? dbbi_qd_upload_points(&t->site, name, in, err) :
	    dbbi_qd_upload(&t->site, name, in, r->sha256, err);
}

int
dbbi_qd_target_load(dbbi_target *target, const char *stream,
    const char *kind, dbbi_reader *in, dbb_error *err)
{
	dbbi_qd_target *t = (dbbi_qd_target *)target;
	dbbi_qd_restored *r = find_stream(t, stream);
	int rc;

	if (r == NULL || strcmp(kind, kind_of(t)) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED, "stream '%s' "
		    "belongs to no collection of the set", stream);
	if (r->loaded_as != NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "stream '%s' is in "
		    "the set twice", stream);
	if ((rc = name_loaded(&r->loaded_as, t, r, err)) < 0)
		return rc;
	rc = dbbi_qd_target_put(t, r, r->loaded_as, in, err);
	r->is_loaded = rc == 0;
	return rc;
}

/* Remove what was loaded and has no place, canceled or not. */
static void
remove_loaded(const dbbi_qd_target *t, const dbbi_qd_restored *r)
{
	dbb_error why = {0};

	if (r->is_loaded && !r->is_final &&
	    dbbi_qd_upload_undo(&t->site, r->loaded_as, &why) < 0)
		dbbi_log(t->env->run, DBB_LOG_WARNING, "qdrant: collection "
		    "'%s' is of a restore that failed, and could not be "
		    "removed: %s", r->loaded_as, why.message);
}

void
dbbi_qd_target_close(dbbi_target *target)
{
	dbbi_qd_target *t = (dbbi_qd_target *)target;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; t->restored != NULL && i < t->count; i++) {
		dbbi_qd_restored *r = &t->restored[i];

		remove_loaded(t, r);
		free(r->loaded_as);
		free(r->behind);
		dbbi_json_free(r->old_sample);
	}
	free(t->restored);
	dbbi_json_free(t->aliases);
	dbbi_json_free(t->warnings);
	dbbi_qd_free(t->qd);
	dbbi_qd_settings_clear(&t->settings);
	free(t);
}
