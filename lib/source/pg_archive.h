/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_archive: how many rows a dump holds of each table, counted as it passes
 * by.
 *
 * What `pg_dump --format=custom --compress=0` writes is handed over in pieces
 * of any size. Kept are a few bytes for each table, whatever else the archive
 * says of itself.
 *
 * Shape	a header; the table of contents, whose entries say for which
 *		of them data follow; their data, in blocks of chunks. There is
 *		no end mark: it is whole when it ends behind a block and all
 *		data that were announced have come.
 * Rows		are the lines of COPY's text before the line `\.`. A newline
 *		within a value is written as `\n`, a table without columns
 *		gives empty lines.
 * Versions	1.12 to 1.16, which pg_dump 10 to 18 write. Of any other, and
 *		of one that is compressed, nothing is counted and nothing is
 *		said to be wrong.
 * Errors	DBB_ESOURCE: it is not what pg_dump writes; after it, only
 *		dbbi_pg_archive_free.
 */
#ifndef DBBI_PG_ARCHIVE_H
#define DBBI_PG_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

typedef struct dbbi_pg_archive dbbi_pg_archive;

int dbbi_pg_archive_new(dbbi_pg_archive **out, dbb_error *err);
void dbbi_pg_archive_free(dbbi_pg_archive *archive);

/* The next piece. */
int dbbi_pg_archive_add(dbbi_pg_archive *archive, const void *data,
    size_t size, dbb_error *err);

/* There is no more: was it whole? */
int dbbi_pg_archive_end(dbbi_pg_archive *archive, dbb_error *err);

/* Why nothing could be counted; NULL when all is. The rest only after
 * dbbi_pg_archive_end. */
const char *dbbi_pg_archive_unknown(const dbbi_pg_archive *archive);

/* The rows of the table with this oid; 0 when there are no data of it, else
 * 1. */
int dbbi_pg_archive_rows(uint64_t *rows, const dbbi_pg_archive *archive,
    uint32_t table);

uint64_t dbbi_pg_archive_large_objects(const dbbi_pg_archive *archive);

#endif
