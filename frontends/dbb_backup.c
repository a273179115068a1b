/* SPDX-License-Identifier: BSD-2-Clause */
/* dbb-backup: make sets, list them, verify them. */
#include <config.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <dbbackup.h>

#include "backup_key.h"
#include "common/program.h"
#include "common/report.h"

#define MEMBER(m) offsetof(cli_request, m)
#define END { NULL, 0, CLI_FLAG, 0, NULL, NULL }
#define ANY ((size_t)-1)

/* ---- init ---- */

static int
run_init(cli *c, dbb_result **out)
{
	return dbb_repository_init(out, c->context);
}

/* ---- run ---- */

static const cli_option run_options[] = {
	{ "label", 0, CLI_LIST, MEMBER(labels), "KEY=VALUE",
	    "a note that the set keeps; may be said again" },
	{ "dry-run", 0, CLI_FLAG, MEMBER(dry_run), NULL,
	    "connect and check, but store nothing" },
	END
};

static int
run_run(cli *c, dbb_result **out)
{
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;

	options.sources = c->request.arguments.items;
	options.labels = c->request.labels.items;
	options.dry_run = c->request.dry_run != 0;
	return dbb_backup_run(out, c->context, &options);
}

/* ---- list, show ---- */

static const cli_option list_options[] = {
	{ "source", 0, CLI_TEXT, MEMBER(source), "SOURCE",
	    "only sets that hold this source" },
	END
};

static int
run_list(cli *c, dbb_result **out)
{
	return dbb_set_list(out, c->context, c->request.source);
}

static int
run_show(cli *c, dbb_result **out)
{
	return dbb_set_show(out, c->context,
	    c->request.arguments.items[0], NULL);
}

/* ---- verify ---- */

static const cli_option verify_options[] = {
	{ "read-data", 0, CLI_OPTIONAL, MEMBER(read_data), "PERCENT",
	    "read all data, or so much of it, what was read longest ago "
	    "first, and check it" },
	END
};

/* "5" or "5%"; 0: it is neither. */
static uint32_t
parse_percent(const char *text)
{
	uint32_t n = 0;

	for (; *text >= '0' && *text <= '9' && n <= 100; text++)
		n = n * 10 + (uint32_t)(*text - '0');
	if (*text == '%')
		text++;
	return *text == '\0' && n <= 100 ? n : 0;
}

static int
run_verify(cli *c, dbb_result **out)
{
	dbb_verify_options options = DBB_VERIFY_OPTIONS_INIT;
	const char *part = c->request.read_data;

	options.sets = c->request.arguments.items;
	options.read_data = part != NULL;
	if (part != NULL && part[0] != '\0')
		options.read_percent = parse_percent(part);
	if (part != NULL && part[0] != '\0' && options.read_percent == 0) {
		cli_fail(&c->failure, DBB_EINVAL, "'--read-data=%s' is not a "
		    "whole number from 1 to 100", part);
		return cli_fail_hint(&c->failure, "'--read-data' alone reads "
		    "all of it");
	}
	return dbb_verify(out, c->context, &options);
}

/* ---- index ---- */

static int
run_index(cli *c, dbb_result **out)
{
	const char *what = c->request.arguments.items[0];

	if (strcmp(what, "rebuild") == 0)
		return dbb_index_rebuild(out, c->context);
	cli_fail(&c->failure, DBB_EINVAL, "unknown argument '%s' of 'index'",
	    what);
	return cli_fail_hint(&c->failure, "it is 'index rebuild'");
}

/* ---- prune ---- */

static const cli_option prune_options[] = {
	{ "dry-run", 0, CLI_FLAG, MEMBER(dry_run), NULL,
	    "only say what would be done, and why" },
	END
};

static int
run_prune(cli *c, dbb_result **out)
{
	dbb_prune_options options = DBB_PRUNE_OPTIONS_INIT;

	options.dry_run = c->request.dry_run != 0;
	return dbb_prune(out, c->context, &options);
}

/* ---- config ---- */

static int
run_config(cli *c, dbb_result **out)
{
	const char *what = c->request.arguments.items[0];
	dbb_result *result = NULL;
	int rc;

	if (strcmp(what, "check") != 0 && strcmp(what, "show") != 0) {
		cli_fail(&c->failure, DBB_EINVAL,
		    "unknown argument '%s' of 'config'", what);
		return cli_fail_hint(&c->failure, "it is 'config check' or "
		    "'config show'");
	}
	if ((rc = dbb_config_show(&result, c->context)) < 0)
		return rc;
	if (strcmp(what, "check") == 0) {
		c->show = cli_report_config_check;
		rc = dbb_config_check(c->context);
	}
	if (rc < 0)
		dbb_result_free(result);
	else
		*out = result;
	return rc;
}

/* ---- the program ---- */

static const cli_verb verbs[] = {
	{ "init", "", 0, 0,
	    "make the repository and the history table; what is there "
	    "already is kept",
	    NULL, "  dbb-backup -c /etc/dbbackup.conf init\n",
	    run_init, cli_report_init },
	{ "run", "[SOURCE ...]", 0, ANY,
	    "back up the named sources (default: all) as one set, and print "
	    "its id",
	    run_options, "  dbb-backup run main --label reason=upgrade\n",
	    run_run, cli_report_run },
	{ "list", "", 0, 0,
	    "the sets: age, status, size, what they added, sources",
	    list_options, "  dbb-backup list --source main\n",
	    run_list, cli_report_list },
	{ "show", "SET", 1, 1,
	    "one set: its streams, facts and warnings; SET is any unique "
	    "beginning of an id, or 'latest'",
	    NULL, "  dbb-backup show latest\n",
	    run_show, cli_report_show },
	{ "verify", "[SET ...]", 0, ANY,
	    "is everything there that the sets (default: all) need?",
	    verify_options, "  dbb-backup verify --read-data\n",
	    run_verify, cli_report_verify },
	{ "prune", "", 0, 0,
	    "remove the sets that no rule under [retention] keeps, and free "
	    "what no set needs; each decision with its reason",
	    prune_options, "  dbb-backup prune --dry-run\n",
	    run_prune, cli_report_prune },
	{ "key", "add NAME | list | remove NAME | export FILE", 1, 2,
	    "the keys of a sealed repository, each with a passphrase of its "
	    "own, and the write-only key for a machine that may not read",
	    backup_key_options,
	    "  dbb-backup key add tape --new-password-file /root/tape.pass\n"
	    "  dbb-backup key export --write-only /root/write-only.key\n",
	    backup_key_run, cli_report_key },
	{ "index", "rebuild", 1, 1,
	    "make the index again from the packs, when index objects are "
	    "damaged or missing; no set is touched",
	    NULL, "  dbb-backup index rebuild\n",
	    run_index, cli_report_rebuild },
	{ "config", "check | show", 1, 1,
	    "check the configuration, or show each value and its origin; "
	    "secrets are hidden",
	    NULL, "  dbb-backup config show\n",
	    run_config, cli_report_config_show },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL }
};

static const char *const later[] = { "status", "history", "setup",
	"daemon", NULL };

static const cli_program program = {
	.name = "dbb-backup",
	.about = "Back up databases as one set into a deduplicating "
	    "repository.",
	.verbs = verbs,
	.later = later,
	.example = "  dbb-backup init && dbb-backup run && dbb-backup list\n",
};

int
main(int argc, char **argv)
{
	return cli_main(&program, argc, argv);
}
