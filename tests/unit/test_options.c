/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "../../frontends/common/exits.h"
#include "../../frontends/common/nearest.h"
#include "../../frontends/common/options.h"
#include "../../frontends/common/usage.h"
#include "suite.h"

#define END { NULL, 0, CLI_FLAG, 0, NULL, NULL }

static const cli_option run_options[] = {
	{ "label", 'l', CLI_LIST, offsetof(cli_request, labels), "KEY=VALUE",
	    "a note" },
	{ "dry-run", 0, CLI_FLAG, offsetof(cli_request, dry_run), NULL,
	    "store nothing" },
	{ "read-data", 0, CLI_OPTIONAL, offsetof(cli_request, read_data),
	    "PERCENT", "read everything, which takes as long as it takes "
	    "to read all of it" },
	{ "into", 0, CLI_TEXT, offsetof(cli_request, into), "NAME", "there" },
	END
};

static const cli_verb verbs[] = {
	{ "list", "", 0, 0, "lists", NULL, "  prog list\n", NULL, NULL },
	{ "run", "SET [SOURCE ...]", 1, 3, "runs", run_options,
	    "  prog run x\n", NULL, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL }
};

static const char *const later[] = { "prune", NULL };

static const cli_program program = { "prog", "about", verbs, later,
	"  prog list\n" };

static cli_request request;
static const cli_verb *verb;
static cli_failure why;

static void
setup(void)
{
	memset(&request, 0, sizeof(request));
	memset(&why, 0, sizeof(why));
	verb = NULL;
}

static void
teardown(void)
{
	cli_request_clear(&request);
}

/* Parse the words of `line`, split at blanks. */
static int
parse(const char *line)
{
	static char text[512];
	char *argv[32] = { NULL }, *rest = NULL;
	int argc = 0;

	cli_request_clear(&request);
	memset(&why, 0, sizeof(why));
	ck_assert_uint_lt(strlen(line), sizeof(text));
	memcpy(text, line, strlen(line) + 1);
	for (argv[argc] = strtok_r(text, " ", &rest); argv[argc] != NULL;
	    argv[argc] = strtok_r(NULL, " ", &rest))
		argc++;
	return cli_parse(&request, &verb, &program, argc, argv, &why);
}

START_TEST(takes_global_options_before_and_after_the_verb)
{
	ck_assert_int_eq(parse("prog -c file --json list"), 0);
	ck_assert_str_eq(request.config, "file");
	ck_assert_uint_eq(request.json, 1);
	ck_assert_str_eq(verb->name, "list");
	ck_assert_int_eq(parse("prog list --config=file -vv"), 0);
	ck_assert_str_eq(request.config, "file");
	ck_assert_uint_eq(request.verbose, 2);
}
END_TEST

START_TEST(keeps_arguments_in_order_among_options)
{
	ck_assert_int_eq(parse("prog run a --dry-run b --into x c"), 0);
	ck_assert_uint_eq(request.arguments.count, 3);
	ck_assert_str_eq(request.arguments.items[0], "a");
	ck_assert_str_eq(request.arguments.items[1], "b");
	ck_assert_str_eq(request.arguments.items[2], "c");
	ck_assert_ptr_null(request.arguments.items[3]);
	ck_assert_uint_eq(request.dry_run, 1);
	ck_assert_str_eq(request.into, "x");
}
END_TEST

START_TEST(does_so_under_POSIXLY_CORRECT_too)
{
	setenv("POSIXLY_CORRECT", "1", 1);
	ck_assert_int_eq(parse("prog run a --dry-run"), 0);
	ck_assert_uint_eq(request.arguments.count, 1);
	ck_assert_uint_eq(request.dry_run, 1);
	unsetenv("POSIXLY_CORRECT");
}
END_TEST

START_TEST(takes_words_after_two_dashes_as_they_are)
{
	ck_assert_int_eq(parse("prog run -- -a --into"), 0);
	ck_assert_uint_eq(request.arguments.count, 2);
	ck_assert_str_eq(request.arguments.items[0], "-a");
	ck_assert_str_eq(request.arguments.items[1], "--into");
	ck_assert_ptr_null(request.into);
}
END_TEST

