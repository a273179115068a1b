/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal: the two kinds of boxes that a sealed repository is made of; the
 * section "Sealed repositories" of doc/format.md is the specification.
 *
 *	writer box	what every key opens: directories, index, heads
 *	content box	what only the full key opens: the key of one object's
 *			contents
 *
 * An open repository has no keys: NULL, and then nothing is sealed.
 */
#ifndef DBBI_SEAL_H
#define DBBI_SEAL_H

#include "repo/entry.h"
#include "repo/keys.h"
#include "util/bytes.h"

#define DBBI_BOX_SALT 32u		/* bytes of a writer box's salt */
#define DBBI_WRITER_BOX_EXTRA (DBBI_BOX_SALT + DBBI_TAG_SIZE)

uint8_t dbbi_seal_cipher(const dbbi_keys *keys);

/* ---- writer boxes ---- */

/* Seal what lies at box + DBBI_BOX_SALT, in place; the tag comes behind it.
 * `info` is the kind of thing, `aad` what stands before the box. */
int dbbi_writer_box_seal(uint8_t *box, size_t plain_size,
    const dbbi_keys *keys, const char *info, const void *aad,
    size_t aad_size, dbb_error *err);

/* Open a box in place. `*plain` points into it. */
int dbbi_writer_box_open(dbbi_cursor *plain, uint8_t *box, size_t size,
    const dbbi_keys *keys, const char *info, const void *aad,
    size_t aad_size, dbb_error *err);

/*
 * An object whose content is all one box behind its first `front` bytes:
 * begin once these are there, add the content, end. In an open repository
 * the content is left as it is.
 */
int dbbi_sealed_begin(dbbi_bytes *object, const dbbi_keys *keys,
    dbb_error *err);
int dbbi_sealed_end(dbbi_bytes *object, size_t front, const dbbi_keys *keys,
    const char *info, dbb_error *err);

/* Open it in place. */
int dbbi_sealed_open(dbbi_cursor *content, uint8_t *object, size_t size,
    size_t front, const dbbi_keys *keys, const char *info, dbb_error *err);

/* ---- content boxes ---- */

/* A new random content key, and the box of it. */
int dbbi_content_key_make(dbbi_box *box, uint8_t key[DBBI_KEY_SIZE],
    const dbbi_keys *keys, dbb_error *err);

/* DBB_EKEY for a key that can only write, DBB_EDAMAGED for a box that is
 * not what it was. */
int dbbi_content_key_open(uint8_t key[DBBI_KEY_SIZE], const dbbi_box *box,
    const dbbi_keys *keys, dbb_error *err);

/* Nonce 0, for a key that seals one thing only. */
extern const uint8_t dbbi_nonce_once[DBBI_NONCE_SIZE];

#endif
