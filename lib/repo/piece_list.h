/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * piece_list: a stretch of a stream as a list (level 1): which pieces it is
 * made of, and where in which chunk each of them lies.
 *
 *	level u8 (1), three zero bytes, number of pieces u32, number of chunks
 *	u32; each chunk: its id; each piece: its SHA-256, which of the list's
 *	chunks u32, where among that chunk's bytes u32, its length u32
 *
 * A list ends where a piece says so, not after a number of them: a stretch
 * that did not change gives the same list again, which is then known and
 * not stored twice.
 */
#ifndef DBBI_PIECE_LIST_H
#define DBBI_PIECE_LIST_H

#include "repo/repo.h"

#define DBBI_PIECES_MIN 64u	/* of a list that ended itself */
#define DBBI_PIECES_MAX 4096u
#define DBBI_PIECES_CHUNKS 1024u	/* at most, in a list */
#define DBBI_PIECES_HEADER 12u
#define DBBI_PIECE_SIZE 44u
#define DBBI_PIECES_LIMIT (DBBI_PIECES_HEADER + \
    DBBI_PIECES_CHUNKS * DBBI_SHA256_SIZE + DBBI_PIECES_MAX * DBBI_PIECE_SIZE)

typedef struct dbbi_piece {
	uint8_t digest[DBBI_SHA256_SIZE];
	uint32_t chunk;		/* of the list's */
	uint32_t offset;	/* among its bytes */
	uint32_t length;
} dbbi_piece;

/* ---- write ---- */

typedef struct dbbi_pieces {
	uint32_t count;
	uint32_t chunk_count;
	uint64_t bytes;		/* of the stream */
	dbbi_piece items[DBBI_PIECES_MAX];
	dbbi_id chunks[DBBI_PIECES_CHUNKS];
	uint16_t slots[2 * DBBI_PIECES_MAX];	/* by digest: number + 1 */
	uint8_t list[DBBI_PIECES_LIMIT];	/* once it is put down */
} dbbi_pieces;

/* Empty it. */
void dbbi_pieces_reset(dbbi_pieces *pieces);

/* The first piece with the digest and length of `piece`, if it has one, also
 * gives it its place: 1, else 0. */
int dbbi_pieces_find(dbbi_piece *piece, const dbbi_pieces *pieces);

/* Add a piece; `*ended` says that the list is to be ended with it. */
void dbbi_pieces_add(int *ended, dbbi_pieces *pieces,
    const dbbi_piece *piece);

/* The number of a chunk that the list has; -1: it has not. */
int dbbi_pieces_chunk(const dbbi_pieces *pieces, const dbbi_id *id);

/* Put it down in `list`: its size. */
size_t dbbi_pieces_put(dbbi_pieces *pieces);

/* ---- read ---- */

/* A list that was read; points into its bytes. */
typedef struct dbbi_piece_list {
	const uint8_t *ids;
	const uint8_t *pieces;
	uint32_t chunk_count;
	uint32_t count;
} dbbi_piece_list;

/* Take it apart: DBB_EDAMAGED unless its pieces stand for just `bytes`, each
 * for at least one, in chunks that it names. */
int dbbi_piece_list_open(dbbi_piece_list *out, const uint8_t *list,
    size_t size, uint64_t bytes, dbb_error *err);
void dbbi_piece_list_chunk(dbbi_id *out, const dbbi_piece_list *list,
    uint32_t i);
void dbbi_piece_list_get(dbbi_piece *out, const dbbi_piece_list *list,
    uint32_t i);

#endif
