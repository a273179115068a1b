/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments read: part by part, and all of them into an index. */
#include <config.h>

#include "repo/segment.h"

#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"
#include "util/text.h"

#define PREFIX "index/"
#define AT_ONCE 32u		/* entries into the index */
#define ROUNDS 8		/* of listing, while segments vanish */

/* ---- one ---- */

static int
take_part(dbbi_segment_part *out, dbbi_cursor *c, int sealed)
{
	const uint8_t *name, *box;

	if (dbbi_take(&name, c, DBBI_SHA256_SIZE) < 0 ||
	    dbbi_take_u32(&out->size, c) < 0 ||
	    dbbi_take_u32(&out->count, c) < 0)
		return -1;
	memcpy(out->pack.bytes, name, DBBI_SHA256_SIZE);
	if (sealed && dbbi_take(&box, c, DBBI_BOX_SIZE) < 0)
		return -1;
	if (sealed)
		memcpy(out->box.bytes, box, DBBI_BOX_SIZE);
	if (out->count > c->left / DBBI_ENTRY_SIZE ||
	    out->size > DBBI_PACK_LIMIT)
		return -1;
	return dbbi_take(&out->entries, c,
	    (size_t)out->count * DBBI_ENTRY_SIZE);
}

static int
check_part(const dbbi_segment_part *part, dbb_error *err)
{
	dbbi_entry entry;

	for (uint32_t i = 0; i < part->count; i++)
		if (dbbi_entry_get(&entry, part->entries +
		    (size_t)i * DBBI_ENTRY_SIZE, part->size,
		    part->cipher) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "entry %u of a pack is not possible", i);
	return 0;
}

/* All are checked before the first is told. */
static int
check_parts(dbbi_cursor c, uint32_t packs, uint8_t cipher, dbb_error *err)
{
	dbbi_segment_part part = { .cipher = cipher };
	int rc;

	for (uint32_t i = 0; i < packs; i++) {
		if (take_part(&part, &c, cipher == DBBI_CIPHER_SEALED) < 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "a pack's part of it is not possible");
		if ((rc = check_part(&part, err)) < 0)
			return rc;
	}
	if (c.left != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%zu bytes follow its last pack", c.left);
	return 0;
}

static int
tell_parts(dbbi_cursor c, uint32_t packs, uint8_t cipher,
    dbbi_segment_part_fn fn, void *payload, dbb_error *err)
{
	dbbi_segment_part part = { .cipher = cipher };
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < packs; i++) {
		take_part(&part, &c, cipher == DBBI_CIPHER_SEALED);
		rc = fn(&part, payload, err);
	}
	return rc;
}

static int
parse(const dbbi_id *name, uint8_t *data, size_t size, const dbbi_keys *keys,
    dbbi_segment_part_fn fn, void *payload, dbb_error *err)
{
	uint8_t cipher = dbbi_seal_cipher(keys);
	dbbi_id digest;
	dbbi_cursor c;
	uint32_t packs;
	int rc;

	if ((rc = dbbi_sha256_of(digest.bytes, data, size, err)) < 0)
		return rc;
	if (memcmp(&digest, name, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its bytes do not fit its name");
	if (size < DBBI_HEADER_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&packs, data, DBBI_SEGMENT_MAGIC, cipher,
	    err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size, DBBI_HEADER_SIZE, keys,
	    DBBI_SEGMENT_INFO, err)) < 0 ||
	    (rc = check_parts(c, packs, cipher, err)) < 0)
		return rc;
	return tell_parts(c, packs, cipher, fn, payload, err);
}

int
dbbi_segment_read(dbbi_store *store, const dbbi_keys *keys,
    const char *object, dbbi_segment_part_fn fn, void *payload,
    dbb_error *err)
{
	uint8_t *data = NULL;
	size_t size;
	dbbi_id name;
	int rc;

	if (dbbi_hex_decode(name.bytes, sizeof name.bytes,
	    object + strlen(PREFIX)) < 0)
		return 0;	/* not ours */
	rc = dbbi_store_load(&data, &size, store, object, DBBI_SEGMENT_LIMIT,
	    err);
	if (rc == 0) {
		rc = parse(&name, data, size, keys, fn, payload, err);
		dbbi_error_context(err, rc, "'%s'", object);
	}
	if (rc == DBB_EDAMAGED)
		dbbi_error_hint(err, "the packs are not harmed by this: run "
		    "'dbb-backup index rebuild', which makes the index again "
		    "from them");
	free(data);
	return rc;
}

