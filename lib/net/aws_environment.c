/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials in the environment. What may be of use in it is copied once:
 * a program may change its environment while our threads read it.
 */
#include <config.h>

#include "net/aws_internal.h"

#include <string.h>

#include "util/bytes.h"
#include "util/config.h"

static const char *const prefixes[] = { "AWS_", "MINIO_", "HOME=", NULL };

int
dbbi_aws_environment_copy(dbbi_aws_credentials *c,
    const char *const *environment, dbb_error *err)
{
	const char *const *p;
	int rc = 0;

	for (; environment != NULL && *environment != NULL; environment++)
		for (p = prefixes; *p != NULL && rc == 0; p++)
			if (strncmp(*environment, *p, strlen(*p)) == 0)
				rc = dbbi_list_add(&c->environment,
				    *environment, err);
	return rc;
}

void
dbbi_aws_environment_clear(dbbi_aws_credentials *c)
{
	size_t i;

	for (i = 0; i < c->environment.count; i++)
		dbbi_wipe(c->environment.items[i],
		    strlen(c->environment.items[i]));
	dbbi_list_clear(&c->environment);
}

const char *
dbbi_aws_variable(const dbbi_aws_credentials *c, const char *name)
{
	if (c->environment.count == 0)
		return NULL;
	return dbbi_env_get((const char *const *)c->environment.items, name);
}

/* A pair of which one half alone is set was meant to be one. */
static int
half(const char *present, const char *missing, dbb_error *err)
{
	return dbbi_error_set(err, DBB_ECONFIG,
	    "the environment has '%s', but not '%s'", present, missing);
}

static int
from_aws(dbbi_aws_keys *out, const dbbi_aws_credentials *c, dbb_error *err)
{
	static const char id_name[] = "AWS_ACCESS_KEY_ID";
	static const char secret_name[] = "AWS_SECRET_ACCESS_KEY";
	const char *id = dbbi_aws_variable(c, id_name);
	const char *secret = dbbi_aws_variable(c, secret_name);

	if (id == NULL && secret == NULL)
		return DBB_ENOTFOUND;
	if (id == NULL)
		return half(secret_name, id_name, err);
	if (secret == NULL)
		return half(id_name, secret_name, err);
	return dbbi_aws_keys_set(out, id, secret,
	    dbbi_aws_variable(c, "AWS_SESSION_TOKEN"), 0, err);
}

/* The variable, or what is in the file that NAME_FILE names; NULL: neither. */
static int
value_or_file(char **out, const dbbi_aws_credentials *c, const char *name,
    const char *file_name, dbb_error *err)
{
	const char *value = dbbi_aws_variable(c, name);
	const char *path = dbbi_aws_variable(c, file_name);
	int rc;

	if (value != NULL && path != NULL)
		return dbbi_error_set(err, DBB_ECONFIG, "the environment has "
		    "both '%s' and '%s'", name, file_name);
	if (value != NULL) {
		*out = dbbi_text_dup(value);
		return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
	}
	if (path == NULL)
		return DBB_OK;
	rc = dbbi_secret_read(out, path, err);
	return dbbi_error_context(err, rc, "environment %s: '%s'", file_name,
	    path);
}

static int
from_minio(dbbi_aws_keys *out, const dbbi_aws_credentials *c, dbb_error *err)
{
	static const char id_name[] = "MINIO_ACCESS_KEY";
	static const char secret_name[] = "MINIO_SECRET_KEY";
	char *id = NULL, *secret = NULL;
	int rc;

	rc = value_or_file(&id, c, id_name, "MINIO_ACCESS_KEY_FILE", err);
	if (rc == 0)
		rc = value_or_file(&secret, c, secret_name,
		    "MINIO_SECRET_KEY_FILE", err);
	if (rc < 0)
		goto done;
	if (id == NULL && secret == NULL)
		rc = DBB_ENOTFOUND;
	else if (id == NULL)
		rc = half(secret_name, id_name, err);
	else if (secret == NULL)
		rc = half(id_name, secret_name, err);
	else
		rc = dbbi_aws_keys_set(out, id, secret, NULL, 0, err);
done:
	dbbi_secret_free(id);
	dbbi_secret_free(secret);
	return rc;
}

int
dbbi_aws_from_environment(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	int rc;

	(void)now_ms;
	rc = from_aws(out, c, err);
	if (rc == DBB_ENOTFOUND)
		rc = from_minio(out, c, err);
	if (rc == DBB_ENOTFOUND)
		return dbbi_error_set(err, rc, "the environment has neither "
		    "AWS_ACCESS_KEY_ID nor MINIO_ACCESS_KEY");
	return rc;
}
