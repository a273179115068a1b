/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prune_state: a prune at work, as its files see it.
 *
 *	prune.c		 the order of the steps, and their answer
 *	prune_look.c	 what is there, and who needs it
 *	prune_live.c	 chunk by chunk, where packs do not say enough
 *	prune_rewrite.c	 live chunks of mostly unused packs into new ones
 *	prune_delete.c	 packs go, unless the store has locked them
 *	prune_index.c	 segments without what is gone
 */
#ifndef DBBI_PRUNE_STATE_H
#define DBBI_PRUNE_STATE_H

#include "repo/prune.h"
#include "repo/prune_packs.h"
#include "util/clock.h"

typedef struct dbbi_prune {
	dbbi_repo *repo;
	const dbbi_list *remove;
	int rewrite;			/* there are sparse packs */
	int full;			/* the store is */
	dbbi_moment looked;		/* just before heads were read */
	dbbi_condemned condemned;	/* ascending by time */
	dbbi_prune_packs packs;
	dbbi_list sets;			/* that stay */
	dbbi_list walked;		/* of these, whose lists are needed */
	dbbi_names missing;		/* packs that sets which stay name and
					   the store has not; sorted */
	dbbi_index *index;		/* NULL: was not needed */
	uint8_t *live;			/* a bit for each of its places */
	dbbi_condemned_pack *doomed;	/* the new record */
	uint32_t doomed_count;
	dbbi_move *moves;
	uint32_t move_count;
	uint32_t move_room;
	int segments_locked;		/* old ones that could not go */
	dbbi_prune_stats stats;
} dbbi_prune;

/* Read records, packs and heads. */
int dbbi_prune_look(dbbi_prune *p, dbb_error *err);

/* Read the heads of sets that were not there, or that a listing left out:
 * what they name is not deleted. */
int dbbi_prune_look_again(dbbi_prune *p, dbb_error *err);

/* Note which records were past the grace at `now_ms` by the store's clock. */
void dbbi_prune_date(dbbi_prune *p, int64_t now_ms);

/* Mark the packs that are mostly unused; 0 if it is not worth while. */
int dbbi_prune_find_sparse(dbbi_prune *p);

/* Go through the lists of the sets that name lost, sparse, or moved packs:
 * what stands in, which chunks are live, which packs are needed still. */
int dbbi_prune_walk(dbbi_prune *p, dbb_error *err);

/* Does a record move chunks out of the pack? */
int dbbi_prune_is_moved(const dbbi_prune *p, const dbbi_id *pack);

/* Does a record say that chunks of `from` are in `to` now? */
int dbbi_prune_moves_to(const dbbi_prune *p, const dbbi_id *from,
    const dbbi_id *to);

/* Store the live chunks of sparse packs anew, and note the moves. */
int dbbi_prune_rewrite(dbbi_prune *p, dbb_error *err);

/* Mark what is to be deleted and is locked in the store. */
int dbbi_prune_find_locked(dbbi_prune *p, dbb_error *err);

/* Delete what is to be deleted. */
int dbbi_prune_delete(dbbi_prune *p, dbb_error *err);

/* Take away what puts that never ended have left in the store. */
void dbbi_prune_sweep(dbbi_prune *p);

/* Write the index without the packs that are gone. */
int dbbi_prune_index(dbbi_prune *p, const dbbi_names *gone, dbb_error *err);

#endif
