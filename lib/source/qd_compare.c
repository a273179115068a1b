/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_compare: what was restored, against what the set says of it. */
#include <config.h>

#include "source/qd_target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/retry.h"
#include "source/qd_points.h"
#include "source/qd_target_private.h"

/* A restored collection may take a moment until it answers, and until its
 * count is what it stays. */
static const dbbi_retry_policy settling = { .times = 60, .for_s = 60,
    .first_ms = 200, .most_ms = 2000 };

struct comparison {
	dbbi_qd_target *t;
	const dbbi_qd_restored *r;
	const char *name;		/* what is looked at */
	dbbi_json *findings;
	uint64_t compared;
	int failed;			/* out of memory */
};

#define LONGEST 200		/* of a value that is shown */

static void
find(struct comparison *c, const char *expected, const char *found,
    const char *fmt, ...) DBBI_PRINTF(4, 5);

static void
find(struct comparison *c, const char *expected, const char *found,
    const char *fmt, ...)
{
	char object[512];
	dbbi_json *one = dbbi_json_new_object();
	int used = snprintf(object, sizeof(object), "collection '%.200s': ",
	    c->r->target);
	va_list arguments;

	va_start(arguments, fmt);
	vsnprintf(object + used, sizeof(object) - (size_t)used, fmt,
	    arguments);
	va_end(arguments);
	dbbi_text_make_utf8(object);
	if (dbbi_json_set_string(one, "object", object) < 0 ||
	    dbbi_json_set_string(one, "expected", expected) < 0 ||
	    dbbi_json_set_string(one, "found", found) < 0) {
		dbbi_json_free(one);
		c->failed = 1;
	} else if (dbbi_json_append(c->findings, one) < 0) {
		c->failed = 1;
	}
}

/* ---- the points ---- */

static int
is_settled(const struct comparison *c, const dbbi_json *info, uint64_t count,
    uint64_t before)
{
	const char *status = dbbi_json_string(info, "status");

	if (status == NULL || (strcmp(status, "green") != 0 &&
	    strcmp(status, "yellow") != 0))
		return 0;
	return (count >= c->r->least && count <= c->r->most) ||
	    count == before;
}

static int
ask_info(dbbi_json **info, const struct comparison *c, dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s", c->name);
	int rc = path == NULL ? dbbi_error_nomem(err) :
	    dbbi_qd_ask(info, c->t->qd, "GET", path, NULL, err);

	free(path);
	return rc;
}

/* Wait until it answers, and answers the same: what it says of itself, and how
 * many points it has. */
static int
wait_settled(dbbi_json **info, uint64_t *count, struct comparison *c,
    dbb_error *err)
{
	dbbi_retry retry = { .policy = settling };
	uint64_t before = UINT64_MAX;
	dbb_error why;
	int rc, again;

	do {
		memset(&why, 0, sizeof(why));
		dbbi_json_free(*info);
		*info = NULL;
		if ((rc = ask_info(info, c, &why)) == 0)
			rc = dbbi_qd_points_count(count, c->t->qd, c->name,
			    &why);
		if (rc == 0 && is_settled(c, *info, *count, before))
			return 0;
		before = rc == 0 ? *count : UINT64_MAX;
		again = dbbi_retry_wait(&retry, 0, c->t->env->run, err);
	} while (again > 0);
	if (again < 0)
		return again;
	if (rc < 0 && err != NULL)
		*err = why;
	return rc < 0 ? rc : dbbi_error_set(err, DBB_ESOURCE, "its status is "
	    "'%s', and does not become green", *info != NULL &&
	    dbbi_json_string(*info, "status") != NULL ?
	    dbbi_json_string(*info, "status") : "");
}

static void
compare_count(struct comparison *c, uint64_t count)
{
	const dbbi_qd_restored *r = c->r;
	char expected[64], found[32];

	c->compared++;
	if (count >= r->least && count <= r->most)
		return;
	if (r->least == r->most)
		snprintf(expected, sizeof(expected), "%llu",
		    (unsigned long long)r->least);
	else
		snprintf(expected, sizeof(expected), "%llu to %llu",
		    (unsigned long long)r->least,
		    (unsigned long long)r->most);
	snprintf(found, sizeof(found), "%llu", (unsigned long long)count);
	find(c, expected, found, "points");
}

static const dbbi_json *
point_of(const dbbi_json *sample, dbbi_json *id)
{
	size_t i;

	for (i = 0; i < dbbi_json_count(sample); i++)
		if (json_object_equal(json_object_object_get(
		    dbbi_json_at(sample, i), "id"), id))
			return dbbi_json_at(sample, i);
	return NULL;
}

