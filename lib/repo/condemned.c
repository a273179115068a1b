/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/condemned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"
#include "util/clock.h"

#define MAGIC "DBBCOND1"
#define INFO "dbbackup condemned"
#define PREFIX "condemned/"
#define HEAD_SIZE (DBBI_HEADER_SIZE + 16)	/* with time, moves, zero */
#define PACK_SIZE (DBBI_SHA256_SIZE + 4)
#define MOVE_SIZE (2 * DBBI_SHA256_SIZE)
#define OBJECT_LIMIT (128u << 20)

void
dbbi_condemned_object(char out[DBBI_OBJECT_SIZE], const char *id)
{
	snprintf(out, DBBI_OBJECT_SIZE, PREFIX "%.31s", id);
}

static int
compare_packs(const void *a, const void *b)
{
	const dbbi_condemned_pack *x = a, *y = b;

	return memcmp(x->name.bytes, y->name.bytes, sizeof x->name.bytes);
}

static int
compare_moves(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(dbbi_move));
}

const dbbi_condemned_pack *
dbbi_record_find(const dbbi_record *r, const dbbi_id *pack)
{
	dbbi_condemned_pack key = { .name = *pack };

	return r->pack_count == 0 ? NULL : bsearch(&key, r->packs,
	    r->pack_count, sizeof key, compare_packs);
}

static void
clear_record(dbbi_record *r)
{
	free(r->packs);
	free(r->moves);
	r->packs = NULL;
	r->moves = NULL;
	r->pack_count = r->move_count = 0;
}

void
dbbi_condemned_clear(dbbi_condemned *c)
{
	for (size_t i = 0; i < c->count; i++)
		clear_record(&c->records[i]);
	free(c->records);
	c->records = NULL;
	c->count = 0;
}

/* ---- read ---- */

static int
damaged(dbb_error *err, const char *what)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "%s", what);
}

static int
parse_packs(dbbi_record *r, const uint8_t *at, uint32_t count,
    dbb_error *err)
{
	r->packs = calloc((size_t)count + 1, sizeof *r->packs);
	if (r->packs == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < count; i++, at += PACK_SIZE) {
		memcpy(r->packs[i].name.bytes, at, DBBI_SHA256_SIZE);
		r->packs[i].size = dbbi_get_u32(at + DBBI_SHA256_SIZE);
		if (i > 0 && compare_packs(&r->packs[i - 1],
		    &r->packs[i]) >= 0)
			return damaged(err, "its packs do not ascend");
	}
	r->pack_count = count;
	return 0;
}

static int
parse_moves(dbbi_record *r, const uint8_t *at, uint32_t count,
    dbb_error *err)
{
	r->moves = calloc((size_t)count + 1, sizeof *r->moves);
	if (r->moves == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < count; i++, at += MOVE_SIZE) {
		memcpy(&r->moves[i], at, MOVE_SIZE);
		if (i > 0 && compare_moves(&r->moves[i - 1],
		    &r->moves[i]) >= 0)
			return damaged(err, "its moves do not ascend");
	}
	r->move_count = count;
	return 0;
}

static int
check_digest(const uint8_t *data, size_t size, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if (size < HEAD_SIZE + sizeof digest)
		return damaged(err, "it is too short");
	size -= sizeof digest;
	if ((rc = dbbi_sha256_of(digest, data, size, err)) < 0)
		return rc;
	return memcmp(digest, data + size, sizeof digest) == 0 ? 0 :
	    damaged(err, "it is not what was written");
}

/* `data` is opened in place. */
static int
parse(dbbi_record *r, uint8_t *data, size_t size, const dbbi_keys *keys,
    dbb_error *err)
{
	uint32_t packs, moves, reserved;
	const uint8_t *time;
	dbbi_cursor c;
	int rc;

	if ((rc = check_digest(data, size, err)) < 0 ||
	    (rc = dbbi_header_get(&packs, data, MAGIC,
	    dbbi_seal_cipher(keys), err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size - DBBI_SHA256_SIZE,
	    DBBI_HEADER_SIZE, keys, INFO, err)) < 0)
		return rc;
	if (dbbi_take(&time, &c, 8) < 0 || dbbi_take_u32(&moves, &c) < 0 ||
	    dbbi_take_u32(&reserved, &c) < 0 || reserved != 0 ||
	    packs > DBBI_RECORD_PACKS || moves > DBBI_RECORD_MOVES ||
	    (size_t)packs * PACK_SIZE + (size_t)moves * MOVE_SIZE != c.left)
		return damaged(err, "its numbers do not fit its size");
	if ((rc = parse_packs(r, c.at, packs, err)) < 0)
		return rc;
	return parse_moves(r, c.at + (size_t)packs * PACK_SIZE, moves, err);
}

static int
read_record(dbbi_record *r, dbbi_repo *repo, dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];
	uint8_t *data = NULL;
	size_t size;
	int rc;

	dbbi_condemned_object(object, r->id);
	rc = dbbi_store_load(&data, &size, repo->store, object, OBJECT_LIMIT,
	    err);
	if (rc == 0)
		rc = parse(r, data, size, repo->keys, err);
	free(data);
	if (rc < 0)
		clear_record(r);
	return dbbi_error_context(err, rc, "'%s'", object);
}

