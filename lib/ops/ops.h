/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ops: the verbs. They join sources and repository, which do not know each
 * other. lib/api checks a caller's arguments and calls one of these.
 *
 * Every verb fills `*out`, a JSON object {"type":"result","verb":…} as the
 * public headers describe it, only when it returns DBB_OK or DBB_FINDINGS
 * (dbbi_op_verify: also with DBB_EDAMAGED).
 *
 * Threads: one verb at a time on one dbbi_ops; progress is called from the
 * caller's thread.
 */
#ifndef DBBI_OPS_H
#define DBBI_OPS_H

#include <dbbackup/backup.h>
#include <dbbackup/catalog.h>
#include <dbbackup/key.h>
#include <dbbackup/prune.h>
#include <dbbackup/restore.h>

#include "store/store.h"
#include "util/config.h"
#include "util/run.h"

/* What a context holds, borrowed by every verb. */
typedef struct dbbi_ops {
	dbbi_config *config;
	dbbi_store_registry *stores;
	dbbi_run *run;
	dbb_progress_fn progress;	/* may be NULL */
	void *progress_payload;
} dbbi_ops;

int dbbi_op_config_check(dbbi_ops *ops, dbb_error *err);
int dbbi_op_init(dbbi_json **out, dbbi_ops *ops, dbb_error *err);
int dbbi_op_backup(dbbi_json **out, dbbi_ops *ops,
    const dbb_backup_options *options, dbb_error *err);
int dbbi_op_list(dbbi_json **out, dbbi_ops *ops, const char *source,
    dbb_error *err);
int dbbi_op_show(dbbi_json **out, dbbi_ops *ops, const char *set,
    const char *const *sources, dbb_error *err);
int dbbi_op_verify(dbbi_json **out, dbbi_ops *ops,
    const dbb_verify_options *options, dbb_error *err);
int dbbi_op_rebuild(dbbi_json **out, dbbi_ops *ops, dbb_error *err);
int dbbi_op_prune(dbbi_json **out, dbbi_ops *ops,
    const dbb_prune_options *options, dbb_error *err);
int dbbi_op_restore(dbbi_json **out, dbbi_ops *ops,
    const dbb_restore_options *options, dbb_error *err);
int dbbi_op_cat(dbbi_ops *ops, const char *set, const char *source,
    const char *stream, dbb_write_fn fn, void *payload, dbb_error *err);
int dbbi_op_export(dbbi_json **out, dbbi_ops *ops, const char *set,
    const char *directory, dbb_error *err);

int dbbi_op_key_add(dbbi_json **out, dbbi_ops *ops, const char *name,
    const dbb_key_add_options *options, dbb_error *err);
int dbbi_op_key_list(dbbi_json **out, dbbi_ops *ops, dbb_error *err);
int dbbi_op_key_remove(dbbi_json **out, dbbi_ops *ops, const char *name,
    dbb_error *err);
int dbbi_op_key_export(dbbi_json **out, dbbi_ops *ops, const char *path,
    dbb_error *err);

#endif
