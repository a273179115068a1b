/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets are written "ID TIME SOURCES FLAGS"; expected is who stays. */
#include <config.h>

#include <check.h>

#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/retention.h"
#include "util/clock.h"

#define MOST 16

struct table {
	const char *name;
	dbbi_retention_rules rules;
	const char *now;
	const char *sets[MOST];	/* FLAGS: p partial, v verified, s safety */
	const char *kept;	/* their ids, in the order of `sets` */
};

static dbbi_retention_set sets[MOST];
static char names[MOST][32];
static size_t count;
static dbb_error err;

static int64_t
time_of(const char *text)
{
	char whole[DBBI_TIME_SIZE];
	int64_t at_ms;

	snprintf(whole, sizeof whole, "%s:00.000Z", text);
	ck_assert_msg(dbbi_time_parse(&at_ms, whole) == 0, "%s", whole);
	return at_ms;
}

static void
add(const char *line)
{
	char at[32], sources[64], flags[8] = "";
	dbbi_retention_set *set = &sets[count];

	ck_assert_int_ge(sscanf(line, "%31s %31s %63s %7s", names[count], at,
	    sources, flags), 3);
	*set = (dbbi_retention_set){ .id = names[count],
	    .at_ms = time_of(at), .completed = !strchr(flags, 'p'),
	    .verified = strchr(flags, 'v') != NULL,
	    .safety = strchr(flags, 's') != NULL };
	if (strcmp(sources, "-") != 0)
		ck_assert_int_eq(dbbi_list_split(&set->sources, sources,
		    &err), 0);
	count++;
}

static void
forget(void)
{
	while (count > 0)
		dbbi_list_clear(&sets[--count].sources);
}

static void
decide(const struct table *t)
{
	forget();
	for (size_t i = 0; i < MOST && t->sets[i] != NULL; i++)
		add(t->sets[i]);
	ck_assert_int_eq(dbbi_retention_decide(sets, count, &t->rules,
	    time_of(t->now), &err), 0);
}

static void
check(const struct table *t)
{
	char kept[512] = "";

	decide(t);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_gt(strlen(sets[i].reason), 0);
		if (!sets[i].keep)
			continue;
		snprintf(kept + strlen(kept), sizeof kept - strlen(kept),
		    "%s%s", *kept == '\0' ? "" : " ", sets[i].id);
	}
	ck_assert_msg(strcmp(kept, t->kept) == 0, "%s: %s, not %s", t->name,
	    kept, t->kept);
}

