/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalog: what is in the repository, and whether it is whole.
 * Sets are named as in restore.h.
 */
#ifndef DBBACKUP_CATALOG_H
#define DBBACKUP_CATALOG_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * List the sets, oldest first; `source` NULL: of all sources. `*out`:
 * {"type":"result","verb":"list","repository":…,"sets":[{"set":…,
 * "status":…,"started_at":…,"finished_at":…,"size_bytes":…,
 * "stored_bytes":…,"sources":[{"kind":…,"name":…,"size_bytes":…}],
 * "labels":{…},"verified":…|null}],"damaged":[{"set":…,"error":…}],
 * "at_work":[{"verb":…,"host":…,"pid":N,"version":…,"started_at":…,
 * "until":…}]}. DBB_FINDINGS when a
 * manifest is damaged: the others are listed all the same. "verified": when
 * the oldest of all that the set needs was last read and found good, since
 * the set was made (dbb_verify with read_data).
 */
DBB_API int dbb_set_list(dbb_result **out, dbb_context *ctx,
    const char *source);

/*
 * One set, whole; where `set` is "latest" or NULL, the one that dbb_restore
 * would take for these `sources` (NULL-ended; NULL: all): as in the list, and under each source its facts (see
 * doc/json.md), its streams ("name", "kind", "size_bytes", "sha256",
 * "frozen_at"), and the set's "skew_ms" and "warnings".
 */
DBB_API int dbb_set_show(dbb_result **out, dbb_context *ctx,
    const char *set, const char *const *sources);

typedef struct dbb_verify_options {
	size_t size;			/* sizeof(dbb_verify_options) */
	const char *const *sets;	/* NULL-ended; NULL: all */
	uint32_t read_data;		/* 1: read and check every byte; 0: look
					   that all objects are there */
	uint32_t reserved;		/* 0 */
	uint32_t read_percent;		/* 1 to 100, with read_data: only so
					   much, what was read longest ago
					   first; 0: all */
	uint32_t reserved2;		/* 0 */
} dbb_verify_options;
#define DBB_VERIFY_OPTIONS_INIT { .size = sizeof(dbb_verify_options) }

/*
 * Is everything there that the sets need, and (read_data) is it what was
 * stored? `*out` (may be NULL), filled with DBB_OK and with DBB_EDAMAGED:
 * {"type":"result","verb":"verify","sets":[{"set":…,"ok":…,
 * "verified":…|null,"damage":[{"object":…,"source":…|null,"stream":…|null,
 * "error":…}],"restorable":[{"source":…,"stream":…}]}],"packs":N,
 * "packs_read":N,"bytes_read":N,"packs_unproven":N,"oldest_proof":…|null}.
 *
 * DBB_EDAMAGED when an object is damaged or missing that a set needs. What
 * can be restored of such a set all the same is "restorable"; damage without
 * a stream is in parts of an object that no stream of the set needs.
 *
 * What was read and is good is noted in the repository, so that calls with
 * read_percent, one after the other, come to read everything.
 */
DBB_API int dbb_verify(dbb_result **out, dbb_context *ctx,
    const dbb_verify_options *options);

/*
 * Make the index again from the packs: packs that it does not know get into
 * it, and index objects that are damaged are removed. Only the ends of packs
 * are read. No set is harmed, whoever else is at work. `*out` (may be NULL):
 *
 *	{"type":"result","verb":"index rebuild","packs":N,"packs_added":N,
 *	"bytes_read":N,"segments":[{"object":…,"error":…}],
 *	"damaged":[{"object":…,"error":…}]}
 *
 * "segments" were damaged and are removed or whole again. DBB_FINDINGS when
 * there are packs that do not tell what they hold: "damaged".
 */
DBB_API int dbb_index_rebuild(dbb_result **out, dbb_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
