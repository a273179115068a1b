/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

#define MEMBER(m) offsetof(cli_request, m)

const cli_option cli_global_options[] = {
	{ "config", 'c', CLI_TEXT, MEMBER(config), "FILE",
	    "the configuration (default: $DBB_CONFIG, ./dbbackup.conf, "
	    "/etc/dbbackup.conf)" },
	{ "json", 0, CLI_FLAG, MEMBER(json), NULL,
	    "one JSON object a line on standard output" },
	{ "quiet", 'q', CLI_FLAG, MEMBER(quiet), NULL,
	    "no progress, no summary" },
	{ "verbose", 'v', CLI_FLAG, MEMBER(verbose), NULL,
	    "show the log; twice: in detail" },
	{ "help", 'h', CLI_FLAG, MEMBER(help), NULL,
	    "this help; after a verb: that verb's" },
	{ "version", 'V', CLI_FLAG, MEMBER(version), NULL,
	    "the program's version" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL }
};

static const cli_option no_options[] = {
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL }
};

/* getopt's numbers for long options: above all letters. */
#define FIRST_LONG 256

/* One pass of getopt_long over part of the command line. */
struct pass {
	const cli_option *tables[2];	/* global, and the verb's */
	struct option *longs;
	char *letters;
	size_t count;
	const char *program;
	const char *verb;		/* NULL before it */
};

/* The option of number `i`, both tables counted through; or NULL. */
static const cli_option *
nth_option(const struct pass *pass, size_t i)
{
	size_t t;

	for (t = 0; t < 2; t++) {
		const cli_option *o = pass->tables[t];

		for (; o->name != NULL; o++)
			if (i-- == 0)
				return o;
	}
	return NULL;
}

static const cli_option *
find_option(const struct pass *pass, int value)
{
	const cli_option *o;
	size_t i;

	if (value >= FIRST_LONG)
		return nth_option(pass, (size_t)value - FIRST_LONG);
	for (i = 0; (o = nth_option(pass, i)) != NULL; i++)
		if (value != 0 && o->letter == value)
			return o;
	return NULL;
}

static void
pass_clear(struct pass *pass)
{
	free(pass->longs);
	free(pass->letters);
}

/* From our tables to getopt's. `order` is getopt's "+" (stop at the first
 * word that is no option) or "-" (hand such words over in their order). */
static int
pass_init(struct pass *pass, char order, cli_failure *why)
{
	const cli_option *o;
	char *letter;
	size_t i;

	while (nth_option(pass, pass->count) != NULL)
		pass->count++;
	pass->longs = calloc(pass->count + 1, sizeof(*pass->longs));
	pass->letters = calloc(1, 3 + 2 * pass->count);
	if (pass->longs == NULL || pass->letters == NULL)
		return cli_fail(why, DBB_ENOMEM, "out of memory");
	letter = pass->letters;
	*letter++ = order;
	*letter++ = ':';
	for (i = 0; (o = nth_option(pass, i)) != NULL; i++) {
		pass->longs[i].name = o->name;
		pass->longs[i].has_arg = o->kind == CLI_FLAG ? no_argument :
		    o->kind == CLI_OPTIONAL ? optional_argument :
		    required_argument;
		pass->longs[i].val = FIRST_LONG + (int)i;
		if (o->letter != 0) {
			*letter++ = o->letter;
			if (o->kind != CLI_FLAG)
				*letter++ = ':';
		}
	}
	return 0;
}

static int
add_word(cli_words *words, const char *word, cli_failure *why)
{
	const char **more = realloc(words->items,
	    (words->count + 2) * sizeof(*more));

	if (more == NULL)
		return cli_fail(why, DBB_ENOMEM, "out of memory");
	words->items = more;
	words->items[words->count++] = word;
	words->items[words->count] = NULL;
	return 0;
}

static int
store_option(cli_request *request, const cli_option *o, const char *value,
    cli_failure *why)
{
	char *member = (char *)request + o->offset;

	switch (o->kind) {
	case CLI_FLAG:
		++*(unsigned *)(void *)member;
		return 0;
	case CLI_TEXT:
	case CLI_OPTIONAL:
		*(const char **)(void *)member = value != NULL ? value : "";
		return 0;
	case CLI_LIST:
		return add_word((cli_words *)(void *)member, value, why);
	}
	return 0;
}

