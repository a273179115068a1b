/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_compare: what the two files behind dbbi_pg_facts_compare share:
 * pg_compare.c walks the facts and tells what differs, pg_compare_rules.c
 * knows when two tables, sequences, settings … are the same.
 */
#ifndef DBBI_PG_COMPARE_H
#define DBBI_PG_COMPARE_H

#include "util/json.h"

/* One comparison under way. `failed` stays once memory was short. */
typedef struct dbbi_comparison {
	dbbi_json *findings;
	dbbi_json *warnings;
	uint64_t compared;
	int failed;
} dbbi_comparison;

/* An entry of a list, by what it is found again by. */
typedef struct dbbi_compare_entry {
	const char *first, *second;	/* schema and name, role and name … */
	const dbbi_json *json;
} dbbi_compare_entry;

/* What a kind of entry is: how it is called, what there is to say of one
 * that is on one side only, and what to do with one that is on both. Texts
 * are to free(3), NULL when out of memory. */
typedef struct dbbi_compare_rule dbbi_compare_rule;
struct dbbi_compare_rule {
	const char *key;		/* the list's member */
	const char *first, *second;	/* the entry's members */
	char *(*title)(const dbbi_compare_entry *e);
	char *(*value)(const dbbi_json *json);
	void (*compare)(dbbi_comparison *c, const dbbi_compare_rule *rule,
	    const dbbi_compare_entry *expected,
	    const dbbi_compare_entry *found);
};

/* Ended by one without a key. */
extern const dbbi_compare_rule dbbi_compare_rules[];

/* Tell a difference. `object` is taken over; NULL is no memory. A NULL value
 * is "missing". */
void dbbi_compare_find(dbbi_comparison *c, char *object,
    const char *expected, const char *found);

/* `text` is taken over; NULL is no memory. */
void dbbi_compare_warn(dbbi_comparison *c, char *text);

/* Two texts that may be NULL. */
int dbbi_compare_same(const char *a, const char *b);

#endif
