/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protect: where the store locks what is put into it, what a new set needs of
 * older packs is locked for as long as what it brings itself; and the index
 * segments, without which nothing is found.
 */
#ifndef DBBI_PROTECT_H
#define DBBI_PROTECT_H

#include "repo/manifest.h"

/* Extend the locks. What cannot be extended is counted; that is no failure
 * of a backup. */
int dbbi_repo_protect(dbbi_protection *out, dbbi_repo *repo,
    const dbbi_set_pack *packs, uint32_t count, dbb_error *err);

#endif
