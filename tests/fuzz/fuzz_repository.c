/* SPDX-License-Identifier: BSD-2-Clause */
/* repository.json, as it is and with the id that fits its parameters. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "fuzz_repo.h"
#include "util/text.h"

#define OBJECT "repository.json"

static dbbi_store *store;

static void
try_document(const char *text, size_t size)
{
	dbbi_repo *repo = NULL;

	FUZZ_HOLDS(dbbi_store_write(store, OBJECT, text, size,
	    DBB_PUT_REPLACE, NULL) == 0);
	if (dbbi_repo_open(&repo, store, NULL, fuzz_run(), NULL) < 0)
		return;
	FUZZ_HOLDS(dbbi_chunker_params_valid(&repo->params));
	FUZZ_HOLDS(repo->params.max_bytes <= DBBI_CHUNK_LIMIT);
	FUZZ_HOLDS(repo->grace_s > 0);
	FUZZ_HOLDS(strlen(dbbi_repo_id(repo)) == DBBI_REPO_ID_SIZE - 1);
	dbbi_repo_free(repo);
}

/* A number as it stands in the text that the id is made of. */
static unsigned long long
number(const dbbi_json *object, const char *key)
{
	uint64_t value = 0;

	dbbi_json_u64(&value, object, key);
	return value;
}

static void
mend_id(dbbi_json *json)
{
	const dbbi_json *chunker = dbbi_json_object(json, "chunker");
	const char *seed = dbbi_json_string(chunker, "seed");
	char text[512], hex[DBBI_SHA256_HEX];
	uint8_t digest[DBBI_SHA256_SIZE];
	int n;

	n = snprintf(text, sizeof text, "gear64 %.64s %llu %llu %llu none "
	    "%llu", seed != NULL ? seed : "", number(chunker, "min_bytes"),
	    number(chunker, "average_bytes"), number(chunker, "max_bytes"),
	    number(json, "grace_s"));
	fuzz_sha256(digest, text, (size_t)n);
	dbbi_hex_encode(hex, digest, (DBBI_REPO_ID_SIZE - 1) / 2);
	dbbi_json_set_string(json, "id", hex);
}

static void
open_store(void)
{
	static dbbi_store_registry *stores;

	FUZZ_HOLDS(dbbi_store_registry_new(&stores, NULL) == 0);
	FUZZ_HOLDS(dbbi_store_open(&store, stores, "memory:", 0, NULL) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_json *json = NULL;

	if (store == NULL)
		open_store();
	try_document((const char *)data, size);
	if (dbbi_json_parse(&json, (const char *)data, size, NULL) < 0)
		return 0;
	mend_id(json);
	try_document(dbbi_json_text(json), strlen(dbbi_json_text(json)));
	dbbi_json_free(json);
	return 0;
}
