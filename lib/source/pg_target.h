/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_target: restore PostgreSQL databases, each beside the one it is to
 * replace. The driver's target_… functions of source.h.
 *
 * A dump is loaded into a scratch database, compared there, and renamed to
 * its target's name by target_commit; several in one transaction. A failure,
 * a cancel or a kill at any moment leaves either the old or the new database
 * whole under its name. Scratch databases that a killed restore left behind
 * are removed by the next target_open (pg_scratch.h).
 *
 * What is said besides errors (roles that could not be made, a tablespace
 * that is missing) comes out as warnings of target_compare; what target_commit
 * has to say is the member "warning" in the objects of its `databases`.
 *
 * Threads: one target, one thread.
 */
#ifndef DBBI_PG_TARGET_H
#define DBBI_PG_TARGET_H

#include "source/source.h"

int dbbi_pg_target_open(dbbi_target **out, const dbbi_source_env *env,
    const dbbi_target_plan *plan, dbb_error *err);
int dbbi_pg_target_replaces(dbbi_list *names, dbbi_target *target,
    dbb_error *err);
int dbbi_pg_target_wants(dbbi_target *target, const char *stream,
    const char *kind);
int dbbi_pg_target_load(dbbi_target *target, const char *stream,
    const char *kind, dbbi_reader *in, dbb_error *err);
int dbbi_pg_target_compare(uint64_t *compared, dbbi_target *target,
    dbbi_json *findings, dbbi_json *warnings, dbb_error *err);
int dbbi_pg_target_commit(dbbi_target *target, int equal,
    dbbi_json *databases, dbb_error *err);

/* Roles and tablespaces that were made stay: they harm nothing. */
void dbbi_pg_target_close(dbbi_target *target);

#endif
