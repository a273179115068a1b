/* SPDX-License-Identifier: BSD-2-Clause */
/* repository.json, as it is and with the id that fits its parameters. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/repo_params.h"
#include "util/text.h"

#define OBJECT "repository.json"

static dbbi_store *store;

static void
put(const char *text, size_t size)
{
	FUZZ_HOLDS(dbbi_store_write(store, OBJECT, text, size,
	    DBB_PUT_REPLACE, NULL) == 0);
}

/* Written again and read again it says the same. */
static void
try_document(const char *text, size_t size)
{
	char id[DBBI_REPO_ID_SIZE], again_id[DBBI_REPO_ID_SIZE];
	dbbi_repo_params params, again;

	put(text, size);
	if (dbbi_repo_params_read(&params, id, store, NULL) < 0)
		return;
	FUZZ_HOLDS(dbbi_chunker_params_valid(&params.chunker));
	FUZZ_HOLDS(params.chunker.max_bytes <= DBBI_CHUNK_LIMIT);
	FUZZ_HOLDS(params.grace_s > 0);
	FUZZ_HOLDS(dbbi_store_remove(store, OBJECT, NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_params_write(store, &params, NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_params_read(&again, again_id, store, NULL) == 0);
	FUZZ_HOLDS(strcmp(id, again_id) == 0);
}

/* A word and a number as they stand in the text that the id is made of. */
static const char *
word(const dbbi_json *object, const char *key)
{
	const char *text = dbbi_json_string(object, key);

	return text != NULL ? text : "";
}

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
	const char *key = dbbi_json_string(json, "public_key");
	char hex[DBBI_SHA256_HEX], *text;
	uint8_t digest[DBBI_SHA256_SIZE];

	text = dbbi_text_format("gear64 %s %llu %llu %llu %s%s%s %llu %s",
	    word(chunker, "seed"), number(chunker, "min_bytes"),
	    number(chunker, "average_bytes"), number(chunker, "max_bytes"),
	    word(json, "cipher"), key != NULL ? " " : "",
	    key != NULL ? key : "", number(json, "grace_s"),
	    word(json, "created_at"));
	FUZZ_HOLDS(text != NULL);
	fuzz_sha256(digest, text, strlen(text));
	dbbi_hex_encode(hex, digest, (DBBI_REPO_ID_SIZE - 1) / 2);
	dbbi_json_set_string(json, "id", hex);
	free(text);
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
