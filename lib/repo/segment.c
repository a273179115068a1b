/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/segment.h"

#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"


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

/* Its name is that of its bytes. One that is there already has the same,
 * from a run that was cut, or was damaged since. */
static int
store_bytes(dbbi_store *store, const char *object,
    const dbbi_segment *segment, dbb_error *err)
{
	const dbbi_bytes *b = &segment->bytes;
	int rc;

	rc = dbbi_store_write(store, object, b->data, b->size,
	    DBB_PUT_LOCK, err);
	if (rc != DBB_EEXIST)
		return rc;
	rc = dbbi_segment_check(store, segment->keys, object, err);
	if (rc != DBB_EDAMAGED)
		return rc;
	return dbbi_store_write(store, object, b->data, b->size,
	    DBB_PUT_REPLACE | DBB_PUT_LOCK, err);
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
	dbbi_header_put(b->data, DBBI_SEGMENT_MAGIC,
	    dbbi_seal_cipher(segment->keys), segment->packs);
	if ((rc = dbbi_sealed_end(b, DBBI_HEADER_SIZE, segment->keys,
	    DBBI_SEGMENT_INFO, err)) < 0 ||
	    (rc = dbbi_sha256_of(name.bytes, b->data, b->size, err)) < 0)
		return rc;
	dbbi_index_object(object, &name);
	if ((rc = store_bytes(store, object, segment, err)) < 0)
		return rc;
	*written = b->size;
	segment->last = name;
	dbbi_segment_clear(segment);
	return 0;
}
