/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sha256_two: SHA-256 (FIPS 180-4) of two messages in lockstep. A processor's
 * SHA instructions wait for each other's results, so that a second hash
 * beside the first costs a tenth more, not as much again: chunking with both
 * hashes went from 606 to 1,000 MB/s a core by it (AMD EPYC, bench_stages).
 * OpenSSL has no such call. Where the processor lacks the instructions,
 * OpenSSL's SHA-256 does both.
 */
#ifndef DBBI_SHA256_TWO_H
#define DBBI_SHA256_TWO_H

#include "util/sha256.h"

/* The hash of a whole, and of each of the parts that it is made of. Used by
 * one thread at a time. */
typedef struct dbbi_sha256_twin dbbi_sha256_twin;

int dbbi_sha256_twin_new(dbbi_sha256_twin **out, dbb_error *err);
void dbbi_sha256_twin_free(dbbi_sha256_twin *twin);
int dbbi_sha256_twin_add(dbbi_sha256_twin *twin, const void *data,
    size_t size, dbb_error *err);
/* The part ends here, and the next begins. */
int dbbi_sha256_twin_end_part(uint8_t out[DBBI_SHA256_SIZE],
    dbbi_sha256_twin *twin, dbb_error *err);
/* The whole ends; nothing is to be added afterwards. */
int dbbi_sha256_twin_end(uint8_t out[DBBI_SHA256_SIZE],
    dbbi_sha256_twin *twin, dbb_error *err);

/* Told of the `i`-th part's digest; nonzero stops and is returned. */
typedef int (*dbbi_sha256_part_fn)(uint32_t i,
    const uint8_t digest[DBBI_SHA256_SIZE], void *payload, dbb_error *err);

/* Hash `count` parts that lie one behind the other, each `sizes[i]` long
 * (little-endian u32, not aligned); told in any order. */
int dbbi_sha256_parts(const uint8_t *bytes, const uint8_t *sizes,
    uint32_t count, dbbi_sha256_part_fn fn, void *payload, dbb_error *err);

/* The same two, with the processor's instructions (1; DBB_EUNSUPPORTED where
 * it has none) or OpenSSL (0). */
int dbbi_sha256_twin_new_with(dbbi_sha256_twin **out, int native,
    dbb_error *err);
int dbbi_sha256_parts_with(int native, const uint8_t *bytes,
    const uint8_t *sizes, uint32_t count, dbbi_sha256_part_fn fn,
    void *payload, dbb_error *err);

#endif
