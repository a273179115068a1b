/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select: from what a user said to what is meant: the configured repository,
 * the sources of those names, the set of that beginning.
 */
#ifndef DBBI_SELECT_H
#define DBBI_SELECT_H

#include "ops/ops.h"
#include "repo/lease.h"
#include "repo/repo.h"
#include "source/source.h"

/* The repository and the store it lies in. */
typedef struct dbbi_vault {
	dbbi_store *store;
	dbbi_repo *repo;
	dbbi_lease *lease;	/* once dbbi_vault_work was called, perhaps */
} dbbi_vault;

/* Open the configured repository; DBB_ENOREPO also when its folder is not
 * there. */
int dbbi_vault_open(dbbi_vault *out, dbbi_ops *ops, dbb_error *err);
void dbbi_vault_close(dbbi_vault *vault);

/* Let others see, until it is closed, that `verb` is at work here. */
void dbbi_vault_work(dbbi_vault *vault, const char *verb);

/* The configured repository's URL; DBB_ECONFIG when there is none. */
int dbbi_repository_url(const char **out, const dbbi_ops *ops,
    dbb_error *err);

/* Open the store of that URL, as [repository] says. */
int dbbi_repository_store(dbbi_store **out, const dbbi_ops *ops,
    uint32_t flags, dbb_error *err);

/* One configured source. */
typedef struct dbbi_choice {
	const dbbi_source_driver *driver;
	char *name;
} dbbi_choice;

typedef struct dbbi_choices {
	dbbi_choice *items;
	size_t count;
} dbbi_choices;

/* The sources of these names (NULL-ended; NULL: all configured ones), each
 * once. DBB_ENOTFOUND for an unknown name, DBB_ECONFIG when none is
 * configured. */
int dbbi_choose_sources(dbbi_choices *out, const dbbi_ops *ops,
    const char *const *names, dbb_error *err);
void dbbi_choices_clear(dbbi_choices *choices);

/* The label of a set that a restore kept of what it was about to replace.
 * "latest" is never such a set: to restore twice must not bring back what
 * the first time replaced. */
#define DBBI_SAFETY_LABEL "safety"

/*
 * The one set whose id begins with `beginning`, or "latest" (NULL: the same):
 * the newest completed one that holds every source of `sources` (NULL-ended;
 * may be NULL). Found none: DBB_ENOTFOUND; several: DBB_EINVAL naming them.
 */
int dbbi_choose_set(char out[DBBI_SET_ID_SIZE], dbbi_repo *repo,
    const char *beginning, const char *const *sources, dbb_error *err);

/* The member of the set's /sources (head or body) of that name, or NULL. */
dbbi_json *dbbi_find_source(const dbbi_json *document, const char *name);

#endif
