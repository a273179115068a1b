/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: results as a person wants to see them. Each takes the JSON of one
 * verb's result (see the public headers), and puts answers to standard
 * output, talk to standard error.
 */
#ifndef DBB_FRONTEND_REPORT_H
#define DBB_FRONTEND_REPORT_H

#include "output.h"
#include "view.h"

/* report.c */
void cli_report_init(cli_output *output, cli_json *result);
void cli_report_run(cli_output *output, cli_json *result);
void cli_report_verify(cli_output *output, cli_json *result);
void cli_report_rebuild(cli_output *output, cli_json *result);
void cli_report_restore(cli_output *output, cli_json *result);
void cli_report_export(cli_output *output, cli_json *result);

/* report_set.c */
void cli_report_list(cli_output *output, cli_json *result);
void cli_report_show(cli_output *output, cli_json *result);

/* report_prune.c */
void cli_report_prune(cli_output *output, cli_json *result);

/* report_config.c */
void cli_report_config_check(cli_output *output, cli_json *result);
void cli_report_config_show(cli_output *output, cli_json *result);

/* report_key.c */
void cli_report_key(cli_output *output, cli_json *result);
void cli_report_key_list(cli_output *output, cli_json *result);

/* Print a line on standard output, with texts cleaned for a terminal. */
void cli_report_line(cli_output *output, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* An error's message, which may have several lines. */
void cli_report_error(cli_output *output, const char *front,
    const char *text);

/* The result's "warnings", as talk. */
void cli_report_warnings(cli_output *output, const cli_json *result);

#endif
