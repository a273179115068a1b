/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer's life: made, flushed, failed, freed. */
#include <config.h>

#include "repo/writer.h"

#include <stdlib.h>
#include <string.h>

#include "repo/condemned.h"

#define MAX_THREADS 64u
#define DEFAULT_THREADS 8u	/* at most: memory is to stay small */
#define MIN_SLOTS 6u		/* more than there are threads, by two */
#define RING_BYTES (24u << 20)	/* deep enough that a thread which has to
				   wait for a core holds up no other */
#define CONDITIONS 5

void
dbbi_writer_fail(dbbi_repo_writer *w, const dbb_error *cause)
{
	pthread_mutex_lock(&w->mutex);
	if (!w->failed) {
		w->failed = 1;
		w->failure = *cause;
	}
	pthread_cond_broadcast(&w->room);
	pthread_cond_broadcast(&w->filled);
	pthread_cond_broadcast(&w->packed);
	pthread_cond_broadcast(&w->full);
	pthread_cond_broadcast(&w->stored);
	pthread_mutex_unlock(&w->mutex);
}

int
dbbi_writer_check(dbbi_repo_writer *w, dbb_error *err)
{
	if (w->failed) {
		if (err != NULL)
			*err = w->failure;
		return w->failure.code;
	}
	return dbbi_run_check(w->repo->run, err);
}

static size_t
count_slots(size_t slot_bytes, unsigned threads)
{
	size_t count = RING_BYTES / slot_bytes;

	if (count < MIN_SLOTS)
		count = MIN_SLOTS;
	return count < threads + 2 ? threads + 2 : count;
}

static int
make_ring(dbbi_repo_writer *w, unsigned threads, dbb_error *err)
{
	size_t bytes = dbbi_gather_room(&w->repo->params);

	if (bytes < DBBI_TREE_LIST_LIMIT + DBBI_GATHER_TABLE_ONE)
		bytes = DBBI_TREE_LIST_LIMIT + DBBI_GATHER_TABLE_ONE;
	w->slot_bytes = bytes;
	w->slot_count = count_slots(bytes, threads);
	w->slots = calloc(w->slot_count, sizeof *w->slots);
	if (w->slots == NULL)
		return dbbi_error_nomem(err);
	for (size_t i = 0; i < w->slot_count; i++) {
		w->slots[i].buffer = dbbi_pages_new(bytes, err);
		if (w->slots[i].buffer == NULL)
			return DBB_ENOMEM;
	}
	return 0;
}

