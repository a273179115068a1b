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

#endif
