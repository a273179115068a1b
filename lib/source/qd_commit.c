/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_commit: what was loaded and compared, into its place. */
#include <config.h>

#include "source/qd_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_points.h"
#include "source/qd_target_private.h"

/* ---- the old collection ---- */

static int
refuse_written(const dbbi_qd_restored *r, uint64_t points, dbb_error *err)
{
	if (points != r->old_points)
		dbbi_error_set(err, DBB_EBUSY, "collection '%s' was written "
		    "to since the safety set was begun: it had %llu points, "
		    "and has %llu", r->target,
		    (unsigned long long)r->old_points,
		    (unsigned long long)points);
	else
		dbbi_error_set(err, DBB_EBUSY, "collection '%s' was written "
		    "to since the safety set was begun: points of it changed",
		    r->target);
	dbbi_error_hint(err, "nothing was replaced; stop those who write and "
	    "restore again, or use --no-safety-set if what they write is not "
	    "to be kept");
	return DBB_EBUSY;
}

/* Does it still hold what the safety set has? */
static int
check_written(dbbi_qd_target *t, const dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *again = NULL, *equal = NULL;
	uint64_t points = 0;
	int rc;

	if (r->old_sample == NULL)
		return 0;
	if ((rc = dbbi_qd_points_count(&points, t->qd, r->target, err)) < 0 ||
	    (rc = dbbi_qd_points_resample(&again, t->qd, r->target,
	    r->old_sample, err)) < 0)
		return rc;
	equal = dbbi_qd_points_equal(r->old_sample, again);
	if (equal == NULL)
		rc = dbbi_error_nomem(err);
	else if (points != r->old_points ||
	    dbbi_json_count(equal) != dbbi_json_count(r->old_sample))
		rc = refuse_written(r, points, err);
	dbbi_json_free(equal);
	dbbi_json_free(again);
	return rc;
}

/* Let what was loaded serve for it, and delete it. When that fails, all is as
 * it was. */
static int
retire_old(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	int rc;

	if ((rc = check_written(t, r, err)) < 0)
		return rc;
	if ((rc = dbbi_qd_alias_move(t->qd, r->target, r->loaded_as,
	    err)) == 0 &&
	    (rc = dbbi_qd_upload_serves(&t->site, r->loaded_as, r->target,
	    err)) == 0) {
		r->is_final = 1;
		rc = dbbi_qd_collection_delete(t->qd, r->target, err);
	}
	if (rc == 0)
		return 0;
	/* A delete whose answer was lost may have happened. */
	if (r->is_final && dbbi_qd_collection_exists(&r->exists, t->qd,
	    r->target, NULL) == 0 && !r->exists)
		return 0;
	if (dbbi_qd_alias_move(t->qd, r->loaded_as, r->target, NULL) == 0)
		r->is_final = 0;
	return rc;
}

/* ---- once more, under its name ---- */

static int
upload_again(dbbi_qd_target *t, const dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_reader *in = NULL;
	int rc;

	rc = t->plan->open_stream(&in, r->stream, t->plan->payload, err);
	if (rc == 0)
		rc = dbbi_qd_target_put(t, r, r->target, in, err);
	dbbi_reader_free(in);
	return rc;
}

static int
compare_again(dbbi_qd_target *t, const dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *findings = dbbi_json_new_array();
	uint64_t compared = 0;
	int rc;

	rc = findings == NULL ? dbbi_error_nomem(err) :
	    dbbi_qd_compare(&compared, t, r, r->target, findings, err);
	if (rc == 0 && dbbi_json_count(findings) > 0)
		rc = dbbi_error_set(err, DBB_ESOURCE, "uploaded once more, it "
		    "differs from the set: %.1000s",
		    dbbi_json_text(dbbi_json_at(findings, 0)));
	dbbi_json_free(findings);
	return rc;
}

/* It serves as it is, and the old name leads to it. */
static int
serve_beside(dbbi_qd_target *t, dbbi_qd_restored *r, int rc, dbb_error *err)
{
	dbb_error why = {0};
	int done;

	dbbi_qd_upload_undo(&t->site, r->target, NULL);
	done = dbbi_qd_alias_point(t->qd, r->target, r->loaded_as, &why);
	dbbi_error_context(err, rc, "collection '%s' was deleted, and what "
	    "was restored could not be put under its name: it serves as '%s'"
	    "%s", r->target, r->loaded_as, done == 0 ?
	    ", and an alias of the old name leads to it" : "");
	if (done == 0) {
		dbbi_qd_upload_forget(&t->site, r->loaded_as);
		dbbi_error_hint(err, "it is whole, and was compared with the "
		    "set; searches by the old name find it. To have it under "
		    "its own name, mend the cause, remove the alias, and "
		    "restore again");
	} else {
		dbbi_error_hint(err, "it is whole, and was compared with the "
		    "set; an alias '%s' could not be made (%s): make it, or "
		    "restore again", r->target, why.message);
	}
	return rc;
}

static int
replace(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	int rc;

	if ((rc = retire_old(t, r, err)) < 0)
		return rc;
	if ((rc = upload_again(t, r, err)) < 0 ||
	    (rc = compare_again(t, r, err)) < 0)
		return serve_beside(t, r, rc, err);
	if ((rc = dbbi_qd_alias_move(t->qd, r->loaded_as, r->target,
	    err)) < 0) {
		dbbi_qd_upload_forget(&t->site, r->loaded_as);
		dbbi_error_hint(err, "what was restored is in its place; "
		    "aliases still lead to its copy '%s': point them at '%s', "
		    "then delete that", r->loaded_as, r->target);
		return rc;
	}
	return dbbi_qd_upload_undo(&t->site, r->loaded_as, err);
}

