/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a prune, in an order in which each may be the last:
 *
 *	look	records, packs, heads; nothing is written yet
 *	rewrite	live chunks of mostly unused packs, into new ones
 *	condemn	what no set needs that stays, in one record
 *	look	again, at sets that came since, or were not listed
 *	remove	manifests of sets that do not stay
 *	delete	packs whose newest record is past the grace; what the store
 *		has locked stays, and waits for another prune
 *	index	without the packs that are gone
 *	tidy	records that have nothing to say any more
 *
 * Condemned before the manifests go, so that who still reads one of the sets
 * has the grace to end. Records outlive their packs by another grace, so
 * that no writer makes a pack of the same name while a slow prune deletes.
 */
#include <config.h>

#include "repo/prune_state.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

static void
count(dbbi_prune_part *part, const dbbi_prune_pack *pack)
{
	part->packs++;
	part->bytes += pack->size;
}

static int
has(const dbbi_prune_pack *pack, unsigned flags)
{
	return (pack->flags & flags) == flags;
}

/* Condemned, and to be deleted once it is time. */
static int
is_waiting(const dbbi_prune_pack *pack)
{
	if (dbbi_prune_is_to_condemn(pack))
		return 1;
	return pack->record > 0 && !dbbi_prune_is_to_delete(pack) &&
	    (!has(pack, DBBI_PRUNE_USED) || has(pack, DBBI_PRUNE_MOVED));
}

static void
note_wait(dbbi_prune_stats *stats, int64_t until_ms)
{
	if (stats->delete_first_ms == 0 || until_ms < stats->delete_first_ms)
		stats->delete_first_ms = until_ms;
	if (until_ms > stats->delete_last_ms)
		stats->delete_last_ms = until_ms;
}

/* It waits for the grace to end, or for the end of its lock. */
static void
count_waiting(dbbi_prune *p, const dbbi_prune_pack *pack, int64_t now_ms)
{
	int64_t grace_ms = (int64_t)p->repo->grace_s * 1000;
	dbbi_prune_stats *stats = &p->stats;

	count(&stats->waiting, pack);
	if (has(pack, DBBI_PRUNE_LOCKED)) {
		count(&stats->locked, pack);
		note_wait(stats, stats->locked_first_ms);
		note_wait(stats, stats->locked_last_ms);
	} else {
		note_wait(stats, grace_ms + (dbbi_prune_is_to_condemn(pack) ?
		    now_ms : p->condemned.records[pack->record -
		    1].modified_at_ms));
	}
}

static void
count_packs(dbbi_prune *p, int64_t now_ms)
{
	dbbi_prune_stats *stats = &p->stats;

	for (uint32_t i = 0; i < p->packs.count; i++) {
		const dbbi_prune_pack *pack = &p->packs.items[i];

		count(&stats->store, pack);
		if (has(pack, DBBI_PRUNE_USED))
			count(&stats->used, pack);
		if (dbbi_prune_is_to_condemn(pack))
			count(&stats->condemned, pack);
		if (dbbi_prune_is_to_delete(pack))
			count(&stats->deleted, pack);
		if (is_waiting(pack))
			count_waiting(p, pack, now_ms);
	}
}

/* ---- the store's clock ---- */

static int
note_newest(const dbb_object *object, void *payload)
{
	int64_t *newest = payload;

	if (object->modified_at_ms > *newest)
		*newest = object->modified_at_ms;
	return 0;
}

/* What the store's clock has reached at least: for a store that is too full
 * to be asked by writing. */
static int
least_time(int64_t *out, dbbi_prune *p, dbb_error *err)
{
	dbbi_store *store = p->repo->store;
	int64_t newest = 0;
	int rc;

	if ((rc = dbbi_store_list(store, "sets/", note_newest, &newest,
	    err)) < 0 ||
	    (rc = dbbi_store_list(store, "condemned/", note_newest, &newest,
	    err)) < 0)
		return rc;
	*out = newest;
	return 0;
}

