/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/check_chunks.h"

/* One walk through all streams of a set. */
struct walk {
	const dbbi_chunk_check *check;
	const dbbi_manifest *manifest;
	dbbi_place_fn fn;
	uint32_t lost;
	uint8_t *marks;
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

static int
walk_stream(const dbbi_stream_ref *ref, void *payload, dbb_error *err)
{
	struct walk *walk = payload;

	return dbbi_stream_places(walk->check->repo, walk->check->index, ref,
	    walk->fn, walk, err);
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

int
dbbi_check_stand_ins(const dbbi_chunk_check *check, const dbbi_manifest *m,
    uint8_t *marks, dbb_error *err)
{
	struct walk walk = { .check = check, .manifest = m,
	    .fn = mark_place, .marks = marks };
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	rc = dbbi_manifest_streams(m->body, walk_stream, &walk, &cause);
	if (rc == 0 || dbbi_is_damage(rc))	/* that is told later */
		return 0;
	if (err != NULL)
		*err = cause;
	return rc;
}

/* ---- what is lost ---- */

/* Blame the lost packs that held it; 0 when there is none. */
static int
blame(const struct walk *walk, const dbbi_places *places)
{
	dbbi_needed_pack *pack;
	int blamed = 0;

	for (uint32_t i = 0; i < places->count; i++) {
		pack = dbbi_needed_find(walk->check->needed,
		    &places->items[i].pack);
		if (is_lost(pack) && dbbi_manifest_has(walk->manifest,
		    &pack->pack.name))
			pack->blamed = blamed = 1;
	}
	return blamed;
}

static int
check_place(const dbbi_places *places, void *payload, dbb_error *err)
{
	const struct walk *walk = payload;
	char object[DBBI_OBJECT_SIZE];
	const dbbi_place *place;
	int named = 0, is_named;

	for (uint32_t i = 0; i < places->count; i++) {
		place = &places->items[i];
		is_named = dbbi_manifest_has(walk->manifest, &place->pack);
		if (is_whole(walk, place) && (is_named || walk->lost > 0))
			return 0;
		named |= is_named;
	}
	if (walk->lost > 0 && blame(walk, places))
		return 0;
	dbbi_pack_object(object, &places->items[0].pack);
	return dbbi_error_set(err, DBB_EDAMAGED, named ?
	    "it needs pack '%s', which is missing or damaged" :
	    "it needs pack '%s', which its head does not name", object);
}

int
dbbi_check_chunks(const dbbi_chunk_check *check, const dbbi_manifest *m,
    dbb_error *err)
{
	struct walk walk = { .check = check, .manifest = m,
	    .fn = check_place, .lost = dbbi_check_lost(check->needed, m) };

	return dbbi_manifest_streams(m->body, walk_stream, &walk, err);
}
