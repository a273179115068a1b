/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "human.h"
#include "table.h"

void
cli_report_line(cli_output *output, const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	cli_cells_print(output->answers, text, 0);
	putc('\n', output->answers);
	free(text);
}

void
cli_report_error(cli_output *output, const char *front, const char *text)
{
	cli_cells_print(output->answers, front, 0);
	cli_cells_print(output->answers, text, 1);
	putc('\n', output->answers);
}

void
cli_report_warnings(cli_output *output, const cli_json *result)
{
	size_t i, n = cli_view_count(result, "warnings");

	for (i = 0; i < n; i++)
		cli_output_warn(output,
		    cli_view_text_at(result, "warnings", i));
}

/* ---- init ---- */

void
cli_report_init(cli_output *output, cli_json *result)
{
	cli_json *repo = cli_view_member(result, "repository");
	cli_json *history = cli_view_member(result, "history");

	cli_report_line(output, "repository %s: %s (id %s), %s",
	    cli_view_true(repo, "created") ? "made" : "was there already",
	    cli_view_text(repo, "url"), cli_view_text(repo, "id"),
	    cli_view_true(repo, "sealed") ? "sealed" : "not encrypted");
	if (history != NULL)
		cli_report_line(output, "history table backup_history %s: "
		    "in '%s'", cli_view_true(history, "created") ? "made" :
		    "was there already", cli_view_text(history, "database"));
	else
		cli_report_line(output, "no history table: backups work "
		    "without it");
	cli_report_warnings(output, result);
}

/* ---- run ---- */

static uint64_t
elapsed_ms(const cli_json *result)
{
	int64_t from, to;

	if (cli_human_parse_time(&from, cli_view_text(result,
	    "started_at")) < 0 || cli_human_parse_time(&to,
	    cli_view_text(result, "finished_at")) < 0 || to < from)
		return 0;
	return (uint64_t)(to - from);
}

/* What a dry run would have stored. */
static void
tell_plan(cli_output *output, const cli_json *result)
{
	size_t i, j, n = cli_view_count(result, "sources");

	for (i = 0; i < n; i++) {
		cli_json *source = cli_view_at(result, "sources", i);

		for (j = 0; j < cli_view_count(source, "streams"); j++)
			cli_output_say(output, "would back up %s '%s': %s",
			    cli_view_text(source, "kind"),
			    cli_view_text(source, "name"),
			    cli_view_text(cli_view_at(source, "streams", j),
			    "name"));
	}
	cli_output_say(output, "dry run: nothing was stored");
}

void
cli_report_run(cli_output *output, cli_json *result)
{
	char size[CLI_HUMAN_SIZE], added[CLI_HUMAN_SIZE];
	char time[CLI_HUMAN_SIZE];
	size_t warnings = cli_view_count(result, "warnings");

	cli_report_warnings(output, result);
	if (strcmp(cli_view_text(result, "status"), "planned") == 0) {
		tell_plan(output, result);
		return;
	}
	cli_human_size(size, cli_view_number(result, "size_bytes"));
	cli_human_size(added, cli_view_number(result, "stored_bytes"));
	cli_human_duration(time, elapsed_ms(result));
	cli_report_line(output, "%s", cli_view_text(result, "set"));
	cli_output_flush(output);
	cli_output_say(output, "set %s %s: %s read, %s added, in %s, "
	    "%zu warning%s", cli_view_text(result, "set"),
	    cli_view_text(result, "status"), size, added, time, warnings,
	    warnings == 1 ? "" : "s");
}

/* ---- verify ---- */

/* "main app.dump: packs/3f/…", and what is wrong with it. */
static void
tell_damage(cli_output *output, const cli_json *damage)
{
	const char *source = cli_view_text(damage, "source");
	const char *stream = cli_view_text(damage, "stream");

	cli_report_line(output, "  %s%s%s%s%s", source,
	    source[0] != '\0' ? " " : "", stream,
	    stream[0] != '\0' ? ": " : "", cli_view_text(damage, "object"));
	cli_report_error(output, "    ", cli_view_text(damage, "error"));
}

/* What of a damaged set restores all the same. */
static void
tell_restorable(cli_output *output, const cli_json *set)
{
	size_t i, n = cli_view_count(set, "restorable");

	cli_report_line(output, n == 0 ? "  nothing of it restores" :
	    "  these restore all the same:");
	for (i = 0; i < n; i++) {
		cli_json *one = cli_view_at(set, "restorable", i);

		cli_report_line(output, "    %s %s",
		    cli_view_text(one, "source"),
		    cli_view_text(one, "stream"));
	}
}

/* Up to when all that the sets need was read at least once. */
static void
tell_proofs(cli_output *output, const cli_json *result)
{
	uint64_t unproven = cli_view_number(result, "packs_unproven");
	const char *oldest = cli_view_text(result, "oldest_proof");
	char count[CLI_HUMAN_SIZE];

	cli_human_count(count, unproven);
	if (unproven > 0)
		cli_output_say(output, "%s pack%s never read by a verify: "
		    "'--read-data' does it", count, unproven == 1 ?
		    " was" : "s were");
	else if (oldest[0] != '\0')
		cli_output_say(output, "all packs were read since %s",
		    oldest);
}

