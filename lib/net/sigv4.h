/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sigv4: AWS Signature Version 4, in headers.
 *
 * libcurl 7.88 signs, too, but neither sorts a query nor takes a path with
 * odd characters as S3 does. The path here is signed as it is sent, encoded
 * once, "//" and "/../" kept: that is right for S3, and for any service
 * whose path is "/". Pure: the time is an argument.
 */
#ifndef DBBI_SIGV4_H
#define DBBI_SIGV4_H

#include <stdint.h>

#include "net/aws_keys.h"
#include "util/text.h"

#define DBBI_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
#define DBBI_SIGV4_EMPTY /* the SHA-256 of no bytes */ \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct dbbi_sigv4_request {
	const char *method;
	const char *host;	/* as libcurl will say it: with the port unless
				   it is the scheme's own */
	const char *path;	/* encoded (uri_encode.h), begins with '/' */
	const char *query;	/* encoded, without '?', in any order; NULL or
				   "": none */
	const char *const *headers;	/* "Name: value", NULL-ended, all of
				   them signed; may be NULL. Not Host. */
	const char *payload_hash;	/* SHA-256 in hexadecimal digits, or
				   DBBI_SIGV4_UNSIGNED */
	const char *region;
	const char *service;	/* "s3", "sts" */
} dbbi_sigv4_request;

/*
 * All headers to send, but for Host, which libcurl writes: those of the
 * request, x-amz-date, x-amz-content-sha256, x-amz-security-token where there
 * is a token, and Authorization last. Into an empty `out`.
 */
int dbbi_sigv4_sign(dbbi_list *out, const dbbi_sigv4_request *request,
    const dbbi_aws_keys *keys, int64_t now_ms, dbb_error *err);

#endif
