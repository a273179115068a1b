/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: the programs' arguments, described once, by a table a verb. The
 * same table feeds the parser (here), --help (usage.h) and the test that
 * compares the man pages.
 *
 *	PROGRAM [global options] VERB [options] [arguments]
 *
 * Global options are taken before and after the verb. Long options are
 * not to be abbreviated: a script must not change its meaning when a later
 * version learns another option.
 */
#ifndef DBB_FRONTEND_OPTIONS_H
#define DBB_FRONTEND_OPTIONS_H

#include <stddef.h>

#include <dbbackup/common.h>

#include "failure.h"

/* Words in order, ended by NULL; they point into argv. */
typedef struct cli_words {
	const char **items;
	size_t count;
} cli_words;

/* All that can be asked of the programs; each verb's table says which of it
 * that verb takes. */
typedef struct cli_request {
	const char *config;
	unsigned json;
	unsigned quiet;
	unsigned verbose;
	unsigned help;
	unsigned version;

	cli_words arguments;		/* after the verb */

	const char *source;
	cli_words labels;
	unsigned dry_run;
	const char *read_data;		/* NULL: not asked; "": all */
	const char *into;
	const char *to;
	unsigned replace;
	unsigned no_safety_set;
	unsigned yes;
	const char *new_password_file;
	unsigned write_only;
} cli_request;

enum cli_option_kind {
	CLI_FLAG,			/* unsigned: how often it was given */
	CLI_TEXT,			/* const char *: the last one given */
	CLI_OPTIONAL,			/* const char *: "" without a value */
	CLI_LIST			/* cli_words: all of them */
};

typedef struct cli_option {
	const char *name;		/* "dry-run"; NULL ends a table */
	char letter;			/* 'c' for -c; 0: none */
	enum cli_option_kind kind;
	size_t offset;			/* of its member in cli_request */
	const char *value;		/* what its value is called, or NULL */
	const char *help;
} cli_option;

struct cli;
struct cli_output;
struct json_object;

typedef struct cli_verb {
	const char *name;		/* NULL ends a table */
	const char *arguments;		/* "[SOURCE ...]", or "" */
	size_t at_least, at_most;	/* how many arguments it takes */
	const char *about;
	const cli_option *options;
	const char *example;

	/* Do it. `*out` is a dbb_result of the library, or stays NULL. */
	int (*run)(struct cli *cli, dbb_result **out);
	/* Show the result as a person wants to see it. */
	void (*show)(struct cli_output *output, struct json_object *result);
} cli_verb;

typedef struct cli_program {
	const char *name;
	const char *about;
	const cli_verb *verbs;
	const char *const *later;	/* verbs that a later version brings */
	const char *example;
} cli_program;

extern const cli_option cli_global_options[];

/*
 * Read the command line. `*verb` stays NULL when --help or --version is
 * asked for without one. DBB_EINVAL, with message and hint, for whatever is
 * not as the tables say. Whatever this returns, `request` is to be released
 * with cli_request_clear.
 */
int cli_parse(cli_request *request, const cli_verb **verb,
    const cli_program *program, int argc, char *const *argv,
    cli_failure *why);

void cli_request_clear(cli_request *request);

/* Does the command line ask for JSON? For errors that come before or from
 * cli_parse. */
int cli_wants_json(int argc, char *const *argv);

#endif
