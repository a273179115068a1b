/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/sha256_two.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/sha256_ni.h"

#define BLOCK DBBI_SHA256_BLOCK
#define TAIL (2 * BLOCK)	/* what padding makes of the last bytes */

/* FIPS 180-4, 5.3.3. */
static const uint32_t first_state[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* A message that is being hashed by our own hand. */
struct half {
	uint32_t state[8];
	uint64_t size;			/* of the message so far */
	uint8_t pending[BLOCK];		/* its last size % BLOCK bytes */
};

struct dbbi_sha256_twin {
	int native;
	struct half whole;		/* when native, else: */
	struct half part;
	dbbi_sha256 *whole_hash;
	dbbi_sha256 *part_hash;
};

static void
begin(struct half *h)
{
	memcpy(h->state, first_state, sizeof h->state);
	h->size = 0;
}

/* The last `n` bytes with FIPS 180-4's padding: how many blocks. */
static size_t
pad(uint8_t tail[TAIL], const uint8_t *last, size_t n, uint64_t size)
{
	size_t blocks = n < BLOCK - 8 ? 1 : 2;

	memset(tail, 0, TAIL);
	memcpy(tail, last, n);
	tail[n] = 0x80;
	for (size_t i = 0; i < 8; i++)
		tail[blocks * BLOCK - 1 - i] = (uint8_t)(size * 8 >> 8 * i);
	return blocks;
}

static void
put_digest(uint8_t out[DBBI_SHA256_SIZE], const uint32_t state[8])
{
	for (size_t i = 0; i < DBBI_SHA256_SIZE; i++)
		out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static void
end(uint8_t out[DBBI_SHA256_SIZE], struct half *h)
{
	uint8_t tail[TAIL];
	size_t blocks = pad(tail, h->pending, h->size % BLOCK, h->size);

	dbbi_sha256_ni_one(h->state, tail, blocks);
	put_digest(out, h->state);
}

/* ---- the whole and its parts ---- */

/* Complete the pending block: how many bytes that took. */
static size_t
top_up(struct half *h, const uint8_t *data, size_t size)
{
	size_t have = h->size % BLOCK, want = BLOCK - have;

	if (have == 0)
		return 0;
	if (want > size)
		want = size;
	memcpy(h->pending + have, data, want);
	h->size += want;
	if (have + want == BLOCK)
		dbbi_sha256_ni_one(h->state, h->pending, 1);
	return want;
}

/* From `at` on, where a block begins: the blocks after the first `done`, and
 * what is left is pending. */
static void
take_rest(struct half *h, const uint8_t *data, size_t size, size_t at,
    size_t done)
{
	size_t blocks = (size - at) / BLOCK;

	dbbi_sha256_ni_one(h->state, data + at + done * BLOCK, blocks - done);
	memcpy(h->pending, data + at + blocks * BLOCK, (size - at) % BLOCK);
	h->size += size - at;
}

static void
add_native(dbbi_sha256_twin *t, const uint8_t *data, size_t size)
{
	size_t whole = top_up(&t->whole, data, size);
	size_t part = top_up(&t->part, data, size);
	size_t later = whole > part ? whole : part;
	size_t blocks = (size - later) / BLOCK;

	dbbi_sha256_ni_two(t->whole.state, data + whole, t->part.state,
	    data + part, blocks);
	take_rest(&t->whole, data, size, whole, blocks);
	take_rest(&t->part, data, size, part, blocks);
}

int
dbbi_sha256_twin_new_with(dbbi_sha256_twin **out, int native, dbb_error *err)
{
	dbbi_sha256_twin *t;
	int rc = 0;

	if (native && !dbbi_sha256_ni_usable())
		return dbbi_error_set(err, DBB_EUNSUPPORTED,
		    "this processor has no SHA instructions");
	if ((t = calloc(1, sizeof *t)) == NULL)
		return dbbi_error_nomem(err);
	t->native = native;
	begin(&t->whole);
	begin(&t->part);
	if (!native && ((rc = dbbi_sha256_new(&t->whole_hash, err)) < 0 ||
	    (rc = dbbi_sha256_new(&t->part_hash, err)) < 0)) {
		dbbi_sha256_twin_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

int
dbbi_sha256_twin_new(dbbi_sha256_twin **out, dbb_error *err)
{
	return dbbi_sha256_twin_new_with(out, dbbi_sha256_ni_usable(), err);
}

void
dbbi_sha256_twin_free(dbbi_sha256_twin *t)
{
	if (t == NULL)
		return;
	dbbi_sha256_free(t->whole_hash);
	dbbi_sha256_free(t->part_hash);
	free(t);
}

int
dbbi_sha256_twin_add(dbbi_sha256_twin *t, const void *data, size_t size,
    dbb_error *err)
{
	int rc;

	if (t->native) {
		add_native(t, data, size);
		return 0;
	}
	if ((rc = dbbi_sha256_add(t->whole_hash, data, size, err)) < 0)
		return rc;
	return dbbi_sha256_add(t->part_hash, data, size, err);
}

int
dbbi_sha256_twin_end_part(uint8_t out[DBBI_SHA256_SIZE], dbbi_sha256_twin *t,
    dbb_error *err)
{
	int rc;

	if (t->native) {
		end(out, &t->part);
		begin(&t->part);
		return 0;
	}
	if ((rc = dbbi_sha256_end(out, t->part_hash, err)) < 0)
		return rc;
	return dbbi_sha256_begin(t->part_hash, err);
}

int
dbbi_sha256_twin_end(uint8_t out[DBBI_SHA256_SIZE], dbbi_sha256_twin *t,
    dbb_error *err)
{
	if (!t->native)
		return dbbi_sha256_end(out, t->whole_hash, err);
	end(out, &t->whole);
	return 0;
}

/* ---- many parts ---- */

/* The parts in their order; the next goes to the lane that is free. */
struct parts {
	const uint8_t *bytes;
	const uint8_t *sizes;
	uint32_t count;
	uint32_t next;
	dbbi_sha256_part_fn fn;
	void *payload;
};

enum phase { FREE, BODY, END };

struct lane {
	enum phase phase;
	uint32_t state[8];
	uint32_t part;
	const uint8_t *at;	/* the next block, */
	size_t blocks;		/* and how many there are in this phase */
	uint8_t tail[TAIL];
	size_t tail_blocks;
};

static void
take_part(struct lane *lane, struct parts *p)
{
	size_t size = dbbi_get_u32(p->sizes + 4 * (size_t)p->next);

	memcpy(lane->state, first_state, sizeof lane->state);
	lane->phase = BODY;
	lane->part = p->next++;
	lane->at = p->bytes;
	lane->blocks = size / BLOCK;
	p->bytes += size;
	lane->tail_blocks = pad(lane->tail, p->bytes - size % BLOCK,
	    size % BLOCK, size);
}

static int
tell(struct lane *lane, struct parts *p, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];

	lane->phase = FREE;
	put_digest(digest, lane->state);
	return p->fn(lane->part, digest, p->payload, err);
}

/* Bring the lane to where it has blocks to hash, if there are any left. */
static int
refill(struct lane *lane, struct parts *p, dbb_error *err)
{
	int rc;

	while (lane->blocks == 0) {
		if (lane->phase == BODY) {
			lane->phase = END;
			lane->at = lane->tail;
			lane->blocks = lane->tail_blocks;
			continue;
		}
		if (lane->phase == END && (rc = tell(lane, p, err)) != 0)
			return rc;
		if (p->next == p->count)
			return 0;
		take_part(lane, p);
	}
	return 0;
}

static void
advance(struct lane *lane, size_t blocks)
{
	if (blocks == 0)
		return;		/* a free lane is nowhere */
	lane->at += blocks * BLOCK;
	lane->blocks -= blocks;
}

/* The blocks that both lanes have; of the last part, the one that has. */
static void
hash_blocks(struct lane *a, struct lane *b)
{
	size_t n = a->blocks < b->blocks ? a->blocks : b->blocks;

	if (n > 0)
		dbbi_sha256_ni_two(a->state, a->at, b->state, b->at, n);
	else if ((n = a->blocks) > 0)
		dbbi_sha256_ni_one(a->state, a->at, n);
	else if ((n = b->blocks) > 0)
		dbbi_sha256_ni_one(b->state, b->at, n);
	advance(a, a->blocks < n ? a->blocks : n);
	advance(b, b->blocks < n ? b->blocks : n);
}

static int
hash_native(struct parts *p, dbb_error *err)
{
	struct lane a = { .phase = FREE }, b = { .phase = FREE };
	int rc;

	do {
		if ((rc = refill(&a, p, err)) != 0 ||
		    (rc = refill(&b, p, err)) != 0)
			return rc;
		hash_blocks(&a, &b);
	} while (a.phase != FREE || b.phase != FREE);
	return 0;
}

static int
hash_by_openssl(const struct parts *p, dbb_error *err)
{
	const uint8_t *at = p->bytes;
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256 *hash = NULL;
	uint32_t size;
	int rc;

	rc = dbbi_sha256_new(&hash, err);
	for (uint32_t i = 0; rc == 0 && i < p->count; i++, at += size) {
		size = dbbi_get_u32(p->sizes + 4 * (size_t)i);
		if ((rc = dbbi_sha256_begin(hash, err)) == 0 &&
		    (rc = dbbi_sha256_add(hash, at, size, err)) == 0 &&
		    (rc = dbbi_sha256_end(digest, hash, err)) == 0)
			rc = p->fn(i, digest, p->payload, err);
	}
	dbbi_sha256_free(hash);
	return rc;
}

int
dbbi_sha256_parts_with(int native, const uint8_t *bytes,
    const uint8_t *sizes, uint32_t count, dbbi_sha256_part_fn fn,
    void *payload, dbb_error *err)
{
	struct parts p = { .bytes = bytes, .sizes = sizes, .count = count,
	    .fn = fn, .payload = payload };

	if (!native)
		return hash_by_openssl(&p, err);
	if (!dbbi_sha256_ni_usable())
		return dbbi_error_set(err, DBB_EUNSUPPORTED,
		    "this processor has no SHA instructions");
	return hash_native(&p, err);
}

int
dbbi_sha256_parts(const uint8_t *bytes, const uint8_t *sizes,
    uint32_t count, dbbi_sha256_part_fn fn, void *payload, dbb_error *err)
{
	return dbbi_sha256_parts_with(dbbi_sha256_ni_usable(), bytes, sizes,
	    count, fn, payload, err);
}
