/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_archive_parts: what the files behind qd_archive.h share: qd_archive.c
 * (its members), qd_archive_shards.c (what is known of each shard, and which
 * there must be).
 */
#ifndef DBBI_QD_ARCHIVE_PARTS_H
#define DBBI_QD_ARCHIVE_PARTS_H

#include "source/qd_archive.h"

/* More of them are refused: the memory has an end. */
#define DBBI_QD_PARTS_MAX 65536u

/* What was seen of one shard. */
typedef struct dbbi_qd_part {
	dbbi_qd_archive_shard base;
	int has_state, has_config, has_log, has_segments;
	int is_named;		/* the collection has it */
} dbbi_qd_part;

/* By id. */
typedef struct dbbi_qd_parts {
	dbbi_qd_part *all;
	size_t count, room;
} dbbi_qd_parts;

/* The one of this id, made where there is none; DBB_ESOURCE: too many. */
int dbbi_qd_parts_get(dbbi_qd_part **out, dbbi_qd_parts *shards,
    uint32_t id, dbb_error *err);

/* Are those there that the collection has, and is each of them whole? Others
 * are forgotten. `keys` is what shard_key_mapping.json says, or NULL. */
int dbbi_qd_parts_check(dbbi_qd_parts *shards, const dbbi_json *config,
    dbbi_json *keys, dbb_error *err);

void dbbi_qd_parts_clear(dbbi_qd_parts *shards);

#endif