START_TEST(collects_a_list)
{
	ck_assert_int_eq(parse("prog run x --label a=1 -l b=2 -lc=3"), 0);
	ck_assert_uint_eq(request.labels.count, 3);
	ck_assert_str_eq(request.labels.items[0], "a=1");
	ck_assert_str_eq(request.labels.items[1], "b=2");
	ck_assert_str_eq(request.labels.items[2], "c=3");
	ck_assert_ptr_null(request.labels.items[3]);
}
END_TEST

START_TEST(tells_an_optional_value_from_none)
{
	ck_assert_int_eq(parse("prog run x"), 0);
	ck_assert_ptr_null(request.read_data);
	ck_assert_int_eq(parse("prog run x --read-data y"), 0);
	ck_assert_str_eq(request.read_data, "");
	ck_assert_uint_eq(request.arguments.count, 2);
	ck_assert_int_eq(parse("prog run x --read-data=5%"), 0);
	ck_assert_str_eq(request.read_data, "5%");
}
END_TEST

static const struct {
	const char *line;
	const char *message;
	const char *hint;
} refusals[] = {
	{ "prog", "no verb given", "'prog --help' lists the verbs" },
	{ "prog lst", "unknown verb 'lst'", "did you mean 'list'?" },
	{ "prog frobnicate", "unknown verb 'frobnicate'",
	    "'prog --help' lists the verbs" },
	{ "prog prune", "the verb 'prune' is not in this version",
	    "'prog --help' lists those that are" },
	{ "prog --jsno list", "unknown option '--jsno'",
	    "did you mean '--json'?" },
	{ "prog --into x run", "unknown option '--into'",
	    "options of a verb come after it; see 'prog --help'" },
	{ "prog run x --dry-rnu", "unknown option '--dry-rnu'",
	    "did you mean '--dry-run'?" },
	{ "prog run x --int=y", "unknown option '--int'",
	    "did you mean '--into'?" },
	{ "prog run x --dry", "unknown option '--dry'",
	    "did you mean '--dry-run'?" },
	{ "prog run x -Z", "unknown option '-Z'", "see 'prog run --help'" },
	{ "prog run x -qZ", "unknown option '-Z'", "see 'prog run --help'" },
	{ "prog list --into x", "unknown option '--into'",
	    "see 'prog list --help'" },
	{ "prog run x --into", "option '--into' needs a value: NAME", "" },
	{ "prog list -c", "option '--config' needs a value: FILE", "" },
	{ "prog list --json=1", "option '--json' takes no value", "" },
	{ "prog run", "'run' needs more: SET [SOURCE ...]",
	    "see 'prog run --help'" },
	{ "prog list x", "'list' takes no argument: 'x'",
	    "see 'prog list --help'" },
	{ "prog run a b c d", "'run' takes no further argument: 'd'",
	    "see 'prog run --help'" },
	{ "prog list -q -v", "--quiet and --verbose exclude each other", "" },
};

START_TEST(refuses_what_no_table_has_and_says_what_to_do)
{
	ck_assert_int_eq(parse(refusals[_i].line), DBB_EINVAL);
	ck_assert_str_eq(why.message, refusals[_i].message);
	ck_assert_str_eq(why.hint, refusals[_i].hint);
	ck_assert_int_eq(why.code, DBB_EINVAL);
}
END_TEST

START_TEST(gives_help_whatever_else_is_missing)
{
	ck_assert_int_eq(parse("prog --help"), 0);
	ck_assert_ptr_null(verb);
	ck_assert_uint_eq(request.help, 1);
	ck_assert_int_eq(parse("prog run --help"), 0);
	ck_assert_str_eq(verb->name, "run");
}
END_TEST

START_TEST(knows_json_is_wanted_before_parsing)
{
	char prog[] = "prog", wrong[] = "--wrong", dashes[] = "--";
	char json[] = "--json";
	char *yes[] = { prog, wrong, json };
	char *no[] = { prog, prog, dashes, json };

	ck_assert_int_eq(cli_wants_json(3, yes), 1);
	ck_assert_int_eq(cli_wants_json(4, no), 0);
	ck_assert_int_eq(cli_wants_json(0, no), 0);
}
END_TEST

