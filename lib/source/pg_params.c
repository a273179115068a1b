/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_params: how to connect, from the configuration and the environment. */
#include <config.h>

#include "source/pg_private.h"

#include <stdlib.h>
#include <string.h>

#include "net/command.h"
#include "util/bytes.h"

struct pg_option *
dbbi_pg_option_find(const dbbi_pg_params *params, const char *keyword)
{
	size_t i;

	for (i = 0; i < params->count; i++) {
		if (strcmp(params->options[i].keyword, keyword) == 0)
			return &params->options[i];
	}
	return NULL;
}

const char *
dbbi_pg_params_get(const dbbi_pg_params *params, const char *keyword)
{
	const struct pg_option *o = dbbi_pg_option_find(params, keyword);
	const char *value = NULL;

	if (o == NULL || o->secret)
		return NULL;
	if (o->value != NULL)
		return o->value;
	if (o->envvar != NULL)
		value = getenv(o->envvar);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

int
dbbi_pg_option_given(const dbbi_pg_params *params, const char *keyword)
{
	return dbbi_pg_params_get(params, keyword) != NULL;
}

const char *
dbbi_pg_params_secret(const dbbi_pg_params *params)
{
	return params->password;
}

void
dbbi_pg_params_free(dbbi_pg_params *params)
{
	struct pg_option *o;
	size_t i;

	if (params == NULL)
		return;
	for (i = 0; i < params->count; i++) {
		o = &params->options[i];
		if (o->value != NULL)
			dbbi_wipe(o->value, strlen(o->value));
		free(o->keyword);
		free(o->value);
		free(o->envvar);
	}
	free(params->options);
	dbbi_secret_free(params->password);
	free(params->password_origin);
	free(params->section);
	free(params->learned);
	free(params);
}

/* Copy `text` unless it is NULL; 0, or -1 when out of memory. */
static int
copy(char **out, const char *text)
{
	if (text == NULL)
		return 0;
	return (*out = dbbi_text_dup(text)) != NULL ? 0 : -1;
}

/* Take over one option of libpq's list; the password goes apart. */
static int
take_option(dbbi_pg_params *params, const PQconninfoOption *from)
{
	const char *value = from->val != NULL && from->val[0] != '\0' ?
	    from->val : NULL;
	struct pg_option *o;

	if (strcmp(from->keyword, "password") == 0)
		return copy(&params->password, value);
	o = &params->options[params->count++];
	o->secret = from->dispchar != NULL && from->dispchar[0] == '*';
	if (copy(&o->keyword, from->keyword) < 0 ||
	    copy(&o->envvar, from->envvar) < 0 || copy(&o->value, value) < 0)
		return -1;
	return 0;
}

static int
take_options(dbbi_pg_params *params, const PQconninfoOption *list,
    dbb_error *err)
{
	size_t n = 0;

	while (list[n].keyword != NULL)
		n++;
	params->options = calloc(n + 1, sizeof(*params->options));
	if (params->options == NULL)
		return dbbi_error_nomem(err);
	for (; list->keyword != NULL; list++) {
		if (take_option(params, list) < 0)
			return dbbi_error_nomem(err);
	}
	return 0;
}

/* PQconninfoFree, after overwriting what may be secret. */
static void
forget_options(PQconninfoOption *list)
{
	PQconninfoOption *o;

	if (list == NULL)
		return;
	for (o = list; o->keyword != NULL; o++) {
		if (o->val != NULL)
			dbbi_wipe(o->val, strlen(o->val));
	}
	PQconninfoFree(list);
}

/* libpq's own complaint quotes the string, password and all: it is not
 * repeated. */
static int
refuse_string(const dbbi_source_env *env, const char *origin, dbb_error *err)
{
	dbbi_error_set(err, env->to != NULL ? DBB_EINVAL : DBB_ECONFIG,
	    "the connection string (%s) cannot be parsed", origin);
	dbbi_error_hint(err, "write it as "
	    "postgresql://user@host:5432/database, with %%-codes for special "
	    "characters, or as host=… port=… user=… dbname=…, with single "
	    "quotes around values that hold blanks");
	return env->to != NULL ? DBB_EINVAL : DBB_ECONFIG;
}

/*
 * A password with a raw '@' or '/' moves the borders of a URI's parts: a
 * piece of it becomes host, port or database, which messages show. An '@' too
 * many or behind a '/' gives it away, or a port that is no number. A host
 * that begins with '@' is an abstract socket.
 */
static int
is_mis_split(const char *text, const PQconninfoOption *list)
{
	const char *uri = strstr(text, "://"), *at;
	int host;

	if (strncmp(text, "postgres", 8) == 0 && uri != NULL) {
		uri += 3;
		at = memchr(uri, '@', strcspn(uri, "?"));
		if (at != NULL && (memchr(uri, '/', (size_t)(at - uri)) !=
		    NULL || memchr(at + 1, '@', strcspn(at + 1, "?")) !=
		    NULL))
			return 1;
	}
	for (; list->keyword != NULL; list++) {
		if (list->val == NULL || list->val[0] == '\0')
			continue;
		host = strncmp(list->keyword, "host", 4) == 0;
		if (host && strchr(list->val + 1, '@') != NULL)
			return 1;
		if (strcmp(list->keyword, "port") == 0 &&
		    list->val[strspn(list->val, "0123456789, ")] != '\0')
			return 1;
	}
	return 0;
}

static int
refuse_split(const dbbi_source_env *env, const char *origin, dbb_error *err)
{
	int code = env->to != NULL ? DBB_EINVAL : DBB_ECONFIG;

	dbbi_error_set(err, code, "the connection string (%s) has an '@' or "
	    "a '/' too many, so that host or port make no sense", origin);
	dbbi_error_hint(err, "in a postgresql:// address write an '@' in a "
	    "password or a name as %%40, a '/' as %%2F, a ':' as %%3A; or "
	    "leave the password out and set password-file");
	return code;
}

static int
parse_string(dbbi_pg_params *params, const dbbi_source_env *env,
    dbb_error *err)
{
	const char *text = env->to, *origin = "given to this call";
	PQconninfoOption *list;
	char *complaint = NULL;
	int rc;

	if (text == NULL) {
		text = dbbi_config_get(env->config, env->kind, env->name,
		    "connection");
		origin = dbbi_config_origin(env->config, env->kind,
		    env->name, "connection");
	}
	if (text == NULL)
		text = "";
	if (origin == NULL)
		origin = "default";
	list = PQconninfoParse(text, &complaint);
	if (complaint != NULL)
		dbbi_wipe(complaint, strlen(complaint));
	PQfreemem(complaint);
	if (list == NULL)
		return refuse_string(env, origin, err);
	rc = is_mis_split(text, list) ? refuse_split(env, origin, err) :
	    take_options(params, list, err);
	forget_options(list);
	if (rc == 0 && params->password != NULL &&
	    copy(&params->password_origin, origin) < 0)
		rc = dbbi_error_nomem(err);
	return rc;
}

/* The first of the keys under which a password may be configured that is
 * set, for messages. */
static const char *
find_origin(const dbbi_source_env *env)
{
	static const char *const keys[] = { "password-file",
	    "password-command", NULL };
	const char *origin;
	size_t i;

	for (i = 0; keys[i] != NULL; i++) {
		if (dbbi_config_get(env->config, env->kind, env->name,
		    keys[i]) == NULL)
			continue;
		origin = dbbi_config_origin(env->config, env->kind,
		    env->name, keys[i]);
		if (origin != NULL)
			return origin;
	}
	origin = dbbi_config_origin(env->config, env->kind, env->name,
	    "password");
	return origin != NULL ? origin : "the configuration";
}

/* Make `password` (taken over) the one to use. */
static int
use_password(dbbi_pg_params *params, char *password, const char *origin,
    dbb_error *err)
{
	dbbi_secret_free(params->password);
	free(params->password_origin);
	params->password = password;
	params->password_origin = dbbi_text_dup(origin);
	return params->password_origin != NULL ? 0 : dbbi_error_nomem(err);
}

/* libpq would take it by itself; the tools must not have it in their
 * environment, so it is taken over here. */
static int
use_environment(dbbi_pg_params *params, dbb_error *err)
{
	const char *text = getenv("PGPASSWORD");
	char *password;

	if (text == NULL || text[0] == '\0')
		return 0;
	if ((password = dbbi_text_dup(text)) == NULL)
		return dbbi_error_nomem(err);
	return use_password(params, password, "environment PGPASSWORD", err);
}

/*
 * Which password: for the configured connection, a configured one, then one
 * in the string, then PGPASSWORD, then what libpq finds (passfile, service).
 * For another server, PGPASSWORD goes first, and one configured is used only
 * where the string does not itself say where to look.
 */
static int
find_password(dbbi_pg_params *params, const dbbi_source_env *env,
    dbb_error *err)
{
	char *secret = NULL;
	int rc;

	if (env->to != NULL) {
		if ((rc = use_environment(params, err)) < 0 ||
		    params->password != NULL ||
		    dbbi_pg_option_given(params, "passfile") ||
		    dbbi_pg_option_given(params, "service"))
			return rc;
	}
	if ((rc = dbbi_config_secret(&secret, env->config, env->kind,
	    env->name, "password", dbbi_command_password, env->run, err)) < 0)
		return rc;
	if (secret != NULL && secret[0] != '\0')
		return use_password(params, secret, find_origin(env), err);
	dbbi_secret_free(secret);
	if (params->password == NULL)
		return use_environment(params, err);
	return 0;
}

static int
name_section(dbbi_pg_params *params, const dbbi_source_env *env,
    dbb_error *err)
{
	params->section = env->name != NULL ?
	    dbbi_text_format("[%s \"%s\"]", env->kind, env->name) :
	    dbbi_text_format("[%s]", env->kind);
	return params->section != NULL ? 0 : dbbi_error_nomem(err);
}

int
dbbi_pg_params_new(dbbi_pg_params **out, const dbbi_source_env *env,
    dbb_error *err)
{
	dbbi_pg_params *params = calloc(1, sizeof(*params));
	int rc;

	if (params == NULL)
		return dbbi_error_nomem(err);
	params->learned = calloc(1, sizeof(*params->learned));
	if (params->learned == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = name_section(params, env, err)) < 0 ||
	    (rc = parse_string(params, env, err)) < 0)
		goto done;
	if (env->to != NULL && params->password != NULL) {
		rc = dbbi_error_set(err, DBB_EINVAL,
		    "the connection given to this call holds a password, "
		    "which others can see");
		dbbi_error_hint(err, "leave it out there, and set PGPASSWORD "
		    "or use a passfile (~/.pgpass)");
		goto done;
	}
	if ((rc = find_password(params, env, err)) < 0)
		goto done;
	*out = params;
	params = NULL;
done:
	dbbi_pg_params_free(params);
	return rc;
}
