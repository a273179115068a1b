/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream's plain bytes. Workers plan and fetch spans ahead, each into a
 * job of a ring; the caller's thread takes the jobs in order, hashes what it
 * gives, and says the end only when the hash is right.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/span.h"
#include "repo/threads.h"

#define MAX_THREADS 16u
#define DEFAULT_THREADS 4u	/* at most: each may hold 8 MiB */

enum job_state {
	JOB_FREE,
	JOB_BUSY,
	JOB_READY,
	JOB_END,		/* of the stream */
	JOB_FAILED
};

struct job {
	enum job_state state;
	dbbi_span span;
	uint8_t *stored;	/* room bytes each */
	uint8_t *plain;
	dbb_error failure;
};

struct stream_reader {
	dbbi_reader base;	/* must be first */
	dbbi_repo *repo;
	dbbi_stream_ref ref;
	dbbi_planner *planner;
	size_t room;

	pthread_mutex_t plan_mutex;	/* planner; taken before `mutex` */
	pthread_mutex_t mutex;		/* states, head, tail, stop */
	pthread_cond_t changed;
	int stop;
	uint64_t head;			/* the job that is given */
	uint64_t tail;			/* the job that is planned next */
	struct job *jobs;
	size_t job_count;
	uint8_t *buffers;

	pthread_t *threads;
	size_t thread_count;

	/* Of the caller's thread. */
	dbbi_sha256 *hash;
	uint64_t given;
	uint32_t chunk;			/* of the head's span */
	uint32_t at;			/* byte of that chunk */
	int result;			/* once ended: 0, or the failure */
	int ended;
	dbb_error failure;
};

/* ---- workers ---- */

/* Wait for a free job and plan it; NULL when there is no more to do. The
 * plan mutex, held all the while, keeps spans in order. */
static struct job *
plan_job(struct stream_reader *r)
{
	struct job *job = NULL;
	int rc;

	pthread_mutex_lock(&r->mutex);
	while (!r->stop && r->tail - r->head == r->job_count)
		pthread_cond_wait(&r->changed, &r->mutex);
	if (!r->stop) {
		job = &r->jobs[r->tail++ % r->job_count];
		job->state = JOB_BUSY;
	}
	pthread_mutex_unlock(&r->mutex);
	if (job == NULL)
		return NULL;

	rc = dbbi_planner_next(&job->span, r->planner, &job->failure);
	if (rc == 1)
		return job;
	pthread_mutex_lock(&r->mutex);
	job->state = rc == 0 ? JOB_END : JOB_FAILED;
	r->stop = 1;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

static void
fetch_job(struct stream_reader *r, struct job *job,
    const dbbi_opener *opener)
{
	int rc;

	rc = dbbi_span_fetch(&job->span, r->repo, opener, job->stored,
	    job->plain, &job->failure);
	pthread_mutex_lock(&r->mutex);
	job->state = rc == 0 ? JOB_READY : JOB_FAILED;
	if (rc < 0)
		r->stop = 1;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

static void *
work(void *argument)
{
	struct stream_reader *r = argument;
	dbbi_opener opener;
	struct job *job;
	dbb_error err;
	int rc;

	dbbi_error_clear(&err);
	rc = dbbi_opener_init(&opener, &err);
	for (;;) {
		pthread_mutex_lock(&r->plan_mutex);
		job = plan_job(r);
		pthread_mutex_unlock(&r->plan_mutex);
		if (job == NULL)
			break;
		if (rc == 0) {
			fetch_job(r, job, &opener);
			continue;
		}
		job->failure = err;
		pthread_mutex_lock(&r->mutex);
		job->state = JOB_FAILED;
		r->stop = 1;
		pthread_cond_broadcast(&r->changed);
		pthread_mutex_unlock(&r->mutex);
	}
	dbbi_opener_clear(&opener);
	return NULL;
}

/* ---- the caller's thread ---- */

static int
check_end(struct stream_reader *r, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = dbbi_sha256_end(digest, r->hash, err)) < 0)
		return rc;
	if (r->given == r->ref.size_bytes &&
	    memcmp(digest, r->ref.sha256, sizeof digest) == 0)
		return 0;
	dbbi_error_set(err, DBB_EDAMAGED, "the stream is not what was backed "
	    "up: its %llu bytes do not have the SHA-256 that the set says",
	    (unsigned long long)r->given);
	dbbi_error_hint(err, "run 'dbb-backup verify --read-data' to see "
	    "which sets are damaged");
	return DBB_EDAMAGED;
}

/* Wait for the head's job; 1 when it has bytes, 0 at the end. */
static int
wait_job(struct job **out, struct stream_reader *r, dbb_error *err)
{
	struct job *job = &r->jobs[r->head % r->job_count];
	enum job_state state;
	int rc;

	pthread_mutex_lock(&r->mutex);
	while ((rc = dbbi_run_check(r->repo->run, err)) == 0 &&
	    (r->tail == r->head || job->state == JOB_BUSY))
		dbbi_cond_wait(&r->changed, &r->mutex);
	state = job->state;
	pthread_mutex_unlock(&r->mutex);
	if (rc < 0)
		return rc;
	if (state == JOB_READY) {
		*out = job;
		return 1;
	}
	if (state == JOB_END)
		return check_end(r, err);
	if (err != NULL)
		*err = job->failure;
	return job->failure.code;
}

