/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/chunker.h"

#include <string.h>

#include "util/bytes.h"
#include "util/sha256.h"

#define WINDOW 64	/* bytes that a hash depends on */
#define MIN_AVERAGE 1024u
#define MAX_AVERAGE 32768u
#define MAX_OF_AVERAGE 16u	/* max is at most so many averages */

int
dbbi_chunker_params_valid(const dbbi_chunker_params *p)
{
	uint32_t average = p->average_bytes;

	return p->min_bytes >= WINDOW && p->min_bytes <= average &&
	    average >= MIN_AVERAGE && average <= MAX_AVERAGE &&
	    (average & (average - 1)) == 0 && average <= p->max_bytes &&
	    p->max_bytes <= average * MAX_OF_AVERAGE;
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

int
dbbi_chunker_init(dbbi_chunker *c, const dbbi_chunker_params *params,
    dbb_error *err)
{
	unsigned bits = 10;	/* 2^10 is MIN_AVERAGE */

	if (!dbbi_chunker_params_valid(params))
		return dbbi_error_set(err, DBB_EINVAL,
		    "piece sizes %u/%u/%u are not possible",
		    params->min_bytes, params->average_bytes,
		    params->max_bytes);
	while ((1u << bits) < params->average_bytes)
		bits++;
	c->mask_before = top_bits(bits + 2);
	c->mask_after = top_bits(bits - 2);
	c->min_bytes = params->min_bytes;
	c->average_bytes = params->average_bytes;
	c->max_bytes = params->max_bytes;
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
dbbi_chunker_cut(const dbbi_chunker *c, const uint8_t *data, size_t size)
{
	size_t end = size < c->max_bytes ? size : c->max_bytes;
	size_t middle = end < c->average_bytes ? end : c->average_bytes;
	uint64_t h = 0;
	size_t cut;

	if (end <= c->min_bytes)
		return end;
	for (size_t i = c->min_bytes - WINDOW; i < c->min_bytes; i++)
		h = (h << 1) + c->gear[data[i]];
	cut = search(&h, c->gear, data, c->min_bytes, middle,
	    c->mask_before);
	if (cut <= middle)
		return cut;
	cut = search(&h, c->gear, data, middle, end, c->mask_after);
	return cut <= end ? cut : end;
}
