/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunk: bytes of packs back from the store, and chunks back from them,
 * each proven to be what its id says. What the store has lost or changed is
 * DBB_EDAMAGED and names the pack.
 */
#ifndef DBBI_CHUNK_H
#define DBBI_CHUNK_H

#include "repo/chunk_id.h"
#include "repo/chunk_seal.h"
#include "repo/compress.h"
#include "repo/index.h"

/* What one thread needs to read chunks. */
typedef struct dbbi_opener {
	dbbi_codec *codec;
	dbbi_namer *namer;	/* of all pieces */
	uint8_t *records;	/* of some: length and digest */
	dbbi_chunk_unsealer *unsealer;	/* NULL in an open repository */
} dbbi_opener;

/* A chunk's pieces, one behind the other. */
typedef struct dbbi_content {
	const uint8_t *bytes;
	uint32_t size;
} dbbi_content;

/* `keys`: borrowed; NULL in an open repository. */
int dbbi_opener_init(dbbi_opener *opener, const dbbi_keys *keys,
    dbb_error *err);
void dbbi_opener_clear(dbbi_opener *opener);

/* Is this an error about the object, and not about reaching it? */
int dbbi_is_damage(int rc);

/* The places of `id`, at least one, the best first; or DBB_EDAMAGED: the
 * index does not know it. */
int dbbi_chunk_find(dbbi_places *out, dbbi_index *index, const dbbi_id *id,
    dbb_error *err);

/* Read exactly `size` bytes of a pack. */
int dbbi_pack_read(void *to, dbbi_store *store, const dbbi_id *pack,
    uint32_t offset, uint32_t size, dbb_error *err);

/* Unpack and prove a chunk from its stored bytes, in a pack with this box;
 * what is sealed is opened in place. `*out` points into `to` (room for
 * entry->plain bytes), or into `stored` when it is kept as it is. */
int dbbi_chunk_open(dbbi_content *out, uint8_t *to,
    const dbbi_opener *opener, const dbbi_box *box, const dbbi_entry *entry,
    uint8_t *stored, dbb_error *err);

/*
 * Read a chunk of at most `most` plain bytes into `to`, from the first of its
 * places that has it whole, which is the first one then; `*out` points into
 * `to` or `stored`, which is scratch of `most` bytes and DBBI_TAG_SIZE. When
 * none has it, the error is that of the best.
 */
int dbbi_chunk_read(dbbi_content *out, uint8_t *to, size_t most,
    uint8_t *stored, dbbi_places *places, dbbi_store *store,
    const dbbi_opener *opener, dbb_error *err);

/* Put what is to be done about damage into the hint, when `rc` is that, and
 * the pack in front of the message. Returns `rc`. */
int dbbi_pack_context(dbb_error *err, int rc, const dbbi_id *pack);

#endif
