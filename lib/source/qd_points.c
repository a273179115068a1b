/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_points.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_digest.h"

#define PLACES 4		/* of each kind of id */
#define AT_ONCE 4		/* points from each place */

/* ---- asking ---- */

/* `body` is taken over; NULL: out of memory. */
static int
post(dbbi_json **result, dbbi_qd *qd, char *path, dbbi_json *body,
    dbb_error *err)
{
	int rc;

	if (path == NULL || body == NULL)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_qd_ask(result, qd, "POST", path, body, err);
	free(path);
	dbbi_json_free(body);
	return rc;
}

int
dbbi_qd_points_count(uint64_t *out, dbbi_qd *qd, const char *collection,
    dbb_error *err)
{
	dbbi_json *body = dbbi_json_new_object(), *result = NULL;
	int rc;

	if (dbbi_json_set_bool(body, "exact", 1) < 0) {
		dbbi_json_free(body);
		return dbbi_error_nomem(err);
	}
	rc = post(&result, qd, dbbi_qd_path("/collections/%s/points/count",
	    collection), body, err);
	if (rc == 0 && dbbi_json_u64(out, result, "count") < 0)
		rc = dbbi_error_set(err, DBB_ESOURCE, "the server gave no "
		    "number");
	dbbi_json_free(result);
	return dbbi_error_context(err, rc, "counting the points");
}

/* ---- a sample ---- */

static int
has_id(const dbbi_json *sample, const dbbi_json *id)
{
	size_t i;

	for (i = 0; i < dbbi_json_count(sample); i++)
		if (json_object_equal(json_object_object_get(
		    dbbi_json_at(sample, i), "id"),
		    (dbbi_json *)(uintptr_t)id))
			return 1;
	return 0;
}

static int
add_point(dbbi_json *sample, const dbbi_json *point, dbb_error *err)
{
	dbbi_json *id = json_object_object_get(point, "id"), *one;
	char digest[DBBI_SHA256_HEX];
	int rc;

	if (id == NULL || has_id(sample, id))
		return DBB_OK;
	if ((rc = dbbi_qd_digest(digest, point, err)) < 0)
		return rc;
	one = dbbi_json_new_object();
	if (dbbi_json_set(one, "id", json_object_get(id)) < 0 ||
	    dbbi_json_set_string(one, "sha256", digest) < 0) {
		dbbi_json_free(one);
		return dbbi_error_nomem(err);
	}
	return dbbi_json_append(sample, one) < 0 ? dbbi_error_nomem(err) :
	    DBB_OK;
}

static int
add_points(dbbi_json *sample, const dbbi_json *points, dbb_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < dbbi_json_count(points); i++)
		rc = add_point(sample, dbbi_json_at(points, i), err);
	return rc;
}

/* The body that asks for all of a point, to be completed. */
static dbbi_json *
new_question(void)
{
	dbbi_json *body = dbbi_json_new_object();

	if (dbbi_json_set_bool(body, "with_payload", 1) == 0 &&
	    dbbi_json_set_bool(body, "with_vector", 1) == 0)
		return body;
	dbbi_json_free(body);
	return NULL;
}

/* The `limit` points from `offset` on, which is taken over. */
static int
scroll(dbbi_json **result, dbbi_qd *qd, const char *collection,
    dbbi_json *offset, uint64_t limit, dbb_error *err)
{
	dbbi_json *body = new_question();

	if (dbbi_json_set(body, "offset", offset) < 0 ||
	    dbbi_json_set_u64(body, "limit", limit) < 0) {
		dbbi_json_free(body);
		return dbbi_error_nomem(err);
	}
	return post(result, qd, dbbi_qd_path("/collections/%s/points/scroll",
	    collection), body, err);
}

/* Points may be large: then fewer. One that is still too large is no part of
 * the sample. */
