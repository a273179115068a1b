/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_archive_shards: which shards a collection has, and whether its snapshot
 * has them. */
#include <config.h>

#include "source/qd_archive_parts.h"

#include <stdlib.h>
#include <string.h>

/* Where the shard of this id is, or would be. */
static size_t
find_place(const dbbi_qd_parts *s, uint32_t id)
{
	size_t low = 0, high = s->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (s->all[middle].base.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
make_room(dbbi_qd_parts *s, dbb_error *err)
{
	size_t room = s->room == 0 ? 8 : 2 * s->room;
	dbbi_qd_part *all;

	if (s->count < s->room)
		return 0;
	if (s->count == DBBI_QD_PARTS_MAX)
		return dbbi_error_set(err, DBB_ESOURCE, "it has more than %u "
		    "shards", DBBI_QD_PARTS_MAX);
	if ((all = realloc(s->all, room * sizeof(*all))) == NULL)
		return dbbi_error_nomem(err);
	s->all = all;
	s->room = room;
	return 0;
}

int
dbbi_qd_parts_get(dbbi_qd_part **out, dbbi_qd_parts *s, uint32_t id,
    dbb_error *err)
{
	size_t at = find_place(s, id);
	int rc;

	if (at == s->count || s->all[at].base.id != id) {
		if ((rc = make_room(s, err)) < 0)
			return rc;
		memmove(s->all + at + 1, s->all + at,
		    (s->count - at) * sizeof(*s->all));
		s->all[at] = (dbbi_qd_part){ .base.id = id };
		s->count++;
	}
	*out = &s->all[at];
	return 0;
}

void
dbbi_qd_parts_clear(dbbi_qd_parts *s)
{
	free(s->all);
	*s = (dbbi_qd_parts){0};
}

/* ---- which there must be ---- */

static int
name_shard(dbbi_qd_parts *s, uint32_t id, dbb_error *err)
{
	dbbi_qd_part *one;
	int rc;

	if ((rc = dbbi_qd_parts_get(&one, s, id, err)) < 0)
		return rc;
	one->is_named = 1;
	return 0;
}

static int
name_counted(dbbi_qd_parts *s, const dbbi_json *params, dbb_error *err)
{
	uint64_t count;
	uint32_t id;
	int rc = 0;

	if (dbbi_json_u64(&count, params, "shard_number") < 0 || count == 0 ||
	    count > DBBI_QD_PARTS_MAX)
		return dbbi_error_set(err, DBB_ESOURCE, "config.json gives "
		    "the collection no number of shards that can be");
	for (id = 0; id < count && rc == 0; id++)
		rc = name_shard(s, id, err);
	return rc;
}

/* A key's shards: a list of their ids. */
static int
name_listed(dbbi_qd_parts *s, const dbbi_json *ids, dbb_error *err)
{
	const dbbi_json *one;
	int64_t id;
	size_t i;
	int rc = 0;

	if (!json_object_is_type(ids, json_type_array))
		return dbbi_error_set(err, DBB_ESOURCE,
		    "shard_key_mapping.json has a key without shards");
	for (i = 0; i < dbbi_json_count(ids) && rc == 0; i++) {
		one = dbbi_json_at(ids, i);
		id = json_object_is_type(one, json_type_int) ?
		    json_object_get_int64(one) : -1;
		rc = id >= 0 && id <= UINT32_MAX ?
		    name_shard(s, (uint32_t)id, err) :
		    dbbi_error_set(err, DBB_ESOURCE, "shard_key_mapping.json "
		    "names a shard that cannot be");
	}
	return rc;
}

/* Either [{"key":…,"shard_ids":[…]},…] or, of older servers, {"key":[…]}. */
static int
name_by_keys(dbbi_qd_parts *s, dbbi_json *keys, dbb_error *err)
{
	struct json_object_iterator at, end;
	size_t i;
	int rc = 0;

	if (keys == NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "its sharding is "
		    "custom, and it has no shard_key_mapping.json");
	if (json_object_is_type(keys, json_type_array)) {
		for (i = 0; i < dbbi_json_count(keys) && rc == 0; i++)
			rc = name_listed(s, dbbi_json_array(
			    dbbi_json_at(keys, i), "shard_ids"), err);
		return rc;
	}
	at = json_object_iter_begin(keys);
	end = json_object_iter_end(keys);
	for (; rc == 0 && !json_object_iter_equal(&at, &end);
	    json_object_iter_next(&at))
		rc = name_listed(s, json_object_iter_peek_value(&at), err);
	return rc;
}

/* ---- what there is of them ---- */

static int
lacks(const dbbi_qd_part *one, const char *what, dbb_error *err)
{
	return dbbi_error_set(err, DBB_ESOURCE, "shard %u has no %s",
	    (unsigned)one->base.id, what);
}

static int
check_shard(const dbbi_qd_part *one, dbb_error *err)
{
	if (!one->has_state)
		return lacks(one, "replica_state.json", err);
	if (!one->has_config)
		return lacks(one, "shard_config.json", err);
	if (!one->base.is_local)
		return 0;
	if (!one->has_segments)
		return lacks(one, "segments, and should", err);
	return one->has_log ? 0 : lacks(one, "log (wal), and should", err);
}

/* A shard that is being moved or split off has a folder before it is one. */
static void
forget_others(dbbi_qd_parts *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++)
		if (s->all[i].is_named)
			s->all[kept++] = s->all[i];
	s->count = kept;
}

int
dbbi_qd_parts_check(dbbi_qd_parts *s, const dbbi_json *config,
    dbbi_json *keys, dbb_error *err)
{
	const dbbi_json *params = dbbi_json_object(config, "params");
	const char *method = dbbi_json_string(params, "sharding_method");
	size_t i;
	int rc;

	if (params == NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "config.json has no "
		    "parameters of a collection");
	rc = method != NULL && strcmp(method, "custom") == 0 ?
	    name_by_keys(s, keys, err) : name_counted(s, params, err);
	if (rc < 0)
		return rc;
	forget_others(s);
	for (i = 0; i < s->count && rc == 0; i++)
		rc = check_shard(&s->all[i], err);
	return rc;
}
