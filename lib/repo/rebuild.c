/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/rebuild.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "repo/pack.h"
#include "repo/pack_list.h"
#include "repo/repository.h"
#include "repo/seal.h"
#include "util/threads.h"

#define MAX_THREADS 4u
#define FIRST_READ 4096u	/* of a pack's end: a usual directory */

/* More than a writer puts into a segment: here nothing is lost when the run
 * is cut short. */
#define SEGMENT_ENTRIES 65536u
#define SEGMENT_PACKS 4096u

/* A pack that no segment tells of. */
struct lost {
	dbbi_id name;
	uint32_t size;
	char *damage;		/* why it cannot be told what it holds */
};

struct rebuild {
	dbbi_repo *repo;
	const dbbi_rebuild_options *options;
	dbbi_index *index;
	dbbi_list bad_objects;	/* segments that cannot be used, */
	dbbi_list bad_causes;	/* and why */
	struct lost *lost;
	uint32_t count;
	uint32_t room;
	uint64_t packs;
	_Atomic uint64_t bytes_read;
	_Atomic uint32_t next;
	pthread_mutex_t mutex;	/* for what follows */
	dbbi_segment segment;
	uint64_t packs_added;
	uint64_t segments_written;
	int rc;
	dbb_error failure;
};

/* ---- what is lost ---- */

/* A segment that this version does not know is not damaged: to remove it
 * would be wrong. */
static int
note_segment(const char *object, const dbb_error *cause, void *payload)
{
	struct rebuild *r = payload;

	return cause->code == DBB_EVERSION ||
	    dbbi_list_add(&r->bad_objects, object, NULL) < 0 ||
	    dbbi_list_add(&r->bad_causes, cause->message, NULL) < 0;
}

static int
add_lost(struct rebuild *r, const dbbi_id *name, uint32_t size,
    dbb_error *err)
{
	uint32_t room = r->room == 0 ? 64 : r->room * 2;
	struct lost *lost = r->lost;

	if (r->count == r->room) {
		lost = realloc(lost, room * sizeof *lost);
		if (lost == NULL)
			return dbbi_error_nomem(err);
		r->lost = lost;
		r->room = room;
	}
	lost[r->count++] = (struct lost){ .name = *name, .size = size };
	return 0;
}

/* The index gives a new number only to a pack that it did not know. */
static int
see_pack(const dbbi_id *name, uint64_t size, void *payload, dbb_error *err)
{
	struct rebuild *r = payload;
	uint32_t known = dbbi_index_packs(r->index), no;
	uint32_t short_size = size > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)size;
	int rc;

	r->packs++;
	rc = dbbi_index_add_pack(&no, r->index, name, short_size, NULL, 1,
	    err);
	if (rc == 0 && no == known)
		rc = add_lost(r, name, short_size, err);
	return rc;
}

/* ---- their directories ---- */

/* What one thread has. */
struct desk {
	struct rebuild *r;
	uint8_t front[DBBI_PACK_FRONT];
	dbbi_bytes tail;
};

static int
read_part(struct desk *desk, uint8_t *to, const struct lost *lost,
    uint32_t offset, size_t size, dbb_error *err)
{
	struct rebuild *r = desk->r;
	int rc;

	rc = dbbi_pack_read(to, r->repo->store, &lost->name, offset,
	    (uint32_t)size, err);
	if (rc < 0)
		return rc;
	atomic_fetch_add(&r->bytes_read, size);
	if (r->options->progress != NULL)
		atomic_fetch_add(r->options->progress, size);
	return 0;
}

static int
read_tail(struct desk *desk, const struct lost *lost, size_t size,
    dbb_error *err)
{
	int rc;

	if ((rc = dbbi_bytes_reserve(&desk->tail, size, err)) < 0)
		return rc;
	return read_part(desk, desk->tail.data, lost,
	    lost->size - (uint32_t)size, size, err);
}

/* Read the directory, with a second look when it is a long one. */
static int
read_directory(dbbi_pack_view *out, struct desk *desk,
    const struct lost *lost, dbb_error *err)
{
	const dbbi_keys *keys = desk->r->repo->keys;
	uint32_t front = dbbi_entry_first(dbbi_seal_cipher(keys));
	size_t size = lost->size < FIRST_READ ? lost->size : FIRST_READ;
	size_t needed;
	int rc;

	if (size < front + DBBI_PACK_TRAILER || lost->size > DBBI_PACK_LIMIT)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%u bytes cannot be a pack", lost->size);
	if ((rc = read_part(desk, desk->front, lost, 0, front, err)) < 0 ||
	    (rc = read_tail(desk, lost, size, err)) < 0 ||
	    (rc = dbbi_pack_tail_size(&needed, desk->tail.data + size -
	    DBBI_PACK_TRAILER, lost->size, keys, err)) < 0)
		return rc;
	if (needed > size) {
		if ((rc = read_tail(desk, lost, needed, err)) < 0)
			return rc;
		size = needed;
	}
	return dbbi_pack_open_ends(out, desk->front, desk->tail.data + size -
	    needed, needed, lost->size, keys, err);
}