static void
release_job(struct stream_reader *r, struct job *job)
{
	pthread_mutex_lock(&r->mutex);
	job->state = JOB_FREE;
	r->head++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	r->chunk = 0;
	r->at = 0;
}

/* Copy from the head's chunks, as far as `size` goes. */
static size_t
give(struct stream_reader *r, const struct job *job, uint8_t *to,
    size_t size)
{
	const dbbi_span *span = &job->span;
	size_t done = 0, n;

	while (done < size && r->chunk < span->count) {
		n = span->entries[r->chunk].plain - r->at;
		if (n > size - done)
			n = size - done;
		memcpy(to + done, span->bytes[r->chunk] + r->at, n);
		done += n;
		r->at += (uint32_t)n;
		if (r->at == span->entries[r->chunk].plain) {
			r->chunk++;
			r->at = 0;
		}
	}
	return done;
}

static int
read_some(size_t *got, struct stream_reader *r, void *buffer, size_t size,
    dbb_error *err)
{
	struct job *job = NULL;
	int rc;

	*got = 0;
	if ((rc = wait_job(&job, r, err)) != 1 || job == NULL)
		return rc;
	*got = give(r, job, buffer, size);
	if (r->chunk == job->span.count)
		release_job(r, job);
	r->given += *got;
	return dbbi_sha256_add(r->hash, buffer, *got, err);
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
free_reader(dbbi_reader *reader)
{
	struct stream_reader *r = (struct stream_reader *)reader;

	pthread_mutex_lock(&r->mutex);
	r->stop = 1;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	for (size_t i = 0; i < r->thread_count; i++)
		pthread_join(r->threads[i], NULL);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->mutex);
	pthread_mutex_destroy(&r->plan_mutex);
	dbbi_sha256_free(r->hash);
	dbbi_planner_free(r->planner);
	dbbi_pages_free(r->buffers, 2 * r->room * r->job_count);
	free(r->jobs);
	free(r->threads);
	free(r);
}

/* ---- making one ---- */

static int
make_locks(struct stream_reader *r, dbb_error *err)
{
	int errnum, rc;

	if ((errnum = pthread_mutex_init(&r->plan_mutex, NULL)) != 0)
		return dbbi_error_errno(err, errnum, "making a mutex");
	if ((errnum = pthread_mutex_init(&r->mutex, NULL)) != 0) {
		pthread_mutex_destroy(&r->plan_mutex);
		return dbbi_error_errno(err, errnum, "making a mutex");
	}
	if ((rc = dbbi_cond_init(&r->changed, err)) < 0) {
		pthread_mutex_destroy(&r->mutex);
		pthread_mutex_destroy(&r->plan_mutex);
	}
	return rc;
}

static int
make_jobs(struct stream_reader *r, unsigned threads, dbb_error *err)
{
	r->job_count = threads + 2;
	r->jobs = calloc(r->job_count, sizeof *r->jobs);
	r->threads = calloc(threads, sizeof *r->threads);
	if (r->jobs == NULL || r->threads == NULL)
		return dbbi_error_nomem(err);
	r->room = dbbi_planner_room(r->planner);
	r->buffers = dbbi_pages_new(2 * r->room * r->job_count, err);
	if (r->buffers == NULL)
		return DBB_ENOMEM;
	for (size_t i = 0; i < r->job_count; i++) {
		r->jobs[i].stored = r->buffers + 2 * i * r->room;
		r->jobs[i].plain = r->jobs[i].stored + r->room;
	}
	return 0;
}

static int
start_workers(struct stream_reader *r, unsigned threads, dbb_error *err)
{
	int rc;

	for (; r->thread_count < threads; r->thread_count++) {
		rc = dbbi_thread_start(&r->threads[r->thread_count], work, r,
		    err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
dbbi_repo_read_stream(dbbi_reader **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, unsigned threads, dbb_error *err)
{
	struct stream_reader *r;
	int rc;

	if (threads == 0)
		threads = dbbi_thread_cores(DEFAULT_THREADS);
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	if ((rc = dbbi_repo_load_index(repo, err)) < 0)
		return rc;
	if ((r = calloc(1, sizeof *r)) == NULL)
		return dbbi_error_nomem(err);
	r->base.read = read_stream;
	r->base.free = free_reader;
	r->repo = repo;
	r->ref = *ref;
	if ((rc = make_locks(r, err)) < 0) {
		free(r);
		return rc;
	}
	if ((rc = dbbi_planner_new(&r->planner, repo, ref, err)) < 0 ||
	    (rc = dbbi_sha256_new(&r->hash, err)) < 0 ||
	    (rc = make_jobs(r, threads, err)) < 0 ||
	    (rc = start_workers(r, threads, err)) < 0) {
		free_reader(&r->base);
		return rc;
	}
	*out = &r->base;
	return 0;
}
