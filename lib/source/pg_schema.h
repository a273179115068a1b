/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_schema: the digest by which two databases' schemas are compared. */
#ifndef DBBI_PG_SCHEMA_H
#define DBBI_PG_SCHEMA_H

#include "source/pg_connection.h"
#include "util/sha256.h"

/*
 * SHA-256 over `pg_dump --schema-only`, without the lines that differ from
 * run to run (\restrict, \unrestrict, and "-- Dumped from", "-- Dumped by").
 * `snapshot` may be NULL.
 */
int dbbi_pg_schema_digest(char out[DBBI_SHA256_HEX], dbbi_run *run,
    const dbbi_pg_params *params, const char *database, const char *pg_dump,
    const char *snapshot, dbb_error *err);

/* The filter alone: lines are fed in pieces of any size. */
typedef struct dbbi_pg_line_filter {
	char head[16];		/* of the present line */
	size_t size;		/* of `head` */
	int decided;		/* 0 not yet, 1 it counts, -1 it does not */
} dbbi_pg_line_filter;

/* Add the lines that count to `hash`. The filter begins zeroed; a last line
 * without its end is added by `size` 0. */
int dbbi_pg_line_filter_add(dbbi_pg_line_filter *f, dbbi_sha256 *hash,
    const char *data, size_t size, dbb_error *err);

#endif
