/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/compress.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

struct dbbi_codec {
	ZSTD_CCtx *packer;	/* made at the first use */
	ZSTD_DCtx *unpacker;
};

int
dbbi_codec_new(dbbi_codec **out, dbb_error *err)
{
	dbbi_codec *codec = calloc(1, sizeof *codec);

	if (codec == NULL)
		return dbbi_error_nomem(err);
	*out = codec;
	return 0;
}

void
dbbi_codec_free(dbbi_codec *codec)
{
	if (codec == NULL)
		return;
	ZSTD_freeCCtx(codec->packer);
	ZSTD_freeDCtx(codec->unpacker);
	free(codec);
}

int
dbbi_codec_pack(size_t *stored, dbbi_codec *codec, void *to,
    const void *from, size_t size, int level, dbb_error *err)
{
	size_t worth = size - size / 50;	/* 2 % less */
	size_t n;

	if (codec->packer == NULL)
		codec->packer = ZSTD_createCCtx();
	if (codec->packer == NULL)
		return dbbi_error_nomem(err);
	n = ZSTD_compressCCtx(codec->packer, to, worth, from, size, level);
	if (!ZSTD_isError(n)) {
		*stored = n < size ? n : 0;
		return 0;
	}
	if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
		return dbbi_error_nomem(err);
	if (ZSTD_getErrorCode(n) != ZSTD_error_dstSize_tooSmall)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "compressing: zstd: %s", ZSTD_getErrorName(n));
	*stored = 0;
	return 0;
}

int
dbbi_codec_unpack(dbbi_codec *codec, void *to, size_t plain,
    const void *from, size_t stored, dbb_error *err)
{
	unsigned long long told = ZSTD_getFrameContentSize(from, stored);
	size_t n;

	if (told != plain)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its zstd frame is not one of %zu bytes", plain);
	if (codec->unpacker == NULL)
		codec->unpacker = ZSTD_createDCtx();
	if (codec->unpacker == NULL)
		return dbbi_error_nomem(err);
	n = ZSTD_decompressDCtx(codec->unpacker, to, plain, from, stored);
	if (ZSTD_isError(n) &&
	    ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
		return dbbi_error_nomem(err);
	if (ZSTD_isError(n))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "decompressing: zstd: %s", ZSTD_getErrorName(n));
	if (n != plain)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "decompressed to %zu bytes and not %zu", n, plain);
	return 0;
}

int
dbbi_codec_prove(dbbi_codec *codec, void *scratch, const void *bytes,
    size_t plain, const void *frame, size_t stored, dbb_error *err)
{
	int rc;

	rc = dbbi_codec_unpack(codec, scratch, plain, frame, stored, err);
	if (rc == 0 && memcmp(scratch, bytes, plain) == 0)
		return 0;
	if (rc == DBB_ENOMEM)
		return rc;
	dbbi_error_set(err, DBB_EINTERNAL, "what was compressed did not "
	    "give back the %zu bytes that it was made of", plain);
	dbbi_error_hint(err, "nothing wrong was stored, but this machine's "
	    "memory or processor, or its libzstd, cannot be trusted: test "
	    "the memory, and back up from another machine meanwhile");
	return DBB_EINTERNAL;
}
