/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack_list: which packs the store has. One listing, nothing is kept.
 */
#ifndef DBBI_PACK_LIST_H
#define DBBI_PACK_LIST_H

#include "repo/entry.h"

/* Told of a pack; nonzero stops and is returned. */
typedef int (*dbbi_pack_fn)(const dbbi_id *name, uint64_t size,
    void *payload, dbb_error *err);

/* Tell of every pack in the store; names that are no packs are passed
 * over. */
int dbbi_packs_list(dbbi_store *store, dbbi_run *run, dbbi_pack_fn fn,
    void *payload, dbb_error *err);

#endif
