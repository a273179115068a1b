/* SPDX-License-Identifier: BSD-2-Clause */
/* Which bytes of which chunks make up the stream, and which cells they get:
 * a thread of its own, some way ahead of the reader. */
#include <config.h>

#include <string.h>

#include "repo/cells.h"
#include "util/threads.h"

/* A list that is gone through. */
struct plan {
	dbbi_cells *c;
	const dbbi_piece_list *list;
	dbbi_extent extent;	/* planned, not handed on yet, if it has length */
	uint32_t chunk;		/* of the list, that it is in */
};

/* Let what is queued be fetched, whole requests or not. With the mutex
 * held. */
static void
rest(dbbi_cells *c)
{
	c->resting = 1;
	pthread_cond_broadcast(&c->queued);
}

/* Hand the extent on; waits for room. 1 when it is time to end. */
static int
hand_on(struct plan *p)
{
	dbbi_cells *c = p->c;
	int stop;

	if (p->extent.length == 0)
		return 0;
	pthread_mutex_lock(&c->mutex);
	if (c->tail - c->head == DBBI_EXTENTS) {
		rest(c);
		while (!c->stop && !dbbi_extents_free(c))
			pthread_cond_wait(&c->extents_free, &c->mutex);
	}
	if ((stop = c->stop) == 0) {
		c->extents[c->tail++ % DBBI_EXTENTS] = p->extent;
		if (c->tail - c->head == 1)
			pthread_cond_signal(&c->settled);
	}
	pthread_mutex_unlock(&c->mutex);
	p->extent.length = 0;
	return stop;
}

/* The cell that has the chunk; -1: none. */
static int
find_cell(const dbbi_cells *c, const dbbi_id *id)
{
	for (uint32_t i = 0; i < c->count; i++)
		if (c->cells[i].state != DBBI_CELL_EMPTY &&
		    memcmp(&c->cells[i].place.entry.id, id, sizeof *id) == 0)
			return (int)i;
	return -1;
}

/* The cell whose chunk may go: the longest unused. There is one: fewer are
 * wanted than there are. */
static uint32_t
free_cell(const dbbi_cells *c)
{
	uint32_t oldest = c->count;

	for (uint32_t i = 0; i < c->count; i++)
		if (c->cells[i].wanted == 0 && (oldest == c->count ||
		    c->cells[i].used < c->cells[oldest].used))
			oldest = i;
	return oldest;
}

/* Where to fetch a chunk from. */
static int
locate(dbbi_place *out, const dbbi_cells *c, const dbbi_id *id,
    dbb_error *err)
{
	dbbi_places places;
	int rc;

	rc = dbbi_chunk_find(&places, c->repo->index, id, err);
	if (rc < 0)
		return rc;
	*out = places.items[0];
	if (out->entry.plain > c->room)
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "a chunk has %u bytes, more than the "
		    "repository says", out->entry.plain), &out->pack);
	return 0;
}

/* A cell that is to be fetched; waits for room; -1: time to end. With the
 * mutex held. */
static int
queue_cell(dbbi_cells *c, const dbbi_place *place)
{
	uint32_t i;

	if (c->wanted >= c->ahead) {
		rest(c);
		while (!c->stop && !dbbi_cells_free(c))
			pthread_cond_wait(&c->cells_free, &c->mutex);
	}
	if (c->stop)
		return -1;
	i = free_cell(c);
	c->cells[i].state = DBBI_CELL_QUEUED;
	c->cells[i].place = *place;
	c->queue[c->queue_tail++ % DBBI_CELLS] = i;
	c->resting = 0;
	if (c->queue_tail - c->queue_head >= DBBI_BATCH)
		pthread_cond_signal(&c->queued);
	return (int)i;
}

/* A cell for the chunk, which is wanted once more: 1, or 0 when it is time
 * to end. */
static int
want(uint32_t *cell, dbbi_cells *c, const dbbi_id *id, dbb_error *err)
{
	dbbi_place place;
	int i, rc = 0;

	pthread_mutex_lock(&c->mutex);
	i = find_cell(c, id);
	if (i < 0 && (rc = locate(&place, c, id, err)) == 0)
		i = queue_cell(c, &place);
	if (i >= 0) {
		if (c->cells[i].wanted++ == 0)
			c->wanted++;
		c->cells[i].used = ++c->clock;
		*cell = (uint32_t)i;
	}
	pthread_mutex_unlock(&c->mutex);
	return rc < 0 ? rc : i >= 0;
}

/* Plan one piece: 1, or 0 when it is time to end. */
static int
plan_piece(struct plan *p, const dbbi_piece *piece, dbb_error *err)
{
	dbbi_extent *e = &p->extent;
	dbbi_id id;
	int rc;

	if (e->length > 0 && piece->chunk == p->chunk &&
	    piece->offset == e->offset + e->length) {
		e->length += piece->length;
		return 1;
	}
	if (hand_on(p))
		return 0;
	dbbi_piece_list_chunk(&id, p->list, piece->chunk);
	if ((rc = want(&e->cell, p->c, &id, err)) != 1)
		return rc;
	e->offset = piece->offset;
	e->length = piece->length;
	p->chunk = piece->chunk;
	return 1;
}

static int
plan_list(dbbi_cells *c, const dbbi_piece_list *list, dbb_error *err)
{
	struct plan p = { .c = c, .list = list };
	dbbi_piece piece;
	int rc = 1;

	for (uint32_t i = 0; rc == 1 && i < list->count; i++) {
		dbbi_piece_list_get(&piece, list, i);
		rc = plan_piece(&p, &piece, err);
	}
	if (rc == 1 && hand_on(&p))
		rc = 0;
	return rc;
}

static int
plan_stream(dbbi_cells *c, dbb_error *err)
{
	dbbi_lists lists;
	dbbi_walk *walk = NULL;
	dbbi_piece_list list;
	int rc;

	if ((rc = dbbi_lists_init(&lists, c->repo, c->repo->index,
	    err)) < 0 ||
	    (rc = dbbi_walk_new(&walk, &c->ref, dbbi_lists_load, &lists,
	    err)) < 0)
		goto done;
	while ((rc = dbbi_walk_next(&list, walk, err)) == 1)
		if ((rc = plan_list(c, &list, err)) != 1)
			break;
done:
	dbbi_walk_free(walk);
	dbbi_lists_clear(&lists);
	return rc;
}

void *
dbbi_cells_plan(void *argument)
{
	dbbi_cells *c = argument;
	dbb_error err;
	int rc;

	dbbi_error_clear(&err);
	rc = plan_stream(c, &err);
	pthread_mutex_lock(&c->mutex);
	c->planned = 1;
	c->plan_rc = rc;
	c->plan_failure = err;
	pthread_cond_broadcast(&c->queued);
	pthread_cond_signal(&c->settled);
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}
