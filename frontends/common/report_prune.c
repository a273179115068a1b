/* SPDX-License-Identifier: BSD-2-Clause */
/* report_prune: which sets went or stayed, and why; what was freed. */
#include <config.h>

#include "report.h"

#include "human.h"
#include "table.h"

#define PART_SIZE (3 * CLI_HUMAN_SIZE)

static void
show_sets(cli_output *output, const cli_json *result)
{
	static const cli_column columns[] = {
		{ "SET", 0 }, { "STATUS", 0 }, { "DECISION", 0 },
		{ "BECAUSE", 0 },
	};
	const char *removed = cli_view_true(result, "dry_run") ?
	    "would be removed" : "removed";
	size_t i, n = cli_view_count(result, "sets");
	cli_table table;

	cli_table_init(&table, columns, 4);
	for (i = 0; i < n; i++) {
		cli_json *set = cli_view_at(result, "sets", i);

		cli_table_add(&table, cli_view_text(set, "set"));
		cli_table_add(&table, cli_view_text(set, "status"));
		cli_table_add(&table, cli_view_true(set, "keep") ? "kept" :
		    removed);
		cli_table_add(&table, cli_view_text(set, "reason"));
	}
	if (cli_table_print(&table, output->answers, "") < 0)
		cli_output_warn(output, "out of memory: the list is not whole");
	cli_table_clear(&table);
}

/* "3 packs, 48.0 MiB". */
static const char *
part_text(char out[PART_SIZE], const cli_json *result,
    const char *key)
{
	const cli_json *part = cli_view_member(result, key);
	char packs[CLI_HUMAN_SIZE], size[CLI_HUMAN_SIZE];

	cli_human_count(packs, cli_view_number(part, "packs"));
	cli_human_size(size, cli_view_number(part, "bytes"));
	snprintf(out, PART_SIZE, "%s pack%s, %s", packs,
	    cli_view_number(part, "packs") == 1 ? "" : "s", size);
	return out;
}

static int
is_any(const cli_json *result, const char *key)
{
	return cli_view_number(cli_view_member(result, key), "packs") > 0;
}

static void
tell_waiting(cli_output *output, const cli_json *result)
{
	char waiting[PART_SIZE], now[PART_SIZE];

	if (!is_any(result, "waiting"))
		return;
	cli_output_say(output, "condemned: %s, of these now %s; a prune may "
	    "delete them from %s on, the last from %s on",
	    part_text(waiting, result, "waiting"),
	    part_text(now, result, "condemned"),
	    cli_view_text(result, "delete_first"),
	    cli_view_text(result, "delete_last"));
}

/* What the store's locks keep. */
static void
tell_locked(cli_output *output, const cli_json *result)
{
	const cli_json *locked = cli_view_member(result, "locked");
	unsigned long long sets = cli_view_number(locked, "sets");
	char packs[PART_SIZE];

	if (sets == 0 && !is_any(result, "locked"))
		return;
	cli_output_say(output, "left, as the store has locked it: %llu set%s "
	    "and %s; the first can be deleted from %s on, the last from %s on",
	    sets, sets == 1 ? "" : "s", part_text(packs, result, "locked"),
	    cli_view_text(locked, "first"), cli_view_text(locked, "last"));
}

void
cli_report_prune(cli_output *output, cli_json *result)
{
	char text[PART_SIZE], used[PART_SIZE];
	char kept[CLI_HUMAN_SIZE];
	int dry_run = cli_view_true(result, "dry_run");

	show_sets(output, result);
	cli_output_flush(output);
	cli_report_warnings(output, result);
	cli_output_say(output, "%s%llu of %zu sets; the repository had %s, "
	    "of which the others need %s", dry_run ? "would remove " :
	    "removed ", (unsigned long long)cli_view_number(result,
	    "removed"), cli_view_count(result, "sets"),
	    part_text(text, result, "store"),
	    part_text(used, result, "used"));
	if (is_any(result, "rewritten")) {
		cli_human_size(kept, cli_view_number(cli_view_member(result,
		    "rewritten"), "kept_bytes"));
		cli_output_say(output, "mostly unused, and %s anew: %s, with "
		    "%s of use", dry_run ? "would be written" : "written",
		    part_text(text, result, "rewritten"), kept);
	}
	cli_output_say(output, "%s %s", dry_run ? "would delete" :
	    "deleted", part_text(text, result, "deleted"));
	tell_waiting(output, result);
	tell_locked(output, result);
	if (cli_view_number(result, "unfinished_uploads") > 0)
		cli_output_say(output, "took away %llu uploads that were "
		    "never finished", (unsigned long long)cli_view_number(
		    result, "unfinished_uploads"));
}
