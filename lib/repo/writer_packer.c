/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks into packs, by a thread of its own: while packs are stored the next
 * is filled. */
#include <config.h>

#include "repo/writer.h"

static struct dbbi_slot *
packed_slot(dbbi_repo_writer *w)
{
	struct dbbi_slot *slot = &w->slots[w->head % w->slot_count];

	return w->head < w->tail && slot->state == DBBI_SLOT_PACKED ?
	    slot : NULL;
}

static int
flush_due(const dbbi_repo_writer *w)
{
	return w->flush && w->head >= w->flush_at;
}

static int
ending(const dbbi_repo_writer *w)
{
	return w->stop || w->failed;
}

/* Hand the open pack over and wait for an empty one; NULL: it is time to
 * end. With the mutex held. */
static dbbi_pack *
hand_over(dbbi_repo_writer *w, dbbi_pack *open)
{
	while (w->waiting != NULL && !ending(w))
		pthread_cond_wait(&w->stored, &w->mutex);
	if (ending(w))
		return NULL;
	w->waiting = open;
	pthread_cond_signal(&w->full);
	while (w->spare_count == 0 && !ending(w))
		pthread_cond_wait(&w->stored, &w->mutex);
	return ending(w) ? NULL : w->spares[--w->spare_count];
}

/* Put a slot's chunk into the open pack, without the mutex: the slot is
 * ours until head moves on. */
static void
pack_slot(dbbi_repo_writer *w, dbbi_pack *open, struct dbbi_slot *slot)
{
	dbb_error err;

	pthread_mutex_unlock(&w->mutex);
	dbbi_error_clear(&err);
	if (dbbi_pack_add(open, &slot->entry, slot->bytes, &err) < 0)
		dbbi_writer_fail(w, &err);
	pthread_mutex_lock(&w->mutex);
	slot->state = DBBI_SLOT_FREE;
	w->head++;
	pthread_cond_broadcast(&w->room);
}

static void
end_flush(dbbi_repo_writer *w)
{
	w->flush = 0;
	pthread_cond_broadcast(&w->stored);
}

void *
dbbi_writer_pack(void *argument)
{
	dbbi_repo_writer *w = argument;
	dbbi_pack *open = w->packs[0];
	struct dbbi_slot *slot;

	pthread_mutex_lock(&w->mutex);
	while (open != NULL && !ending(w)) {
		slot = packed_slot(w);
		if (slot != NULL &&
		    dbbi_pack_fits(open, slot->entry.stored))
			pack_slot(w, open, slot);
		else if (slot != NULL)
			open = hand_over(w, open);
		else if (flush_due(w) && dbbi_pack_count(open) > 0)
			open = hand_over(w, open);
		else if (flush_due(w))
			end_flush(w);
		else
			pthread_cond_wait(&w->packed, &w->mutex);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}
