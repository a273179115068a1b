/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_ring: a bounded number of bytes on their way from one thread to
 * another. One of the two is the engine, which may not block: where it finds
 * nothing, or no room, it pauses its transfer and is told when to go on. The
 * other one waits.
 */
#ifndef DBBI_HTTP_RING_H
#define DBBI_HTTP_RING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define DBBI_HTTP_RING_SIZE ((size_t)1 << 20)
#define DBBI_HTTP_RING_MIN ((size_t)64 << 10)	/* libcurl gives pieces of up
						   to 16 KiB, whole or not */

typedef struct dbbi_http_ring {
	uint8_t *data;
	size_t size;
	pthread_mutex_t mutex;		/* of what stands below it */
	pthread_cond_t moved;
	size_t at, fill;		/* where it begins, how much it is */
	int asked;			/* the engine has wanted something */
	int held;			/* it waits to be told to go on */
	int over;			/* all is in that was to come */
	int closed;			/* the engine is done with it */
} dbbi_http_ring;

/* `size` 0: DBBI_HTTP_RING_SIZE. */
int dbbi_http_ring_init(dbbi_http_ring *ring, size_t size, dbb_error *err);
void dbbi_http_ring_clear(dbbi_http_ring *ring);

/* ---- the engine; each returns at once ---- */

/* What is next, in one piece, until it is dropped; 0: nothing is there, the
 * engine is held unless all is `over`. */
size_t dbbi_http_ring_peek(const uint8_t **at, int *over,
    dbbi_http_ring *ring);
void dbbi_http_ring_drop(dbbi_http_ring *ring, size_t size);

/* Put in all of it, or nothing: -1, the engine is held. */
int dbbi_http_ring_add(dbbi_http_ring *ring, const void *data, size_t size);

/* The transfer has ended: nobody waits any longer. */
void dbbi_http_ring_close(dbbi_http_ring *ring);

/* ---- the other thread ---- */

/* Wait until the engine has asked and there is room; how much, in one piece.
 * 0: closed. */
size_t dbbi_http_ring_wait_room(uint8_t **at, dbbi_http_ring *ring);

/* So much was put there. Is the engine to be told? */
int dbbi_http_ring_put(dbbi_http_ring *ring, size_t size);

/* Nothing more comes. Is the engine to be told? */
int dbbi_http_ring_end(dbbi_http_ring *ring);

/* Wait until there is something; how much, in one piece. 0: closed, and all
 * was taken. */
size_t dbbi_http_ring_wait_data(const uint8_t **at, dbbi_http_ring *ring);

/* So much was taken. Is the engine to be told? */
int dbbi_http_ring_take(dbbi_http_ring *ring, size_t size);

#endif
