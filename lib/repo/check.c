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

#include "repo/check_set.h"
#include "util/clock.h"

struct check {
	dbbi_repo *repo;
	const dbbi_list *sets;
	const dbbi_check_options *options;
	dbbi_needed needed;
	dbbi_index *index;
	dbbi_proofs *proofs;
	int64_t begun_ms;
	uint32_t lost;		/* packs: proofs wait until it is known whether
				   anybody misses them */
	uint8_t *hurt;		/* for each set: damage was told, */
	uint8_t *unread;	/* that its manifest cannot be read */
	dbbi_list bad_objects;	/* index segments that cannot be used, */
	dbbi_list bad_causes;	/* and why */
};

/* Tell of damage that is not one stream's. */
static int
tell(struct check *c, size_t set, const char *object, const char *what,
    int of_index, dbb_error *err)
{
	dbbi_damage damage = { .set = c->sets->items[set], .object = object,
	    .error = what, .of_index = of_index };

	c->hurt[set] = 1;
	return dbbi_check_tell(c->options, &damage, err);
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
	rc = dbbi_manifest_read(&m, c->repo, id, DBBI_WHAT_OPENS, &cause);
	if (rc == 0) {
		rc = dbbi_needed_add(&c->needed, &m, err);
		dbbi_manifest_clear(&m);
		return rc;
	}
	if (dbbi_is_damage(rc)) {
		dbbi_set_object(object, id);
		c->unread[set] = 1;
		return tell(c, set, object, cause.message, 0, err);
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
			    c->bad_causes.items[i], 1, err);
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
	    c->options->read_percent > 0 };
}

/* Mark what stands in for the lost packs of a set. */
static int
mark_stand_ins(struct check *c, size_t set, uint8_t *marks, dbb_error *err)
{
	dbbi_chunk_check chunks = chunk_check(c);
	dbbi_manifest m;
	int rc;

	rc = dbbi_manifest_read(&m, c->repo, c->sets->items[set],
	    DBBI_WHAT_OPENS, err);
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
	uint8_t *marks;
	int rc = 0;

	for (uint32_t i = 0; i < c->needed.count; i++)
		c->lost += c->needed.packs[i].damage != NULL;
	if (c->lost == 0)
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

/* ---- reading ---- */

/* Write down what was found good, also when the rest could not be read. That
 * this fails does not make anything worse. */
static void
write_proofs(struct check *c)
{
	dbbi_id *names = calloc((size_t)c->needed.count + 1, sizeof *names);
	uint32_t count = 0;
	dbb_error cause;

	dbbi_error_clear(&cause);
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < c->needed.count; i++)
		if (c->needed.packs[i].proven)
			names[count++] = c->needed.packs[i].pack.name;
	if (dbbi_proofs_write(c->repo, names, count, c->begun_ms, &cause) < 0)
		dbbi_log(c->repo->run, DBB_LOG_WARNING, "%s: the next "
		    "'verify --read-data=PERCENT' begins with the same "
		    "packs", cause.message);
	else if (count > 0 && dbbi_proofs_tidy(c->repo, &cause) < 0)
		dbbi_log(c->repo->run, DBB_LOG_DEBUG, "%s", cause.message);
	free(names);
}

static int
read_packs(struct check *c, _Atomic uint64_t *bytes_read, dbb_error *err)
{
	int rc;

	if ((rc = need_stand_ins(c, err)) < 0 ||
	    (rc = dbbi_needed_choose(&c->needed, c->proofs,
	    c->options->read_percent, err)) < 0)
		return rc;
	rc = dbbi_needed_read(&c->needed, c->repo, bytes_read,
	    c->options->progress, err);
	if (rc < 0 || c->lost == 0)
		write_proofs(c);
	return rc;
}

/* Were all sets that there are now checked? */
static int
covers_all(const struct check *c)
{
	dbbi_list ids = { NULL, 0 };
	int all;

	all = dbbi_set_ids(&ids, c->repo, NULL) == 0;
	for (size_t i = 0; all && i < ids.count; i++)
		all = dbbi_list_has(c->sets, ids.items[i]);
	dbbi_list_clear(&ids);
	return all;
}

/* A lost pack is as good as one that was read if all that any set needs of
 * it was read elsewhere. */
static void
prove_lost(struct check *c)
{
	dbbi_needed_pack *pack;

	if (c->lost == 0 || !covers_all(c))
		return;
	for (uint32_t i = 0; i < c->needed.count; i++) {
		pack = &c->needed.packs[i];
		pack->proven |= !pack->listed && !pack->missed;
	}
}

/* ---- all of it ---- */

static int
report_sets(struct check *c, dbb_error *err)
{
	dbbi_set_check check = { chunk_check(c), c->options,
	    c->bad_objects.count > 0 ? c->bad_objects.items[0] : NULL };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->sets->count; i++)
		if (!c->unread[i] &&
		    (rc = dbbi_run_check(c->repo->run, err)) == 0)
			rc = dbbi_check_set(&check, c->sets->items[i],
			    c->hurt[i], err);
	return rc;
}

static int
check_all(struct check *c, _Atomic uint64_t *bytes_read, dbb_error *err)
{
	int rc;

	c->begun_ms = dbbi_now_ms();
	c->hurt = calloc(c->sets->count + 1, 1);
	c->unread = calloc(c->sets->count + 1, 1);
	if (c->hurt == NULL || c->unread == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_proofs_load(&c->proofs, c->repo, err);
	for (size_t i = 0; rc == 0 && i < c->sets->count; i++)
		if ((rc = dbbi_run_check(c->repo->run, err)) == 0)
			rc = take_set(c, i, err);
	if (rc < 0 || (rc = look_around(c, err)) < 0)
		return rc;
	if (c->options->read_percent > 0 &&
	    (rc = read_packs(c, bytes_read, err)) < 0)
		return rc;
	rc = report_sets(c, err);
	if (rc == 0 && c->options->read_percent == 100)
		prove_lost(c);
	if (c->lost > 0 && c->options->read_percent > 0)
		write_proofs(c);
	return rc;
}

static void
sum_up(dbbi_check_stats *out, const struct check *c, uint64_t bytes_read)
{
	const dbbi_needed_pack *pack;
	int64_t at;

	memset(out, 0, sizeof *out);
	out->packs = c->needed.count;
	out->bytes_read = bytes_read;
	for (uint32_t i = 0; i < c->needed.count; i++) {
		pack = &c->needed.packs[i];
		at = pack->proven ? c->begun_ms :
		    dbbi_proofs_at(c->proofs, &pack->pack.name);
		out->packs_read += pack->chosen;
		out->unproven += at == 0;
		if (at != 0 && (out->oldest_proof_ms == 0 ||
		    at < out->oldest_proof_ms))
			out->oldest_proof_ms = at;
	}
}

int
dbbi_repo_check(dbbi_check_stats *out, dbbi_repo *repo,
    const dbbi_list *sets, const dbbi_check_options *options,
    dbb_error *err)
{
	struct check c = { .repo = repo, .sets = sets, .options = options };
	_Atomic uint64_t bytes_read = 0;
	int rc;

	rc = check_all(&c, &bytes_read, err);
	if (rc == 0)
		sum_up(out, &c, atomic_load(&bytes_read));
	dbbi_needed_clear(&c.needed);
	dbbi_proofs_free(c.proofs);
	dbbi_index_free(c.index);
	dbbi_list_clear(&c.bad_objects);
	dbbi_list_clear(&c.bad_causes);
	free(c.hurt);
	free(c.unread);
	return rc;
}
