/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunk_id: what chunks are called: SHA-256 of what they are made of, and in
 * a sealed repository HMAC-SHA-256, so that a name tells nothing to who has
 * no key. Used by one thread.
 */
#ifndef DBBI_CHUNK_ID_H
#define DBBI_CHUNK_ID_H

#include "repo/keys.h"
#include "repo/repo.h"

typedef struct dbbi_namer dbbi_namer;

/* `keys`: NULL in an open repository. */
int dbbi_namer_new(dbbi_namer **out, const dbbi_keys *keys, dbb_error *err);
void dbbi_namer_free(dbbi_namer *namer);

int dbbi_namer_begin(dbbi_namer *namer, dbb_error *err);
int dbbi_namer_add(dbbi_namer *namer, const void *data, size_t size,
    dbb_error *err);
int dbbi_namer_end(dbbi_id *out, dbbi_namer *namer, dbb_error *err);

/* The whole at once. */
int dbbi_namer_name(dbbi_id *out, dbbi_namer *namer, const void *data,
    size_t size, dbb_error *err);

#endif
