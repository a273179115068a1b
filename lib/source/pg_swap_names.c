/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_swap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_quote.h"
#include "util/clock.h"

#define TRIES_MAX 100
#define TAIL_SIZE (DBBI_PG_NAME_SIZE / 2)
#define TIME_SIZE 16		/* of a set's id: 20261122T020000Z */

static int
exists(int *there, dbbi_pg *pg, const char *name, dbb_error *err)
{
	const char *params[] = { name };
	PGresult *found = NULL;
	int rc;

	if ((rc = dbbi_pg_query(&found, pg, "SELECT 1 FROM pg_catalog."
	    "pg_database WHERE datname = $1", 1, params, err)) == DBB_OK)
		*there = PQntuples(found) > 0;
	PQclear(found);
	return rc;
}

/* Is it one that this swap gives already? */
static int
is_chosen(const dbbi_pg_swap *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->t->count; i++)
		if (strcmp(s->t->restored[i].target, name) == 0 ||
		    strcmp(s->names[i].final, name) == 0 ||
		    strcmp(s->names[i].old, name) == 0 ||
		    strcmp(s->names[i].kept, name) == 0)
			return 1;
	return 0;
}

/* "app_restored_20261122T020000Z": the target's name, cut where the whole
 * would be too long, what it is, and when; and "_2" behind it and so on where
 * that is taken. */
static int
find_name(char out[DBBI_PG_NAME_SIZE], dbbi_pg_swap *s, const char *target,
    const char *what, const char *when, dbb_error *err)
{
	int time = (int)strcspn(when, "-"), there = 1, rc, i;
	char name[DBBI_PG_NAME_SIZE], tail[TAIL_SIZE];
	size_t n;

	for (i = 1; i <= TRIES_MAX && there; i++) {
		n = (size_t)snprintf(tail, sizeof(tail), "_%s_%.*s", what,
		    time > TIME_SIZE ? TIME_SIZE : time, when);
		if (i > 1)
			snprintf(tail + n, sizeof(tail) - n, "_%d", i);
		n = dbbi_pg_utf8_cut(target,
		    DBBI_PG_NAME_SIZE - 1 - strlen(tail));
		memcpy(name, target, n);
		memcpy(name + n, tail, strlen(tail) + 1);
		if (is_chosen(s, name))
			continue;
		if ((rc = exists(&there, s->t->pg, name, err)) < 0)
			return rc;
	}
	if (there)
		return dbbi_error_set(err, DBB_EEXIST, "database '%s' and "
		    "others of that name are there", name);
	memcpy(out, name, sizeof(name));
	return DBB_OK;
}

/* It takes the old one's place, which is called otherwise from then on. */
static int
name_replaced(dbbi_pg_swap *s, size_t i, dbb_error *err)
{
	const char *target = s->t->restored[i].target;
	char now[DBBI_TIME_SIZE];
	int rc;

	if ((rc = dbbi_pg_scratch_name(s->names[i].old, DBBI_PG_OLD, target,
	    s->t->pg, err)) < 0)
		return rc;
	dbbi_time_compact(now, dbbi_now_ms());
	return find_name(s->names[i].kept, s, target, "replaced", now, err);
}

int
dbbi_pg_swap_names_choose(dbbi_pg_swap *s, int equal, dbb_error *err)
{
	const dbbi_pg_restored *r;
	size_t i;
	int rc = DBB_OK;

	s->names = calloc(s->t->count, sizeof(*s->names));
	if (s->names == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < s->t->count && rc == DBB_OK; i++) {
		r = &s->t->restored[i];
		/* What differs from the set may not take a place. */
		if (r->exists && !equal) {
			rc = find_name(s->names[i].final, s, r->target,
			    "restored", s->t->plan->set, err);
			continue;
		}
		memcpy(s->names[i].final, r->target, strlen(r->target) + 1);
		if (r->exists)
			rc = name_replaced(s, i, err);
	}
	return rc;
}
