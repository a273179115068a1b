/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/check_set.h"

#include <stdlib.h>

/* One set at hand. */
struct set {
	const dbbi_set_check *check;
	const char *id;
	dbbi_manifest m;
	int hurt;		/* damage was told */
};

/* A stream of a set's body. */
struct stream {
	const char *source;	/* names; NULL: the manifest lacks it */
	const char *name;
	dbbi_stream_ref ref;
};

/* Nonzero stops and is returned. */
typedef int (*stream_fn)(struct set *set, const struct stream *stream,
    size_t n, void *payload, dbb_error *err);

int
dbbi_check_tell(const dbbi_check_options *options, const dbbi_damage *damage,
    dbb_error *err)
{
	if (options->damage(damage, options->payload) == 0)
		return 0;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

static int
tell(struct set *set, const struct stream *stream, const char *object,
    const char *what, int of_index, dbb_error *err)
{
	dbbi_damage damage = { .set = set->id, .object = object,
	    .error = what, .of_index = of_index };

	if (stream != NULL) {
		damage.source = stream->source;
		damage.stream = stream->name;
	}
	set->hurt = 1;
	return dbbi_check_tell(set->check->options, &damage, err);
}

/* Every stream, counted from 0. One whose root the manifest does not tell is
 * passed over with depth 0. */
static int
for_streams(struct set *set, stream_fn fn, void *payload, dbb_error *err)
{
	dbbi_json *sources = dbbi_json_array(dbbi_manifest_document(&set->m),
	    "sources");
	dbbi_json *source, *streams, *one;
	struct stream stream;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < dbbi_json_count(sources); i++) {
		source = dbbi_json_at(sources, i);
		streams = dbbi_json_array(source, "streams");
		stream.source = dbbi_json_string(source, "name");
		for (size_t k = 0; k < dbbi_json_count(streams); k++) {
			one = dbbi_json_at(streams, k);
			stream.name = dbbi_json_string(one, "name");
			stream.ref.depth = 0;
			dbbi_manifest_stream(&stream.ref, &set->m, one, NULL);
			rc = fn(set, &stream, n++, payload, err);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int
count_stream(struct set *set, const struct stream *stream, size_t n,
    void *payload, dbb_error *err)
{
	(void)set;
	(void)stream;
	(void)err;
	*(size_t *)payload = n + 1;
	return 0;
}

/* ---- one stream ---- */

static dbbi_needed_pack *
needed_pack(const struct set *set, uint32_t i)
{
	return dbbi_needed_find(set->check->chunks.needed,
	    &set->m.packs[i].name);
}

static int
tell_pack(struct set *set, const struct stream *stream,
    const dbbi_needed_pack *pack, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];

	dbbi_pack_object(object, &pack->pack.name);
	return tell(set, stream, object, pack->damage,
	    pack->listed && !pack->known, err);
}

/* Tell of the packs that were blamed for it; how many there are. */
static int
tell_blamed(struct set *set, const struct stream *stream, dbb_error *err)
{
	dbbi_needed_pack *pack;
	int count = 0, rc;

	for (uint32_t i = 0; i < set->m.pack_count; i++) {
		pack = needed_pack(set, i);
		if (pack == NULL || !pack->blamed)
			continue;
		pack->blamed = 0;	/* the next stream begins anew */
		pack->told = 1;
		count++;
		if ((rc = tell_pack(set, stream, pack, err)) < 0)
			return rc;
	}
	return count;
}

/* The first pack of the set that the index does not know. */
static const dbbi_needed_pack *
unknown_pack(const struct set *set)
{
	const dbbi_needed_pack *pack;

	for (uint32_t i = 0; i < set->m.pack_count; i++) {
		pack = needed_pack(set, i);
		if (pack != NULL && pack->damage != NULL && !pack->known)
			return pack;
	}
	return NULL;
}

/* The stream cannot be gone through, and no pack is to blame. */
static int
tell_cause(struct set *set, const struct stream *stream, const char *cause,
    dbb_error *err)
{
	const dbbi_needed_pack *pack = unknown_pack(set);
	char object[DBBI_OBJECT_SIZE];

	if (pack != NULL)
		return tell_pack(set, stream, pack, err);
	if (set->check->bad_segment != NULL)
		return tell(set, stream, set->check->bad_segment, cause, 1,
		    err);
	dbbi_set_object(object, set->id);
	return tell(set, stream, object, cause, 0, err);
}

static int
check_stream(struct set *set, const struct stream *stream, size_t n,
    void *payload, dbb_error *err)
{
	uint8_t *whole = payload;
	dbb_error cause;
	int blamed, rc;

	dbbi_error_clear(&cause);
	if (stream->ref.depth == 0)
		rc = dbbi_error_set(&cause, DBB_EDAMAGED, "the manifest does "
		    "not say where a stream's content is");
	else
		rc = dbbi_check_stream(&set->check->chunks, &set->m,
		    &stream->ref, &cause);
	if (rc < 0 && !dbbi_is_damage(rc)) {
		if (err != NULL)
			*err = cause;
		return rc;
	}
	if ((blamed = tell_blamed(set, stream, err)) < 0)
		return blamed;
	if (rc < 0)
		return tell_cause(set, stream, cause.message, err);
	whole[n] = blamed == 0;
	return 0;
}

/* ---- the set ---- */

/* Packs that were found rotten, but in nothing that a stream of it needs:
 * the set's own, and those that stand in for its lost ones. */
static int
tell_rotten(struct set *set, dbb_error *err)
{
	const dbbi_needed *needed = set->check->chunks.needed;
	int lost = dbbi_check_lost(needed, &set->m) > 0, rc = 0;
	dbbi_needed_pack *pack;

	for (uint32_t i = 0; rc == 0 && i < needed->count; i++) {
		pack = &needed->packs[i];
		if (pack->rotten && !pack->told &&
		    ((lost && pack->stand_in) ||
		    dbbi_manifest_has(&set->m, &pack->pack.name)))
			rc = tell_pack(set, NULL, pack, err);
		pack->told = 0;		/* the next set begins anew */
	}
	return rc;
}

static int
tell_whole(struct set *set, const struct stream *stream, size_t n,
    void *payload, dbb_error *err)
{
	const dbbi_check_options *options = set->check->options;
	const uint8_t *whole = payload;

	if (!whole[n] || options->whole == NULL ||
	    options->whole(set->id, stream->source,
	    stream->name, options->payload) == 0)
		return 0;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

/* Is there anything that could have hurt one of its streams? */
static int
is_suspect(const struct set *set)
{
	const dbbi_needed_pack *pack;

	if (set->hurt || set->check->bad_segment != NULL)
		return 1;
	for (uint32_t i = 0; i < set->m.pack_count; i++) {
		pack = needed_pack(set, i);
		if (pack != NULL && pack->damage != NULL)
			return 1;
	}
	return 0;
}

/* It is not known what the set lacks of which pack. */
static void
miss_packs(const struct set *set)
{
	dbbi_needed_pack *pack;

	for (uint32_t i = 0; i < set->m.pack_count; i++)
		if ((pack = needed_pack(set, i)) != NULL)
			pack->missed = 1;
}

int
dbbi_check_set(const dbbi_set_check *check, const char *id, int hurt,
    dbb_error *err)
{
	struct set set = { .check = check, .id = id, .hurt = hurt };
	uint8_t *whole = NULL;
	size_t count = 0;
	int rc;

	rc = dbbi_manifest_read(&set.m, check->chunks.repo, id,
	    DBBI_WHAT_OPENS, err);
	if (rc < 0)
		return rc;
	if (!check->chunks.read_data && !is_suspect(&set))
		goto done;
	for_streams(&set, count_stream, &count, err);
	if ((whole = calloc(count + 1, 1)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = for_streams(&set, check_stream, whole, err)) == 0 &&
	    (rc = tell_rotten(&set, err)) == 0 && set.hurt)
		rc = for_streams(&set, tell_whole, whole, err);
	if (set.hurt)
		miss_packs(&set);
done:
	free(whole);
	dbbi_manifest_clear(&set.m);
	return rc;
}
