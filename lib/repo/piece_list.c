/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/piece_list.h"

#include <string.h>

#include "util/bytes.h"

#define LEVEL 1
#define SLOTS (2 * DBBI_PIECES_MAX)

/* Said by the piece alone: one in 1,024. */
static int
ends_list(const uint8_t digest[DBBI_SHA256_SIZE], uint32_t count)
{
	return count >= DBBI_PIECES_MAX || (count >= DBBI_PIECES_MIN &&
	    digest[DBBI_SHA256_SIZE - 1] == 0 &&
	    (digest[DBBI_SHA256_SIZE - 2] & 3) == 0);
}

void
dbbi_pieces_reset(dbbi_pieces *pieces)
{
	pieces->count = 0;
	pieces->chunk_count = 0;
	pieces->bytes = 0;
	memset(pieces->slots, 0, sizeof pieces->slots);
}

/* Where a digest is, or belongs. */
static uint32_t
find_slot(const dbbi_pieces *pieces, const dbbi_piece *piece)
{
	uint32_t at = dbbi_get_u32(piece->digest) % SLOTS;
	const dbbi_piece *other;

	for (; pieces->slots[at] != 0; at = (at + 1) % SLOTS) {
		other = &pieces->items[pieces->slots[at] - 1];
		if (other->length == piece->length &&
		    memcmp(other->digest, piece->digest,
		    sizeof piece->digest) == 0)
			break;
	}
	return at;
}

int
dbbi_pieces_find(dbbi_piece *piece, const dbbi_pieces *pieces)
{
	uint16_t found = pieces->slots[find_slot(pieces, piece)];

	if (found != 0)
		*piece = pieces->items[found - 1];
	return found != 0;
}

void
dbbi_pieces_add(int *ended, dbbi_pieces *pieces, const dbbi_piece *piece)
{
	uint32_t at = find_slot(pieces, piece);

	pieces->items[pieces->count++] = *piece;
	if (pieces->slots[at] == 0)
		pieces->slots[at] = (uint16_t)pieces->count;
	pieces->bytes += piece->length;
	*ended = ends_list(piece->digest, pieces->count);
}

int
dbbi_pieces_chunk(const dbbi_pieces *pieces, const dbbi_id *id)
{
	/* The last ones are asked for most. */
	for (uint32_t i = pieces->chunk_count; i > 0; i--)
		if (memcmp(&pieces->chunks[i - 1], id, sizeof *id) == 0)
			return (int)(i - 1);
	return -1;
}

size_t
dbbi_pieces_put(dbbi_pieces *pieces)
{
	uint8_t *at = pieces->list;

	memset(at, 0, DBBI_PIECES_HEADER);
	at[0] = LEVEL;
	dbbi_put_u32(at + 4, pieces->count);
	dbbi_put_u32(at + 8, pieces->chunk_count);
	at += DBBI_PIECES_HEADER;
	for (uint32_t i = 0; i < pieces->chunk_count; i++) {
		memcpy(at, pieces->chunks[i].bytes, DBBI_SHA256_SIZE);
		at += DBBI_SHA256_SIZE;
	}
	for (uint32_t i = 0; i < pieces->count; i++) {
		memcpy(at, pieces->items[i].digest, DBBI_SHA256_SIZE);
		dbbi_put_u32(at + 32, pieces->items[i].chunk);
		dbbi_put_u32(at + 36, pieces->items[i].offset);
		dbbi_put_u32(at + 40, pieces->items[i].length);
		at += DBBI_PIECE_SIZE;
	}
	return (size_t)(at - pieces->list);
}

void
dbbi_piece_list_chunk(dbbi_id *out, const dbbi_piece_list *list, uint32_t i)
{
	memcpy(out->bytes, list->ids + (size_t)i * DBBI_SHA256_SIZE,
	    sizeof out->bytes);
}

void
dbbi_piece_list_get(dbbi_piece *out, const dbbi_piece_list *list, uint32_t i)
{
	const uint8_t *at = list->pieces + (size_t)i * DBBI_PIECE_SIZE;

	memcpy(out->digest, at, sizeof out->digest);
	out->chunk = dbbi_get_u32(at + 32);
	out->offset = dbbi_get_u32(at + 36);
	out->length = dbbi_get_u32(at + 40);
}

/* Is each piece possible, and do they stand for `bytes`? */
static int
adds_up(const dbbi_piece_list *list, uint64_t bytes)
{
	dbbi_piece piece;

	for (uint32_t i = 0; i < list->count; i++) {
		dbbi_piece_list_get(&piece, list, i);
		if (piece.length == 0 || piece.length > bytes ||
		    piece.chunk >= list->chunk_count ||
		    piece.offset > UINT32_MAX - piece.length)
			return 0;
		bytes -= piece.length;
	}
	return bytes == 0;
}

int
dbbi_piece_list_open(dbbi_piece_list *out, const uint8_t *list, size_t size,
    uint64_t bytes, dbb_error *err)
{
	dbbi_cursor c = { list, size };
	const uint8_t *head;

	if (dbbi_take(&head, &c, 4) < 0 || head[0] != LEVEL ||
	    head[1] != 0 || head[2] != 0 || head[3] != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a list of pieces is none of level 1");
	if (dbbi_take_u32(&out->count, &c) < 0 ||
	    dbbi_take_u32(&out->chunk_count, &c) < 0 ||
	    out->count > DBBI_PIECES_MAX ||
	    out->chunk_count > DBBI_PIECES_CHUNKS ||
	    dbbi_take(&out->ids, &c,
	    (size_t)out->chunk_count * DBBI_SHA256_SIZE) < 0 ||
	    dbbi_take(&out->pieces, &c,
	    (size_t)out->count * DBBI_PIECE_SIZE) < 0 ||
	    c.left != 0 || !adds_up(out, bytes))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a list of pieces does not add up");
	return 0;
}
