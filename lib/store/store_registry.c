/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_registry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "net/url.h"
#include "util/text.h"

/* What every driver has; the members behind it are optional. */
#define REQUIRED_SIZE offsetof(dbb_store_driver, settings)

struct dbbi_store_registry {
	dbbi_store_entry *entries;
	size_t count;
};

static const dbbi_store_entry *
find(const dbbi_store_registry *registry, const char *scheme)
{
	size_t i;

	for (i = 0; i < registry->count; i++)
		if (strcmp(registry->entries[i].scheme, scheme) == 0)
			return &registry->entries[i];
	return NULL;
}

static int
check_driver(const dbb_store_driver *d, dbb_error *err)
{
	char *scheme = NULL, *url;
	int rc;

	if (d == NULL || d->size > sizeof(*d) || d->size < REQUIRED_SIZE ||
	    (d->size - REQUIRED_SIZE) % sizeof(void *) != 0)
		return dbbi_error_set(err, DBB_EINVAL, "this store driver is "
		    "not of the size that this library knows");
	if (d->scheme == NULL || d->open == NULL || d->close == NULL ||
	    d->put_begin == NULL || d->put_write == NULL ||
	    d->put_commit == NULL || d->put_free == NULL ||
	    d->read == NULL || d->stat == NULL || d->list == NULL ||
	    d->remove == NULL)
		return dbbi_error_set(err, DBB_EINVAL, "this store driver "
		    "lacks a member that is required");
	url = dbbi_text_format("%s:", d->scheme);
	if (url == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_url_scheme(&scheme, url, NULL);
	if (rc != DBB_ENOMEM && (rc < 0 || strcmp(scheme, d->scheme) != 0))
		rc = DBB_EINVAL;
	free(scheme);
	free(url);
	if (rc == DBB_ENOMEM)
		return dbbi_error_nomem(err);
	if (rc < 0)
		return dbbi_error_set(err, rc, "'%s' cannot be the scheme of "
		    "a store: it is small letters and digits", d->scheme);
	return DBB_OK;
}

int
dbbi_store_registry_add(dbbi_store_registry *registry,
    const dbb_store_driver *driver, void *payload, dbb_error *err)
{
	dbbi_store_entry *entries, *e;
	char *scheme;
	int rc;

	if ((rc = check_driver(driver, err)) < 0)
		return rc;
	if (find(registry, driver->scheme) != NULL)
		return dbbi_error_set(err, DBB_EEXIST, "a store driver for "
		    "'%s:' is registered already", driver->scheme);
	scheme = dbbi_text_dup(driver->scheme);
	entries = scheme == NULL ? NULL : realloc(registry->entries,
	    (registry->count + 1) * sizeof(*entries));
	if (entries == NULL) {
		free(scheme);
		return dbbi_error_nomem(err);
	}
	registry->entries = entries;
	e = &entries[registry->count++];
	memset(&e->driver, 0, sizeof(e->driver));
	memcpy(&e->driver, driver, driver->size);
	e->driver.scheme = scheme;
	e->scheme = scheme;
	e->payload = payload;
	return DBB_OK;
}

int
dbbi_store_registry_new(dbbi_store_registry **out, dbb_error *err)
{
	dbbi_store_registry *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_store_registry_add(r, &dbbi_store_file, NULL,
	    err)) < 0 ||
	    (rc = dbbi_store_registry_add(r, &dbbi_store_memory, NULL,
	    err)) < 0 ||
	    (rc = dbbi_store_registry_add(r, &dbbi_store_s3, NULL,
	    err)) < 0) {
		dbbi_store_registry_free(r);
		return rc;
	}
	*out = r;
	return DBB_OK;
}

void
dbbi_store_registry_free(dbbi_store_registry *registry)
{
	size_t i;

	if (registry == NULL)
		return;
	for (i = 0; i < registry->count; i++)
		free(registry->entries[i].scheme);
	free(registry->entries);
	free(registry);
}

static int
unknown_scheme(const dbbi_store_registry *registry, const char *scheme,
    dbb_error *err)
{
	char known[256] = "";
	size_t i, used = 0, size;
	int rc;

	for (i = 0; i < registry->count; i++) {
		size = strlen(registry->entries[i].scheme);
		if (used + size + 4 > sizeof(known))
			break;
		if (used > 0) {
			memcpy(known + used, ", ", 2);
			used += 2;
		}
		memcpy(known + used, registry->entries[i].scheme, size);
		used += size;
		known[used++] = ':';
		known[used] = '\0';
	}
	rc = dbbi_error_set(err, DBB_EINVAL, "no store is known for '%s:'",
	    scheme);
	dbbi_error_hint(err, "a store's URL begins with one of %s", known);
	return rc;
}

int
dbbi_store_registry_find(const dbbi_store_entry **out,
    const dbbi_store_registry *registry, const char *url, dbb_error *err)
{
	const dbbi_store_entry *e;
	char *scheme = NULL;
	int rc;

	if ((rc = dbbi_url_scheme(&scheme, url, err)) < 0)
		return rc;
	e = find(registry, scheme);
	if (e == NULL)
		rc = unknown_scheme(registry, scheme, err);
	else
		*out = e;
	free(scheme);
	return rc;
}
