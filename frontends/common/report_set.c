/* SPDX-License-Identifier: BSD-2-Clause */
/* report_set: the list of sets, and one set whole. */
#include <config.h>

#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "human.h"
#include "table.h"

#define LARGEST_TABLES 10

/* ---- list ---- */

/* How long ago the time at `key` is. */
static void
add_age(cli_table *table, const cli_json *set, const char *key,
    const char *otherwise)
{
	char text[CLI_HUMAN_SIZE];
	int64_t at_ms;

	if (cli_human_parse_time(&at_ms, cli_view_text(set, key)) < 0) {
		cli_table_add(table, otherwise);
		return;
	}
	cli_human_age(text, (int64_t)time(NULL) - at_ms / 1000);
	cli_table_add(table, text);
}

/* "main, other". */
static void
add_sources(cli_table *table, const cli_json *set)
{
	char text[512];
	size_t i, used = 0, n = cli_view_count(set, "sources");

	text[0] = '\0';
	for (i = 0; i < n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s", i > 0 ? ", " : "", cli_view_text(
		    cli_view_at(set, "sources", i), "name"));
	cli_table_add(table, text);
}

static void
show_damaged(cli_output *output, const cli_json *result)
{
	size_t i, n = cli_view_count(result, "damaged");

	for (i = 0; i < n; i++) {
		cli_json *set = cli_view_at(result, "damaged", i);

		cli_report_line(output, "%s damaged",
		    cli_view_text(set, "set"));
		cli_report_error(output, "  ", cli_view_text(set, "error"));
	}
}

/* "at work: verify on db1 (process 4711) since …". */
static void
tell_at_work(cli_output *output, const cli_json *result)
{
	size_t i, n = cli_view_count(result, "at_work");

	for (i = 0; i < n; i++) {
		cli_json *one = cli_view_at(result, "at_work", i);

		cli_output_say(output, "at work: %s on %s (process %" PRIu64
		    ") since %s", cli_view_text(one, "verb"),
		    cli_view_text(one, "host"), cli_view_number(one, "pid"),
		    cli_view_text(one, "started_at"));
	}
}

void
cli_report_list(cli_output *output, cli_json *result)
{
	static const cli_column columns[] = {
		{ "SET", 0 }, { "AGE", 1 }, { "STATUS", 0 }, { "SIZE", 1 },
		{ "ADDED", 1 }, { "VERIFIED", 1 }, { "SOURCES", 0 },
	};
	size_t i, n = cli_view_count(result, "sets");
	cli_table table;

	cli_table_init(&table, columns, 7);
	for (i = 0; i < n; i++) {
		cli_json *set = cli_view_at(result, "sets", i);

		cli_table_add(&table, cli_view_text(set, "set"));
		add_age(&table, set, "started_at", "?");
		cli_table_add(&table, cli_view_text(cli_view_member(set,
		    "labels"), "safety")[0] != '\0' ? "safety set" :
		    cli_view_text(set, "status"));
		cli_table_add_size(&table, cli_view_number(set,
		    "size_bytes"));
		cli_table_add_size(&table, cli_view_number(set,
		    "stored_bytes"));
		add_age(&table, set, "verified", "-");
		add_sources(&table, set);
	}
	if (cli_table_print(&table, output->answers, "") < 0)
		cli_output_warn(output, "out of memory: the list is not whole");
	cli_table_clear(&table);
	show_damaged(output, result);
	cli_output_flush(output);
	tell_at_work(output, result);
	if (n == 0)
		cli_output_say(output, "no sets in %s",
		    cli_view_text(result, "repository"));
}

/* ---- show: the facts of a database ---- */

static int
more_rows(const void *a, const void *b)
{
	uint64_t x = cli_view_number(*(cli_json *const *)a, "rows");
	uint64_t y = cli_view_number(*(cli_json *const *)b, "rows");

	return x > y ? -1 : x < y;
}

static void
show_largest(cli_output *output, const cli_json *database)
{
	static const cli_column columns[] = { { "TABLE", 0 }, { "ROWS", 1 } };
	size_t i, n = cli_view_count(database, "tables");
	cli_json **tables;
	cli_table out;
	char name[256];

	if (n == 0 || (tables = calloc(n, sizeof(cli_json *))) == NULL)
		return;
	for (i = 0; i < n; i++)
		tables[i] = cli_view_at(database, "tables", i);
	qsort(tables, n, sizeof(cli_json *), more_rows);
	cli_table_init(&out, columns, 2);
	for (i = 0; i < n && i < LARGEST_TABLES; i++) {
		snprintf(name, sizeof(name), "%s.%s",
		    cli_view_text(tables[i], "schema"),
		    cli_view_text(tables[i], "name"));
		cli_table_add(&out, name);
		/* Some are not counted: see doc/json.md. */
		if (cli_view_member(tables[i], "rows") == NULL)
			cli_table_add(&out, "-");
		else
			cli_table_add_count(&out,
			    cli_view_number(tables[i], "rows"));
	}
	cli_table_print(&out, output->answers, "      ");
	cli_table_clear(&out);
	if (n > LARGEST_TABLES)
		cli_report_line(output, "      and %zu more",
		    n - LARGEST_TABLES);
	free(tables);
}

