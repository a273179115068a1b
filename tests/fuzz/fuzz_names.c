/* SPDX-License-Identifier: BSD-2-Clause */
/* Short texts: ids of sets, names of objects, ids in hexadecimal, times,
 * numbers, and URLs of stores. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/url.h"
#include "repo/repo.h"
#include "store/store_registry.h"
#include "util/clock.h"
#include "util/config_parts.h"

static void
try_set_id(const char *text)
{
	char again[DBBI_TIME_SIZE];

	if (!dbbi_set_id_valid(text))
		return;
	FUZZ_HOLDS(strlen(text) < DBBI_SET_ID_SIZE);
	FUZZ_HOLDS(dbbi_store_name_valid(text));
	FUZZ_HOLDS(dbbi_time_parse(&(int64_t){0}, text) < 0);
	dbbi_time_compact(again, 0);
	FUZZ_HOLDS(strlen(again) == strcspn(text, "-"));
}

/* No name leads out of the folder that it is put into. */
static void
try_object_name(const char *text)
{
	if (!dbbi_store_name_valid(text))
		return;
	FUZZ_HOLDS(dbbi_store_prefix_valid(text));
	FUZZ_HOLDS(text[0] != '/' && text[0] != '.' && text[0] != '\0');
	FUZZ_HOLDS(strstr(text, "/.") == NULL && strstr(text, "//") == NULL);
	FUZZ_HOLDS(text[strlen(text) - 1] != '/');
}

static void
try_hex(const char *text)
{
	uint8_t id[DBBI_SHA256_SIZE];
	char again[DBBI_SHA256_HEX];

	if (dbbi_hex_decode(id, sizeof id, text) < 0)
		return;
	dbbi_hex_encode(again, id, sizeof id);
	FUZZ_HOLDS(strcmp(again, text) == 0);
}

static void
try_time(const char *text)
{
	char again[DBBI_TIME_SIZE];
	int64_t at;

	if (dbbi_time_parse(&at, text) < 0)
		return;
	dbbi_time_rfc3339(again, at);
	FUZZ_HOLDS(strcmp(again, text) == 0);
}

/* What is shown of a URL holds neither user nor password nor query. */
static void
try_url(const char *text)
{
	char *scheme = NULL, *path = NULL, *shown, *masked;

	if (dbbi_url_scheme(&scheme, text, NULL) == 0)
		FUZZ_HOLDS(scheme[0] != '\0' && strlen(scheme) <= 64 &&
		    scheme[strspn(scheme, "abcdefghijklmnopqrstuvwxyz"
		    "0123456789+-.")] == '\0');
	if (dbbi_url_file_path(&path, text, NULL) == 0)
		FUZZ_HOLDS(path[0] == '/' && scheme != NULL &&
		    strcmp(scheme, "file") == 0);
	shown = dbbi_store_url_shown(text);
	masked = dbbi_mask_url(text);
	FUZZ_HOLDS(shown != NULL && masked != NULL);
	FUZZ_HOLDS(strpbrk(shown, "?#") == NULL);
	FUZZ_HOLDS(strncmp(text, "file:", 5) == 0 ||
	    strchr(masked, '@') == NULL);
	free(masked);
	free(shown);
	free(path);
	free(scheme);
}

static void
try_words(const char *text)
{
	static const char *const words[] = { "connection", "password",
	    "databases", NULL };
	dbbi_list list = {0};
	const char *near;
	uint64_t number;
	int is;

	if (dbbi_parse_u64(&number, text, 3, 3000) == 0)
		FUZZ_HOLDS(number >= 3 && number <= 3000);
	if (dbbi_parse_bool(&is, text) == 0)
		FUZZ_HOLDS(is == 0 || is == 1);
	near = dbbi_nearest(text, words);
	FUZZ_HOLDS(near == NULL || strlen(near) < 2 * strlen(text) + 2);
	FUZZ_HOLDS(dbbi_list_split(&list, text, NULL) == 0);
	for (size_t i = 0; i < list.count; i++)
		FUZZ_HOLDS(list.items[i][0] != '\0' &&
		    strchr(list.items[i], ',') == NULL);
	dbbi_list_clear(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	try_set_id(text);
	try_object_name(text);
	try_hex(text);
	try_time(text);
	try_url(text);
	try_words(text);
	free(text);
	return 0;
}
