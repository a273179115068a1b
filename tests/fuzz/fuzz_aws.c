/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What AWS's tools write: "f" and a file of profiles, which is read as both of
 * the files, or "d" and a document with keys.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/aws_internal.h"
#include "util/clock.h"

#define VARIABLE_SIZE 128
#define NOW_MS INT64_C(1795312800000)	/* 2026-11-22T02:00:00Z */

/* A value is of one line, and trimmed. */
static void
check_value(const char *value)
{
	size_t n = strlen(value);

	FUZZ_HOLDS(n > 0 && strchr(value, '\n') == NULL);
	FUZZ_HOLDS(strchr(" \t\r", value[0]) == NULL);
	FUZZ_HOLDS(strchr(" \t\r", value[n - 1]) == NULL);
}

static void
read_profile(const dbbi_aws_credentials *c, const char *name)
{
	dbbi_aws_profile profile = {0};
	dbb_error err;
	size_t i;

	dbbi_error_clear(&err);
	if (dbbi_aws_profile_read(&profile, c, name, &err) < 0) {
		FUZZ_HOLDS(strstr(err.message, FUZZ_SECRET) == NULL);
		return;
	}
	for (i = 0; i < DBBI_AWS_KEY_COUNT; i++) {
		FUZZ_HOLDS(profile.found || profile.values[i] == NULL);
		if (profile.values[i] != NULL)
			check_value(profile.values[i]);
	}
	dbbi_aws_profile_clear(&profile);
}

static void
read_files(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	char config[VARIABLE_SIZE], credentials[VARIABLE_SIZE];
	const char *const environment[] = { config, credentials, NULL };
	const dbbi_aws_options options = { .environment = environment };
	dbbi_aws_credentials *c = NULL;

	snprintf(config, sizeof(config), "AWS_CONFIG_FILE=%s", path);
	snprintf(credentials, sizeof(credentials),
	    "AWS_SHARED_CREDENTIALS_FILE=%s", path);
	FUZZ_HOLDS(dbbi_aws_credentials_new(&c, &options, NULL, NULL) == 0);
	read_profile(c, "default");
	read_profile(c, "a b");
	dbbi_aws_credentials_free(c);
}

static void
read_document(const uint8_t *data, size_t size)
{
	dbbi_aws_keys keys = {0};

	if (dbbi_aws_document_keys(&keys, (const char *)data, size, "Token",
	    NOW_MS, NULL) < 0) {
		FUZZ_HOLDS(keys.id == NULL);
		return;
	}
	FUZZ_HOLDS(keys.id[0] != '\0' && keys.secret[0] != '\0');
	FUZZ_HOLDS(keys.expires_at_ms == 0 || keys.expires_at_ms > NOW_MS);
	dbbi_aws_keys_clear(&keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0)
		return 0;
	copy = fuzz_copy(data + 1, size - 1);
	if (data[0] == 'f')
		read_files(copy, size - 1);
	else if (data[0] == 'd')
		read_document(copy, size - 1);
	free(copy);
	return 0;
}
