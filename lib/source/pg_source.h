/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_source: backing up PostgreSQL: what the files of the backup side share.
 *
 *	pg_open.c	connecting, versions, tools, which databases
 *	pg_rights.c	may this user read everything that pg_dump will read?
 *	pg_freeze.c	the moment: locks, snapshots, sequences
 *	pg_streams.c	pg_dump and pg_dumpall as readers; a dump is counted
 *			as it passes (pg_archive.h)
 *	pg_check.c	is what was stored a whole artefact?
 *	pg_source.c	the facts, closing, and the driver itself
 */
#ifndef DBBI_PG_SOURCE_H
#define DBBI_PG_SOURCE_H

#include "source/pg_archive.h"
#include "source/pg_connection.h"

/* One database; its connection holds locks and snapshot from freeze to
 * finish. */
typedef struct dbbi_pg_database {
	char *name;
	dbbi_pg *pg;
	char *snapshot;		/* exported; NULL before freeze */
	dbbi_json *sequences;	/* as read at the freeze */
	uint64_t size_bytes;
	dbbi_pg_archive *dump;	/* counted, once it was read to its end */
	PGresult *uncounted;	/* tables whose rows it is to tell */
} dbbi_pg_database;

/* Stream 0 is the globals, stream i + 1 is database i. What the readers
 * use does not change after freeze; the reader of a dump leaves it in its
 * database. */
typedef struct dbbi_pg_source {
	dbbi_source base;
	const dbbi_source_env *env;
	dbbi_pg_params *params;
	dbbi_pg_database *databases;
	size_t database_count;
	char *pg_dump, *pg_dumpall, *pg_restore;
	char *pg_dump_version;
	dbbi_json *server;	/* facts known since open */
	dbbi_json *notes;	/* warnings since open */
	int in_recovery;
	int no_passwords;	/* pg_authid is not ours to read */
} dbbi_pg_source;

/* ---- pg_open.c ---- */

int dbbi_pg_open(dbbi_source **out, const dbbi_source_env *env,
    dbb_error *err);

/* ---- pg_source.c ---- */

void dbbi_pg_close(dbbi_source *source);

/* ---- pg_rights.c ---- */

/* DBB_EACCESS, naming what cannot be read and what to GRANT. */
int dbbi_pg_rights_check(dbbi_pg *pg, dbb_error *err);

/* ---- pg_freeze.c ---- */

int dbbi_pg_freeze(int64_t *frozen_at_ms, dbbi_source *source,
    dbb_error *err);

/* ---- pg_streams.c ---- */

int dbbi_pg_stream(dbbi_reader **out, dbbi_source *source, size_t i,
    dbb_error *err);

/* ---- pg_check.c ---- */

int dbbi_pg_check(dbbi_source *source, size_t i, const dbbi_json *facts,
    dbbi_reader *stored, dbb_error *err);

#endif
