/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_archive_parts: what the files behind pg_archive.h share: pg_archive.c
 * (taking the pieces apart into numbers, texts and chunks),
 * pg_archive_steps.c (what each of them means), pg_archive_toc.c (the entries
 * that have data), pg_archive_rows.c (counting lines).
 */
#ifndef DBBI_PG_ARCHIVE_PARTS_H
#define DBBI_PG_ARCHIVE_PARTS_H

#include "source/pg_archive.h"
#include "util/bytes.h"

/* ---- pg_archive_rows.c: the text of one table ---- */

#define DBBI_ARCHIVE_LAST 8

typedef struct dbbi_archive_rows {
	uint64_t lines;
	uint64_t size;
	uint8_t last[DBBI_ARCHIVE_LAST];	/* the last bytes */
} dbbi_archive_rows;

void dbbi_archive_rows_add(dbbi_archive_rows *rows, const uint8_t *at,
    size_t size);

/* How many rows it was, or -1 when it did not end as COPY's text does. */
int dbbi_archive_rows_end(uint64_t *count, const dbbi_archive_rows *rows);

/* ---- pg_archive_toc.c: the entries that have data ---- */

enum { DBBI_ARCHIVE_OTHER, DBBI_ARCHIVE_TABLE, DBBI_ARCHIVE_OBJECTS };

typedef struct dbbi_archive_entry {
	uint64_t rows;
	uint32_t id;		/* in the archive */
	uint32_t table;		/* its oid; 0: no table */
	uint8_t what;
	uint8_t come;		/* its block has begun */
} dbbi_archive_entry;

typedef struct dbbi_archive_toc {
	dbbi_archive_entry *entries;
	size_t count, room;
} dbbi_archive_toc;

/* More tables than this are not counted: the memory has an end. */
#define DBBI_ARCHIVE_TABLES (1u << 20)

int dbbi_archive_toc_add(dbbi_archive_toc *toc,
    const dbbi_archive_entry *entry, dbb_error *err);

/* All are there: to be found by id. -1 when two have the same. */
int dbbi_archive_toc_by_id(dbbi_archive_toc *toc);
dbbi_archive_entry *dbbi_archive_toc_find(const dbbi_archive_toc *toc,
    uint32_t id);

/* The data have come: to be found by table, and no longer by id. -1 when two
 * are the same table's. */
int dbbi_archive_toc_by_table(dbbi_archive_toc *toc);
const dbbi_archive_entry *dbbi_archive_toc_table(const dbbi_archive_toc *toc,
    uint32_t table);

/* ---- pg_archive_steps.c: what comes after what ---- */

/* What a step is made of in the archive. */
enum {
	DBBI_ARCHIVE_HEAD,	/* the first eleven bytes */
	DBBI_ARCHIVE_BYTE,
	DBBI_ARCHIVE_NUMBER,	/* a sign and 32 bits */
	DBBI_ARCHIVE_TEXT,	/* its length as a number; -1: NULL */
	DBBI_ARCHIVE_OFFSET,	/* what is known of it, and the offset */
	DBBI_ARCHIVE_CHUNKS	/* as texts, ended by one of length 0 */
};

#define DBBI_ARCHIVE_HEAD_SIZE 11

typedef struct dbbi_archive_step {
	int shape;
	/* What to do with it, the next step being set; may be NULL. */
	int (*take)(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err);
	int since, until;	/* minor versions; 0: any */
} dbbi_archive_step;

#define DBBI_ARCHIVE_TEXT_KEPT 16

struct dbbi_pg_archive {
	dbbi_cursor in;		/* the present piece */
	uint64_t fed;		/* bytes of all pieces */
	const char *unknown;
	int minor;		/* version 1.minor */
	const dbbi_archive_step *step;	/* what is being read */
	uint8_t held[DBBI_ARCHIVE_HEAD_SIZE];	/* of it, from earlier
						   pieces */
	size_t held_size;
	int64_t number;		/* a byte's or number's value, a text's
				   length */
	uint32_t left;		/* of a text or chunk */
	char text[DBBI_ARCHIVE_TEXT_KEPT];	/* how it begins */
	size_t text_size;
	uint32_t entries_left;
	dbbi_archive_entry entry;	/* of which the contents are read */
	int has_data;
	dbbi_archive_toc toc;
	int block;		/* the type of the present one */
	dbbi_archive_entry *of;	/* whose block it is */
	dbbi_archive_rows rows;
	uint64_t large_objects;
};

/* Set the first step. */
void dbbi_archive_begin(dbbi_pg_archive *a);

/* May it end here? */
int dbbi_archive_may_end(const dbbi_pg_archive *a);

/* ---- pg_archive.c ---- */

/* DBB_ESOURCE: what is wrong, and where. */
int dbbi_archive_wrong(const dbbi_pg_archive *a, const char *what,
    dbb_error *err);

#endif