static int
pass_part(const dbbi_segment_part *part, void *payload, dbb_error *err)
{
	(void)part;
	(void)payload;
	(void)err;
	return 0;
}

int
dbbi_segment_check(dbbi_store *store, const dbbi_keys *keys,
    const char *object, dbb_error *err)
{
	return dbbi_segment_read(store, keys, object, pass_part, NULL, err);
}

/* ---- all ---- */

static int
collect(const dbb_object *object, void *payload)
{
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

int
dbbi_segment_names(dbbi_list *out, dbbi_store *store, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	int rc;

	rc = dbbi_store_list(store, PREFIX, collect, &names, err);
	if (rc == DBB_ECANCELED)	/* by `collect` */
		rc = dbbi_error_nomem(err);
	if (rc < 0)
		dbbi_list_clear(&names);
	else
		*out = names;
	return rc;
}

struct load {
	dbbi_index *index;
	dbbi_store *store;
	const dbbi_keys *keys;
	dbbi_run *run;
	dbbi_segment_damage_fn damage;
	void *payload;
	dbbi_list done;		/* in rounds before, names */
	int last;		/* round */
};

/* Take one pack's part of a segment into the index. */
static int
load_part(const dbbi_segment_part *part, void *payload, dbb_error *err)
{
	dbbi_index *index = payload;
	dbbi_entry entries[AT_ONCE];
	uint32_t pack_no, n;
	int rc;

	rc = dbbi_index_add_pack(&pack_no, index, &part->pack, part->size,
	    part->cipher == DBBI_CIPHER_SEALED ? &part->box : NULL, 0, err);
	for (uint32_t i = 0; rc == 0 && i < part->count; i += n) {
		for (n = 0; n < AT_ONCE && i + n < part->count; n++)
			dbbi_entry_get(&entries[n], part->entries +
			    (size_t)(i + n) * DBBI_ENTRY_SIZE, part->size,
			    part->cipher);
		rc = dbbi_index_put_all(index, entries, n, pack_no, err);
	}
	return rc;
}

/* 1 when it has vanished: a prune put others into its place. */
static int
load_segment(struct load *l, const char *object, dbb_error *err)
{
	dbb_error cause;
	int rc;

	if ((rc = dbbi_run_check(l->run, err)) < 0)
		return rc;
	dbbi_error_clear(&cause);
	rc = dbbi_segment_read(l->store, l->keys, object, load_part,
	    l->index, &cause);
	if (rc == DBB_ENOTFOUND && !l->last)
		return 1;
	if (rc < 0 && l->damage != NULL && (rc == DBB_EDAMAGED ||
	    rc == DBB_EVERSION || rc == DBB_ENOTFOUND) &&
	    l->damage(object, &cause, l->payload) == 0)
		rc = 0;
	if (rc < 0 && err != NULL)
		*err = cause;
	return rc;
}

/* List and load what was not loaded yet; 1 when some have vanished. */
static int
load_round(struct load *l, dbb_error *err)
{
	dbbi_list names = { NULL, 0 }, done = { NULL, 0 };
	int vanished = 0, rc;

	rc = dbbi_segment_names(&names, l->store, err);
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		rc = dbbi_list_has(&l->done, names.items[i]) ? 0 :
		    load_segment(l, names.items[i], err);
		vanished |= rc == 1;
		if (rc == 0)
			rc = dbbi_list_add(&done, names.items[i], err);
	}
	dbbi_list_clear(&names);
	dbbi_list_clear(&l->done);
	l->done = done;
	return rc < 0 ? rc : vanished;
}

int
dbbi_segment_load_all(dbbi_index *index, dbbi_store *store,
    const dbbi_keys *keys, dbbi_run *run, dbbi_segment_damage_fn damage,
    void *payload, dbb_error *err)
{
	struct load l = { .index = index, .store = store, .keys = keys,
	    .run = run, .damage = damage, .payload = payload };
	int rc = 1;

	for (int round = 1; rc == 1 && round <= ROUNDS; round++) {
		l.last = round == ROUNDS;
		rc = load_round(&l, err);
	}
	dbbi_list_clear(&l.done);
	return dbbi_error_context(err, rc, "loading the index");
}
