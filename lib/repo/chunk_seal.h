/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunk_seal: chunks of a sealed repository, into packs and out of them. Data
 * is sealed with the pack's content key, lists with one that every key
 * gives: a machine that only writes reads lists and no data. Each of both is
 * used by one thread.
 */
#ifndef DBBI_CHUNK_SEAL_H
#define DBBI_CHUNK_SEAL_H

#include "repo/seal.h"

typedef struct dbbi_chunk_sealer dbbi_chunk_sealer;

int dbbi_chunk_sealer_new(dbbi_chunk_sealer **out, const dbbi_keys *keys,
    dbb_error *err);
void dbbi_chunk_sealer_free(dbbi_chunk_sealer *sealer);

/* Begin a pack: a new content key. */
int dbbi_chunk_sealer_begin(dbbi_box *box, dbbi_chunk_sealer *sealer,
    dbb_error *err);

/* Seal a chunk whose entry is complete: writes entry->stored bytes. */
int dbbi_chunk_seal(uint8_t *to, dbbi_chunk_sealer *sealer,
    const dbbi_entry *entry, const void *coded, dbb_error *err);

/* Opens chunks, and remembers the keys of the packs that it was used on
 * last. */
typedef struct dbbi_chunk_unsealer dbbi_chunk_unsealer;

int dbbi_chunk_unsealer_new(dbbi_chunk_unsealer **out, const dbbi_keys *keys,
    dbb_error *err);
void dbbi_chunk_unsealer_free(dbbi_chunk_unsealer *unsealer);

/* Open a chunk of the pack with this box: writes entry->stored less
 * DBBI_TAG_SIZE bytes; `to` may be `sealed`. */
int dbbi_chunk_unseal(uint8_t *to, dbbi_chunk_unsealer *unsealer,
    const dbbi_box *box, const dbbi_entry *entry, const uint8_t *sealed,
    dbb_error *err);

#endif
