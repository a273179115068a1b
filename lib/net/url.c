/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/url.h"

#include <curl/curl.h>
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
