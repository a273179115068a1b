/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "util/text.h"

/* The server's name, before any bucket's; to free(3). */
static char *
server_of(const dbbi_s3 *s3, const char *region)
{
	const char *host = s3->settings.endpoint.host;

	if (host != NULL)
		return dbbi_text_dup(host);
	return dbbi_text_format("s3.%s.amazonaws.com%s", region,
	    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

static char *
host_of(const dbbi_s3 *s3, const char *region)
{
	char *server = server_of(s3, region), *host;

	if (server == NULL || !s3->settings.virtual_host)
		return server;
	host = dbbi_text_format("%s.%s", s3->url.bucket, server);
	free(server);
	return host;
}

static char *
path_of(const dbbi_s3 *s3, const char *name)
{
	const char *base = s3->settings.endpoint.path;
	char *key, *encoded, *path;

	key = dbbi_text_format("%s%s", name != NULL ? s3->url.prefix : "",
	    name != NULL ? name : "");
	encoded = key != NULL ? dbbi_uri_encode(key, "/") : NULL;
	free(key);
	if (encoded == NULL)
		return NULL;
	if (s3->settings.virtual_host)
		path = dbbi_text_format("%s/%s", base != NULL ? base : "",
		    encoded);
	else
		path = dbbi_text_format("%s/%s%s%s", base != NULL ? base : "",
		    s3->url.bucket, name != NULL ? "/" : "", encoded);
	free(encoded);
	return path;
}

static const char *
scheme_of(const dbbi_s3 *s3)
{
	const char *scheme = s3->settings.endpoint.scheme;

	return scheme != NULL ? scheme : "https";
}

int
dbbi_s3_is_https(const dbbi_s3 *s3)
{
	return strcmp(scheme_of(s3), "https") == 0;
}

int
dbbi_s3_target_make(dbbi_s3_target *out, const dbbi_s3 *s3,
    const char *region, const char *name, const char *query, dbb_error *err)
{
	dbbi_s3_target t = {0};

	t.host = host_of(s3, region);
	t.path = path_of(s3, name);
	if (t.host != NULL && t.path != NULL)
		t.url = dbbi_text_format("%s://%s%s%s%s", scheme_of(s3),
		    t.host, t.path,
		    query != NULL ? "?" : "", query != NULL ? query : "");
	if (t.url == NULL) {
		dbbi_s3_target_clear(&t);
		return dbbi_error_nomem(err);
	}
	*out = t;
	return DBB_OK;
}

void
dbbi_s3_target_clear(dbbi_s3_target *target)
{
	free(target->url);
	free(target->host);
	free(target->path);
	memset(target, 0, sizeof(*target));
}
