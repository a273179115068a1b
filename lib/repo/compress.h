/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compress: zstd, as chunks and manifests use it: one frame, which tells its
 * size. A codec is used by one thread at a time and keeps its contexts.
 */
#ifndef DBBI_COMPRESS_H
#define DBBI_COMPRESS_H

#include <stddef.h>

#include "util/error.h"

typedef struct dbbi_codec dbbi_codec;

int dbbi_codec_new(dbbi_codec **out, dbb_error *err);
void dbbi_codec_free(dbbi_codec *codec);

/* Compress into `to` (room for `size` bytes). `*stored` is the frame's
 * length, or 0 when it would not be 2 % smaller: keep it as it is then. */
int dbbi_codec_pack(size_t *stored, dbbi_codec *codec, void *to,
    const void *from, size_t size, int level, dbb_error *err);

/* Does the frame give back these `plain` bytes? DBB_EINTERNAL when not.
 * `scratch` has room for them. */
int dbbi_codec_prove(dbbi_codec *codec, void *scratch, const void *bytes,
    size_t plain, const void *frame, size_t stored, dbb_error *err);

/* Decompress exactly `plain` bytes; anything else is DBB_EDAMAGED. */
int dbbi_codec_unpack(dbbi_codec *codec, void *to, size_t plain,
    const void *from, size_t stored, dbb_error *err);

#endif
