/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_repo: two repositories in memory, an open and a sealed one, kept from
 * input to input, and objects that are taken out again behind each.
 */
#ifndef FUZZ_REPO_H
#define FUZZ_REPO_H

#include "fuzz.h"
#include "repo/repository.h"
#include "repo/seal.h"

/* Use this one from now on; at first the open one. */
void fuzz_use(int sealed);

/* The sizes of its pieces are 64, 1,024 and 2,048. */
dbbi_repo *fuzz_repo(void);
dbbi_store *fuzz_store(void);
dbbi_run *fuzz_run(void);
const dbbi_keys *fuzz_keys(void);	/* NULL: the open one */

/* Put an object; over one that is there. */
void fuzz_put(const char *object, const void *data, size_t size);

/* Put an object that is named by its bytes: "index/" and the like. */
void fuzz_put_named(const char *prefix, const void *data, size_t size);

/* Take out all but repository.json, and forget the index. */
void fuzz_clear(void);

/*
 * What an object of an open repository would be in the sealed one: all behind
 * its header in a writer box. `*out` is to be cleared.
 */
void fuzz_seal(dbbi_bytes *out, const uint8_t *data, size_t size,
    const char *info);

/* The id of a chunk: of the lengths and digests of its pieces, if it has
 * such; `*id` is anything else. */
void fuzz_chunk_id(dbbi_id *id, const uint8_t *plain, size_t size);

#endif
