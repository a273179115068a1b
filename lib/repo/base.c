/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/base.h"

#include <stdlib.h>
#include <string.h>

#define LISTS 16u	/* in the window */
#define BEHIND 4u	/* of them before the one that was found in last */
#define SLOTS (2u * LISTS * DBBI_PIECES_MAX)	/* a power of two */
#define LOST_BYTES (16u << 20)	/* without a find: the window is elsewhere */

/* A list of the window; its bytes are our own. */
struct held {
	uint8_t *bytes;
	dbbi_piece_list list;
};

struct dbbi_base {
	dbbi_repo *repo;
	dbbi_lists lists;
	dbbi_walk *walk;	/* NULL: no more to come */
	struct held held[LISTS];
	uint32_t first;		/* held[first % LISTS] is the window's first */
	uint32_t end;		/* and this one is behind its last */
	uint32_t *slots;	/* list % LISTS * DBBI_PIECES_MAX + piece, + 1 */
	uint64_t missed;	/* bytes since the last find */
};

int
dbbi_base_new(dbbi_base **out, dbbi_repo *repo, const dbbi_stream_ref *ref,
    dbb_error *err)
{
	dbbi_base *base = calloc(1, sizeof *base);
	int rc;

	if (base == NULL)
		return dbbi_error_nomem(err);
	base->repo = repo;
	base->slots = calloc(SLOTS, sizeof *base->slots);
	rc = base->slots == NULL ? dbbi_error_nomem(err) : 0;
	if (rc < 0 ||
	    (rc = dbbi_lists_init(&base->lists, repo, repo->index,
	    err)) < 0 ||
	    (rc = dbbi_walk_new(&base->walk, ref, dbbi_lists_load,
	    &base->lists, err)) < 0) {
		dbbi_base_free(base);
		return rc;
	}
	*out = base;
	return 0;
}

void
dbbi_base_free(dbbi_base *base)
{
	if (base == NULL)
		return;
	for (uint32_t i = 0; i < LISTS; i++)
		free(base->held[i].bytes);
	free(base->slots);
	dbbi_walk_free(base->walk);
	dbbi_lists_clear(&base->lists);
	free(base);
}

/* Digests are SHA-256: any four of their bytes are a good hash. */
static uint32_t
first_slot(const uint8_t *digest)
{
	uint32_t h;

	memcpy(&h, digest, sizeof h);
	return h & (SLOTS - 1);
}

static void
get_piece(dbbi_piece *out, const dbbi_base *base, uint32_t slot)
{
	const struct held *held = &base->held[(slot - 1) / DBBI_PIECES_MAX];

	dbbi_piece_list_get(out, &held->list, (slot - 1) % DBBI_PIECES_MAX);
}

static void
add_list(dbbi_base *base, uint32_t n)
{
	const struct held *held = &base->held[n % LISTS];
	dbbi_piece piece;
	uint32_t at;

	for (uint32_t i = 0; i < held->list.count; i++) {
		dbbi_piece_list_get(&piece, &held->list, i);
		at = first_slot(piece.digest);
		while (base->slots[at] != 0)
			at = (at + 1) & (SLOTS - 1);
		base->slots[at] = n % LISTS * DBBI_PIECES_MAX + i + 1;
	}
}

/* Take the lists before `n` out of the window. */
static void
drop_before(dbbi_base *base, uint32_t n)
{
	if (n <= base->first)
		return;
	base->first = n;
	memset(base->slots, 0, SLOTS * sizeof *base->slots);
	for (uint32_t i = base->first; i < base->end; i++)
		add_list(base, i);
}

static int
hold(struct held *held, const dbbi_piece_list *list, dbb_error *err)
{
	size_t ids = (size_t)list->chunk_count * DBBI_SHA256_SIZE;
	size_t pieces = (size_t)list->count * DBBI_PIECE_SIZE;
	uint8_t *bytes = malloc(ids + pieces + 1);

	if (bytes == NULL)
		return dbbi_error_nomem(err);
	memcpy(bytes, list->ids, ids);
	memcpy(bytes + ids, list->pieces, pieces);
	free(held->bytes);
	held->bytes = bytes;
	held->list = *list;
	held->list.ids = bytes;
	held->list.pieces = bytes + ids;
	return 0;
}

