/* SPDX-License-Identifier: BSD-2-Clause */
/* dbb-restore: bring sets back. */
#include <config.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <dbbackup.h>

#include "common/plain.h"
#include "common/program.h"
#include "common/question.h"
#include "common/report.h"

#define MEMBER(m) offsetof(cli_request, m)
#define END { NULL, 0, CLI_FLAG, 0, NULL, NULL }
#define ANY ((size_t)-1)

static int
run_list(cli *c, dbb_result **out)
{
	return dbb_set_list(out, c->context, NULL);
}

/* ---- run ---- */

static const cli_option run_options[] = {
	{ "into", 0, CLI_TEXT, MEMBER(into), "NAME",
	    "into a database of this name (one source, one database)" },
	{ "to", 0, CLI_TEXT, MEMBER(to), "CONNECTION",
	    "to another server (one source); a password does not belong "
	    "here, use PGPASSFILE" },
	{ "replace", 0, CLI_FLAG, MEMBER(replace), NULL,
	    "over what exists; first keeps a safety set of it" },
	{ "no-safety-set", 0, CLI_FLAG, MEMBER(no_safety_set), NULL,
	    "with --replace: do not keep what is replaced" },
	{ "yes", 0, CLI_FLAG, MEMBER(yes), NULL,
	    "do not ask on a terminal" },
	END
};

/* Is a person there who can be asked? */
static int
asks(const cli *c)
{
	return c->request.replace && !c->request.yes && !c->request.json &&
	    isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static int
run_run(cli *c, dbb_result **out)
{
	dbb_restore_options options = DBB_RESTORE_OPTIONS_INIT;
	char set[CLI_SET_SIZE];
	int rc;

	if (c->request.no_safety_set && !c->request.replace)
		return cli_fail(&c->failure, DBB_EINVAL,
		    "--no-safety-set goes with --replace only");
	options.set = c->request.arguments.items[0];
	if (c->request.arguments.count > 1)
		options.sources = c->request.arguments.items + 1;
	options.into = c->request.into;
	options.to = c->request.to;
	options.replace = c->request.replace != 0;
	options.no_safety_set = c->request.no_safety_set != 0;
	if (asks(c)) {
		if ((rc = cli_question_replace(set, c)) < 0)
			return rc;
		options.set = set;
	}
	return dbb_restore(out, c->context, &options);
}

/* ---- cat, export ---- */

static int
run_cat(cli *c, dbb_result **out)
{
	const char *const *words = c->request.arguments.items;
	cli_plain plain;
	int rc;

	(void)out;
	cli_output_spare_stdout(&c->output);
	if ((rc = cli_plain_open(&plain, &c->failure)) < 0)
		return rc;
	rc = dbb_stream_cat(c->context, words[0], words[1], words[2],
	    cli_plain_write, &plain);
	return cli_plain_close(&plain, rc, &c->failure);
}

static int
run_export(cli *c, dbb_result **out)
{
	const char *const *words = c->request.arguments.items;

	return dbb_export(out, c->context, words[0], words[1]);
}

/* ---- the program ---- */

static const cli_verb verbs[] = {
	{ "list", "", 0, 0,
	    "what can be restored: age, status, size, sources",
	    NULL, "  dbb-restore list\n",
	    run_list, cli_report_list },
	{ "run", "SET [SOURCE ...]", 1, ANY,
	    "restore a set (any unique beginning of its id, or 'latest') "
	    "and compare the result with what was backed up",
	    run_options, "  dbb-restore run latest main --into app_copy\n",
	    run_run, cli_report_restore },
	{ "cat", "SET SOURCE STREAM", 3, 3,
	    "the plain bytes of one stream on standard output; 'dbb-backup "
	    "show SET' names the streams",
	    NULL, "  dbb-restore cat latest main app.dump | pg_restore "
	    "--list\n",
	    run_cat, NULL },
	{ "export", "SET DIR", 2, 2,
	    "all streams of a set as plain files in a new folder, with "
	    "SHA256SUMS and a README of how to load them",
	    NULL, "  dbb-restore export latest /mnt/out\n",
	    run_export, cli_report_export },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL }
};

static const char *const later[] = { "drill", "menu", NULL };

static const cli_program program = {
	.name = "dbb-restore",
	.about = "Restore databases from the sets that dbb-backup made.",
	.verbs = verbs,
	.later = later,
	.example = "  dbb-restore list\n"
	    "  dbb-restore run latest main --into app_copy\n",
};

int
main(int argc, char **argv)
{
	return cli_main(&program, argc, argv);
}
