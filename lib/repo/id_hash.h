/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * id_hash: where an id belongs in a table. Ids are SHA-256 where they were
 * made, but those in a store may be anybody's choice: so many that begin
 * alike would make every look-up go past them all. Factors that nobody else
 * knows make any two ids as unlikely to meet as any others (multilinear
 * hashing).
 */
#ifndef DBBI_ID_HASH_H
#define DBBI_ID_HASH_H

#include <string.h>

#include "util/sha256.h"

#define DBBI_ID_WORDS (DBBI_SHA256_SIZE / 4)

typedef struct dbbi_id_hash {
	uint64_t factors[DBBI_ID_WORDS];	/* random */
} dbbi_id_hash;

/* 32 bits. */
static inline size_t
dbbi_id_hash_of(const dbbi_id_hash *hash, const uint8_t id[DBBI_SHA256_SIZE])
{
	uint32_t words[DBBI_ID_WORDS];
	uint64_t sum = 0;

	memcpy(words, id, sizeof words);
	for (unsigned i = 0; i < DBBI_ID_WORDS; i++)
		sum += hash->factors[i] * words[i];
	return (size_t)(sum >> 32);
}

#endif
