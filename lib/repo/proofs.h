/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proofs: when was each pack last read whole and found good? A verify that
 * reads data writes its answer down; the next one begins with what was read
 * longest ago, and a list can say how fresh the knowledge is.
 *
 *	header (number of packs)  time  names, ascending, each once
 *
 * A proof is a help and never a promise: one that cannot be read counts as
 * none, and a pack may have gone since.
 */
#ifndef DBBI_PROOFS_H
#define DBBI_PROOFS_H

#include "repo/entry.h"

typedef struct dbbi_proofs dbbi_proofs;
struct dbbi_manifest;

/* Load all of them: of each pack the newest. Memory: 48 bytes a pack. */
int dbbi_proofs_load(dbbi_proofs **out, dbbi_repo *repo, dbb_error *err);
void dbbi_proofs_free(dbbi_proofs *proofs);

/* Milliseconds since 1970, or 0: never. A time that is still to come, but
 * for a day that clocks may differ, is none. */
int64_t dbbi_proofs_at(const dbbi_proofs *proofs, const dbbi_id *pack);

/* The oldest proof of a set's packs, or 0: one of them has none, or none that
 * is younger than the set. */
int64_t dbbi_proofs_of_set(const dbbi_proofs *proofs,
    const struct dbbi_manifest *manifest);

/* Remove proofs that say nothing any more: of each of their packs there is a
 * newer one, or the store has it no more; or they cannot be read. One that
 * cannot be removed stays. */
int dbbi_proofs_tidy(dbbi_repo *repo, dbb_error *err);

/* Write down that these packs, in any order, were good at `at_ms`. */
int dbbi_proofs_write(dbbi_repo *repo, const dbbi_id *packs, uint32_t count,
    int64_t at_ms, dbb_error *err);

#endif
