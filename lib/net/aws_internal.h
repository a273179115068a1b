/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aws_internal: what the places share where credentials are looked for.
 *
 * aws_credentials.c   asks them in order, keeps what was found, renews it
 * aws_settings.c      what the store's settings say
 * aws_environment.c   keys in the environment
 * aws_profile.c       a profile: which of its ways leads to keys
 * aws_profile_file.c  reads the files in which profiles stand
 * aws_process.c       credential_process
 * aws_web_identity.c  a token in a file
 * aws_container.c     what the host of a container gives
 * aws_instance.c      what an EC2 instance's metadata give
 * aws_sts.c           keys of roles; for profiles and web identities
 * aws_document.c      keys in a JSON document
 * aws_fetch.c         one request
 */
#ifndef DBBI_AWS_INTERNAL_H
#define DBBI_AWS_INTERNAL_H

#include <pthread.h>

#include "net/aws_credentials.h"
#include "util/text.h"

#define DBBI_AWS_SECRETS 3	/* id, secret, token */
#define DBBI_AWS_WAYS 3		/* value, file, command */

struct dbbi_aws_credentials {
	dbbi_run *run;
	char *settings[DBBI_AWS_SECRETS][DBBI_AWS_WAYS];
	dbbi_list environment;	/* AWS_…, MINIO_…, HOME */

	pthread_mutex_t mutex;	/* for all below */
	pthread_cond_t fetched;
	int fetching;		/* some thread is at it */
	unsigned fetches;	/* how often it ended */
	dbb_error failure;	/* of the last one, if it failed */
	dbbi_aws_keys keys;	/* the last that came; `id` NULL: none */
	int64_t again_at_ms;	/* not fetched again before */
};

/*
 * A place. DBB_ENOTFOUND: it has nothing, and the message says what is
 * missing; any other failure is one. Called by one thread at a time, without
 * the mutex.
 */
typedef int dbbi_aws_place(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err);

dbbi_aws_place dbbi_aws_from_settings;
dbbi_aws_place dbbi_aws_from_environment;
dbbi_aws_place dbbi_aws_from_profile;
dbbi_aws_place dbbi_aws_from_web_identity;
dbbi_aws_place dbbi_aws_from_container;
dbbi_aws_place dbbi_aws_from_instance;

/* ---- aws_settings.c ---- */

int dbbi_aws_settings_copy(dbbi_aws_credentials *c,
    const dbbi_aws_options *options, dbb_error *err);
void dbbi_aws_settings_clear(dbbi_aws_credentials *c);

/* ---- aws_environment.c ---- */

int dbbi_aws_environment_copy(dbbi_aws_credentials *c,
    const char *const *environment, dbb_error *err);
void dbbi_aws_environment_clear(dbbi_aws_credentials *c);

/* A variable as it was at the beginning; NULL: not set, or empty. */
const char *dbbi_aws_variable(const dbbi_aws_credentials *c,
    const char *name);

/* ---- aws_profile.c ---- */

/* What a profile may say. Order: that of `key_names`. */
enum {
	DBBI_AWS_ID, DBBI_AWS_SECRET, DBBI_AWS_TOKEN,	/* of one file */
	DBBI_AWS_REGION, DBBI_AWS_PROCESS, DBBI_AWS_ROLE,
	DBBI_AWS_SOURCE_PROFILE, DBBI_AWS_SOURCE, DBBI_AWS_TOKEN_FILE,
	DBBI_AWS_SESSION, DBBI_AWS_EXTERNAL_ID, DBBI_AWS_MFA,
	DBBI_AWS_SSO_SESSION, DBBI_AWS_SSO_URL,
	DBBI_AWS_KEY_COUNT
};

typedef struct dbbi_aws_profile {
	char *values[DBBI_AWS_KEY_COUNT];	/* NULL: not said */
	int found;		/* the profile stands somewhere */
	char *files;		/* "'/a' and '/b'", for messages */
} dbbi_aws_profile;

/* AWS_PROFILE, or "default". */
const char *dbbi_aws_profile_name(const dbbi_aws_credentials *c);

/* ---- aws_profile_file.c ---- */

/* Read what both files say of the profile `name`: ~/.aws/credentials and
 * ~/.aws/config, or as the environment names them. Files and profiles that
 * do not exist are no failure. */
int dbbi_aws_profile_read(dbbi_aws_profile *out,
    const dbbi_aws_credentials *c, const char *name, dbb_error *err);
void dbbi_aws_profile_clear(dbbi_aws_profile *profile);

/* ---- aws_process.c ---- */

int dbbi_aws_process_run(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const char *command, int64_t now_ms, dbb_error *err);

/* ---- aws_document.c ---- */

/* Keys in a JSON object: AccessKeyId, SecretAccessKey, Expiration, and the
 * token under a name that is not always the same. Those that have expired at
 * `now_ms` are refused. */
int dbbi_aws_document_keys(dbbi_aws_keys *out, const char *text, size_t size,
    const char *token_name, int64_t now_ms, dbb_error *err);

/* Keys of which one is missing, or that are of yesterday, are no keys. */
int dbbi_aws_document_set(dbbi_aws_keys *out, const char *id,
    const char *secret, const char *token, const char *expiration,
    int64_t now_ms, dbb_error *err);

#endif
