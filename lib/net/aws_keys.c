/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/aws_keys.h"

#include <string.h>

#include "util/config.h"
#include "util/text.h"

int
dbbi_aws_keys_set(dbbi_aws_keys *out, const char *id, const char *secret,
    const char *token, int64_t expires_at_ms, dbb_error *err)
{
	dbbi_aws_keys keys = { .expires_at_ms = expires_at_ms };

	if ((keys.id = dbbi_text_dup(id)) == NULL ||
	    (keys.secret = dbbi_text_dup(secret)) == NULL ||
	    (token != NULL && (keys.token = dbbi_text_dup(token)) == NULL)) {
		dbbi_aws_keys_clear(&keys);
		return dbbi_error_nomem(err);
	}
	*out = keys;
	return DBB_OK;
}

int
dbbi_aws_keys_copy(dbbi_aws_keys *out, const dbbi_aws_keys *keys,
    dbb_error *err)
{
	return dbbi_aws_keys_set(out, keys->id, keys->secret, keys->token,
	    keys->expires_at_ms, err);
}

void
dbbi_aws_keys_clear(dbbi_aws_keys *keys)
{
	dbbi_secret_free(keys->id);
	dbbi_secret_free(keys->secret);
	dbbi_secret_free(keys->token);
	memset(keys, 0, sizeof(*keys));
}