/* Load the next list into the window, which has room: 1, or 0 when there are
 * no more, or they cannot be read. */
static int
load_next(dbbi_base *base, dbb_error *err)
{
	dbbi_piece_list list;
	dbb_error cause;
	int rc;

	if (base->walk == NULL)
		return 0;
	dbbi_error_clear(&cause);
	rc = dbbi_walk_next(&list, base->walk, &cause);
	if (rc == 1)
		rc = hold(&base->held[base->end % LISTS], &list, err) < 0 ?
		    DBB_ENOMEM : 1;
	if (rc == 1) {
		add_list(base, base->end++);
		return 1;
	}
	dbbi_walk_free(base->walk);
	base->walk = NULL;
	if (rc == DBB_ECANCELED || rc == DBB_ENOMEM) {
		if (err != NULL)
			*err = cause;
		return rc;
	}
	if (rc < 0)
		dbbi_log(base->repo->run, DBB_LOG_DEBUG, "the earlier "
		    "backup's list of pieces is of no more help: %s",
		    cause.message);
	return 0;
}

/* Move the window on so that list `n` stands BEHIND lists after its
 * beginning, and fill it. */
static int
centre(dbbi_base *base, uint32_t n, dbb_error *err)
{
	int rc = 1;

	if (base->walk == NULL)
		return 0;
	if (n > base->first + BEHIND)
		drop_before(base, n - BEHIND);
	while (rc == 1 && base->end - base->first < LISTS)
		rc = load_next(base, err);
	return rc < 0 ? rc : 0;
}

/* 1 when the window has it, in list `*n`. */
static int
look_up(dbbi_piece *out, uint32_t *n, const dbbi_base *base,
    const uint8_t *digest, uint32_t length)
{
	uint32_t at = first_slot(digest), slot, i;

	for (; (slot = base->slots[at]) != 0; at = (at + 1) & (SLOTS - 1)) {
		get_piece(out, base, slot);
		if (out->length != length ||
		    memcmp(out->digest, digest, DBBI_SHA256_SIZE) != 0)
			continue;
		i = (slot - 1) / DBBI_PIECES_MAX;
		*n = base->first + (i + LISTS - base->first % LISTS) % LISTS;
		return 1;
	}
	return 0;
}

int
dbbi_base_find(dbbi_base_piece *out, dbbi_base *base,
    const uint8_t digest[DBBI_SHA256_SIZE], uint32_t length, dbb_error *err)
{
	dbbi_piece piece;
	uint32_t n;
	int rc;

	if (base->end == 0 && (rc = centre(base, 0, err)) < 0)
		return rc;
	if (!look_up(&piece, &n, base, digest, length)) {
		base->missed += length;
		return 0;
	}
	base->missed = 0;
	dbbi_piece_list_chunk(&out->chunk,
	    &base->held[n % LISTS].list, piece.chunk);
	out->offset = piece.offset;
	rc = n > base->first + 2 * BEHIND ? centre(base, n, err) : 0;
	return rc < 0 ? rc : 1;
}

static int
names(const dbbi_piece_list *list, const dbbi_id *chunk)
{
	for (uint32_t i = 0; i < list->chunk_count; i++)
		if (memcmp(list->ids + (size_t)i * DBBI_SHA256_SIZE, chunk,
		    sizeof *chunk) == 0)
			return 1;
	return 0;
}

int
dbbi_base_seek(dbbi_base *base, const dbbi_id *chunk, dbb_error *err)
{
	int rc = 1;

	if (base->missed < LOST_BYTES)
		return 0;
	base->missed = 0;
	while (rc == 1 && (base->end == base->first ||
	    !names(&base->held[(base->end - 1) % LISTS].list, chunk))) {
		if (base->end - base->first == LISTS)
			drop_before(base, base->end - BEHIND);
		rc = load_next(base, err);
	}
	return rc == 1 ? centre(base, base->end - 1, err) : rc;
}
