/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crc32c: CRC-32C (Castagnoli), as RFC 3720 has it. It finds what a wire or a
 * memory did to some bytes, and nothing that somebody did on purpose.
 *
 * None of the libraries that we link has it: zlib's crc32 is another
 * polynomial.
 */
#ifndef DBBI_CRC32C_H
#define DBBI_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t dbbi_crc32c(const void *data, size_t size);

/* The same by the processor's instruction (SSE 4.2), where this processor has
 * it, and by tables. */
int dbbi_crc32c_usable(void);
uint32_t dbbi_crc32c_native(const void *data, size_t size);
uint32_t dbbi_crc32c_tables(const void *data, size_t size);

#endif
