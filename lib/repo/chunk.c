/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/sha256_two.h"

#define RECORDS 1024u	/* pieces that are hashed in one go */
#define RECORD_SIZE (4u + DBBI_SHA256_SIZE)

int
dbbi_opener_init(dbbi_opener *opener, const dbbi_keys *keys,
    dbb_error *err)
{
	int rc;

	memset(opener, 0, sizeof *opener);
	if (keys != NULL && (rc = dbbi_chunk_unsealer_new(&opener->unsealer,
	    keys, err)) < 0)
		return rc;
	if ((rc = dbbi_codec_new(&opener->codec, err)) < 0)
		return rc;
	opener->records = malloc((size_t)RECORDS * RECORD_SIZE);
	if (opener->records == NULL)
		return dbbi_error_nomem(err);
	return dbbi_namer_new(&opener->namer, keys, err);
}

void
dbbi_opener_clear(dbbi_opener *opener)
{
	dbbi_codec_free(opener->codec);
	free(opener->records);
	dbbi_namer_free(opener->namer);
	dbbi_chunk_unsealer_free(opener->unsealer);
	memset(opener, 0, sizeof *opener);
}

static void
hint_damage(dbb_error *err)
{
	dbbi_error_hint(err, "run 'dbb-backup verify --read-data' to see "
	    "which sets are damaged");
}

int
dbbi_pack_context(dbb_error *err, int rc, const dbbi_id *pack)
{
	char object[DBBI_OBJECT_SIZE];

	if (rc >= 0)
		return rc;
	if (rc == DBB_EDAMAGED)
		hint_damage(err);
	dbbi_pack_object(object, pack);
	return dbbi_error_context(err, rc, "pack '%s'", object);
}

int
dbbi_is_damage(int rc)
{
	return rc == DBB_EDAMAGED || rc == DBB_ENOTFOUND || rc == DBB_EIO ||
	    rc == DBB_EVERSION;
}

int
dbbi_chunk_find(dbbi_places *out, dbbi_index *index, const dbbi_id *id,
    dbb_error *err)
{
	char hex[DBBI_SHA256_HEX];

	if (dbbi_index_find(out, index, id) > 0)
		return 0;
	dbbi_hex_encode(hex, id->bytes, sizeof id->bytes);
	dbbi_error_set(err, DBB_EDAMAGED,
	    "the index does not know chunk '%s'", hex);
	dbbi_error_hint(err, "run 'dbb-backup index rebuild', which makes the "
	    "index again from the packs; if that does not help, 'dbb-backup "
	    "verify' tells which sets are damaged");
	return DBB_EDAMAGED;
}

int
dbbi_pack_read(void *to, dbbi_store *store, const dbbi_id *pack,
    uint32_t offset, uint32_t size, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	size_t got = 0;
	int rc;

	dbbi_pack_object(object, pack);
	rc = dbbi_store_read(&got, store, object, offset, to, size, err);
	if (rc == DBB_ENOTFOUND)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "it is not in the store");
	else if (rc < 0)
		return rc;	/* the store has named it */
	else if (got != size)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "it ends after byte %llu, and bytes to %llu are needed",
		    (unsigned long long)offset + got,
		    (unsigned long long)offset + size);
	return dbbi_pack_context(err, rc, pack);
}

static int
note_digest(uint32_t i, const uint8_t digest[DBBI_SHA256_SIZE],
    void *payload, dbb_error *err)
{
	uint8_t *records = payload;

	(void)err;
	memcpy(records + (size_t)i * RECORD_SIZE + 4, digest,
	    DBBI_SHA256_SIZE);
	return 0;
}

/* Add up to RECORDS pieces to the hash that gives the chunk's id. */
static int
add_pieces(const dbbi_opener *opener, const uint8_t *lengths,
    const uint8_t *bytes, uint32_t count, dbb_error *err)
{
	int rc;

	for (uint32_t i = 0; i < count; i++)
		memcpy(opener->records + (size_t)i * RECORD_SIZE,
		    lengths + 4 * (size_t)i, 4);
	rc = dbbi_sha256_parts(bytes, lengths, count, note_digest,
	    opener->records, err);
	if (rc < 0)
		return rc;
	return dbbi_namer_add(opener->namer, opener->records,
	    (size_t)count * RECORD_SIZE, err);
}

/* The bytes of some pieces; 0 when that is more than `most`, or one has
 * none. */
static uint32_t
add_up(const uint8_t *lengths, uint32_t count, size_t most)
{
	uint32_t sum = 0, size;

	for (uint32_t i = 0; i < count; i++) {
		size = dbbi_get_u32(lengths + 4 * (size_t)i);
		if (size == 0 || size > most - sum)
			return 0;
		sum += size;
	}
	return sum;
}

