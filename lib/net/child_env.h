/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child_env: what a command of the user's is given of our environment: all
 * that is not our own configuration, in which there are secrets that are none
 * of its business. Such helpers live on the rest.
 */
#ifndef DBBI_CHILD_ENV_H
#define DBBI_CHILD_ENV_H

#include "util/error.h"

/* `environment` without what begins with "DBB_"; the array is to free(3), its
 * texts are borrowed. */
int dbbi_child_env(const char ***out, const char *const *environment,
    dbb_error *err);

#endif
