/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prune: take out the sets that the rules under [retention] do not keep, and
 * free what no set needs any more.
 *
 * Space is freed in two steps, so that backups, restores and other prunes may
 * be at work meanwhile: what no set needs is condemned, and a prune that comes
 * at least the repository's grace (48 hours) later deletes it.
 */
#ifndef DBBACKUP_PRUNE_H
#define DBBACKUP_PRUNE_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dbb_prune_options {
	size_t size;		/* sizeof(dbb_prune_options) */
	uint32_t dry_run;	/* 1: only say what would be done */
	uint32_t reserved;	/* 0 */
} dbb_prune_options;
#define DBB_PRUNE_OPTIONS_INIT { .size = sizeof(dbb_prune_options) }

/*
 * Without rules no set is removed, and the result's "warnings" say so
 * (DBB_FINDINGS). Whatever the rules say, the newest completed set of a
 * source and its newest verified set stay. A set whose manifest cannot be
 * read stops it, before anything is done: DBB_EDAMAGED, DBB_EVERSION. What
 * the store has locked stays, and is no failure.
 *
 * `*out` (may be NULL): {"type":"result","verb":"prune","dry_run":…,
 * "sets":[{"set":…,"status":…,"started_at":…,"verified":…,"keep":…,
 * "reason":…}],"removed":N,"store":{"packs":N,"bytes":N},"used":{…},
 * "condemned":{…},"waiting":{…},"deleted":{…},"rewritten":{…},
 * "delete_first":…,"delete_last":…,"locked":{…},"unfinished_uploads":N,
 * "warnings":[…]}; see doc/json.md.
 * `options` may be NULL.
 */
DBB_API int dbb_prune(dbb_result **out, dbb_context *ctx,
    const dbb_prune_options *options);

#ifdef __cplusplus
}
#endif
#endif
