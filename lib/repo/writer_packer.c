/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks into packs, and packs into the store: a thread for each, so that
 * storing one pack overlaps with filling the next. */
#include <config.h>

#include "repo/writer.h"

#include <string.h>

#include "util/random.h"

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
	dbbi_pack *empty;

	while (w->waiting != NULL && !ending(w))
		pthread_cond_wait(&w->stored, &w->mutex);
	if (ending(w))
		return NULL;
	w->waiting = open;
	pthread_cond_signal(&w->full);
	while (w->spare == NULL && !ending(w))
		pthread_cond_wait(&w->stored, &w->mutex);
	if (ending(w))
		return NULL;
	empty = w->spare;
	w->spare = NULL;
	return empty;
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

/* Does the object hold just these bytes? */
static int
same_bytes(int *same, dbbi_repo_writer *w, const char *object,
    const uint8_t *data, uint32_t size, dbb_error *err)
{
	uint8_t block[16 * 1024];
	uint64_t at = 0;
	size_t got;
	int rc;

	do {
		rc = dbbi_store_read(&got, w->repo->store, object, at, block,
		    sizeof block, err);
		if (rc < 0)
			return rc;
		*same = got <= size - at && memcmp(block, data + at,
		    got) == 0;
		at += got;
	} while (*same && got > 0);
	*same = *same && at == size;
	return 0;
}

/* Put a pack into the store. One that is there already was stored by a run
 * that was cut short, and should have the same bytes, by its name; should it
 * not, it was damaged since, and what its name promises is put in its
 * place. */
static int
store_pack(dbbi_repo_writer *w, const dbbi_id *name, const uint8_t *data,
    uint32_t size, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	int same, rc;

	dbbi_pack_object(object, name);
	rc = dbbi_store_write(w->repo->store, object, data, size, 0, err);
	if (rc != DBB_EEXIST)
		return rc;
	if ((rc = same_bytes(&same, w, object, data, size, err)) < 0 || same)
		return rc;
	dbbi_log(w->repo->run, DBB_LOG_WARNING, "pack '%s' was damaged: it is "
	    "written again", object);
	return dbbi_store_write(w->repo->store, object, data, size,
	    DBB_PUT_REPLACE, err);
}

/* The pack is in the store: its chunks have a place. */
static int
announce(dbbi_repo_writer *w, const dbbi_pack *pack, const dbbi_id *name,
    uint32_t size, dbb_error *err)
{
	const uint8_t *directory = dbbi_pack_directory(pack);
	uint32_t count = dbbi_pack_count(pack), pack_no;
	dbbi_entry entry;
	int rc;

	rc = dbbi_index_add_pack(&pack_no, w->repo->index, name, size,
	    dbbi_pack_box(pack), 1, err);
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		if (dbbi_entry_get(&entry, directory +
		    (size_t)i * DBBI_ENTRY_SIZE, size,
		    dbbi_seal_cipher(w->repo->keys)) < 0)
			return dbbi_error_set(err, DBB_EINTERNAL,
			    "entry %u of a new pack is not possible", i);
		rc = dbbi_index_put(w->repo->index, &entry, pack_no, err);
	}
	return rc;
}

int
dbbi_writer_end_segment(dbbi_repo_writer *w, dbb_error *err)
{
	uint64_t written = 0;
	int rc;

	rc = dbbi_segment_write(&written, &w->segment, w->repo->store, err);
	if (rc < 0)
		return rc;
	w->unindexed = dbbi_index_packs(w->repo->index);
	atomic_fetch_add(&w->stored_bytes, written);
	return 0;
}

/* Its bytes may be those of a pack that is condemned: then it is salted, and
 * has a name of its own. */
static int
seal(dbbi_id *name, const uint8_t **data, uint32_t *size,
    dbbi_repo_writer *w, dbbi_pack *pack, dbb_error *err)
{
	uint32_t salt;
	int rc;

	rc = dbbi_pack_end(name, data, size, pack, err);
	while (rc == 0 &&
	    dbbi_index_condemned(w->repo->index, name, *size)) {
		if ((rc = dbbi_random(&salt, sizeof salt, err)) < 0)
			return rc;
		dbbi_pack_salt(pack, salt);
		rc = dbbi_pack_end(name, data, size, pack, err);
	}
	return rc;
}

/* What a killed run stored after its last segment is stored again by the
 * next: a sixteenth at most, or four packs. */
static int
segment_due(const dbbi_repo_writer *w)
{
	return dbbi_segment_full(&w->segment) || (w->segment.packs >= 4 &&
	    w->segment.packs * 16 >= w->stored_packs);
}

static int
upload(dbbi_repo_writer *w, dbbi_pack *pack, dbb_error *err)
{
	const uint8_t *data;
	uint32_t size;
	dbbi_id name;
	int rc;

	if ((rc = seal(&name, &data, &size, w, pack, err)) < 0 ||
	    (rc = store_pack(w, &name, data, size, err)) < 0)
		return rc;
	atomic_fetch_add(&w->stored_bytes, size);
	pthread_mutex_lock(&w->segment_mutex);
	if ((rc = announce(w, pack, &name, size, err)) == 0)
		rc = dbbi_segment_add(&w->segment, &name, size,
		    dbbi_pack_box(pack), dbbi_pack_directory(pack),
		    dbbi_pack_count(pack), err);
	w->stored_packs++;
	if (rc == 0 && segment_due(w))
		rc = dbbi_writer_end_segment(w, err);
	pthread_mutex_unlock(&w->segment_mutex);
	return rc;
}

static dbbi_pack *
take_waiting(dbbi_repo_writer *w)
{
	dbbi_pack *pack = NULL;

	pthread_mutex_lock(&w->mutex);
	while (w->waiting == NULL && !ending(w))
		pthread_cond_wait(&w->full, &w->mutex);
	if (!ending(w)) {
		pack = w->waiting;
		w->waiting = NULL;
		w->storing = 1;
		pthread_cond_broadcast(&w->stored);
	}
	pthread_mutex_unlock(&w->mutex);
	return pack;
}

void *
dbbi_writer_upload(void *argument)
{
	dbbi_repo_writer *w = argument;
	dbbi_pack *pack;
	dbb_error err;

	dbbi_error_clear(&err);
	while ((pack = take_waiting(w)) != NULL) {
		if (upload(w, pack, &err) < 0) {
			dbbi_writer_fail(w, &err);
			break;
		}
		dbbi_pack_reset(pack);
		pthread_mutex_lock(&w->mutex);
		w->storing = 0;
		w->spare = pack;
		pthread_cond_broadcast(&w->stored);
		pthread_mutex_unlock(&w->mutex);
	}
	return NULL;
}
