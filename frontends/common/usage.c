/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "usage.h"

#include <string.h>

#define WIDTH 79
#define LEFT  25	/* columns for what is explained */

/* Break at blanks; lines after the first begin behind `indent` blanks. */
static void
put_wrapped(FILE *to, const char *text, int indent)
{
	size_t n, room = (size_t)(WIDTH - indent);

	while (strlen(text) > room) {
		for (n = room; n > 0 && text[n] != ' '; n--)
			;
		if (n == 0)
			n = room;
		fprintf(to, "%.*s\n%*s", (int)n, text, indent, "");
		text += n + (text[n] == ' ');
	}
	fprintf(to, "%s\n", text);
}

/* `left` and its explanation, in two columns. */
static void
put_entry(FILE *to, const char *left, const char *help)
{
	fprintf(to, "  %-*s", LEFT - 2, left);
	if (strlen(left) > LEFT - 3)
		fprintf(to, "\n%*s", LEFT, "");
	put_wrapped(to, help, LEFT);
}

static void
put_options(FILE *to, const cli_option *o)
{
	char left[80];

	for (; o->name != NULL; o++) {
		const char *value = o->value != NULL ? o->value : "";
		char letter[8] = "    ";

		if (o->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		if (o->kind == CLI_FLAG)
			snprintf(left, sizeof(left), "%s--%s", letter,
			    o->name);
		else
			snprintf(left, sizeof(left),
			    o->kind == CLI_OPTIONAL ? "%s--%s[=%s]" :
			    "%s--%s %s", letter, o->name, value);
		put_entry(to, left, o->help);
	}
}

void
cli_usage_program(FILE *to, const cli_program *program)
{
	const cli_verb *v;
	char left[80];

	fprintf(to, "usage: %s [-c FILE] [--json] [-q | -v] VERB ...\n\n%s\n\n",
	    program->name, program->about);
	for (v = program->verbs; v->name != NULL; v++) {
		snprintf(left, sizeof(left), "%s %s", v->name, v->arguments);
		put_entry(to, left, v->about);
	}
	fprintf(to, "\noptions, before or after the verb:\n");
	put_options(to, cli_global_options);
	fprintf(to, "\n'%s VERB --help' tells more of a verb.\n\nexample:\n"
	    "%s", program->name, program->example);
}

void
cli_usage_verb(FILE *to, const cli_program *program, const cli_verb *verb)
{
	int any = verb->options != NULL && verb->options->name != NULL;

	fprintf(to, "usage: %s %s%s%s%s\n\n", program->name, verb->name,
	    any ? " [OPTION ...]" : "", verb->arguments[0] != '\0' ? " " : "",
	    verb->arguments);
	put_wrapped(to, verb->about, 0);
	if (any) {
		fprintf(to, "\noptions:\n");
		put_options(to, verb->options);
	}
	fprintf(to, "\n'%s --help' lists the options that all verbs take.\n"
	    "\nexample:\n%s", program->name, verb->example);
}
