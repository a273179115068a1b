/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_archive: the members of a snapshot, and what each of them means. */
#include <config.h>

#include "source/qd_archive_parts.h"

#include <stdlib.h>
#include <string.h>

#include "util/tar.h"
#include "util/text.h"

#define FILE_MAX ((size_t)4 << 20)	/* of those that are read */

struct dbbi_qd_archive {
	dbbi_tar *tar;
	dbbi_qd_parts shards;
	dbbi_json *config, *keys, *indexes;
	int has_version;
	int has_state;		/* replica_state.json, at the top */
};

/* What a member may be, at the top or in a shard's folder. */
enum what {
	OTHER, CONFIG, KEYS, INDEXES, VERSION_INFO,
	STATE, SHARD_CONFIG, SEGMENT, LOG
};

static const struct { const char *name; enum what what; } top[] = {
	{ "config.json", CONFIG }, { "shard_key_mapping.json", KEYS },
	{ "payload_index.json", INDEXES }, { "version.info", VERSION_INFO },
	{ "replica_state.json", STATE }, { NULL, OTHER }
}, in_shard[] = {
	{ "replica_state.json", STATE },
	{ "shard_config.json", SHARD_CONFIG }, { NULL, OTHER }
};

/* Does it lie in that folder, or is it it? */
static int
is_within(const char *name, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(name, folder, n) == 0 &&
	    (name[n] == '\0' || name[n] == '/');
}

static enum what
find_in_shard(const char *name, int is_file)
{
	size_t i;

	if (is_within(name, "wal"))
		return LOG;
	if (is_within(name, "segments"))
		return is_file ? SEGMENT : OTHER;
	for (i = 0; is_file && in_shard[i].name != NULL; i++)
		if (strcmp(in_shard[i].name, name) == 0)
			return in_shard[i].what;
	return OTHER;
}

/* What is it? `*shard` is whose, or -1. */
static enum what
find_what(int64_t *shard, const dbbi_tar_member *m)
{
	const char *name = m->name, *slash;
	char digits[12] = {0};
	uint64_t id;
	size_t i;

	*shard = -1;
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	if ((slash = strchr(name, '/')) != NULL) {
		if ((size_t)(slash - name) >= sizeof(digits))
			return OTHER;
		memcpy(digits, name, (size_t)(slash - name));
		if (dbbi_parse_u64(&id, digits, 0, UINT32_MAX) < 0)
			return OTHER;
		*shard = (int64_t)id;
		return find_in_shard(slash + 1, m->type == DBBI_TAR_FILE);
	}
	for (i = 0; m->type == DBBI_TAR_FILE && top[i].name != NULL; i++)
		if (strcmp(top[i].name, name) == 0)
			return top[i].what;
	return OTHER;
}

/* ---- members as they begin ---- */

static int
refuse_twice(int has, const dbbi_tar_member *m, dbb_error *err)
{
	return !has ? 0 : dbbi_error_set(err, DBB_ESOURCE, "it has '%s' twice",
	    m->name);
}

static int
see_shard(dbbi_qd_archive *a, enum what what, uint32_t id,
    const dbbi_tar_member *m, dbb_error *err)
{
	dbbi_qd_part *one;
	int rc;

	if ((rc = dbbi_qd_parts_get(&one, &a->shards, id, err)) < 0)
		return rc;
	if (what == STATE || what == SHARD_CONFIG) {
		rc = refuse_twice(what == STATE ? one->has_state :
		    one->has_config, m, err);
		return rc < 0 ? rc : 1;
	}
	one->has_log |= what == LOG;
	one->has_segments |= what == SEGMENT;
	return 0;
}

/* 1: it is to be read. */
static int
see_member(const dbbi_tar_member *m, void *payload, dbb_error *err)
{
	dbbi_qd_archive *a = payload;
	int64_t shard;
	enum what what = find_what(&shard, m);
	int rc;

	if (m->type == DBBI_TAR_OTHER)
		return dbbi_error_set(err, DBB_ESOURCE, "'%s' is neither a "
		    "file nor a folder", m->name);
	if (what == OTHER)
		return 0;
	if (shard >= 0)
		return see_shard(a, what, (uint32_t)shard, m, err);
	rc = refuse_twice(what == CONFIG ? a->config != NULL :
	    what == KEYS ? a->keys != NULL :
	    what == INDEXES ? a->indexes != NULL :
	    what == VERSION_INFO ? a->has_version : a->has_state, m, err);
	a->has_version |= what == VERSION_INFO;
	a->has_state |= what == STATE;
	return rc < 0 ? rc : what != VERSION_INFO && what != STATE;
}

/* ---- those that are read ---- */

