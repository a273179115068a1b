/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "program.h"

#include <json-c/json.h>

#include "cells.h"
#include "exits.h"
#include "signals.h"
#include "terminal.h"
#include "usage.h"

static int
log_level(const cli_request *request)
{
	return request->verbose == 0 ? DBB_LOG_WARNING :
	    request->verbose == 1 ? DBB_LOG_INFO : DBB_LOG_DEBUG;
}

static int
begin(cli *c)
{
	if (dbb_context_new(&c->context) < 0)
		return cli_fail(&c->failure, DBB_ENOMEM, "starting: not "
		    "enough memory, or too many open files");
	cli_signals_begin(c->context, !c->request.json && !c->request.quiet);
	dbb_context_set_log(c->context, log_level(&c->request),
	    cli_output_log, &c->output);
	dbb_context_set_progress(c->context, cli_output_progress, &c->output);
	return dbb_context_load(c->context, c->request.config, NULL);
}

/* As JSON, or as the verb shows it. */
static int
show(cli *c, dbb_result *result)
{
	const char *text = dbb_result_json(result);
	json_object *view;

	if (c->output.json) {
		cli_output_json(&c->output, text);
		return 0;
	}
	if (text == NULL || (view = json_tokener_parse(text)) == NULL)
		return cli_fail(&c->failure, DBB_ENOMEM,
		    "showing the result: out of memory");
	c->show(&c->output, view);
	json_object_put(view);
	return 0;
}

static void
tell_error(cli *c, int rc)
{
	const dbb_error *err;

	if (c->failure.code != 0) {
		cli_output_error(&c->output, rc, c->failure.message,
		    c->failure.hint, "");
		return;
	}
	err = dbb_context_error(c->context);
	cli_output_error(&c->output, rc, dbb_error_message(err),
	    dbb_error_hint(err), dbb_error_remote(err));
}

/* A failure that comes after a success, or after mere findings, counts. */
static int
worse(int rc, int later)
{
	return rc < 0 || later >= 0 ? rc : later;
}

static int
run_verb(cli *c)
{
	dbb_result *result = NULL;
	int rc;

	c->show = c->verb->show;
	if ((rc = begin(c)) == 0)
		rc = c->verb->run(c, &result);
	cli_signals_end();
	cli_output_clear(&c->output);
	if (result != NULL)
		rc = worse(rc, show(c, result));
	if (rc < 0)
		tell_error(c, rc);
	dbb_result_free(result);
	return rc;
}

static void
show_help(const cli *c)
{
	if (c->request.version)
		printf("%s %s\n", c->program->name, dbb_version());
	else if (c->verb == NULL)
		cli_usage_program(stdout, c->program);
	else
		cli_usage_verb(stdout, c->program, c->verb);
}

int
cli_main(const cli_program *program, int argc, char **argv)
{
	cli c = { .program = program };
	int rc, late;

	cli_terminal_harden();
	cli_cells_begin();
	rc = cli_parse(&c.request, &c.verb, program, argc, argv, &c.failure);
	cli_output_init(&c.output, program->name, cli_wants_json(argc, argv),
	    c.request.quiet != 0);
	if (rc < 0)
		tell_error(&c, rc);
	else if (c.request.help || c.request.version)
		show_help(&c);
	else
		rc = run_verb(&c);
	if ((late = cli_output_finish(&c.output, &c.failure)) < 0 &&
	    rc >= 0) {
		rc = late;
		/* The answers' stream is the one that failed. */
		c.output.json = 0;
		tell_error(&c, rc);
	}
	dbb_context_free(c.context);
	cli_request_clear(&c.request);
	return cli_exit_code(rc);
}
