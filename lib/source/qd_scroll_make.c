/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_scroll_make: a collection made anew from a stream's header. */
#include <config.h>

#include "source/qd_scroll.h"

#include <stdlib.h>
#include <string.h>

/* Where a setting stands in what a server says, and in what it is told. */
struct setting {
	const char *group;	/* a member of config; NULL: config itself */
	const char *from;
	const char *to;
};

static const struct setting settings[] = {
	{ "params", "vectors", "vectors" },
	{ "params", "sparse_vectors", "sparse_vectors" },
	{ "params", "shard_number", "shard_number" },
	{ "params", "sharding_method", "sharding_method" },
	{ "params", "replication_factor", "replication_factor" },
	{ "params", "write_consistency_factor", "write_consistency_factor" },
	{ "params", "on_disk_payload", "on_disk_payload" },
	{ NULL, "hnsw_config", "hnsw_config" },
	{ NULL, "optimizer_config", "optimizers_config" },
	{ NULL, "wal_config", "wal_config" },
	{ NULL, "quantization_config", "quantization_config" },
	{ NULL, "metadata", "metadata" },
};

/* Add `object`'s member to `out`, unless it is null or there is none. */
static int
copy_member(dbbi_json *out, const char *to, const dbbi_json *object,
    const char *from)
{
	dbbi_json *value = NULL;

	if (object == NULL ||
	    !json_object_object_get_ex(object, from, &value) || value == NULL)
		return 0;
	return dbbi_json_set(out, to, json_object_get(value));
}

/* ---- requests ---- */

/* Ask with a body that may be incomplete for want of memory. */
static int
ask(dbbi_qd *qd, const char *method, char *path, dbbi_json *body, int made,
    dbb_error *err)
{
	int rc;

	if (path == NULL || made != 0)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_qd_ask(NULL, qd, method, path, body, err);
	dbbi_json_free(body);
	free(path);
	return rc;
}

static int
create(dbbi_qd *qd, const char *collection, const dbbi_json *header,
    dbb_error *err)
{
	const dbbi_json *config = dbbi_json_object(header, "config");
	const char *version = dbbi_json_string(header, "server");
	dbbi_json *body = dbbi_json_new_object();
	const struct setting *one;
	size_t i;
	int made = 0, rc;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		one = &settings[i];
		made |= copy_member(body, one->to, one->group == NULL ?
		    config : dbbi_json_object(config, one->group), one->from);
	}
	rc = ask(qd, "PUT", dbbi_qd_path("/collections/%s", collection), body,
	    made, err);
	if (rc == DBB_ESOURCE)
		dbbi_error_hint(err, "the collection comes from Qdrant %s, "
		    "and this is %s, which may not know or not allow the "
		    "setting that it names", version != NULL ? version :
		    "of a version that is not known", dbbi_qd_version(qd));
	return rc;
}

static int
create_shard_key(dbbi_qd *qd, const char *collection, dbbi_json *key,
    dbb_error *err)
{
	dbbi_json *body = dbbi_json_new_object();
	int made = dbbi_json_set(body, "shard_key", json_object_get(key));
	int rc = ask(qd, "PUT", dbbi_qd_path("/collections/%s/shards",
	    collection), body, made, err);

	if (rc == DBB_ESOURCE)
		dbbi_error_hint(err, "shard keys are for clusters: restore "
		    "into one");
	return dbbi_error_context(err, rc, "making shard key %s",
	    dbbi_json_text(key));
}

/* By its parameters where it has any, else by its type. */
static int
create_index(dbbi_qd *qd, const char *collection, const char *field,
    const dbbi_json *index, dbb_error *err)
{
	dbbi_json *body = dbbi_json_new_object();
	int made = dbbi_json_set_string(body, "field_name", field), rc;

	made |= copy_member(body, "field_schema", index,
	    dbbi_json_object(index, "params") != NULL ? "params" :
	    "data_type");
	rc = ask(qd, "PUT", dbbi_qd_path("/collections/%s/index?wait=true",
	    collection), body, made, err);
	if (rc == DBB_ESOURCE)
		dbbi_error_hint(err, "this is Qdrant %s, which may not know "
		    "an index of that kind", dbbi_qd_version(qd));
	return dbbi_error_context(err, rc, "indexing field '%s'", field);
}

/* ---- all of it ---- */

int
dbbi_qd_scroll_make(dbbi_qd *qd, const char *collection,
    const dbbi_json *header, dbb_error *err)
{
	dbbi_json *keys = dbbi_json_array(header, "shard_keys");
	dbbi_json *schema = dbbi_json_object(header, "payload_schema");
	size_t i;
	int rc = create(qd, collection, header, err);

	for (i = 0; rc == 0 && i < dbbi_json_count(keys); i++)
		rc = create_shard_key(qd, collection, dbbi_json_at(keys, i),
		    err);
	json_object_object_foreach(schema, field, index)
		if (rc == 0)
			rc = create_index(qd, collection, field, index, err);
	return dbbi_error_context(err, rc, "making collection '%s'",
	    collection);
}

int
dbbi_qd_scroll_finish(dbbi_qd *qd, const char *collection,
    const dbbi_json *header, dbb_error *err)
{
	const dbbi_json *config = dbbi_json_object(header, "config");
	const dbbi_json *params = dbbi_json_object(config, "params");
	dbbi_json *body = dbbi_json_new_object();
	dbbi_json *fan_out = dbbi_json_new_object();
	int made, rc;

	made = copy_member(body, "strict_mode_config", config,
	    "strict_mode_config");
	made |= copy_member(fan_out, "read_fan_out_factor", params,
	    "read_fan_out_factor");
	made |= copy_member(fan_out, "read_fan_out_delay_ms", params,
	    "read_fan_out_delay_ms");
	if (fan_out != NULL && json_object_object_length(fan_out) > 0)
		made |= dbbi_json_set(body, "params", fan_out);
	else
		dbbi_json_free(fan_out);
	if (made == 0 && body != NULL &&
	    json_object_object_length(body) == 0) {
		dbbi_json_free(body);
		return DBB_OK;
	}
	rc = ask(qd, "PATCH", dbbi_qd_path("/collections/%s", collection),
	    body, made, err);
	return dbbi_error_context(err, rc, "setting the limits of collection "
	    "'%s'", collection);
}
