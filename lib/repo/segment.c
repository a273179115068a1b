/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/segment.h"

#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"

#define MAGIC "DBBINDX1"
#define INFO "dbbackup index"
#define PREFIX "index/"
#define PACK_HEAD_SIZE (DBBI_SHA256_SIZE + 8)	/* name, size, count */

void
dbbi_segment_init(dbbi_segment *segment, const dbbi_keys *keys)
{
	memset(segment, 0, sizeof *segment);
	segment->keys = keys;
	dbbi_bytes_init(&segment->bytes, DBBI_SEGMENT_LIMIT);
}

void
dbbi_segment_clear(dbbi_segment *segment)
{
	dbbi_bytes_clear(&segment->bytes);
	segment->packs = segment->entries = 0;
}

/* Room for what is known at the end. */
static int
begin(dbbi_segment *segment, dbb_error *err)
{
	static const uint8_t header[DBBI_HEADER_SIZE];
	int rc;

	rc = dbbi_bytes_add(&segment->bytes, header, sizeof header, err);
	if (rc < 0)
		return rc;
	return dbbi_sealed_begin(&segment->bytes, segment->keys, err);
}

int
dbbi_segment_add(dbbi_segment *segment, const dbbi_id *pack,
    uint32_t pack_size, const dbbi_box *box, const uint8_t *directory,
    uint32_t count, dbb_error *err)
{
	dbbi_bytes *b = &segment->bytes;
	int rc;

	if (segment->packs == 0 && (rc = begin(segment, err)) < 0)
		return rc;
	if ((rc = dbbi_bytes_add(b, pack->bytes, sizeof pack->bytes,
	    err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, pack_size, err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, count, err)) < 0)
		return rc;
	if (segment->keys != NULL && (rc = dbbi_bytes_add(b, box->bytes,
	    sizeof box->bytes, err)) < 0)
		return rc;
	if ((rc = dbbi_bytes_add(b, directory,
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
	dbbi_header_put(b->data, MAGIC, dbbi_seal_cipher(segment->keys),
	    segment->packs);
	if ((rc = dbbi_sealed_end(b, DBBI_HEADER_SIZE, segment->keys, INFO,
	    err)) < 0 ||
	    (rc = dbbi_sha256_of(name.bytes, b->data, b->size, err)) < 0)
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

/* One pack's part of a segment. */
struct part {
	dbbi_id name;
	uint32_t size;
	uint32_t count;
	dbbi_box box;
	const uint8_t *entries;
};

static int
take_part(struct part *out, dbbi_cursor *c, int sealed)
{
	const uint8_t *name, *box;

	if (dbbi_take(&name, c, DBBI_SHA256_SIZE) < 0 ||
	    dbbi_take_u32(&out->size, c) < 0 ||
	    dbbi_take_u32(&out->count, c) < 0)
		return -1;
	memcpy(out->name.bytes, name, DBBI_SHA256_SIZE);
	if (sealed && dbbi_take(&box, c, DBBI_BOX_SIZE) < 0)
		return -1;
	if (sealed)
		memcpy(out->box.bytes, box, DBBI_BOX_SIZE);
	if (out->count > c->left / DBBI_ENTRY_SIZE ||
	    out->size > DBBI_PACK_LIMIT)
		return -1;
	return dbbi_take(&out->entries, c,
	    (size_t)out->count * DBBI_ENTRY_SIZE);
}

/* Take one pack's part of a segment into the index. */
static int
load_pack(dbbi_index *index, dbbi_cursor *c, uint8_t cipher, dbb_error *err)
{
	int sealed = cipher == DBBI_CIPHER_SEALED;
	dbbi_entry entry;
	struct part part;
	uint32_t pack_no;
	int rc;

	if (take_part(&part, c, sealed) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a pack's part of it is not possible");
	rc = dbbi_index_add_pack(&pack_no, index, &part.name, part.size,
	    sealed ? &part.box : NULL, 0, err);
	for (uint32_t i = 0; rc == 0 && i < part.count; i++) {
		if (dbbi_entry_get(&entry, part.entries +
		    (size_t)i * DBBI_ENTRY_SIZE, part.size, cipher) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of a pack is not possible", i);
		rc = dbbi_index_put(index, &entry, pack_no, err);
	}
	return rc;
}

static int
parse(dbbi_index *index, const dbbi_id *name, uint8_t *data, size_t size,
    const dbbi_keys *keys, dbb_error *err)
{
	uint8_t cipher = dbbi_seal_cipher(keys);
	dbbi_id digest;
	dbbi_cursor c;
	uint32_t packs;
	int rc;

	if ((rc = dbbi_sha256_of(digest.bytes, data, size, err)) < 0)
		return rc;
	if (memcmp(&digest, name, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its bytes do not fit its name");
	if (size < DBBI_HEADER_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&packs, data, MAGIC, cipher, err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size, DBBI_HEADER_SIZE, keys,
	    INFO, err)) < 0)
		return rc;
	for (uint32_t i = 0; i < packs; i++) {
		if ((rc = load_pack(index, &c, cipher, err)) < 0)
			return rc;
	}
	if (c.left != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%zu bytes follow its last pack", c.left);
	return 0;
}

static int
load_segment(dbbi_index *index, dbbi_store *store, const dbbi_keys *keys,
    const char *object, dbb_error *err)
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
		rc = parse(index, &name, data, size, keys, err);
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
dbbi_segment_load_all(dbbi_index *index, dbbi_store *store,
    const dbbi_keys *keys, dbbi_run *run, dbbi_segment_damage_fn damage,
    void *payload, dbb_error *err)
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
		rc = load_segment(index, store, keys, names.items[i],
		    &cause);
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