/* ---- aliases ---- */

/* With --replace an alias is moved to what was restored; else one that leads
 * elsewhere stays. A copy beside (--into) takes none away from anybody. */
static int
put_alias(dbbi_qd_target *t, const dbbi_qd_restored *r, const char *alias,
    dbb_error *err)
{
	const char *behind = dbbi_qd_alias_behind(t->aliases, alias);
	int exists = 0, rc;

	if (behind != NULL && strcmp(behind, r->target) == 0)
		return 0;
	if (behind != NULL && !t->plan->replace)
		return dbbi_qd_target_warn(t, dbbi_text_format("alias '%s' "
		    "leads to '%s' and was left so; it led to '%s' when the "
		    "backup was made (--replace moves it)", alias, behind,
		    r->name), err);
	if ((rc = dbbi_qd_collection_exists(&exists, t->qd, alias, err)) < 0)
		return rc;
	if (exists)
		return dbbi_qd_target_warn(t, dbbi_text_format("alias '%s' of "
		    "'%s' was not made: a collection has that name now", alias,
		    r->target), err);
	return dbbi_qd_alias_point(t->qd, alias, r->target, err);
}

static int
put_aliases(dbbi_qd_target *t, const dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *aliases = dbbi_json_array(r->facts, "aliases");
	const char *alias;
	size_t i;
	int rc = 0;

	if (r->behind != NULL || (t->plan->into != NULL && !t->plan->replace))
		return 0;
	for (i = 0; rc == 0 && i < dbbi_json_count(aliases); i++) {
		alias = json_object_get_string(dbbi_json_at(aliases, i));
		if (strcmp(alias, r->target) != 0)
			rc = put_alias(t, r, alias, err);
	}
	return rc;
}

/* The collection that the alias led to stays. */
static int
switch_alias(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	int rc = dbbi_qd_alias_point(t->qd, r->target, r->loaded_as, err);

	r->is_final = rc == 0;
	return rc < 0 ? rc : dbbi_qd_target_warn(t, dbbi_text_format("alias "
	    "'%s' leads to '%s' now; what it led to before, '%s', is still "
	    "there", r->target, r->loaded_as, r->behind), err);
}

/* ---- the whole ---- */

/* What differs from the set may not take a place. */
static int
leave_beside(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	r->is_final = 1;
	dbbi_qd_upload_forget(&t->site, r->loaded_as);
	return dbbi_qd_target_warn(t, dbbi_text_format("'%s' was left as it "
	    "is, because what was restored differs from the set; that is "
	    "kept as '%s'", r->target, r->loaded_as), err);
}

static int
commit_one(dbbi_qd_target *t, dbbi_qd_restored *r, int equal, dbb_error *err)
{
	int rc;

	if (!equal && (r->exists || r->behind != NULL))
		return leave_beside(t, r, err);
	if (r->behind != NULL)
		return switch_alias(t, r, err);
	if (r->exists && (rc = replace(t, r, err)) < 0)
		return rc;
	r->is_final = 1;
	return put_aliases(t, r, err);
}

/* What was said on the way from `from` on, as one text; NULL: nothing, or out
 * of memory. */
static char *
join_warnings(const dbbi_qd_target *t, size_t from)
{
	char *all = NULL, *longer;
	const char *one;

	for (; from < dbbi_json_count(t->warnings); from++) {
		one = json_object_get_string(dbbi_json_at(t->warnings, from));
		longer = all == NULL ? dbbi_text_dup(one) :
		    dbbi_text_format("%s; %s", all, one);
		free(all);
		all = longer;
	}
	return all;
}

static int
report(dbbi_json *databases, dbbi_qd_target *t, const dbbi_qd_restored *r,
    int equal, size_t from, dbb_error *err)
{
	int beside = r->behind != NULL || (r->exists && !equal);
	char *warning = join_warnings(t, from);
	dbbi_json *one = dbbi_json_new_object();
	int rc = 0;

	if (warning != NULL)
		rc = dbbi_json_set_string(one, "warning", warning);
	free(warning);
	if (rc < 0 || dbbi_json_set_string(one, "name", r->name) < 0 ||
	    dbbi_json_set_string(one, "target", beside ? r->loaded_as :
	    r->target) < 0 ||
	    dbbi_json_set_bool(one, "swapped", r->exists && equal) < 0) {
		dbbi_json_free(one);
		return dbbi_error_nomem(err);
	}
	return dbbi_json_append(databases, one) < 0 ?
	    dbbi_error_nomem(err) : 0;
}

int
dbbi_qd_target_commit(dbbi_target *target, int equal, dbbi_json *databases,
    dbb_error *err)
{
	dbbi_qd_target *t = (dbbi_qd_target *)target;
	size_t i, from;
	int rc = 0;

	for (i = 0; rc == 0 && i < t->count; i++) {
		from = dbbi_json_count(t->warnings);
		rc = commit_one(t, &t->restored[i], equal, err);
		if (rc == 0)
			rc = report(databases, t, &t->restored[i], equal,
			    from, err);
	}
	return rc;
}
