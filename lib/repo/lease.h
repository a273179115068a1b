/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lease: who is at work in the repository, for people to see. Nothing depends
 * on it: whoever cannot write one works all the same, and one that was left
 * behind by a killed process runs out by itself.
 */
#ifndef DBBI_LEASE_H
#define DBBI_LEASE_H

#include "repo/repo.h"

typedef struct dbbi_lease dbbi_lease;

/* Say that this process does `verb`, and go on saying it from a thread until
 * the end. NULL when that is not possible; it is logged. */
dbbi_lease *dbbi_lease_take(dbbi_repo *repo, const char *verb);
void dbbi_lease_end(dbbi_lease *lease);		/* NULL is allowed */

/* The leases that have not run out, as an array of {"verb":…,"host":…,"pid":N,
 * "version":…,"started_at":…,"until":…}, oldest first. What cannot be read is
 * passed over. */
int dbbi_leases_list(dbbi_json **out, dbbi_repo *repo, dbb_error *err);

/* Remove those that ran out; what cannot be removed stays. */
void dbbi_leases_sweep(dbbi_repo *repo);

#endif
