/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "question.h"

#include <string.h>
#include <time.h>

#include "cells.h"
#include "human.h"
#include "signals.h"
#include "terminal.h"
#include "view.h"

/* The library's result as JSON; NULL when memory ran out. */
static cli_json *
parse(cli *c, dbb_result *result)
{
	const char *text = dbb_result_json(result);
	cli_json *view = text != NULL ? json_tokener_parse(text) : NULL;

	if (view == NULL)
		cli_fail(&c->failure, DBB_ENOMEM, "out of memory");
	return view;
}

static int
is_asked(const cli *c, const char *source)
{
	size_t i;

	/* The first argument is the set. */
	for (i = 1; i < c->request.arguments.count; i++)
		if (strcmp(c->request.arguments.items[i], source) == 0)
			return 1;
	return c->request.arguments.count <= 1;
}

static void
print_clean(const char *front, const char *text)
{
	fputs(front, stderr);
	cli_cells_print(stderr, text, 0);
}

/* "  postgres 'main': 'app', 'auth'". */
static void
tell_source(const cli *c, const cli_json *source)
{
	const cli_json *facts = cli_view_member(source, "facts");
	size_t i, n = cli_view_count(facts, "databases");

	print_clean("  ", cli_view_text(source, "kind"));
	print_clean(" '", cli_view_text(source, "name"));
	fputs("': ", stderr);
	if (c->request.into != NULL)
		print_clean("'", c->request.into);
	for (i = 0; i < n && c->request.into == NULL; i++)
		print_clean(i > 0 ? "', '" : "'", cli_view_text(cli_view_at(
		    facts, "databases", i), "name"));
	fputs("'\n", stderr);
}

static void
tell_plan(const cli *c, const cli_json *set)
{
	char age[CLI_HUMAN_SIZE] = "?";
	size_t i, n = cli_view_count(set, "sources");
	int64_t at_ms;

	if (cli_human_parse_time(&at_ms, cli_view_text(set,
	    "started_at")) == 0)
		cli_human_age(age, (int64_t)time(NULL) - at_ms / 1000);
	fputs("These databases will be replaced, where they exist", stderr);
	if (c->request.to != NULL)
		print_clean(", on ", c->request.to);
	fputs(":\n", stderr);
	for (i = 0; i < n; i++) {
		cli_json *source = cli_view_at(set, "sources", i);

		if (is_asked(c, cli_view_text(source, "name")))
			tell_source(c, source);
	}
	print_clean("by set ", cli_view_text(set, "set"));
	fprintf(stderr, ", %s old.\n%s\n", age, c->request.no_safety_set ?
	    "What they hold now will be LOST: no safety set is made." :
	    "What they hold now is first kept as a safety set.");
}

int
cli_question_replace(char set[CLI_SET_SIZE], cli *c)
{
	const cli_words *words = &c->request.arguments;
	dbb_result *result = NULL;
	cli_json *view;
	int rc;

	/* The library says which set is meant, so that the question is about
	 * the one that will be restored. */
	rc = dbb_set_show(&result, c->context, words->items[0],
	    words->count > 1 ? words->items + 1 : NULL);
	if (rc < 0)
		return rc;
	view = parse(c, result);
	dbb_result_free(result);
	if (view == NULL)
		return DBB_ENOMEM;
	snprintf(set, CLI_SET_SIZE, "%s", cli_view_text(view, "set"));
	tell_plan(c, view);
	json_object_put(view);
	cli_signals_interrupt();
	if (!cli_terminal_confirm("Go on? [y/N] ") || cli_signals_caught())
		return cli_fail(&c->failure, DBB_ECANCELED,
		    "nothing was changed: the answer was not yes");
	return 0;
}
