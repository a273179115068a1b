/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks from packs into cells. Chunks that lie near each other in one pack
 * are read with one request. */
#include <config.h>

#include <string.h>

#include "repo/cells.h"
#include "util/threads.h"

/* So many bytes between two chunks are read and thrown away rather than
 * asked for separately. */
#define GAP_BYTES (64u << 10)
#define REQUEST_BYTES (4u << 20)

/* What one thread has. */
struct fetcher {
	dbbi_cells *c;
	dbbi_opener opener;
	uint8_t *stored;	/* stored_room bytes */
	size_t stored_room;
	dbbi_cell *cells[DBBI_BATCH];	/* of one request; each is another's
					   once it is settled */
	dbbi_place first;	/* where the request begins */
	uint32_t count;
	uint32_t size;		/* bytes of the pack */
};

/* Can the request take this in, too? */
static int
continues(const struct fetcher *f, const dbbi_place *place)
{
	const dbbi_place *first = &f->first;
	uint32_t end = first->entry.offset + f->size;

	return f->count < DBBI_BATCH &&
	    memcmp(&place->pack, &first->pack, sizeof place->pack) == 0 &&
	    place->entry.offset >= end &&
	    place->entry.offset - end <= GAP_BYTES &&
	    place->entry.offset - first->entry.offset +
	    (size_t)place->entry.stored <= f->stored_room;
}

static void
extend(struct fetcher *f, dbbi_cell *cell)
{
	if (f->count == 0)
		f->first = cell->place;
	f->cells[f->count++] = cell;
	f->size = cell->place.entry.offset + cell->place.entry.stored -
	    f->first.entry.offset;
}

/* Make a request of what is queued first: 1 when nothing could be added to it
 * any more, or will be soon. With the mutex held. */
static int
gather(struct fetcher *f)
{
	dbbi_cells *c = f->c;
	dbbi_cell *cell;

	f->count = 0;
	f->size = 0;
	for (uint64_t i = c->queue_head; i < c->queue_tail; i++) {
		cell = &c->cells[c->queue[i % DBBI_CELLS]];
		if (f->count > 0 && !continues(f, &cell->place))
			return 1;
		extend(f, cell);
	}
	return c->planned || (f->count > 0 && (c->resting ||
	    f->count == DBBI_BATCH));
}

/* Take a request from the queue; 0 when it is time to end. */
static int
take_request(struct fetcher *f)
{
	dbbi_cells *c = f->c;
	int stop;

	pthread_mutex_lock(&c->mutex);
	while (!c->stop && !gather(f))
		pthread_cond_wait(&c->queued, &c->mutex);
	if ((stop = c->stop) == 0)
		c->queue_head += f->count;
	pthread_mutex_unlock(&c->mutex);
	return !stop && f->count > 0;
}

/* The cell is done with, well or not. */
static void
settle(dbbi_cells *c, dbbi_cell *cell, int rc)
{
	pthread_mutex_lock(&c->mutex);
	cell->state = rc < 0 ? DBBI_CELL_FAILED : DBBI_CELL_READY;
	if (c->head < c->tail && cell ==
	    &c->cells[c->extents[c->head % DBBI_EXTENTS].cell])
		pthread_cond_signal(&c->settled);
	pthread_mutex_unlock(&c->mutex);
}

/* What `open` gave may lie in `stored`, which is used again. The cell's place
 * does not say how long it is: it may come from another. */
static void
keep_content(const dbbi_cells *c, dbbi_cell *cell,
    const dbbi_content *content)
{
	const uint8_t *end = cell->plain + c->room;

	cell->content = *content;
	if (content->bytes >= cell->plain && content->bytes < end)
		return;
	memcpy(cell->plain, content->bytes, content->size);
	cell->content.bytes = cell->plain;
}

/* A chunk from wherever it is whole. */
static int
fetch_apart(struct fetcher *f, dbbi_cell *cell, const dbb_error *cause)
{
	dbbi_repo *repo = f->c->repo;
	dbbi_places places;
	dbbi_content content;
	dbb_error *err = &cell->failure;
	int rc;

	if ((rc = dbbi_run_check(repo->run, err)) < 0 ||
	    (rc = dbbi_chunk_find(&places, repo->index,
	    &cell->place.entry.id, err)) < 0)
		return rc;
	rc = dbbi_chunk_read(&content, cell->plain, f->c->room, f->stored,
	    &places, repo->store, &f->opener, err);
	if (rc < 0)
		return rc;
	keep_content(f->c, cell, &content);
	dbbi_log(repo->run, DBB_LOG_WARNING, "all of it could be read "
	    "elsewhere: %s", cause->message);
	return 0;
}

/* A chunk from the bytes of the request. */
static int
open_together(struct fetcher *f, dbbi_cell *cell, dbb_error *err)
{
	const dbbi_place *first = &f->first;
	const dbbi_entry *entry = &cell->place.entry;
	dbbi_content content;
	int rc;

	rc = dbbi_chunk_open(&content, cell->plain, &f->opener, &first->box,
	    entry, f->stored + (entry->offset - first->entry.offset), err);
	if (rc == 0)
		keep_content(f->c, cell, &content);
	return dbbi_pack_context(err, rc, &first->pack);
}

static void
fetch_request(struct fetcher *f)
{
	const dbbi_place *first = &f->first;
	int together, read_rc, rc;
	dbb_error cause;

	dbbi_error_clear(&cause);
	read_rc = dbbi_pack_read(f->stored, f->c->repo->store, &first->pack,
	    first->entry.offset, f->size, &cause);
	together = read_rc == 0;
	for (uint32_t i = 0; i < f->count; i++) {
		rc = read_rc;
		if (together)
			rc = open_together(f, f->cells[i], &cause);
		if (dbbi_is_damage(rc)) {	/* uses `stored` itself */
			together = 0;
			read_rc = rc;
			rc = fetch_apart(f, f->cells[i], &cause);
		} else if (rc < 0) {
			f->cells[i]->failure = cause;
		}
		settle(f->c, f->cells[i], rc);
	}
}

static int
set_up(struct fetcher *f, dbb_error *err)
{
	f->stored_room = REQUEST_BYTES;
	if (f->stored_room < f->c->room + DBBI_TAG_SIZE)
		f->stored_room = f->c->room + DBBI_TAG_SIZE;
	if ((f->stored = dbbi_pages_new(f->stored_room, err)) == NULL)
		return DBB_ENOMEM;
	return dbbi_opener_init(&f->opener, f->c->repo->keys, err);
}

void *
dbbi_cells_fetch(void *argument)
{
	struct fetcher f = { .c = argument };
	dbb_error err;
	int rc;

	dbbi_error_clear(&err);
	rc = set_up(&f, &err);
	while (take_request(&f)) {
		if (rc == 0) {
			fetch_request(&f);
			continue;
		}
		for (uint32_t i = 0; i < f.count; i++) {
			f.cells[i]->failure = err;
			settle(f.c, f.cells[i], rc);
		}
	}
	dbbi_opener_clear(&f.opener);
	dbbi_pages_free(f.stored, f.stored_room);
	return NULL;
}
