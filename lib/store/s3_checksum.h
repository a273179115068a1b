/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_checksum: what goes with each object and part, for the server to check
 * what arrived, and what it says of what it has.
 *
 * It is a SHA-256 unless 'checksum = crc32c' was asked for. By http: the body's
 * SHA-256 is signed in either case: a CRC keeps nobody from changing a body on
 * the way. By https: nobody can, and with a CRC-32C the body is left out of
 * the signature, so that no SHA-256 is computed.
 */
#ifndef DBBI_S3_CHECKSUM_H
#define DBBI_S3_CHECKSUM_H

#include "store/s3.h"
#include "store/s3_text.h"

typedef struct dbbi_s3_checksum {
	enum dbbi_s3_checksum_kind kind;
	uint8_t bytes[DBBI_SHA256_SIZE];	/* as many as the kind has */
	char text[DBBI_S3_SHA256_TEXT + 8];	/* in base64; of parts with
						   "-N" behind it */
	char header[96];
} dbbi_s3_checksum;

/* Of some bytes, which may be sent then: what of them is to be signed is put
 * into `request`. Both stay where they are until it ends. */
int dbbi_s3_checksum_of(dbbi_s3_checksum *out, dbbi_s3_request *request,
    const dbbi_s3 *s3, dbb_error *err);

/* Add it to those of the parts before; and that of `count` parts together. */
int dbbi_s3_checksum_collect(dbbi_bytes *parts,
    const dbbi_s3_checksum *checksum, dbb_error *err);
int dbbi_s3_checksum_of_parts(dbbi_s3_checksum *out, const dbbi_s3 *s3,
    const dbbi_bytes *parts, unsigned count, dbb_error *err);

/* What the server says of one of this kind; NULL: nothing. */
const char *dbbi_s3_checksum_told(const dbbi_s3 *s3,
    const dbbi_http_response *response);

/* As in "x-amz-checksum-algorithm: SHA256" and "ChecksumSHA256". */
const char *dbbi_s3_checksum_name(const dbbi_s3 *s3);

#endif
