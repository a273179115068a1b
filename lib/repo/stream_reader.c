/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream's plain bytes: the caller's thread takes extents in order, copies
 * or lends them from the cells, hashes what it gives, and says the end only
 * when the hash is right.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/cells.h"
#include "repo/gather.h"
#include "util/threads.h"

#define MAX_THREADS 8u		/* each holds 4 MiB */
#define MOST_CORES 4u
#define WAITING 2u
#define MIN_AHEAD (2 * DBBI_BATCH)

struct stream_reader {
	dbbi_reader base;	/* must be first */
	dbbi_cells c;
	uint8_t *buffers;	/* of all cells */
	pthread_t threads[MAX_THREADS + 1];
	size_t thread_count;

	/* Of the caller's thread. */
	dbbi_sha256 *hash;
	uint64_t given;
	uint32_t at;			/* byte of the head's extent */
	int result;			/* once ended: 0, or the failure */
	int ended;
	dbb_error failure;
};

static int
check_end(struct stream_reader *r, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = dbbi_sha256_end(digest, r->hash, err)) < 0)
		return rc;
	if (r->given == r->c.ref.size_bytes &&
	    memcmp(digest, r->c.ref.sha256, sizeof digest) == 0)
		return 0;
	dbbi_error_set(err, DBB_EDAMAGED, "the stream is not what was backed "
	    "up: its %llu bytes do not have the SHA-256 that the set says",
	    (unsigned long long)r->given);
	dbbi_error_hint(err, "run 'dbb-backup verify --read-data' to see "
	    "which sets are damaged");
	return DBB_EDAMAGED;
}

/* Is there something to say about the head? Not before it is planned, and
 * its cell fetched. With the mutex held. */
static int
settled(const dbbi_cells *c)
{
	const dbbi_cell *cell;

	if (c->head == c->tail)
		return c->planned;
	cell = &c->cells[c->extents[c->head % DBBI_EXTENTS].cell];
	return cell->state == DBBI_CELL_READY ||
	    cell->state == DBBI_CELL_FAILED;
}

static int
failed_with(dbb_error *err, int rc, const dbb_error *failure)
{
	if (err != NULL)
		*err = *failure;
	return rc;
}

/* Wait for the head's extent: 1, or 0 at the end. */
static int
wait_extent(const dbbi_extent **out, struct stream_reader *r, dbb_error *err)
{
	dbbi_cells *c = &r->c;
	const dbbi_extent *e;
	const dbbi_cell *cell;
	int empty, rc;

	pthread_mutex_lock(&c->mutex);
	while ((rc = dbbi_run_check(c->repo->run, err)) == 0 && !settled(c))
		dbbi_cond_wait(&c->settled, &c->mutex);
	empty = c->head == c->tail;
	pthread_mutex_unlock(&c->mutex);
	if (rc < 0)
		return rc;
	if (empty)
		return c->plan_rc < 0 ?
		    failed_with(err, c->plan_rc, &c->plan_failure) :
		    check_end(r, err);
	e = &c->extents[c->head % DBBI_EXTENTS];
	cell = &c->cells[e->cell];
	if (cell->state == DBBI_CELL_FAILED)
		return failed_with(err, cell->failure.code, &cell->failure);
	if (e->offset > cell->content.size ||
	    e->length > cell->content.size - e->offset)
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "bytes %u to %u of a chunk are needed that "
		    "has %u", e->offset, e->offset + e->length,
		    cell->content.size), &cell->place.pack);
	*out = e;
	return 1;
}

/* The head's extent was given. */
static void
release_extent(struct stream_reader *r)
{
	dbbi_cells *c = &r->c;

	pthread_mutex_lock(&c->mutex);
	if (--c->cells[c->extents[c->head % DBBI_EXTENTS].cell].wanted == 0)
		c->wanted--;
	c->head++;
	if (dbbi_cells_free(c))
		pthread_cond_signal(&c->cells_free);
	if (dbbi_extents_free(c))
		pthread_cond_signal(&c->extents_free);
	pthread_mutex_unlock(&c->mutex);
	r->at = 0;
}

/* The next bytes, at most `most`, where they lie; none at the end. They stay
 * there until they are said to be given. */
static int
next_bytes(const uint8_t **out, size_t *size, struct stream_reader *r,
    size_t most, dbb_error *err)
{
	const dbbi_extent *e = NULL;
	int rc;

	*size = 0;
	if ((rc = wait_extent(&e, r, err)) != 1 || e == NULL)
		return rc;
	*out = r->c.cells[e->cell].content.bytes + e->offset + r->at;
	*size = e->length - r->at < most ? e->length - r->at : most;
	return dbbi_sha256_add(r->hash, *out, *size, err);
}

static void
note_given(struct stream_reader *r, size_t size)
{
	const dbbi_extent *e = &r->c.extents[r->c.head % DBBI_EXTENTS];

	r->given += size;
	r->at += (uint32_t)size;
	if (r->at == e->length)
		release_extent(r);
}

static int
read_some(size_t *got, struct stream_reader *r, uint8_t *buffer, size_t size,
    dbb_error *err)
{
	const uint8_t *bytes;
	int rc;

	if ((rc = next_bytes(&bytes, got, r, size, err)) < 0 || *got == 0)
		return rc;
	memcpy(buffer, bytes, *got);
	note_given(r, *got);
	return 0;
}

