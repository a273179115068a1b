/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunker: where a stream is cut into pieces, decided by its content, so
 * that inserting a byte moves the cuts along with the bytes around it.
 *
 * Every position has a hash of the 64 bytes before it:
 *	h = (h << 1) + gear[byte]
 * A piece ends where the top bits of h are all zero: two bits more than the
 * average asks for while the piece is shorter than the average, two fewer
 * after it, so that lengths gather around it. No cut before min, one at max.
 *
 * Pieces are what a stream shares with the one before it; they are stored
 * many together, as chunks (gather.h).
 */
#ifndef DBBI_CHUNKER_H
#define DBBI_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define DBBI_SEED_SIZE 32

typedef struct dbbi_chunker_params {
	uint8_t seed[DBBI_SEED_SIZE];	/* random, one a repository */
	uint32_t min_bytes;
	uint32_t average_bytes;		/* a power of two */
	uint32_t max_bytes;
} dbbi_chunker_params;

typedef struct dbbi_chunker {
	uint64_t gear[256];
	uint64_t mask_before;	/* until the average: harder to meet */
	uint64_t mask_after;
	uint32_t min_bytes;
	uint32_t average_bytes;
	uint32_t max_bytes;
} dbbi_chunker;

/* Are these sizes ones that a chunker takes? */
int dbbi_chunker_params_valid(const dbbi_chunker_params *params);

int dbbi_chunker_init(dbbi_chunker *c, const dbbi_chunker_params *params,
    dbb_error *err);

/* The length of the piece that `data` begins with. `data` holds at least
 * max_bytes, or all that is left of the stream. */
size_t dbbi_chunker_cut(const dbbi_chunker *c, const uint8_t *data,
    size_t size);

#endif
