/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_compare: two databases' facts against each other. The expected ones
 * come from a manifest: no member is trusted to be there or to be of a type.
 */
#include <config.h>

#include "source/pg_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_facts.h"

struct entries {
	dbbi_compare_entry *items;
	size_t count;
};

/* ---- telling ---- */

void
dbbi_compare_find(dbbi_comparison *c, char *object, const char *expected,
    const char *found)
{
	dbbi_json *finding = dbbi_json_new_object();

	if (object == NULL ||
	    dbbi_json_set_string(finding, "object", object) < 0 ||
	    dbbi_json_set_string(finding, "expected",
	    expected != NULL ? expected : "missing") < 0 ||
	    dbbi_json_set_string(finding, "found",
	    found != NULL ? found : "missing") < 0) {
		dbbi_json_free(finding);
		c->failed = 1;
	} else if (dbbi_json_append(c->findings, finding) < 0) {
		c->failed = 1;
	}
	free(object);
}

void
dbbi_compare_warn(dbbi_comparison *c, char *text)
{
	if (text == NULL || dbbi_json_append_string(c->warnings, text) < 0)
		c->failed = 1;
	free(text);
}

int
dbbi_compare_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- lists ---- */

static int
order_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
order(const void *a, const void *b)
{
	const dbbi_compare_entry *one = a, *other = b;
	int by = order_text(one->first, other->first);

	return by != 0 ? by : order_text(one->second, other->second);
}

/* The list's entries that have a name, sorted. */
static int
take_entries(struct entries *out, const dbbi_json *facts,
    const dbbi_compare_rule *rule)
{
	dbbi_json *list = dbbi_json_array(facts, rule->key);
	size_t i, n = dbbi_json_count(list);
	dbbi_compare_entry *e;

	out->count = 0;
	if ((out->items = calloc(n + 1, sizeof(*out->items))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		e = &out->items[out->count];
		e->json = dbbi_json_at(list, i);
		e->first = rule->first != NULL ?
		    dbbi_json_string(e->json, rule->first) : NULL;
		e->second = dbbi_json_string(e->json, rule->second);
		if (e->second != NULL)
			out->count++;
	}
	qsort(out->items, out->count, sizeof(*out->items), order);
	return 0;
}

/* One side only. */
static void
tell_alone(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_compare_entry *e, int is_expected)
{
	char *value = rule->value(e->json);

	if (value == NULL)
		c->failed = 1;
	else if (is_expected)
		dbbi_compare_find(c, rule->title(e), value, NULL);
	else
		dbbi_compare_find(c, rule->title(e), "none", value);
	free(value);
}

/* Walk both sorted lists side by side. */
static void
compare_lists(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_json *expected, const dbbi_json *found)
{
	struct entries a = {0}, b = {0};
	size_t i = 0, k = 0;
	int by;

	if (take_entries(&a, expected, rule) < 0 ||
	    take_entries(&b, found, rule) < 0)
		c->failed = 1;
	while (!c->failed && (i < a.count || k < b.count)) {
		by = i == a.count ? 1 : k == b.count ? -1 :
		    order(&a.items[i], &b.items[k]);
		c->compared++;
		if (by == 0)
			rule->compare(c, rule, &a.items[i++], &b.items[k++]);
		else if (by < 0)
			tell_alone(c, rule, &a.items[i++], 1);
		else
			tell_alone(c, rule, &b.items[k++], 0);
	}
	free(a.items);
	free(b.items);
}

/* ---- what belongs to the database itself ---- */

/* Texts that must be the same; what one side does not know (an older server
 * has no locale_provider) is not compared, but for those that may be null. */
static const struct {
	const char *key, *title;
	int may_be_null;
} texts[] = {
	{ "encoding", "database encoding", 0 },
	{ "collate", "database collation", 0 },
	{ "ctype", "database character type", 0 },
	{ "locale_provider", "database locale provider", 0 },
	{ "icu_locale", "database ICU locale", 0 },
	{ "owner", "database owner", 0 },
	{ "comment", "database comment", 1 },
};

static void
compare_texts(dbbi_comparison *c, const dbbi_json *expected,
    const dbbi_json *found)
{
	const char *a, *b;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		a = dbbi_json_string(expected, texts[i].key);
		b = dbbi_json_string(found, texts[i].key);
		if (!texts[i].may_be_null && (a == NULL || b == NULL))
			continue;
		c->compared++;
		if (!dbbi_compare_same(a, b))
			dbbi_compare_find(c, dbbi_text_dup(texts[i].title),
			    a != NULL ? a : "none", b != NULL ? b : "none");
	}
	a = dbbi_json_string(expected, "tablespace");
	b = dbbi_json_string(found, "tablespace");
	if (a != NULL && b != NULL && !dbbi_compare_same(a, b))
		dbbi_compare_warn(c, dbbi_text_format("the database lies in "
		    "tablespace '%s', and was in '%s'", b, a));
}

/* A number that must be the same on both sides. */
static void
compare_number(dbbi_comparison *c, const char *key, const char *title,
    const dbbi_json *expected, const dbbi_json *found)
{
	char a[24] = "unknown", b[24] = "unknown";
	int64_t value;

	if (dbbi_json_i64(&value, expected, key) == 0)
		snprintf(a, sizeof(a), "%" PRId64, value);
	if (dbbi_json_i64(&value, found, key) == 0)
		snprintf(b, sizeof(b), "%" PRId64, value);
	c->compared++;
	if (strcmp(a, b) != 0)
		dbbi_compare_find(c, dbbi_text_dup(title), a, b);
}

static int
same_number(const char *key, const dbbi_json *a, const dbbi_json *b,
    int64_t unit)
{
	int64_t x, y;

	return dbbi_json_i64(&x, a, key) == 0 &&
	    dbbi_json_i64(&y, b, key) == 0 && x / unit == y / unit;
}

/* Another major version's pg_dump writes the same schema otherwise, and so
 * does one server's catalog from another's. */
static void
compare_schema(dbbi_comparison *c, const dbbi_json *expected,
    const dbbi_json *found)
{
	const char *a = dbbi_json_string(expected, "schema_sha256");
	const char *b = dbbi_json_string(found, "schema_sha256");

	if (!same_number("server_version_num", expected, found, 10000) ||
	    !same_number("pg_dump_major", expected, found, 1) ||
	    a == NULL || b == NULL) {
		dbbi_compare_warn(c, dbbi_text_dup("the schema was not "
		    "compared: server or pg_dump are of another major "
		    "version than when the set was made"));
		return;
	}
	c->compared++;
	if (strcmp(a, b) != 0)
		dbbi_compare_find(c,
		    dbbi_text_dup("schema (pg_dump --schema-only)"), a, b);
}

int
dbbi_pg_facts_compare(uint64_t *compared, const dbbi_json *expected,
    const dbbi_json *found, dbbi_json *findings, dbbi_json *warnings,
    dbb_error *err)
{
	dbbi_comparison c = { .findings = findings, .warnings = warnings };
	size_t i;

	if (dbbi_json_array(expected, "tables") == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "the set's facts list no tables");
	for (i = 0; dbbi_compare_rules[i].key != NULL; i++)
		compare_lists(&c, &dbbi_compare_rules[i], expected, found);
	compare_number(&c, "large_objects", "large objects", expected,
	    found);
	compare_number(&c, "connection_limit", "database connection limit",
	    expected, found);
	compare_texts(&c, expected, found);
	compare_schema(&c, expected, found);
	if (c.failed)
		return dbbi_error_nomem(err);
	*compared = c.compared;
	return 0;
}
