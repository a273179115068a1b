/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_target: restore collections of Qdrant, each beside the one it is to
 * replace. The driver's target_… functions of source.h.
 *
 *	upload -> the uploaded file is deleted -> wait until the collection
 *	answers -> compare -> aliases; where it replaces one: those of the old
 *	one are pointed at the new one, the old one is deleted, and the same
 *	archive is uploaded once more under its name
 *
 * A collection is never restored over: a bad archive would leave neither.
 * What exists keeps serving until what replaces it was compared. When the
 * second upload fails the first one serves, under its own name and by aliases.
 *
 * What a killed restore leaves is found by its notes (dbbi_qd_restore_clear).
 *
 * Threads: one target, one thread.
 */
#ifndef DBBI_QD_TARGET_H
#define DBBI_QD_TARGET_H

#include "source/qd_settings.h"

int dbbi_qd_target_open(dbbi_target **out, const dbbi_source_env *env,
    const dbbi_target_plan *plan, dbb_error *err);
int dbbi_qd_target_replaces(dbbi_list *names, dbbi_target *target,
    dbb_error *err);
int dbbi_qd_target_wants(dbbi_target *target, const char *stream,
    const char *kind);
int dbbi_qd_target_load(dbbi_target *target, const char *stream,
    const char *kind, dbbi_reader *in, dbb_error *err);
int dbbi_qd_target_compare(uint64_t *compared, dbbi_target *target,
    dbbi_json *findings, dbbi_json *warnings, dbb_error *err);
int dbbi_qd_target_commit(dbbi_target *target, int equal,
    dbbi_json *databases, dbb_error *err);
void dbbi_qd_target_close(dbbi_target *target);

#endif
