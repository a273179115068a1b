/* SPDX-License-Identifier: BSD-2-Clause */
/* uri_encode: percent-encoding as S3 and its signatures want it. */
#ifndef DBBI_URI_ENCODE_H
#define DBBI_URI_ENCODE_H

/* Every byte but RFC 3986's unreserved ones (letters, digits, "-._~") and
 * those in `keep` ("/" for a path, "" else) becomes %XX. NULL when out of
 * memory; the caller's, to free(3). */
char *dbbi_uri_encode(const char *text, const char *keep);

#endif
