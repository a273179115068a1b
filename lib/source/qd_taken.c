/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_taken: a collection looked at before and after its stream was read. */
#include <config.h>

#include "source/qd_source.h"

#include "source/qd_points.h"

int
dbbi_qd_taken_before(dbbi_json **sample, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err)
{
	const dbbi_json *config = dbbi_json_object(dbbi_json_object(
	    collection->found, "info"), "config");
	dbbi_qd_taken *t = &collection->taken;
	int rc;

	rc = dbbi_qd_points_count(&t->points, source->qd, collection->name,
	    err);
	return rc < 0 ? rc : dbbi_qd_points_sample(sample, source->qd,
	    collection->name, t->points, dbbi_qd_points_most(config), err);
}

int
dbbi_qd_taken_after(dbbi_qd_source *source, dbbi_qd_collection *collection,
    const dbbi_json *sample, dbb_error *err)
{
	dbbi_qd_taken *t = &collection->taken;
	dbbi_json *again = NULL;
	int rc;

	if ((rc = dbbi_qd_points_count(&t->points_after, source->qd,
	    collection->name, err)) < 0 ||
	    (rc = dbbi_qd_points_resample(&again, source->qd,
	    collection->name, sample, err)) < 0)
		return rc;
	t->sample = dbbi_qd_points_equal(sample, again);
	dbbi_json_free(again);
	return t->sample != NULL ? DBB_OK : dbbi_error_nomem(err);
}
