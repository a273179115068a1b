/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verifying. Memory follows the number of packs: damage is noted with the
 * pack, and sets are gone through a second time to tell whom it hits. A pack
 * that is lost hits nobody once all its chunks were stored again elsewhere.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "repo/check_chunks.h"

struct check {
	dbbi_repo *repo;
	const dbbi_list *sets;
	dbbi_needed needed;
	dbbi_index *index;
	int read_data;
	uint8_t *hurt;		/* for each set: damage was told, */
	uint8_t *unread;	/* that its manifest cannot be read */
	dbbi_list bad_objects;	/* index segments that cannot be used, */
	dbbi_list bad_causes;	/* and why */
	dbbi_damage_fn fn;
	void *payload;
};

static int
tell(struct check *c, size_t set, const char *object, const char *what,
    dbb_error *err)
{
	c->hurt[set] = 1;
	if (c->fn(c->sets->items[set], object, what, c->payload) == 0)
		return 0;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

/* ---- what the sets need ---- */

static int
take_set(struct check *c, size_t set, dbb_error *err)
{
	const char *id = c->sets->items[set];
	char object[DBBI_OBJECT_SIZE];
	dbbi_manifest m;
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_manifest_read(&m, c->repo, id, 1, &cause);
	if (rc == 0) {
		rc = dbbi_needed_add(&c->needed, &m, err);
		dbbi_manifest_clear(&m);
		return rc;
	}
	if (dbbi_is_damage(rc)) {
		dbbi_set_object(object, id);
		c->unread[set] = 1;
		return tell(c, set, object, cause.message, err);
	}
	if (err != NULL)
		*err = cause;
	return rc;
}

static int
note_segment(const char *object, const dbb_error *cause, void *payload)
{
	struct check *c = payload;

	return dbbi_list_add(&c->bad_objects, object, NULL) < 0 ||
	    dbbi_list_add(&c->bad_causes, cause->message, NULL) < 0;
}

/* Load the index anew and look which packs are there, so that what is
 * checked is what the store has. */
static int
look_around(struct check *c, dbb_error *err)
{
	int rc;

	rc = dbbi_repo_load_index_with(&c->index, c->repo, note_segment, c,
	    err);
	if (rc < 0)
		return rc;
	rc = dbbi_needed_list(&c->needed, c->repo, c->index, err);
	if (rc < 0)
		return rc;
	if (c->bad_objects.count == 0)
		return dbbi_needed_look_up(&c->needed, c->index, err);
	for (size_t set = 0; set < c->sets->count; set++) {
		for (size_t i = 0; i < c->bad_objects.count; i++) {
			rc = tell(c, set, c->bad_objects.items[i],
			    c->bad_causes.items[i], err);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static dbbi_chunk_check
chunk_check(const struct check *c)
{
	return (dbbi_chunk_check){ c->repo, c->index, &c->needed,
	    c->read_data };
}

/* Mark what stands in for the lost packs of a set. */
static int
mark_stand_ins(struct check *c, size_t set, uint8_t *marks, dbb_error *err)
{
	dbbi_chunk_check chunks = chunk_check(c);
	dbbi_manifest m;
	int rc;

	rc = dbbi_manifest_read(&m, c->repo, c->sets->items[set], 1, err);
	if (rc < 0)
		return rc;
	if (dbbi_check_lost(&c->needed, &m) > 0)
		rc = dbbi_check_stand_ins(&chunks, &m, marks, err);
	dbbi_manifest_clear(&m);
	return rc;
}

/* What stands in for lost packs is needed, too, and is to be read. */
static int
need_stand_ins(struct check *c, dbb_error *err)
{
	uint32_t lost = 0;
	uint8_t *marks;
	int rc = 0;

	for (uint32_t i = 0; i < c->needed.count; i++)
		lost += c->needed.packs[i].damage != NULL;
	if (lost == 0)
		return 0;
	marks = calloc((size_t)dbbi_index_packs(c->index) + 1, 1);
	if (marks == NULL)
		return dbbi_error_nomem(err);
	for (size_t set = 0; rc == 0 && set < c->sets->count; set++)
		if (!c->unread[set])
			rc = mark_stand_ins(c, set, marks, err);
	if (rc == 0)
		rc = dbbi_needed_add_present(&c->needed, c->index, marks,
		    err);
	free(marks);
	return rc;
}

/* ---- whom it hits ---- */

/* Tell of the set's packs that were found rotten, or that are to blame. */
static int
tell_packs(struct check *c, size_t set, const dbbi_manifest *m, int rotten,
    dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_needed_pack *pack;
	int rc;

	for (uint32_t i = 0; i < m->pack_count; i++) {
		pack = dbbi_needed_find(&c->needed, &m->packs[i].name);
		if (pack == NULL || pack->damage == NULL ||
		    !(rotten ? pack->rotten : pack->blamed))
			continue;
		pack->blamed = 0;	/* the next set begins anew */
		dbbi_pack_object(object, &pack->pack.name);
		if ((rc = tell(c, set, object, pack->damage, err)) < 0)
			return rc;
	}
	return 0;
}

/* Lists cannot be read: what the lost packs held is not known. */
static void
blame_all(struct check *c, const dbbi_manifest *m)
{
	dbbi_needed_pack *pack;

	for (uint32_t i = 0; i < m->pack_count; i++) {
		pack = dbbi_needed_find(&c->needed, &m->packs[i].name);
		if (pack != NULL && !pack->rotten)
			pack->blamed = 1;
	}
}

/* Go through the lists of every stream of a set: is each chunk known, is it
 * somewhere, and does it add up? */
static int
check_streams(struct check *c, size_t set, const dbbi_manifest *m,
    uint32_t lost, dbb_error *err)
{
	dbbi_chunk_check chunks = chunk_check(c);
	char object[DBBI_OBJECT_SIZE];
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_check_chunks(&chunks, m, &cause);
	if (rc < 0 && !dbbi_is_damage(rc)) {
		if (err != NULL)
			*err = cause;
		return rc;
	}
	if (rc < 0 && lost == 0) {
		dbbi_set_object(object, c->sets->items[set]);
		return tell(c, set, object, cause.message, err);
	}
	if (rc < 0)
		blame_all(c, m);
	return tell_packs(c, set, m, 0, err);
}

static int
report_set(struct check *c, size_t set, dbb_error *err)
{
	dbbi_manifest m;
	uint32_t lost;
	int rc;

	rc = dbbi_manifest_read(&m, c->repo, c->sets->items[set], 1, err);
	if (rc < 0)
		return rc;
	lost = dbbi_check_lost(&c->needed, &m);
	rc = tell_packs(c, set, &m, 1, err);
	if (rc == 0 && (lost > 0 || (c->read_data && !c->hurt[set])))
		rc = check_streams(c, set, &m, lost, err);
	dbbi_manifest_clear(&m);
	return rc;
}

/* ---- all of it ---- */

static int
check_all(struct check *c, _Atomic uint64_t *bytes_read,
    _Atomic uint64_t *progress, dbb_error *err)
{
	int rc = 0;

	c->hurt = calloc(c->sets->count + 1, 1);
	c->unread = calloc(c->sets->count + 1, 1);
	if (c->hurt == NULL || c->unread == NULL)
		return dbbi_error_nomem(err);
	for (size_t i = 0; rc == 0 && i < c->sets->count; i++)
		if ((rc = dbbi_run_check(c->repo->run, err)) == 0)
			rc = take_set(c, i, err);
	if (rc < 0 || (rc = look_around(c, err)) < 0)
		return rc;
	if (c->read_data &&
	    ((rc = need_stand_ins(c, err)) < 0 ||
	    (rc = dbbi_needed_read(&c->needed, c->repo, bytes_read, progress,
	    err)) < 0))
		return rc;
	for (size_t i = 0; rc == 0 && i < c->sets->count; i++)
		if (!c->unread[i] &&
		    (rc = dbbi_run_check(c->repo->run, err)) == 0)
			rc = report_set(c, i, err);
	return rc;
}

int
dbbi_repo_check(dbbi_check_stats *out, dbbi_repo *repo,
    const dbbi_list *sets, int read_data, dbbi_damage_fn fn, void *payload,
    _Atomic uint64_t *progress, dbb_error *err)
{
	struct check c = { .repo = repo, .sets = sets,
	    .read_data = read_data, .fn = fn, .payload = payload };
	_Atomic uint64_t bytes_read = 0;
	int rc;

	rc = check_all(&c, &bytes_read, progress, err);
	if (rc == 0) {
		out->packs = c.needed.count;
		out->bytes_read = atomic_load(&bytes_read);
	}
	dbbi_needed_clear(&c.needed);
	dbbi_index_free(c.index);
	dbbi_list_clear(&c.bad_objects);
	dbbi_list_clear(&c.bad_causes);
	free(c.hurt);
	free(c.unread);
	return rc;
}
