/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials of a profile: its own keys, or what leads to some. */
#include <config.h>

#include "net/aws_sts.h"

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

#define DEPTH_MAX 4		/* profiles that lead to one another */

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

/* What a profile has that is no role, in the order of AWS's tools. */
static int
take_simple(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_profile *p, int64_t now_ms, dbb_error *err)
{
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

/* ---- roles ---- */

static int take_profile(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const char *name, unsigned depth, int64_t now_ms, dbb_error *err);

/* The keys of another profile, or its own, which then is no role. */
static int
take_source_profile(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_profile *p, const char *name, unsigned depth,
    int64_t now_ms, dbb_error *err)
{
	const char *source = p->values[DBBI_AWS_SOURCE_PROFILE];
	int rc;

	if (depth == DEPTH_MAX)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "more than %d profiles lead to one another", DEPTH_MAX);
	if (strcmp(source, name) != 0)
		return take_profile(out, c, source, depth + 1, now_ms, err);
	rc = take_simple(out, c, p, now_ms, err);
	return rc != DBB_ENOTFOUND ? rc : dbbi_error_set(err, DBB_ECONFIG,
	    "it is its own 'source_profile', but has no keys");
}

static int
take_source(dbbi_aws_keys *out, dbbi_aws_credentials *c, const char *source,
    int64_t now_ms, dbb_error *err)
{
	static const struct {
		const char *name;
		dbbi_aws_place *ask;
	} sources[] = {
		{ "Environment", dbbi_aws_from_environment },
		{ "EcsContainer", dbbi_aws_from_container },
		{ "Ec2InstanceMetadata", dbbi_aws_from_instance },
		{ NULL, NULL },
	};
	size_t i = 0;
	int rc;

	while (sources[i].name != NULL && strcmp(sources[i].name, source) != 0)
		i++;
	if (sources[i].name == NULL)
		return dbbi_error_set(err, DBB_ECONFIG, "'%.64s' is no "
		    "credential_source", source);
	rc = sources[i].ask(out, c, now_ms, err);
	return dbbi_error_context(err, rc == DBB_ENOTFOUND ? DBB_ECONFIG : rc,
	    "credential_source '%s'", source);
}

/* The keys with which a role is asked for. */
static int
take_signer(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_profile *p, const char *name, unsigned depth,
    int64_t now_ms, dbb_error *err)
{
	if (p->values[DBBI_AWS_SOURCE_PROFILE] != NULL)
		return take_source_profile(out, c, p, name, depth, now_ms,
		    err);
	if (p->values[DBBI_AWS_SOURCE] != NULL)
		return take_source(out, c, p->values[DBBI_AWS_SOURCE],
		    now_ms, err);
	return dbbi_error_set(err, DBB_ECONFIG, "it has 'role_arn', but no "
	    "'source_profile', 'credential_source' or "
	    "'web_identity_token_file'");
}

static int
take_role(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_profile *p, const char *name, unsigned depth,
    int64_t now_ms, dbb_error *err)
{
	dbbi_aws_role role = { .arn = p->values[DBBI_AWS_ROLE],
	    .session = p->values[DBBI_AWS_SESSION],
	    .external_id = p->values[DBBI_AWS_EXTERNAL_ID],
	    .token_file = p->values[DBBI_AWS_TOKEN_FILE] };
	dbbi_aws_keys signer = {0};
	int rc = 0;

	if (p->values[DBBI_AWS_MFA] != NULL)
		return refuse("mfa_serial", err);
	if (role.token_file == NULL) {
		rc = take_signer(&signer, c, p, name, depth, now_ms, err);
		role.keys = &signer;
	}
	if (rc == 0)
		rc = dbbi_aws_sts_assume(out, c, &role, now_ms, err);
	dbbi_aws_keys_clear(&signer);
	return rc;
}

/* ---- profiles ---- */

/* The profile is not there, or there is nothing in it. That is no failure
 * where nobody asked for it: the next place may have keys. */
static int
report_none(const dbbi_aws_credentials *c, const dbbi_aws_profile *p,
    const char *name, unsigned depth, dbb_error *err)
{
	int optional = depth == 1 && (p->found || !is_named(c));

	if (p->found)
		dbbi_error_set(err, DBB_ECONFIG, "the profile '%s' has no "
		    "keys", name);
	else
		dbbi_error_set(err, DBB_ECONFIG, "%s have no profile '%s'",
		    p->files, name);
	dbbi_error_hint(err, "name one that exists, or set "
	    "AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE");
	return optional ? DBB_ENOTFOUND : DBB_ECONFIG;
}

static int
take_profile(dbbi_aws_keys *out, dbbi_aws_credentials *c, const char *name,
    unsigned depth, int64_t now_ms, dbb_error *err)
{
	dbbi_aws_profile profile = {0};
	int rc;

	if ((rc = dbbi_aws_profile_read(&profile, c, name, err)) < 0)
		return rc;
	if (profile.values[DBBI_AWS_ROLE] != NULL)
		rc = take_role(out, c, &profile, name, depth, now_ms, err);
	else
		rc = take_simple(out, c, &profile, now_ms, err);
	if (rc == DBB_ENOTFOUND)
		rc = report_none(c, &profile, name, depth, err);
	else
		rc = dbbi_error_context(err, rc, "profile '%s'", name);
	dbbi_aws_profile_clear(&profile);
	return rc;
}

int
dbbi_aws_from_profile(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	return take_profile(out, c, dbbi_aws_profile_name(c), 1, now_ms, err);
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
