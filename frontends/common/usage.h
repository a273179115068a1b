/* SPDX-License-Identifier: BSD-2-Clause */
/* usage: --help, from the tables of options.h. */
#ifndef DBB_FRONTEND_USAGE_H
#define DBB_FRONTEND_USAGE_H

#include <stdio.h>

#include "options.h"

void cli_usage_program(FILE *to, const cli_program *program);
void cli_usage_verb(FILE *to, const cli_program *program,
    const cli_verb *verb);

#endif
