/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_registry.h"

#include <string.h>

#include "util/text.h"

#define NAME_MAX_SIZE 512

static const char allowed[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "0123456789._-/";

/* No part of it is empty or begins with '.'; the last may be missing. */
int
dbbi_store_prefix_valid(const char *prefix)
{
	const char *at;

	if (prefix == NULL || strlen(prefix) > NAME_MAX_SIZE ||
	    prefix[strspn(prefix, allowed)] != '\0')
		return 0;
	for (at = prefix; *at != '\0'; at++)
		if ((at == prefix || at[-1] == '/') &&
		    (*at == '/' || *at == '.'))
			return 0;
	return 1;
}

int
dbbi_store_name_valid(const char *name)
{
	size_t size;

	if (!dbbi_store_prefix_valid(name))
		return 0;
	size = strlen(name);
	return size > 0 && name[size - 1] != '/';
}

char *
dbbi_store_url_shown(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = url + strcspn(url, "?#");
	const char *stop = end, *at, *secret_end = NULL;

	if (host == NULL || host > end)
		return dbbi_text_format("%.*s", (int)(end - url), url);
	host += strlen("://");
	/* A password may hold an unescaped '/', so all up to the last '@' is
	 * taken for one; a folder's name may hold an '@' of its own. */
	if (strncmp(url, "file:", 5) == 0)
		stop = host + strcspn(host, "/?#");
	for (at = host; at < stop; at++)
		if (*at == '@')
			secret_end = at;
	if (secret_end == NULL)
		return dbbi_text_format("%.*s", (int)(end - url), url);
	return dbbi_text_format("%.*s(hidden)%.*s", (int)(host - url), url,
	    (int)(end - secret_end), secret_end);
}
