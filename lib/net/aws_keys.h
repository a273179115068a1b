/* SPDX-License-Identifier: BSD-2-Clause */
/* aws_keys: what AWS and whatever is like it know a client by. */
#ifndef DBBI_AWS_KEYS_H
#define DBBI_AWS_KEYS_H

#include <stdint.h>

#include "util/error.h"

typedef struct dbbi_aws_keys {
	char *id;
	char *secret;
	char *token;		/* of a session; NULL: none */
	int64_t expires_at_ms;	/* 0: never */
} dbbi_aws_keys;

/* `token` may be NULL. Into an empty `out`; the caller's, to clear. */
int dbbi_aws_keys_set(dbbi_aws_keys *out, const char *id, const char *secret,
    const char *token, int64_t expires_at_ms, dbb_error *err);
int dbbi_aws_keys_copy(dbbi_aws_keys *out, const dbbi_aws_keys *keys,
    dbb_error *err);
void dbbi_aws_keys_clear(dbbi_aws_keys *keys);	/* wipes */

#endif
