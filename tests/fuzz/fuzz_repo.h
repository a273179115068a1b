/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_repo: one repository in memory, kept from input to input, and objects
 * in it that are taken out again behind each.
 */
#ifndef FUZZ_REPO_H
#define FUZZ_REPO_H

#include "fuzz.h"
#include "repo/repository.h"

/* The sizes of its pieces are 64, 1,024 and 2,048. */
dbbi_repo *fuzz_repo(void);
dbbi_store *fuzz_store(void);
dbbi_run *fuzz_run(void);

/* Put an object; over one that is there. */
void fuzz_put(const char *object, const void *data, size_t size);

/* Put an object that is named by its bytes: "index/" and the like. */
void fuzz_put_named(const char *prefix, const void *data, size_t size);

/* Take out all but repository.json, and forget the index. */
void fuzz_clear(void);

/* The id of a chunk: of the lengths and digests of its pieces, if it has
 * such; `*id` is anything else. */
void fuzz_chunk_id(dbbi_id *id, const uint8_t *plain, size_t size);

#endif
