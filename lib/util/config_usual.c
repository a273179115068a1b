/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names that are usual elsewhere: POSTGRES_… and MINIO_… as containers
 * have them, PG… as libpq has them, AWS_… as the SDKs of AWS have them, and
 * QDRANT_… (config_usual_qdrant.c). They may well belong to another program: what is not used is warned of, never
 * an error.
 */
#include <config.h>

#include "util/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIN "postgres main"
#define RETENTION_DAYS "BACKUP_RETENTION_DAYS"

static const char *const main_names[] = {
	"PGHOST", "PGSERVICE", "PGDATABASE", NULL,
};

static const struct unused {
	const char *name;	/* one that ends with '_' is a beginning */
	const char *reason;
} unused[] = {
	{ "NEO4J_URI", "this version does not back up neo4j" },
	{ "BACKUP_SCHEDULE", "this version has no scheduler" },
	{ NULL, NULL },
};
static const struct unused minio = {
	"MINIO_", "the repository is not in s3",
};

/* keyword='value', the value quoted as libpq wants it. */
static void
add_keyword(FILE *to, const char *keyword, const char *value)
{
	if (value == NULL)
		return;
	fprintf(to, "%s%s='", ftell(to) > 0 ? " " : "", keyword);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			fputc('\\', to);
		fputc(*value, to);
	}
	fputc('\'', to);
}

int
dbbi_config_usual_port(const char **out, dbbi_config *config,
    const char *const *environment, const char *variable, dbb_error *err)
{
	const char *port = dbbi_env_get(environment, variable);
	uint64_t number;

	*out = NULL;
	if (port == NULL)
		return DBB_OK;
	if (strncmp(port, "tcp://", 6) == 0)
		return dbbi_config_warn(config, dbbi_text_format("%s is an "
		    "address, as Kubernetes sets it, and not used as port",
		    variable), err);
	if (dbbi_parse_u64(&number, port, 1, 65535) != 0)
		return dbbi_error_set(err, DBB_ECONFIG, "environment "
		    "%s: '%.64s' is no port", variable, port);
	*out = port;
	return DBB_OK;
}

static int
make_conninfo(char **out, dbbi_config *config,
    const char *const *environment, dbb_error *err)
{
	char *text = NULL;
	const char *port;
	size_t size;
	FILE *to;
	int rc;

	if ((rc = dbbi_config_usual_port(&port, config, environment,
	    "POSTGRES_PORT", err)) < 0)
		return rc;
	to = open_memstream(&text, &size);
	if (to == NULL)
		return dbbi_error_nomem(err);
	add_keyword(to, "host", dbbi_env_get(environment, "POSTGRES_HOST"));
	add_keyword(to, "port", port);
	add_keyword(to, "user", dbbi_env_get(environment, "POSTGRES_USER"));
	add_keyword(to, "dbname", dbbi_env_get(environment, "POSTGRES_DB"));
	if (fclose(to) != 0) {
		free(text);
		return dbbi_error_nomem(err);
	}
	*out = text;
	return DBB_OK;
}

int
dbbi_config_put_usual(dbbi_config *config, const char *where,
    const char *key, const char *value, const char *variable, dbb_error *err)
{
	dbbi_place place;
	char origin[64];
	int rc;

	if (value == NULL)
		return DBB_OK;
	if ((rc = dbbi_place_parse(&place, where, err)) < 0)
		return rc;
	snprintf(origin, sizeof(origin), "environment %s", variable);
	rc = dbbi_config_put(config, DBBI_LEVEL_USUAL, &place,
	    dbbi_key_get(place.section->kind, key), value, origin, err);
	return dbbi_error_context(err, rc, "%s", origin);
}

/* POSTGRES_…; `declarer` is the variable that says there is a source. */
static int
put_postgres(dbbi_config *config, const char *const *environment,
    const char *declarer, dbb_error *err)
{
	char *conninfo = NULL;
	int rc;

	rc = make_conninfo(&conninfo, config, environment, err);
	if (rc == 0)
		rc = dbbi_config_put_usual(config, MAIN, "connection", conninfo, declarer,
		    err);
	if (rc == 0)
		rc = dbbi_config_put_usual(config, MAIN, "password",
		    dbbi_env_get(environment, "POSTGRES_PASSWORD"),
		    "POSTGRES_PASSWORD", err);
	if (rc == 0)
		rc = dbbi_config_put_usual(config, MAIN, "password-file",
		    dbbi_env_get(environment, "POSTGRES_PASSWORD_FILE"),
		    "POSTGRES_PASSWORD_FILE", err);
	free(conninfo);
	return rc;
}

