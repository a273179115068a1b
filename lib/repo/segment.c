/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/segment.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "DBBINDX1"
#define PREFIX "index/"
#define PACK_HEAD_SIZE (DBBI_SHA256_SIZE + 8)	/* name, size, count */

void
dbbi_segment_init(dbbi_segment *segment)
{
	memset(segment, 0, sizeof *segment);
	dbbi_bytes_init(&segment->bytes, DBBI_SEGMENT_LIMIT);
}

void
dbbi_segment_clear(dbbi_segment *segment)
{
	dbbi_bytes_clear(&segment->bytes);
	segment->packs = segment->entries = 0;
}

int
dbbi_segment_add(dbbi_segment *segment, const dbbi_id *pack,
    uint32_t pack_size, const uint8_t *directory, uint32_t count,
    dbb_error *err)
{
	static const uint8_t header[DBBI_HEADER_SIZE];
	dbbi_bytes *b = &segment->bytes;
	int rc;

	if (segment->packs == 0 &&
	    (rc = dbbi_bytes_add(b, header, sizeof header, err)) < 0)
		return rc;
	if ((rc = dbbi_bytes_add(b, pack->bytes, sizeof pack->bytes,
	    err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, pack_size, err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, count, err)) < 0 ||
	    (rc = dbbi_bytes_add(b, directory,
	    (size_t)count * DBBI_ENTRY_SIZE, err)) < 0)
		return rc;
	segment->packs++;
	segment->entries += count;
	return 0;
}

int
dbbi_segment_full(const dbbi_segment *segment)
{
	return segment->packs >= DBBI_SEGMENT_PACKS ||
	    segment->entries >= DBBI_SEGMENT_ENTRIES;
}

int
dbbi_segment_write(uint64_t *written, dbbi_segment *segment,
    dbbi_store *store, dbb_error *err)
{
	dbbi_bytes *b = &segment->bytes;
	char object[DBBI_OBJECT_SIZE];
	dbbi_id name;
	int rc;

	*written = 0;
	if (segment->packs == 0)
		return 0;
	dbbi_header_put(b->data, MAGIC, segment->packs);
	if ((rc = dbbi_sha256_of(name.bytes, b->data, b->size, err)) < 0)
		return rc;
	dbbi_index_object(object, &name);
	rc = dbbi_store_write(store, object, b->data, b->size, 0, err);
	if (rc == DBB_EEXIST)	/* the same bytes, from a run that was cut */
		rc = 0;
	if (rc < 0)
		return rc;
	*written = b->size;
	dbbi_segment_clear(segment);
	return 0;
}

/* Take one pack's part of a segment into the index. */
static int
load_pack(dbbi_index *index, dbbi_cursor *c, dbb_error *err)
{
	const uint8_t *name, *entries;
	uint32_t size, count, pack_no;
	dbbi_entry entry;
	dbbi_id id;
	int rc;

	if (dbbi_take(&name, c, DBBI_SHA256_SIZE) < 0 ||
	    dbbi_take_u32(&size, c) < 0 || dbbi_take_u32(&count, c) < 0 ||
	    count > c->left / DBBI_ENTRY_SIZE || size > DBBI_PACK_LIMIT ||
	    dbbi_take(&entries, c, (size_t)count * DBBI_ENTRY_SIZE) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a pack's part of it is not possible");
	memcpy(id.bytes, name, sizeof id.bytes);
	if ((rc = dbbi_index_add_pack(&pack_no, index, &id, size, 0,
	    err)) < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		if (dbbi_entry_get(&entry,
		    entries + (size_t)i * DBBI_ENTRY_SIZE, size) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of a pack is not possible", i);
		if ((rc = dbbi_index_put(index, &entry, pack_no, err)) < 0)
			return rc;
	}
	return 0;
}

static int
parse(dbbi_index *index, const dbbi_id *name, const uint8_t *data,
    size_t size, dbb_error *err)
{
	dbbi_cursor c = { data, size };
	const uint8_t *header;
	dbbi_id digest;
	uint32_t packs;
	int rc;

	if ((rc = dbbi_sha256_of(digest.bytes, data, size, err)) < 0)
		return rc;
	if (memcmp(&digest, name, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its bytes do not fit its name");
	if (dbbi_take(&header, &c, DBBI_HEADER_SIZE) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&packs, header, MAGIC, err)) < 0)
		return rc;
	for (uint32_t i = 0; i < packs; i++) {
		if ((rc = load_pack(index, &c, err)) < 0)
			return rc;
	}
	if (c.left != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%zu bytes follow its last pack", c.left);
	return 0;
}

static int
load_segment(dbbi_index *index, dbbi_store *store, const char *object,
    dbb_error *err)
{
	uint8_t *data = NULL;
	size_t size;
	dbbi_id name;
	int rc;

	if (dbbi_hex_decode(name.bytes, sizeof name.bytes,
	    object + strlen(PREFIX)) < 0)
		return 0;	/* not ours */
	rc = dbbi_store_load(&data, &size, store, object, DBBI_SEGMENT_LIMIT,
	    err);
	if (rc == 0) {
		rc = parse(index, &name, data, size, err);
		dbbi_error_context(err, rc, "'%s'", object);
	}
	if (rc == DBB_EDAMAGED)
		dbbi_error_hint(err, "the packs are not harmed by this, but "
		    "until this object is whole again nothing can be read "
		    "from the repository: bring it back from a copy of the "
		    "store");
	free(data);
	return rc;
}

static int
collect(const dbb_object *object, void *payload)
{
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

int
dbbi_segment_load_all(dbbi_index *index, dbbi_store *store, dbbi_run *run,
    dbbi_segment_damage_fn damage, void *payload, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	dbb_error cause;
	int rc;

	rc = dbbi_store_list(store, PREFIX, collect, &names, err);
	if (rc == DBB_ECANCELED)	/* by `collect` */
		rc = dbbi_error_nomem(err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		if ((rc = dbbi_run_check(run, err)) < 0)
			break;
		dbbi_error_clear(&cause);
		rc = load_segment(index, store, names.items[i], &cause);
		if (rc < 0 && damage != NULL && (rc == DBB_EDAMAGED ||
		    rc == DBB_EVERSION || rc == DBB_ENOTFOUND))
			rc = damage(names.items[i], &cause, payload) == 0 ?
			    0 : dbbi_error_set(&cause, DBB_ECANCELED,
			    "stopped by the caller");
		if (rc < 0 && err != NULL)
			*err = cause;
	}
	dbbi_list_clear(&names);
	return dbbi_error_context(err, rc, "loading the index");
}
