/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_shards: which nodes of a cluster together hold every shard of a
 * collection. A node's snapshot holds the shards that lie on it, and does not
 * say that it is a part; nothing but this shows that a union is whole.
 *
 * Each shard is taken once, from a replica that is in service; from as few
 * nodes as a greedy choice finds.
 */
#ifndef DBBI_QD_SHARDS_H
#define DBBI_QD_SHARDS_H

#include "util/json.h"

#define DBBI_QD_NODES_MAX 1000u

/* A shard, and from whom it is taken. */
typedef struct dbbi_qd_shard {
	uint64_t id;
	dbbi_json *key;		/* of custom sharding: a string or a number;
				   or NULL. Borrowed from a node's word */
	size_t node;		/* whose word it was, by number */
} dbbi_qd_shard;

typedef struct dbbi_qd_shards {
	dbbi_qd_shard *shards;	/* by id */
	size_t count;
} dbbi_qd_shards;

/*
 * `words[i]` is what node i says of the collection (`GET
 * /collections/{c}/cluster`), NULL where it could not be asked; they outlive
 * the result. DBB_ESOURCE: no healthy replica of a shard, or shards that are
 * being divided anew; DBB_ECONFIG: a node is missing among those asked, or
 * two are the same.
 */
int dbbi_qd_shards_choose(dbbi_qd_shards *out,
    const dbbi_json *const *words, size_t count, dbb_error *err);

/* Is one of them taken from that node? */
int dbbi_qd_shards_need(const dbbi_qd_shards *shards, size_t node);

/* Zeroed and cleared ones are allowed. */
void dbbi_qd_shards_clear(dbbi_qd_shards *shards);

#endif
