/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/uri_encode.h"

#include <stdlib.h>
#include <string.h>

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

char *
dbbi_uri_encode(const char *text, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = malloc(3 * strlen(text) + 1), *to = out;

	if (out == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(unreserved, c) != NULL || strchr(keep, c) != NULL) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return out;
}
