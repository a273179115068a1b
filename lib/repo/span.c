/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/span.h"

#include <stdlib.h>
#include <string.h>

/* So many bytes between two chunks are read and thrown away rather than
 * asked for separately. */
#define GAP_BYTES (64u << 10)

struct dbbi_planner {
	dbbi_repo *repo;
	dbbi_lists lists;
	dbbi_walk *walk;
	size_t room;
	dbbi_place ahead;	/* found, and not in a span yet */
	int has_ahead;
};

int
dbbi_planner_new(dbbi_planner **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, dbb_error *err)
{
	dbbi_planner *p = calloc(1, sizeof *p);
	int rc;

	if (p == NULL)
		return dbbi_error_nomem(err);
	p->repo = repo;
	p->room = DBBI_SPAN_BYTES;
	if (p->room < repo->params.max_bytes)
		p->room = repo->params.max_bytes;
	if ((rc = dbbi_lists_init(&p->lists, repo, repo->index, err)) < 0 ||
	    (rc = dbbi_walk_new(&p->walk, ref, dbbi_lists_load, &p->lists,
	    err)) < 0) {
		dbbi_planner_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void
dbbi_planner_free(dbbi_planner *p)
{
	if (p == NULL)
		return;
	dbbi_walk_free(p->walk);
	dbbi_lists_clear(&p->lists);
	free(p);
}

size_t
dbbi_planner_room(const dbbi_planner *p)
{
	return p->room;
}

/* Find the stream's next chunk: 1, or 0 at the end. */
static int
look_ahead(dbbi_planner *p, dbb_error *err)
{
	dbbi_tree_entry next;
	dbbi_places places;
	int rc;

	if (p->has_ahead)
		return 1;
	if ((rc = dbbi_walk_next(&next, p->walk, err)) != 1)
		return rc;
	rc = dbbi_chunk_find_sized(&places, p->repo->index, &next.id,
	    next.bytes, err);
	if (rc < 0)
		return rc;
	p->ahead = places.items[0];
	if (p->ahead.entry.plain > p->room)
		return dbbi_pack_context(err, dbbi_error_set(err,
		    DBB_EDAMAGED, "a chunk has %u bytes, more than the "
		    "repository says", p->ahead.entry.plain),
		    &p->ahead.pack);
	p->has_ahead = 1;
	return 1;
}

static void
begin_span(dbbi_span *span, const dbbi_place *place)
{
	span->pack = place->pack;
	span->offset = place->entry.offset;
	span->size = 0;
	span->plain = 0;
	span->count = 0;
}

/* Does the chunk ahead lie so that the span can take it in? */
static int
continues(const dbbi_span *span, const dbbi_planner *p)
{
	const dbbi_entry *e = &p->ahead.entry;
	uint32_t end = span->offset + span->size;

	return memcmp(&span->pack, &p->ahead.pack, sizeof span->pack) == 0 &&
	    span->count < DBBI_SPAN_CHUNKS &&
	    e->offset >= end && e->offset - end <= GAP_BYTES &&
	    e->offset - span->offset + e->stored <= p->room &&
	    span->plain + e->plain <= p->room;
}

static void
extend(dbbi_span *span, const dbbi_entry *entry)
{
	span->size = entry->offset - span->offset + entry->stored;
	span->plain += entry->plain;
	span->entries[span->count++] = *entry;
}

int
dbbi_planner_next(dbbi_span *out, dbbi_planner *p, dbb_error *err)
{
	int rc;

	if ((rc = look_ahead(p, err)) != 1)
		return rc;
	begin_span(out, &p->ahead);
	do {
		extend(out, &p->ahead.entry);
		p->has_ahead = 0;
	} while ((rc = look_ahead(p, err)) == 1 && continues(out, p));
	return rc < 0 ? rc : 1;
}

/* All of it with one request. */
static int
fetch_together(dbbi_span *span, dbbi_store *store,
    const dbbi_opener *opener, uint8_t *stored, uint8_t *plain,
    dbb_error *err)
{
	const dbbi_entry *e;
	int rc;

	rc = dbbi_pack_read(stored, store, &span->pack, span->offset,
	    span->size, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < span->count; i++) {
		e = &span->entries[i];
		rc = dbbi_chunk_open(&span->bytes[i], plain, opener, e,
		    stored + (e->offset - span->offset), err);
		if (rc < 0)
			return dbbi_pack_context(err, rc, &span->pack);
		plain += e->plain;
	}
	return 0;
}

/* Chunk by chunk, from wherever each is whole. */
static int
fetch_apart(dbbi_span *span, dbbi_repo *repo, const dbbi_opener *opener,
    uint8_t *stored, uint8_t *plain, dbb_error *err)
{
	dbbi_places places;
	const dbbi_entry *e;
	int rc;

	for (uint32_t i = 0; i < span->count; i++) {
		e = &span->entries[i];
		if ((rc = dbbi_run_check(repo->run, err)) < 0 ||
		    (rc = dbbi_chunk_find_sized(&places, repo->index, &e->id,
		    e->plain, err)) < 0 ||
		    (rc = dbbi_chunk_read(plain, e->plain, stored, &places,
		    repo->store, opener, err)) < 0)
			return rc;
		span->bytes[i] = plain;
		plain += e->plain;
	}
	return 0;
}

int
dbbi_span_fetch(dbbi_span *span, dbbi_repo *repo, const dbbi_opener *opener,
    uint8_t *stored, uint8_t *plain, dbb_error *err)
{
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = fetch_together(span, repo->store, opener, stored, plain, &cause);
	if (!dbbi_is_damage(rc)) {
		if (rc < 0 && err != NULL)
			*err = cause;
		return rc;
	}
	rc = fetch_apart(span, repo, opener, stored, plain, err);
	if (rc == 0)
		dbbi_log(repo->run, DBB_LOG_WARNING, "all of it could be "
		    "read elsewhere: %s", cause.message);
	return rc;
}
