/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunker: where a stream is cut into chunks, decided by its content, so
 * that inserting a byte moves the cuts along with the bytes around it.
 *
 * Every position has a hash of the 64 bytes before it:
 *	h = (h << 1) + gear[byte]
 * A chunk ends where the top bits of h are all zero: two bits more than the
 * average asks for while the chunk is shorter than the average, two fewer
 * after it, so that lengths gather around it. No cut before min, one at max.
 *
 * The first average_bytes of a stream are cut sixteen times as fine: what
 * changes from one dump to the next though nothing has changed, its time
 * above all, stands at the beginning.
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

typedef struct dbbi_cut_rule {
	uint64_t mask_before;	/* until the average: harder to meet */
	uint64_t mask_after;
	uint32_t min_bytes;
	uint32_t average_bytes;
	uint32_t max_bytes;
} dbbi_cut_rule;

typedef struct dbbi_chunker {
	uint64_t gear[256];
	dbbi_cut_rule head;	/* for the stream's first average_bytes */
	dbbi_cut_rule body;
} dbbi_chunker;

/* Are these sizes ones that a chunker takes? */
int dbbi_chunker_params_valid(const dbbi_chunker_params *params);

int dbbi_chunker_init(dbbi_chunker *c, const dbbi_chunker_params *params,
    dbb_error *err);

/* The length of the chunk that `data` begins with, which stands at byte
 * `position` of its stream. `data` holds at least body.max_bytes, or all
 * that is left of the stream. */
size_t dbbi_chunker_cut(const dbbi_chunker *c, uint64_t position,
    const uint8_t *data, size_t size);

#endif
