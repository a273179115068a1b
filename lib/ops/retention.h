/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retention: which sets are kept, and why. A pure function of the sets, the
 * rules and the time.
 *
 * A set is kept if any rule keeps it for any source that it holds. The rules
 * look at each source by itself, so that a set which lacks a source stands in
 * nobody's way: the last N sets of the source; the newest of each of the N
 * last days, ISO weeks, months and years (UTC) that have one; all that are
 * younger than N days.
 *
 * Kept whatever the rules say: the newest set of a source, the newest that
 * lacks nothing, and the newest that was verified. Sets that a restore made
 * for safety take no place in any rule; they stay for `days`, and for a week
 * at least.
 */
#ifndef DBBI_RETENTION_H
#define DBBI_RETENTION_H

#include "util/text.h"

/* 0: no such rule. Without any rule all sets are kept. */
typedef struct dbbi_retention_rules {
	uint32_t days;
	uint32_t keep_last;
	uint32_t daily;
	uint32_t weekly;
	uint32_t monthly;
	uint32_t yearly;
} dbbi_retention_rules;

#define DBBI_REASON_SIZE 256

typedef struct dbbi_retention_set {
	const char *id;
	int64_t at_ms;		/* when it began */
	dbbi_list sources;	/* those that it holds whole */
	int completed;		/* it lacks none */
	int verified;
	int safety;
	int64_t locked_until_ms;	/* for the caller; 0 here */
	int keep;		/* the answer, */
	char reason[DBBI_REASON_SIZE];	/* and why, in words */
} dbbi_retention_set;

int dbbi_retention_has_rules(const dbbi_retention_rules *rules);

/* Decide on each of `sets`, which may be in any order. */
int dbbi_retention_decide(dbbi_retention_set *sets, size_t count,
    const dbbi_retention_rules *rules, int64_t now_ms, dbb_error *err);

#endif
