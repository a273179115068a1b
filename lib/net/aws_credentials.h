/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aws_credentials: the keys to S3, found where AWS's own tools find them.
 *
 * The places are asked in this order, and the first that has something is
 * it; what is wrong there is an error and nothing else is asked:
 *
 *	what the store's settings say
 *	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; or
 *	MINIO_ACCESS_KEY, MINIO_SECRET_KEY, each also with _FILE
 *	the profile AWS_PROFILE in the files of AWS's tools: keys, a role,
 *	a credential_process
 *	AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN
 *	AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *	the metadata of an EC2 instance
 *
 * Keys that expire are fetched anew five minutes before; as long as that
 * fails, those at hand are given while they hold. Any thread may ask.
 */
#ifndef DBBI_AWS_CREDENTIALS_H
#define DBBI_AWS_CREDENTIALS_H

#include "net/aws_keys.h"
#include "util/run.h"

typedef struct dbbi_aws_credentials dbbi_aws_credentials;

/* A secret that is given in one of these ways, or in none. */
typedef struct dbbi_aws_secret {
	const char *value;
	const char *file;	/* that holds it */
	const char *command;	/* for the shell, that prints it */
} dbbi_aws_secret;

typedef struct dbbi_aws_options {
	dbbi_aws_secret id;	/* access-key */
	dbbi_aws_secret secret;	/* secret-key */
	dbbi_aws_secret token;	/* session-token */
	const char *const *environment;	/* "NAME=value", NULL-ended */
} dbbi_aws_options;

/* Nothing is asked yet. All options are copied; `run` is borrowed. */
int dbbi_aws_credentials_new(dbbi_aws_credentials **out,
    const dbbi_aws_options *options, dbbi_run *run, dbb_error *err);
void dbbi_aws_credentials_free(dbbi_aws_credentials *credentials);

/* Keys that hold at `now_ms`; the caller's, to clear. DBB_ECONFIG when there
 * are none anywhere: the message lists what was looked at. */
int dbbi_aws_credentials_get(dbbi_aws_keys *out,
    dbbi_aws_credentials *credentials, int64_t now_ms, dbb_error *err);

/* A server says that these have expired: the next get fetches others, unless
 * that was done since. */
void dbbi_aws_credentials_expired(dbbi_aws_credentials *credentials,
    const dbbi_aws_keys *keys);

/* The region that AWS_REGION, AWS_DEFAULT_REGION or the profile names; NULL:
 * none does. The caller's, to free(3). */
int dbbi_aws_credentials_region(char **out,
    dbbi_aws_credentials *credentials, dbb_error *err);

#endif
