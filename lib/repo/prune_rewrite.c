/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live chunks of packs that are mostly unused go into new packs, as they
 * are stored, each proven on the way. Sets still name the old packs: the
 * record that condemns these will say where their chunks are.
 */
#include <config.h>

#include "repo/prune_state.h"

#include <stdlib.h>
#include <string.h>

#include "repo/pack.h"
#include "util/random.h"

/* Not worth it: a pack of which this part turned out to be live. */
#define TOO_LIVE 2u

struct rewrite {
	dbbi_prune *p;
	dbbi_opener opener;
	uint8_t *plain;		/* room for any chunk */
	dbbi_pack *open;	/* that is being filled, */
	dbbi_names sources;	/* with chunks of these */
	dbbi_segment segment;
};

/* ---- out ---- */

static int
add_move(dbbi_prune *p, const dbbi_id *from, const dbbi_id *to,
    dbb_error *err)
{
	uint32_t room = p->move_room == 0 ? 64 : p->move_room * 2;
	dbbi_move *moves;

	if (p->move_count == p->move_room) {
		moves = realloc(p->moves, room * sizeof *moves);
		if (moves == NULL)
			return dbbi_error_nomem(err);
		p->moves = moves;
		p->move_room = room;
	}
	p->moves[p->move_count++] = (dbbi_move){ *from, *to };
	return 0;
}

/* Store the pack under a name that is new: one that was there is condemned,
 * or will be, as nobody names it. */
static int
store_pack(dbbi_id *name, uint32_t *size, struct rewrite *rw, dbb_error *err)
{
	dbbi_store *store = rw->p->repo->store;
	char object[DBBI_OBJECT_SIZE];
	const uint8_t *data;
	uint32_t salt;
	int rc;

	do {
		if ((rc = dbbi_random(&salt, sizeof salt, err)) < 0)
			return rc;
		dbbi_pack_salt(rw->open, salt);
		rc = dbbi_pack_end(name, &data, size, rw->open, err);
		if (rc < 0)
			return rc;
		dbbi_pack_object(object, name);
		rc = dbbi_store_write(store, object, data, *size,
		    DBB_PUT_LOCK, err);
	} while (rc == DBB_EEXIST);
	return rc;
}

static int
end_pack(struct rewrite *rw, dbb_error *err)
{
	uint64_t written;
	uint32_t size;
	dbbi_id name;
	int rc;

	if (dbbi_pack_count(rw->open) == 0)
		return 0;
	if ((rc = store_pack(&name, &size, rw, err)) < 0 ||
	    (rc = dbbi_segment_add(&rw->segment, &name, size,
	    dbbi_pack_box(rw->open), dbbi_pack_directory(rw->open),
	    dbbi_pack_count(rw->open), err)) < 0)
		return rc;
	if (dbbi_segment_full(&rw->segment) &&
	    (rc = dbbi_segment_write(&written, &rw->segment,
	    rw->p->repo->store, err)) < 0)
		return rc;
	for (uint32_t i = 0; rc == 0 && i < rw->sources.count; i++)
		rc = add_move(rw->p, &rw->sources.items[i], &name, err);
	rw->sources.count = 0;
	dbbi_pack_reset(rw->open);
	return rc;
}

static int
add_chunk(struct rewrite *rw, const dbbi_id *source, dbbi_entry *entry,
    const uint8_t *coded, dbb_error *err)
{
	const dbbi_names *sources = &rw->sources;
	int rc;

	if (!dbbi_pack_fits(rw->open, entry->stored) &&
	    (rc = end_pack(rw, err)) < 0)
		return rc;
	if ((rc = dbbi_pack_add(rw->open, entry, coded, err)) < 0)
		return rc;
	if (sources->count > 0 && memcmp(&sources->items[sources->count - 1],
	    source, sizeof *source) == 0)
		return 0;
	return dbbi_names_add(&rw->sources, source, err);
}

/* ---- in ---- */

/* Is this chunk of the pack live? One that has more places than are looked
 * at may be. */
static int
is_live(const dbbi_prune *p, const dbbi_prune_pack *pack,
    const dbbi_entry *entry)
{
	dbbi_places places;
	uint32_t no;

	dbbi_index_find(&places, p->index, &entry->id);
	for (uint32_t i = 0; i < places.count; i++) {
		no = places.items[i].no;
		if (memcmp(&places.items[i].pack, &pack->name,
		    sizeof pack->name) == 0)
			return p->live[no / 8] >> no % 8 & 1;
	}
	return places.count == DBBI_PLACES;
}

