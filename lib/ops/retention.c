/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/retention.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define SAFETY_DAYS 7u

#define PERIOD_SIZE 32		/* of its name: 2026-11-22, 2026-W47, … */

/* Sets in order, the newest first. */
struct order {
	dbbi_retention_set **sets;
	size_t count;
};

int
dbbi_retention_has_rules(const dbbi_retention_rules *r)
{
	return r->days > 0 || r->keep_last > 0 || r->daily > 0 ||
	    r->weekly > 0 || r->monthly > 0 || r->yearly > 0;
}

/* ---- reasons ---- */

static void keep(dbbi_retention_set *set, const char *fmt, ...)
    DBBI_PRINTF(2, 3);

/* Keep a set for one more reason; the same is not said twice, and what has
 * no room not at all. */
static void
keep(dbbi_retention_set *set, const char *fmt, ...)
{
	char reason[DBBI_REASON_SIZE];
	size_t used = strlen(set->reason);
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof reason, fmt, args);
	va_end(args);
	set->keep = 1;
	if (strstr(set->reason, reason) != NULL ||
	    used + 2 + strlen(reason) >= sizeof set->reason)
		return;
	snprintf(set->reason + used, sizeof set->reason - used, "%s%s",
	    used > 0 ? ", " : "", reason);
}

/* ---- order ---- */

static int
compare_newest_first(const void *a, const void *b)
{
	const dbbi_retention_set *x = *(dbbi_retention_set *const *)a;
	const dbbi_retention_set *y = *(dbbi_retention_set *const *)b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? 1 : -1;
	return strcmp(y->id, x->id);
}

static int
order_new(struct order *out, dbbi_retention_set *sets, size_t count,
    dbb_error *err)
{
	out->sets = calloc(count + 1, sizeof *out->sets);
	if (out->sets == NULL)
		return dbbi_error_nomem(err);
	for (size_t i = 0; i < count; i++)
		out->sets[i] = &sets[i];
	out->count = count;
	qsort(out->sets, count, sizeof *out->sets, compare_newest_first);
	return 0;
}

/* The sets of one source, in the same order. */
static void
order_select(struct order *out, const struct order *all, const char *source,
    int safety)
{
	out->count = 0;
	for (size_t i = 0; i < all->count; i++)
		if (all->sets[i]->safety == safety &&
		    dbbi_list_has(&all->sets[i]->sources, source))
			out->sets[out->count++] = all->sets[i];
}

/* ---- rules ---- */

enum period { DAILY, WEEKLY, MONTHLY, YEARLY };

static const char *const period_rules[] = { "daily", "weekly", "monthly",
    "yearly" };

static void
name_period(char out[PERIOD_SIZE], int64_t at_ms, enum period period)
{
	time_t seconds = (time_t)(at_ms / 1000 - (at_ms % 1000 < 0));
	size_t size = 0;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	switch (period) {
	case DAILY:
		size = strftime(out, PERIOD_SIZE, "%Y-%m-%d", &tm);
		break;
	case WEEKLY:
		size = strftime(out, PERIOD_SIZE, "%G-W%V", &tm);
		break;
	case MONTHLY:
		size = strftime(out, PERIOD_SIZE, "%Y-%m", &tm);
		break;
	case YEARLY:
		size = strftime(out, PERIOD_SIZE, "%Y", &tm);
		break;
	}
	out[size] = '\0';
}

/* Keep the newest set of each of the newest `most` periods. */
static void
keep_periods(const struct order *o, enum period period, uint32_t most)
{
	char last[PERIOD_SIZE] = "", name[PERIOD_SIZE];

	for (size_t i = 0; i < o->count && most > 0; i++) {
		name_period(name, o->sets[i]->at_ms, period);
		if (strcmp(name, last) == 0)
			continue;
		keep(o->sets[i], "%s %s", period_rules[period], name);
		memcpy(last, name, sizeof last);
		most--;
	}
}

static int
is_young(const dbbi_retention_set *set, uint32_t days, int64_t now_ms)
{
	return set->at_ms > now_ms - (int64_t)days * DAY_MS;
}