static int
compare_sample(struct comparison *c, dbb_error *err)
{
	dbbi_json *sample = dbbi_json_array(c->r->facts, "sample");
	dbbi_json *again = NULL, *one, *id;
	const char *expected, *found;
	size_t i;
	int rc;

	if (dbbi_json_count(sample) == 0)
		return 0;
	if ((rc = dbbi_qd_points_resample(&again, c->t->qd, c->name, sample,
	    err)) < 0)
		return rc;
	for (i = 0; i < dbbi_json_count(sample); i++) {
		one = dbbi_json_at(sample, i);
		id = json_object_object_get(one, "id");
		expected = dbbi_json_string(one, "sha256");
		found = dbbi_json_string(point_of(again, id), "sha256");
		c->compared++;
		if (expected == NULL || found == NULL ||
		    strcmp(expected, found) != 0)
			find(c, expected != NULL ? expected : "missing",
			    found != NULL ? found : "missing",
			    "point %.100s (sha256)", id != NULL ?
			    dbbi_json_text(id) : "without id");
	}
	dbbi_json_free(again);
	return 0;
}

/* ---- its settings ---- */

static void
show(char to[LONGEST + 1], dbbi_json *value)
{
	snprintf(to, LONGEST + 1, "%s", value != NULL ?
	    dbbi_json_text(value) : "missing");
	dbbi_text_make_utf8(to);
}

/* Whatever is said of it must still be so; what a newer server has besides
 * does not matter. Nothing said is as good as null. */
static void
compare_json(struct comparison *c, const char *path, dbbi_json *expected,
    dbbi_json *found)
{
	char a[LONGEST + 1], b[LONGEST + 1], *longer;

	if (!json_object_is_type(expected, json_type_object) ||
	    !json_object_is_type(found, json_type_object)) {
		c->compared++;
		if (json_object_equal(expected, found))
			return;
		show(a, expected);
		show(b, found);
		find(c, a, b, "%.250s", path);
		return;
	}
	json_object_object_foreach(expected, key, value) {
		longer = dbbi_text_format("%s.%s", path, key);
		if (longer == NULL)
			c->failed = 1;
		else
			compare_json(c, longer, value,
			    json_object_object_get(found, key));
		free(longer);
	}
}

/* How many points an index covers is no setting. */
static void
compare_schema(struct comparison *c, dbbi_json *expected, dbbi_json *found)
{
	static const char *const members[] = { "data_type", "params" };
	char *path;
	size_t i;

	if (expected == NULL)
		return;
	json_object_object_foreach(expected, field, one) {
		for (i = 0; i < 2; i++) {
			path = dbbi_text_format("payload_schema.%s.%s", field,
			    members[i]);
			if (path == NULL)
				c->failed = 1;
			else
				compare_json(c, path, json_object_object_get(
				    one, members[i]), json_object_object_get(
				    dbbi_json_object(found, field),
				    members[i]));
			free(path);
		}
	}
}

/* ---- the whole ---- */

int
dbbi_qd_compare(uint64_t *compared, dbbi_qd_target *t,
    const dbbi_qd_restored *r, const char *name, dbbi_json *findings,
    dbb_error *err)
{
	struct comparison c = { .t = t, .r = r, .name = name,
	    .findings = findings };
	dbbi_json *info = NULL;
	uint64_t count = 0;
	int rc;

	if ((rc = wait_settled(&info, &count, &c, err)) == 0) {
		compare_count(&c, count);
		rc = compare_sample(&c, err);
	}
	if (rc == 0) {
		compare_json(&c, "config", dbbi_json_object(r->facts,
		    "config"), dbbi_json_object(info, "config"));
		compare_schema(&c, dbbi_json_object(r->facts,
		    "payload_schema"), dbbi_json_object(info,
		    "payload_schema"));
	}
	dbbi_json_free(info);
	if (rc == 0 && c.failed)
		rc = dbbi_error_nomem(err);
	*compared += c.compared;
	return dbbi_error_context(err, rc, "collection '%s'", name);
}

int
dbbi_qd_target_compare(uint64_t *compared, dbbi_target *target,
    dbbi_json *findings, dbbi_json *warnings, dbb_error *err)
{
	dbbi_qd_target *t = (dbbi_qd_target *)target;
	uint64_t total = 0;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < t->count; i++) {
		const dbbi_qd_restored *r = &t->restored[i];

		rc = r->is_loaded ? dbbi_qd_compare(&total, t, r,
		    r->loaded_as, findings, err) :
		    dbbi_error_set(err, DBB_EDAMAGED, "the set holds no "
		    "snapshot of collection '%s'", r->name);
	}
	for (i = 0; rc == 0 && i < dbbi_json_count(t->warnings); i++)
		if (dbbi_json_append(warnings, json_object_get(
		    dbbi_json_at(t->warnings, i))) < 0)
			rc = dbbi_error_nomem(err);
	if (rc == 0)
		*compared = total;
	return rc;
}
