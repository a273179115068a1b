/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunk by chunk, where heads do not say enough. A chunk of a set that names
 * a lost, a sparse or a moved pack may be
 *
 *	in a pack that the head names,
 *	and that stays as it is			nothing is to be done
 *	in a sparse one that it names		it is live there
 *	in a moved one that it names		the pack is stuck, unless the
 *						chunk was moved with it
 *	in none that it names			all that have it stand in
 */
#include <config.h>

#include "repo/prune_state.h"

#include <stdlib.h>

struct walk {
	dbbi_prune *p;
	const dbbi_manifest *manifest;
	const char *set;
	int damaged;
};

/* ---- one chunk ---- */

static dbbi_prune_pack *
pack_of(const struct walk *w, const dbbi_place *place)
{
	return place->present ? dbbi_prune_packs_find(&w->p->packs,
	    &place->pack) : NULL;
}

static int
is_named(const struct walk *w, const dbbi_prune_pack *pack)
{
	return pack != NULL && dbbi_manifest_has(w->manifest, &pack->name);
}

/* Is the chunk also where the pack's chunks were moved to? */
static int
was_moved(const struct walk *w, const dbbi_places *places,
    const dbbi_prune_pack *from)
{
	const dbbi_prune_pack *to;

	for (uint32_t i = 0; i < places->count; i++) {
		to = pack_of(w, &places->items[i]);
		if (to != NULL && to->record == 0 &&
		    dbbi_prune_moves_to(w->p, &from->name, &to->name))
			return 1;
	}
	return 0;
}

/* No other pack will do. */
static void
need_place(struct walk *w, const dbbi_places *places, uint32_t i,
    dbbi_prune_pack *pack, int named)
{
	uint32_t no = places->items[i].no;

	if (!named)
		pack->flags |= DBBI_PRUNE_USED | DBBI_PRUNE_STANDS_IN;
	else if (pack->flags & DBBI_PRUNE_SPARSE)
		w->p->live[no / 8] |= (uint8_t)(1u << no % 8);
	else if (!was_moved(w, places, pack))
		pack->flags |= DBBI_PRUNE_STUCK;
}

static int
see_chunk(const dbbi_places *places, void *payload, dbb_error *err)
{
	struct walk *w = payload;
	dbbi_prune_pack *pack;
	int named = 0;

	(void)err;
	for (uint32_t i = 0; i < places->count; i++) {
		pack = pack_of(w, &places->items[i]);
		if (!is_named(w, pack))
			continue;
		if (!(pack->flags & (DBBI_PRUNE_SPARSE | DBBI_PRUNE_MOVED)))
			return 0;
		named = 1;
	}
	for (uint32_t i = 0; i < places->count; i++) {
		pack = pack_of(w, &places->items[i]);
		if (pack != NULL && is_named(w, pack) == named)
			need_place(w, places, i, pack, named);
	}
	return 0;
}

/* ---- one set ---- */

static int
walk_stream(const dbbi_stream_ref *ref, void *payload, dbb_error *err)
{
	struct walk *w = payload;
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_stream_places(w->p->repo, w->p->index, ref, see_chunk, w,
	    &cause);
	if (dbbi_is_damage(rc)) {
		dbbi_log(w->p->repo->run, DBB_LOG_WARNING, "set '%s' has a "
		    "stream whose parts are not all known: %s", w->set,
		    cause.message);
		w->damaged = 1;
		return 0;
	}
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

/* Nobody knows what the set needs of its packs: they stay. */
static void
leave_alone(dbbi_prune *p, const dbbi_manifest *m)
{
	dbbi_prune_pack *pack;

	for (uint32_t i = 0; i < m->pack_count; i++) {
		pack = dbbi_prune_packs_find(&p->packs, &m->packs[i].name);
		if (pack == NULL)
			continue;
		pack->flags &= ~(uint32_t)DBBI_PRUNE_SPARSE;
		pack->flags |= DBBI_PRUNE_STUCK;
	}
}

/* Does it name a pack about which its head does not say enough? */
static int
is_concerned(const dbbi_prune *p, const dbbi_manifest *m)
{
	const dbbi_prune_pack *pack;

	for (uint32_t i = 0; i < m->pack_count; i++) {
		pack = dbbi_prune_packs_find(&p->packs, &m->packs[i].name);
		if (pack != NULL && pack->flags & (DBBI_PRUNE_SPARSE |
		    DBBI_PRUNE_ASKED))
			return 1;
	}
	return 0;
}

static int
walk_set(dbbi_prune *p, const char *id, dbb_error *err)
{
	struct walk w = { .p = p, .set = id };
	dbbi_manifest m;
	int concerned, rc;

	if ((rc = dbbi_run_check(p->repo->run, err)) < 0 ||
	    (rc = dbbi_manifest_read(&m, p->repo, id, 0, err)) < 0)
		return rc == DBB_ENOTFOUND ? 0 : rc;
	concerned = is_concerned(p, &m) || dbbi_list_has(&p->walked, id);
	dbbi_manifest_clear(&m);
	if (!concerned)
		return 0;
	rc = dbbi_manifest_read(&m, p->repo, id, DBBI_WHAT_OPENS, err);
	if (rc < 0)
		return rc == DBB_ENOTFOUND ? 0 : rc;
	w.manifest = &m;
	rc = dbbi_manifest_each(&m, walk_stream, &w, err);
	if (rc == 0 && w.damaged)
		leave_alone(p, &m);
	dbbi_manifest_clear(&m);
	return rc;
}

/* ---- all of them ---- */

static int
load_index(dbbi_prune *p, dbb_error *err)
{
	const dbbi_prune_pack *pack;
	int rc;

	rc = dbbi_repo_load_index_with(&p->index, p->repo, NULL, NULL, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < p->packs.count; i++) {
		pack = &p->packs.items[i];
		dbbi_index_see_pack(p->index, &pack->name, pack->size);
	}
	p->live = calloc((size_t)dbbi_index_count(p->index) / 8 + 1, 1);
	return p->live == NULL ? dbbi_error_nomem(err) : 0;
}

/* Of moved packs that may be deleted it is asked whether they may. */
static int
has_questions(dbbi_prune *p)
{
	const uint32_t moved = DBBI_PRUNE_USED | DBBI_PRUNE_MOVED |
	    DBBI_PRUNE_DUE;
	dbbi_prune_pack *pack = p->packs.items;
	int has = p->walked.count > 0;

	for (uint32_t i = 0; i < p->packs.count; i++, pack++) {
		if ((pack->flags & moved) == moved)
			pack->flags |= DBBI_PRUNE_ASKED;
		has |= (pack->flags & (DBBI_PRUNE_SPARSE |
		    DBBI_PRUNE_ASKED)) != 0;
	}
	return has;
}

int
dbbi_prune_walk(dbbi_prune *p, dbb_error *err)
{
	int rc;

	if (!has_questions(p))
		return 0;
	if ((rc = load_index(p, err)) < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < p->sets.count; i++)
		rc = walk_set(p, p->sets.items[i], err);
	for (uint32_t i = 0; i < p->packs.count; i++)
		if (p->packs.items[i].flags & DBBI_PRUNE_STANDS_IN)
			p->packs.items[i].flags &=
			    ~(uint32_t)DBBI_PRUNE_SPARSE;
	return dbbi_error_context(err, rc, "looking what sets need of packs");
}
