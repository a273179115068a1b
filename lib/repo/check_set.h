/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_set: what the damage that was found means for one set: which of its
 * streams are hurt, and which can be read all the same.
 */
#ifndef DBBI_CHECK_SET_H
#define DBBI_CHECK_SET_H

#include "repo/check_chunks.h"

typedef struct dbbi_set_check {
	dbbi_chunk_check chunks;
	const dbbi_check_options *options;
	const char *bad_segment;	/* of the index; NULL: all were read */
} dbbi_set_check;

/* Tell of one thing. DBB_ECANCELED when the caller said stop. */
int dbbi_check_tell(const dbbi_check_options *options,
    const dbbi_damage *damage, dbb_error *err);

/* Go through the streams of a set and tell. `hurt`: damage was told of it
 * already. */
int dbbi_check_set(const dbbi_set_check *check, const char *set, int hurt,
    dbb_error *err);

#endif
