/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: new pieces of a stream, one behind the other, until they make a
 * chunk: 64 to 128 average pieces, so that they compress well together and
 * the index remembers few. Where a chunk ends is said by the pieces: the
 * same new pieces make the same chunks again, which is how the next run
 * finds what a killed one has stored.
 *
 *	chunk: number of pieces u32, the length of each u32, their bytes
 *
 * Its id is that of each piece's length (u32) and SHA-256: no byte is hashed
 * twice.
 */
#ifndef DBBI_GATHER_H
#define DBBI_GATHER_H

#include "repo/chunk_id.h"
#include "repo/chunker.h"

/* Bytes of a longest chunk: of its pieces, and with its table. */
size_t dbbi_gather_most(const dbbi_chunker_params *params);
size_t dbbi_gather_room(const dbbi_chunker_params *params);

typedef struct dbbi_gather dbbi_gather;

/* `namer` is borrowed; `room` is dbbi_gather_room or more. */
int dbbi_gather_new(dbbi_gather **out, const dbbi_chunker_params *params,
    size_t room, dbbi_namer *namer, dbb_error *err);
void dbbi_gather_free(dbbi_gather *g);

int dbbi_gather_empty(const dbbi_gather *g);

/* Add a piece; `*offset` is its place among the chunk's bytes. Afterwards
 * `*ended` says that the chunk is to be ended with it. */
int dbbi_gather_add(uint32_t *offset, int *ended, dbbi_gather *g,
    const uint8_t digest[DBBI_SHA256_SIZE], const uint8_t *bytes,
    uint32_t size, dbb_error *err);

/* A chunk in two parts; borrowed until the next piece is added. With a
 * `buffer` the second follows the first in it, and who would have to copy them
 * may give another of the same room (by dbbi_pages_new) for it. */
typedef struct dbbi_gathered {
	dbbi_id id;
	const uint8_t *table;
	uint32_t table_size;
	const uint8_t *bytes;
	uint32_t size;
	uint8_t **buffer;	/* NULL: they can only be copied */
} dbbi_gathered;

/* End the chunk, which is not empty, and begin another. */
int dbbi_gather_end(dbbi_gathered *out, dbbi_gather *g, dbb_error *err);

/* The id of a chunk of one piece, and its table. */
#define DBBI_GATHER_TABLE_ONE 8
int dbbi_gather_one(dbbi_id *id, uint8_t table[DBBI_GATHER_TABLE_ONE],
    dbbi_namer *namer, const void *bytes, uint32_t size, dbb_error *err);

#endif
