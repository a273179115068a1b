/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_facts: what one database knows of itself, the same when backing up
 * (under the exported snapshot) and after restoring, so that both can be
 * compared. doc/json.md describes the document:
 *
 * {"name","encoding","collate","ctype","locale_provider","icu_locale",
 *  "owner","tablespace","connection_limit","is_template","comment",
 *  "acl":[{"grantee","privilege","grantable"}],
 *  "settings":[{"role"|null,"name","value"}],
 *  "size_bytes","tables":[{"schema","name","kind","rows"}],
 *  "large_objects":N,"sequences":[{"schema","name","last_value","is_called",
 *  "last_value_after"}],"extensions":[{"name","version"}],
 *  "subscriptions":[{"name","enabled"}],
 *  "schema_sha256","server_version_num","pg_dump_major"}
 *
 * A grantee null is PUBLIC. A table's kind is "table", "unlogged" or
 * "materialized view"; partitioned parents, members of extensions and
 * temporary tables are not listed; the rows of a materialized view are null
 * where it could not be counted safely. On a standby an unlogged table has 0
 * rows, as in its dump. When backing up, rows are null until
 * dbbi_pg_tables_fill (pg_facts_parts.h) has them from the dump.
 *
 * Sequences do not obey snapshots: last_value is read before the dump and
 * last_value_after (dbbi_pg_facts_finish) when it has ended; the dump's
 * value lies between them.
 */
#ifndef DBBI_PG_FACTS_H
#define DBBI_PG_FACTS_H

#include "source/pg_connection.h"

/* Gather in the connection's running transaction. `snapshot` (may be NULL)
 * and `pg_dump` (its path) are for the schema's digest: SHA-256 over
 * `pg_dump --schema-only` without its \restrict lines. */
int dbbi_pg_facts_gather(dbbi_json **out, dbbi_pg *pg, dbbi_run *run,
    const dbbi_pg_params *params, const char *database, const char *pg_dump,
    const char *snapshot, dbb_error *err);

/* Read the sequences again, into last_value_after. */
int dbbi_pg_facts_finish(dbbi_json *facts, dbbi_pg *pg, dbb_error *err);

/* Compare; each difference is appended to `findings` as {"object",
 * "expected","found"}, tables named as people write them. What cannot be
 * compared (another major version's schema digest) is said in `warnings`. */
int dbbi_pg_facts_compare(uint64_t *compared, const dbbi_json *expected,
    const dbbi_json *found, dbbi_json *findings, dbbi_json *warnings,
    dbb_error *err);

#endif
