/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_names: names of collections, snapshots and what a restore makes beside
 * them; how they stand in a path; which of them are wanted.
 */
#ifndef DBBI_QD_NAMES_H
#define DBBI_QD_NAMES_H

#include <stdint.h>

#include "util/text.h"

/* printf-like: each %s is a text that is percent-encoded; nothing else but
 * %% may stand there. To free(3); NULL: out of memory. */
char *dbbi_qd_path(const char *fmt, ...) DBBI_PRINTF(1, 2);

/* May it be a collection's name, and stand in a path and a file's name? What
 * comes from a server or a manifest may be anything. */
int dbbi_qd_is_name(const char *name);

/* ---- which collections ---- */

/* Is it a pattern, and not one name? */
int dbbi_qd_is_pattern(const char *text);

/* Is `name` among what `patterns` mean: named or matched by one, and by none
 * that begins with '!'? Where all of them begin so, the rest is wanted. What
 * a restore has at hand just now is only there by its full name. */
int dbbi_qd_is_wanted(const dbbi_list *patterns, const char *name);

/* ---- names that a restore makes ---- */

/* "docs.dbb-67123f0a-3fa9c1": the name of a collection to load into, beside
 * 'docs'. To free(3). */
int dbbi_qd_scratch_name(char **out, const char *collection, int64_t now_ms,
    dbb_error *err);

/* Is it one? Of `collection`, unless NULL. `*made_at_ms` (may be NULL) is
 * when. */
int dbbi_qd_is_scratch_name(int64_t *made_at_ms, const char *name,
    const char *collection);

/* ---- names that Qdrant gives to snapshots ---- */

/* "docs-8808227398028275-2026-11-23-00-27-40.snapshot" of 'docs': 1, and the
 * peer and the moment (whole seconds); 0 for any other name. */
int dbbi_qd_snapshot_name_read(uint64_t *peer, int64_t *taken_at_ms,
    const char *name, const char *collection);

#endif
