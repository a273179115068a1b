/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/crc32c.h"

#include <string.h>

#include "util/bytes.h"

#define POLYNOMIAL 0x82f63b78u	/* its bits the other way around */
#define AT_ONCE 8u		/* bytes, and tables */

/* What a byte adds that `i` others follow: tables[i][byte]. */
typedef uint32_t tables[AT_ONCE][256];

/* Made anew for each call, which is a few microseconds and no global state. */
static void
make_tables(tables t)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
		t[0][byte] = crc;
	}
	for (uint32_t i = 1; i < AT_ONCE; i++)
		for (uint32_t byte = 0; byte < 256; byte++)
			t[i][byte] = t[i - 1][byte] >> 8 ^
			    t[0][t[i - 1][byte] & 0xff];
}

uint32_t
dbbi_crc32c_tables(const void *data, size_t size)
{
	const uint8_t *at = data;
	uint32_t crc = ~0u, low, high;
	tables t;

	make_tables(t);
	for (; size >= AT_ONCE; size -= AT_ONCE, at += AT_ONCE) {
		low = crc ^ dbbi_get_u32(at);
		high = dbbi_get_u32(at + 4);
		crc = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^
		    t[5][low >> 16 & 0xff] ^ t[4][low >> 24] ^
		    t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^
		    t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
	}
	for (; size > 0; size--, at++)
		crc = crc >> 8 ^ t[0][(crc ^ *at) & 0xff];
	return ~crc;
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>

int
dbbi_crc32c_usable(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) != 0;
}

__attribute__((target("sse4.2"))) uint32_t
dbbi_crc32c_native(const void *data, size_t size)
{
	const uint8_t *at = data;
	uint64_t crc = ~0u, word;

	for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
		memcpy(&word, at, sizeof word);
		crc = _mm_crc32_u64(crc, word);
	}
	for (; size > 0; size--, at++)
		crc = _mm_crc32_u8((uint32_t)crc, *at);
	return ~(uint32_t)crc;
}

#else

int
dbbi_crc32c_usable(void)
{
	return 0;
}

uint32_t
dbbi_crc32c_native(const void *data, size_t size)
{
	return dbbi_crc32c_tables(data, size);
}

#endif

uint32_t
dbbi_crc32c(const void *data, size_t size)
{
	return dbbi_crc32c_usable() ? dbbi_crc32c_native(data, size) :
	    dbbi_crc32c_tables(data, size);
}
