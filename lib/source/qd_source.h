/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_source: Qdrant as a source: what its files share. qd_open.c finds the
 * collections and refuses what cannot be backed up, qd_download.c gives the
 * snapshot of one, qd_paged.c its points instead, qd_taken.c looks at it before
 * and after, qd_facts.c says what is known of them, qd_source.c is the driver.
 * (Restoring is qd_target.h.)
 *
 * What is made for a stream is kept in its collection, by the thread that reads
 * the stream; others look at it when all streams have ended.
 */
#ifndef DBBI_QD_SOURCE_H
#define DBBI_QD_SOURCE_H

#include "source/qd_discover.h"
#include "source/qd_snapshot.h"
#include "source/source.h"

/* What reading its stream has shown of a collection. */
typedef struct dbbi_qd_taken {
	uint64_t points, points_after;
	dbbi_json *sample;	/* equal before and after */
	char *name;		/* the snapshot's */
	uint64_t size_bytes;
	char sha256[DBBI_SHA256_HEX];	/* as it came */
	int is_proven;		/* the server said the same SHA-256 */
	uint64_t paged;		/* method scroll: points in the stream */
	int64_t taken_at_ms;
	char *left;		/* why it is still on the server; NULL: it is
				   not */
} dbbi_qd_taken;

typedef struct dbbi_qd_collection {
	char *name;
	dbbi_json *found;	/* dbbi_qd_discover_collection */
	dbbi_qd_taken taken;
} dbbi_qd_collection;

typedef struct dbbi_qd_source {
	dbbi_source base;
	const dbbi_source_env *env;
	dbbi_qd_settings settings;
	dbbi_qd *qd;
	dbbi_json *cluster;	/* what /cluster says */
	dbbi_json *aliases;
	dbbi_qd_collection *collections;	/* the i-th is stream i */
	size_t collection_count;
	dbbi_json *warnings;	/* those of `facts`, for what shows later */
} dbbi_qd_source;

int dbbi_qd_open(dbbi_source **out, const dbbi_source_env *env,
    dbb_error *err);
void dbbi_qd_close(dbbi_source *source);

/* Count the points of a collection and look at a few, before its stream; and
 * again behind it, which fills what is known of the points. */
int dbbi_qd_taken_before(dbbi_json **sample, dbbi_qd_source *source,
    dbbi_qd_collection *collection, dbb_error *err);
int dbbi_qd_taken_after(dbbi_qd_source *source,
    dbbi_qd_collection *collection, const dbbi_json *sample, dbb_error *err);

int dbbi_qd_facts(dbbi_json **out, dbbi_source *source, dbbi_json *warnings,
    dbb_error *err);
int dbbi_qd_finish(dbbi_source *source, dbbi_json *facts, dbb_error *err);

#endif