void
cli_report_verify(cli_output *output, cli_json *result)
{
	char packs[CLI_HUMAN_SIZE], bytes[CLI_HUMAN_SIZE];
	size_t i, j, bad = 0, n = cli_view_count(result, "sets");

	for (i = 0; i < n; i++) {
		cli_json *set = cli_view_at(result, "sets", i);
		int ok = cli_view_true(set, "ok");

		bad += !ok;
		cli_report_line(output, "%s %s", cli_view_text(set, "set"),
		    ok ? "ok" : "damaged");
		for (j = 0; j < cli_view_count(set, "damage"); j++)
			tell_damage(output, cli_view_at(set, "damage", j));
		if (!ok)
			tell_restorable(output, set);
	}
	cli_output_flush(output);
	cli_human_count(packs, cli_view_number(result, "packs"));
	cli_human_size(bytes, cli_view_number(result, "bytes_read"));
	cli_report_warnings(output, result);
	cli_output_say(output, "%zu set%s, %zu damaged; %s packs looked at, "
	    "%s read", n, n == 1 ? "" : "s", bad, packs, bytes);
	if (bad == 0)
		tell_proofs(output, result);
}

/* ---- index rebuild ---- */

void
cli_report_rebuild(cli_output *output, cli_json *result)
{
	char packs[CLI_HUMAN_SIZE], added[CLI_HUMAN_SIZE];
	size_t i, bad = cli_view_count(result, "damaged");

	for (i = 0; i < cli_view_count(result, "segments"); i++)
		cli_report_line(output, "%s was damaged, and is made anew",
		    cli_view_text(cli_view_at(result, "segments", i),
		    "object"));
	for (i = 0; i < bad; i++) {
		cli_json *one = cli_view_at(result, "damaged", i);

		cli_report_line(output, "%s is damaged, and left out",
		    cli_view_text(one, "object"));
		cli_report_error(output, "  ", cli_view_text(one, "error"));
	}
	cli_human_count(packs, cli_view_number(result, "packs"));
	cli_human_count(added, cli_view_number(result, "packs_added"));
	cli_report_line(output, "%s of %s packs were added to the index",
	    added, packs);
	cli_output_flush(output);
	if (bad > 0)
		cli_output_say(output, "%zu packs do not tell what they hold: "
		    "'dbb-backup verify' says whom that hits", bad);
}

/* ---- restore ---- */

static void
show_findings(cli_output *output, const cli_json *source)
{
	static const cli_column columns[] = {
		{ "OBJECT", 0 }, { "EXPECTED", 0 }, { "FOUND", 0 },
	};
	size_t i, n = cli_view_count(source, "findings");
	cli_table table;

	cli_table_init(&table, columns, 3);
	for (i = 0; i < n; i++) {
		cli_json *f = cli_view_at(source, "findings", i);

		cli_table_add(&table, cli_view_text(f, "object"));
		cli_table_add(&table, cli_view_text(f, "expected"));
		cli_table_add(&table, cli_view_text(f, "found"));
	}
	cli_table_print(&table, output->answers, "    ");
	cli_table_clear(&table);
}

static void
show_source(cli_output *output, const cli_json *source)
{
	size_t i, n = cli_view_count(source, "databases");
	size_t differ = cli_view_count(source, "findings");
	char compared[CLI_HUMAN_SIZE];

	cli_report_line(output, "%s '%s'", cli_view_text(source, "kind"),
	    cli_view_text(source, "name"));
	for (i = 0; i < n; i++) {
		cli_json *db = cli_view_at(source, "databases", i);

		cli_report_line(output, "  database '%s' is in '%s'%s",
		    cli_view_text(db, "name"), cli_view_text(db, "target"),
		    cli_view_true(db, "swapped") ?
		    ", in the place of the old one" : "");
	}
	cli_human_count(compared, cli_view_number(source, "compared"));
	if (differ == 0)
		cli_report_line(output, "  %s objects compared with the "
		    "set's facts: equal", compared);
	else
		cli_report_line(output, "  %s objects compared with the "
		    "set's facts: %zu differ", compared, differ);
	show_findings(output, source);
}

void
cli_report_restore(cli_output *output, cli_json *result)
{
	size_t i, n = cli_view_count(result, "sources"), differ = 0;
	const char *safety = cli_view_text(result, "safety_set");
	char time[CLI_HUMAN_SIZE];

	cli_human_duration(time, cli_view_number(result, "elapsed_ms"));
	for (i = 0; i < n; i++) {
		cli_json *source = cli_view_at(result, "sources", i);

		differ += cli_view_count(source, "findings");
		show_source(output, source);
	}
	if (safety[0] != '\0')
		cli_report_line(output, "what was replaced is kept as set %s",
		    safety);
	cli_output_flush(output);
	cli_report_warnings(output, result);
	cli_output_say(output, differ == 0 ? "set %s restored in %s" :
	    "set %s restored in %s, and it differs from what was backed up",
	    cli_view_text(result, "set"), time);
}

/* ---- export ---- */

void
cli_report_export(cli_output *output, cli_json *result)
{
	static const cli_column columns[] = {
		{ "FILE", 0 }, { "SIZE", 1 }, { "SHA-256", 0 },
	};
	size_t i, n = cli_view_count(result, "files");
	cli_table table;

	cli_table_init(&table, columns, 3);
	for (i = 0; i < n; i++) {
		cli_json *f = cli_view_at(result, "files", i);

		cli_table_add(&table, cli_view_text(f, "path"));
		cli_table_add_size(&table, cli_view_number(f, "size_bytes"));
		cli_table_add(&table, cli_view_text(f, "sha256"));
	}
	cli_table_print(&table, output->answers, "");
	cli_table_clear(&table);
	cli_output_flush(output);
	cli_output_say(output, "set %s is in '%s'; its README says how to "
	    "load it", cli_view_text(result, "set"),
	    cli_view_text(result, "directory"));
}