static int
put_sources(dbbi_config *config, const char *const *environment,
    dbb_error *err)
{
	const char *const *name;
	const char *declarer = NULL;

	if (dbbi_env_get(environment, "POSTGRES_HOST") != NULL)
		declarer = "POSTGRES_HOST";
	else if (dbbi_env_get(environment, "POSTGRES_DB") != NULL)
		declarer = "POSTGRES_DB";
	if (declarer != NULL && !dbbi_config_usual_apply(config, "postgres"))
		return dbbi_config_warn(config, dbbi_text_format("%s is set "
		    "and not used: the configuration says itself how to "
		    "connect to postgres", declarer), err);
	if (declarer != NULL)
		return put_postgres(config, environment, declarer, err);
	/* libpq reads these by itself: an empty string says it all. */
	for (name = main_names; *name != NULL; name++)
		if (dbbi_env_get(environment, *name) != NULL)
			return dbbi_config_put_usual(config, MAIN, "connection", "",
			    *name, err);
	return DBB_OK;
}

/* ---- s3 ---- */

/* The first that is set says it. Those of AWS that hold keys are read where
 * keys are looked for (net/aws_credentials). */
static const struct usual {
	const char *name;
	const char *key;
} s3_names[] = {
	{ "AWS_ENDPOINT_URL_S3", "endpoint" },
	{ "AWS_ENDPOINT_URL", "endpoint" },
	{ "MINIO_ENDPOINT", "endpoint" },
	{ "AWS_REGION", "region" },
	{ "AWS_DEFAULT_REGION", "region" },
	{ "MINIO_REGION", "region" },
	{ "MINIO_ACCESS_KEY", "access-key" },
	{ "MINIO_ACCESS_KEY_FILE", "access-key-file" },
	{ "MINIO_SECRET_KEY", "secret-key" },
	{ "MINIO_SECRET_KEY_FILE", "secret-key-file" },
	{ NULL, NULL },
};

/* Is the repository in S3, by what was read so far? */
static int
is_in_s3(const dbbi_config *config)
{
	const char *url = dbbi_config_get(config, "repository", NULL, "url");

	return url != NULL && strncmp(url, "s3:", 3) == 0;
}

/* MINIO_BUCKET is a repository where no other is named. */
static int
put_bucket(dbbi_config *config, const char *const *environment,
    dbb_error *err)
{
	const char *bucket = dbbi_env_get(environment, "MINIO_BUCKET");
	char *url;
	int rc;

	if (bucket == NULL ||
	    dbbi_config_get(config, "repository", NULL, "url") != NULL)
		return DBB_OK;
	if ((url = dbbi_text_format("s3://%s", bucket)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_config_put_usual(config, "repository", "url", url, "MINIO_BUCKET",
	    err);
	free(url);
	return rc;
}

/* MINIO_BUCKET, and nothing that says where: with MinIO's keys that is hardly
 * meant for Amazon. */
static int
warn_of_no_place(dbbi_config *config, dbb_error *err)
{
	if (dbbi_config_find_at(config, DBBI_LEVEL_USUAL, "repository", NULL,
	    "url") == NULL ||
	    dbbi_config_get(config, "repository", NULL, "endpoint") != NULL)
		return DBB_OK;
	return dbbi_config_warn(config, dbbi_text_dup("MINIO_BUCKET is set "
	    "without MINIO_ENDPOINT: the bucket is looked for at Amazon"),
	    err);
}

static int
put_s3(dbbi_config *config, const char *const *environment, dbb_error *err)
{
	const struct usual *u;
	int rc;

	rc = put_bucket(config, environment, err);
	for (u = s3_names; rc == 0 && u->name != NULL; u++)
		if (is_in_s3(config) && dbbi_config_find_at(config,
		    DBBI_LEVEL_USUAL, "repository", NULL, u->key) == NULL)
			rc = dbbi_config_put_usual(config, "repository", u->key,
			    dbbi_env_get(environment, u->name), u->name,
			    err);
	return rc == 0 ? warn_of_no_place(config, err) : rc;
}

/* ---- what is not used ---- */

/* The variable of `environment` that has this name or beginning. */
static int
is_set(const char *const *environment, const char *name)
{
	size_t n = strlen(name);

	if (name[n - 1] != '_')
		return dbbi_env_get(environment, name) != NULL;
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, n) == 0)
			return 1;
	return 0;
}

static int
warn_if_set(dbbi_config *config, const char *const *environment,
    const struct unused *u, dbb_error *err)
{
	if (!is_set(environment, u->name))
		return DBB_OK;
	return dbbi_config_warn(config, dbbi_text_format("%s%s is set and "
	    "not used: %s", u->name,
	    u->name[strlen(u->name) - 1] == '_' ? "…" : "", u->reason), err);
}

int
dbbi_config_read_usual(dbbi_config *config, const char *const *environment,
    dbb_error *err)
{
	const struct unused *u;
	int rc;

	rc = put_sources(config, environment, err);
	if (rc == 0)
		rc = dbbi_config_read_usual_qdrant(config, environment, err);
	if (rc == 0)
		rc = dbbi_config_put_usual(config, "retention", "days",
		    dbbi_env_get(environment, RETENTION_DAYS),
		    RETENTION_DAYS, err);
	if (rc == 0)
		rc = put_s3(config, environment, err);
	if (rc == 0 && !is_in_s3(config))
		rc = warn_if_set(config, environment, &minio, err);
	for (u = unused; u->name != NULL && rc == 0; u++)
		rc = warn_if_set(config, environment, u, err);
	return rc;
}
