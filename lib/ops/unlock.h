/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unlock: what the configuration gives to open the repository with. It is
 * fetched when a repository is opened and wiped as soon as it is open.
 */
#ifndef DBBI_UNLOCK_H
#define DBBI_UNLOCK_H

#include "ops/ops.h"
#include "repo/repo.h"

typedef struct dbbi_unlock {
	dbbi_repo_secret use;	/* both NULL: nothing is configured */
	char *passphrase;	/* owned; what use.passphrase is */
} dbbi_unlock;

int dbbi_unlock_fetch(dbbi_unlock *out, const dbbi_ops *ops, dbb_error *err);
void dbbi_unlock_clear(dbbi_unlock *unlock);	/* wipes */

#endif
