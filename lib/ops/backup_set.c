/* SPDX-License-Identifier: BSD-2-Clause */
/* backup_set: the documents that describe a set. */
#include <config.h>

#include "ops/backup.h"

#include <string.h>

#include "ops/result.h"

#define LABEL_KEY_MAX 64	/* bytes */

static int
add_stream(dbbi_json *streams, const struct backup_source *s, size_t i,
    enum backup_detail detail, dbb_error *err)
{
	const dbbi_stream_info *info = &s->source->streams[i];
	const dbbi_stream_ref *ref = &s->streams[i].ref;
	dbbi_json *entry;
	int rc;

	if ((rc = dbbi_result_element(&entry, streams, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "name", info->name, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "kind", info->kind, err)) < 0)
		return rc;
	if (detail == BACKUP_HEAD)
		return dbbi_stream_ref_put_place(entry, ref, err);
	if (detail == BACKUP_BODY)
		return dbbi_stream_ref_put(entry, ref, err);
	if (detail == BACKUP_PLAN)
		return dbbi_result_number(entry, "estimate_bytes",
		    info->size_estimate, err);
	if ((rc = dbbi_result_number(entry, "size_bytes", ref->size_bytes,
	    err)) < 0)
		return rc;
	return dbbi_result_digest(entry, "sha256", ref->sha256, err);
}

static int
add_streams(dbbi_json *entry, const struct backup_source *s,
    enum backup_detail detail, dbb_error *err)
{
	dbbi_json *streams;
	size_t i;
	int rc;

	rc = dbbi_result_array(&streams, entry, "streams", err);
	for (i = 0; rc == 0 && i < s->stream_count; i++)
		rc = add_stream(streams, s, i, detail, err);
	return rc;
}

/* A source that failed is named, with its error, and has no streams. */
static int
add_source(dbbi_json *sources, const struct backup_source *s,
    enum backup_detail detail, dbb_error *err)
{
	dbbi_json *entry;
	int rc;

	if ((rc = dbbi_result_element(&entry, sources, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "kind", s->item.driver->kind,
	    err)) < 0 ||
	    (rc = dbbi_result_text(entry, "name", s->item.name, err)) < 0 ||
	    (rc = dbbi_result_text(entry, "status", s->rc < 0 ? "failed" :
	    detail == BACKUP_PLAN ? "planned" : "completed", err)) < 0)
		return rc;
	if (s->rc == 0 && detail == BACKUP_PLAN)
		return add_streams(entry, s, detail, err);
	if (s->rc < 0)
		return dbbi_result_text(entry, "error", s->err.message, err);
	if ((rc = dbbi_result_number(entry, "size_bytes",
	    backup_source_bytes(s), err)) < 0)
		return rc;
	if (detail == BACKUP_HEAD)
		return add_streams(entry, s, detail, err);
	if ((rc = dbbi_result_time(entry, "frozen_at", s->frozen_at_ms,
	    err)) < 0 ||
	    (rc = dbbi_result_time(entry, "finished_at",
	    backup_source_ended_at(s), err)) < 0 ||
	    (rc = add_streams(entry, s, detail, err)) < 0)
		return rc;
	return detail == BACKUP_BODY ?
	    dbbi_result_share(entry, "facts", s->facts, err) : 0;
}

/* How long the key of a label is; 0 when it is none. */
static size_t
label_key(const char *label)
{
	const char *equals = strchr(label, '=');
	size_t n = equals != NULL ? (size_t)(equals - label) : 0;

	return n <= LABEL_KEY_MAX ? n : 0;
}

int
backup_labels_check(const char *const *labels, dbb_error *err)
{
	for (; labels != NULL && *labels != NULL; labels++)
		if (label_key(*labels) == 0)
			return dbbi_error_set(err, DBB_EINVAL,
			    "label '%s' is not KEY=VALUE with a key of 1 to "
			    "%d bytes", *labels, LABEL_KEY_MAX);
	return 0;
}

