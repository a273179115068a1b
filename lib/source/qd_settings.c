/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_settings.h"

#include <stdlib.h>
#include <string.h>

#include "net/command.h"
#include "net/url.h"

static const char *
get(const dbbi_source_env *env, const char *key)
{
	return dbbi_config_get(env->config, env->kind, env->name, key);
}

/* ---- where ---- */

static int
add_url(dbbi_list *urls, const char *text, dbb_error *err)
{
	char *url = NULL;
	int rc = dbbi_url_server(&url, text, DBBI_QD_PORT, err);

	if (rc == 0 && !dbbi_list_has(urls, url))
		rc = dbbi_list_add(urls, url, err);
	free(url);
	return rc;
}

static int
read_list(dbbi_list *urls, const char *text, dbb_error *err)
{
	dbbi_list parts = {0};
	size_t i;
	int rc;

	rc = dbbi_list_split(&parts, text, err);
	for (i = 0; rc == 0 && i < parts.count; i++)
		rc = add_url(urls, parts.items[i], err);
	dbbi_list_clear(&parts);
	if (rc == 0 && urls->count == 0)
		rc = dbbi_error_set(err, DBB_ECONFIG, "it names no server");
	return rc;
}

static int
refuse_no_url(dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "nothing says where the server is");
	dbbi_error_hint(err, "set 'url = http://host:6333', or for a cluster "
	    "'urls' with the address of each node");
	return DBB_ECONFIG;
}

static int
refuse_two(const dbbi_source_env *env, dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "both 'url' (%s) and 'urls' (%s) are "
	    "given", dbbi_config_origin(env->config, env->kind, env->name,
	    "url"), dbbi_config_origin(env->config, env->kind, env->name,
	    "urls"));
	dbbi_error_hint(err, "keep 'urls' for a cluster, 'url' for one server");
	return DBB_ECONFIG;
}

static int
read_urls(dbbi_list *urls, const dbbi_source_env *env, dbb_error *err)
{
	const char *one = get(env, "url"), *many = get(env, "urls");
	int rc;

	if (env->to != NULL)
		rc = dbbi_error_context(err, read_list(urls, env->to, err),
		    "the address given to this call");
	else if (one != NULL && many != NULL)
		return refuse_two(env, err);
	else if (one != NULL)
		rc = dbbi_error_context(err, add_url(urls, one, err),
		    "'url'");
	else if (many != NULL)
		rc = dbbi_error_context(err, read_list(urls, many, err),
		    "'urls'");
	else
		return refuse_no_url(err);
	if (rc == DBB_EINVAL && env->to == NULL)
		rc = DBB_ECONFIG;
	if (rc < 0 && err != NULL)
		err->code = rc;
	return rc;
}

/* ---- the key ---- */

/* It is sent in a header, which must not end before its time. */
static int
check_key(const char *key, dbb_error *err)
{
	for (; key != NULL && *key != '\0'; key++)
		if ((unsigned char)*key < ' ' || *key == 0x7f)
			return dbbi_error_set(err, DBB_ECONFIG, "'api-key': "
			    "it has a control character");
	return DBB_OK;
}

/* For another server than the configured one, the environment's goes first. */
static int
read_key(char **out, const dbbi_source_env *env, dbb_error *err)
{
	const char *usual = env->to != NULL ? getenv("QDRANT_API_KEY") : NULL;
	char *key = NULL;
	int rc = DBB_OK;

	if (usual == NULL || *usual == '\0')
		rc = dbbi_config_secret(&key, env->config, env->kind,
		    env->name, "api-key", dbbi_command_password, env->run,
		    err);
	else if ((key = dbbi_text_dup(usual)) == NULL)
		rc = dbbi_error_nomem(err);
	if (rc == 0)
		rc = check_key(key, err);
	if (rc < 0)
		dbbi_secret_free(key);
	else
		*out = key;
	return rc;
}

/* ---- the rest ---- */

static int
copy(char **out, const char *text, dbb_error *err)
{
	if (text == NULL)
		return DBB_OK;
	*out = dbbi_text_dup(text);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
read_patterns(dbbi_list *out, const dbbi_source_env *env, dbb_error *err)
{
	const char *text = get(env, "collections");
	int rc = dbbi_list_split(out, text != NULL ? text : "*", err);

	if (rc == 0 && out->count == 0)
		rc = dbbi_error_set(err, DBB_ECONFIG, "'collections' names "
		    "none");
	return rc;
}

static int
read_method(int *scroll, const dbbi_source_env *env, dbb_error *err)
{
	const char *method = get(env, "method");

	*scroll = method != NULL && strcmp(method, "scroll") == 0;
	if (method == NULL || *scroll || strcmp(method, "snapshot") == 0)
		return DBB_OK;
	dbbi_error_set(err, DBB_ECONFIG, "'method' is '%.64s' and neither "
	    "snapshot nor scroll", method);
	dbbi_error_hint(err, "snapshot is the usual one; scroll is for servers "
	    "of other versions, and where the right to take snapshots is "
	    "missing");
	return DBB_ECONFIG;
}

int
dbbi_qd_settings_read(dbbi_qd_settings *out, const dbbi_source_env *env,
    dbb_error *err)
{
	dbbi_qd_settings s = {0};
	int rc;

	if ((rc = read_urls(&s.urls, env, err)) < 0 ||
	    (rc = read_method(&s.scroll, env, err)) < 0 ||
	    (rc = read_patterns(&s.patterns, env, err)) < 0 ||
	    (rc = copy(&s.ca_file, get(env, "ca-file"), err)) < 0 ||
	    (rc = read_key(&s.api_key, env, err)) < 0) {
		dbbi_qd_settings_clear(&s);
		return rc;
	}
	*out = s;
	return DBB_OK;
}

void
dbbi_qd_settings_clear(dbbi_qd_settings *settings)
{
	dbbi_list_clear(&settings->urls);
	dbbi_list_clear(&settings->patterns);
	dbbi_secret_free(settings->api_key);
	free(settings->ca_file);
	memset(settings, 0, sizeof(*settings));
}
