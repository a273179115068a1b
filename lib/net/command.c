/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/command.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/child_env.h"
#include "net/process.h"

#define PASSWORD_MAX (64 * 1024)	/* what it may print */

int
dbbi_command_password(char **out, const char *command, void *run,
    dbb_error *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	dbbi_process_options options = { .argv = argv,
	    .flags = DBBI_PROCESS_STDOUT, .pass_fd = -1 };
	const char **env = NULL;
	char *text = NULL;
	size_t size;
	int rc;

	if ((rc = dbbi_child_env(&env, (const char *const *)environ,
	    err)) < 0)
		return rc;
	options.env = env;
	rc = dbbi_process_output(&text, &size, run, &options, PASSWORD_MAX,
	    err);
	free(env);
	if (rc < 0)
		return dbbi_error_context(err, rc, "password command");
	*out = text;
	return 0;
}
