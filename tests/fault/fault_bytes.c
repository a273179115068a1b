/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "fault_bytes.h"

#include <stdlib.h>
#include <string.h>

#define AREA_BYTES 2048u
#define WORD_BYTES 8u
#define ONE_CHANGES_IN 5u

/* A number that depends on three. */
static uint64_t
mix(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x = a * 0x9e3779b97f4a7c15u + b * 0xc2b2ae3d27d4eb4fu +
	    c * 0x165667b19e3779f9u + 1;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The generation in which an area was changed last. The first changes in
 * each, as the head of a dump does; other streams than the first have no
 * other change. */
static uint32_t
changed_in(const struct fault_bytes *bytes, uint64_t area)
{
	uint32_t g = bytes->generation;

	if (area > 0 && bytes->stream > 0)
		return 0;
	while (area > 0 && g > 0 &&
	    mix(bytes->stream, area, g) % ONE_CHANGES_IN != 0)
		g--;
	return g;
}

/* Eight characters that shrink a little when they are compressed. */
static void
make_word(uint8_t out[WORD_BYTES], uint64_t area_seed, uint64_t number)
{
	static const char letters[] = "etaoinsrhldcumfpgwyb \t\n,01234567";
	uint64_t x = mix(area_seed, number, 7);

	for (unsigned i = 0; i < WORD_BYTES; i++)
		out[i] = (uint8_t)letters[(x >> (8 * i)) % 32];
}

void
fault_bytes_get(uint8_t *out, const struct fault_bytes *bytes, uint64_t at,
    size_t size)
{
	uint8_t word[WORD_BYTES];
	uint64_t seed = 0, area;

	for (size_t i = 0; i < size; i++, at++) {
		area = at / AREA_BYTES;
		if (i == 0 || at % AREA_BYTES == 0)
			seed = mix(bytes->stream, area, changed_in(bytes,
			    area));
		if (i == 0 || at % WORD_BYTES == 0)
			make_word(word, seed, at / WORD_BYTES);
		out[i] = word[at % WORD_BYTES];
	}
}

struct bytes_reader {
	dbbi_reader base;
	const struct fault_bytes *bytes;
	uint64_t at;
};

static int
read_bytes(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct bytes_reader *r = (struct bytes_reader *)reader;
	uint64_t left = r->bytes->size - r->at;

	(void)err;
	*got = left < size ? (size_t)left : size;
	fault_bytes_get(buffer, r->bytes, r->at, *got);
	r->at += *got;
	return 0;
}

static void
free_reader(dbbi_reader *reader)
{
	free(reader);
}

dbbi_reader *
fault_bytes_reader(const struct fault_bytes *bytes)
{
	struct bytes_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->base.read = read_bytes;
	r->base.free = free_reader;
	r->bytes = bytes;
	return &r->base;
}

int
fault_bytes_compare(const struct fault_bytes *bytes, dbbi_reader *in,
    dbb_error *err)
{
	uint8_t block[4096], expected[4096];
	uint64_t at = 0;
	size_t got = 0;
	int rc;

	while ((rc = dbbi_reader_read(&got, in, block, sizeof block,
	    err)) == 0 && got > 0) {
		if (got <= bytes->size - at) {
			fault_bytes_get(expected, bytes, at, got);
			if (memcmp(block, expected, got) == 0) {
				at += got;
				continue;
			}
		}
		return dbbi_error_set(err, DBB_EINTERNAL, "a wrong byte was "
		    "given, after byte %llu of stream %u of generation %u",
		    (unsigned long long)at, bytes->stream, bytes->generation);
	}
	if (rc == 0 && at != bytes->size)
		rc = dbbi_error_set(err, DBB_EINTERNAL, "stream %u of "
		    "generation %u ended well after %llu of %llu bytes",
		    bytes->stream, bytes->generation, (unsigned long long)at,
		    (unsigned long long)bytes->size);
	return rc;
}