static int
refuse_contents(const dbbi_tar_member *m, dbb_error *err)
{
	return dbbi_error_set(err, DBB_ESOURCE, "'%s' does not say what it "
	    "should", m->name);
}

static int
read_shard(dbbi_qd_archive *a, enum what what, uint32_t id,
    const dbbi_tar_member *m, const dbbi_json *json, dbb_error *err)
{
	dbbi_qd_part *one;
	int rc;

	if ((rc = dbbi_qd_parts_get(&one, &a->shards, id, err)) < 0)
		return rc;
	if (what == SHARD_CONFIG) {
		one->has_config = 1;
		return 0;
	}
	one->has_state = 1;
	return dbbi_json_bool(&one->base.is_local, json, "is_local") == 0 ?
	    0 : refuse_contents(m, err);
}

/* Keep it, if it is of that type. */
static int
keep(dbbi_json **to, dbbi_json **json, int fits, const dbbi_tar_member *m,
    dbb_error *err)
{
	if (!fits)
		return refuse_contents(m, err);
	*to = *json;
	*json = NULL;
	return 0;
}

static int
read_contents(const dbbi_tar_member *m, const void *data, size_t size,
    void *payload, dbb_error *err)
{
	dbbi_qd_archive *a = payload;
	dbbi_json *json = NULL;
	int64_t shard;
	enum what what = find_what(&shard, m);
	int rc, is_object;

	if ((rc = dbbi_json_parse(&json, data, size, err)) < 0)
		return dbbi_error_context(err, rc, "'%s'", m->name);
	is_object = json_object_is_type(json, json_type_object);
	if (shard >= 0)
		rc = read_shard(a, what, (uint32_t)shard, m, json, err);
	else if (what == CONFIG)
		rc = keep(&a->config, &json, is_object, m, err);
	else if (what == INDEXES)
		rc = keep(&a->indexes, &json, is_object, m, err);
	else
		rc = keep(&a->keys, &json, is_object ||
		    json_object_is_type(json, json_type_array), m, err);
	dbbi_json_free(json);
	return rc;
}

/* ---- the whole ---- */

int
dbbi_qd_archive_new(dbbi_qd_archive **out, dbb_error *err)
{
	dbbi_qd_archive *a = calloc(1, sizeof(*a));
	dbbi_tar_visitor visitor = { see_member, read_contents, FILE_MAX, a };
	int rc;

	if (a == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_tar_new(&a->tar, &visitor, err)) < 0) {
		free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void
dbbi_qd_archive_free(dbbi_qd_archive *a)
{
	if (a == NULL)
		return;
	dbbi_tar_free(a->tar);
	dbbi_qd_parts_clear(&a->shards);
	dbbi_json_free(a->config);
	dbbi_json_free(a->keys);
	dbbi_json_free(a->indexes);
	free(a);
}

/* Whoever noticed it: what is wrong is the snapshot. */
static int
tell(dbb_error *err, int rc)
{
	if (rc == 0 || rc == DBB_ENOMEM)
		return rc;
	dbbi_error_context(err, DBB_ESOURCE, "it is no whole snapshot of a "
	    "collection");
	dbbi_error_hint(err, "back up again; if it fails again, take a "
	    "snapshot by hand and see whether 'tar -tvf' lists it to its end, "
	    "or use method = scroll");
	return DBB_ESOURCE;
}

int
dbbi_qd_archive_add(dbbi_qd_archive *a, const void *data, size_t size,
    dbb_error *err)
{
	return tell(err, dbbi_tar_add(a->tar, data, size, err));
}

/* Other kinds of snapshots are told by what they have in its place. */
static int
check(dbbi_qd_archive *a, dbb_error *err)
{
	if (a->config == NULL && a->has_state)
		return dbbi_error_set(err, DBB_ESOURCE, "it has no "
		    "config.json: it is the snapshot of one shard");
	if (a->config == NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "it has no "
		    "config.json");
	if (dbbi_json_object(a->config, "collections_mapping") != NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "it is the snapshot "
		    "of a whole server");
	return dbbi_qd_parts_check(&a->shards, a->config, a->keys, err);
}

int
dbbi_qd_archive_end(dbbi_qd_archive *a, dbb_error *err)
{
	int rc = dbbi_tar_end(a->tar, err);

	return tell(err, rc < 0 ? rc : check(a, err));
}

const dbbi_json *
dbbi_qd_archive_config(const dbbi_qd_archive *a)
{
	return a->config;
}

size_t
dbbi_qd_archive_shard_count(const dbbi_qd_archive *a)
{
	return a->shards.count;
}

dbbi_qd_archive_shard
dbbi_qd_archive_shard_at(const dbbi_qd_archive *a, size_t i)
{
	return a->shards.all[i].base;
}
