/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/sha256.h"

void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

uint8_t *
fuzz_copy(const void *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	FUZZ_HOLDS(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *
fuzz_text(const void *data, size_t size)
{
	size_t n = size > 0 ? strnlen(data, size) : 0;
	char *text = malloc(n + 1);

	FUZZ_HOLDS(text != NULL);
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	return text;
}

const char *
fuzz_file(const void *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	FUZZ_HOLDS(ftruncate(fd, 0) == 0);
	FUZZ_HOLDS(pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

void
fuzz_sha256(uint8_t out[32], const void *data, size_t size)
{
	FUZZ_HOLDS(dbbi_sha256_of(out, data, size, NULL) == 0);
}

const uint8_t *
fuzz_take(size_t *got, dbbi_cursor *c, size_t size)
{
	const uint8_t *at = NULL;

	*got = size < c->left ? size : c->left;
	FUZZ_HOLDS(dbbi_take(&at, c, *got) == 0);
	return at;
}

uint32_t
fuzz_take_u8(dbbi_cursor *c)
{
	size_t got;
	const uint8_t *at = fuzz_take(&got, c, 1);

	return got == 1 ? *at : 0;
}

uint32_t
fuzz_take_u16(dbbi_cursor *c)
{
	uint32_t low = fuzz_take_u8(c);

	return low | fuzz_take_u8(c) << 8;
}

int
fuzz_is_secret(const char *secret, const void *data, size_t size)
{
	const size_t n = strlen(FUZZ_SECRET);
	const char *first = memmem(data, size, FUZZ_SECRET, n);

	if (secret == NULL || first == NULL ||
	    strstr(secret, FUZZ_SECRET) == NULL)
		return 0;
	size -= (size_t)(first + n - (const char *)data);
	return memmem(first + n, size, FUZZ_SECRET, n) == NULL;
}

int
fuzz_same_json(dbbi_json *a, dbbi_json *b)
{
	const char *x = dbbi_json_text(a), *y = dbbi_json_text(b);

	FUZZ_HOLDS(x != NULL && y != NULL);
	return strcmp(x, y) == 0;
}
