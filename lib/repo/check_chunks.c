/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/check_chunks.h"

#include "util/threads.h"

#define ROOM (DBBI_CHUNK_LIMIT + DBBI_CHUNK_LIMIT + DBBI_TAG_SIZE)

/* One walk through a stream, or all streams of a set. */
struct walk {
	const dbbi_chunk_check *check;
	const dbbi_manifest *manifest;
	uint32_t lost;
	uint8_t *marks;
	int blamed;
	uint8_t *room;		/* for two chunks; made at the first use */
	dbbi_opener opener;
};

static int
is_lost(const dbbi_needed_pack *pack)
{
	return pack != NULL && pack->damage != NULL && !pack->rotten;
}

uint32_t
dbbi_check_lost(const dbbi_needed *needed, const dbbi_manifest *m)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < m->pack_count; i++)
		if (is_lost(dbbi_needed_find(needed, &m->packs[i].name)))
			lost++;
	return lost;
}

/* Is the chunk whole there? */
static int
is_whole(const struct walk *walk, const dbbi_place *place)
{
	const dbbi_needed_pack *pack;

	if (!place->present)
		return 0;
	pack = dbbi_needed_find(walk->check->needed, &place->pack);
	if (pack == NULL)
		return !walk->check->read_data;
	return pack->damage == NULL;
}

/* ---- what stands in ---- */

static int
mark_place(const dbbi_places *places, void *payload, dbb_error *err)
{
	struct walk *walk = payload;

	(void)err;
	for (uint32_t i = 0; i < places->count; i++)
		if (is_whole(walk, &places->items[i]))
			return 0;	/* it will be read in any case */
	for (uint32_t i = 0; i < places->count; i++)
		if (places->items[i].present)
			walk->marks[places->items[i].pack_no] = 1;
	return 0;
}

static int
mark_stream(const dbbi_stream_ref *ref, void *payload, dbb_error *err)
{
	struct walk *walk = payload;

	return dbbi_stream_places(walk->check->repo, walk->check->index, ref,
	    mark_place, walk, err);
}

int
dbbi_check_stand_ins(const dbbi_chunk_check *check, const dbbi_manifest *m,
    uint8_t *marks, dbb_error *err)
{
	struct walk walk = { .check = check, .manifest = m,
	    .marks = marks };
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_manifest_each(m, mark_stream, &walk, &cause);
	if (rc == 0 || dbbi_is_damage(rc))	/* that is told later */
		return 0;
	if (err != NULL)
		*err = cause;
	return rc;
}

/* ---- what is lost ---- */

/* Can the chunk be read from a pack that was found rotten? What is rotten
 * there may be another chunk. */
static int
readable(struct walk *walk, const dbbi_places *places, dbb_error *err)
{
	dbbi_places copy = *places;
	dbbi_content content;
	int rc;

	if (walk->room == NULL) {
		walk->room = dbbi_pages_new(ROOM, err);
		if (walk->room == NULL)
			return DBB_ENOMEM;
		if ((rc = dbbi_opener_init(&walk->opener,
		    walk->check->repo->keys, err)) < 0)
			return rc;
	}
	rc = dbbi_chunk_read(&content, walk->room, DBBI_CHUNK_LIMIT,
	    walk->room + DBBI_CHUNK_LIMIT, &copy, walk->check->repo->store,
	    &walk->opener, err);
	if (dbbi_is_damage(rc) || rc == DBB_EKEY)	/* it cannot be tried */
		return 0;
	return rc < 0 ? rc : 1;
}

/* Blame the damaged packs of the set that held it; 0 when there is none. */
static int
blame(struct walk *walk, const dbbi_places *places)
{
	dbbi_needed_pack *pack;
	int blamed = 0;

	for (uint32_t i = 0; i < places->count; i++) {
		pack = dbbi_needed_find(walk->check->needed,
		    &places->items[i].pack);
		if (pack != NULL && pack->damage != NULL &&
		    dbbi_manifest_has(walk->manifest, &pack->pack.name))
			pack->blamed = blamed = 1;
	}
	walk->blamed |= blamed;
	return blamed;
}

static int
blame_list(const dbbi_places *places, void *payload, dbb_error *err)
{
	(void)err;
	blame(payload, places);
	return 0;
}

/* Is one of them in a pack that was found rotten? */
static int
in_rotten(const struct walk *walk, const dbbi_places *places)
{
	const dbbi_needed_pack *pack;

	for (uint32_t i = 0; i < places->count; i++) {
		pack = dbbi_needed_find(walk->check->needed,
		    &places->items[i].pack);
		if (pack != NULL && pack->rotten)
			return 1;
	}
	return 0;
}

static int
check_place(const dbbi_places *places, void *payload, dbb_error *err)
{
	struct walk *walk = payload;
	char object[DBBI_OBJECT_SIZE];
	const dbbi_place *place;
	int named = 0, is_named, rc;

	for (uint32_t i = 0; i < places->count; i++) {
		place = &places->items[i];
		is_named = dbbi_manifest_has(walk->manifest, &place->pack);
		if (is_whole(walk, place) && (is_named || walk->lost > 0))
			return 0;
		named |= is_named;
	}
	if (in_rotten(walk, places) &&
	    (rc = readable(walk, places, err)) != 0)
		return rc < 0 ? rc : 0;
	if (blame(walk, places))
		return 0;
	dbbi_pack_object(object, &places->items[0].pack);
	return dbbi_error_set(err, DBB_EDAMAGED, named ?
	    "it needs pack '%s', which is missing or damaged" :
	    "it needs pack '%s', which its head does not name", object);
}

int
dbbi_check_stream(const dbbi_chunk_check *check, const dbbi_manifest *m,
    const dbbi_stream_ref *ref, dbb_error *err)
{
	struct walk walk = { .check = check, .manifest = m,
	    .lost = dbbi_check_lost(check->needed, m) };
	int rc;

	rc = dbbi_stream_places_with(check->repo, check->index, ref,
	    check_place, blame_list, &walk, err);
	if (walk.room != NULL)
		dbbi_opener_clear(&walk.opener);
	dbbi_pages_free(walk.room, ROOM);
	return dbbi_is_damage(rc) && walk.blamed ? 0 : rc;
}