static int
add_labels(dbbi_json *document, const char *const *labels, dbb_error *err)
{
	char key[LABEL_KEY_MAX + 1];
	dbbi_json *object;
	size_t n;
	int rc;

	rc = dbbi_result_object(&object, document, "labels", err);
	for (; rc == 0 && labels != NULL && *labels != NULL; labels++) {
		n = label_key(*labels);
		memcpy(key, *labels, n);
		key[n] = '\0';
		rc = dbbi_result_text(object, key, *labels + n + 1, err);
	}
	return rc;
}

/* The time between the first source's moment and the last one's. */
static uint64_t
skew(const struct backup_source *sources, size_t count)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	size_t i;

	for (i = 0; i < count; i++) {
		if (sources[i].rc < 0)
			continue;
		if (sources[i].frozen_at_ms < first)
			first = sources[i].frozen_at_ms;
		if (sources[i].frozen_at_ms > last)
			last = sources[i].frozen_at_ms;
	}
	return last > first ? (uint64_t)(last - first) : 0;
}

/* All warnings, a source's with its name in front. */
static int
add_warnings(dbbi_json *document, const struct backup_set *set,
    const struct backup_source *sources, size_t count, dbb_error *err)
{
	dbbi_json *all;
	size_t i, j;
	int rc;

	rc = dbbi_result_array(&all, document, "warnings", err);
	for (i = 0; rc == 0 && i < dbbi_json_count(set->warnings); i++)
		rc = dbbi_result_say(all, err, "%s", json_object_get_string(
		    dbbi_json_at(set->warnings, i)));
	for (i = 0; i < count; i++)
		for (j = 0; rc == 0 && j < dbbi_json_count(
		    sources[i].warnings); j++)
			rc = dbbi_result_say(all, err, "%s '%s': %s",
			    sources[i].item.driver->kind,
			    sources[i].item.name, json_object_get_string(
			    dbbi_json_at(sources[i].warnings, j)));
	return rc;
}

static int
add_set(dbbi_json *document, const struct backup_set *set,
    enum backup_detail detail, dbb_error *err)
{
	int rc;

	if (detail >= BACKUP_RESULT &&
	    ((rc = dbbi_result_text(document, "type", "result", err)) < 0 ||
	    (rc = dbbi_result_text(document, "verb", "run", err)) < 0))
		return rc;
	if ((rc = dbbi_result_text(document, "set", set->id, err)) < 0 ||
	    (rc = dbbi_result_text(document, "status", set->status,
	    err)) < 0 ||
	    (rc = dbbi_result_time(document, "started_at",
	    set->started_at_ms, err)) < 0 ||
	    (rc = dbbi_result_time(document, "finished_at",
	    set->finished_at_ms, err)) < 0 ||
	    (rc = dbbi_result_number(document, "size_bytes", set->size_bytes,
	    err)) < 0 ||
	    (rc = dbbi_result_number(document, "stored_bytes",
	    set->stored_bytes, err)) < 0)
		return rc;
	return add_labels(document, set->labels, err);
}

int
backup_document(dbbi_json **out, const struct backup_set *set,
    const struct backup_source *sources, size_t count,
    enum backup_detail detail, dbb_error *err)
{
	dbbi_json *document, *list;
	size_t i;
	int rc;

	if ((document = dbbi_json_new_object()) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = add_set(document, set, detail, err)) < 0 ||
	    (rc = dbbi_result_array(&list, document, "sources", err)) < 0)
		goto done;
	for (i = 0; rc == 0 && i < count; i++)
		rc = add_source(list, &sources[i], detail, err);
	if (rc == 0 && detail != BACKUP_HEAD &&
	    (rc = dbbi_result_number(document, "skew_ms",
	    skew(sources, count), err)) == 0)
		rc = add_warnings(document, set, sources, count, err);
	if (rc == 0 && detail == BACKUP_BODY)
		rc = dbbi_result_text(document, "library", PACKAGE_VERSION,
		    err);
	if (rc == 0) {
		*out = document;
		document = NULL;
	}
done:
	dbbi_json_free(document);
	return rc;
}
