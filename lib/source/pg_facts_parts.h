/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_facts_parts: dbbi_pg_facts_gather in two steps, for the backup side,
 * which reads the schema first (pg_dump is to have its locks before anyone
 * else asks for exclusive ones) and the sequences even before that, and lets
 * the dump tell how many rows there are.
 */
#ifndef DBBI_PG_FACTS_PARTS_H
#define DBBI_PG_FACTS_PARTS_H

#include "source/pg_archive.h"
#include "source/pg_facts.h"

typedef struct dbbi_pg_facts_known {
	const char *schema_sha256;
	int pg_dump_major;
	dbbi_json *sequences;	/* another reference to it is taken */
	PGresult **uncounted;	/* as of dbbi_pg_tables_count; or NULL */
} dbbi_pg_facts_known;

/* What is not known yet is read in the connection's transaction. */
int dbbi_pg_facts_collect(dbbi_json **out, dbbi_pg *pg,
    const dbbi_pg_facts_known *known, dbb_error *err);

/*
 * pg_tables.c: add "tables" and "large_objects" to `facts`. Where `uncounted`
 * is not NULL, the rows of tables that a dump holds are left null, and it gets
 * the list for dbbi_pg_tables_fill, to PQclear; what it had is cleared.
 */
int dbbi_pg_tables_count(dbbi_json *facts, PGresult **uncounted, dbbi_pg *pg,
    dbb_error *err);

/*
 * Fill in the rows, in the same transaction: those that the dump holds. What
 * was not counted there (`dump` NULL or unknown) is counted as the others.
 * DBB_ESOURCE: the dump lacks a table that has rows, or large objects.
 */
int dbbi_pg_tables_fill(dbbi_json *facts, dbbi_pg *pg,
    const PGresult *uncounted, const dbbi_pg_archive *dump, dbb_error *err);

#endif
