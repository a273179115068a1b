/* SPDX-License-Identifier: BSD-2-Clause */
/* report_key: a sealed repository's keys, and what was done to one. */
#include <config.h>

#include "report.h"

#include <string.h>
#include <time.h>

#include "human.h"
#include "table.h"

void
cli_report_key(cli_output *output, cli_json *result)
{
	const char *name = cli_view_text(result, "name");
	const char *action = cli_view_text(result, "action");

	if (strcmp(action, "export") == 0) {
		cli_report_line(output, "the write-only key is in '%s'",
		    cli_view_text(result, "file"));
		cli_output_flush(output);
		cli_output_say(output, "on the machine that writes: "
		    "'key-file = FILE' under [repository], and no password");
		return;
	}
	cli_report_line(output, "key '%s' %s", name,
	    strcmp(action, "add") == 0 ? "added" : "removed");
}

void
cli_report_key_list(cli_output *output, cli_json *result)
{
	static const cli_column columns[] = { { "KEY", 0 }, { "AGE", 1 } };
	size_t i, n = cli_view_count(result, "keys");
	char age[CLI_HUMAN_SIZE];
	cli_table table;
	int64_t at_ms;

	cli_table_init(&table, columns, 2);
	for (i = 0; i < n; i++) {
		cli_json *key = cli_view_at(result, "keys", i);

		age[0] = '\0';
		if (cli_human_parse_time(&at_ms, cli_view_text(key,
		    "created_at")) == 0)
			cli_human_age(age, (int64_t)time(NULL) -
			    at_ms / 1000);
		cli_table_add(&table, cli_view_text(key, "name"));
		cli_table_add(&table, age);
	}
	cli_table_print(&table, output->answers, "");
	cli_table_clear(&table);
	cli_output_flush(output);
	for (i = 0; i < cli_view_count(result, "damaged"); i++)
		cli_output_warn(output, cli_view_text(cli_view_at(result,
		    "damaged", i), "error"));
}
