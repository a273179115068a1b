/* SPDX-License-Identifier: BSD-2-Clause */
/* command: a command line of the user's that prints a password. */
#ifndef DBBI_COMMAND_H
#define DBBI_COMMAND_H

#include "util/config.h"

/* Run by the shell, as it stands in the configuration, with our
 * environment but for our own variables (child_env.h). A dbbi_command_fn; the payload is
 * the dbbi_run. */
int dbbi_command_password(char **out, const char *command, void *run,
    dbb_error *err);

#endif
