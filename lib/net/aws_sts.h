/* SPDX-License-Identifier: BSD-2-Clause */
/* aws_sts: the Security Token Service, which gives keys of roles. */
#ifndef DBBI_AWS_STS_H
#define DBBI_AWS_STS_H

#include "net/aws_internal.h"

/* A role, and how to get into it. */
typedef struct dbbi_aws_role {
	const char *arn;
	const char *session;	/* its name; NULL: one is made up */
	const char *external_id;	/* NULL: none */
	const char *token_file;	/* a web identity; NULL: */
	const dbbi_aws_keys *keys;	/* these sign the request */
} dbbi_aws_role;

/* Assume it. At AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL, else at the
 * service of the region. */
int dbbi_aws_sts_assume(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_role *role, int64_t now_ms, dbb_error *err);

#endif
