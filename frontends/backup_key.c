/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "backup_key.h"

#include <stddef.h>
#include <string.h>

#include "common/report.h"
#include "common/signals.h"
#include "common/terminal.h"

#define MEMBER(m) offsetof(cli_request, m)

const cli_option backup_key_options[] = {
	{ "new-password-file", 0, CLI_TEXT, MEMBER(new_password_file), "FILE",
	    "with add: where the new key's passphrase is; without it, it is "
	    "asked for on the terminal" },
	{ "write-only", 0, CLI_FLAG, MEMBER(write_only), NULL,
	    "with export: the key with which nothing can be read back" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL }
};

static int
ask_once(cli *c, char text[CLI_SECRET_SIZE], const char *question)
{
	if (cli_terminal_secret(text, CLI_SECRET_SIZE, question) == 0)
		return 0;
	if (cli_signals_caught())
		return cli_fail(&c->failure, DBB_ECANCELED,
		    "canceled: no key was added");
	cli_fail(&c->failure, DBB_EINVAL, "there is no passphrase for the "
	    "new key, and no terminal to ask on");
	return cli_fail_hint(&c->failure,
	    "name the file that holds it: --new-password-file FILE");
}

/* Twice, since nobody sees what is typed. */
static int
ask_passphrase(cli *c, char text[CLI_SECRET_SIZE])
{
	char again[CLI_SECRET_SIZE] = "";
	int rc;

	if ((rc = ask_once(c, text, "New passphrase: ")) == 0 &&
	    (rc = ask_once(c, again, "Once more: ")) == 0 &&
	    strcmp(text, again) != 0)
		rc = cli_fail(&c->failure, DBB_EINVAL,
		    "the two passphrases are not the same: no key was added");
	cli_terminal_forget(again, sizeof(again));
	return rc;
}

static int
add(cli *c, dbb_result **out, const char *name)
{
	dbb_key_add_options options = DBB_KEY_ADD_OPTIONS_INIT;
	char passphrase[CLI_SECRET_SIZE] = "";
	int rc = 0;

	options.passphrase_file = c->request.new_password_file;
	if (options.passphrase_file == NULL) {
		rc = ask_passphrase(c, passphrase);
		options.passphrase = passphrase;
	}
	if (rc == 0)
		rc = dbb_key_add(out, c->context, name, &options);
	cli_terminal_forget(passphrase, sizeof(passphrase));
	return rc;
}

static int
list(cli *c, dbb_result **out, const char *name)
{
	(void)name;
	c->show = cli_report_key_list;
	return dbb_key_list(out, c->context);
}

static int
take_away(cli *c, dbb_result **out, const char *name)
{
	return dbb_key_remove(out, c->context, name);
}

static int
export_file(cli *c, dbb_result **out, const char *file)
{
	if (!c->request.write_only) {
		cli_fail(&c->failure, DBB_EINVAL,
		    "only the write-only key is exported");
		return cli_fail_hint(&c->failure,
		    "say it: 'key export --write-only FILE'");
	}
	return dbb_key_export(out, c->context, file, DBB_KEY_WRITE_ONLY);
}

static const struct action {
	const char *name;
	size_t words;			/* behind it */
	int takes_password, takes_write_only;
	int (*run)(cli *c, dbb_result **out, const char *word);
} actions[] = {
	{ "add", 1, 1, 0, add },
	{ "list", 0, 0, 0, list },
	{ "remove", 1, 0, 0, take_away },
	{ "export", 1, 0, 1, export_file },
};

static const struct action *
find_action(cli *c, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(name, actions[i].name) == 0)
			return &actions[i];
	cli_fail(&c->failure, DBB_EINVAL, "unknown argument '%s' of 'key'",
	    name);
	cli_fail_hint(&c->failure, "it is 'key add NAME', 'key list', 'key "
	    "remove NAME' or 'key export --write-only FILE'");
	return NULL;
}

static int
check_words(cli *c, const struct action *action)
{
	size_t words = c->request.arguments.count - 1;

	if (words < action->words)
		return cli_fail(&c->failure, DBB_EINVAL, "'key %s' needs %s",
		    action->name, action->takes_write_only ? "a file" :
		    "the key's name");
	if (words > action->words)
		return cli_fail(&c->failure, DBB_EINVAL,
		    "'key %s' takes no argument", action->name);
	if (c->request.new_password_file != NULL && !action->takes_password)
		return cli_fail(&c->failure, DBB_EINVAL, "'key %s' takes no "
		    "--new-password-file", action->name);
	if (c->request.write_only && !action->takes_write_only)
		return cli_fail(&c->failure, DBB_EINVAL,
		    "'key %s' takes no --write-only", action->name);
	return 0;
}

int
backup_key_run(cli *c, dbb_result **out)
{
	const cli_words *words = &c->request.arguments;
	const struct action *action = find_action(c, words->items[0]);
	int rc;

	if (action == NULL)
		return DBB_EINVAL;
	if ((rc = check_words(c, action)) < 0)
		return rc;
	return action->run(c, out, words->items[1]);
}