static int
check_entries(const dbbi_pack_view *view, dbb_error *err)
{
	dbbi_entry entry;

	for (uint32_t i = 0; i < view->count; i++)
		if (dbbi_pack_entry(&entry, view, i) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of its directory is not possible", i);
	return 0;
}

/* Write the segment that was filled. With the mutex held. */
static int
end_segment(struct rebuild *r, dbb_error *err)
{
	uint64_t written;
	int rc;

	rc = dbbi_segment_write(&written, &r->segment, r->repo->store, err);
	r->segments_written += rc == 0 && written > 0;
	return rc;
}

static int
add_pack(struct rebuild *r, const struct lost *lost,
    const dbbi_pack_view *view, dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&r->mutex);
	rc = dbbi_segment_add(&r->segment, &lost->name, lost->size,
	    &view->box, view->directory, view->count, err);
	r->packs_added += rc == 0;
	if (rc == 0 && (r->segment.entries >= SEGMENT_ENTRIES ||
	    r->segment.packs >= SEGMENT_PACKS))
		rc = end_segment(r, err);
	pthread_mutex_unlock(&r->mutex);
	return rc;
}

/* A pack that is damaged is noted, and is no failure. */
static int
take_pack(struct desk *desk, struct lost *lost, dbb_error *err)
{
	dbbi_pack_view view;
	int rc;

	if ((rc = dbbi_run_check(desk->r->repo->run, err)) < 0)
		return rc;
	rc = read_directory(&view, desk, lost, err);
	if (rc == 0)
		rc = check_entries(&view, err);
	if (rc == 0)
		return add_pack(desk->r, lost, &view, err);
	if (rc != DBB_EDAMAGED)
		return rc;
	lost->damage = dbbi_text_dup(err->message);
	return lost->damage == NULL ? dbbi_error_nomem(err) : 0;
}

static void *
work(void *argument)
{
	struct desk desk = { .r = argument };
	struct rebuild *r = argument;
	dbb_error err;
	uint32_t i;
	int rc = 0;

	dbbi_bytes_init(&desk.tail, DBBI_PACK_LIMIT);
	while (rc == 0 && (i = atomic_fetch_add(&r->next, 1)) < r->count) {
		dbbi_error_clear(&err);
		rc = take_pack(&desk, &r->lost[i], &err);
	}
	if (rc < 0) {
		pthread_mutex_lock(&r->mutex);
		if (r->rc == 0) {
			r->rc = rc;
			r->failure = err;
		}
		pthread_mutex_unlock(&r->mutex);
		atomic_store(&r->next, r->count);	/* the others stop */
	}
	dbbi_bytes_clear(&desk.tail);
	return NULL;
}

static int
read_all(struct rebuild *r, dbb_error *err)
{
	unsigned count = dbbi_thread_cores(MAX_THREADS), started = 0;
	pthread_t threads[MAX_THREADS];
	int rc = 0;

	while (started < count && rc == 0)
		if ((rc = dbbi_thread_start(&threads[started], work, r,
		    err)) == 0)
			started++;
	if (rc < 0)	/* the others need not go on */
		atomic_store(&r->next, r->count);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (rc == 0 && r->rc < 0) {
		rc = r->rc;
		if (err != NULL)
			*err = r->failure;
	}
	return rc < 0 ? rc : end_segment(r, err);
}

/* ---- in the end ---- */

static int
stopped(dbb_error *err)
{
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

static int
tell_damage(const struct rebuild *r, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];

	for (uint32_t i = 0; i < r->count; i++) {
		if (r->lost[i].damage == NULL)
			continue;
		dbbi_pack_object(object, &r->lost[i].name);
		if (r->options->damage(object, r->lost[i].damage,
		    r->options->payload) != 0)
			return stopped(err);
	}
	return 0;
}

/* All that could be saved stands in whole segments now, perhaps in one of the
 * same bytes as before, and so of the same name. */
static int
remove_segments(const struct rebuild *r, dbb_error *err)
{
	const char *object;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->bad_objects.count; i++) {
		object = r->bad_objects.items[i];
		rc = dbbi_segment_check(r->repo->store, r->repo->keys, object,
		    err);
		if (rc == DBB_EDAMAGED)
			rc = dbbi_store_remove(r->repo->store, object, err);
		else if (rc == DBB_ENOTFOUND)	/* by somebody else */
			rc = 0;
		if (rc == 0 && r->options->segment(object,
		    r->bad_causes.items[i], r->options->payload) != 0)
			rc = stopped(err);
	}
	return rc;
}

static int
rebuild(struct rebuild *r, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_repo_load_index_with(&r->index, r->repo, note_segment,
	    r, err)) < 0 ||
	    (rc = dbbi_packs_list(r->repo->store, r->repo->run, see_pack, r,
	    err)) < 0 ||
	    (rc = read_all(r, err)) < 0 ||
	    (rc = tell_damage(r, err)) < 0)
		return rc;
	return remove_segments(r, err);
}

int
dbbi_repo_rebuild_index(dbbi_rebuild_stats *out, dbbi_repo *repo,
    const dbbi_rebuild_options *options, dbb_error *err)
{
	struct rebuild r = { .repo = repo, .options = options };
	int errnum, rc;

	if ((errnum = pthread_mutex_init(&r.mutex, NULL)) != 0)
		return dbbi_error_errno(err, errnum, "making a mutex");
	dbbi_segment_init(&r.segment, repo->keys);
	rc = rebuild(&r, err);
	if (rc == 0)
		*out = (dbbi_rebuild_stats){ r.packs, r.packs_added,
		    atomic_load(&r.bytes_read), r.segments_written };
	for (uint32_t i = 0; i < r.count; i++)
		free(r.lost[i].damage);
	free(r.lost);
	dbbi_segment_clear(&r.segment);
	dbbi_index_free(r.index);
	dbbi_list_clear(&r.bad_objects);
	dbbi_list_clear(&r.bad_causes);
	pthread_mutex_destroy(&r.mutex);
	return dbbi_error_context(err, rc, "rebuilding the index");
}
