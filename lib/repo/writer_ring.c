/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of slots: streams put chunks in, compressors work on them. */
#include <config.h>

#include "repo/writer.h"

#include <string.h>

static struct dbbi_slot *
slot_at(dbbi_repo_writer *w, uint64_t n)
{
	return &w->slots[n % w->slot_count];
}

int
dbbi_writer_push(dbbi_repo_writer *w, const dbbi_id *id, uint8_t kind,
    const void *bytes, uint32_t size, dbb_error *err)
{
	struct dbbi_slot *slot;
	int rc;

	pthread_mutex_lock(&w->mutex);
	while ((rc = dbbi_writer_check(w, err)) == 0 &&
	    w->tail - w->head == w->slot_count)
		dbbi_cond_wait(&w->room, &w->mutex);
	if (rc < 0) {
		pthread_mutex_unlock(&w->mutex);
		return rc;
	}
	slot = slot_at(w, w->tail++);
	slot->state = DBBI_SLOT_TAKEN;
	pthread_mutex_unlock(&w->mutex);

	memcpy(slot->bytes, bytes, size);
	slot->entry.id = *id;
	slot->entry.kind = kind;
	slot->entry.plain = size;

	pthread_mutex_lock(&w->mutex);
	slot->state = DBBI_SLOT_FILLED;
	pthread_cond_broadcast(&w->filled);
	pthread_mutex_unlock(&w->mutex);
	return 0;
}

/* The next slot to compress, in order; NULL when it is time to end. */
static struct dbbi_slot *
take_filled(dbbi_repo_writer *w)
{
	struct dbbi_slot *slot = NULL;

	pthread_mutex_lock(&w->mutex);
	while (!w->stop && !w->failed && (w->next == w->tail ||
	    slot_at(w, w->next)->state != DBBI_SLOT_FILLED))
		pthread_cond_wait(&w->filled, &w->mutex);
	if (!w->stop && !w->failed)
		slot = slot_at(w, w->next++);
	pthread_mutex_unlock(&w->mutex);
	return slot;
}

static int
compress_slot(struct dbbi_slot *slot, dbbi_codec *codec, uint8_t *to,
    int level, dbb_error *err)
{
	size_t stored = 0;
	int rc;

	if (level != 0) {
		rc = dbbi_codec_pack(&stored, codec, to, slot->bytes,
		    slot->entry.plain, level, err);
		if (rc < 0)
			return rc;
		memcpy(slot->bytes, to, stored);
	}
	slot->entry.coding = stored == 0 ? DBBI_CODING_RAW :
	    DBBI_CODING_ZSTD;
	slot->entry.stored = stored == 0 ? slot->entry.plain :
	    (uint32_t)stored;
	return 0;
}

void *
dbbi_writer_compress(void *argument)
{
	dbbi_repo_writer *w = argument;
	dbbi_codec *codec = NULL;
	struct dbbi_slot *slot;
	dbb_error err;
	uint8_t *to;
	int rc = DBB_ENOMEM;

	dbbi_error_clear(&err);
	if ((to = dbbi_pages_new(w->slot_bytes, &err)) != NULL)
		rc = dbbi_codec_new(&codec, &err);
	while (rc == 0 && (slot = take_filled(w)) != NULL) {
		rc = compress_slot(slot, codec, to, w->level, &err);
		if (rc < 0)
			break;
		pthread_mutex_lock(&w->mutex);
		slot->state = DBBI_SLOT_PACKED;
		pthread_cond_signal(&w->packed);
		pthread_mutex_unlock(&w->mutex);
	}
	if (rc < 0)
		dbbi_writer_fail(w, &err);
	dbbi_codec_free(codec);
	dbbi_pages_free(to, w->slot_bytes);
	return NULL;
}
