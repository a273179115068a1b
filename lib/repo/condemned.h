/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condemned: packs that a prune has marked and a later one may delete, once
 * the record is older than the repository's grace by the store's own clock.
 *
 *	header (number of packs)  time  number of moves
 *	packs: name, size; ascending
 *	moves: name of a pack that was rewritten, one that has its chunks now
 *	digest
 *
 * A writer takes condemned packs as not there: heed, when it begins. What
 * was condemned since may still be used if the run was short: check, just
 * before the commit. So nobody has to lock anything.
 */
#ifndef DBBI_CONDEMNED_H
#define DBBI_CONDEMNED_H

#include "repo/manifest.h"

typedef struct dbbi_condemned_pack {
	dbbi_id name;
	uint32_t size;
} dbbi_condemned_pack;

typedef struct dbbi_move {
	dbbi_id from;
	dbbi_id to;
} dbbi_move;

typedef struct dbbi_record {
	char id[DBBI_SET_ID_SIZE];
	int64_t modified_at_ms;		/* by the store's clock */
	int damage;			/* why it cannot be read: it names
					   nothing then; 0: it can be */
	dbbi_condemned_pack *packs;	/* ascending by name, each once */
	uint32_t pack_count;
	dbbi_move *moves;		/* ascending by `from` */
	uint32_t move_count;
} dbbi_record;

typedef struct dbbi_condemned {
	dbbi_record *records;
	size_t count;
} dbbi_condemned;

/* More than that wait for the next prune. */
#define DBBI_RECORD_PACKS 1000000u
#define DBBI_RECORD_MOVES 1000000u

/* Load all records. One that vanishes meanwhile is passed over; one that is
 * damaged is warned of. */
int dbbi_condemned_load(dbbi_condemned *out, dbbi_repo *repo,
    dbb_error *err);
void dbbi_condemned_clear(dbbi_condemned *condemned);

/* NULL when the record does not name it. */
const dbbi_condemned_pack *dbbi_record_find(const dbbi_record *record,
    const dbbi_id *pack);

/* Write a record: sorts what it is given, and says its id. */
int dbbi_condemned_write(char id[DBBI_SET_ID_SIZE], dbbi_repo *repo,
    dbbi_condemned_pack *packs, uint32_t pack_count, dbbi_move *moves,
    uint32_t move_count, dbb_error *err);

void dbbi_condemned_object(char out[DBBI_OBJECT_SIZE], const char *id);

/* ---- for who writes sets (condemned_heed.c) ---- */

/* Load the repository's index, and mark in it what is condemned: once. */
int dbbi_condemned_heed(dbbi_repo *repo, dbb_error *err);

/* May a set that needs these packs (ascending by name) be committed? A short
 * run may always; what is condemned since it began has the grace before it.
 * DBB_EBUSY: no, run again. */
int dbbi_condemned_check(dbbi_repo *repo, const dbbi_set_pack *packs,
    uint32_t count, dbb_error *err);

#endif
