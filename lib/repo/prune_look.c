/* SPDX-License-Identifier: BSD-2-Clause */
/* What is there, and who needs it: records first, then packs, then heads, so
 * that what is committed meanwhile is seen. */
#include <config.h>

#include "repo/prune_state.h"

#include <stdlib.h>
#include <string.h>

/* Rewriting waits until it frees this part of what is used. */
#define WORTH_WHILE 20u
/* A pack is sparse when a set uses less than this part of it, at most. */
#define SPARSE_PART 4u

/* ---- records ---- */

static int
compare_records(const void *a, const void *b)
{
	const dbbi_record *x = a, *y = b;

	if (x->modified_at_ms != y->modified_at_ms)
		return x->modified_at_ms < y->modified_at_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* The first move of a pack in a record, or where it would be. */
static uint32_t
first_move(const dbbi_record *r, const dbbi_id *from)
{
	uint32_t low = 0, high = r->move_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (memcmp(&r->moves[middle].from, from, sizeof *from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
is_from(const dbbi_record *r, uint32_t i, const dbbi_id *pack)
{
	return i < r->move_count &&
	    memcmp(&r->moves[i].from, pack, sizeof *pack) == 0;
}

int
dbbi_prune_is_moved(const dbbi_prune *p, const dbbi_id *pack)
{
	for (size_t i = 0; i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		if (is_from(r, first_move(r, pack), pack))
			return 1;
	}
	return 0;
}

int
dbbi_prune_moves_to(const dbbi_prune *p, const dbbi_id *from,
    const dbbi_id *to)
{
	for (size_t i = 0; i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		for (uint32_t k = first_move(r, from); is_from(r, k, from);
		    k++)
			if (memcmp(&r->moves[k].to, to, sizeof *to) == 0)
				return 1;
	}
	return 0;
}

/* Note the newest record of each pack; they ascend. */
static void
note_records(dbbi_prune *p)
{
	for (uint32_t i = 0; i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		for (uint32_t k = 0; k < r->pack_count; k++) {
			const dbbi_id *name = &r->packs[k].name;
			dbbi_prune_pack *pack =
			    dbbi_prune_packs_find(&p->packs, name);

			if (pack == NULL)
				continue;
			pack->record = i + 1;
			pack->flags &= ~(uint32_t)DBBI_PRUNE_MOVED;
			if (is_from(r, first_move(r, name), name))
				pack->flags |= DBBI_PRUNE_MOVED;
		}
	}
}

void
dbbi_prune_date(dbbi_prune *p, int64_t now_ms)
{
	int64_t grace_ms = (int64_t)p->repo->grace_s * 1000;

	for (uint32_t i = 0; i < p->packs.count; i++) {
		dbbi_prune_pack *pack = &p->packs.items[i];

		pack->flags &= ~(uint32_t)DBBI_PRUNE_DUE;
		if (pack->record > 0 && p->condemned.records[pack->record -
		    1].modified_at_ms < now_ms - grace_ms)
			pack->flags |= DBBI_PRUNE_DUE;
	}
}

/* ---- heads ---- */

/* Are the packs there that have the chunks of one that is not? */
static int
is_made_up_for(const dbbi_prune *p, const dbbi_id *pack)
{
	int moved = 0;

	for (size_t i = 0; i < p->condemned.count; i++) {
		const dbbi_record *r = &p->condemned.records[i];

		for (uint32_t k = first_move(r, pack); is_from(r, k, pack);
		    k++) {
			moved = 1;
			if (dbbi_prune_packs_find(&p->packs,
			    &r->moves[k].to) == NULL)
				return 0;
		}
	}
	return moved;
}

/* A set that stays needs a pack: `found`, or else one that is missing. */
static int
use(dbbi_prune *p, dbbi_prune_pack *found, const dbbi_set_pack *pack,
    int *maimed, dbb_error *err)
{
	if (found != NULL) {
		found->flags |= DBBI_PRUNE_USED;
		if (pack->used > found->most_used)
			found->most_used = pack->used;
		if (found->size == pack->size)
			return 0;
	}
	*maimed |= found != NULL || !is_made_up_for(p, &pack->name);
	return dbbi_names_add(&p->missing, &pack->name, err);
}

/* Both are sorted: go through them side by side. */
static int
take_head(dbbi_prune *p, const dbbi_manifest *m, int stays, int *maimed,
    dbb_error *err)
{
	dbbi_prune_pack *pack = p->packs.items, *found;
	const dbbi_prune_pack *end = pack + p->packs.count;
	int order, rc = 0;

	for (uint32_t i = 0; rc == 0 && i < m->pack_count; i++) {
		order = -1;
		while (pack < end && (order = memcmp(&pack->name,
		    &m->packs[i].name, sizeof pack->name)) < 0)
			pack++;
		found = pack < end && order == 0 ? pack : NULL;
		if (found != NULL)
			found->flags |= DBBI_PRUNE_NAMED;
		if (stays)
			rc = use(p, found, &m->packs[i], maimed, err);
	}
	return rc;
}

static int
take_set(dbbi_prune *p, const char *id, dbb_error *err)
{
	int stays = !dbbi_list_has(p->remove, id), maimed = 0, rc;
	dbbi_manifest m;

	if ((rc = dbbi_run_check(p->repo->run, err)) < 0)
		return rc;
	rc = dbbi_manifest_read(&m, p->repo, id, 0, err);
	if (rc == DBB_ENOTFOUND)	/* another prune took it away */
		return 0;
	if (rc < 0) {
		dbbi_error_hint(err, "nothing was deleted: what this set "
		    "needs is not known; bring 'sets/%s' back from a copy of "
		    "the store, or move it away if the set is given up", id);
		return rc;
	}
	rc = take_head(p, &m, stays, &maimed, err);
	dbbi_manifest_clear(&m);
	if (rc == 0 && stays)
		rc = dbbi_list_add(&p->sets, id, err);
	if (rc == 0 && maimed)
		rc = dbbi_list_add(&p->walked, id, err);
	return rc;
}

static int
take_sets(dbbi_prune *p, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	int rc;

	rc = dbbi_set_ids(&ids, p->repo, err);
	for (size_t i = 0; rc == 0 && i < ids.count; i++)
		rc = take_set(p, ids.items[i], err);
	dbbi_list_clear(&ids);
	dbbi_names_sort(&p->missing);
	return rc;
}

/* ---- moves ---- */

static int
is_used(const dbbi_prune *p, const dbbi_id *name)
{
	const dbbi_prune_pack *pack =
	    dbbi_prune_packs_find(&p->packs, name);

	return pack != NULL ? (pack->flags & DBBI_PRUNE_USED) != 0 :
	    dbbi_names_have(&p->missing, name);
}

/* What has chunks of a pack that is used is used itself. */
static int
follow_moves(dbbi_prune *p, const dbbi_record *r)
{
	dbbi_prune_pack *to;
	int changed = 0;

	for (uint32_t i = 0; i < r->move_count; i++) {
		to = dbbi_prune_packs_find(&p->packs, &r->moves[i].to);
		if (to == NULL || to->flags & DBBI_PRUNE_STANDS_IN ||
		    !is_used(p, &r->moves[i].from))
			continue;
		to->flags |= DBBI_PRUNE_USED | DBBI_PRUNE_STANDS_IN;
		changed = 1;
	}
	return changed;
}

int
dbbi_prune_look(dbbi_prune *p, dbb_error *err)
{
	int changed = 1, rc;

	if ((rc = dbbi_condemned_load(&p->condemned, p->repo, err)) < 0)
		return rc;
	if (p->condemned.count > 0)
		qsort(p->condemned.records, p->condemned.count,
		    sizeof *p->condemned.records, compare_records);
	if ((rc = dbbi_prune_packs_list(&p->packs, p->repo, err)) < 0)
		return rc;
	note_records(p);
	p->looked = dbbi_moment_now();
	if ((rc = take_sets(p, err)) < 0)
		return rc;
	while (changed) {
		changed = 0;
		for (size_t i = 0; i < p->condemned.count; i++)
			changed |= follow_moves(p, &p->condemned.records[i]);
	}
	return 0;
}

/* ---- once more ---- */

static void
spare_pack(dbbi_prune_pack *pack)
{
	if (pack != NULL)
		pack->flags |= DBBI_PRUNE_USED | DBBI_PRUNE_STUCK;
}

/* Whatever the set names stays, and what has chunks of it. */
static int
spare_set(dbbi_prune *p, const char *id, dbb_error *err)
{
	dbbi_manifest m;
	int rc;

	if ((rc = dbbi_manifest_read(&m, p->repo, id, 0, err)) < 0)
		return rc == DBB_ENOTFOUND ? 0 : rc;
	for (uint32_t i = 0; i < m.pack_count; i++) {
		const dbbi_id *name = &m.packs[i].name;

		spare_pack(dbbi_prune_packs_find(&p->packs, name));
		for (size_t n = 0; n < p->condemned.count; n++) {
			const dbbi_record *r = &p->condemned.records[n];

			for (uint32_t k = first_move(r, name);
			    is_from(r, k, name); k++)
				spare_pack(dbbi_prune_packs_find(&p->packs,
				    &r->moves[k].to));
		}
	}
	dbbi_manifest_clear(&m);
	return 0;
}

int
dbbi_prune_look_again(dbbi_prune *p, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	int rc;

	rc = dbbi_set_ids(&ids, p->repo, err);
	for (size_t i = 0; rc == 0 && i < ids.count; i++)
		if (!dbbi_list_has(&p->sets, ids.items[i]) &&
		    !dbbi_list_has(p->remove, ids.items[i]))
			rc = spare_set(p, ids.items[i], err);
	dbbi_list_clear(&ids);
	return rc;
}

/* ---- mostly unused ---- */

static int
is_sparse(const dbbi_prune_pack *pack)
{
	uint32_t kept = pack->flags & (DBBI_PRUNE_STANDS_IN |
	    DBBI_PRUNE_MOVED);

	return pack->flags & DBBI_PRUNE_USED && pack->record == 0 &&
	    kept == 0 && pack->most_used < pack->size / SPARSE_PART;
}

int
dbbi_prune_find_sparse(dbbi_prune *p)
{
	uint64_t used = 0, idle = 0;

	for (uint32_t i = 0; i < p->packs.count; i++) {
		const dbbi_prune_pack *pack = &p->packs.items[i];

		if (pack->flags & DBBI_PRUNE_USED)
			used += pack->size;
		if (is_sparse(pack))
			idle += pack->size - pack->most_used;
	}
	if (idle == 0 || idle < used / WORTH_WHILE)
		return 0;
	for (uint32_t i = 0; i < p->packs.count; i++)
		if (is_sparse(&p->packs.items[i]))
			p->packs.items[i].flags |= DBBI_PRUNE_SPARSE;
	return 1;
}
