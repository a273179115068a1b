/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be restored under which name: the plan and its facts, which
 * come out of a store, checked before anything believes them. */
#include <config.h>

#include "source/qd_target_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/sha256.h"

#define COLLECTIONS_MAX 10000
#define ALIASES_MAX 10000

static int
bad_facts(const dbbi_qd_target *t, const char *what, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "what set '%s' says of its "
	    "collections cannot be used: %s", t->plan->set, what);
}

/* ---- versions ---- */

/* "1.18.3" as 1018; -1: it is none. */
static long
read_version(const char *text)
{
	unsigned major, minor;
	char dot;

	if (text == NULL || sscanf(text, "%3u.%3u%c", &major, &minor, &dot) != 3 ||
	    dot != '.')
		return -1;
	return (long)major * 1000 + (long)minor;
}

int
dbbi_qd_version_check(int *far, const char *here, const char *there,
    dbb_error *err)
{
	long mine = read_version(here), its = read_version(there);

	*far = mine < 0 || its < 0 || mine > its + 1;
	if (mine < 0 || mine >= its)
		return DBB_OK;
	dbbi_error_set(err, DBB_EVERSION, "the server is Qdrant %s, and the "
	    "snapshot was taken by version %s: an older server cannot be "
	    "given it", here, there);
	dbbi_error_hint(err, "restore into a server of version %s or later, "
	    "with --to URL; only what was backed up by method = scroll goes "
	    "into older ones", there);
	return DBB_EVERSION;
}

/* ---- one collection ---- */

/* One stream, of one node. */
static int
read_stream(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *streams = dbbi_json_array(r->facts, "streams");
	dbbi_json *one = dbbi_json_at(streams, 0);

	if (dbbi_json_count(streams) > 1) {
		dbbi_error_set(err, DBB_EUNSUPPORTED, "collection '%s' is in "
		    "several parts, as the nodes of a cluster had it", r->name);
		dbbi_error_hint(err, "this version does not restore clusters; "
		    "take the parts out by 'dbb-restore export' and upload "
		    "them, one to each node");
		return DBB_EUNSUPPORTED;
	}
	if (!json_object_is_type(one, json_type_string))
		return bad_facts(t, "a collection names no stream", err);
	r->stream = json_object_get_string(one);
	return DBB_OK;
}

static int
read_archive(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *snapshot = dbbi_json_object(r->facts, "snapshot");
	uint8_t sum[DBBI_SHA256_SIZE];

	if (t->scroll)
		return DBB_OK;
	r->sha256 = dbbi_json_string(snapshot, "sha256");
	if (r->sha256 == NULL ||
	    dbbi_hex_decode(sum, sizeof(sum), r->sha256) < 0)
		return bad_facts(t, "a snapshot has no SHA-256", err);
	return DBB_OK;
}

/* Just what its stream holds, whatever the server counted. */
static int
read_paged(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	if (dbbi_json_u64(&r->least, dbbi_json_object(r->facts, "scroll"),
	    "points") < 0)
		return bad_facts(t, "a collection has no number of points",
		    err);
	r->most = r->least;
	return DBB_OK;
}

static int
read_points(dbbi_qd_target *t, dbbi_qd_restored *r, dbb_error *err)
{
	uint64_t before, after;

	if (t->scroll)
		return read_paged(t, r, err);
	if (dbbi_json_u64(&before, r->facts, "points") < 0 ||
	    dbbi_json_u64(&after, r->facts, "points_after") < 0)
		return bad_facts(t, "a collection has no number of points",
		    err);
	r->least = before < after ? before : after;
	r->most = before < after ? after : before;
	return DBB_OK;
}

static int
check_aliases(dbbi_qd_target *t, const dbbi_qd_restored *r, dbb_error *err)
{
	dbbi_json *aliases = dbbi_json_array(r->facts, "aliases"), *one;
	size_t i, count = dbbi_json_count(aliases);

	if (count > ALIASES_MAX)
		return bad_facts(t, "there are too many aliases", err);
	for (i = 0; i < count; i++) {
		one = dbbi_json_at(aliases, i);
		if (!json_object_is_type(one, json_type_string) ||
		    !dbbi_qd_is_name(json_object_get_string(one)))
			return bad_facts(t, "an alias has no usable name",
			    err);
	}
	return DBB_OK;
}

static int
read_collection(dbbi_qd_target *t, const dbbi_json *facts, dbb_error *err)
{
	dbbi_qd_restored *r = &t->restored[t->count];
	size_t i;
	int rc;

	r->facts = facts;
	r->name = dbbi_json_string(facts, "name");
	if (r->name == NULL || !dbbi_qd_is_name(r->name))
		return bad_facts(t, "a collection has no usable name", err);
	if ((rc = read_stream(t, r, err)) < 0 ||
	    (rc = read_archive(t, r, err)) < 0 ||
	    (rc = read_points(t, r, err)) < 0 ||
	    (rc = check_aliases(t, r, err)) < 0)
		return rc;
	for (i = 0; i < t->count; i++)
		if (strcmp(t->restored[i].name, r->name) == 0 ||
		    strcmp(t->restored[i].stream, r->stream) == 0)
			return bad_facts(t, "a collection is named twice",
			    err);
	r->target = t->plan->into != NULL ? t->plan->into : r->name;
	t->count++;
	return DBB_OK;
}

/* ---- the whole ---- */

static int
check_into(const dbbi_qd_target *t, dbb_error *err)
{
	const char *into = t->plan->into;

	if (into == NULL)
		return DBB_OK;
	if (!dbbi_qd_is_name(into))
		return dbbi_error_set(err, DBB_EINVAL, "'%s' cannot be the "
		    "name of a collection", into);
	if (t->count == 1)
		return DBB_OK;
	dbbi_error_set(err, DBB_EINVAL, "set '%s' holds %zu collections of "
	    "this source, and one name cannot be given to all of them",
	    t->plan->set, t->count);
	dbbi_error_hint(err, "restore them under their own names, on another "
	    "server with --to URL, or take one out by 'dbb-restore export' "
	    "and upload it");
	return DBB_EINVAL;
}

static int
check_method(dbbi_qd_target *t, dbb_error *err)
{
	const char *method = dbbi_json_string(t->plan->facts, "method");

	if (method == NULL)
		return bad_facts(t, "how it was made is not said", err);
	t->scroll = strcmp(method, "scroll") == 0;
	if (t->scroll || strcmp(method, "snapshot") == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_EVERSION, "this version cannot restore "
	    "what was backed up by method '%.40s'", method);
}

int
dbbi_qd_plan_check(dbbi_qd_target *t, dbb_error *err)
{
	dbbi_json *list = dbbi_json_array(t->plan->facts, "collections");
	size_t i, count = dbbi_json_count(list);
	int rc;

	if ((rc = check_method(t, err)) < 0)
		return rc;
	if (count == 0 || count > COLLECTIONS_MAX)
		return bad_facts(t, "no collections are named", err);
	if (read_version(dbbi_json_string(t->plan->facts,
	    "server_version")) < 0)
		return bad_facts(t, "the server's version is missing", err);
	if ((t->restored = calloc(count, sizeof(*t->restored))) == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < count; i++)
		if ((rc = read_collection(t, dbbi_json_at(list, i), err)) < 0)
			return rc;
	return check_into(t, err);
}