static void
keep_young(const struct order *o, uint32_t days, int64_t now_ms)
{
	for (size_t i = 0; i < o->count; i++)
		if (is_young(o->sets[i], days, now_ms))
			keep(o->sets[i], "younger than %u %s", days,
			    days == 1 ? "day" : "days");
}

static void
keep_last(const struct order *o, uint32_t most)
{
	for (size_t i = 0; i < o->count && i < most; i++)
		keep(o->sets[i], "among the last %u", most);
}

/* ---- what no rule may take ---- */

static void
keep_newest(const struct order *o, const char *source)
{
	int completed = 0, verified = 0;

	for (size_t i = 0; i < o->count; i++) {
		dbbi_retention_set *set = o->sets[i];

		if (set->completed && !completed++)
			keep(set, "newest completed of '%s'", source);
		else if (i == 0)
			keep(set, "newest of '%s'", source);
		if (set->verified && !verified++)
			keep(set, "newest verified of '%s'", source);
	}
}

/* ---- all of it ---- */

/* Safety sets count only for a source that has no others. */
static void
decide_source(struct order *scratch, const struct order *all,
    const char *source, const dbbi_retention_rules *r, int64_t now_ms)
{
	order_select(scratch, all, source, 0);
	if (scratch->count == 0)
		order_select(scratch, all, source, 1);
	keep_newest(scratch, source);
	order_select(scratch, all, source, 0);
	keep_young(scratch, r->days, now_ms);
	keep_last(scratch, r->keep_last);
	keep_periods(scratch, DAILY, r->daily);
	keep_periods(scratch, WEEKLY, r->weekly);
	keep_periods(scratch, MONTHLY, r->monthly);
	keep_periods(scratch, YEARLY, r->yearly);
}

static void
decide_safety(const struct order *all, const dbbi_retention_rules *r,
    int64_t now_ms)
{
	uint32_t days = r->days > SAFETY_DAYS ? r->days : SAFETY_DAYS;

	for (size_t i = 0; i < all->count; i++)
		if (all->sets[i]->safety &&
		    is_young(all->sets[i], days, now_ms))
			keep(all->sets[i], "safety set younger than %u days",
			    days);
}

static int
list_sources(dbbi_list *out, const dbbi_retention_set *sets, size_t count,
    dbb_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; rc == 0 && k < sets[i].sources.count; k++)
			if (!dbbi_list_has(out, sets[i].sources.items[k]))
				rc = dbbi_list_add(out,
				    sets[i].sources.items[k], err);
	return rc;
}

static void
explain_removal(dbbi_retention_set *set, const dbbi_retention_rules *r)
{
	if (r->days > 0)
		snprintf(set->reason, sizeof set->reason, "older than %u %s, "
		    "and no other rule keeps it", r->days,
		    r->days == 1 ? "day" : "days");
	else
		snprintf(set->reason, sizeof set->reason,
		    "no rule keeps it");
}

int
dbbi_retention_decide(dbbi_retention_set *sets, size_t count,
    const dbbi_retention_rules *r, int64_t now_ms, dbb_error *err)
{
	struct order all = { NULL, 0 }, scratch = { NULL, 0 };
	dbbi_list sources = { NULL, 0 };
	int rc;

	if ((rc = order_new(&all, sets, count, err)) < 0 ||
	    (rc = order_new(&scratch, sets, count, err)) < 0 ||
	    (rc = list_sources(&sources, sets, count, err)) < 0)
		goto done;
	for (size_t i = 0; i < count; i++) {
		sets[i].keep = 0;
		sets[i].reason[0] = '\0';
		if (!dbbi_retention_has_rules(r))
			keep(&sets[i], "there are no rules");
		else if (sets[i].sources.count == 0)
			keep(&sets[i], "it does not say what it holds");
	}
	if (!dbbi_retention_has_rules(r))
		goto done;
	for (size_t i = 0; i < sources.count; i++)
		decide_source(&scratch, &all, sources.items[i], r, now_ms);
	decide_safety(&all, r, now_ms);
	for (size_t i = 0; i < count; i++)
		if (!sets[i].keep)
			explain_removal(&sets[i], r);
done:
	dbbi_list_clear(&sources);
	free(scratch.sets);
	free(all.sets);
	return rc;
}
