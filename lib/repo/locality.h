/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * locality: how far a stream may be scattered over chunks of earlier sets.
 *
 * Night after night a little changes, and what did not lies in ever more
 * chunks; to read a stream, all of each has to be unpacked. So that reading
 * a stream never takes much more than four times its bytes, using a chunk
 * costs its size, each byte of the stream earns three, and a chunk among the
 * last 16 used is free (a reader holds more: stream_reader.c). What may not
 * be used is stored anew, in one place.
 */
#ifndef DBBI_LOCALITY_H
#define DBBI_LOCALITY_H

#include "repo/repo.h"

#define DBBI_LOCALITY_CHUNKS 16u

typedef struct dbbi_locality {
	dbbi_id chunks[DBBI_LOCALITY_CHUNKS];
	uint64_t used[DBBI_LOCALITY_CHUNKS];	/* when; 0: none */
	uint64_t clock;
	uint64_t credit;	/* bytes */
} dbbi_locality;

void dbbi_locality_init(dbbi_locality *l);

/* The stream is so many bytes further. */
void dbbi_locality_earn(dbbi_locality *l, uint32_t bytes);

/* Is it among those last used? Then it is used again. */
int dbbi_locality_again(dbbi_locality *l, const dbbi_id *chunk);

/* May another chunk of `size` bytes be used? Then it is. */
int dbbi_locality_use(dbbi_locality *l, const dbbi_id *chunk, uint32_t size);

#endif