static const struct table rule_tables[] = {
	{ "no rules keep all", { .days = 0 }, "2026-11-24T00:00",
	    { "a 1999-01-01T00:00 m", "b 2026-11-23T00:00 m p" }, "a b" },
	{ "days end with the minute", { .days = 2 }, "2026-11-24T12:00",
	    { "a 2026-11-22T11:59 m", "b 2026-11-22T12:00 m",
	      "c 2026-11-22T12:01 m", "d 2026-11-24T00:00 m" }, "c d" },
	{ "the last few, in any order", { .keep_last = 2 },
	    "2026-11-24T12:00",
	    { "c 2026-11-23T02:00 m", "a 2026-11-21T02:00 m",
	      "b 2026-11-22T02:00 m" }, "c b" },
	{ "of equal times the greater id is newer", { .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "b 2026-11-23T02:00 m", "c 2026-11-23T02:00 m",
	      "a 2026-11-23T02:00 m" }, "c" },
	{ "the newest of a day", { .daily = 2 }, "2026-11-24T12:00",
	    { "a 2026-11-22T00:00 m", "b 2026-11-22T23:59 m",
	      "c 2026-11-23T00:00 m", "d 2026-11-23T23:59 m",
	      "e 2026-11-21T23:59 m" }, "b d" },
	{ "days without a set do not count", { .daily = 3 },
	    "2026-11-24T12:00",
	    { "a 2026-01-01T00:00 m", "b 2026-06-01T00:00 m",
	      "c 2026-06-02T00:00 m", "d 2026-11-01T00:00 m" }, "b c d" },
	{ "weeks begin on Monday", { .weekly = 2 }, "2026-11-24T12:00",
	    { "sat 2026-11-14T02:00 m", "sun 2026-11-15T02:00 m",
	      "mon 2026-11-16T02:00 m", "end 2026-11-22T23:59 m" },
	    "sun end" },
	{ "a week over new year is one", { .weekly = 2 },
	    "2027-01-10T12:00",
	    { "a 2026-12-27T02:00 m", "b 2026-12-31T02:00 m",
	      "c 2027-01-03T02:00 m", "d 2027-01-04T02:00 m" }, "c d" },
	{ "weeks have their own year", { .weekly = 9 }, "2027-01-10T12:00",
	    { "a 2024-12-29T02:00 m", "b 2024-12-30T02:00 m",
	      "c 2025-01-01T02:00 m", "d 2025-12-29T02:00 m" }, "a c d" },
	{ "months at their borders", { .monthly = 2 }, "2026-03-31T12:00",
	    { "a 2026-01-31T23:59 m", "b 2026-02-01T00:00 m",
	      "c 2026-02-28T23:59 m", "d 2026-03-01T00:00 m" }, "c d" },
	{ "the 29th of February", { .daily = 3 }, "2028-03-02T12:00",
	    { "a 2028-02-28T02:00 m", "b 2028-02-29T02:00 m",
	      "c 2028-03-01T02:00 m", "d 2028-02-27T02:00 m" }, "a b c" },
	{ "a leap year's days", { .days = 366 }, "2029-01-01T00:00",
	    { "a 2028-01-01T00:00 m", "b 2028-01-01T00:01 m",
	      "c 2028-12-31T00:00 m" }, "b c" },
	{ "years at their borders", { .yearly = 2 }, "2027-06-01T00:00",
	    { "a 2025-12-31T23:59 m", "b 2026-01-01T00:00 m",
	      "c 2026-12-31T23:59 m", "d 2027-01-01T00:00 m" }, "c d" },
	{ "what any rule keeps is kept",
	    { .days = 1, .keep_last = 1, .weekly = 2, .yearly = 2 },
	    "2026-11-24T12:00",
	    { "a 2025-03-01T02:00 m", "b 2025-03-02T02:00 m",
	      "c 2026-11-20T02:00 m", "d 2026-11-23T11:00 m",
	      "e 2026-11-24T11:00 m" }, "b c e" },
	{ "more than there are", { .keep_last = 4000000000u,
	    .daily = 4000000000u }, "2026-11-24T12:00",
	    { "a 2025-03-01T02:00 m" }, "a" },
	{ NULL, { 0 }, NULL, { NULL }, NULL },
};

