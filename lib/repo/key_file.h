/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_file: the write-only key of a repository in a file on this machine,
 * one line of text. It is not wrapped, since the machine has no passphrase:
 * the file is the secret. It is no JSON, so that no parser keeps a copy.
 */
#ifndef DBBI_KEY_FILE_H
#define DBBI_KEY_FILE_H

#include "repo/keys.h"

/* Make the file, for its owner's eyes only: DBB_EEXIST when there is one. */
int dbbi_key_file_write(const char *path, const char *repository,
    const dbbi_keys *keys, dbb_error *err);

/* DBB_ECONFIG when it cannot be read, DBB_EDAMAGED when it is not what was
 * written, DBB_EVERSION when a newer version wrote it, DBB_EKEY when it is of
 * another repository. */
int dbbi_key_file_read(dbbi_keys *out, const char *path,
    const char *repository, dbb_error *err);

#endif
