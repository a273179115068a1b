/* SPDX-License-Identifier: BSD-2-Clause */
/* report_config: the configuration, as an INI file would have it. */
#include <config.h>

#include "report.h"

#include <string.h>

#define VALUE_COLUMN 45	/* where origins stand, for most values */

/* Does it stand in another section than the one before? */
static int
begins_section(const cli_json *before, const cli_json *key)
{
	return before == NULL || strcmp(cli_view_text(before, "section"),
	    cli_view_text(key, "section")) != 0 ||
	    strcmp(cli_view_text(before, "name"),
	    cli_view_text(key, "name")) != 0;
}

void
cli_report_config_check(cli_output *output, cli_json *result)
{
	const char *file = cli_view_text(result, "file");
	size_t i, n = cli_view_count(result, "keys"), sources = 0;
	const cli_json *before = NULL, *key;
	const char *url = "";

	for (i = 0; i < n; i++, before = key) {
		key = cli_view_at(result, "keys", i);
		if (begins_section(before, key) &&
		    cli_view_text(key, "name")[0] != '\0')
			sources++;
		if (strcmp(cli_view_text(key, "section"), "repository") == 0 &&
		    strcmp(cli_view_text(key, "key"), "url") == 0)
			url = cli_view_text(key, "value");
	}
	if (sources == 0)
		cli_output_warn(output, "no source is configured: there is "
		    "nothing to back up");
	cli_report_line(output, "the configuration is good: %s%s%s, "
	    "repository '%s', %zu source%s",
	    file[0] != '\0' ? "'" : "the environment",
	    file, file[0] != '\0' ? "'" : "", url, sources,
	    sources == 1 ? "" : "s");
}

void
cli_report_config_show(cli_output *output, cli_json *result)
{
	size_t i, n = cli_view_count(result, "keys");
	const cli_json *before = NULL, *key;
	const char *name;
	int pad;

	for (i = 0; i < n; i++) {
		key = cli_view_at(result, "keys", i);
		if (!cli_view_has(key, "value"))
			continue;
		if (begins_section(before, key)) {
			name = cli_view_text(key, "name");
			if (before != NULL)
				cli_report_line(output, "%s", "");
			cli_report_line(output, "[%s%s%s%s]",
			    cli_view_text(key, "section"),
			    name[0] != '\0' ? " \"" : "", name,
			    name[0] != '\0' ? "\"" : "");
		}
		before = key;
		name = cli_view_text(key, "key");
		pad = VALUE_COLUMN - (int)strlen(name);
		cli_report_line(output, "%s = %-*s ; %s", name,
		    pad > 0 ? pad : 0, cli_view_text(key, "value"),
		    cli_view_text(key, "origin"));
	}
}
