/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_facts: what a backup knows of the server and its collections
 * (doc/json.md). */
#include <config.h>

#include "source/qd_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_paged.h"
#include "util/clock.h"

/* ---- while the streams run ---- */

/* The names under which the collection is known besides. */
static dbbi_json *
aliases_of(const dbbi_qd_source *s, const char *collection)
{
	dbbi_json *names = dbbi_json_new_array();
	size_t i;

	for (i = 0; i < dbbi_json_count(s->aliases); i++) {
		const dbbi_json *one = dbbi_json_at(s->aliases, i);
		const char *to = dbbi_json_string(one, "collection_name");
		const char *name = dbbi_json_string(one, "alias_name");

		if (to == NULL || name == NULL || strcmp(to, collection) != 0)
			continue;
		if (dbbi_json_append_string(names, name) < 0) {
			dbbi_json_free(names);
			return NULL;
		}
	}
	return names;
}

/* A member as it is; JSON's null where it is missing. */
static int
copy_member(dbbi_json *to, const char *key, const dbbi_json *from,
    const char *name)
{
	dbbi_json *value = json_object_object_get(from, name);

	if (value == NULL)
		return dbbi_json_set_string(to, key, NULL);
	return dbbi_json_set(to, key, json_object_get(value));
}

static int
fill_collection(dbbi_json *facts, const dbbi_qd_source *s, size_t i)
{
	const dbbi_qd_collection *c = &s->collections[i];
	dbbi_json *info = dbbi_json_object(c->found, "info");
	dbbi_json *shards = dbbi_json_object(c->found, "shards");
	dbbi_json *streams = dbbi_json_new_array();

	if (dbbi_json_append_string(streams, s->base.streams[i].name) < 0) {
		dbbi_json_free(streams);
		return DBB_ENOMEM;
	}
	if (dbbi_json_set(facts, "streams", streams) < 0 ||
	    dbbi_json_set_string(facts, "name", c->name) < 0 ||
	    copy_member(facts, "status", info, "status") < 0 ||
	    copy_member(facts, "indexed", info,
	    "indexed_vectors_count") < 0 ||
	    copy_member(facts, "shards", shards, "shard_count") < 0 ||
	    copy_member(facts, "shard_keys", c->found, "shard_keys") < 0 ||
	    dbbi_json_set(facts, "aliases", aliases_of(s, c->name)) < 0 ||
	    copy_member(facts, "config", info, "config") < 0 ||
	    copy_member(facts, "payload_schema", info, "payload_schema") < 0)
		return DBB_ENOMEM;
	return DBB_OK;
}

static dbbi_json *
collections_of(const dbbi_qd_source *s)
{
	dbbi_json *all = dbbi_json_new_array(), *one;
	size_t i;

	for (i = 0; i < s->collection_count; i++) {
		one = dbbi_json_new_object();
		if (fill_collection(one, s, i) < 0) {
			dbbi_json_free(one);
			dbbi_json_free(all);
			return NULL;
		}
		if (dbbi_json_append(all, one) < 0) {
			dbbi_json_free(all);
			return NULL;
		}
	}
	return all;
}

static int
fill(dbbi_json *facts, const dbbi_qd_source *s)
{
	if (dbbi_json_set_string(facts, "server_version",
	    dbbi_qd_version(s->qd)) < 0 ||
	    dbbi_json_set_string(facts, "server_commit",
	    dbbi_qd_commit(s->qd)) < 0 ||
	    dbbi_json_set_string(facts, "method", s->settings.scroll ?
	    "scroll" : "snapshot") < 0 ||
	    dbbi_json_set(facts, "cluster",
	    json_object_get(s->cluster)) < 0 ||
	    dbbi_json_set(facts, "collections", collections_of(s)) < 0)
		return DBB_ENOMEM;
	return DBB_OK;
}

int
dbbi_qd_facts(dbbi_json **out, dbbi_source *source, dbbi_json *warnings,
    dbb_error *err)
{
	dbbi_qd_source *s = (dbbi_qd_source *)source;
	dbbi_json *facts = dbbi_json_new_object();

	s->warnings = json_object_get(warnings);
	if (fill(facts, s) < 0) {
		dbbi_json_free(facts);
		return dbbi_error_nomem(err);
	}
	*out = facts;
	return DBB_OK;
}

