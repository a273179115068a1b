/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/sha256_ni.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define USES_SHA __attribute__((target("sha,sse4.1")))

/* FIPS 180-4, 4.2.2. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* A message's state as the instructions want it, and the last 16 words of
 * its schedule. */
struct lane {
	__m128i abef;
	__m128i cdgh;
	__m128i words[4];
};

static int
ask_processor(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSE4_1) == 0)
		return 0;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}

/* Asked once: on a virtual machine every question goes to the host. */
int
dbbi_sha256_ni_usable(void)
{
	enum { UNKNOWN, NO, YES };
	static _Atomic int answer = UNKNOWN;
	int known = atomic_load(&answer);

	if (known == UNKNOWN) {
		known = ask_processor() ? YES : NO;
		atomic_store(&answer, known);
	}
	return known == YES;
}

USES_SHA static inline void
load_state(struct lane *lane, const uint32_t state[8])
{
	__m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
	__m128i hgfe = _mm_loadu_si128(
	    (const __m128i *)(const void *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
	__m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);

	lane->abef = _mm_alignr_epi8(cdab, efgh, 8);
	lane->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

USES_SHA static inline void
store_state(uint32_t state[8], const struct lane *lane)
{
	__m128i feba = _mm_shuffle_epi32(lane->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(lane->cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)(void *)state,
	    _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4),
	    _mm_alignr_epi8(dchg, feba, 8));
}

/* The block's words, which are big-endian. */
USES_SHA static inline void
load_words(struct lane *lane, const uint8_t *block)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL,
	    0x0405060700010203LL);

	for (int i = 0; i < 4; i++)
		lane->words[i] = _mm_shuffle_epi8(_mm_loadu_si128(
		    (const __m128i *)(const void *)(block + 16 * i)), swap);
}

/* Four rounds; from the fifth four on, the schedule goes on before them. */
USES_SHA static inline void
four_rounds(struct lane *lane, int n)
{
	__m128i *w = lane->words, sum;
	int i = n % 4, last = (n + 3) % 4;

	if (n >= 4) {
		sum = _mm_sha256msg1_epu32(w[i], w[(n + 1) % 4]);
		sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[last],
		    w[(n + 2) % 4], 4));
		w[i] = _mm_sha256msg2_epu32(sum, w[last]);
	}
	sum = _mm_add_epi32(w[i], _mm_loadu_si128(
	    (const __m128i *)(const void *)(constants + 4 * n)));
	lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, sum);
	sum = _mm_shuffle_epi32(sum, 0x0e);
	lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, sum);
}

USES_SHA static inline void
add_states(struct lane *lane, const struct lane *before)
{
	lane->abef = _mm_add_epi32(lane->abef, before->abef);
	lane->cdgh = _mm_add_epi32(lane->cdgh, before->cdgh);
}

USES_SHA void
dbbi_sha256_ni_one(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	struct lane lane, before;

	load_state(&lane, state);
	for (; blocks > 0; blocks--, data += DBBI_SHA256_BLOCK) {
		before = lane;
		load_words(&lane, data);
#pragma GCC unroll 16
		for (int n = 0; n < 16; n++)
			four_rounds(&lane, n);
		add_states(&lane, &before);
	}
	store_state(state, &lane);
}

USES_SHA void
dbbi_sha256_ni_two(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
    const uint8_t *b_data, size_t blocks)
{
	struct lane one, other, one_before, other_before;

	load_state(&one, a);
	load_state(&other, b);
	for (size_t i = 0; i < blocks; i++) {
		one_before = one;
		other_before = other;
		load_words(&one, a_data + i * DBBI_SHA256_BLOCK);
		load_words(&other, b_data + i * DBBI_SHA256_BLOCK);
#pragma GCC unroll 16
		for (int n = 0; n < 16; n++) {
			four_rounds(&one, n);
			four_rounds(&other, n);
		}
		add_states(&one, &one_before);
		add_states(&other, &other_before);
	}
	store_state(a, &one);
	store_state(b, &other);
}

#else

int
dbbi_sha256_ni_usable(void)
{
	return 0;
}

void
dbbi_sha256_ni_one(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	(void)state, (void)data, (void)blocks;
}

void
dbbi_sha256_ni_two(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
    const uint8_t *b_data, size_t blocks)
{
	(void)a, (void)a_data, (void)b, (void)b_data, (void)blocks;
}

#endif
