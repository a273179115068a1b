/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials of a role that a token in a file opens, as in Kubernetes. */
#include <config.h>

#include "net/aws_sts.h"

#define ROLE "AWS_ROLE_ARN"
#define TOKEN_FILE "AWS_WEB_IDENTITY_TOKEN_FILE"

int
dbbi_aws_from_web_identity(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	const dbbi_aws_role role = { .arn = dbbi_aws_variable(c, ROLE),
	    .token_file = dbbi_aws_variable(c, TOKEN_FILE),
	    .session = dbbi_aws_variable(c, "AWS_ROLE_SESSION_NAME") };

	if (role.token_file == NULL)
		return dbbi_error_set(err, DBB_ENOTFOUND, "the environment "
		    "has no " TOKEN_FILE);
	if (role.arn == NULL)
		return dbbi_error_set(err, DBB_ECONFIG, "the environment has "
		    "'" TOKEN_FILE "', but not '" ROLE "'");
	return dbbi_aws_sts_assume(out, c, &role, now_ms, err);
}
