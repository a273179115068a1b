/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_registry: which driver a URL goes to, what may be shown of a URL, and
 * what an open store is; between store*.c of no driver.
 */
#ifndef DBBI_STORE_REGISTRY_H
#define DBBI_STORE_REGISTRY_H

#include "store/store.h"
#include "store/store_env.h"

typedef struct dbbi_store_entry {
	dbb_store_driver driver;	/* a copy; its scheme is ours to free */
	char *scheme;
	void *payload;
} dbbi_store_entry;

struct dbbi_store {
	dbbi_store_entry entry;		/* a copy: the registry's moves when it
					   grows; its scheme does not */
	dbb_store_env env;
	void *handle;			/* the driver's */
	char *url;			/* as it may be shown */
};

/*
 * What a driver returned, made into what our callers rely on: DBB_OK or a
 * negative code, and an error that says so. `err` was emptied before.
 */
int dbbi_store_settle(const dbbi_store_entry *entry, int rc, dbb_error *err);

/* The driver of `url`, borrowed from the registry; DBB_EINVAL names the
 * schemes there are. */
int dbbi_store_registry_find(const dbbi_store_entry **out,
    const dbbi_store_registry *registry, const char *url, dbb_error *err);

/* `url` without user, password and query; to free(3), NULL: no memory. */
char *dbbi_store_url_shown(const char *url);

/* May names begin with it? "" and "packs/3" do, "../x" and "a//" do not. */
int dbbi_store_prefix_valid(const char *prefix);

#endif
