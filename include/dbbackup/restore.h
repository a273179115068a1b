/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restore: bring sets back, into databases, as bytes, or as files.
 *
 * A set is named by its id, by any beginning of it that fits one set only
 * (else DBB_EINVAL, and the message lists those it fits), or by "latest":
 * the newest completed set that holds every source asked for.
 */
#ifndef DBBACKUP_RESTORE_H
#define DBBACKUP_RESTORE_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dbb_restore_options {
	size_t size;			/* sizeof(dbb_restore_options) */
	const char *set;		/* NULL: "latest" */
	const char *const *sources;	/* names, NULL-ended; NULL: all */
	const char *into;		/* new database's name; one source only */
	const char *to;			/* connection to another server, without
					   a password in it; one source only */
	uint32_t replace;		/* 1: over what exists */
	uint32_t no_safety_set;		/* 1: with replace, do not first back
					   up what is being replaced */
} dbb_restore_options;
#define DBB_RESTORE_OPTIONS_INIT { .size = sizeof(dbb_restore_options) }

/*
 * Restore a set and compare the result with the set's facts. Nothing that
 * exists is touched unless `replace` is said (DBB_EEXIST otherwise). Data is
 * loaded beside the old database, compared there, and swapped in by rename:
 * a failure or an interruption on the way leaves the old one serving.
 *
 * The safety set of what is replaced shows it as it was when the restore
 * began: stop its writers before, or what they write until the swap is lost.
 *
 * Several sources are loaded and compared first, all of them, and then put
 * into place one after the other.
 *
 * DBB_OK: restored and equal. DBB_FINDINGS: restored, and there is a warning,
 * or it differs; with `replace` a database that differs is left beside the
 * old one, which stays in place. `*out` (may be NULL) is
 * filled in both cases:
 *
 *	{"type":"result","verb":"restore","set":…,"elapsed_ms":…,
 *	"safety_set":…|null,"sources":[{"kind":…,"name":…,"databases":[
 *	{"name":…,"target":…,"swapped":…}],"compared":N,
 *	"findings":[{"object":…,"expected":…,"found":…}]}],"warnings":[…]}
 */
DBB_API int dbb_restore(dbb_result **out, dbb_context *ctx,
    const dbb_restore_options *options);

/* Send one stream's plain bytes to `fn`, each chunk verified before it is
 * sent, and the whole against its SHA-256 at the end (DBB_EDAMAGED). */
DBB_API int dbb_stream_cat(dbb_context *ctx, const char *set,
    const char *source, const char *stream, dbb_write_fn fn, void *payload);

/*
 * Write all streams of a set as plain files below `directory`, which must
 * not exist or be empty, with SHA256SUMS and a README of how to load them.
 * `*out` (may be NULL):
 * {"type":"result","verb":"export","set":…,"directory":…,"files":[{"path":…,
 * "size_bytes":…,"sha256":…}]}.
 */
DBB_API int dbb_export(dbb_result **out, dbb_context *ctx, const char *set,
    const char *directory);

#ifdef __cplusplus
}
#endif
#endif
