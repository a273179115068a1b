/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/protect.h"

#include <stdatomic.h>
#include <string.h>

#include "repo/repository.h"
#include "util/threads.h"

#define THREADS_MAX 16

/* Objects that are being protected: packs, then segments. */
struct work {
	dbbi_repo *repo;
	const dbbi_set_pack *packs;
	uint32_t pack_count;
	dbbi_list segments;
	atomic_size_t next;
	pthread_mutex_t mutex;	/* of what follows */
	dbbi_protection done;
};

/* The n-th object's name; 0 when there is none. */
static int
name_of(char out[DBBI_OBJECT_SIZE], const struct work *w, size_t n)
{
	if (n < w->pack_count) {
		dbbi_pack_object(out, &w->packs[n].name);
		return 1;
	}
	n -= w->pack_count;
	if (n >= w->segments.count ||
	    strlen(w->segments.items[n]) >= DBBI_OBJECT_SIZE)
		return 0;
	strcpy(out, w->segments.items[n]);
	return 1;
}

static void
note_failure(struct work *w, const dbb_error *why)
{
	pthread_mutex_lock(&w->mutex);
	if (w->done.failed++ == 0)
		w->done.why = *why;
	pthread_mutex_unlock(&w->mutex);
}

/* A segment that has gone was made part of another by a prune. */
static void *
protect(void *argument)
{
	struct work *w = argument;
	char object[DBBI_OBJECT_SIZE];
	dbb_error why;
	size_t n;
	int rc;

	while (dbbi_run_check(w->repo->run, NULL) == 0 &&
	    name_of(object, w, n = atomic_fetch_add(&w->next, 1))) {
		dbbi_error_clear(&why);
		rc = dbbi_store_protect(w->repo->store, object, &why);
		if (rc < 0 && (rc != DBB_ENOTFOUND || n < w->pack_count))
			note_failure(w, &why);
	}
	return NULL;
}

/* By as many threads as pay; where none starts, by this one. */
static void
protect_all(struct work *w)
{
	unsigned wanted = dbbi_store_parallel(w->repo->store), count = 0;
	pthread_t threads[THREADS_MAX];

	while (count < wanted && count < THREADS_MAX &&
	    dbbi_thread_start(&threads[count], protect, w, NULL) == 0)
		count++;
	if (count == 0)
		protect(w);
	while (count > 0)
		pthread_join(threads[--count], NULL);
}

int
dbbi_repo_protect(dbbi_protection *out, dbbi_repo *repo,
    const dbbi_set_pack *packs, uint32_t count, dbb_error *err)
{
	struct work w = { .repo = repo, .packs = packs, .pack_count = count };
	dbb_error why = {0};
	int errnum, rc;

	memset(out, 0, sizeof *out);
	if (!dbbi_store_locks(repo->store))
		return 0;
	if ((errnum = pthread_mutex_init(&w.mutex, NULL)) != 0)
		return dbbi_error_errno(err, errnum, "making a mutex");
	if (dbbi_segment_names(&w.segments, repo->store, &why) < 0)
		note_failure(&w, &why);
	protect_all(&w);
	rc = dbbi_run_check(repo->run, err);
	w.done.count = count + (uint32_t)w.segments.count;
	dbbi_list_clear(&w.segments);
	pthread_mutex_destroy(&w.mutex);
	*out = w.done;
	return rc;
}
