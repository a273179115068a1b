/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_checksum.h"

#include <stdio.h>
#include <string.h>

#include "util/crc32c.h"

#define CRC_SIZE 4u

static const struct kind {
	const char *name;
	const char *header;
	size_t size;
} kinds[] = {
	[DBBI_S3_SHA256] = { "SHA256", "x-amz-checksum-sha256",
	    DBBI_SHA256_SIZE },
	[DBBI_S3_CRC32C] = { "CRC32C", "x-amz-checksum-crc32c", CRC_SIZE },
};

static int
compute(uint8_t *out, enum dbbi_s3_checksum_kind kind, const void *data,
    size_t size, dbb_error *err)
{
	uint32_t crc;

	if (kind == DBBI_S3_SHA256)
		return dbbi_sha256_of(out, data, size, err);
	crc = dbbi_crc32c(data, size);
	for (unsigned i = 0; i < CRC_SIZE; i++)
		out[i] = (uint8_t)(crc >> (24 - 8 * i));
	return DBB_OK;
}

static int
make(dbbi_s3_checksum *out, const dbbi_s3 *s3, const void *data, size_t size,
    dbb_error *err)
{
	enum dbbi_s3_checksum_kind kind = s3->settings.checksum;
	int rc;

	out->kind = kind;
	if ((rc = compute(out->bytes, kind, data, size, err)) < 0)
		return rc;
	dbbi_s3_base64(out->text, out->bytes, kinds[kind].size);
	snprintf(out->header, sizeof(out->header), "%s: %s",
	    kinds[kind].header, out->text);
	return DBB_OK;
}

int
dbbi_s3_checksum_of(dbbi_s3_checksum *out, dbbi_s3_request *request,
    const dbbi_s3 *s3, dbb_error *err)
{
	int rc = make(out, s3, request->body, request->body_size, err);

	if (out->kind == DBBI_S3_SHA256)
		request->sha256 = out->bytes;
	else
		request->unsigned_body = dbbi_s3_is_https(s3);
	return rc;
}

int
dbbi_s3_checksum_collect(dbbi_bytes *parts, const dbbi_s3_checksum *checksum,
    dbb_error *err)
{
	return dbbi_bytes_add(parts, checksum->bytes,
	    kinds[checksum->kind].size, err);
}

int
dbbi_s3_checksum_of_parts(dbbi_s3_checksum *out, const dbbi_s3 *s3,
    const dbbi_bytes *parts, unsigned count, dbb_error *err)
{
	int rc = make(out, s3, parts->data, parts->size, err);
	size_t n;

	if (rc < 0)
		return rc;
	n = strlen(out->text);
	snprintf(out->text + n, sizeof(out->text) - n, "-%u", count);
	return DBB_OK;
}

const char *
dbbi_s3_checksum_told(const dbbi_s3 *s3, const dbbi_http_response *response)
{
	return dbbi_http_header(response, kinds[s3->settings.checksum].header);
}

const char *
dbbi_s3_checksum_name(const dbbi_s3 *s3)
{
	return kinds[s3->settings.checksum].name;
}
