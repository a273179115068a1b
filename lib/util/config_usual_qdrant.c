/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that are usual for Qdrant: QDRANT_URL as its clients have it, or
 * QDRANT_HOST and QDRANT_PORT, and the key. */
#include <config.h>

#include "util/config_parts.h"

#include <stdlib.h>
#include <string.h>

#define MAIN "qdrant main"
#define PORT "6333"

/* The URL that host and port make; to free(3). */
static char *
join_url(const char *host, const char *port)
{
	if (strstr(host, "://") != NULL)
		return dbbi_text_dup(host);
	if (strchr(host, ':') != NULL && *host != '[')
		return dbbi_text_format("http://[%s]:%s", host, port);
	return dbbi_text_format("http://%s:%s", host, port);
}

static int
put_host(dbbi_config *config, const char *const *environment, dbb_error *err)
{
	const char *host = dbbi_env_get(environment, "QDRANT_HOST"), *port;
	char *url;
	int rc;

	if ((rc = dbbi_config_usual_port(&port, config, environment,
	    "QDRANT_PORT", err)) < 0)
		return rc;
	if ((url = join_url(host, port != NULL ? port : PORT)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_config_put_usual(config, MAIN, "url", url, "QDRANT_HOST",
	    err);
	free(url);
	return rc;
}

static int
put_key(dbbi_config *config, const char *const *environment, dbb_error *err)
{
	int rc;

	rc = dbbi_config_put_usual(config, MAIN, "api-key",
	    dbbi_env_get(environment, "QDRANT_API_KEY"), "QDRANT_API_KEY",
	    err);
	if (rc == 0)
		rc = dbbi_config_put_usual(config, MAIN, "api-key-file",
		    dbbi_env_get(environment, "QDRANT_API_KEY_FILE"),
		    "QDRANT_API_KEY_FILE", err);
	return rc;
}

int
dbbi_config_read_usual_qdrant(dbbi_config *config,
    const char *const *environment, dbb_error *err)
{
	const char *url = dbbi_env_get(environment, "QDRANT_URL");
	const char *declarer = url != NULL ? "QDRANT_URL" : "QDRANT_HOST";
	int rc;

	if (dbbi_env_get(environment, declarer) == NULL)
		return DBB_OK;
	if (!dbbi_config_usual_apply(config, "qdrant"))
		return dbbi_config_warn(config, dbbi_text_format("%s is set "
		    "and not used: the configuration says itself how to "
		    "connect to qdrant", declarer), err);
	rc = url == NULL ? put_host(config, environment, err) :
	    dbbi_config_put_usual(config, MAIN, "url", url, declarer, err);
	return rc == 0 ? put_key(config, environment, err) : rc;
}
