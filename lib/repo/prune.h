/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prune: take sets out of the repository, and free what no set needs. In two
 * steps and without a lock (condemned.h): what no set names is condemned, and
 * what was condemned longer ago than the grace is deleted. Any number of
 * writers, readers and prunes may be at work meanwhile, and be killed.
 *
 * The decision takes memory and time by the number of packs. Only to rewrite
 * packs that are mostly unused, and for sets that have lost a pack, the index
 * is loaded and lists are read.
 */
#ifndef DBBI_PRUNE_H
#define DBBI_PRUNE_H

#include "repo/repo.h"

typedef struct dbbi_prune_options {
	const dbbi_list *remove;	/* ids of the sets to take out */
	int dry_run;			/* only say what would be done */
} dbbi_prune_options;

typedef struct dbbi_prune_part {
	uint32_t packs;
	uint64_t bytes;
} dbbi_prune_part;

typedef struct dbbi_prune_stats {
	dbbi_prune_part store;		/* when it began */
	dbbi_prune_part used;		/* sets that stay need them */
	dbbi_prune_part deleted;
	dbbi_prune_part condemned;	/* now */
	dbbi_prune_part waiting;	/* condemned now or before, and not
					   deleted yet */
	dbbi_prune_part rewritten;	/* were mostly unused */
	uint64_t rewritten_bytes;	/* what they had of use */
	dbbi_prune_part locked;		/* were to be deleted, and cannot be */
	int64_t locked_first_ms;	/* until then; 0: none */
	int64_t locked_last_ms;
	uint32_t swept;			/* unfinished uploads, taken away */
	uint32_t segments_written;	/* of the index */
	uint32_t segments_removed;
	int64_t delete_first_ms;	/* when the first of `waiting` may be */
	int64_t delete_last_ms;		/* deleted, and the last; 0: none */
} dbbi_prune_stats;

/* Until when a set cannot be taken out, as its manifest is locked; 0: it can.
 * DBB_ENOTFOUND: there is no such set. */
int dbbi_set_locked_until(int64_t *until_ms, dbbi_repo *repo, const char *id,
    dbb_error *err);

/*
 * A pack that is locked in the store stays, and is deleted by a later prune.
 * A set whose manifest cannot be read stops it before anything is done:
 * nobody knows what it needs. So does whatever else is not as it should be,
 * at any point; the next prune goes on from there.
 */
int dbbi_repo_prune(dbbi_prune_stats *out, dbbi_repo *repo,
    const dbbi_prune_options *options, dbb_error *err);

#endif