/* Advice for an option that is not known here. */
static int
suggest_option(const struct pass *pass, const char *word, cli_failure *why)
{
	const cli_option *o, *best = NULL;
	size_t i, d, least = 0;
	char name[64];

	word += strspn(word, "-");
	i = strcspn(word, "=");
	if (i < sizeof(name)) {
		memcpy(name, word, i);
		name[i] = '\0';
		for (i = 0; (o = nth_option(pass, i)) != NULL; i++) {
			d = cli_word_near(name, o->name);
			/* A cut word, as getopt would take it, is near too. */
			if (d == 0 && strlen(name) > 1 &&
			    strncmp(name, o->name, strlen(name)) == 0)
				d = 2;
			if (d > 0 && (best == NULL || d < least)) {
				best = o;
				least = d;
			}
		}
	}
	if (best != NULL)
		return cli_fail_hint(why, "did you mean '--%s'?", best->name);
	if (pass->verb == NULL)
		return cli_fail_hint(why, "options of a verb come after it; "
		    "see '%s --help'", pass->program);
	return cli_fail_hint(why, "see '%s %s --help'", pass->program,
	    pass->verb);
}

static int
refuse_unknown(const struct pass *pass, const char *word, int letter,
    cli_failure *why)
{
	if (letter > 0 && letter < FIRST_LONG && word[1] != '-')
		cli_fail(why, DBB_EINVAL, "unknown option '-%c'", letter);
	else
		cli_fail(why, DBB_EINVAL, "unknown option '%.*s'",
		    (int)strcspn(word, "="), word);
	return suggest_option(pass, word, why);
}

/* getopt said '?' or ':'. */
static int
refuse_option(const struct pass *pass, int said, const char *word,
    cli_failure *why)
{
	const cli_option *o = find_option(pass, optopt);

	if (o == NULL)
		return refuse_unknown(pass, word, optopt, why);
	if (said == ':')
		return cli_fail(why, DBB_EINVAL,
		    "option '--%s' needs a value: %s", o->name, o->value);
	return cli_fail(why, DBB_EINVAL, "option '--%s' takes no value",
	    o->name);
}

/* Was a long option written out in full? */
static int
is_whole(const char *word, const cli_option *o)
{
	size_t n = strlen(o->name);

	return strncmp(word, "--", 2) != 0 ||
	    (strncmp(word + 2, o->name, n) == 0 &&
	    (word[2 + n] == '\0' || word[2 + n] == '='));
}

/* `*next` is the first word that was not taken. */
static int
run_pass(cli_request *request, const struct pass *pass, int argc,
    char **argv, int *next, cli_failure *why)
{
	const cli_option *o;
	int at, c, rc = 0;

	opterr = 0;
	optind = 0;	/* glibc: forget the last pass */
	for (at = 1; rc == 0; at = optind) {
		c = getopt_long(argc, argv, pass->letters, pass->longs, NULL);
		if (c == -1)
			break;
		if (c == 1)
			rc = add_word(&request->arguments, optarg, why);
		else if (c == '?' || c == ':')
			rc = refuse_option(pass, c, argv[at], why);
		else if ((o = find_option(pass, c)) == NULL ||
		    (c >= FIRST_LONG && !is_whole(argv[at], o)))
			rc = refuse_unknown(pass, argv[at], 0, why);
		else
			rc = store_option(request, o, optarg, why);
	}
	*next = optind;
	for (; rc == 0 && pass->verb != NULL && *next < argc; ++*next)
		rc = add_word(&request->arguments, argv[*next], why);
	return rc;
}

