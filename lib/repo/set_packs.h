/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_packs: which packs a set needs: those that the chunks of its streams
 * lie in, lists included.
 *
 * The lists are read back from the store for it, so that no set is committed
 * whose lists cannot be read. A key of the store's may write packs and not
 * read them: then the set names every pack that this run has written to or
 * found chunks in, each as if all of it were used.
 */
#ifndef DBBI_SET_PACKS_H
#define DBBI_SET_PACKS_H

#include "repo/manifest.h"
#include "repo/repository.h"

/* Those that were there before this run come first. */
typedef struct dbbi_set_needs {
	dbbi_set_pack *packs;	/* to free(3) */
	uint32_t count;
	uint32_t older;
} dbbi_set_needs;

/* All that the body's streams consist of has been flushed. */
int dbbi_set_needs_find(dbbi_set_needs *out, dbbi_repo *repo,
    const dbbi_json *body, dbb_error *err);

/* For the writer: a new stream names this chunk, if it is stored already; a
 * pack was written. */
int dbbi_set_needs_chunk(dbbi_repo *repo, const dbbi_id *chunk,
    dbb_error *err);
int dbbi_set_needs_pack(dbbi_repo *repo, uint32_t pack_no, dbb_error *err);

#endif