static int
read_pack(uint8_t **data, dbbi_pack_view *view, dbbi_prune *p,
    const dbbi_prune_pack *pack, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	uint8_t *bytes = NULL;
	dbbi_id name;
	size_t size;
	int rc;

	dbbi_pack_object(object, &pack->name);
	if ((rc = dbbi_store_load(&bytes, &size, p->repo->store, object,
	    DBBI_PACK_LIMIT, err)) < 0 ||
	    (rc = dbbi_sha256_of(name.bytes, bytes, size, err)) < 0)
		goto done;
	rc = memcmp(&name, &pack->name, sizeof name) == 0 ? 0 :
	    dbbi_error_set(err, DBB_EDAMAGED, "its bytes do not fit its "
	    "name");
	if (rc == 0)
		rc = dbbi_pack_open(view, bytes, size, p->repo->keys, err);
	if (rc == 0) {
		*data = bytes;
		bytes = NULL;
	}
done:
	free(bytes);
	return rc;
}

/* How many bytes of it are live, each chunk of them proven, and unsealed in
 * place. */
static int
prove(uint64_t *bytes, struct rewrite *rw, const dbbi_prune_pack *pack,
    const dbbi_pack_view *view, dbb_error *err)
{
	dbbi_content content;
	dbbi_entry entry;
	int rc = 0;

	*bytes = 0;
	for (uint32_t i = 0; rc == 0 && i < view->count; i++) {
		if (dbbi_pack_entry(&entry, view, i) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of it is not possible", i);
		if (!is_live(rw->p, pack, &entry))
			continue;
		*bytes += entry.stored;
		rc = dbbi_chunk_open(&content, rw->plain, &rw->opener,
		    &view->box, &entry, view->data + entry.offset, err);
	}
	return rc;
}

static int
copy(struct rewrite *rw, const dbbi_prune_pack *pack,
    const dbbi_pack_view *view, dbb_error *err)
{
	dbbi_entry entry;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < view->count; i++) {
		if (dbbi_pack_entry(&entry, view, i) < 0 ||
		    !is_live(rw->p, pack, &entry))
			continue;
		if (view->cipher == DBBI_CIPHER_SEALED)
			entry.stored -= DBBI_TAG_SIZE;
		rc = add_chunk(rw, &pack->name, &entry,
		    view->data + entry.offset, err);
	}
	return rc;
}

/* One that is damaged, or more alive than it looked, stays as it is. */
static int
rewrite_pack(struct rewrite *rw, dbbi_prune_pack *pack, dbb_error *err)
{
	dbbi_prune_stats *stats = &rw->p->stats;
	char object[DBBI_OBJECT_SIZE];
	uint8_t *data = NULL;
	dbbi_pack_view view;
	uint64_t live = 0;
	dbb_error cause;
	int rc;

	dbbi_error_clear(&cause);
	if ((rc = read_pack(&data, &view, rw->p, pack, &cause)) == 0)
		rc = prove(&live, rw, pack, &view, &cause);
	if (rc == 0 && live > 0 && live < pack->size / TOO_LIVE &&
	    (rc = copy(rw, pack, &view, &cause)) == 0) {
		pack->flags |= DBBI_PRUNE_REWRITTEN;
		stats->rewritten.packs++;
		stats->rewritten.bytes += pack->size;
		stats->rewritten_bytes += live;
	}
	free(data);
	if (rc == DBB_EDAMAGED || rc == DBB_ENOTFOUND) {
		dbbi_pack_object(object, &pack->name);
		dbbi_log(rw->p->repo->run, DBB_LOG_WARNING, "'%s' is damaged "
		    "and stays as it is: %s", object, cause.message);
		return 0;
	}
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

/* ---- all ---- */

static int
rewrite_packs(struct rewrite *rw, dbb_error *err)
{
	dbbi_prune *p = rw->p;
	uint64_t written;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->packs.count &&
	    p->move_count < DBBI_RECORD_MOVES / 2; i++) {
		if (!(p->packs.items[i].flags & DBBI_PRUNE_SPARSE))
			continue;
		if ((rc = dbbi_run_check(p->repo->run, err)) == 0)
			rc = rewrite_pack(rw, &p->packs.items[i], err);
	}
	if (rc == 0 && (rc = end_pack(rw, err)) == 0)
		rc = dbbi_segment_write(&written, &rw->segment,
		    p->repo->store, err);
	return rc;
}

int
dbbi_prune_rewrite(dbbi_prune *p, dbb_error *err)
{
	struct rewrite rw = { .p = p };
	int rc;

	dbbi_segment_init(&rw.segment, p->repo->keys);
	if ((rc = dbbi_opener_init(&rw.opener, p->repo->keys, err)) < 0 ||
	    (rc = dbbi_pack_new(&rw.open, p->repo->keys, err)) < 0)
		goto done;
	if ((rw.plain = malloc(DBBI_CHUNK_LIMIT)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	rc = rewrite_packs(&rw, err);
done:
	free(rw.plain);
	dbbi_pack_free(rw.open);
	dbbi_opener_clear(&rw.opener);
	dbbi_segment_clear(&rw.segment);
	dbbi_names_clear(&rw.sources);
	return dbbi_error_context(err, rc, "rewriting packs that are mostly "
	    "unused");
}
