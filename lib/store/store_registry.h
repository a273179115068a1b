/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_registry: which driver a URL goes to, and what may be shown of a
 * URL; between store_registry.c, store_name.c and store.c.
 */
#ifndef DBBI_STORE_REGISTRY_H
#define DBBI_STORE_REGISTRY_H

#include "store/store.h"

typedef struct dbbi_store_entry {
	dbb_store_driver driver;	/* a copy; its scheme is ours to free */
	char *scheme;
	void *payload;
} dbbi_store_entry;

/* The driver of `url`, borrowed from the registry; DBB_EINVAL names the
 * schemes there are. */
int dbbi_store_registry_find(const dbbi_store_entry **out,
    const dbbi_store_registry *registry, const char *url, dbb_error *err);

/* `url` without user, password and query; to free(3), NULL: no memory. */
char *dbbi_store_url_shown(const char *url);

/* May names begin with it? "" and "packs/3" do, "../x" and "a//" do not. */
int dbbi_store_prefix_valid(const char *prefix);

#endif