static int
collect_doomed(dbbi_prune *p, dbb_error *err)
{
	uint32_t n = 0;

	p->doomed = calloc((size_t)p->packs.count + 1, sizeof *p->doomed);
	if (p->doomed == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < p->packs.count &&
	    n < DBBI_RECORD_PACKS; i++)
		if (dbbi_prune_is_to_condemn(&p->packs.items[i])) {
			p->doomed[n].name = p->packs.items[i].name;
			p->doomed[n++].size = p->packs.items[i].size;
		}
	p->doomed_count = n;
	return 0;
}

/* Write the new record, and see by it what time it is. One that names nothing
 * is only a look at the clock. */
static int
condemn(int64_t *now_ms, dbbi_prune *p, dbb_error *err)
{
	dbb_object stat = { .size = sizeof stat };
	char id[DBBI_SET_ID_SIZE], object[DBBI_OBJECT_SIZE];
	int rc;

	if ((rc = collect_doomed(p, err)) < 0)
		return rc;
	if (p->doomed_count == 0 && p->condemned.count == 0)
		return 0;
	rc = dbbi_condemned_write(id, p->repo, p->doomed, p->doomed_count,
	    p->moves, p->move_count, err);
	if (rc < 0)
		return rc;
	dbbi_condemned_object(object, id);
	rc = dbbi_store_stat(&stat, p->repo->store, object, err);
	if (rc == 0 && p->doomed_count == 0)
		rc = dbbi_store_remove(p->repo->store, object, err);
	if (rc == 0)
		*now_ms = stat.modified_at_ms;
	return rc;
}

/* ---- what is done ---- */

static int
remove_sets(dbbi_prune *p, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->remove->count; i++) {
		dbbi_set_object(object, p->remove->items[i]);
		rc = dbbi_store_remove(p->repo->store, object, err);
	}
	return dbbi_error_context(err, rc, "removing sets");
}

/* Packs that a record names, and the store has no more; not those that a set
 * has lost: they may come back. */
static int
collect_gone(dbbi_names *gone, const dbbi_prune *p, dbb_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		for (uint32_t k = 0; rc == 0 && k < r->pack_count; k++) {
			const dbbi_id *name = &r->packs[k].name;
			const dbbi_prune_pack *pack =
			    dbbi_prune_packs_find(&p->packs, name);

			if (pack != NULL ? dbbi_prune_is_to_delete(pack) :
			    dbbi_prune_is_moved(p, name) ||
			    !dbbi_names_have(&p->missing, name))
				rc = dbbi_names_add(gone, name, err);
		}
	}
	dbbi_names_sort(gone);
	return rc;
}

/* Does the record still have something to say? Those of which packs are gone
 * tell which segments are old, while there are such that cannot go. */
static int
is_finished(const dbbi_prune *p, uint32_t no, int64_t now_ms)
{
	const dbbi_record *r = &p->condemned.records[no];
	int64_t age_ms = now_ms - r->modified_at_ms;
	const dbbi_prune_pack *pack;

	if (p->segments_locked ||
	    age_ms <= 2 * (int64_t)p->repo->grace_s * 1000)
		return 0;
	for (uint32_t i = 0; i < r->pack_count; i++) {
		pack = dbbi_prune_packs_find(&p->packs, &r->packs[i].name);
		if (pack != NULL && pack->record == no + 1 &&
		    (!has(pack, DBBI_PRUNE_USED) ||
		    has(pack, DBBI_PRUNE_MOVED)))
			return 0;
	}
	for (uint32_t i = 0; i < r->move_count; i++)
		if (dbbi_names_have(&p->missing, &r->moves[i].from))
			return 0;
	return 1;
}

/* A damaged record goes, too: what it named is condemned anew by now. */
static int
tidy(dbbi_prune *p, int64_t now_ms, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		if (r->damage != DBB_EDAMAGED &&
		    (r->damage != 0 || !is_finished(p, i, now_ms)))
			continue;
		dbbi_condemned_object(object, r->id);
		rc = dbbi_store_remove(p->repo->store, object, err);
	}
	return dbbi_error_context(err, rc, "removing old records");
}

/* A full store must not keep anything from being deleted. Also says how long
 * ago, at `now_ms`, heads were read: what is past the grace only since then
 * may be named by a set that was committed since then. */
