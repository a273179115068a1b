/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/base.h"

#include <stdlib.h>
#include <string.h>

#include "repo/id_hash.h"
#include "util/random.h"

#define LISTS 8u	/* in each window */
#define BEHIND 2u	/* of them before the one that was found in last */
#define SLOTS (2u * 2u * LISTS * DBBI_PIECES_MAX)	/* a power of two */
#define FAR_PIECES 16u	/* in a row that were found far on: follow */
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

/* A piece of a window's list. */
struct spot {
	unsigned window;
	uint32_t list;		/* its number */
	uint32_t piece;
};

struct dbbi_base {
	dbbi_repo *repo;
	dbbi_lists lists;
	dbbi_walk *walk;	/* NULL: no more to come */
	struct window windows[WINDOWS];
	uint32_t *slots;	/* slot_of(), or 0: empty */
	dbbi_id_hash hash;
	struct spot last;	/* the furthest find in the earlier stream */
	uint32_t last_own;	/* the own list that was open when the first
				   piece of that list was found */
	uint32_t far;		/* finds in a row beyond the list after it */
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
	    (rc = dbbi_random(&base->hash, sizeof base->hash, err)) < 0 ||
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

static uint32_t
first_slot(const dbbi_base *base, const uint8_t *digest)
{
	return (uint32_t)dbbi_id_hash_of(&base->hash, digest) & (SLOTS - 1);
}

/* What stands for piece `i` of list `n`. */
static uint32_t
slot_of(unsigned window, uint32_t n, uint32_t i)
{
	return (window * LISTS + n % LISTS) * DBBI_PIECES_MAX + i + 1;
}

static struct spot
spot_of(const dbbi_base *base, uint32_t slot)
{
	uint32_t held = (slot - 1) / DBBI_PIECES_MAX;
	struct spot spot = { .window = held / LISTS,
	    .piece = (slot - 1) % DBBI_PIECES_MAX };
	uint32_t first = base->windows[spot.window].first;

	spot.list = first + (held + LISTS - first % LISTS) % LISTS;
	return spot;
}

static const dbbi_piece_list *
list_at(const dbbi_base *base, const struct spot *spot)
{
	return &base->windows[spot->window].held[spot->list % LISTS].list;
}

static void
add_list(dbbi_base *base, unsigned window, uint32_t n)
{
	const struct held *held = &base->windows[window].held[n % LISTS];
	dbbi_piece piece;
	uint32_t at;

	for (uint32_t i = 0; i < held->list.count; i++) {
		dbbi_piece_list_get(&piece, &held->list, i);
		at = first_slot(base, piece.digest);
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

/* The earlier stream's next list; one that is damaged or lost is as if it
 * had no pieces. 1, or 0 after the last. */
static int
walk_on(dbbi_piece_list *out, dbbi_base *base, dbb_error *err)
{
	static const uint8_t none[1];
	static const dbbi_piece_list nothing = { .ids = none,
	    .pieces = none };
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_walk_next(out, base->walk, &cause);
	if (dbbi_is_damage(rc) || rc == DBB_EACCESS) {
		dbbi_log(base->repo->run, DBB_LOG_DEBUG, "a list of the "
		    "earlier backup is of no help: %s", cause.message);
		*out = nothing;
		return 1;
	}
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

/* Load the earlier stream's next list, for which there is room: 1, or 0 when
 * there are no more. */
static int
load_next(dbbi_base *base, dbb_error *err)
{
	dbbi_piece_list list;
	int rc;

	if (base->walk == NULL)
		return 0;
	if ((rc = walk_on(&list, base, err)) == 1)
		rc = add_held(base, EARLIER, &list, err);
	else if (rc == 0) {
		dbbi_walk_free(base->walk);
		base->walk = NULL;
		return 0;
	}
	return rc < 0 ? rc : 1;
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

/*
 * Is it a piece that the new stream has passed, and would have forgotten by
 * now if there were no earlier one? What a first run stores twice, as its
 * own window did not reach back so far, must be stored in the same two places
 * by the run that makes a loss good.
 */
static int
out_of_reach(const dbbi_base *base, const struct spot *spot)
{
	const struct spot *last = &base->last;

	if (spot->window != EARLIER || spot->list > last->list ||
	    (spot->list == last->list && spot->piece > last->piece))
		return 0;
	return (uint64_t)base->last_own + spot->list + LISTS <
	    (uint64_t)base->windows[OWN].end + last->list;
}

/* Find the piece in one of the windows: 1, or 0. */
static int
look_up(struct spot *out, dbbi_piece *piece, const dbbi_base *base,
    const uint8_t *digest, uint32_t length)
{
	uint32_t at = first_slot(base, digest), slot;

	for (; (slot = base->slots[at]) != 0; at = (at + 1) & (SLOTS - 1)) {
		*out = spot_of(base, slot);
		dbbi_piece_list_get(piece, list_at(base, out), out->piece);
		if (piece->length == length &&
		    memcmp(piece->digest, digest, DBBI_SHA256_SIZE) == 0 &&
		    !out_of_reach(base, out))
			return 1;
	}
	return 0;
}

/* A piece was found there: follow. Far on only if many are, in a row: one
 * alone may well stand in several places. */
static int
follow(dbbi_base *base, const struct spot *spot, dbb_error *err)
{
	const struct window *w = &base->windows[EARLIER];
	struct spot *last = &base->last;

	if (spot->window == EARLIER && spot->list > last->list + 1 &&
	    ++base->far < FAR_PIECES)
		return 0;
	base->far = 0;
	if (spot->window != EARLIER || spot->list < last->list)
		return 0;
	if (spot->list > last->list)
		base->last_own = base->windows[OWN].end;
	if (spot->list > last->list || spot->piece > last->piece)
		*last = *spot;
	return spot->list - w->first > 2 * BEHIND ?
	    centre(base, spot->list, err) : 0;
}

int
dbbi_base_find(dbbi_base_piece *out, dbbi_base *base,
    const uint8_t digest[DBBI_SHA256_SIZE], uint32_t length, dbb_error *err)
{
	struct spot spot;
	dbbi_piece piece;
	int rc;

	if (base->windows[EARLIER].end == 0 &&
	    (rc = centre(base, 0, err)) < 0)
		return rc;
	if (!look_up(&spot, &piece, base, digest, length)) {
		base->missed += length;
		base->far = 0;
		return 0;
	}
	base->missed = 0;
	dbbi_piece_list_chunk(&out->chunk, list_at(base, &spot),
	    piece.chunk);
	out->offset = piece.offset;
	rc = follow(base, &spot, err);
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
