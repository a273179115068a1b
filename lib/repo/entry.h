/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry: the numbers of format 1, one chunk's line in a pack's directory and
 * in an index segment (48 bytes, the same in both), and the names of objects
 * in the store. doc/format.md is the specification.
 */
#ifndef DBBI_ENTRY_H
#define DBBI_ENTRY_H

#include "repo/repo.h"

/* What a reader accepts. Writers stay far below. */
#define DBBI_CHUNK_LIMIT (8u << 20)	/* plain bytes of a chunk */
#define DBBI_PACK_LIMIT (64u << 20)	/* bytes of a pack */
#define DBBI_SEGMENT_LIMIT (64u << 20)	/* bytes of an index segment */

#define DBBI_MAGIC_SIZE 8
#define DBBI_HEADER_SIZE 16	/* of packs and index segments */
#define DBBI_ENTRY_SIZE 48

#define DBBI_CIPHER_NONE 0
#define DBBI_CIPHER_SEALED 1

#define DBBI_KIND_DATA 0	/* bytes of a stream */
#define DBBI_KIND_LIST 1	/* ids of chunks, or of lists */

#define DBBI_CODING_RAW 0	/* as it is */
#define DBBI_CODING_ZSTD 1	/* one zstd frame that tells its size */

typedef struct dbbi_entry {
	dbbi_id id;		/* of the plain bytes */
	uint32_t offset;	/* in the pack */
	uint32_t stored;	/* bytes there */
	uint32_t plain;		/* bytes unpacked */
	uint8_t kind;		/* as what it was first stored */
	uint8_t coding;
} dbbi_entry;

/* The key of a sealed object's contents, sealed itself: seal.h. */
#define DBBI_BOX_SIZE 80
typedef struct dbbi_box {
	uint8_t bytes[DBBI_BOX_SIZE];
} dbbi_box;

void dbbi_entry_put(uint8_t to[DBBI_ENTRY_SIZE], const dbbi_entry *entry);

/* Read an entry of a pack whose chunks end before `end`. 0, or -1 when it
 * says what cannot be. */
int dbbi_entry_get(dbbi_entry *out, const uint8_t from[DBBI_ENTRY_SIZE],
    uint32_t end, uint8_t cipher);

/* Where a pack's first chunk begins. */
uint32_t dbbi_entry_first(uint8_t cipher);

/* Header: 8 bytes of magic, the cipher, three zero bytes, a number. */
void dbbi_header_put(uint8_t to[DBBI_HEADER_SIZE], const char *magic,
    uint8_t cipher, uint32_t number);

/* `cipher` is the repository's. DBB_EDAMAGED, or DBB_EVERSION for a cipher
 * that is not known. */
int dbbi_header_get(uint32_t *number, const uint8_t from[DBBI_HEADER_SIZE],
    const char *magic, uint8_t cipher, dbb_error *err);

#define DBBI_OBJECT_SIZE 80	/* room for any of the names below */

void dbbi_pack_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name);
void dbbi_index_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name);
void dbbi_proof_object(char out[DBBI_OBJECT_SIZE], const dbbi_id *name);
void dbbi_set_object(char out[DBBI_OBJECT_SIZE], const char *id);

#endif
