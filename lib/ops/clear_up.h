/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clear_up: take away what earlier runs left in the configured sources, which
 * were killed before they could, or could not. They noted it in the leases
 * that they had.
 */
#ifndef DBBI_CLEAR_UP_H
#define DBBI_CLEAR_UP_H

#include "ops/select.h"

/*
 * Of every configured source; of that of `also` (may be NULL), where its
 * connection is another than the configured one, there first. What stays is a
 * text in `warnings`. Fails only when it is canceled or out of memory: a
 * store whose leases cannot be read is told to the log.
 */
int dbbi_clear_up(const dbbi_ops *ops, dbbi_repo *repo,
    const dbbi_source_env *also, dbbi_json *warnings, dbb_error *err);

#endif
