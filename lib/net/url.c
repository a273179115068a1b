/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int
no_scheme(dbb_error *err)
{
	int rc;

	/* The text is not shown: it may be a password in the wrong place. */
	rc = dbbi_error_set(err, DBB_EINVAL, "this is no URL: it does not "
	    "begin with a scheme and a colon");
	dbbi_error_hint(err, "for a folder write file:///path/to/folder");
	return rc;
}

/* libcurl wants "//" behind every scheme but file, which "memory:" lacks;
 * the scheme alone is one line of RFC 3986. */
int
dbbi_url_scheme(char **out, const char *url, dbb_error *err)
{
	char *scheme;
	size_t size, i;

	size = url == NULL ? 0 : strcspn(url, ":");
	if (size == 0 || url[size] != ':' ||
	    strchr(letters, url[0]) == NULL)
		return no_scheme(err);
	scheme = dbbi_text_format("%.*s", (int)(size > 64 ? 64 : size), url);
	if (scheme == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; scheme[i] != '\0'; i++) {
		if (scheme[i] >= 'A' && scheme[i] <= 'Z')
			scheme[i] = (char)(scheme[i] + ('a' - 'A'));
		else if (strchr(letters, scheme[i]) == NULL &&
		    strchr("0123456789+-.", scheme[i]) == NULL)
			size = SIZE_MAX;
	}
	if (size > 64) {
		free(scheme);
		return no_scheme(err);
	}
	*out = scheme;
	return DBB_OK;
}

static int
bad_file_url(dbb_error *err, const char *why)
{
	int rc;

	rc = dbbi_error_set(err, DBB_EINVAL, "this is no URL of a folder: %s",
	    why);
	dbbi_error_hint(err, "write file:///path/to/folder, with three "
	    "slashes, and %%20 for a blank, %%23 for '#', %%3F for '?'");
	return rc;
}

/* "file:///x", "file:/x" or "file://localhost/x": NULL, or what is wrong. */
static const char *
file_url_problem(const char *url)
{
	const char *rest = url + strlen("file:");

	if (rest[0] != '/')
		return "its path does not begin with '/'";
	if (strncmp(rest, "//", 2) == 0 && rest[2] != '/' &&
	    strncasecmp(rest, "//localhost/", 12) != 0)
		return "it names a host";
	if (strpbrk(rest, "?#") != NULL)
		return "it has a '?' or '#'";
	return NULL;
}

int
dbbi_url_file_path(char **out, const char *url, dbb_error *err)
{
	char *path = NULL, *copy = NULL;
	const char *why;
	CURLU *u = NULL;
	int rc = DBB_OK;

	if (url == NULL || strncasecmp(url, "file:", 5) != 0)
		return bad_file_url(err, "it does not begin with 'file:'");
	if ((why = file_url_problem(url)) != NULL)
		return bad_file_url(err, why);
	u = curl_url();
	if (u == NULL)
		return dbbi_error_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK)
		rc = bad_file_url(err, "it cannot be parsed");
	else if (curl_url_get(u, CURLUPART_PATH, &path, CURLU_URLDECODE) !=
	    CURLUE_OK)
		rc = bad_file_url(err, "its path has control characters");
	else if (path[0] != '/')
		rc = bad_file_url(err, "its path does not begin with '/'");
	else if ((copy = dbbi_text_dup(path)) == NULL)
		rc = dbbi_error_nomem(err);
	else
		*out = copy;
	curl_free(path);
	curl_url_cleanup(u);
	return rc;
}

/* ---- a server ---- */

struct server_parts {
	char *scheme, *host, *port, *path;
};

static int
refuse_server(dbb_error *err, const char *why)
{
	dbbi_error_set(err, DBB_EINVAL, "this is no address of a server: %s",
	    why);
	dbbi_error_hint(err, "write http://host:port or https://host:port");
	return DBB_EINVAL;
}

/* What is in a URL may be a secret, and is then not shown. */
static const char *
server_problem(CURLU *u, const char *url)
{
	static const struct {
		CURLUPart part;
		const char *why;
	} no[] = {
		{ CURLUPART_USER, "it names a user; keys are configured apart" },
		{ CURLUPART_PASSWORD, "it holds a password; keys are "
		    "configured apart" },
		{ CURLUPART_QUERY, "it has a '?'" },
		{ CURLUPART_FRAGMENT, "it has a '#'" },
	};
	char *part = NULL;
	size_t i;

	if (strncasecmp(url, "http://", 7) != 0 &&
	    strncasecmp(url, "https://", 8) != 0)
		return "it begins with neither http:// nor https://";
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK)
		return "it cannot be parsed";
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (curl_url_get(u, no[i].part, &part, 0) != CURLUE_OK)
			continue;
		curl_free(part);
		return no[i].why;
	}
	return NULL;
}

static char *
join_server(const struct server_parts *p, unsigned port)
{
	size_t n = p->path != NULL ? strlen(p->path) : 0;
	char number[16];

	while (n > 0 && p->path[n - 1] == '/')
		n--;
	snprintf(number, sizeof(number), "%u", port);
	return dbbi_text_format("%s://%s:%s%.*s", p->scheme, p->host,
	    p->port != NULL ? p->port : number, (int)n,
	    p->path != NULL ? p->path : "");
}

static int
make_server(char **out, CURLU *u, unsigned port, dbb_error *err)
{
	struct server_parts p = {0};
	int rc = DBB_OK;

	if (curl_url_get(u, CURLUPART_SCHEME, &p.scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &p.host, 0) != CURLUE_OK) {
		rc = refuse_server(err, "it names no host");
		goto done;
	}
	curl_url_get(u, CURLUPART_PORT, &p.port, 0);
	curl_url_get(u, CURLUPART_PATH, &p.path, 0);
	if ((*out = join_server(&p, port)) == NULL)
		rc = dbbi_error_nomem(err);
done:
	curl_free(p.scheme);
	curl_free(p.host);
	curl_free(p.port);
	curl_free(p.path);
	return rc;
}

int
dbbi_url_server(char **out, const char *url, unsigned port, dbb_error *err)
{
	CURLU *u = curl_url();
	const char *why;
	int rc;

	if (u == NULL)
		return dbbi_error_nomem(err);
	if ((why = server_problem(u, url)) != NULL)
		rc = refuse_server(err, why);
	else
		rc = make_server(out, u, port, err);
	curl_url_cleanup(u);
	return rc;
}
