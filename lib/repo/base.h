/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base: the pieces that a new stream is likely to repeat: those of the same
 * stream in an earlier set, if there is one, and its own of a while ago. Of
 * the earlier stream a window of lists is held around the place where the
 * last piece was found, which moves along with the new stream; of its own
 * the last lists. So memory stays the same however long both are: at most
 * 16 lists, 4 MiB.
 *
 * What the window has lost from sight (much was taken out, or put in) is
 * still found as whole chunks by the index; base_seek then moves the window
 * to where such a chunk lies.
 *
 * The earlier stream is an advantage, never needed: what cannot be read of it
 * is as if it were not there. Used by one thread.
 */
#ifndef DBBI_BASE_H
#define DBBI_BASE_H

#include "repo/repository.h"

typedef struct dbbi_base dbbi_base;

/* `ref`: the earlier stream; NULL: none. */
int dbbi_base_new(dbbi_base **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, dbb_error *err);
void dbbi_base_free(dbbi_base *base);

/* Where a piece lies. */
typedef struct dbbi_base_piece {
	dbbi_id chunk;
	uint32_t offset;
} dbbi_base_piece;

/* Find a piece: 1, or 0. DBB_ECANCELED, DBB_ENOMEM; damage is no failure. */
int dbbi_base_find(dbbi_base_piece *out, dbbi_base *base,
    const uint8_t digest[DBBI_SHA256_SIZE], uint32_t length, dbb_error *err);

/* The new stream's next list, as it was put down; it stands for `bytes`. */
int dbbi_base_note(dbbi_base *base, const uint8_t *list, size_t size,
    uint64_t bytes, dbb_error *err);

/* A chunk that is stored already came along: if the window has not been of
 * use for a while, move it on to the list that names the chunk. */
int dbbi_base_seek(dbbi_base *base, const dbbi_id *chunk, dbb_error *err);

#endif