/* The id of the chunk whose pieces these are: they must cover the bytes just
 * so. */
static int
hash_pieces(dbbi_id *id, const dbbi_opener *opener, const uint8_t *lengths,
    uint32_t count, dbbi_cursor bytes, dbb_error *err)
{
	const uint8_t *pieces;
	uint32_t n, size;
	int rc;

	if ((rc = dbbi_namer_begin(opener->namer, err)) < 0)
		return rc;
	for (; count > 0; count -= n, lengths += 4 * (size_t)n) {
		n = count < RECORDS ? count : RECORDS;
		size = add_up(lengths, n, bytes.left);
		if (size == 0 || dbbi_take(&pieces, &bytes, size) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "its pieces do not fit it");
		rc = add_pieces(opener, lengths, pieces, n, err);
		if (rc < 0)
			return rc;
	}
	if (bytes.left != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its pieces do not cover it");
	return dbbi_namer_end(id, opener->namer, err);
}

/* Go through the pieces: their table must cover the bytes just so, and give
 * the id. */
static int
prove(dbbi_content *out, const dbbi_opener *opener, const dbbi_entry *entry,
    const uint8_t *plain, dbb_error *err)
{
	dbbi_cursor c = { plain, entry->plain };
	const uint8_t *lengths;
	uint32_t count;
	dbbi_id id;
	int rc;

	if (dbbi_take_u32(&count, &c) < 0 || count == 0 ||
	    count > c.left / 4 ||
	    dbbi_take(&lengths, &c, (size_t)count * 4) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its pieces cannot be");
	out->bytes = c.at;
	out->size = (uint32_t)c.left;
	if ((rc = hash_pieces(&id, opener, lengths, count, c, err)) < 0)
		return rc;
	return memcmp(&id, &entry->id, sizeof id) == 0 ? 0 :
	    dbbi_error_set(err, DBB_EDAMAGED, "it is not what was stored");
}

int
dbbi_chunk_open(dbbi_content *out, uint8_t *to, const dbbi_opener *opener,
    const dbbi_box *box, const dbbi_entry *entry, uint8_t *stored,
    dbb_error *err)
{
	const uint8_t *plain = stored;
	uint32_t coded = entry->stored;
	int rc = 0;

	if (opener->unsealer != NULL) {
		rc = dbbi_chunk_unseal(stored, opener->unsealer, box, entry,
		    stored, err);
		coded -= DBBI_TAG_SIZE;
	}
	if (rc == 0 && entry->coding == DBBI_CODING_ZSTD) {
		rc = dbbi_codec_unpack(opener->codec, to, entry->plain,
		    stored, coded, err);
		plain = to;
	}
	if (rc == 0)
		rc = prove(out, opener, entry, plain, err);
	return dbbi_error_context(err, rc, "the chunk at byte %u",
	    entry->offset);
}

static int
read_place(dbbi_content *out, uint8_t *to, size_t most, uint8_t *stored,
    const dbbi_place *place, dbbi_store *store, const dbbi_opener *opener,
    dbb_error *err)
{
	const dbbi_entry *entry = &place->entry;
	int rc;

	if (entry->plain > most)
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "the index says %u bytes of a chunk that "
		    "has at most %zu", entry->plain, most), &place->pack);
	rc = dbbi_pack_read(stored, store, &place->pack, entry->offset,
	    entry->stored, err);
	if (rc < 0)
		return rc;
	rc = dbbi_chunk_open(out, to, opener, &place->box, entry, stored,
	    err);
	return dbbi_pack_context(err, rc, &place->pack);
}

int
dbbi_chunk_read(dbbi_content *out, uint8_t *to, size_t most,
    uint8_t *stored, dbbi_places *places, dbbi_store *store,
    const dbbi_opener *opener, dbb_error *err)
{
	dbbi_place used;
	dbb_error cause;
	int rc, best = 0;

	for (uint32_t i = 0; i < places->count; i++) {
		dbbi_error_clear(&cause);
		rc = read_place(out, to, most, stored, &places->items[i],
		    store, opener, &cause);
		if (rc == 0) {
			used = places->items[i];
			places->items[i] = places->items[0];
			places->items[0] = used;
			return 0;
		}
		if (i == 0 || !dbbi_is_damage(rc)) {
			best = rc;
			if (err != NULL)
				*err = cause;
		}
		if (!dbbi_is_damage(rc))
			break;
	}
	return best;
}
