/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/lease_object.h"

#include <stdlib.h>
#include <string.h>

#include "repo/repository.h"
#include "repo/seal.h"

#define MAGIC "DBBLEASE"
#define INFO "dbbackup lease"
#define MOST_LISTED 1000u

static int
encode(dbbi_bytes *b, const dbbi_keys *keys, dbbi_json *json, dbb_error *err)
{
	uint8_t header[DBBI_HEADER_SIZE];
	const char *text = dbbi_json_text(json);
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	if (strlen(text) > DBBI_LEASE_LIMIT - DBBI_HEADER_SIZE -
	    DBBI_WRITER_BOX_EXTRA)
		return dbbi_error_set(err, DBB_EINVAL, "a lease of %zu bytes "
		    "is too large", strlen(text));
	dbbi_header_put(header, MAGIC, dbbi_seal_cipher(keys), 0);
	if ((rc = dbbi_bytes_add(b, header, sizeof header, err)) < 0 ||
	    (rc = dbbi_sealed_begin(b, keys, err)) < 0 ||
	    (rc = dbbi_bytes_add(b, text, strlen(text), err)) < 0)
		return rc;
	return dbbi_sealed_end(b, sizeof header, keys, INFO, err);
}

int
dbbi_lease_write(dbbi_repo *repo, const char *object, dbbi_json *lease,
    uint32_t flags, dbb_error *err)
{
	dbbi_bytes b;
	int rc;

	dbbi_bytes_init(&b, DBBI_LEASE_LIMIT);
	rc = encode(&b, repo->keys, lease, err);
	if (rc == 0)
		rc = dbbi_store_write(repo->store, object, b.data, b.size,
		    flags, err);
	dbbi_bytes_clear(&b);
	return rc;
}

static int
decode(dbbi_json **out, uint8_t *data, size_t size, const dbbi_keys *keys,
    dbb_error *err)
{
	dbbi_cursor c;
	uint32_t zero;
	int rc;

	if (size < DBBI_HEADER_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&zero, data, MAGIC, dbbi_seal_cipher(keys),
	    err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size, DBBI_HEADER_SIZE, keys,
	    INFO, err)) < 0)
		return rc;
	return dbbi_json_parse(out, (const char *)c.at, c.left, err);
}

int
dbbi_lease_read(dbbi_json **out, dbbi_repo *repo, const char *object,
    dbb_error *err)
{
	uint8_t *data = NULL;
	size_t size;
	int rc;

	if ((rc = dbbi_store_load(&data, &size, repo->store, object,
	    DBBI_LEASE_LIMIT, err)) < 0)
		return rc;
	rc = decode(out, data, size, repo->keys, err);
	free(data);
	return dbbi_error_context(err, rc, "'%s'", object);
}

static int
collect(const dbb_object *object, void *payload)
{
	dbbi_list *names = payload;

	if (!dbbi_set_id_valid(object->name + strlen(DBBI_LEASES)))
		return 0;
	return names->count == MOST_LISTED ||
	    dbbi_list_add(names, object->name, NULL) < 0;
}

static int
compare_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int
dbbi_lease_names(dbbi_list *names, dbbi_repo *repo, dbb_error *err)
{
	int rc;

	rc = dbbi_store_list(repo->store, DBBI_LEASES, collect, names, err);
	if (rc == DBB_ECANCELED)	/* by `collect`: these are enough */
		rc = 0;
	if (rc == 0 && names->count > 0)
		qsort(names->items, names->count, sizeof *names->items,
		    compare_text);
	return rc;
}
