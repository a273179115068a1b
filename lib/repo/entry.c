/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/entry.h"

#include <stdio.h>
#include <string.h>

#include "util/bytes.h"
#include "util/crypt.h"

void
dbbi_entry_put(uint8_t to[DBBI_ENTRY_SIZE], const dbbi_entry *entry)
{
	memcpy(to, entry->id.bytes, sizeof entry->id.bytes);
	dbbi_put_u32(to + 32, entry->offset);
	dbbi_put_u32(to + 36, entry->stored);
	dbbi_put_u32(to + 40, entry->plain);
	to[44] = entry->kind;
	to[45] = entry->coding;
	to[46] = to[47] = 0;
}

uint32_t
dbbi_entry_first(uint8_t cipher)
{
	return DBBI_HEADER_SIZE +
	    (cipher == DBBI_CIPHER_SEALED ? DBBI_BOX_SIZE : 0);
}

/* Can a chunk of so many plain bytes take so many, coded and sealed? */
static int
lengths_valid(const dbbi_entry *e, uint8_t cipher)
{
	uint32_t tag = cipher == DBBI_CIPHER_SEALED ? DBBI_TAG_SIZE : 0;

	if (e->plain == 0 || e->plain > DBBI_CHUNK_LIMIT || e->stored <= tag)
		return 0;
	if (e->coding == DBBI_CODING_RAW)
		return e->stored - tag == e->plain;
	return e->coding == DBBI_CODING_ZSTD && e->stored - tag < e->plain;
}

int
dbbi_entry_get(dbbi_entry *out, const uint8_t from[DBBI_ENTRY_SIZE],
    uint32_t end, uint8_t cipher)
{
	dbbi_entry e;

	memcpy(e.id.bytes, from, sizeof e.id.bytes);
	e.offset = dbbi_get_u32(from + 32);
	e.stored = dbbi_get_u32(from + 36);
	e.plain = dbbi_get_u32(from + 40);
	e.kind = from[44];
	e.coding = from[45];
	if (!lengths_valid(&e, cipher))
		return -1;
	if (e.kind > DBBI_KIND_LIST || from[46] != 0 || from[47] != 0)
		return -1;
	if (e.offset < dbbi_entry_first(cipher) || e.offset > end ||
	    e.stored > end - e.offset)
		return -1;
	*out = e;
	return 0;
}

void
dbbi_header_put(uint8_t to[DBBI_HEADER_SIZE], const char *magic,
    uint8_t cipher, uint32_t number)
{
	memset(to, 0, DBBI_HEADER_SIZE);
	memcpy(to, magic, DBBI_MAGIC_SIZE);
	to[DBBI_MAGIC_SIZE] = cipher;
	dbbi_put_u32(to + 12, number);
}

int
dbbi_header_get(uint32_t *number, const uint8_t from[DBBI_HEADER_SIZE],
    const char *magic, uint8_t cipher, dbb_error *err)
{
	if (memcmp(from, magic, DBBI_MAGIC_SIZE) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not begin with '%s'", magic);
	if (from[8] > DBBI_CIPHER_SEALED)
		return dbbi_error_set(err, DBB_EVERSION,
		    "it is sealed with cipher %u, which this version does "
		    "not know", from[8]);
	if (from[8] != cipher)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is %s, and the "
		    "repository is %s", from[8] == DBBI_CIPHER_NONE ?
		    "not sealed" : "sealed", cipher == DBBI_CIPHER_NONE ?
		    "not" : "sealed");
	if (from[9] != 0 || from[10] != 0 || from[11] != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "reserved bytes of its header are not zero");
	*number = dbbi_get_u32(from + 12);
	return 0;
}

void
dbbi_pack_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name)
{
	char hex[DBBI_SHA256_HEX];

	dbbi_hex_encode(hex, name->bytes, sizeof name->bytes);
	snprintf(out, DBBI_OBJECT_SIZE, "packs/%.2s/%s", hex, hex);
}

void
dbbi_index_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name)
{
	char hex[DBBI_SHA256_HEX];

	dbbi_hex_encode(hex, name->bytes, sizeof name->bytes);
	snprintf(out, DBBI_OBJECT_SIZE, "index/%s", hex);
}

void
dbbi_proof_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name)
{
	char hex[DBBI_SHA256_HEX];

	dbbi_hex_encode(hex, name->bytes, sizeof name->bytes);
	snprintf(out, DBBI_OBJECT_SIZE, "proofs/%s", hex);
}

void
dbbi_set_object(char out[DBBI_OBJECT_SIZE], const char *id)
{
	snprintf(out, DBBI_OBJECT_SIZE, "sets/%s", id);
}
