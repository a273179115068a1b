/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: a fuzz target without libFuzzer. It takes the files that are
 * named, or the target's seeds: each as it is, and cut in eight places.
 *
 * usage: fuzz_TARGET [FILE ...]
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "util/text.h"

#define FILE_MAX_BYTES (1u << 20)
#define CUTS 8

static void
try(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);

	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
replay(const char *path)
{
	uint8_t *data = malloc(FILE_MAX_BYTES);
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL || data == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	size = fread(data, 1, FILE_MAX_BYTES, file);
	fclose(file);
	try(data, size);
	for (size_t i = 0; i < CUTS; i++)
		try(data, size * i / CUTS);
	free(data);
	return 1;
}

/* The seeds in the sources; how many. */
static int
replay_seeds(void)
{
	const char *root = getenv("TEST_SOURCE");
	char *folder, *path;
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	folder = dbbi_text_format("%s/tests/fuzz/seeds/%s",
	    root != NULL ? root : ".",
	    program_invocation_short_name + strlen("fuzz_"));
	FUZZ_HOLDS(folder != NULL);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		path = dbbi_text_format("%s/%s", folder, entry->d_name);
		FUZZ_HOLDS(path != NULL);
		count += replay(path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	if (count == 0)
		fprintf(stderr, "no seeds in '%s'\n", folder);
	free(folder);
	return count;
}

int
main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	if (argc < 2)
		count = replay_seeds();
	return count > 0 ? 0 : 1;
}
