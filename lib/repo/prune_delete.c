/* SPDX-License-Identifier: BSD-2-Clause */
/* Deleting packs, and what stands against it: a store may lock objects. */
#include <config.h>

#include "repo/prune_state.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 1000u		/* as many as S3 deletes by one request */

int
dbbi_set_locked_until(int64_t *until_ms, dbbi_repo *repo, const char *id,
    dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];

	*until_ms = 0;
	if (!dbbi_store_locks(repo->store))
		return 0;
	dbbi_set_object(object, id);
	return dbbi_store_locked_until(until_ms, repo->store, object, err);
}

/* ---- what is locked ---- */

static void
note_lock(dbbi_prune *p, dbbi_prune_pack *pack, int64_t until_ms)
{
	dbbi_prune_stats *stats = &p->stats;

	pack->flags |= DBBI_PRUNE_LOCKED;
	if (stats->locked_first_ms == 0 || until_ms < stats->locked_first_ms)
		stats->locked_first_ms = until_ms;
	if (until_ms > stats->locked_last_ms)
		stats->locked_last_ms = until_ms;
}

int
dbbi_prune_find_locked(dbbi_prune *p, dbb_error *err)
{
	dbbi_store *store = p->repo->store;
	char object[DBBI_OBJECT_SIZE];
	int64_t until_ms;
	int rc = 0;

	if (!dbbi_store_locks(store))
		return 0;
	for (uint32_t i = 0; rc == 0 && i < p->packs.count; i++) {
		dbbi_prune_pack *pack = &p->packs.items[i];

		if (!dbbi_prune_is_to_delete(pack))
			continue;
		dbbi_pack_object(object, &pack->name);
		if ((rc = dbbi_run_check(p->repo->run, err)) < 0 ||
		    (rc = dbbi_store_locked_until(&until_ms, store, object,
		    err)) < 0)
			break;
		if (until_ms != 0)
			note_lock(p, pack, until_ms);
	}
	return rc;
}

/* ---- deleting ---- */

/* Names of objects that go together. */
struct batch {
	const char *names[BATCH];
	char room[BATCH][DBBI_OBJECT_SIZE];
	size_t count;
	int rc;			/* the first failure, */
	dbb_error err;		/* and why */
};

static void
note_failure(const char *name, const dbb_error *why, void *payload)
{
	struct batch *b = payload;

	if (b->rc < 0)
		return;
	b->rc = why->code < 0 ? why->code : DBB_EIO;
	b->err = *why;
	dbbi_error_context(&b->err, b->rc, "'%s'", name);
}

static int
delete_batch(struct batch *b, dbbi_repo *repo, dbb_error *err)
{
	int rc = 0;

	if (b->count > 0)
		rc = dbbi_store_remove_many(repo->store, b->names, b->count,
		    note_failure, b, err);
	b->count = 0;
	if (rc < 0 || b->rc == 0)
		return rc;
	if (err != NULL)
		*err = b->err;
	return b->rc;
}

static int
delete_all(struct batch *b, dbbi_prune *p, dbb_error *err)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->packs.count; i++) {
		const dbbi_prune_pack *pack = &p->packs.items[i];

		if (!dbbi_prune_is_to_delete(pack))
			continue;
		if ((rc = dbbi_run_check(p->repo->run, err)) < 0)
			break;
		dbbi_pack_object(b->room[b->count], &pack->name);
		b->names[b->count] = b->room[b->count];
		if (++b->count == BATCH)
			rc = delete_batch(b, p->repo, err);
	}
	return rc < 0 ? rc : delete_batch(b, p->repo, err);
}

int
dbbi_prune_delete(dbbi_prune *p, dbb_error *err)
{
	struct batch *b = calloc(1, sizeof *b);
	int rc;

	if (b == NULL)
		return dbbi_error_nomem(err);
	rc = delete_all(b, p, err);
	free(b);
	return dbbi_error_context(err, rc, "deleting packs");
}

/* ---- leftovers ---- */

/* Whoever wrote for longer than the grace has failed by now. That they cannot
 * be found, or not be taken away, keeps nothing else from being done. */
void
dbbi_prune_sweep(dbbi_prune *p)
{
	int64_t before_ms = dbbi_now_ms() - (int64_t)p->repo->grace_s * 1000;
	dbb_error why = {0};
	size_t swept = 0;

	if (dbbi_store_sweep(&swept, p->repo->store, before_ms, &why) < 0)
		dbbi_log(p->repo->run, DBB_LOG_WARNING, "%s", why.message);
	p->stats.swept = swept < UINT32_MAX ? (uint32_t)swept : UINT32_MAX;
}
