/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_compare_rules: when two tables, sequences, settings … are the same. */
#include <config.h>

#include "source/pg_compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_names.h"
#include "util/text.h"

/* Most entries are equal when their values are, as texts. */
static void
compare_values(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_compare_entry *expected, const dbbi_compare_entry *found)
{
	char *a = rule->value(expected->json);
	char *b = rule->value(found->json);

	if (a == NULL || b == NULL)
		c->failed = 1;
	else if (strcmp(a, b) != 0)
		dbbi_compare_find(c, rule->title(expected), a, b);
	free(a);
	free(b);
}

/* ---- tables ---- */

static char *
named(const char *what, const dbbi_compare_entry *e)
{
	char *name = dbbi_pg_name(e->first, e->second), *text;

	text = name != NULL ? dbbi_text_format("%s %s", what, name) : NULL;
	free(name);
	return text;
}

static int
is_view(const dbbi_json *table)
{
	return dbbi_compare_same(dbbi_json_string(table, "kind"),
	    "materialized view");
}

static char *
table_title(const dbbi_compare_entry *e)
{
	return named(is_view(e->json) ? "materialized view" : "table", e);
}

static char *
table_value(const dbbi_json *table)
{
	uint64_t rows;

	if (dbbi_json_u64(&rows, table, "rows") < 0)
		return dbbi_text_dup("an unknown number of rows");
	return dbbi_text_format("%" PRIu64 " rows", rows);
}

/* A restore fills a materialized view anew: one that was out of date at the
 * source is not wrong when it holds something else. */
static void
compare_tables(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_compare_entry *expected, const dbbi_compare_entry *found)
{
	char *a, *b, *title;
	uint64_t rows;

	if (!is_view(expected->json)) {
		compare_values(c, rule, expected, found);
		return;
	}
	if (dbbi_json_u64(&rows, expected->json, "rows") < 0 ||
	    dbbi_json_u64(&rows, found->json, "rows") < 0)
		return;		/* not counted here or there */
	a = table_value(expected->json);
	b = table_value(found->json);
	title = table_title(expected);
	if (a == NULL || b == NULL || title == NULL)
		c->failed = 1;
	else if (strcmp(a, b) != 0)
		dbbi_compare_warn(c, dbbi_text_format("%s was out of date in "
		    "the source (%s) and is filled anew (%s)", title, a,
		    b));
	free(title);
	free(a);
	free(b);
}

/* ---- sequences ---- */

static char *
sequence_title(const dbbi_compare_entry *e)
{
	return named("sequence", e);
}

static int
is_called(const dbbi_json *s, const char *key, int otherwise)
{
	int called = otherwise;

	dbbi_json_bool(&called, s, key);
	return called;
}

/* "17", "17, not yet called", or "17 to 20" where it moved meanwhile. */
static char *
sequence_value(const dbbi_json *s)
{
	int64_t before, after;

	if (dbbi_json_i64(&before, s, "last_value") < 0)
		return dbbi_text_dup("an unknown value");
	if (dbbi_json_i64(&after, s, "last_value_after") < 0)
		after = before;
	if (before != after)
		return dbbi_text_format("%" PRId64 " to %" PRId64, before,
		    after);
	return dbbi_text_format("%" PRId64 "%s", before,
	    is_called(s, "is_called", 1) ? "" : ", not yet called");
}

/* The dump's value lies between what was read before and after it. */
static int
may_be(const dbbi_json *expected, const dbbi_json *found)
{
	int called = is_called(expected, "is_called", 1);
	int called_after = is_called(expected, "is_called_after", called);
	int64_t before, after, value;

	if (dbbi_json_i64(&before, expected, "last_value") < 0 ||
	    dbbi_json_i64(&value, found, "last_value") < 0)
		return 0;
	if (dbbi_json_i64(&after, expected, "last_value_after") < 0)
		after = before;
	if (before == after && called == called_after)
		return value == before &&
		    is_called(found, "is_called", 1) == called;
	return before <= after ? value >= before && value <= after :
	    value >= after && value <= before;
}

static void
compare_sequences(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_compare_entry *expected, const dbbi_compare_entry *found)
{
	if (!may_be(expected->json, found->json))
		compare_values(c, rule, expected, found);
}

/* ---- extensions ---- */

static char *
extension_title(const dbbi_compare_entry *e)
{
	return named("extension", e);
}

static char *
extension_value(const dbbi_json *json)
{
	const char *version = dbbi_json_string(json, "version");

	return dbbi_text_format("version %s",
	    version != NULL ? version : "unknown");
}

/* A dump does not say which version: the server's own is installed. */
static void
compare_extensions(dbbi_comparison *c, const dbbi_compare_rule *rule,
    const dbbi_compare_entry *expected, const dbbi_compare_entry *found)
{
	const char *a = dbbi_json_string(expected->json, "version");
	const char *b = dbbi_json_string(found->json, "version");

	(void)rule;
	if (!dbbi_compare_same(a, b))
		dbbi_compare_warn(c, dbbi_text_format("extension %s is of "
		    "version %s here, and was of version %s",
		    expected->second, b != NULL ? b : "unknown",
		    a != NULL ? a : "unknown"));
}

/* ---- what belongs to the database itself ---- */

static char *
setting_title(const dbbi_compare_entry *e)
{
	if (e->first == NULL)
		return dbbi_text_format("database setting '%s'", e->second);
	return dbbi_text_format("database setting '%s' of role '%s'",
	    e->second, e->first);
}

static char *
setting_value(const dbbi_json *json)
{
	const char *value = dbbi_json_string(json, "value");

	return dbbi_text_dup(value != NULL ? value : "");
}

static char *
grant_title(const dbbi_compare_entry *e)
{
	return dbbi_text_format("database privilege %s of %s%s%s", e->second,
	    e->first != NULL ? "'" : "",
	    e->first != NULL ? e->first : "PUBLIC",
	    e->first != NULL ? "'" : "");
}

static char *
grant_value(const dbbi_json *json)
{
	return dbbi_text_dup(is_called(json, "grantable", 0) ?
	    "granted, with grant option" : "granted");
}

const dbbi_compare_rule dbbi_compare_rules[] = {
	{ "tables", "schema", "name", table_title, table_value,
	    compare_tables },
	{ "sequences", "schema", "name", sequence_title, sequence_value,
	    compare_sequences },
	{ "extensions", NULL, "name", extension_title, extension_value,
	    compare_extensions },
	{ "settings", "role", "name", setting_title, setting_value,
	    compare_values },
	{ "acl", "grantee", "privilege", grant_title, grant_value,
	    compare_values },
	{ .key = NULL },
};