static int
add_from(dbbi_json *sample, dbbi_qd *qd, const char *collection,
    dbbi_json *offset, uint64_t limit, dbb_error *err)
{
	dbbi_json *result = NULL;
	dbb_error why = {0};
	int rc;

	rc = scroll(&result, qd, collection, json_object_get(offset), limit,
	    &why);
	if (rc == DBB_EUNSUPPORTED && limit > 1)
		rc = scroll(&result, qd, collection, json_object_get(offset),
		    1, &why);
	if (rc == 0)
		rc = add_points(sample, dbbi_json_array(result, "points"),
		    &why);
	dbbi_json_free(result);
	dbbi_json_free(offset);
	if (rc == DBB_EUNSUPPORTED)
		return DBB_OK;
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

/* The i-th place to look: numbers from 0 to the count, where they are given
 * one after the other, then UUIDs, which are spread evenly. */
static dbbi_json *
offset_of(unsigned i, uint64_t count)
{
	static const char *const uuids[PLACES] = {
		"00000000-0000-0000-0000-000000000000",
		"40000000-0000-0000-0000-000000000000",
		"80000000-0000-0000-0000-000000000000",
		"c0000000-0000-0000-0000-000000000000",
	};

	if (i < PLACES)
		return json_object_new_uint64(count / PLACES * i);
	return json_object_new_string(uuids[i - PLACES]);
}

int
dbbi_qd_points_sample(dbbi_json **out, dbbi_qd *qd, const char *collection,
    uint64_t count, uint64_t most, dbb_error *err)
{
	uint64_t limit = most > 0 && most < AT_ONCE ? most : AT_ONCE;
	dbbi_json *sample = dbbi_json_new_array(), *offset;
	unsigned i;
	int rc = sample != NULL ? 0 : dbbi_error_nomem(err);

	for (i = 0; rc == 0 && i < 2 * PLACES; i++) {
		offset = offset_of(i, count);
		rc = offset == NULL ? dbbi_error_nomem(err) :
		    add_from(sample, qd, collection, offset, limit, err);
	}
	if (rc < 0)
		dbbi_json_free(sample);
	else
		*out = sample;
	return dbbi_error_context(err, rc, "reading a few points");
}

/* ---- the same once more ---- */

/* Ask for the points of `sample` from the `from`-th on. */
static int
add_named(dbbi_json *again, dbbi_qd *qd, const char *collection,
    const dbbi_json *sample, size_t from, size_t limit, dbb_error *err)
{
	dbbi_json *body = new_question(), *ids = dbbi_json_new_array();
	dbbi_json *points = NULL;
	size_t i, end = dbbi_json_count(sample);
	int rc = 0;

	if (end - from > limit)
		end = from + limit;
	for (i = from; rc == 0 && i < end; i++)
		rc = dbbi_json_append(ids, json_object_get(
		    json_object_object_get(dbbi_json_at(sample, i), "id")));
	if (rc == 0)
		rc = dbbi_json_set(body, "ids", ids);
	else
		dbbi_json_free(ids);
	if (rc < 0) {
		dbbi_json_free(body);
		return dbbi_error_nomem(err);
	}
	rc = post(&points, qd, dbbi_qd_path("/collections/%s/points",
	    collection), body, err);
	if (rc == 0)
		rc = add_points(again, points, err);
	dbbi_json_free(points);
	return rc;
}

/* As few at once as they were found by, one by one where they are large. */
int
dbbi_qd_points_resample(dbbi_json **out, dbbi_qd *qd,
    const char *collection, const dbbi_json *sample, dbb_error *err)
{
	dbbi_json *again = dbbi_json_new_array();
	size_t i, n, count = dbbi_json_count(sample);
	dbb_error why = {0};
	int rc = again != NULL ? 0 : dbbi_error_nomem(&why);

	for (i = 0; rc == 0 && i < count; i += n) {
		n = AT_ONCE;
		rc = add_named(again, qd, collection, sample, i, n, &why);
		if (rc == DBB_EUNSUPPORTED)
			rc = add_named(again, qd, collection, sample, i,
			    n = 1, &why);
		if (rc == DBB_EUNSUPPORTED)
			rc = 0;
	}
	if (rc < 0 && err != NULL)
		*err = why;
	if (rc < 0)
		dbbi_json_free(again);
	else
		*out = again;
	return dbbi_error_context(err, rc, "reading the same points again");
}

static int
has_equal(const dbbi_json *sample, const dbbi_json *one)
{
	size_t i;

	for (i = 0; i < dbbi_json_count(sample); i++)
		if (json_object_equal(dbbi_json_at(sample, i),
		    (dbbi_json *)(uintptr_t)one))
			return 1;
	return 0;
}

dbbi_json *
dbbi_qd_points_equal(const dbbi_json *sample, const dbbi_json *other)
{
	dbbi_json *equal = dbbi_json_new_array();
	size_t i;

	for (i = 0; equal != NULL && i < dbbi_json_count(sample); i++) {
		dbbi_json *one = dbbi_json_at(sample, i);

		if (has_equal(other, one) &&
		    dbbi_json_append(equal, json_object_get(one)) < 0) {
			dbbi_json_free(equal);
			equal = NULL;
		}
	}
	return equal;
}

uint64_t
dbbi_qd_points_most(const dbbi_json *config)
{
	dbbi_json *strict = dbbi_json_object(config, "strict_mode_config");
	uint64_t most = 0;
	int enabled = 0;

	if (dbbi_json_bool(&enabled, strict, "enabled") < 0 || !enabled ||
	    dbbi_json_u64(&most, strict, "max_query_limit") < 0)
		return 0;
	return most;
}