static void
show_extensions(cli_output *output, const cli_json *database)
{
	char text[1024];
	size_t i, used = 0, n = cli_view_count(database, "extensions");

	for (i = 0; i < n && used < sizeof(text); i++) {
		cli_json *e = cli_view_at(database, "extensions", i);

		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s %s", i > 0 ? ", " : "", cli_view_text(e, "name"),
		    cli_view_text(e, "version"));
	}
	if (n > 0)
		cli_report_line(output, "      extensions: %s", text);
}

static void
show_database(cli_output *output, const cli_json *database)
{
	char counts[3][CLI_HUMAN_SIZE];
	size_t i, n = cli_view_count(database, "tables");
	uint64_t rows = 0;

	for (i = 0; i < n; i++)
		rows += cli_view_number(cli_view_at(database, "tables", i),
		    "rows");
	cli_human_count(counts[0], n);
	cli_human_count(counts[1], rows);
	cli_human_count(counts[2], cli_view_number(database,
	    "large_objects"));
	cli_report_line(output, "    database '%s': tables %s, rows %s, "
	    "large objects %s, sequences %zu",
	    cli_view_text(database, "name"), counts[0], counts[1], counts[2],
	    cli_view_count(database, "sequences"));
	show_extensions(output, database);
	show_largest(output, database);
}

/* ---- show: sources and streams ---- */

static void
show_streams(cli_output *output, const cli_json *source)
{
	static const cli_column columns[] = { { "STREAM", 0 }, { "SIZE", 1 },
		{ "SHA-256", 0 } };
	size_t i, n = cli_view_count(source, "streams");
	cli_table table;

	cli_table_init(&table, columns, 3);
	for (i = 0; i < n; i++) {
		cli_json *s = cli_view_at(source, "streams", i);

		cli_table_add(&table, cli_view_text(s, "name"));
		cli_table_add_size(&table, cli_view_number(s, "size_bytes"));
		cli_table_add(&table, cli_view_text(s, "sha256"));
	}
	cli_table_print(&table, output->answers, "    ");
	cli_table_clear(&table);
}

static void
show_source(cli_output *output, const cli_json *source)
{
	cli_json *facts = cli_view_member(source, "facts");
	const char *error = cli_view_text(source, "error");
	const char *version = cli_view_text(facts, "server_version");
	const char *frozen = cli_view_text(source, "frozen_at");
	size_t i, n = cli_view_count(facts, "databases");

	cli_report_line(output, "%s", "");
	cli_report_line(output, "%s '%s'", cli_view_text(source, "kind"),
	    cli_view_text(source, "name"));
	if (error[0] != '\0') {
		cli_report_error(output, "  failed: ", error);
		return;
	}
	cli_report_line(output, "  as it was at %s%s%s", frozen,
	    version[0] != '\0' ? ", server version " : "", version);
	cli_report_line(output, "  streams");
	show_streams(output, source);
	if (facts != NULL)
		cli_report_line(output, "  facts");
	if (cli_view_has(facts, "roles"))
		cli_report_line(output, "    roles %" PRIu64
		    ", tablespaces %" PRIu64, cli_view_number(facts, "roles"),
		    cli_view_number(facts, "tablespaces"));
	for (i = 0; i < n; i++)
		show_database(output, cli_view_at(facts, "databases", i));
}

static void
show_labels(cli_output *output, cli_json *result)
{
	cli_json *labels = cli_view_member(result, "labels");
	struct json_object_iterator it, end;

	if (labels == NULL || !json_object_is_type(labels, json_type_object))
		return;
	it = json_object_iter_begin(labels);
	end = json_object_iter_end(labels);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
		cli_report_line(output, "label     %s=%s",
		    json_object_iter_peek_name(&it), cli_view_text(labels,
		    json_object_iter_peek_name(&it)));
}

void
cli_report_show(cli_output *output, cli_json *result)
{
	char size[CLI_HUMAN_SIZE], added[CLI_HUMAN_SIZE];
	char skew[CLI_HUMAN_SIZE];
	size_t i, n = cli_view_count(result, "sources");

	cli_human_size(size, cli_view_number(result, "size_bytes"));
	cli_human_size(added, cli_view_number(result, "stored_bytes"));
	cli_human_duration(skew, cli_view_number(result, "skew_ms"));
	cli_report_line(output, "set       %s", cli_view_text(result, "set"));
	cli_report_line(output, "status    %s",
	    cli_view_text(result, "status"));
	cli_report_line(output, "started   %s",
	    cli_view_text(result, "started_at"));
	cli_report_line(output, "finished  %s",
	    cli_view_text(result, "finished_at"));
	cli_report_line(output, "size      %s, %s added to the repository",
	    size, added);
	cli_report_line(output, "skew      %s between its sources", skew);
	show_labels(output, result);
	for (i = 0; i < n; i++)
		show_source(output, cli_view_at(result, "sources", i));
	n = cli_view_count(result, "warnings");
	if (n > 0) {
		cli_report_line(output, "%s", "");
		cli_report_line(output, "warnings");
	}
	for (i = 0; i < n; i++)
		cli_report_error(output, "  ", cli_view_text_at(result,
		    "warnings", i));
}