static int
read_stream(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct stream_reader *r = (struct stream_reader *)reader;

	*got = 0;
	if (size == 0)
		return dbbi_error_set(err, DBB_EINVAL, "no room to read to");
	if (!r->ended) {
		r->result = read_some(got, r, buffer, size, &r->failure);
		r->ended = r->result < 0 || *got == 0;
	}
	if (r->result < 0) {
		*got = 0;
		if (err != NULL)
			*err = r->failure;
	}
	return r->result;
}

static void
stop(dbbi_cells *c)
{
	pthread_mutex_lock(&c->mutex);
	c->stop = 1;
	pthread_cond_broadcast(&c->queued);
	pthread_cond_signal(&c->cells_free);
	pthread_cond_signal(&c->extents_free);
	pthread_mutex_unlock(&c->mutex);
}

static void
clear_locks(dbbi_cells *c)
{
	pthread_cond_destroy(&c->settled);
	pthread_cond_destroy(&c->queued);
	pthread_cond_destroy(&c->extents_free);
	pthread_cond_destroy(&c->cells_free);
	pthread_mutex_destroy(&c->mutex);
}

static void
free_reader(dbbi_reader *reader)
{
	struct stream_reader *r = (struct stream_reader *)reader;

	stop(&r->c);
	for (size_t i = 0; i < r->thread_count; i++)
		pthread_join(r->threads[i], NULL);
	clear_locks(&r->c);
	dbbi_sha256_free(r->hash);
	dbbi_pages_free(r->buffers, r->c.count * r->c.room);
	free(r);
}

/* ---- making one ---- */

/* Only who waits for `settled` looks at the clock. */
static int
make_locks(dbbi_cells *c, dbb_error *err)
{
	c->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	c->cells_free = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	c->extents_free = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	c->queued = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	return dbbi_cond_init(&c->settled, err);
}

static int
make_cells(struct stream_reader *r, unsigned threads, dbb_error *err)
{
	dbbi_cells *c = &r->c;

	c->room = dbbi_gather_room(&c->repo->params);
	c->ahead = DBBI_BATCH * threads;
	if (c->ahead < MIN_AHEAD)
		c->ahead = MIN_AHEAD;
	if (c->ahead > DBBI_CELLS - DBBI_CELLS_SPARE)
		c->ahead = DBBI_CELLS - DBBI_CELLS_SPARE;
	c->count = c->ahead + DBBI_CELLS_SPARE;
	r->buffers = dbbi_pages_new(c->count * c->room, err);
	if (r->buffers == NULL)
		return DBB_ENOMEM;
	for (uint32_t i = 0; i < c->count; i++)
		c->cells[i].plain = r->buffers + i * c->room;
	return 0;
}

static int
start_thread(struct stream_reader *r, void *(*fn)(void *), dbb_error *err)
{
	int rc;

	rc = dbbi_thread_start(&r->threads[r->thread_count], fn, &r->c, err);
	if (rc == 0)
		r->thread_count++;
	return rc;
}

static int
start_threads(struct stream_reader *r, unsigned fetchers, dbb_error *err)
{
	int rc = start_thread(r, dbbi_cells_plan, err);

	while (rc == 0 && r->thread_count < fetchers + 1)
		rc = start_thread(r, dbbi_cells_fetch, err);
	return rc;
}

/* Beside those that unpack, some that wait for the store, if it gives several
 * objects at once. */
static unsigned
default_threads(dbbi_store *store)
{
	unsigned cores = dbbi_thread_cores(MOST_CORES);

	return dbbi_store_parallel(store) > 1 ? cores + WAITING : cores;
}

static int
open_reader(struct stream_reader **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, unsigned threads, dbb_error *err)
{
	struct stream_reader *r;
	int rc;

	if (threads == 0)
		threads = default_threads(repo->store);
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	if ((rc = dbbi_repo_load_index(repo, err)) < 0)
		return rc;
	if ((r = calloc(1, sizeof *r)) == NULL)
		return dbbi_error_nomem(err);
	r->base.read = read_stream;
	r->base.free = free_reader;
	r->c.repo = repo;
	r->c.ref = *ref;
	if ((rc = make_locks(&r->c, err)) < 0) {
		free(r);
		return rc;
	}
	if ((rc = dbbi_sha256_new(&r->hash, err)) < 0 ||
	    (rc = make_cells(r, threads, err)) < 0 ||
	    (rc = start_threads(r, threads, err)) < 0) {
		free_reader(&r->base);
		return rc;
	}
	*out = r;
	return 0;
}

int
dbbi_repo_read_stream(dbbi_reader **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, unsigned threads, dbb_error *err)
{
	struct stream_reader *r;
	int rc = open_reader(&r, repo, ref, threads, err);

	if (rc == 0)
		*out = &r->base;
	return rc;
}

int
dbbi_repo_send_stream(dbbi_repo *repo, const dbbi_stream_ref *ref,
    dbb_write_fn fn, void *payload, dbb_error *err)
{
	struct stream_reader *r;
	const uint8_t *bytes;
	size_t size;
	int rc;

	if ((rc = open_reader(&r, repo, ref, 0, err)) < 0)
		return rc;
	while ((rc = next_bytes(&bytes, &size, r, SIZE_MAX, err)) == 0 &&
	    size > 0) {
		if (fn(bytes, size, payload) != 0) {
			rc = dbbi_error_set(err, DBB_ECANCELED,
			    "the receiver stopped taking it");
			break;
		}
		note_given(r, size);
	}
	free_reader(&r->base);
	return rc;
}
