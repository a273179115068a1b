/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_archive: is it a whole snapshot of a collection? Told as it passes by, in
 * pieces of any size.
 *
 * Shape	a tar: for each shard `N/replica_state.json` and
 *		`N/shard_config.json`; where its data are in here, too,
 *		`N/segments/…` and `N/wal/`; at the top `config.json`, and
 *		mostly `version.info`, `shard_key_mapping.json` and
 *		`payload_index.json`, which a server does not miss.
 * Shards	are those that config.json counts or, where its sharding is
 *		custom, those that shard_key_mapping.json names. A node's
 *		snapshot names all of its collection's shards and holds its
 *		own.
 * Not seen	what is in the segments. Who has the server's SHA-256 compares
 *		it.
 * Errors	DBB_ESOURCE: it is not one; after it, only
 *		dbbi_qd_archive_free.
 */
#ifndef DBBI_QD_ARCHIVE_H
#define DBBI_QD_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "util/json.h"

typedef struct dbbi_qd_archive dbbi_qd_archive;

typedef struct dbbi_qd_archive_shard {
	uint32_t id;
	int is_local;		/* its data are in this snapshot */
} dbbi_qd_archive_shard;

int dbbi_qd_archive_new(dbbi_qd_archive **out, dbb_error *err);
void dbbi_qd_archive_free(dbbi_qd_archive *archive);

/* The next piece. */
int dbbi_qd_archive_add(dbbi_qd_archive *archive, const void *data,
    size_t size, dbb_error *err);

/* There is no more: was it whole? */
int dbbi_qd_archive_end(dbbi_qd_archive *archive, dbb_error *err);

/* ---- after dbbi_qd_archive_end; borrowed ---- */

/* What config.json says. */
const dbbi_json *dbbi_qd_archive_config(const dbbi_qd_archive *archive);

/* The shards, by id. */
size_t dbbi_qd_archive_shard_count(const dbbi_qd_archive *archive);
dbbi_qd_archive_shard dbbi_qd_archive_shard_at(
    const dbbi_qd_archive *archive, size_t i);

#endif
