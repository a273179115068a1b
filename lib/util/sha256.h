/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sha256: SHA-256 (FIPS 180-4) by OpenSSL's EVP. A state is used by one
 * thread at a time.
 */
#ifndef DBBI_SHA256_H
#define DBBI_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define DBBI_SHA256_SIZE 32
#define DBBI_SHA256_HEX 65	/* digits and NUL */

typedef struct dbbi_sha256 dbbi_sha256;

int dbbi_sha256_new(dbbi_sha256 **out, dbb_error *err);	/* begun */
int dbbi_sha256_begin(dbbi_sha256 *h, dbb_error *err);	/* begin again */
int dbbi_sha256_add(dbbi_sha256 *h, const void *data, size_t size,
    dbb_error *err);
int dbbi_sha256_end(uint8_t out[DBBI_SHA256_SIZE], dbbi_sha256 *h,
    dbb_error *err);
void dbbi_sha256_free(dbbi_sha256 *h);

/* The whole at once. */
int dbbi_sha256_of(uint8_t out[DBBI_SHA256_SIZE], const void *data,
    size_t size, dbb_error *err);

#endif
