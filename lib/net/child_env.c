/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/child_env.h"

#include <stdlib.h>
#include <string.h>

#define OWN "DBB_"

int
dbbi_child_env(const char ***out, const char *const *environment,
    dbb_error *err)
{
	const char **passed;
	size_t i, n = 0;

	while (environment[n] != NULL)
		n++;
	if ((passed = calloc(n + 1, sizeof(*passed))) == NULL)
		return dbbi_error_nomem(err);
	for (i = n = 0; environment[i] != NULL; i++)
		if (strncmp(environment[i], OWN, strlen(OWN)) != 0)
			passed[n++] = environment[i];
	*out = passed;
	return DBB_OK;
}