static char *
help_of(const cli_verb *v)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	if (v != NULL)
		cli_usage_verb(to, &program, v);
	else
		cli_usage_program(to, &program);
	fclose(to);
	return text;
}

START_TEST(help_names_every_option_and_fits_80_columns)
{
	char *text = help_of(&verbs[1]), *line, *rest = NULL;
	const cli_option *o;

	for (o = run_options; o->name != NULL; o++)
		ck_assert_ptr_nonnull(strstr(text, o->name));
	ck_assert_ptr_nonnull(strstr(text, "--read-data[=PERCENT]"));
	ck_assert_ptr_nonnull(strstr(text, "-l, --label KEY=VALUE"));
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		ck_assert_uint_le(strlen(line), 80);
	free(text);
	text = help_of(NULL);
	ck_assert_ptr_nonnull(strstr(text, "-c, --config FILE"));
	ck_assert_ptr_nonnull(strstr(text, "run SET [SOURCE ...]"));
	free(text);
}
END_TEST

START_TEST(measures_the_distance_of_words)
{
	char longer[100];

	ck_assert_uint_eq(cli_word_distance("list", "list"), 0);
	ck_assert_uint_eq(cli_word_distance("lsit", "list"), 1);
	ck_assert_uint_eq(cli_word_distance("", "list"), 4);
	ck_assert_uint_eq(cli_word_distance("kitten", "sitting"), 3);
	memset(longer, 'x', sizeof(longer));
	longer[99] = '\0';
	ck_assert_uint_eq(cli_word_near(longer, "list"), 0);
	ck_assert_uint_eq(cli_word_near("cat", "run"), 0);
	ck_assert_uint_gt(cli_word_near("verfy", "verify"), 0);
}
END_TEST

/* The table of design.md; these numbers are promises to scripts. */
static const struct {
	int status;
	int code;
} exits[] = {
	{ DBB_OK, 0 }, { DBB_FINDINGS, 3 }, { DBB_EINVAL, 2 },
	{ DBB_ECONFIG, 2 }, { DBB_ENOMEM, 1 }, { DBB_EIO, 1 },
	{ DBB_ENOSPC, 1 }, { DBB_EACCESS, 1 }, { DBB_ENOTFOUND, 1 },
	{ DBB_EEXIST, 1 }, { DBB_ECONNECT, 1 }, { DBB_EAUTH, 1 },
	{ DBB_ESOURCE, 1 }, { DBB_ETOOL, 1 }, { DBB_ENOREPO, 10 },
	{ DBB_EBUSY, 11 }, { DBB_EKEY, 12 }, { DBB_EDAMAGED, 13 },
	{ DBB_EVERSION, 14 }, { DBB_ECANCELED, 130 },
	{ DBB_EUNSUPPORTED, 1 }, { DBB_EINTERNAL, 1 }, { -4711, 1 },
};

START_TEST(every_status_has_its_exit_code)
{
	ck_assert_int_eq(cli_exit_code(exits[_i].status), exits[_i].code);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("options");
	TCase *tc = tcase_create("options");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, takes_global_options_before_and_after_the_verb);
	tcase_add_test(tc, keeps_arguments_in_order_among_options);
	tcase_add_test(tc, does_so_under_POSIXLY_CORRECT_too);
	tcase_add_test(tc, takes_words_after_two_dashes_as_they_are);
	tcase_add_test(tc, collects_a_list);
	tcase_add_test(tc, tells_an_optional_value_from_none);
	tcase_add_loop_test(tc, refuses_what_no_table_has_and_says_what_to_do,
	    0, sizeof(refusals) / sizeof(*refusals));
	tcase_add_test(tc, gives_help_whatever_else_is_missing);
	tcase_add_test(tc, knows_json_is_wanted_before_parsing);
	tcase_add_test(tc, help_names_every_option_and_fits_80_columns);
	tcase_add_test(tc, measures_the_distance_of_words);
	tcase_add_loop_test(tc, every_status_has_its_exit_code, 0,
	    sizeof(exits) / sizeof(*exits));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
