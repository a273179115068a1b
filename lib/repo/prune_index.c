/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index without the packs that are gone: a segment that names one is
 * written anew, together with other such and with small ones, and only then
 * removed. Memory: one segment and a new one.
 *
 * Who loads the index meanwhile finds each pack in one of both, or lists
 * again. Two prunes that do the same write the same names.
 */
#include <config.h>

#include "repo/prune_state.h"

#define SMALL_PACKS (DBBI_SEGMENT_PACKS / 4)

struct rewrite {
	dbbi_prune *p;
	const dbbi_names *gone;
	dbbi_segment segment;	/* that is being filled */
	dbbi_list old;		/* segments that it takes the place of */
	dbbi_list kept;		/* of these, what could not be read again */
	dbbi_list written;
	dbbi_names others;	/* packs that were copied and are not listed */
	int any_gone;		/* a segment names one */
};

/* What a segment has. */
struct census {
	const dbbi_names *gone;
	uint32_t packs;
	uint32_t gone_packs;
};

static int
count_part(const dbbi_segment_part *part, void *payload, dbb_error *err)
{
	struct census *census = payload;

	(void)err;
	census->packs++;
	census->gone_packs += dbbi_names_have(census->gone, &part->pack) != 0;
	return 0;
}

/* ---- out ---- */

static int
end_segment(struct rewrite *rw, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	uint64_t written;
	int rc;

	if (rw->segment.packs == 0)
		return 0;
	rc = dbbi_segment_write(&written, &rw->segment, rw->p->repo->store,
	    err);
	if (rc < 0)
		return rc;
	rw->p->stats.segments_written++;
	dbbi_index_object(object, &rw->segment.last);
	return dbbi_list_add(&rw->written, object, err);
}

/* Delete one, unless the store has locked it: it stays, and does no harm. */
static int
remove_one(struct rewrite *rw, const char *object, dbb_error *err)
{
	dbbi_store *store = rw->p->repo->store;
	int64_t until_ms = 0;
	int rc = 0;

	if (dbbi_store_locks(store))
		rc = dbbi_store_locked_until(&until_ms, store, object, err);
	if (rc == 0 && until_ms == 0)
		rc = dbbi_store_remove(store, object, err);
	rw->p->stats.segments_removed += rc == 0 && until_ms == 0;
	rw->p->segments_locked |= until_ms != 0;
	return rc;
}

/* One that the same bytes were written to again is not old. */
static int
remove_old(struct rewrite *rw, dbb_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < rw->old.count; i++) {
		if (dbbi_list_has(&rw->written, rw->old.items[i]) ||
		    dbbi_list_has(&rw->kept, rw->old.items[i]))
			continue;
		rc = remove_one(rw, rw->old.items[i], err);
	}
	return rc;
}

/* ---- in ---- */

/* Was the pack copied from another segment? Old ones that cannot go say the
 * same as newer ones. */
static int
is_copied(struct rewrite *rw, const dbbi_id *name)
{
	const dbbi_prune_pack *pack =
	    dbbi_prune_packs_find(&rw->p->packs, name);

	return pack != NULL ? (pack->flags & DBBI_PRUNE_INDEXED) != 0 :
	    dbbi_names_have(&rw->others, name);
}

static int
note_copied(struct rewrite *rw, const dbbi_id *name, dbb_error *err)
{
	dbbi_prune_pack *pack = dbbi_prune_packs_find(&rw->p->packs, name);

	if (pack == NULL)
		return dbbi_names_add(&rw->others, name, err);
	pack->flags |= DBBI_PRUNE_INDEXED;
	return 0;
}

static int
copy_part(const dbbi_segment_part *part, void *payload, dbb_error *err)
{
	struct rewrite *rw = payload;
	int rc;

	if (dbbi_names_have(rw->gone, &part->pack) ||
	    is_copied(rw, &part->pack))
		return 0;
	if ((rc = note_copied(rw, &part->pack, err)) < 0)
		return rc;
	rc = dbbi_segment_add(&rw->segment, &part->pack, part->size,
	    &part->box, part->entries, part->count, err);
	if (rc == 0 && dbbi_segment_full(&rw->segment))
		rc = end_segment(rw, err);
	return rc;
}

/* Read one; 1: it is no more, or cannot be read and stays as it is. */
static int
read_segment(struct rewrite *rw, const char *object, dbbi_segment_part_fn fn,
    void *payload, dbb_error *err)
{
	dbbi_repo *repo = rw->p->repo;
	dbb_error cause;
	int rc;

	if ((rc = dbbi_run_check(repo->run, err)) < 0)
		return rc;
	dbbi_error_clear(&cause);
	rc = dbbi_segment_read(repo->store, repo->keys, object, fn, payload,
	    &cause);
	if (rc == DBB_EDAMAGED || rc == DBB_EVERSION)
		dbbi_log(repo->run, DBB_LOG_WARNING, "%s: it stays as it is",
		    cause.message);
	if (rc == DBB_EDAMAGED || rc == DBB_EVERSION || rc == DBB_ENOTFOUND)
		return 1;
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

/* Is the segment to be written anew? */
static int
choose(struct rewrite *rw, const char *object, dbb_error *err)
{
	struct census census = { .gone = rw->gone };
	int rc;

	rc = read_segment(rw, object, count_part, &census, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rw->any_gone |= census.gone_packs > 0;
	if (census.gone_packs == 0 && census.packs >= SMALL_PACKS)
		return 0;
	return dbbi_list_add(&rw->old, object, err);
}

static int
copy_segment(struct rewrite *rw, const char *object, dbb_error *err)
{
	int rc = read_segment(rw, object, copy_part, rw, err);

	dbbi_names_sort(&rw->others);
	return rc == 1 ? dbbi_list_add(&rw->kept, object, err) : rc;
}

static int
rewrite(struct rewrite *rw, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	int rc;

	rc = dbbi_segment_names(&names, rw->p->repo->store, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = choose(rw, names.items[i], err);
	dbbi_list_clear(&names);
	if (rc < 0 || !rw->any_gone)
		return rc;
	for (size_t i = 0; rc == 0 && i < rw->old.count; i++)
		rc = copy_segment(rw, rw->old.items[i], err);
	if (rc < 0 || (rc = end_segment(rw, err)) < 0)
		return rc;
	return remove_old(rw, err);
}

int
dbbi_prune_index(dbbi_prune *p, const dbbi_names *gone, dbb_error *err)
{
	struct rewrite rw = { .p = p, .gone = gone };
	int rc;

	dbbi_segment_init(&rw.segment, p->repo->keys);
	rc = rewrite(&rw, err);
	dbbi_segment_clear(&rw.segment);
	dbbi_list_clear(&rw.old);
	dbbi_list_clear(&rw.kept);
	dbbi_list_clear(&rw.written);
	dbbi_names_clear(&rw.others);
	return dbbi_error_context(err, rc, "writing the index anew");
}
