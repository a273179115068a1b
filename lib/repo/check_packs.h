/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_packs: the packs that some sets need, all of them together, each
 * once: are they there, does the index know them, are their bytes right?
 */
#ifndef DBBI_CHECK_PACKS_H
#define DBBI_CHECK_PACKS_H

#include "repo/manifest.h"
#include "repo/proofs.h"

typedef struct dbbi_needed_pack {
	dbbi_set_pack pack;
	uint8_t listed;		/* the store has it */
	uint8_t known;		/* to the index */
	uint8_t stand_in;	/* it has chunks of lost packs */
	uint8_t chosen;		/* to be read */
	uint8_t proven;		/* it was read, and is good */
	uint8_t missed;		/* a set with damage names it */
	uint8_t rotten;		/* the damage was seen by reading it */
	uint8_t blamed;		/* for a chunk of the stream at hand, */
	uint8_t told;		/* of some stream of the set at hand */
	char *damage;		/* what is wrong with it; NULL: nothing */
} dbbi_needed_pack;

typedef struct dbbi_needed {
	dbbi_needed_pack *packs;	/* sorted by name */
	uint32_t count;
} dbbi_needed;

void dbbi_needed_clear(dbbi_needed *needed);

/* Take in the packs of a set. Before any of the checks. */
int dbbi_needed_add(dbbi_needed *needed, const dbbi_manifest *manifest,
    dbb_error *err);

dbbi_needed_pack *dbbi_needed_find(const dbbi_needed *needed,
    const dbbi_id *name);

/* Take in the packs with these numbers of the index (marks[number] is 1),
 * which are all present. After the listing. */
int dbbi_needed_add_present(dbbi_needed *needed, dbbi_index *index,
    const uint8_t *marks, dbb_error *err);

/* Look for them in one listing of the store, which marks also what is
 * present of the index. */
int dbbi_needed_list(dbbi_needed *needed, dbbi_repo *repo,
    dbbi_index *index, dbb_error *err);

/* Look for them in the index. */
int dbbi_needed_look_up(dbbi_needed *needed, dbbi_index *index,
    dbb_error *err);

/* Choose what to read of those that are not damaged: `percent` of their
 * bytes, and at least one; those first whose proof is oldest. */
int dbbi_needed_choose(dbbi_needed *needed, const dbbi_proofs *proofs,
    unsigned percent, dbb_error *err);

/* Read those that are chosen, several at a time, and prove them. */
int dbbi_needed_read(dbbi_needed *needed, dbbi_repo *repo,
    _Atomic uint64_t *bytes_read, _Atomic uint64_t *progress,
    dbb_error *err);

#endif