static int
make_conditions(dbbi_repo_writer *w, dbb_error *err)
{
	pthread_cond_t *all[CONDITIONS] = { &w->room, &w->filled, &w->packed,
	    &w->full, &w->stored };
	int rc;

	for (; w->conditions < CONDITIONS; w->conditions++) {
		rc = dbbi_cond_init(all[w->conditions], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
start_threads(dbbi_repo_writer *w, unsigned threads, dbb_error *err)
{
	int rc;

	w->compressors = calloc(threads, sizeof *w->compressors);
	if (w->compressors == NULL)
		return dbbi_error_nomem(err);
	for (; w->compressor_count < threads; w->compressor_count++) {
		rc = dbbi_thread_start(&w->compressors[w->compressor_count],
		    dbbi_writer_compress, w, err);
		if (rc < 0)
			return rc;
	}
	if ((rc = dbbi_thread_start(&w->packer, dbbi_writer_pack, w,
	    err)) < 0)
		return rc;
	w->has_packer = 1;
	for (; w->uploader_count + 1 < w->pack_count; w->uploader_count++) {
		rc = dbbi_thread_start(&w->uploaders[w->uploader_count],
		    dbbi_writer_upload, w, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* One to fill, and one for each uploader that is worth it. */
static int
make_packs(dbbi_repo_writer *w, dbb_error *err)
{
	unsigned uploaders = dbbi_store_parallel(w->repo->store);
	int rc;

	if (uploaders > DBBI_UPLOADERS_MAX)
		uploaders = DBBI_UPLOADERS_MAX;
	for (; w->pack_count < uploaders + 1; w->pack_count++) {
		rc = dbbi_pack_new(&w->packs[w->pack_count], w->repo->keys,
		    err);
		if (rc < 0)
			return rc;
		if (w->pack_count > 0)
			w->spares[w->spare_count++] = w->packs[w->pack_count];
	}
	return 0;
}

/* NULL when it failed. */
static dbbi_repo_writer *
make(dbbi_repo *repo, dbb_error *err)
{
	dbbi_repo_writer *w = calloc(1, sizeof *w);
	int errnum;

	if (w == NULL) {
		dbbi_error_nomem(err);
		return NULL;
	}
	w->repo = repo;
	w->unindexed = dbbi_index_packs(repo->index);
	dbbi_segment_init(&w->segment, repo->keys);
	errnum = pthread_mutex_init(&w->mutex, NULL);
	if (errnum == 0 &&
	    (errnum = pthread_mutex_init(&w->segment_mutex, NULL)) != 0)
		pthread_mutex_destroy(&w->mutex);
	if (errnum != 0) {
		free(w);
		dbbi_error_errno(err, errnum, "making a mutex");
		return NULL;
	}
	return w;
}

int
dbbi_repo_writer_new(dbbi_repo_writer **out, dbbi_repo *repo,
    const dbbi_writer_options *options, dbb_error *err)
{
	unsigned threads = options->threads;
	dbbi_repo_writer *w;
	int rc;

	if (threads == 0)
		threads = dbbi_thread_cores(DEFAULT_THREADS);
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	if ((rc = dbbi_condemned_heed(repo, err)) < 0)
		return rc;
	if ((w = make(repo, err)) == NULL)
		return DBB_ENOMEM;
	w->level = options->compression;
	w->verify = !options->skip_verify;
	if ((rc = make_conditions(w, err)) < 0 ||
	    (rc = make_ring(w, threads, err)) < 0 ||
	    (rc = make_packs(w, err)) < 0 ||
	    (rc = start_threads(w, threads, err)) < 0)
		goto done;
	*out = w;
	w = NULL;
done:
	dbbi_repo_writer_free(w);
	return rc;
}

/* Wait until all that was pushed is in packs, and these in the store. */
static int
drain(dbbi_repo_writer *w, dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	w->flush = 1;
	w->flush_at = w->tail;
	pthread_cond_signal(&w->packed);
	while ((rc = dbbi_writer_check(w, err)) == 0 &&
	    (w->flush || w->waiting != NULL || w->storing > 0))
		dbbi_cond_wait(&w->stored, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

int
dbbi_repo_writer_flush(dbbi_repo_writer *w, dbb_error *err)
{
	dbb_error cause;
	int rc;

	if ((rc = drain(w, err)) < 0)
		return rc;
	dbbi_error_clear(&cause);
	pthread_mutex_lock(&w->segment_mutex);
	rc = dbbi_writer_end_segment(w, &cause);
	pthread_mutex_unlock(&w->segment_mutex);
	if (rc < 0) {
		dbbi_writer_fail(w, &cause);
		if (err != NULL)
			*err = cause;
	}
	return rc;
}

void
dbbi_repo_writer_stats(dbbi_writer_stats *out, dbbi_repo_writer *w)
{
	out->read_bytes = atomic_load(&w->read_bytes);
	out->stored_bytes = atomic_load(&w->stored_bytes);
	out->chunks = atomic_load(&w->chunks);
	out->new_chunks = atomic_load(&w->new_chunks);
}

static void
stop_threads(dbbi_repo_writer *w)
{
	pthread_mutex_lock(&w->mutex);
	w->stop = 1;
	pthread_mutex_unlock(&w->mutex);
	if (w->conditions == CONDITIONS) {
		pthread_cond_broadcast(&w->filled);
		pthread_cond_broadcast(&w->packed);
		pthread_cond_broadcast(&w->full);
		pthread_cond_broadcast(&w->stored);
	}
	for (size_t i = 0; i < w->compressor_count; i++)
		pthread_join(w->compressors[i], NULL);
	if (w->has_packer)
		pthread_join(w->packer, NULL);
	for (unsigned i = 0; i < w->uploader_count; i++)
		pthread_join(w->uploaders[i], NULL);
}

void
dbbi_repo_writer_free(dbbi_repo_writer *w)
{
	pthread_cond_t *all[CONDITIONS];

	if (w == NULL)
		return;
	stop_threads(w);
	dbbi_index_forget(w->repo->index, w->unindexed);
	all[0] = &w->room;
	all[1] = &w->filled;
	all[2] = &w->packed;
	all[3] = &w->full;
	all[4] = &w->stored;
	for (int i = 0; i < w->conditions; i++)
		pthread_cond_destroy(all[i]);
	pthread_mutex_destroy(&w->segment_mutex);
	pthread_mutex_destroy(&w->mutex);
	dbbi_segment_clear(&w->segment);
	for (unsigned i = 0; i < w->pack_count; i++)
		dbbi_pack_free(w->packs[i]);
	for (size_t i = 0; w->slots != NULL && i < w->slot_count; i++)
		dbbi_pages_free(w->slots[i].buffer, w->slot_bytes);
	free(w->slots);
	free(w->compressors);
	free(w);
}