static int
condemn_if_there_is_room(int64_t *now_ms, int64_t *since_look_ms,
    dbbi_prune *p, dbb_error *err)
{
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = p->rewrite ? dbbi_prune_rewrite(p, &cause) : 0;
	*since_look_ms = dbbi_moment_age(&p->looked);
	if (rc == 0)
		rc = condemn(now_ms, p, &cause);
	if (rc == DBB_ENOSPC) {
		dbbi_log(p->repo->run, DBB_LOG_WARNING, "%s: only what was "
		    "condemned before is deleted", cause.message);
		p->full = 1;
		return least_time(now_ms, p, err);
	}
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

static int
act(dbbi_prune *p, dbb_error *err)
{
	dbbi_names gone = { NULL, 0, 0 };
	int64_t now_ms = 0, since_look_ms = 0;
	int rc;

	rc = condemn_if_there_is_room(&now_ms, &since_look_ms, p, err);
	if (rc < 0)
		return rc;
	dbbi_prune_date(p, now_ms - since_look_ms);
	if ((rc = dbbi_prune_look_again(p, err)) < 0 ||
	    (rc = dbbi_prune_find_locked(p, err)) < 0)
		return rc;
	count_packs(p, now_ms);
	if ((rc = remove_sets(p, err)) < 0 ||
	    (rc = dbbi_prune_delete(p, err)) < 0)
		return rc;
	dbbi_prune_sweep(p);
	if (p->full)
		return 0;
	rc = collect_gone(&gone, p, err);
	if (rc == 0 && gone.count > 0)
		rc = dbbi_prune_index(p, &gone, err);
	dbbi_names_clear(&gone);
	return rc < 0 ? rc : tidy(p, now_ms, err);
}

/* Only say it: by this machine's clock, and as if sparse packs were as empty
 * as heads make them look. */
static int
rehearse(dbbi_prune *p, dbb_error *err)
{
	dbbi_prune_stats *stats = &p->stats;
	int rc;

	for (uint32_t i = 0; i < p->packs.count; i++) {
		dbbi_prune_pack *pack = &p->packs.items[i];

		if (!has(pack, DBBI_PRUNE_SPARSE))
			continue;
		pack->flags |= DBBI_PRUNE_REWRITTEN;
		count(&stats->rewritten, pack);
		stats->rewritten_bytes += pack->most_used;
	}
	if ((rc = dbbi_prune_find_locked(p, err)) == 0)
		count_packs(p, dbbi_now_ms());
	return rc;
}

/* A key that can only write cannot read what it would have to seal anew. */
static int
can_rewrite(const dbbi_prune *p)
{
	if (dbbi_repo_can_read(p->repo))
		return 1;
	dbbi_log(p->repo->run, DBB_LOG_INFO, "packs that are mostly unused "
	    "stay as they are: to write them anew takes the full key");
	return 0;
}

static int
prune(dbbi_prune *p, int dry_run, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_prune_look(p, err)) < 0)
		return rc;
	dbbi_prune_date(p, dbbi_now_ms());
	p->rewrite = can_rewrite(p) && dbbi_prune_find_sparse(p);
	if ((rc = dbbi_prune_walk(p, err)) < 0)
		return rc;
	return dry_run ? rehearse(p, err) : act(p, err);
}

int
dbbi_repo_prune(dbbi_prune_stats *out, dbbi_repo *repo,
    const dbbi_prune_options *options, dbb_error *err)
{
	dbbi_prune p = { .repo = repo, .remove = options->remove };
	int rc;

	rc = prune(&p, options->dry_run, err);
	if (rc == 0)
		*out = p.stats;
	free(p.moves);
	free(p.doomed);
	free(p.live);
	dbbi_index_free(p.index);
	dbbi_names_clear(&p.missing);
	dbbi_list_clear(&p.walked);
	dbbi_list_clear(&p.sets);
	dbbi_prune_packs_clear(&p.packs);
	dbbi_condemned_clear(&p.condemned);
	return dbbi_error_context(err, rc, "pruning");
}
