/* SPDX-License-Identifier: BSD-2-Clause */
/* store_env: what a driver is handed when a store is opened. */
#ifndef DBBI_STORE_ENV_H
#define DBBI_STORE_ENV_H

#include <dbbackup/driver.h>

#include "util/run.h"

struct dbb_store_env {
	const char *const *settings;	/* "name=value", NULL-ended; NULL:
					   none. Of the opening alone */
	dbbi_run *run;			/* NULL: nobody logs or cancels */
};

/* Every setting has the form "name=value", its name is one of `known`
 * (NULL: none), and is given once. DBB_EINVAL names the nearest. Values are
 * never repeated: they may be secrets. */
int dbbi_store_env_check(const dbb_store_env *env, const char *const *known,
    dbb_error *err);

#endif
