/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole object into memory, which has no more bytes than are expected. */
#include <config.h>

#include "store/store.h"

#include <stdlib.h>

#include "store/store_env.h"
#include "store/store_registry.h"
#include "util/bytes.h"

/* Ask how long it is, and read it. One byte more is asked for, so that an
 * object that is replaced by a larger one just now is noticed. */
static int
load_measured(uint8_t **data, size_t *size, dbbi_store *store,
    const char *name, size_t max, dbb_error *err)
{
	dbb_object object = { .size = sizeof(object) };
	uint8_t *all;
	size_t got = 0;
	int rc;

	if ((rc = dbbi_store_stat(&object, store, name, err)) < 0)
		return rc;
	if (object.size_bytes > max || object.size_bytes > SIZE_MAX - 2)
		return dbbi_error_set(err, DBB_EDAMAGED, "reading '%s': it "
		    "has %llu bytes, and at most %zu were expected", name,
		    (unsigned long long)object.size_bytes, max);
	all = malloc((size_t)object.size_bytes + 2);
	if (all == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_store_read(&got, store, name, 0, all,
	    (size_t)object.size_bytes + 1, err);
	if (rc == DBB_OK && got != object.size_bytes)
		rc = dbbi_error_set(err, DBB_EDAMAGED, "reading '%s': %s than "
		    "the %llu bytes that it should have", name,
		    got < object.size_bytes ? "it is shorter" :
		    "it is longer", (unsigned long long)object.size_bytes);
	if (rc < 0) {
		free(all);
		return rc;
	}
	all[got] = '\0';
	*data = all;
	*size = got;
	return DBB_OK;
}

struct loading {
	dbbi_bytes bytes;
	int rc;
	dbb_error cause;
};

static int
take(const void *data, size_t size, void *payload)
{
	struct loading *l = payload;

	l->rc = dbbi_bytes_add(&l->bytes, data, size, &l->cause);
	return l->rc != 0;
}

/* By one request, of a store that passes on what comes: a byte more than may
 * be is asked for, and no more is ever taken. */
static int
load_received(uint8_t **data, size_t *size, dbbi_store *store,
    const char *name, size_t max, dbb_error *err)
{
	struct loading l = { .rc = DBB_OK };
	int rc;

	dbbi_bytes_init(&l.bytes, max + 2);
	rc = dbbi_store_get(store, name, 0, (uint64_t)max + 1, take, &l, err);
	if (l.rc < 0) {		/* and not "the receiver stopped" */
		if (err != NULL)
			*err = l.cause;
		rc = dbbi_error_context(err, l.rc, "reading '%s'", name);
	}
	if (rc == DBB_OK && l.bytes.size > max)
		rc = dbbi_error_set(err, DBB_EDAMAGED, "reading '%s': it has "
		    "more than the %zu bytes that were expected at most",
		    name, max);
	if (rc == DBB_OK)
		rc = dbbi_bytes_add(&l.bytes, "", 1, err);
	if (rc < 0) {
		dbbi_bytes_clear(&l.bytes);
		return rc;
	}
	*data = l.bytes.data;
	*size = l.bytes.size - 1;
	return DBB_OK;
}

int
dbbi_store_load(uint8_t **data, size_t *size, dbbi_store *store,
    const char *name, size_t max, dbb_error *err)
{
	if (store->entry.driver.get == NULL || max > SIZE_MAX - 2)
		return load_measured(data, size, store, name, max, err);
	return load_received(data, size, store, name, max, err);
}
