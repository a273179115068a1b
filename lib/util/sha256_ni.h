/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sha256_ni: the compression function of SHA-256 by the SHA extensions of
 * x86 (Intel 64 and IA-32 Architectures Software Developer's Manual, volume
 * 2, SHA256RNDS2), for one message and for two in lockstep. Only for
 * sha256_two.c.
 */
#ifndef DBBI_SHA256_NI_H
#define DBBI_SHA256_NI_H

#include <stddef.h>
#include <stdint.h>

#define DBBI_SHA256_BLOCK 64

/* Does this processor have the instructions? */
int dbbi_sha256_ni_usable(void);

/* `state` is FIPS 180-4's H0 to H7. */
void dbbi_sha256_ni_one(uint32_t state[8], const uint8_t *data,
    size_t blocks);
void dbbi_sha256_ni_two(uint32_t a[8], const uint8_t *a_data,
    uint32_t b[8], const uint8_t *b_data, size_t blocks);

#endif
