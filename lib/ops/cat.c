/* SPDX-License-Identifier: BSD-2-Clause */
/* cat: one stream's plain bytes. */
#include <config.h>

#include "ops/ops.h"

#include <string.h>

#include "ops/stored.h"

/* The source's stream of that name; else say which there are. */
static int
find_stream(dbbi_stored_stream *out, const dbbi_json *source,
    const char *name, dbb_error *err)
{
	dbbi_list known = {0};
	dbbi_stored_stream s;
	const char *near;
	size_t i;
	int rc = 0;

	for (i = 0; i < dbbi_stored_stream_count(source); i++) {
		if ((rc = dbbi_stored_stream_at(&s, source, i, err)) < 0)
			goto done;
		if (strcmp(s.name, name) == 0) {
			*out = s;
			goto done;
		}
		if ((rc = dbbi_list_add(&known, s.name, err)) < 0)
			goto done;
	}
	rc = dbbi_error_set(err, DBB_ENOTFOUND, "it has no stream '%s'", name);
	near = known.count > 0 ? dbbi_nearest(name,
	    (const char *const *)known.items) : NULL;
	if (near != NULL)
		dbbi_error_hint(err, "did you mean '%s'?", near);
	else
		dbbi_error_hint(err, "'dbb-backup show SET' lists them");
done:
	dbbi_list_clear(&known);
	return rc;
}

int
dbbi_op_cat(dbbi_ops *ops, const char *set, const char *source,
    const char *stream, dbb_write_fn fn, void *payload, dbb_error *err)
{
	const char *sources[] = { source, NULL };
	dbbi_stored_set stored = {0};
	dbbi_stored_stream found;
	dbbi_json *entry;
	int rc;

	if ((rc = dbbi_stored_open(&stored, ops, set, sources, err)) < 0)
		return rc;
	if ((entry = dbbi_find_source(stored.body, source)) == NULL) {
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "set %s holds no source '%s'", stored.id, source);
		dbbi_error_hint(err, "'dbb-backup show %s' lists them",
		    stored.id);
		goto done;
	}
	rc = find_stream(&found, entry, stream, err);
	if (rc < 0)
		dbbi_error_context(err, rc, "set %s: source '%s'", stored.id,
		    source);
	else
		rc = dbbi_stored_send(&stored, &found, fn, payload, NULL, err);
done:
	dbbi_stored_close(&stored);
	return rc;
}
