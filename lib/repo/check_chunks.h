/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_chunks: chunk by chunk, what has a stream, and what has it lost? Its
 * lists are read for it. A chunk is whole when it has a place in a pack that
 * is there and not damaged, or damaged elsewhere; so that a prune keeps it,
 * the set's head must name that pack, unless one that the head names is
 * lost: then any will do.
 */
#ifndef DBBI_CHECK_CHUNKS_H
#define DBBI_CHECK_CHUNKS_H

#include "repo/check_packs.h"

typedef struct dbbi_chunk_check {
	dbbi_repo *repo;
	dbbi_index *index;		/* that was listed */
	const dbbi_needed *needed;
	int read_data;			/* only needed packs count */
} dbbi_chunk_check;

/* How many packs of the set are lost: missing, cut, or not in the index. */
uint32_t dbbi_check_lost(const dbbi_needed *needed,
    const dbbi_manifest *manifest);

/* Mark the present packs, by their number in the index, in which chunks of
 * the set's lost packs have another place. */
int dbbi_check_stand_ins(const dbbi_chunk_check *check,
    const dbbi_manifest *manifest, uint8_t *marks, dbb_error *err);

/* Go through a stream's chunks. Packs of the set are blamed for those that
 * have no whole place; anything else that is wrong is the error. */
int dbbi_check_stream(const dbbi_chunk_check *check,
    const dbbi_manifest *manifest, const dbbi_stream_ref *ref,
    dbb_error *err);

#endif