/* ---- when they have ended ---- */

static int
fill_snapshot(dbbi_json *facts, const dbbi_qd_taken *t)
{
	dbbi_json *snapshot = dbbi_json_new_object();

	if (dbbi_json_set_string(snapshot, "name", t->name) < 0 ||
	    dbbi_json_set_u64(snapshot, "size_bytes", t->size_bytes) < 0 ||
	    dbbi_json_set_string(snapshot, "sha256", t->sha256) < 0 ||
	    dbbi_json_set_bool(snapshot, "sha256_of_server",
	    t->is_proven) < 0) {
		dbbi_json_free(snapshot);
		return DBB_ENOMEM;
	}
	return dbbi_json_set(facts, "snapshot", snapshot);
}

static int
fill_paged(dbbi_json *facts, const dbbi_qd_taken *t)
{
	dbbi_json *scroll = dbbi_json_new_object();

	if (dbbi_json_set_u64(scroll, "points", t->paged) < 0 ||
	    dbbi_json_set_bool(scroll, "moved",
	    dbbi_qd_paged_moved(t)) < 0) {
		dbbi_json_free(scroll);
		return DBB_ENOMEM;
	}
	return dbbi_json_set(facts, "scroll", scroll);
}

static int
fill_taken(dbbi_json *facts, const dbbi_qd_source *s, const dbbi_qd_taken *t)
{
	char at[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(at, t->taken_at_ms);
	if (dbbi_json_set_u64(facts, "points", t->points) < 0 ||
	    dbbi_json_set_u64(facts, "points_after", t->points_after) < 0 ||
	    dbbi_json_set_string(facts, "taken_at", at) < 0 ||
	    dbbi_json_set(facts, "sample", json_object_get(t->sample)) < 0)
		return DBB_ENOMEM;
	return s->settings.scroll ? fill_paged(facts, t) :
	    fill_snapshot(facts, t);
}

/* `text` is taken over. */
static int
warn(const dbbi_qd_source *s, char *text)
{
	int rc = text == NULL ? DBB_ENOMEM :
	    dbbi_json_append_string(s->warnings, text);

	free(text);
	return rc;
}

static int
warn_of_paged(const dbbi_qd_source *s, const dbbi_qd_collection *c)
{
	const dbbi_qd_taken *t = &c->taken;

	if (!dbbi_qd_paged_moved(t))
		return DBB_OK;
	return warn(s, dbbi_text_format("collection '%s': it changed while it "
	    "was read: %llu points before, %llu after, %llu are in the set; "
	    "writes during the run may be half in it", c->name,
	    (unsigned long long)t->points,
	    (unsigned long long)t->points_after,
	    (unsigned long long)t->paged));
}

static int
warn_of(const dbbi_qd_source *s, const dbbi_qd_collection *c)
{
	int rc = DBB_OK;

	if (s->settings.scroll)
		return warn_of_paged(s, c);
	if (!c->taken.is_proven)
		rc = warn(s, dbbi_text_format("collection '%s': the server "
		    "states no SHA-256 of its snapshot (Qdrant does since "
		    "1.8, and not where it keeps snapshots in S3): whether it "
		    "came whole shows by its length and its structure alone",
		    c->name));
	if (rc == 0 && c->taken.left != NULL)
		rc = warn(s, dbbi_text_format("collection '%s': its snapshot "
		    "is still on the server, and the next run deletes it: %s",
		    c->name, c->taken.left));
	return rc;
}

int
dbbi_qd_finish(dbbi_source *source, dbbi_json *facts, dbb_error *err)
{
	dbbi_qd_source *s = (dbbi_qd_source *)source;
	dbbi_json *all = dbbi_json_array(facts, "collections");
	size_t i;

	if (dbbi_json_count(all) != s->collection_count)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "these are not the facts of this source");
	for (i = 0; i < s->collection_count; i++) {
		if (fill_taken(dbbi_json_at(all, i), s,
		    &s->collections[i].taken) < 0 ||
		    warn_of(s, &s->collections[i]) < 0)
			return dbbi_error_nomem(err);
	}
	return DBB_OK;
}