static int
refuse_verb(const cli_program *program, const char *word, cli_failure *why)
{
	const char *best = NULL;
	size_t i, d, least = 0;

	for (i = 0; program->later[i] != NULL; i++)
		if (strcmp(word, program->later[i]) == 0) {
			cli_fail(why, DBB_EINVAL, "the verb '%s' is not in "
			    "this version", word);
			return cli_fail_hint(why, "'%s --help' lists those "
			    "that are", program->name);
		}
	for (i = 0; program->verbs[i].name != NULL; i++) {
		d = cli_word_near(word, program->verbs[i].name);
		if (d > 0 && (best == NULL || d < least)) {
			best = program->verbs[i].name;
			least = d;
		}
	}
	cli_fail(why, DBB_EINVAL, "unknown verb '%s'", word);
	if (best != NULL)
		return cli_fail_hint(why, "did you mean '%s'?", best);
	return cli_fail_hint(why, "'%s --help' lists the verbs",
	    program->name);
}

static int
find_verb(const cli_verb **out, const cli_program *program, const char *word,
    cli_failure *why)
{
	const cli_verb *v;

	for (v = program->verbs; v->name != NULL; v++)
		if (strcmp(v->name, word) == 0) {
			*out = v;
			return 0;
		}
	return refuse_verb(program, word, why);
}

static int
check_request(const cli_request *request, const cli_verb *verb,
    const cli_program *program, cli_failure *why)
{
	size_t n = request->arguments.count;

	if (request->help)
		return 0;
	if (request->quiet && request->verbose)
		return cli_fail(why, DBB_EINVAL,
		    "--quiet and --verbose exclude each other");
	if (n >= verb->at_least && n <= verb->at_most)
		return 0;
	if (n < verb->at_least)
		cli_fail(why, DBB_EINVAL, "'%s' needs more: %s", verb->name,
		    verb->arguments);
	else
		cli_fail(why, DBB_EINVAL, "'%s' takes no %sargument: '%s'",
		    verb->name, verb->at_most > 0 ? "further " : "",
		    request->arguments.items[verb->at_most]);
	return cli_fail_hint(why, "see '%s %s --help'", program->name,
	    verb->name);
}

/* What stands before the verb, and the verb. */
static int
parse_front(cli_request *request, const cli_verb **verb, int *next,
    const cli_program *program, int argc, char **argv, cli_failure *why)
{
	struct pass pass = { .tables = { cli_global_options, no_options },
	    .program = program->name };
	int rc;

	if ((rc = pass_init(&pass, '+', why)) < 0 ||
	    (rc = run_pass(request, &pass, argc, argv, next, why)) < 0)
		goto done;
	if (*next < argc) {
		rc = find_verb(verb, program, argv[*next], why);
	} else if (!request->help && !request->version) {
		cli_fail(why, DBB_EINVAL, "no verb given");
		rc = cli_fail_hint(why, "'%s --help' lists the verbs",
		    program->name);
	}
done:
	pass_clear(&pass);
	return rc;
}

int
cli_parse(cli_request *request, const cli_verb **verb,
    const cli_program *program, int argc, char *const *argv,
    cli_failure *why)
{
	struct pass pass = { .program = program->name };
	char **words;
	int next = 0, rc;

	*verb = NULL;
	/* getopt may reorder, and its prototype is not to be trusted. */
	if ((words = calloc((size_t)argc + 1, sizeof(*words))) == NULL)
		return cli_fail(why, DBB_ENOMEM, "out of memory");
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	if ((rc = parse_front(request, verb, &next, program, argc, words,
	    why)) < 0 || *verb == NULL)
		goto done;
	pass.tables[0] = cli_global_options;
	pass.tables[1] = (*verb)->options != NULL ? (*verb)->options :
	    no_options;
	pass.verb = (*verb)->name;
	if ((rc = pass_init(&pass, '-', why)) < 0 ||
	    (rc = run_pass(request, &pass, argc - next, words + next, &next,
	    why)) < 0)
		goto done;
	rc = check_request(request, *verb, program, why);
done:
	pass_clear(&pass);
	free(words);
	return rc;
}

void
cli_request_clear(cli_request *request)
{
	free(request->arguments.items);
	free(request->labels.items);
	memset(request, 0, sizeof(*request));
}

int
cli_wants_json(int argc, char *const *argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return 1;
	return 0;
}
