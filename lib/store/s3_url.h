/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_url: which bucket a store's URL means, and at which server it is. */
#ifndef DBBI_S3_URL_H
#define DBBI_S3_URL_H

#include "util/error.h"

typedef struct dbbi_s3_url {
	char *bucket;
	char *prefix;		/* of all keys: "" or "a/b/" */
} dbbi_s3_url;

/* s3://bucket/prefix, percent-encoded where need be. DBB_EINVAL says what is
 * wrong with it. */
int dbbi_s3_url_parse(dbbi_s3_url *out, const char *url, dbb_error *err);
void dbbi_s3_url_clear(dbbi_s3_url *url);

typedef struct dbbi_s3_endpoint {
	char *scheme;		/* "http" or "https" */
	char *host;		/* small letters, with the port where it is not
				   the scheme's own; NULL: none was given */
	char *path;		/* "" or "/base" */
} dbbi_s3_endpoint;

/* http://host:port, https://host, or a host alone: https. */
int dbbi_s3_endpoint_parse(dbbi_s3_endpoint *out, const char *text,
    dbb_error *err);
void dbbi_s3_endpoint_clear(dbbi_s3_endpoint *endpoint);

#endif
