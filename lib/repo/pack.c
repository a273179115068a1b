/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/pack.h"

#include <stdlib.h>
#include <string.h>

#include "repo/chunk_seal.h"
#include "util/threads.h"

#define MAGIC "DBBPACK1"
#define INFO "dbbackup directory"
#define END_MAGIC "DBBPEND1"
#define TRAILER_SIZE DBBI_PACK_TRAILER	/* count, zero, SHA-256, magic */
#define CAPACITY (DBBI_HEADER_SIZE + DBBI_BOX_SIZE + \
    (size_t)DBBI_PACK_TARGET + (size_t)DBBI_PACK_CHUNKS * DBBI_ENTRY_SIZE + \
    DBBI_WRITER_BOX_EXTRA + TRAILER_SIZE)

struct dbbi_pack {
	const dbbi_keys *keys;
	dbbi_chunk_sealer *sealer;	/* NULL: not sealed */
	dbbi_box box;
	uint8_t *data;		/* CAPACITY bytes, by dbbi_pages_new */
	uint8_t *directory;
	uint32_t used;		/* of data */
	uint32_t count;		/* of entries */
};

int
dbbi_pack_new(dbbi_pack **out, const dbbi_keys *keys, dbb_error *err)
{
	dbbi_pack *pack = calloc(1, sizeof *pack);
	int rc;

	if (pack == NULL)
		return dbbi_error_nomem(err);
	pack->keys = keys;
	if (keys != NULL && (rc = dbbi_chunk_sealer_new(&pack->sealer, keys,
	    err)) < 0) {
		dbbi_pack_free(pack);
		return rc;
	}
	pack->data = dbbi_pages_new(CAPACITY, err);
	pack->directory = malloc((size_t)DBBI_PACK_CHUNKS * DBBI_ENTRY_SIZE);
	if (pack->data == NULL || pack->directory == NULL) {
		dbbi_pack_free(pack);
		return dbbi_error_nomem(err);
	}
	dbbi_pack_reset(pack);
	*out = pack;
	return 0;
}

void
dbbi_pack_free(dbbi_pack *pack)
{
	if (pack == NULL)
		return;
	dbbi_pages_free(pack->data, CAPACITY);
	free(pack->directory);
	dbbi_chunk_sealer_free(pack->sealer);
	free(pack);
}

void
dbbi_pack_reset(dbbi_pack *pack)
{
	uint8_t cipher = dbbi_seal_cipher(pack->keys);

	dbbi_header_put(pack->data, MAGIC, cipher, 0);
	pack->used = dbbi_entry_first(cipher);
	pack->count = 0;
}

/* What sealing adds to a chunk. */
static uint32_t
tag_size(const dbbi_pack *pack)
{
	return pack->sealer == NULL ? 0 : DBBI_TAG_SIZE;
}

int
dbbi_pack_fits(const dbbi_pack *pack, uint32_t coded)
{
	uint32_t end = dbbi_entry_first(dbbi_seal_cipher(pack->keys)) +
	    DBBI_PACK_TARGET;

	return coded + tag_size(pack) <= end - pack->used &&
	    pack->count < DBBI_PACK_CHUNKS;
}

/* Put a chunk to its offset, sealed or as it is. */
static int
put_chunk(dbbi_pack *pack, const dbbi_entry *entry, const void *coded,
    dbb_error *err)
{
	uint8_t *to = pack->data + entry->offset;
	int rc;

	if (pack->sealer == NULL) {
		memcpy(to, coded, entry->stored);
		return 0;
	}
	if (pack->count == 0) {
		rc = dbbi_chunk_sealer_begin(&pack->box, pack->sealer, err);
		if (rc < 0)
			return rc;
		memcpy(pack->data + DBBI_HEADER_SIZE, pack->box.bytes,
		    sizeof pack->box.bytes);
	}
	return dbbi_chunk_seal(to, pack->sealer, entry, coded, err);
}

int
dbbi_pack_add(dbbi_pack *pack, dbbi_entry *entry, const void *coded,
    dbb_error *err)
{
	int rc;

	entry->offset = pack->used;
	entry->stored += tag_size(pack);
	if ((rc = put_chunk(pack, entry, coded, err)) < 0)
		return rc;
	pack->used += entry->stored;
	dbbi_entry_put(pack->directory + (size_t)pack->count *
	    DBBI_ENTRY_SIZE, entry);
	pack->count++;
	return 0;
}

uint32_t
dbbi_pack_count(const dbbi_pack *pack)
{
	return pack->count;
}

const uint8_t *
dbbi_pack_directory(const dbbi_pack *pack)
{
	return pack->directory;
}

const dbbi_box *
dbbi_pack_box(const dbbi_pack *pack)
{
	return pack->sealer == NULL ? NULL : &pack->box;
}

void
dbbi_pack_salt(dbbi_pack *pack, uint32_t salt)
{
	dbbi_header_put(pack->data, MAGIC, dbbi_seal_cipher(pack->keys),
	    salt);
}

/* The directory as it is stored: its length there. */
static int
put_directory(uint32_t *stored, dbbi_pack *pack, dbb_error *err)
{
	uint32_t length = pack->count * DBBI_ENTRY_SIZE;
	uint8_t *to = pack->data + pack->used;

	*stored = length;
	if (pack->keys == NULL) {
		memcpy(to, pack->directory, length);
		return 0;
	}
	*stored += DBBI_WRITER_BOX_EXTRA;
	memcpy(to + DBBI_BOX_SALT, pack->directory, length);
	return dbbi_writer_box_seal(to, length, pack->keys, INFO, pack->data,
	    dbbi_entry_first(DBBI_CIPHER_SEALED), err);
}

