/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: a sealed repository's keys, in memory. doc/format.md is the
 * specification.
 *
 *	writer key   names chunks and seals what a machine that only writes
 *	             must read back: index, heads, lists, directories
 *	public key   seals each pack's and each manifest's content key
 *	private key  opens these; a write-only key lacks it
 *
 * They are kept in one place and wiped with dbbi_keys_wipe by who holds them.
 */
#ifndef DBBI_KEYS_H
#define DBBI_KEYS_H

#include "util/crypt.h"

typedef struct dbbi_keys {
	uint8_t writer[DBBI_KEY_SIZE];
	uint8_t public_key[DBBI_KEY_SIZE];
	uint8_t private_key[DBBI_KEY_SIZE];	/* zeros unless can_read */
	uint8_t chunk_id[DBBI_KEY_SIZE];	/* derived from writer */
	int can_read;
} dbbi_keys;

/* New random ones. */
int dbbi_keys_make(dbbi_keys *out, dbb_error *err);

/* Those of a full key, and those of a write-only one. */
int dbbi_keys_full(dbbi_keys *out, const uint8_t writer[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE], dbb_error *err);
int dbbi_keys_write_only(dbbi_keys *out, const uint8_t writer[DBBI_KEY_SIZE],
    const uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err);

/* The chunker's seed: that of repository.json would tell, with the lengths of
 * chunks, what they hold. */
int dbbi_keys_seed(uint8_t out[DBBI_KEY_SIZE], const dbbi_keys *keys,
    const uint8_t seed[DBBI_KEY_SIZE], dbb_error *err);

void dbbi_keys_wipe(dbbi_keys *keys);

/* What is said, with DBB_EKEY, where the private key is needed and lacking. */
int dbbi_keys_refuse_reading(dbb_error *err);

#endif
