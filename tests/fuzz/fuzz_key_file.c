/* SPDX-License-Identifier: BSD-2-Clause */
/* A write-only key's file, as it is and with the digest that fits. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "repo/key_file.h"
#include "util/sha256.h"
#include "util/text.h"

#define REPOSITORY "0123456789abcdef0123456789abcdef"

static void
try_file(const void *data, size_t size)
{
	static const uint8_t zeros[DBBI_KEY_SIZE];
	dbbi_keys keys;

	if (dbbi_key_file_read(&keys, fuzz_file(data, size), REPOSITORY,
	    NULL) < 0)
		return;
	FUZZ_HOLDS(!keys.can_read);
	FUZZ_HOLDS(memcmp(keys.private_key, zeros, sizeof zeros) == 0);
	dbbi_keys_wipe(&keys);
}

/* Where the line begins: behind comments and empty lines. */
static char *
find_line(char *text)
{
	while (*text == '#' || *text == '\n') {
		text += strcspn(text, "\n");
		text += strspn(text, "\n");
	}
	return text;
}

static void
try_mended(char *text)
{
	char *line = find_line(text), *end, hex[DBBI_SHA256_HEX], *mended;
	uint8_t raw[DBBI_SHA256_SIZE];

	line[strcspn(line, "\r\n")] = '\0';
	if ((end = strrchr(line, ' ')) == NULL)
		return;
	*end = '\0';
	fuzz_sha256(raw, line, strlen(line));
	dbbi_hex_encode(hex, raw, sizeof raw);
	mended = dbbi_text_format("%s %s\n", line, hex);
	FUZZ_HOLDS(mended != NULL);
	try_file(mended, strlen(mended));
	free(mended);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	try_file(data, size);
	try_mended(text);
	free(text);
	return 0;
}