int
dbbi_pack_end(dbbi_id *name, const uint8_t **data, uint32_t *size,
    dbbi_pack *pack, dbb_error *err)
{
	uint8_t *directory = pack->data + pack->used, *trailer;
	uint32_t length, total;
	int rc;

	if ((rc = put_directory(&length, pack, err)) < 0)
		return rc;
	trailer = directory + length;
	total = pack->used + length + TRAILER_SIZE;
	dbbi_put_u32(trailer, pack->count);
	dbbi_put_u32(trailer + 4, 0);
	rc = dbbi_sha256_of(trailer + 8, directory, length, err);
	if (rc < 0)
		return rc;
	memcpy(trailer + 40, END_MAGIC, DBBI_MAGIC_SIZE);
	rc = dbbi_sha256_of(name->bytes, pack->data, total, err);
	if (rc < 0)
		return rc;
	*data = pack->data;
	*size = total;
	return 0;
}

/* What sealing adds to a directory. */
static size_t
box_extra(const dbbi_keys *keys)
{
	return keys == NULL ? 0 : DBBI_WRITER_BOX_EXTRA;
}

static int
check_size(size_t size, const dbbi_keys *keys, dbb_error *err)
{
	if (size >= dbbi_entry_first(dbbi_seal_cipher(keys)) +
	    box_extra(keys) + TRAILER_SIZE && size <= DBBI_PACK_LIMIT)
		return 0;
	return dbbi_error_set(err, DBB_EDAMAGED, "%zu bytes cannot be a "
	    "pack", size);
}

int
dbbi_pack_tail_size(size_t *out, const uint8_t trailer[TRAILER_SIZE],
    size_t pack_size, const dbbi_keys *keys, dbb_error *err)
{
	uint32_t count = dbbi_get_u32(trailer);
	size_t room;
	int rc;

	if ((rc = check_size(pack_size, keys, err)) < 0)
		return rc;
	room = pack_size - TRAILER_SIZE - box_extra(keys) -
	    dbbi_entry_first(dbbi_seal_cipher(keys));
	if (memcmp(trailer + 40, END_MAGIC, DBBI_MAGIC_SIZE) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not end with '%s'", END_MAGIC);
	if (dbbi_get_u32(trailer + 4) != 0 || count > room / DBBI_ENTRY_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its trailer is not possible");
	*out = (size_t)count * DBBI_ENTRY_SIZE + box_extra(keys) +
	    TRAILER_SIZE;
	return 0;
}

/* Prove the directory's stored bytes, and open them. */
static int
open_directory(dbbi_cursor *out, const uint8_t *front, uint8_t *tail,
    size_t tail_size, const dbbi_keys *keys, dbb_error *err)
{
	size_t stored = tail_size - TRAILER_SIZE;
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = dbbi_sha256_of(digest, tail, stored, err)) < 0)
		return rc;
	if (memcmp(digest, tail + stored + 8, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its directory is not what was written");
	*out = (dbbi_cursor){ tail, stored };
	if (keys != NULL && (rc = dbbi_writer_box_open(out, tail, stored,
	    keys, INFO, front, dbbi_entry_first(DBBI_CIPHER_SEALED),
	    err)) < 0)
		return dbbi_error_context(err, rc, "its directory");
	return 0;
}

int
dbbi_pack_open_ends(dbbi_pack_view *out, const uint8_t *front,
    uint8_t *tail, size_t tail_size, size_t pack_size,
    const dbbi_keys *keys, dbb_error *err)
{
	dbbi_cursor directory;
	uint32_t salt;
	int rc;

	memset(out, 0, sizeof *out);
	out->cipher = dbbi_seal_cipher(keys);
	rc = dbbi_header_get(&salt, front, MAGIC, out->cipher, err);
	if (rc == 0)
		rc = open_directory(&directory, front, tail, tail_size, keys,
		    err);
	if (rc != 0)
		return rc;
	if (keys != NULL)
		memcpy(out->box.bytes, front + DBBI_HEADER_SIZE,
		    sizeof out->box.bytes);
	out->directory = directory.at;
	out->count = (uint32_t)(directory.left / DBBI_ENTRY_SIZE);
	out->end = (uint32_t)(pack_size - tail_size);
	return 0;
}

int
dbbi_pack_open(dbbi_pack_view *out, uint8_t *data, size_t size,
    const dbbi_keys *keys, dbb_error *err)
{
	size_t tail;
	int rc;

	if ((rc = check_size(size, keys, err)) < 0 ||
	    (rc = dbbi_pack_tail_size(&tail, data + size - TRAILER_SIZE,
	    size, keys, err)) < 0 ||
	    (rc = dbbi_pack_open_ends(out, data, data + size - tail, tail,
	    size, keys, err)) < 0)
		return rc;
	out->data = data;
	return 0;
}

int
dbbi_pack_entry(dbbi_entry *out, const dbbi_pack_view *view, uint32_t i)
{
	return dbbi_entry_get(out,
	    view->directory + (size_t)i * DBBI_ENTRY_SIZE, view->end,
	    view->cipher);
}
