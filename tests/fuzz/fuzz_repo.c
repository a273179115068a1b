/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "fuzz_repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_SIZE 80
#define RECORD_SIZE (4 + DBBI_SHA256_SIZE)

struct one {
	dbbi_store *store;
	dbbi_repo *repo;
	const dbbi_keys *keys;
	dbbi_namer *namer;
};

static struct {
	dbbi_store_registry *stores;
	dbbi_run run;
	dbbi_keys keys;
	struct one both[2];	/* open, sealed */
	int sealed;
} fuzz;

static void
make(struct one *one, const dbbi_keys *keys)
{
	static const dbbi_repo_params params = {
		.chunker = { .seed = "a seed for fuzzing", .min_bytes = 64,
		    .average_bytes = 1024, .max_bytes = 2048 },
		.grace_s = DBBI_GRACE_S,
	};

	one->keys = keys;
	FUZZ_HOLDS(dbbi_store_open(&one->store, fuzz.stores, "memory:", 0,
	    NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_create_with(one->store, &params, keys,
	    NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_open_with(&one->repo, one->store, keys,
	    &fuzz.run, NULL) == 0);
	FUZZ_HOLDS(dbbi_namer_new(&one->namer, keys, NULL) == 0);
}

/* The one that is used. */
static struct one *
current(void)
{
	static const uint8_t writer[DBBI_KEY_SIZE] = { 1 };
	static const uint8_t private_key[DBBI_KEY_SIZE] = { 2 };

	if (fuzz.stores == NULL) {
		FUZZ_HOLDS(dbbi_store_registry_new(&fuzz.stores, NULL) == 0);
		FUZZ_HOLDS(dbbi_run_init(&fuzz.run, NULL) == 0);
		FUZZ_HOLDS(dbbi_keys_full(&fuzz.keys, writer, private_key,
		    NULL) == 0);
		make(&fuzz.both[0], NULL);
		make(&fuzz.both[1], &fuzz.keys);
	}
	return &fuzz.both[fuzz.sealed];
}

void
fuzz_use(int sealed)
{
	fuzz.sealed = sealed != 0;
}

dbbi_repo *
fuzz_repo(void)
{
	return current()->repo;
}

dbbi_store *
fuzz_store(void)
{
	return current()->store;
}

dbbi_run *
fuzz_run(void)
{
	current();
	return &fuzz.run;
}

const dbbi_keys *
fuzz_keys(void)
{
	return current()->keys;
}

void
fuzz_put(const char *object, const void *data, size_t size)
{
	FUZZ_HOLDS(dbbi_store_write(fuzz_store(), object, data, size,
	    DBB_PUT_REPLACE, NULL) == 0);
}

void
fuzz_put_named(const char *prefix, const void *data, size_t size)
{
	char object[OBJECT_SIZE], hex[DBBI_SHA256_HEX];
	uint8_t digest[DBBI_SHA256_SIZE];

	fuzz_sha256(digest, data, size);
	dbbi_hex_encode(hex, digest, sizeof digest);
	snprintf(object, sizeof object, "%s%s", prefix, hex);
	fuzz_put(object, data, size);
}

static int
remove_object(const dbb_object *object, void *payload)
{
	(void)payload;
	if (strcmp(object->name, "repository.json") != 0)
		FUZZ_HOLDS(dbbi_store_remove(fuzz_store(), object->name,
		    NULL) == 0);
	return 0;
}

void
fuzz_clear(void)
{
	FUZZ_HOLDS(dbbi_store_list(fuzz_store(), "", remove_object, NULL,
	    NULL) == 0);
	dbbi_index_free(fuzz_repo()->index);
	fuzz_repo()->index = NULL;
}

void
fuzz_seal(dbbi_bytes *out, const uint8_t *data, size_t size,
    const char *info)
{
	size_t front = size < DBBI_HEADER_SIZE ? size : DBBI_HEADER_SIZE;

	dbbi_bytes_init(out, SIZE_MAX);
	FUZZ_HOLDS(dbbi_bytes_add(out, data, front, NULL) == 0);
	if (size < DBBI_HEADER_SIZE)
		return;
	out->data[DBBI_MAGIC_SIZE] = DBBI_CIPHER_SEALED;
	FUZZ_HOLDS(dbbi_sealed_begin(out, fuzz_keys(), NULL) == 0);
	FUZZ_HOLDS(dbbi_bytes_add(out, data + front, size - front,
	    NULL) == 0);
	FUZZ_HOLDS(dbbi_sealed_end(out, front, fuzz_keys(), info,
	    NULL) == 0);
}

void
fuzz_chunk_id(dbbi_id *id, const uint8_t *plain, size_t size)
{
	dbbi_cursor table = { plain, size }, bytes;
	uint8_t *records;
	const uint8_t *piece;
	uint32_t count, length, n = 0;

	memset(id, 0, sizeof *id);
	if (dbbi_take_u32(&count, &table) < 0 || count > table.left / 4)
		return;
	bytes = table;
	FUZZ_HOLDS(dbbi_take(&piece, &bytes, (size_t)count * 4) == 0);
	records = malloc((size_t)RECORD_SIZE * count + 1);
	FUZZ_HOLDS(records != NULL);
	for (; n < count; n++) {
		if (dbbi_take_u32(&length, &table) < 0 ||
		    dbbi_take(&piece, &bytes, length) < 0)
			break;
		dbbi_put_u32(records + (size_t)RECORD_SIZE * n, length);
		fuzz_sha256(records + (size_t)RECORD_SIZE * n + 4, piece,
		    length);
	}
	FUZZ_HOLDS(dbbi_namer_name(id, current()->namer, records,
	    (size_t)RECORD_SIZE * n, NULL) == 0);
	free(records);
}
