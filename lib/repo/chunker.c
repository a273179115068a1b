/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/chunker.h"

#include <string.h>

#include "repo/entry.h"
#include "util/bytes.h"
#include "util/sha256.h"

#define WINDOW 64	/* bytes that a hash depends on */
#define MIN_AVERAGE 1024u
#define FINER 4		/* bits: the head's averages are 2^4 times smaller */

int
dbbi_chunker_params_valid(const dbbi_chunker_params *p)
{
	uint32_t average = p->average_bytes;

	return p->min_bytes >= WINDOW && p->min_bytes <= average &&
	    average >= MIN_AVERAGE && (average & (average - 1)) == 0 &&
	    average <= p->max_bytes && p->max_bytes <= DBBI_CHUNK_LIMIT;
}

/* The `bits` highest bits. */
static uint64_t
top_bits(unsigned bits)
{
	return ~(uint64_t)0 << (64 - bits);
}

static int
fill_gear(uint64_t gear[256], const uint8_t seed[DBBI_SEED_SIZE],
    dbb_error *err)
{
	uint8_t text[DBBI_SEED_SIZE + 1], digest[DBBI_SHA256_SIZE];
	int rc;

	memcpy(text, seed, DBBI_SEED_SIZE);
	for (unsigned i = 0; i < 256; i++) {
		text[DBBI_SEED_SIZE] = (uint8_t)i;
		rc = dbbi_sha256_of(digest, text, sizeof text, err);
		if (rc < 0)
			return rc;
		gear[i] = dbbi_get_u64(digest);
	}
	return 0;
}

static void
make_rule(dbbi_cut_rule *rule, const dbbi_chunker_params *p, unsigned finer)
{
	unsigned bits = 3;	/* far below MIN_AVERAGE, also when finer */

	while ((1u << bits) < p->average_bytes >> finer)
		bits++;
	rule->mask_before = top_bits(bits + 2);
	rule->mask_after = top_bits(bits - 2);
	rule->min_bytes = p->min_bytes >> finer;
	if (rule->min_bytes < WINDOW)
		rule->min_bytes = WINDOW;
	rule->average_bytes = p->average_bytes >> finer;
	rule->max_bytes = p->max_bytes >> finer;
}

int
dbbi_chunker_init(dbbi_chunker *c, const dbbi_chunker_params *params,
    dbb_error *err)
{
	if (!dbbi_chunker_params_valid(params))
		return dbbi_error_set(err, DBB_EINVAL,
		    "chunk sizes %u/%u/%u are not possible",
		    params->min_bytes, params->average_bytes,
		    params->max_bytes);
	make_rule(&c->head, params, FINER);
	make_rule(&c->body, params, 0);
	return fill_gear(c->gear, params->seed, err);
}

/* The first position after `from` where the hash meets `mask`; to + 1 when
 * there is none up to `to`. */
static size_t
search(uint64_t *hash, const uint64_t gear[256], const uint8_t *data,
    size_t from, size_t to, uint64_t mask)
{
	uint64_t h = *hash;

	for (size_t i = from; i < to; i++) {
		h = (h << 1) + gear[data[i]];
		if ((h & mask) == 0)
			return i + 1;
	}
	*hash = h;
	return to + 1;
}

size_t
dbbi_chunker_cut(const dbbi_chunker *c, uint64_t position,
    const uint8_t *data, size_t size)
{
	const dbbi_cut_rule *rule = position < c->body.average_bytes ?
	    &c->head : &c->body;
	size_t end = size < rule->max_bytes ? size : rule->max_bytes;
	size_t middle = end < rule->average_bytes ? end :
	    rule->average_bytes;
	uint64_t h = 0;
	size_t cut;

	if (end <= rule->min_bytes)
		return end;
	for (size_t i = rule->min_bytes - WINDOW; i < rule->min_bytes; i++)
		h = (h << 1) + c->gear[data[i]];
	cut = search(&h, c->gear, data, rule->min_bytes, middle,
	    rule->mask_before);
	if (cut <= middle)
		return cut;
	cut = search(&h, c->gear, data, middle, end, rule->mask_after);
	return cut <= end ? cut : end;
}