static const struct table source_tables[] = {
	{ "each source by itself", { .keep_last = 1 }, "2026-11-24T12:00",
	    { "a 2026-11-20T02:00 m", "b 2026-11-21T02:00 n",
	      "c 2026-11-22T02:00 o", "d 2026-11-23T02:00 o" }, "a b d" },
	{ "a partial set hides nothing", { .daily = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-11-22T02:00 m,n", "b 2026-11-23T02:00 m,n",
	      "c 2026-11-23T03:00 m p" }, "b c" },
	{ "the newest completed one stays", { .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-10-01T02:00 m,n", "b 2026-11-20T02:00 m p",
	      "c 2026-11-21T02:00 m p", "d 2026-11-22T02:00 n p" },
	    "a c d" },
	{ "the newest verified one stays", { .days = 1, .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-01-01T02:00 m v", "b 2026-02-01T02:00 m v",
	      "c 2026-03-01T02:00 m", "d 2026-11-23T02:00 m" }, "b d" },
	{ "of every source", { .keep_last = 1 }, "2026-11-24T12:00",
	    { "a 2026-01-01T02:00 m v", "b 2026-02-01T02:00 n v",
	      "c 2026-03-01T02:00 m,n" }, "a b c" },
	{ "all are too old, and the newest stays", { .days = 1 },
	    "2036-11-24T12:00",
	    { "a 2026-11-22T02:00 m", "b 2026-11-23T02:00 m" }, "b" },
	{ "a clock that is behind takes none", { .days = 3 },
	    "1970-01-02T00:00",
	    { "a 2026-11-22T02:00 m", "b 2026-11-23T02:00 m" }, "a b" },
	{ "nor is one set of the future all", { .daily = 2 },
	    "2026-11-24T12:00",
	    { "a 2026-11-22T02:00 m", "b 2026-11-23T02:00 m",
	      "c 2099-01-01T02:00 m" }, "b c" },
	{ "safety sets take no place", { .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-11-01T02:00 m", "b 2026-11-20T02:00 m s" }, "a b" },
	{ "safety sets go after a week", { .days = 2 },
	    "2026-11-24T12:00",
	    { "a 2026-11-16T12:00 m s", "b 2026-11-17T12:01 m s",
	      "c 2026-11-01T02:00 m" }, "b c" },
	{ "or later, as the rule says", { .days = 30 },
	    "2026-11-24T12:00",
	    { "a 2026-10-20T12:00 m s", "b 2026-10-30T12:01 m s",
	      "c 2026-10-01T02:00 m" }, "b c" },
	{ "a safety set that is all there is", { .days = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-01-20T12:00 m s", "b 2026-02-20T12:01 m s" }, "b" },
	{ "a set that does not say what it holds", { .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-01-20T12:00 -", "b 2026-02-20T12:01 m" }, "a b" },
	{ "nothing", { .keep_last = 1 }, "2026-11-24T12:00", { NULL }, "" },
	{ NULL, { 0 }, NULL, { NULL }, NULL },
};

START_TEST(keeps_what_a_rule_keeps)
{
	for (const struct table *t = rule_tables; t->name != NULL; t++)
		check(t);
}
END_TEST

START_TEST(never_takes_the_last_of_a_source)
{
	for (const struct table *t = source_tables; t->name != NULL; t++)
		check(t);
}
END_TEST

START_TEST(says_why)
{
	static const struct table t = { "reasons",
	    { .days = 2, .keep_last = 1, .daily = 2, .weekly = 1,
	      .monthly = 1, .yearly = 1 }, "2026-11-24T12:00",
	    { "a 2026-11-01T02:00 m", "b 2026-11-23T02:00 m,n v" }, NULL };

	decide(&t);
	ck_assert_str_eq(sets[0].reason, "daily 2026-11-01");
	ck_assert_str_eq(sets[1].reason, "newest completed of 'm', newest "
	    "verified of 'm', younger than 2 days, among the last 1, daily "
	    "2026-11-23, weekly 2026-W48, monthly 2026-11, yearly 2026, "
	    "newest completed of 'n', newest verified of 'n'");
}
END_TEST

START_TEST(says_why_not)
{
	static const struct table aged = { "days", { .days = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-11-01T02:00 m", "b 2026-11-23T02:00 m" }, NULL };
	static const struct table other = { "last", { .keep_last = 1 },
	    "2026-11-24T12:00",
	    { "a 2026-11-01T02:00 m", "b 2026-11-23T02:00 m" }, NULL };

	decide(&aged);
	ck_assert_int_eq(sets[0].keep, 0);
	ck_assert_str_eq(sets[0].reason,
	    "older than 1 day, and no other rule keeps it");
	decide(&other);
	ck_assert_int_eq(sets[0].keep, 0);
	ck_assert_str_eq(sets[0].reason, "no rule keeps it");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retention");
	TCase *tc = tcase_create("retention");

	tcase_add_checked_fixture(tc, NULL, forget);
	tcase_add_test(tc, keeps_what_a_rule_keeps);
	tcase_add_test(tc, never_takes_the_last_of_a_source);
	tcase_add_test(tc, says_why);
	tcase_add_test(tc, says_why_not);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
