/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ground: a small repository in a store that can fail, what is done to it
 * (a backup, a prune), and the question that every test asks afterwards: is
 * it sound? Functions fill `err` and return; none fails a test by itself, so
 * that children and threads can use them.
 */
#ifndef GROUND_H
#define GROUND_H

#include "fault_bytes.h"
#include "fault_store.h"
#include "repo/prune.h"
#include "repo/repository.h"

#define GROUND_STREAMS 2

struct ground {
	int sealed;
	dbbi_keys keys;			/* if it is */
	uint64_t sizes[GROUND_STREAMS];	/* of every set's streams */
	dbbi_repo_params params;
	struct fault_plan plan;
	dbbi_store_registry *registry;
	dbbi_run run;
	char folder[64];	/* of the store; "": it is in memory */
	dbbi_store *store;	/* through the plan */
};

/* A repository without sets, in a folder of its own, or in memory. The sizes
 * and parameters are as tests need them, and may be changed before. */
void ground_init(struct ground *g, int sealed);
int ground_make(struct ground *g, int in_memory, dbb_error *err);
void ground_clear(struct ground *g);	/* and the folder is gone */

/* The store anew, as another process has it; the old one is left to those
 * who have it. */
int ground_reopen(struct ground *g, dbb_error *err);

/* Make all that is in `to` what is in `from`. */
int ground_copy(struct ground *to, struct ground *from, dbb_error *err);

int ground_open(dbbi_repo **out, struct ground *g, dbb_error *err);

/* ---- what is done to it ---- */

/* A run: a set of what a generation holds, on top of the newest. */
int ground_back_up(char id[DBBI_SET_ID_SIZE], struct ground *g,
    uint32_t generation, dbb_error *err);

/* Take these sets out, and free what none needs. */
int ground_prune(dbbi_prune_stats *stats, struct ground *g,
    const dbbi_list *remove, dbb_error *err);

/* What was condemned was so three days ago. In a folder only. */
int ground_age(struct ground *g, dbb_error *err);

/* ---- is it sound? ---- */

/* The sets that are listed. */
int ground_sets(dbbi_list *out, struct ground *g, dbb_error *err);

/* Read a set back and compare: DBB_OK, or why not. */
int ground_read_set(struct ground *g, dbbi_repo *repo, const char *id,
    dbb_error *err);

/* Read all sets that are listed: DBB_OK, or what went wrong last; a wrong
 * byte goes before all else. */
int ground_read_all(struct ground *g, dbb_error *err);

/* It opens, a check that reads all data finds nothing, and every set that is
 * listed is whole and comes back byte for byte. Which sets those are is in
 * `sets` (may be NULL) afterwards, for the caller to clear. */
int ground_check(dbbi_list *sets, struct ground *g, dbb_error *err);

#endif
