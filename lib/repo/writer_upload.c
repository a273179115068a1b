/* SPDX-License-Identifier: BSD-2-Clause */
/* Packs into the store, by one thread or several: then they are announced in
 * the order in which they arrive there. */
#include <config.h>

#include "repo/writer.h"

#include <string.h>

#include "repo/set_packs.h"
#include "util/random.h"

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

struct found {
	const char *object;
	uint32_t size;
	int same;
};

static int
look_at_size(const dbb_object *object, void *payload)
{
	struct found *f = payload;

	f->same |= strcmp(object->name, f->object) == 0 &&
	    object->size_bytes == f->size;
	return 0;
}

/* The same, as far as a listing can tell: where the key may not read. */
static int
same_size(int *same, dbbi_repo_writer *w, const char *object, uint32_t size,
    dbb_error *err)
{
	struct found f = { .object = object, .size = size };
	int rc;

	rc = dbbi_store_list(w->repo->store, object, look_at_size, &f, err);
	*same = f.same;
	return rc;
}

/* A pack is older than this run, and so is its lock, if it has one. */
static void
note_older(dbbi_repo *repo)
{
	pthread_mutex_lock(&repo->mutex);
	repo->older = UINT32_MAX;
	pthread_mutex_unlock(&repo->mutex);
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
	rc = dbbi_store_write(w->repo->store, object, data, size,
	    DBB_PUT_LOCK, err);
	if (rc != DBB_EEXIST)
		return rc;
	rc = same_bytes(&same, w, object, data, size, err);
	if (rc == DBB_EACCESS && dbbi_store_may_only_write(w->repo->store))
		rc = same_size(&same, w, object, size, err);
	if (rc < 0)
		return rc;
	if (same) {
		note_older(w->repo);
		return 0;
	}
	dbbi_log(w->repo->run, DBB_LOG_WARNING, "pack '%s' was damaged: it is "
	    "written again", object);
	return dbbi_store_write(w->repo->store, object, data, size,
	    DBB_PUT_REPLACE | DBB_PUT_LOCK, err);
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
	if (rc == 0)
		rc = dbbi_set_needs_pack(w->repo, pack_no, err);
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
	while (w->waiting == NULL && !w->stop && !w->failed)
		pthread_cond_wait(&w->full, &w->mutex);
	if (!w->stop && !w->failed) {
		pack = w->waiting;
		w->waiting = NULL;
		w->storing++;
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
		w->storing--;
		w->spares[w->spare_count++] = pack;
		pthread_cond_broadcast(&w->stored);
		pthread_mutex_unlock(&w->mutex);
	}
	return NULL;
}
