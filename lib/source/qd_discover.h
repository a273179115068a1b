/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_discover: what a node knows of itself and its collections, and whether
 * that can be backed up.
 */
#ifndef DBBI_QD_DISCOVER_H
#define DBBI_QD_DISCOVER_H

#include "source/qd_server.h"

/*
 * Is the node well? DBB_ESOURCE when it is in recovery mode, or its cluster
 * decides nothing any more. `*cluster` is what /cluster says, as `{"status":
 * "disabled"}`; {"status": "unknown"} where the key has no right to know.
 */
int dbbi_qd_discover_node(dbbi_json **cluster, dbbi_qd *qd, dbb_error *err);

/* How many peers that cluster has; 1 without a cluster. */
size_t dbbi_qd_discover_peers(const dbbi_json *cluster);

/* The collections that `patterns` mean, sorted. One that is named and not
 * there is DBB_ENOTFOUND, as is none at all. */
int dbbi_qd_discover_collections(dbbi_list *out, dbbi_qd *qd,
    const dbbi_list *patterns, dbb_error *err);

/* All aliases that the key may see: an array of {"alias_name",
 * "collection_name"}. */
int dbbi_qd_discover_aliases(dbbi_json **out, dbbi_qd *qd, dbb_error *err);

/*
 * What is known of one collection: "info" and "shards" are what Qdrant answers
 * to /collections/x and its /cluster, "shard_keys" an array (empty without
 * custom sharding). A red one is DBB_ESOURCE.
 */
int dbbi_qd_discover_collection(dbbi_json **out, dbbi_qd *qd,
    const char *collection, dbb_error *err);

#endif
