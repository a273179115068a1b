/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key: the keys of a sealed (encrypted) repository. dbb_repository_init makes
 * one when a passphrase is configured, with the key "default". Each key opens
 * all of the repository with a passphrase of its own; a change of passphrase
 * is a new key and the old one removed, and rewrites no data. These calls
 * need a configured passphrase that opens the repository:
 *
 *	DBB_ECONFIG       none is configured
 *	DBB_EKEY          it opens no key, or the configured key only writes
 *	DBB_EDAMAGED      the key is damaged
 *	DBB_EUNSUPPORTED  the repository is not sealed
 */
#ifndef DBBACKUP_KEY_H
#define DBBACKUP_KEY_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dbb_key_add_options {
	size_t size;			/* sizeof(dbb_key_add_options) */
	const char *passphrase;		/* of the new key; or */
	const char *passphrase_file;	/* the file that holds it */
} dbb_key_add_options;
#define DBB_KEY_ADD_OPTIONS_INIT { .size = sizeof(dbb_key_add_options) }

/*
 * Add a key: `name` is 1 to 64 letters, digits, '_', '.' and '-', with no '.'
 * first. DBB_EEXIST when there is one. Exactly one of the options gives its
 * passphrase, of which the library keeps no copy. `*out` (may be NULL), the
 * caller's: {"type":"result","verb":"key","action":"add","repository":…,
 * "name":…}.
 */
DBB_API int dbb_key_add(dbb_result **out, dbb_context *ctx, const char *name,
    const dbb_key_add_options *options);

/*
 * List them: {…,"action":"list","keys":[{"name":…,"created_at":…}],
 * "damaged":[{"name":…,"error":…}]}. DBB_FINDINGS when one is damaged or of
 * another repository. The write-only key is enough.
 */
DBB_API int dbb_key_list(dbb_result **out, dbb_context *ctx);

/* Remove a key: {…,"action":"remove","name":…}. DBB_ENOTFOUND when there is
 * none of that name, DBB_EINVAL for the last whole one. */
DBB_API int dbb_key_remove(dbb_result **out, dbb_context *ctx,
    const char *name);

#define DBB_KEY_WRITE_ONLY 1u

/*
 * Write a key file for a machine that backs up, lists, looks whether all is
 * there and prunes, but reads nothing back: [repository] key-file names it
 * there in the place of a passphrase. `kind` is DBB_KEY_WRITE_ONLY, and there
 * is no other yet. The file is made for its owner alone; DBB_EEXIST when
 * there is one. {…,"action":"export","file":…}.
 */
DBB_API int dbb_key_export(dbb_result **out, dbb_context *ctx,
    const char *file, uint32_t kind);

#ifdef __cplusplus
}
#endif
#endif
