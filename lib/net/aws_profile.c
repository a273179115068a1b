/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials of a profile: its own keys, or what leads to some. */
#include <config.h>

#include "net/aws_internal.h"

#include <stdlib.h>
#include <string.h>

const char *
dbbi_aws_profile_name(const dbbi_aws_credentials *c)
{
	const char *name = dbbi_aws_variable(c, "AWS_PROFILE");

	if (name == NULL)
		name = dbbi_aws_variable(c, "AWS_DEFAULT_PROFILE");
	return name != NULL ? name : "default";
}

/* Is a profile meant, or is it only there that one looks? */
static int
is_named(const dbbi_aws_credentials *c)
{
	return dbbi_aws_variable(c, "AWS_PROFILE") != NULL ||
	    dbbi_aws_variable(c, "AWS_DEFAULT_PROFILE") != NULL;
}

static int
refuse(const char *way, dbb_error *err)
{
	dbbi_error_set(err, DBB_EUNSUPPORTED, "it has '%s', which is not "
	    "supported here", way);
	dbbi_error_hint(err, "let AWS's own tool sign in: in a profile, "
	    "credential_process = aws configure export-credentials "
	    "--profile NAME --format process");
	return DBB_EUNSUPPORTED;
}

/* A role is another's keys, fetched by what the profile has. */
static int
take_role(const dbbi_aws_profile *p, dbb_error *err)
{
	if (p->values[DBBI_AWS_MFA] != NULL)
		return refuse("mfa_serial", err);
	return refuse("role_arn", err);
}

static int
take_own_keys(dbbi_aws_keys *out, const dbbi_aws_profile *p, dbb_error *err)
{
	if (p->values[DBBI_AWS_ID] == NULL ||
	    p->values[DBBI_AWS_SECRET] == NULL)
		return dbbi_error_set(err, DBB_ECONFIG, "it has '%s' but not "
		    "'%s'", p->values[DBBI_AWS_ID] != NULL ?
		    "aws_access_key_id" : "aws_secret_access_key",
		    p->values[DBBI_AWS_ID] != NULL ?
		    "aws_secret_access_key" : "aws_access_key_id");
	return dbbi_aws_keys_set(out, p->values[DBBI_AWS_ID],
	    p->values[DBBI_AWS_SECRET], p->values[DBBI_AWS_TOKEN], 0, err);
}

/* The ways that a profile may have, in the order of AWS's tools. */
static int
take_keys(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_profile *p, int64_t now_ms, dbb_error *err)
{
	if (p->values[DBBI_AWS_ROLE] != NULL)
		return take_role(p, err);
	if (p->values[DBBI_AWS_ID] != NULL ||
	    p->values[DBBI_AWS_SECRET] != NULL)
		return take_own_keys(out, p, err);
	if (p->values[DBBI_AWS_PROCESS] != NULL)
		return dbbi_aws_process_run(out, c,
		    p->values[DBBI_AWS_PROCESS], now_ms, err);
	if (p->values[DBBI_AWS_SSO_SESSION] != NULL)
		return refuse("sso_session", err);
	if (p->values[DBBI_AWS_SSO_URL] != NULL)
		return refuse("sso_start_url", err);
	return DBB_ENOTFOUND;
}

/* The profile is not there, or there is nothing in it. */
static int
report_none(const dbbi_aws_credentials *c, const dbbi_aws_profile *p,
    const char *name, dbb_error *err)
{
	if (p->found)
		return dbbi_error_set(err, DBB_ENOTFOUND,
		    "the profile '%s' has no keys", name);
	if (!is_named(c))
		return dbbi_error_set(err, DBB_ENOTFOUND, "%s have no "
		    "profile '%s'", p->files, name);
	dbbi_error_set(err, DBB_ECONFIG, "AWS_PROFILE: %s have no profile "
	    "'%s'", p->files, name);
	dbbi_error_hint(err, "name one that exists, or set "
	    "AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE");
	return DBB_ECONFIG;
}

int
dbbi_aws_from_profile(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	const char *name = dbbi_aws_profile_name(c);
	dbbi_aws_profile profile = {0};
	int rc;

	if ((rc = dbbi_aws_profile_read(&profile, c, name, err)) < 0)
		return rc;
	rc = take_keys(out, c, &profile, now_ms, err);
	if (rc == DBB_ENOTFOUND)
		rc = report_none(c, &profile, name, err);
	else
		rc = dbbi_error_context(err, rc, "profile '%s'", name);
	dbbi_aws_profile_clear(&profile);
	return rc;
}

int
dbbi_aws_credentials_region(char **out, dbbi_aws_credentials *credentials,
    dbb_error *err)
{
	const char *region = dbbi_aws_variable(credentials, "AWS_REGION");
	dbbi_aws_profile profile = {0};
	char *copy = NULL;
	int rc = 0;

	if (region == NULL)
		region = dbbi_aws_variable(credentials, "AWS_DEFAULT_REGION");
	if (region == NULL) {
		if ((rc = dbbi_aws_profile_read(&profile, credentials,
		    dbbi_aws_profile_name(credentials), err)) < 0)
			return rc;
		region = profile.values[DBBI_AWS_REGION];
	}
	if (region != NULL && (copy = dbbi_text_dup(region)) == NULL)
		rc = dbbi_error_nomem(err);
	if (rc == 0)
		*out = copy;
	dbbi_aws_profile_clear(&profile);
	return rc;
}
