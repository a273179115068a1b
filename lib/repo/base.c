/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/base.h"

#include <stdlib.h>
#include <string.h>

#define LISTS 8u	/* in each window */
#define BEHIND 2u	/* of them before the one that was found in last */
#define SLOTS (2u * 2u * LISTS * DBBI_PIECES_MAX)	/* a power of two */
#define LOST_BYTES (16u << 20)	/* without a find: the window is elsewhere */

/* A list of a window; its bytes are our own. */
struct held {
	uint8_t *bytes;
	dbbi_piece_list list;
};

/* Lists that follow each other in a stream. */
struct window {
	struct held held[LISTS];	/* list n is held[n % LISTS] */
	uint32_t first;
	uint32_t end;			/* behind the last */
};

enum { EARLIER, OWN, WINDOWS };

struct dbbi_base {
	dbbi_repo *repo;
	dbbi_lists lists;
	dbbi_walk *walk;	/* NULL: no more to come */
	struct window windows[WINDOWS];
	uint32_t *slots;	/* slot_of(), or 0: empty */
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
	    (ref != NULL && (rc = dbbi_walk_new(&base->walk, ref,
	    dbbi_lists_load, &base->lists, err)) < 0)) {
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
	for (unsigned w = 0; w < WINDOWS; w++)
		for (unsigned i = 0; i < LISTS; i++)
			free(base->windows[w].held[i].bytes);
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

/* What stands for piece `i` of list `n`. */
static uint32_t
slot_of(unsigned window, uint32_t n, uint32_t i)
{
	return (window * LISTS + n % LISTS) * DBBI_PIECES_MAX + i + 1;
}

/* The list that a slot's piece is in, and the piece. */
static const struct held *
get_piece(dbbi_piece *out, const dbbi_base *base, uint32_t slot)
{
	uint32_t list = (slot - 1) / DBBI_PIECES_MAX;
	const struct held *held =
	    &base->windows[list / LISTS].held[list % LISTS];

	dbbi_piece_list_get(out, &held->list, (slot - 1) % DBBI_PIECES_MAX);
	return held;
}

static void
add_list(dbbi_base *base, unsigned window, uint32_t n)
{
	const struct held *held = &base->windows[window].held[n % LISTS];
	dbbi_piece piece;
	uint32_t at;

	for (uint32_t i = 0; i < held->list.count; i++) {
		dbbi_piece_list_get(&piece, &held->list, i);
		at = first_slot(piece.digest);
		while (base->slots[at] != 0)
			at = (at + 1) & (SLOTS - 1);
		base->slots[at] = slot_of(window, n, i);
	}
}

/* Take the lists before `n` out of a window. */
static void
drop_before(dbbi_base *base, unsigned window, uint32_t n)
{
	base->windows[window].first = n;
	memset(base->slots, 0, SLOTS * sizeof *base->slots);
	for (unsigned w = 0; w < WINDOWS; w++)
		for (uint32_t i = base->windows[w].first;
		    i < base->windows[w].end; i++)
			add_list(base, w, i);
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

/* Add a list to a window, which has room. */
static int
add_held(dbbi_base *base, unsigned window, const dbbi_piece_list *list,
    dbb_error *err)
{
	struct window *w = &base->windows[window];
	int rc;

	if ((rc = hold(&w->held[w->end % LISTS], list, err)) < 0)
		return rc;
	add_list(base, window, w->end++);
	return 0;
}

int
dbbi_base_note(dbbi_base *base, const uint8_t *list, size_t size,
    uint64_t bytes, dbb_error *err)
{
	const struct window *own = &base->windows[OWN];
	dbbi_piece_list view;
	int rc;

	if ((rc = dbbi_piece_list_open(&view, list, size, bytes, err)) < 0)
		return rc;
	if (own->end - own->first == LISTS)
		drop_before(base, OWN, own->first + 1);
	return add_held(base, OWN, &view, err);
}

/* Load the earlier stream's next list, for which there is room: 1, or 0 when
 * there are no more, or they cannot be read. */
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
	if (rc == 1 && (rc = add_held(base, EARLIER, &list, &cause)) == 0)
		return 1;
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
	const struct window *w = &base->windows[EARLIER];
	int rc = 1;

	if (base->walk == NULL)
		return 0;
	if (n > w->first + BEHIND)
		drop_before(base, EARLIER, n - BEHIND);
	while (rc == 1 && w->end - w->first < LISTS)
		rc = load_next(base, err);
	return rc < 0 ? rc : 0;
}

/* The list that has the piece; NULL: none. */
static const struct held *
look_up(dbbi_piece *out, const dbbi_base *base, const uint8_t *digest,
    uint32_t length)
{
	uint32_t at = first_slot(digest), slot;
	const struct held *held;

	for (; (slot = base->slots[at]) != 0; at = (at + 1) & (SLOTS - 1)) {
		held = get_piece(out, base, slot);
		if (out->length == length &&
		    memcmp(out->digest, digest, DBBI_SHA256_SIZE) == 0)
			return held;
	}
	return NULL;
}

/* A piece was found in a list: follow, should it be far on. */
static int
follow(dbbi_base *base, const struct held *held, dbb_error *err)
{
	const struct window *w = &base->windows[EARLIER];
	uint32_t i, on;

	if (held < w->held || held >= w->held + LISTS)
		return 0;
	i = (uint32_t)(held - w->held);
	on = (i + LISTS - w->first % LISTS) % LISTS;
	return on > 2 * BEHIND ? centre(base, w->first + on, err) : 0;
}

int
dbbi_base_find(dbbi_base_piece *out, dbbi_base *base,
    const uint8_t digest[DBBI_SHA256_SIZE], uint32_t length, dbb_error *err)
{
	const struct held *held;
	dbbi_piece piece;
	int rc;

	if (base->windows[EARLIER].end == 0 &&
	    (rc = centre(base, 0, err)) < 0)
		return rc;
	held = look_up(&piece, base, digest, length);
	if (held == NULL) {
		base->missed += length;
		return 0;
	}
	base->missed = 0;
	dbbi_piece_list_chunk(&out->chunk, &held->list, piece.chunk);
	out->offset = piece.offset;
	rc = follow(base, held, err);
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
	const struct window *w = &base->windows[EARLIER];
	int rc = 1;

	if (base->missed < LOST_BYTES)
		return 0;
	base->missed = 0;
	while (rc == 1 && (w->end == w->first ||
	    !names(&w->held[(w->end - 1) % LISTS].list, chunk))) {
		if (w->end - w->first == LISTS)
			drop_before(base, EARLIER, w->end - BEHIND);
		rc = load_next(base, err);
	}
	return rc == 1 ? centre(base, w->end - 1, err) : rc;
}
