/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a prune, in an order in which each may be the last:
 *
 *	look	records, packs, heads; nothing is written yet
 *	rewrite	live chunks of mostly unused packs, into new ones
 *	condemn	what no set needs that stays, in one record
 *	look	again, at sets that came since, or were not listed
 *	remove	manifests of sets that do not stay
 *	delete	packs whose newest record is past the grace
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

/* ---- what is decided ---- */

/* Is it to stand in the new record? What was condemned before is condemned
 * anew when a set named it meanwhile: its readers have the grace to end. */
static int
is_to_condemn(const dbbi_prune_pack *pack)
{
	if (has(pack, DBBI_PRUNE_REWRITTEN))
		return 1;
	if (has(pack, DBBI_PRUNE_USED))
		return 0;
	return pack->record == 0 || has(pack, DBBI_PRUNE_NAMED);
}

/* Nobody has needed it for the grace; or it was moved that long ago, and all
 * that sets need of it is elsewhere. */
static int
is_to_delete(const dbbi_prune_pack *pack)
{
	if (!has(pack, DBBI_PRUNE_DUE) || is_to_condemn(pack))
		return 0;
	return !has(pack, DBBI_PRUNE_USED) || (has(pack, DBBI_PRUNE_ASKED) &&
	    !has(pack, DBBI_PRUNE_STUCK) && !has(pack, DBBI_PRUNE_STANDS_IN));
}

/* Condemned, and to be deleted once it is time. */
static int
is_waiting(const dbbi_prune_pack *pack)
{
	return is_to_condemn(pack) || (pack->record > 0 &&
	    !is_to_delete(pack) && (!has(pack, DBBI_PRUNE_USED) ||
	    has(pack, DBBI_PRUNE_MOVED)));
}

static void
note_wait(dbbi_prune *p, int64_t condemned_at_ms)
{
	dbbi_prune_stats *stats = &p->stats;
	int64_t until = condemned_at_ms + (int64_t)p->repo->grace_s * 1000;

	if (stats->delete_first_ms == 0 || until < stats->delete_first_ms)
		stats->delete_first_ms = until;
	if (until > stats->delete_last_ms)
		stats->delete_last_ms = until;
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
		if (is_to_condemn(pack))
			count(&stats->condemned, pack);
		if (is_to_delete(pack))
			count(&stats->deleted, pack);
		if (!is_waiting(pack))
			continue;
		count(&stats->waiting, pack);
		note_wait(p, is_to_condemn(pack) ? now_ms :
		    p->condemned.records[pack->record - 1].modified_at_ms);
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
		if (is_to_condemn(&p->packs.items[i])) {
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

static int
delete_packs(dbbi_prune *p, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->packs.count; i++) {
		if (!is_to_delete(&p->packs.items[i]))
			continue;
		if ((rc = dbbi_run_check(p->repo->run, err)) < 0)
			break;
		dbbi_pack_object(object, &p->packs.items[i].name);
		rc = dbbi_store_remove(p->repo->store, object, err);
	}
	return dbbi_error_context(err, rc, "deleting packs");
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

			if (pack != NULL ? is_to_delete(pack) :
			    dbbi_prune_is_moved(p, name) ||
			    !dbbi_names_have(&p->missing, name))
				rc = dbbi_names_add(gone, name, err);
		}
	}
	dbbi_names_sort(gone);
	return rc;
}

/* Does the record still have something to say? */
static int
is_finished(const dbbi_prune *p, uint32_t no, int64_t now_ms)
{
	const dbbi_record *r = &p->condemned.records[no];
	int64_t age_ms = now_ms - r->modified_at_ms;
	const dbbi_prune_pack *pack;

	if (age_ms <= 2 * (int64_t)p->repo->grace_s * 1000)
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
	if ((rc = dbbi_prune_look_again(p, err)) < 0)
		return rc;
	count_packs(p, now_ms);
	if ((rc = remove_sets(p, err)) < 0 ||
	    (rc = delete_packs(p, err)) < 0)
		return rc;
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
static void
rehearse(dbbi_prune *p)
{
	dbbi_prune_stats *stats = &p->stats;

	for (uint32_t i = 0; i < p->packs.count; i++) {
		dbbi_prune_pack *pack = &p->packs.items[i];

		if (!has(pack, DBBI_PRUNE_SPARSE))
			continue;
		pack->flags |= DBBI_PRUNE_REWRITTEN;
		count(&stats->rewritten, pack);
		stats->rewritten_bytes += pack->most_used;
	}
	count_packs(p, dbbi_now_ms());
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
	if (!dry_run)
		return act(p, err);
	rehearse(p);
	return 0;
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
