/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_header: the first line: what the collection is. */
#include <config.h>

#include "source/qd_scroll_format.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT "dbbackup-qdrant-points"
#define FORMAT_VERSION 1

/* ---- members in order ---- */

static dbbi_json *sort_members(const dbbi_json *value);

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static dbbi_json *
sort_object(const dbbi_json *object)
{
	size_t count = (size_t)json_object_object_length(object), i = 0;
	const char **keys = calloc(count + 1, sizeof(*keys));
	dbbi_json *out = dbbi_json_new_object(), *value;
	int rc = keys == NULL || out == NULL ? DBB_ENOMEM : DBB_OK;

	if (rc == 0) {
		json_object_object_foreach(object, key, member) {
			(void)member;
			keys[i++] = key;
		}
		qsort(keys, count, sizeof(*keys), compare_keys);
	}
	for (i = 0; rc == 0 && i < count; i++) {
		json_object_object_get_ex(object, keys[i], &value);
		rc = value == NULL ?
		    dbbi_json_set_string(out, keys[i], NULL) :
		    dbbi_json_set(out, keys[i], sort_members(value));
	}
	free(keys);
	if (rc == 0)
		return out;
	dbbi_json_free(out);
	return NULL;
}

static dbbi_json *
sort_array(const dbbi_json *array)
{
	dbbi_json *out = dbbi_json_new_array(), *value;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < dbbi_json_count(array); i++) {
		value = dbbi_json_at(array, i);
		rc = value == NULL ? dbbi_json_append_string(out, NULL) :
		    dbbi_json_append(out, sort_members(value));
	}
	if (rc == 0)
		return out;
	dbbi_json_free(out);
	return NULL;
}

/* Numbers and texts are shared, and so stay as they came. The depth is that of
 * a document that was parsed. NULL: out of memory. */
static dbbi_json *
sort_members(const dbbi_json *value)
{
	if (json_object_is_type(value, json_type_object))
		return sort_object(value);
	if (json_object_is_type(value, json_type_array))
		return sort_array(value);
	return json_object_get((dbbi_json *)(uintptr_t)value);
}

/* ---- the header ---- */

/* Without the number of points, which is no part of an index. */
static dbbi_json *
copy_schema(const dbbi_json *schema)
{
	dbbi_json *out = schema != NULL ? sort_members(schema) :
	    dbbi_json_new_object();

	if (out == NULL)
		return NULL;
	json_object_object_foreach(out, field, index) {
		(void)field;
		if (json_object_is_type(index, json_type_object))
			json_object_object_del(index, "points");
	}
	return out;
}

int
dbbi_qd_scroll_header(dbbi_json **out, const char *collection,
    const char *version, const dbbi_json *info, const dbbi_json *shard_keys,
    dbb_error *err)
{
	const dbbi_json *config = dbbi_json_object(info, "config");
	dbbi_json *header = dbbi_json_new_object();
	int rc = 0;

	if (config == NULL) {
		dbbi_json_free(header);
		return dbbi_error_set(err, DBB_ESOURCE, "the server does not "
		    "say how collection '%s' is configured", collection);
	}
	rc |= dbbi_json_set_string(header, "format", FORMAT);
	rc |= dbbi_json_set_u64(header, "version", FORMAT_VERSION);
	rc |= dbbi_json_set_string(header, "server", version);
	rc |= dbbi_json_set_string(header, "collection", collection);
	rc |= dbbi_json_set(header, "config", sort_members(config));
	rc |= dbbi_json_set(header, "payload_schema",
	    copy_schema(dbbi_json_object(info, "payload_schema")));
	rc |= dbbi_json_set(header, "shard_keys", shard_keys != NULL ?
	    sort_members(shard_keys) : dbbi_json_new_array());
	if (rc != 0) {
		dbbi_json_free(header);
		return dbbi_error_nomem(err);
	}
	*out = header;
	return DBB_OK;
}

static int
are_keys(const dbbi_json *keys)
{
	const dbbi_json *key;
	size_t i;

	for (i = 0; i < dbbi_json_count(keys); i++) {
		key = dbbi_json_at(keys, i);
		if (!json_object_is_type(key, json_type_string) &&
		    !json_object_is_type(key, json_type_int))
			return 0;
	}
	return keys != NULL;
}

int
dbbi_qd_scroll_header_check(const dbbi_json *header, dbb_error *err)
{
	const char *format = dbbi_json_string(header, "format");
	uint64_t version;

	if (format == NULL || strcmp(format, FORMAT) != 0 ||
	    dbbi_json_u64(&version, header, "version") < 0 || version == 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it is no stream of points");
	if (version > FORMAT_VERSION) {
		dbbi_error_set(err, DBB_EVERSION, "the stream of points is of "
		    "version %llu, and this library reads version %d",
		    (unsigned long long)version, FORMAT_VERSION);
		dbbi_error_hint(err, "use the version of dbbackup that made "
		    "the set, or a later one");
		return DBB_EVERSION;
	}
	if (dbbi_json_string(header, "collection") == NULL ||
	    dbbi_json_object(dbbi_json_object(header, "config"),
	    "params") == NULL ||
	    dbbi_json_object(header, "payload_schema") == NULL ||
	    !are_keys(dbbi_json_array(header, "shard_keys")))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "the stream's first line lacks what a collection needs");
	return DBB_OK;
}
