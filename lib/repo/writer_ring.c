/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of slots: streams put chunks in, compressors work on them. */
#include <config.h>

#include "repo/writer.h"

#include <string.h>

#include "repo/set_packs.h"

static struct dbbi_slot *
slot_at(dbbi_repo_writer *w, uint64_t n)
{
	return &w->slots[n % w->slot_count];
}

/* A slot to fill; waits for one. */
static int
take_free(struct dbbi_slot **out, dbbi_repo_writer *w, dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	while ((rc = dbbi_writer_check(w, err)) == 0 &&
	    w->tail - w->head == w->slot_count)
		dbbi_cond_wait(&w->room, &w->mutex);
	if (rc == 0) {
		*out = slot_at(w, w->tail++);
		(*out)->state = DBBI_SLOT_TAKEN;
	}
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

static void
exchange(uint8_t **one, uint8_t **other)
{
	uint8_t *kept = *one;

	*one = *other;
	*other = kept;
}

/* The chunk's buffer becomes the slot's, where it has one. */
static void
fill(struct dbbi_slot *slot, const dbbi_gathered *chunk, uint8_t kind)
{
	slot->bytes = slot->buffer;
	if (chunk->buffer != NULL) {
		exchange(&slot->buffer, chunk->buffer);
		slot->bytes = slot->buffer + (chunk->table - slot->buffer);
	} else {
		memcpy(slot->bytes, chunk->table, chunk->table_size);
		memcpy(slot->bytes + chunk->table_size, chunk->bytes,
		    chunk->size);
	}
	slot->entry.id = chunk->id;
	slot->entry.kind = kind;
	slot->entry.plain = chunk->table_size + chunk->size;
}

int
dbbi_writer_push(int *known, dbbi_repo_writer *w, const dbbi_gathered *chunk,
    uint8_t kind, dbb_error *err)
{
	struct dbbi_slot *slot = NULL;
	int claimed, rc;

	rc = dbbi_index_claim(&claimed, w->repo->index, &chunk->id,
	    chunk->table_size + chunk->size, err);
	if (rc < 0)
		return rc;
	*known = !claimed;
	atomic_fetch_add(&w->chunks, 1);
	if (!claimed)
		return dbbi_set_needs_chunk(w->repo, &chunk->id, err);
	atomic_fetch_add(&w->new_chunks, 1);
	if ((rc = take_free(&slot, w, err)) < 0 || slot == NULL)
		return rc;
	fill(slot, chunk, kind);

	pthread_mutex_lock(&w->mutex);
	slot->state = DBBI_SLOT_FILLED;
	pthread_cond_broadcast(&w->filled);
	pthread_mutex_unlock(&w->mutex);
	return 0;
}

int
dbbi_writer_level(int asked, uint64_t waiting, size_t slots)
{
	if (asked != DBBI_COMPRESSION_AUTO)
		return asked;
	return waiting > slots / 2 ? 2 : 3;
}

/* The next slot to compress, in order; NULL when it is time to end. */
static struct dbbi_slot *
take_filled(int *level, dbbi_repo_writer *w)
{
	struct dbbi_slot *slot = NULL;

	pthread_mutex_lock(&w->mutex);
	while (!w->stop && !w->failed && (w->next == w->tail ||
	    slot_at(w, w->next)->state != DBBI_SLOT_FILLED))
		pthread_cond_wait(&w->filled, &w->mutex);
	if (!w->stop && !w->failed) {
		*level = dbbi_writer_level(w->level, w->tail - w->next,
		    w->slot_count);
		slot = slot_at(w, w->next++);
	}
	pthread_mutex_unlock(&w->mutex);
	return slot;
}

/* What a compressor has; slot_bytes each. */
struct press {
	dbbi_codec *codec;
	uint8_t *packed;
	uint8_t *again;		/* unpacked, to be compared */
};

static int
press_init(struct press *press, const dbbi_repo_writer *w, dbb_error *err)
{
	press->packed = dbbi_pages_new(w->slot_bytes, err);
	press->again = dbbi_pages_new(w->slot_bytes, err);
	if (press->packed == NULL || press->again == NULL)
		return DBB_ENOMEM;
	return dbbi_codec_new(&press->codec, err);
}

static void
press_clear(struct press *press, const dbbi_repo_writer *w)
{
	dbbi_codec_free(press->codec);
	dbbi_pages_free(press->again, w->slot_bytes);
	dbbi_pages_free(press->packed, w->slot_bytes);
}

/* The slot's plain bytes go only once it is proven that the compressed ones
 * give them back. */
static int
compress_slot(const dbbi_repo_writer *w, struct dbbi_slot *slot, int level,
    struct press *press, dbb_error *err)
{
	size_t stored = 0;
	int rc = 0;

	if (level != 0)
		rc = dbbi_codec_pack(&stored, press->codec, press->packed,
		    slot->bytes, slot->entry.plain, level, err);
	if (rc == 0 && stored != 0 && w->verify)
		rc = dbbi_codec_prove(press->codec, press->again,
		    slot->bytes, slot->entry.plain, press->packed, stored,
		    err);
	if (rc < 0)
		return rc;
	slot->entry.coding = DBBI_CODING_RAW;
	slot->entry.stored = slot->entry.plain;
	if (stored != 0) {
		exchange(&slot->buffer, &press->packed);
		slot->bytes = slot->buffer;
		slot->entry.coding = DBBI_CODING_ZSTD;
		slot->entry.stored = (uint32_t)stored;
	}
	return 0;
}

void *
dbbi_writer_compress(void *argument)
{
	dbbi_repo_writer *w = argument;
	struct press press = { NULL, NULL, NULL };
	struct dbbi_slot *slot;
	dbb_error err;
	int level, rc;

	dbbi_error_clear(&err);
	rc = press_init(&press, w, &err);
	while (rc == 0 && (slot = take_filled(&level, w)) != NULL) {
		if ((rc = compress_slot(w, slot, level, &press, &err)) < 0)
			break;
		pthread_mutex_lock(&w->mutex);
		slot->state = DBBI_SLOT_PACKED;
		pthread_cond_signal(&w->packed);
		pthread_mutex_unlock(&w->mutex);
	}
	if (rc < 0)
		dbbi_writer_fail(w, &err);
	press_clear(&press, w);
	return NULL;
}
