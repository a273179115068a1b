/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http_ring.h"

#include <string.h>

#include "util/threads.h"

int
dbbi_http_ring_init(dbbi_http_ring *ring, size_t size, dbb_error *err)
{
	int rc;

	memset(ring, 0, sizeof(*ring));
	ring->size = size == 0 ? DBBI_HTTP_RING_SIZE : size;
	if (ring->size < DBBI_HTTP_RING_MIN)
		ring->size = DBBI_HTTP_RING_MIN;
	if ((rc = dbbi_cond_init(&ring->moved, err)) < 0)
		return rc;
	ring->data = dbbi_pages_new(ring->size, err);
	if (ring->data == NULL) {
		pthread_cond_destroy(&ring->moved);
		return DBB_ENOMEM;
	}
	pthread_mutex_init(&ring->mutex, NULL);
	return DBB_OK;
}

void
dbbi_http_ring_clear(dbbi_http_ring *ring)
{
	pthread_cond_destroy(&ring->moved);
	pthread_mutex_destroy(&ring->mutex);
	dbbi_pages_free(ring->data, ring->size);
}

/* ---- under the mutex ---- */

static size_t
room_at(uint8_t **at, dbbi_http_ring *ring)
{
	size_t end = (ring->at + ring->fill) % ring->size;

	*at = ring->data + end;
	return end >= ring->at && ring->fill < ring->size ?
	    ring->size - end : ring->at - end;
}

static size_t
data_at(const uint8_t **at, dbbi_http_ring *ring)
{
	size_t left = ring->size - ring->at;

	*at = ring->data + ring->at;
	return ring->fill < left ? ring->fill : left;
}

static void
drop(dbbi_http_ring *ring, size_t size)
{
	ring->at = (ring->at + size) % ring->size;
	ring->fill -= size;
	pthread_cond_signal(&ring->moved);
}

static int
was_held(dbbi_http_ring *ring)
{
	int held = ring->held;

	ring->held = 0;
	return held;
}

/* ---- the engine ---- */

size_t
dbbi_http_ring_peek(const uint8_t **at, int *over, dbbi_http_ring *ring)
{
	size_t size;

	pthread_mutex_lock(&ring->mutex);
	size = data_at(at, ring);
	*over = ring->over && size == 0;
	ring->held = size == 0 && !ring->over;
	if (!ring->asked) {
		ring->asked = 1;
		pthread_cond_signal(&ring->moved);
	}
	pthread_mutex_unlock(&ring->mutex);
	return size;
}

void
dbbi_http_ring_drop(dbbi_http_ring *ring, size_t size)
{
	pthread_mutex_lock(&ring->mutex);
	drop(ring, size);
	pthread_mutex_unlock(&ring->mutex);
}

int
dbbi_http_ring_add(dbbi_http_ring *ring, const void *data, size_t size)
{
	size_t part;
	uint8_t *to;
	int fits;

	pthread_mutex_lock(&ring->mutex);
	fits = size <= ring->size - ring->fill;
	ring->held = !fits;
	if (fits) {
		part = room_at(&to, ring);
		if (part > size)
			part = size;
		memcpy(to, data, part);
		memcpy(ring->data, (const uint8_t *)data + part, size - part);
		ring->fill += size;
		pthread_cond_signal(&ring->moved);
	}
	pthread_mutex_unlock(&ring->mutex);
	return fits ? 0 : -1;
}

void
dbbi_http_ring_close(dbbi_http_ring *ring)
{
	pthread_mutex_lock(&ring->mutex);
	ring->closed = 1;
	pthread_cond_signal(&ring->moved);
	pthread_mutex_unlock(&ring->mutex);
}

/* ---- the other thread ---- */

size_t
dbbi_http_ring_wait_room(uint8_t **at, dbbi_http_ring *ring)
{
	size_t room = 0;

	pthread_mutex_lock(&ring->mutex);
	while (!ring->closed && (!ring->asked || ring->fill == ring->size))
		dbbi_cond_wait(&ring->moved, &ring->mutex);
	if (!ring->closed)
		room = room_at(at, ring);
	pthread_mutex_unlock(&ring->mutex);
	return room;
}

int
dbbi_http_ring_put(dbbi_http_ring *ring, size_t size)
{
	int held;

	pthread_mutex_lock(&ring->mutex);
	ring->fill += size;
	held = was_held(ring);
	pthread_mutex_unlock(&ring->mutex);
	return held;
}

int
dbbi_http_ring_end(dbbi_http_ring *ring)
{
	int held;

	pthread_mutex_lock(&ring->mutex);
	ring->over = 1;
	held = was_held(ring);
	pthread_mutex_unlock(&ring->mutex);
	return held;
}

size_t
dbbi_http_ring_wait_data(const uint8_t **at, dbbi_http_ring *ring)
{
	size_t size;

	pthread_mutex_lock(&ring->mutex);
	while (!ring->closed && ring->fill == 0)
		dbbi_cond_wait(&ring->moved, &ring->mutex);
	size = data_at(at, ring);
	pthread_mutex_unlock(&ring->mutex);
	return size;
}

/* Half of it is to be free first, so that the transfer is not paused and let
 * go on for each piece. */
int
dbbi_http_ring_take(dbbi_http_ring *ring, size_t size)
{
	int held = 0;

	pthread_mutex_lock(&ring->mutex);
	drop(ring, size);
	if (ring->fill <= ring->size / 2)
		held = was_held(ring);
	pthread_mutex_unlock(&ring->mutex);
	return held;
}
