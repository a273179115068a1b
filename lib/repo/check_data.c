/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading packs to prove them, several at a time. */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "repo/check_packs.h"
#include "repo/pack.h"
#include "util/threads.h"

#define MAX_THREADS 4u		/* each holds a pack */
#define PIECE_BYTES (4u << 20)

struct reading {
	dbbi_needed *needed;
	dbbi_repo *repo;
	_Atomic uint64_t *bytes_read;
	_Atomic uint64_t *progress;	/* may be NULL */
	_Atomic uint32_t next;
	size_t largest;			/* pack */
	pthread_mutex_t mutex;		/* for what follows */
	int rc;
	dbb_error failure;
};

/* What one thread has. */
struct desk {
	struct reading *reading;
	uint8_t *pack;			/* `largest` bytes */
	uint8_t *plain;			/* DBBI_CHUNK_LIMIT bytes */
	dbbi_opener opener;
};

static int
load_pack(struct desk *desk, const dbbi_set_pack *pack, dbb_error *err)
{
	struct reading *r = desk->reading;
	uint32_t at = 0, n;
	int rc;

	while (at < pack->size) {
		if ((rc = dbbi_run_check(r->repo->run, err)) < 0)
			return rc;
		n = pack->size - at < PIECE_BYTES ? pack->size - at :
		    PIECE_BYTES;
		rc = dbbi_pack_read(desk->pack + at, r->repo->store,
		    &pack->name, at, n, err);
		if (rc < 0)
			return rc;
		at += n;
		atomic_fetch_add(r->bytes_read, n);
		if (r->progress != NULL)
			atomic_fetch_add(r->progress, n);
	}
	return 0;
}

/* Data that the key at hand cannot open is proven by the pack's name only. */
static int
can_open(const dbbi_repo *repo, const dbbi_entry *entry)
{
	return entry->kind == DBBI_KIND_LIST || dbbi_repo_can_read(repo);
}

static int
check_chunks(struct desk *desk, uint32_t size, dbb_error *err)
{
	dbbi_repo *repo = desk->reading->repo;
	dbbi_pack_view view;
	dbbi_entry entry;
	dbbi_content content;
	int rc;

	rc = dbbi_pack_open(&view, desk->pack, size, repo->keys, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < view.count; i++) {
		if (dbbi_pack_entry(&entry, &view, i) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of its directory is not possible", i);
		if (!can_open(repo, &entry))
			continue;
		rc = dbbi_chunk_open(&content, desk->plain, &desk->opener,
		    &view.box, &entry, desk->pack + entry.offset, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
check_pack(struct desk *desk, const dbbi_set_pack *pack, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = load_pack(desk, pack, err)) < 0 ||
	    (rc = dbbi_sha256_of(digest, desk->pack, pack->size, err)) < 0)
		return rc;
	if (memcmp(digest, pack->name.bytes, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its bytes are not those that were written");
	return check_chunks(desk, pack->size, err);
}

/* Keep the first failure; the others stop. */
static void
fail(struct reading *r, int rc, const dbb_error *err)
{
	pthread_mutex_lock(&r->mutex);
	if (r->rc == 0) {
		r->rc = rc;
		r->failure = *err;
	}
	pthread_mutex_unlock(&r->mutex);
	atomic_store(&r->next, r->needed->count);
}

static void
check_all(struct desk *desk)
{
	struct reading *r = desk->reading;
	dbbi_needed_pack *pack;
	dbb_error err;
	uint32_t i;
	int rc;

	while ((i = atomic_fetch_add(&r->next, 1)) < r->needed->count) {
		pack = &r->needed->packs[i];
		if (!pack->chosen)
			continue;
		dbbi_error_clear(&err);
		rc = check_pack(desk, &pack->pack, &err);
		pack->proven = rc == 0;
		if (dbbi_is_damage(rc)) {
			pack->damage = dbbi_text_dup(err.message);
			pack->rotten = 1;
			rc = pack->damage == NULL ?
			    dbbi_error_nomem(&err) : 0;
		}
		if (rc < 0) {
			fail(r, rc, &err);
			return;
		}
	}
}

static void *
work(void *argument)
{
	struct desk desk = { .reading = argument };
	struct reading *r = argument;
	dbb_error err;
	int rc;

	dbbi_error_clear(&err);
	rc = dbbi_opener_init(&desk.opener, r->repo->keys, &err);
	desk.pack = dbbi_pages_new(r->largest, &err);
	desk.plain = dbbi_pages_new(DBBI_CHUNK_LIMIT, &err);
	if (desk.pack == NULL || desk.plain == NULL)
		rc = DBB_ENOMEM;
	if (rc == 0)
		check_all(&desk);
	else
		fail(r, rc, &err);
	dbbi_pages_free(desk.plain, DBBI_CHUNK_LIMIT);
	dbbi_pages_free(desk.pack, r->largest);
	dbbi_opener_clear(&desk.opener);
	return NULL;
}

static size_t
find_largest(const dbbi_needed *needed)
{
	size_t largest = 1;

	for (uint32_t i = 0; i < needed->count; i++)
		if (needed->packs[i].chosen &&
		    needed->packs[i].pack.size > largest)
			largest = needed->packs[i].pack.size;
	return largest;
}

int
dbbi_needed_read(dbbi_needed *needed, dbbi_repo *repo,
    _Atomic uint64_t *bytes_read, _Atomic uint64_t *progress,
    dbb_error *err)
{
	struct reading r = { .needed = needed, .repo = repo,
	    .bytes_read = bytes_read, .progress = progress,
	    .largest = find_largest(needed) };
	unsigned count = dbbi_thread_cores(MAX_THREADS), started = 0;
	pthread_t threads[MAX_THREADS];
	int errnum, rc = 0;

	if ((errnum = pthread_mutex_init(&r.mutex, NULL)) != 0)
		return dbbi_error_errno(err, errnum, "making a mutex");
	while (started < count && rc == 0) {
		rc = dbbi_thread_start(&threads[started], work, &r, err);
		if (rc == 0)
			started++;
	}
	if (rc < 0)	/* the others need not go on */
		atomic_store(&r.next, needed->count);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&r.mutex);
	if (rc == 0 && r.rc < 0) {
		rc = r.rc;
		if (err != NULL)
			*err = r.failure;
	}
	return rc;
}
