/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials of the role of an EC2 instance, by its metadata service, version
 * 2: a token first, then the role's name, then its keys. Where there is no
 * such service, nothing answers: that is known after a second.
 */
#include <config.h>

#include "net/aws_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/aws_fetch.h"
#include "util/config.h"

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define DISABLED "AWS_EC2_METADATA_DISABLED"
#define USUAL_ENDPOINT "http://169.254.169.254"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define CONNECT_S 1
#define TOKEN_S 2
#define TOTAL_S 5
#define RETRIES 3
#define TOKEN_MAX 1024
#define ROLE_MAX 64

struct instance {
	dbbi_run *run;
	char *endpoint;		/* without '/' at its end */
	char *token;		/* the header that has it */
};

static int
find_endpoint(char **out, const dbbi_aws_credentials *c, dbb_error *err)
{
	const char *endpoint = dbbi_aws_variable(c, ENDPOINT);
	size_t size;

	if (endpoint == NULL)
		endpoint = USUAL_ENDPOINT;
	size = strlen(endpoint);
	while (size > 0 && endpoint[size - 1] == '/')
		size--;
	*out = dbbi_text_format("%.*s", (int)size, endpoint);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

/* One request; `got` is to be cleared however it ends. */
static int
ask(dbbi_http_response *got, const struct instance *i, const char *path,
    const char *name, dbb_error *err)
{
	const char *const headers[] = { i->token, NULL };
	char *url = dbbi_text_format("%s%s%s", i->endpoint, path, name);
	const dbbi_aws_fetch fetch = { .method = "GET", .url = url,
	    .headers = headers, .no_proxy = 1, .connect_s = CONNECT_S,
	    .total_s = TOTAL_S, .retries = RETRIES };
	int rc;

	memset(got, 0, sizeof(*got));
	if (url == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_aws_fetch_do(got, &fetch, i->run, err);
	free(url);
	return rc;
}

static int
take_token(struct instance *i, const dbbi_http_response *got, dbb_error *err)
{
	if (got->status != 200)
		return dbbi_error_set(err, DBB_ENOTFOUND,
		    "it answered %d", got->status);
	if (got->body_size > TOKEN_MAX || !dbbi_aws_fetch_is_word(got->body))
		return dbbi_error_set(err, DBB_ENOTFOUND,
		    "what it answered is no token");
	i->token = dbbi_text_format("X-aws-ec2-metadata-token: %s",
	    got->body);
	return i->token != NULL ? DBB_OK : dbbi_error_nomem(err);
}

/* Begin a session. When that is not possible, this is no instance. */
static int
begin(struct instance *i, dbb_error *err)
{
	static const char *const headers[] = {
		"X-aws-ec2-metadata-token-ttl-seconds: 600", NULL,
	};
	char *url = dbbi_text_format("%s/latest/api/token", i->endpoint);
	const dbbi_aws_fetch fetch = { .method = "PUT", .url = url,
	    .headers = headers, .no_proxy = 1, .connect_s = CONNECT_S,
	    .total_s = TOKEN_S };
	dbbi_http_response got;
	int rc;

	if (url == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_aws_fetch_do(&got, &fetch, i->run, err);
	if (rc == 0)
		rc = take_token(i, &got, err);
	else if (rc != DBB_ECANCELED && rc != DBB_ENOMEM)
		rc = DBB_ENOTFOUND;
	dbbi_aws_fetch_clear(&got);
	free(url);
	return rc;
}

/* The name of the instance's role. It becomes part of a path. */
static int
find_role(char **out, const struct instance *i, dbb_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-";
	dbbi_http_response got;
	size_t size;
	int rc;

	rc = ask(&got, i, ROLES, "", err);
	if (rc == 0 && got.status == 404)
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "the instance has no role");
	else if (rc == 0 && got.status != 200)
		rc = dbbi_aws_fetch_refused(&got, err);
	if (rc < 0)
		goto done;
	size = strspn(got.body, allowed);
	if (size == 0 || size > ROLE_MAX || (got.body[size] != '\0' &&
	    strchr("\r\n", got.body[size]) == NULL))
		rc = dbbi_error_set(err, DBB_EAUTH,
		    "what it answered is no name of a role");
	else if ((*out = dbbi_text_format("%.*s", (int)size, got.body)) ==
	    NULL)
		rc = dbbi_error_nomem(err);
done:
	dbbi_aws_fetch_clear(&got);
	return rc;
}

static int
take_keys(dbbi_aws_keys *out, const struct instance *i, const char *role,
    int64_t now_ms, dbb_error *err)
{
	dbbi_http_response got;
	int rc;

	rc = ask(&got, i, ROLES, role, err);
	if (rc == 0 && got.status != 200)
		rc = dbbi_aws_fetch_refused(&got, err);
	if (rc == 0)
		rc = dbbi_aws_document_keys(out, got.body, got.body_size,
		    "Token", now_ms, err);
	dbbi_aws_fetch_clear(&got);
	return dbbi_error_context(err, rc, "role '%s'", role);
}

int
dbbi_aws_from_instance(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	const char *disabled = dbbi_aws_variable(c, DISABLED);
	struct instance i = { .run = c->run };
	char *role = NULL;
	int rc;

	if (disabled != NULL && strcasecmp(disabled, "true") == 0)
		return dbbi_error_set(err, DBB_ENOTFOUND,
		    "instance metadata is off by " DISABLED);
	if ((rc = find_endpoint(&i.endpoint, c, err)) < 0)
		return rc;
	if ((rc = begin(&i, err)) == 0 &&
	    (rc = find_role(&role, &i, err)) == 0)
		rc = take_keys(out, &i, role, now_ms, err);
	rc = dbbi_error_context(err, rc, "instance metadata at '%s'",
	    i.endpoint);
	dbbi_secret_free(i.token);
	free(i.endpoint);
	free(role);
	return rc;
}
