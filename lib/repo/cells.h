/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cells: the chunks that a stream's reader holds unpacked, as its files see
 * them. A cell holds one chunk for as long as bytes of it are still to be
 * given, and then until another needs the room, the longest unused first.
 *
 *	planner thread   stream_plan.c     lists -> extents, which cell has
 *	   |                               or is to have the chunk
 *	fetchers         stream_fetch.c    packs -> cells
 *	   |
 *	the caller       stream_reader.c   extents -> bytes, in order
 */
#ifndef DBBI_CELLS_H
#define DBBI_CELLS_H

#include <pthread.h>

#include "repo/repository.h"
#include "util/reader.h"

#define DBBI_CELLS 40u		/* at most */
#define DBBI_CELLS_SPARE 8u	/* of them, that are not planned for; with a
				   batch there are more cells than locality.h
				   counts on */
#define DBBI_BATCH 8u		/* chunks of one request, at most */
#define DBBI_EXTENTS 1024u	/* planned ahead, at most */

enum dbbi_cell_state {
	DBBI_CELL_EMPTY,
	DBBI_CELL_QUEUED,	/* to be fetched */
	DBBI_CELL_READY,
	DBBI_CELL_FAILED
};

typedef struct dbbi_cell {
	enum dbbi_cell_state state;
	uint32_t wanted;	/* extents that were not given yet */
	uint64_t used;		/* when it was last planned for */
	dbbi_place place;	/* of its chunk */
	uint8_t *plain;		/* `room` bytes */
	dbbi_content content;	/* once it is ready: in `plain` */
	dbb_error failure;
} dbbi_cell;

/* Bytes of the stream that lie together in a chunk. */
typedef struct dbbi_extent {
	uint32_t cell;
	uint32_t offset;
	uint32_t length;
} dbbi_extent;

typedef struct dbbi_cells {
	dbbi_repo *repo;
	dbbi_stream_ref ref;
	size_t room;			/* a chunk's longest plain form */
	uint32_t count;			/* of cells */
	uint32_t ahead;			/* cells that may be wanted at once */

	pthread_mutex_t mutex;		/* for all that follows */
	pthread_cond_t cells_free;	/* for the planner: enough of them */
	pthread_cond_t extents_free;
	pthread_cond_t queued;		/* for fetchers: a whole request */
	pthread_cond_t settled;		/* for the reader: the head's extent;
					   all of them: or it ends */
	int stop;
	int resting;			/* the planner: no more chunks come
					   soon */
	int planned;			/* all of it, or planning failed: */
	int plan_rc;
	dbb_error plan_failure;
	dbbi_cell cells[DBBI_CELLS];
	uint32_t wanted;		/* cells that are */
	uint64_t clock;
	dbbi_extent extents[DBBI_EXTENTS];
	uint64_t head;			/* the extent that is given */
	uint64_t tail;			/* behind the last planned */
	uint32_t queue[DBBI_CELLS];	/* cells to be fetched, in order */
	uint64_t queue_head;
	uint64_t queue_tail;
} dbbi_cells;

/* What the planner waits for once it has no room. Not for a single chunk: a
 * batch is fetched with one request. With the mutex held. */
static inline int
dbbi_cells_free(const dbbi_cells *c)
{
	return c->wanted + DBBI_BATCH <= c->ahead;
}

static inline int
dbbi_extents_free(const dbbi_cells *c)
{
	return c->tail - c->head <= DBBI_EXTENTS / 2;
}

/* The threads; the argument is the dbbi_cells. */
void *dbbi_cells_plan(void *argument);
void *dbbi_cells_fetch(void *argument);

#endif
