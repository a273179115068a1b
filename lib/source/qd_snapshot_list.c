/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_snapshot_list.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"

#define EARLIER_MS 2000		/* clocks show whole seconds */
#define LATER_MS 30000		/* a busy server takes a request that late */
#define GIVEN_UP_MS ((int64_t)24 * 3600 * 1000)

int
dbbi_qd_snapshots_list(dbbi_json **out, dbbi_qd *qd, const char *collection,
    dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s/snapshots", collection);
	dbbi_json *list = NULL;
	int rc;

	if (path == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_qd_ask(&list, qd, "GET", path, NULL, err);
	if (rc == 0 && !json_object_is_type(list, json_type_array))
		rc = dbbi_error_set(err, DBB_ESOURCE, "the server's answer is "
		    "no list");
	free(path);
	if (rc < 0)
		dbbi_json_free(list);
	else
		*out = list;
	return dbbi_error_context(err, rc, "listing the snapshots");
}

/* "" where there is none. */
static int
read_checksum(char out[DBBI_SHA256_HEX], const dbbi_json *description)
{
	const char *text = dbbi_json_string(description, "checksum");
	uint8_t sum[DBBI_SHA256_SIZE];

	out[0] = '\0';
	if (text == NULL)
		return 0;
	if (dbbi_hex_decode(sum, sizeof(sum), text) < 0)
		return -1;
	memcpy(out, text, DBBI_SHA256_HEX);
	return 0;
}

static int
refuse_description(dbb_error *err)
{
	dbbi_error_set(err, DBB_ESOURCE, "the server's description of the "
	    "snapshot makes no sense: it lacks a name, a size, or a SHA-256 "
	    "that is one");
	dbbi_error_hint(err, "see whether something between changes its "
	    "answers, and look for a snapshot that stays on it");
	return DBB_ESOURCE;
}

int
dbbi_qd_snapshot_read(dbbi_qd_snapshot *out, const char *collection,
    const dbbi_json *description, dbb_error *err)
{
	const char *name = dbbi_json_string(description, "name");
	dbbi_qd_snapshot s = {0};
	uint64_t peer;

	if (!dbbi_qd_is_name(name) || dbbi_json_u64(&s.size_bytes,
	    description, "size") < 0 || read_checksum(s.sha256,
	    description) < 0)
		return refuse_description(err);
	if (!dbbi_qd_snapshot_name_read(&peer, &s.taken_at_ms, name,
	    collection))
		s.taken_at_ms = dbbi_now_ms();
	if ((s.name = dbbi_text_dup(name)) == NULL)
		return dbbi_error_nomem(err);
	*out = s;
	return DBB_OK;
}

/* When the i-th was taken; 0 where its name is none of Qdrant's. */
static int64_t
time_at(const char **name, const dbbi_json *list, size_t i,
    const char *collection)
{
	int64_t at_ms = 0;
	uint64_t peer;

	*name = dbbi_json_string(dbbi_json_at(list, i), "name");
	if (*name == NULL || !dbbi_qd_snapshot_name_read(&peer, &at_ms, *name,
	    collection))
		return 0;
	return at_ms;
}

static int
is_near(int64_t taken_at_ms, int64_t at_ms)
{
	return taken_at_ms != 0 && taken_at_ms >= at_ms - EARLIER_MS &&
	    taken_at_ms <= at_ms + LATER_MS;
}

int64_t
dbbi_qd_snapshots_newest(const dbbi_json *list, const char *collection)
{
	int64_t newest = 0, at_ms;
	const char *name;
	size_t i;

	for (i = 0; i < dbbi_json_count(list); i++) {
		at_ms = time_at(&name, list, i, collection);
		if (at_ms > newest)
			newest = at_ms;
	}
	return newest;
}

dbbi_json *
dbbi_qd_snapshots_near(const dbbi_json *list, const char *collection,
    int64_t at_ms)
{
	dbbi_json *near = dbbi_json_new_array();
	const char *name;
	size_t i;

	for (i = 0; near != NULL && i < dbbi_json_count(list); i++) {
		if (is_near(time_at(&name, list, i, collection), at_ms) &&
		    dbbi_json_append_string(near, name) < 0) {
			dbbi_json_free(near);
			near = NULL;
		}
	}
	return near;
}

/* ---- by a note ---- */

static int
was_before(const dbbi_json *note, const char *name)
{
	dbbi_json *before = dbbi_json_array(note, "before");
	size_t i;

	for (i = 0; i < dbbi_json_count(before); i++) {
		dbbi_json *one = dbbi_json_at(before, i);

		if (json_object_is_type(one, json_type_string) &&
		    strcmp(json_object_get_string(one), name) == 0)
			return 1;
	}
	return 0;
}

/* By its name, or, where that is not known yet, by its time. */
static int
is_meant(const dbbi_json *note, const char *name, int64_t taken_at_ms,
    int64_t asked_at_ms)
{
	const char *known = dbbi_json_string(note, "name");

	if (known != NULL)
		return strcmp(known, name) == 0 &&
		    is_near(taken_at_ms, asked_at_ms);
	return is_near(taken_at_ms, asked_at_ms) && !was_before(note, name);
}

static int
refuse_several(const char *collection, dbb_error *err)
{
	dbbi_error_set(err, DBB_ESOURCE, "several snapshots of '%s' were taken "
	    "at that moment, and which of them is ours is not known",
	    collection);
	dbbi_error_hint(err, "look at the collection's snapshots and delete "
	    "those that nobody needs; other programs should not take any while "
	    "a backup runs");
	return DBB_ESOURCE;
}

int
dbbi_qd_snapshots_find(const dbbi_json **out, const dbbi_json *list,
    const dbbi_json *note, dbb_error *err)
{
	const char *collection = dbbi_json_string(note, "collection"), *name;
	const dbbi_json *found = NULL;
	int64_t asked_at_ms, at_ms;
	size_t i;

	if (!dbbi_qd_is_name(collection) ||
	    dbbi_json_i64(&asked_at_ms, note, "asked_at_ms") < 0 ||
	    asked_at_ms < 0 || asked_at_ms > INT64_MAX / 2)
		return dbbi_error_set(err, DBB_EDAMAGED, "the note about a "
		    "snapshot makes no sense");
	for (i = 0; i < dbbi_json_count(list); i++) {
		at_ms = time_at(&name, list, i, collection);
		if (at_ms == 0 || !is_meant(note, name, at_ms, asked_at_ms))
			continue;
		if (found != NULL)
			return refuse_several(collection, err);
		found = dbbi_json_at(list, i);
	}
	*out = found;
	return DBB_OK;
}

/* It is not there. Will it come? A server goes on when nobody waits any
 * more, and nothing says for sure that it does. */
static int
judge_absent(dbbi_qd *qd, const dbbi_json *note)
{
	int64_t asked_at_ms = 0;

	if (dbbi_json_string(note, "name") != NULL ||
	    dbbi_json_i64(&asked_at_ms, note, "asked_at_ms") < 0)
		return DBB_OK;
	return dbbi_qd_now_ms(qd) - asked_at_ms > GIVEN_UP_MS ? DBB_OK :
	    DBB_FINDINGS;
}

int
dbbi_qd_snapshot_clear_up(dbbi_qd *qd, const dbbi_json *note, dbb_error *err)
{
	const char *collection = dbbi_json_string(note, "collection");
	const dbbi_json *one = NULL;
	dbbi_json *list = NULL;
	dbb_error why = {0};
	int rc;

	if (!dbbi_qd_is_name(collection))
		return dbbi_error_set(err, DBB_EDAMAGED, "the note about a "
		    "snapshot names no collection");
	rc = dbbi_qd_snapshots_list(&list, qd, collection, &why);
	if (rc == DBB_ENOTFOUND)
		return DBB_OK;
	if (rc == 0)
		rc = dbbi_qd_snapshots_find(&one, list, note, &why);
	if (rc == 0)
		rc = one == NULL ? judge_absent(qd, note) :
		    dbbi_qd_snapshot_delete(qd, collection,
		    dbbi_json_string(one, "name"), NULL, &why);
	dbbi_json_free(list);
	if (rc < 0 && err != NULL)
		*err = why;
	return dbbi_error_context(err, rc, "collection '%s'", collection);
}
