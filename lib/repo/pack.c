/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/pack.h"

#include <stdlib.h>
#include <string.h>

#include "repo/threads.h"
#include "util/bytes.h"

#define MAGIC "DBBPACK1"
#define END_MAGIC "DBBPEND1"
#define TRAILER_SIZE 48		/* count, zero, SHA-256, magic */
#define CAPACITY (DBBI_HEADER_SIZE + (size_t)DBBI_PACK_TARGET + \
    (size_t)DBBI_PACK_CHUNKS * DBBI_ENTRY_SIZE + TRAILER_SIZE)

struct dbbi_pack {
	uint8_t *data;		/* CAPACITY bytes, by dbbi_pages_new */
	uint8_t *directory;
	uint32_t used;		/* of data */
	uint32_t count;		/* of entries */
};

int
dbbi_pack_new(dbbi_pack **out, dbb_error *err)
{
	dbbi_pack *pack = calloc(1, sizeof *pack);

	if (pack == NULL)
		return dbbi_error_nomem(err);
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
	free(pack);
}

void
dbbi_pack_reset(dbbi_pack *pack)
{
	dbbi_header_put(pack->data, MAGIC, 0);
	pack->used = DBBI_HEADER_SIZE;
	pack->count = 0;
}

int
dbbi_pack_fits(const dbbi_pack *pack, uint32_t stored)
{
	uint32_t end = DBBI_HEADER_SIZE + DBBI_PACK_TARGET;

	return stored <= end - pack->used && pack->count < DBBI_PACK_CHUNKS;
}

void
dbbi_pack_add(dbbi_pack *pack, dbbi_entry *entry, const void *stored)
{
	entry->offset = pack->used;
	memcpy(pack->data + pack->used, stored, entry->stored);
	pack->used += entry->stored;
	dbbi_entry_put(pack->directory + (size_t)pack->count *
	    DBBI_ENTRY_SIZE, entry);
	pack->count++;
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

void
dbbi_pack_salt(dbbi_pack *pack, uint32_t salt)
{
	dbbi_header_put(pack->data, MAGIC, salt);
}

int
dbbi_pack_seal(dbbi_id *name, const uint8_t **data, uint32_t *size,
    dbbi_pack *pack, dbb_error *err)
{
	uint32_t length = pack->count * DBBI_ENTRY_SIZE;
	uint8_t *trailer = pack->data + pack->used + length;
	uint32_t total = pack->used + length + TRAILER_SIZE;
	int rc;

	memcpy(pack->data + pack->used, pack->directory, length);
	dbbi_put_u32(trailer, pack->count);
	dbbi_put_u32(trailer + 4, 0);
	rc = dbbi_sha256_of(trailer + 8, pack->directory, length, err);
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

/* Find the directory by the trailer, and prove it. */
static int
open_directory(dbbi_pack_view *out, const uint8_t *data, size_t size,
    dbb_error *err)
{
	const uint8_t *trailer = data + size - TRAILER_SIZE;
	size_t room = size - DBBI_HEADER_SIZE - TRAILER_SIZE;
	uint32_t count = dbbi_get_u32(trailer);
	uint8_t digest[DBBI_SHA256_SIZE];
	size_t length;
	int rc;

	if (memcmp(trailer + 40, END_MAGIC, DBBI_MAGIC_SIZE) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not end with '%s'", END_MAGIC);
	if (dbbi_get_u32(trailer + 4) != 0 || count > room / DBBI_ENTRY_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its trailer is not possible");
	length = (size_t)count * DBBI_ENTRY_SIZE;
	if ((rc = dbbi_sha256_of(digest, trailer - length, length, err)) < 0)
		return rc;
	if (memcmp(digest, trailer + 8, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its directory is not what was written");
	out->data = data;
	out->directory = trailer - length;
	out->count = count;
	out->end = (uint32_t)(size - TRAILER_SIZE - length);
	return 0;
}

int
dbbi_pack_open(dbbi_pack_view *out, const uint8_t *data, size_t size,
    dbb_error *err)
{
	uint32_t salt;
	int rc;

	if (size < DBBI_HEADER_SIZE + TRAILER_SIZE || size > DBBI_PACK_LIMIT)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%zu bytes cannot be a pack", size);
	if ((rc = dbbi_header_get(&salt, data, MAGIC, err)) < 0)
		return rc;
	return open_directory(out, data, size, err);
}

int
dbbi_pack_entry(dbbi_entry *out, const dbbi_pack_view *view, uint32_t i)
{
	return dbbi_entry_get(out,
	    view->directory + (size_t)i * DBBI_ENTRY_SIZE, view->end);
}