static int
collect(const dbb_object *object, void *payload)
{
	const char *id = object->name + strlen(PREFIX);
	dbbi_condemned *c = payload;
	dbbi_record *records, *r;

	if (strncmp(object->name, PREFIX, strlen(PREFIX)) != 0 ||
	    !dbbi_set_id_valid(id))
		return 0;
	records = realloc(c->records, (c->count + 1) * sizeof *records);
	if (records == NULL)
		return 1;
	c->records = records;
	r = &records[c->count++];
	memset(r, 0, sizeof *r);
	snprintf(r->id, sizeof r->id, "%s", id);
	r->modified_at_ms = object->modified_at_ms;
	return 0;
}

/* Read one that was listed: 1, or 0 when it has vanished. */
static int
take_record(dbbi_record *r, dbbi_repo *repo, dbb_error *err)
{
	dbb_error cause;
	int rc;

	if ((rc = dbbi_run_check(repo->run, err)) < 0)
		return rc;
	dbbi_error_clear(&cause);
	rc = read_record(r, repo, &cause);
	if (rc == 0 || rc == DBB_ENOTFOUND)
		return rc == 0;
	if (dbbi_is_damage(rc)) {
		r->damage = rc;
		dbbi_log(repo->run, DBB_LOG_WARNING, "%s: which packs it "
		    "condemns is not known", cause.message);
		return 1;
	}
	if (err != NULL)
		*err = cause;
	return rc;
}

static int
take_records(dbbi_condemned *c, dbbi_repo *repo, dbb_error *err)
{
	size_t listed = c->count;
	int rc = 0;

	c->count = 0;
	for (size_t i = 0; rc >= 0 && i < listed; i++) {
		dbbi_record r = c->records[i];

		if ((rc = take_record(&r, repo, err)) == 1)
			c->records[c->count++] = r;
	}
	return rc < 0 ? rc : 0;
}

int
dbbi_condemned_load(dbbi_condemned *out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_condemned c = { NULL, 0 };
	int rc;

	rc = dbbi_store_list(repo->store, PREFIX, collect, &c, err);
	if (rc == DBB_ECANCELED)	/* by `collect` */
		rc = dbbi_error_nomem(err);
	if (rc == 0)
		rc = take_records(&c, repo, err);
	if (rc < 0) {
		dbbi_condemned_clear(&c);
		return dbbi_error_context(err, rc,
		    "looking which packs are condemned");
	}
	*out = c;
	return 0;
}

/* ---- write ---- */

static int
encode(dbbi_bytes *b, const dbbi_record *r, int64_t at_ms,
    const dbbi_keys *keys, dbb_error *err)
{
	uint8_t header[DBBI_HEADER_SIZE], digest[DBBI_SHA256_SIZE];
	int rc;

	dbbi_header_put(header, MAGIC, dbbi_seal_cipher(keys),
	    r->pack_count);
	if ((rc = dbbi_bytes_reserve(b, HEAD_SIZE + DBBI_SHA256_SIZE +
	    DBBI_WRITER_BOX_EXTRA + (size_t)r->pack_count * PACK_SIZE +
	    (size_t)r->move_count * MOVE_SIZE, err)) < 0 ||
	    (rc = dbbi_bytes_add(b, header, sizeof header, err)) < 0 ||
	    (rc = dbbi_sealed_begin(b, keys, err)) < 0 ||
	    (rc = dbbi_bytes_add_u64(b, (uint64_t)at_ms, err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, r->move_count, err)) < 0 ||
	    (rc = dbbi_bytes_add_u32(b, 0, err)) < 0)
		return rc;
	for (uint32_t i = 0; i < r->pack_count; i++)
		if ((rc = dbbi_bytes_add(b, r->packs[i].name.bytes,
		    DBBI_SHA256_SIZE, err)) < 0 ||
		    (rc = dbbi_bytes_add_u32(b, r->packs[i].size, err)) < 0)
			return rc;
	if (r->move_count > 0 && (rc = dbbi_bytes_add(b, r->moves,
	    (size_t)r->move_count * MOVE_SIZE, err)) < 0)
		return rc;
	if ((rc = dbbi_sealed_end(b, DBBI_HEADER_SIZE, keys, INFO,
	    err)) < 0 ||
	    (rc = dbbi_sha256_of(digest, b->data, b->size, err)) < 0)
		return rc;
	return dbbi_bytes_add(b, digest, sizeof digest, err);
}

int
dbbi_condemned_write(char id[DBBI_SET_ID_SIZE], dbbi_repo *repo,
    dbbi_condemned_pack *packs, uint32_t pack_count, dbbi_move *moves,
    uint32_t move_count, dbb_error *err)
{
	dbbi_record r = { .packs = packs, .pack_count = pack_count,
	    .moves = moves, .move_count = move_count };
	char object[DBBI_OBJECT_SIZE];
	int64_t now_ms = dbbi_now_ms();
	dbbi_bytes b;
	int rc;

	dbbi_bytes_init(&b, OBJECT_LIMIT);
	if (pack_count > 0)
		qsort(packs, pack_count, sizeof *packs, compare_packs);
	if (move_count > 0)
		qsort(moves, move_count, sizeof *moves, compare_moves);
	if ((rc = dbbi_set_id_new(r.id, now_ms, err)) < 0 ||
	    (rc = encode(&b, &r, now_ms, repo->keys, err)) < 0)
		goto done;
	dbbi_condemned_object(object, r.id);
	rc = dbbi_store_write(repo->store, object, b.data, b.size, 0, err);
	if (rc == 0)
		memcpy(id, r.id, sizeof r.id);
done:
	dbbi_bytes_clear(&b);
	return dbbi_error_context(err, rc, "condemning packs");
}
