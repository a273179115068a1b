/* SPDX-License-Identifier: BSD-2-Clause */
/* url: the parts of a store's URL, by libcurl's URL parser (RFC 3986). */
#ifndef DBBI_URL_H
#define DBBI_URL_H

#include "util/error.h"

/* The scheme, lower case, of "file:///x" or "memory:"; DBB_EINVAL when there
 * is none. `*out` is the caller's, to free(3). */
int dbbi_url_scheme(char **out, const char *url, dbb_error *err);

/* The absolute path, percent-decoded, of a file: URL without a host (or
 * "localhost"); DBB_EINVAL otherwise. To free(3). */
int dbbi_url_file_path(char **out, const char *url, dbb_error *err);

/* "http://host:6333" of an http or https URL: without a '/' at the end, with
 * `port` where it names none (443 and 80 are named, too, when they are
 * meant). DBB_EINVAL where it holds a user, a password, a query or a
 * fragment; the URL is then not shown. To free(3). */
int dbbi_url_server(char **out, const char *url, unsigned port,
    dbb_error *err);

#endif
