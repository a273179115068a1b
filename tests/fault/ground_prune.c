/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ground.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define AGE_S (3 * 24 * 3600)

int
ground_prune(dbbi_prune_stats *stats, struct ground *g,
    const dbbi_list *remove, dbb_error *err)
{
	dbbi_prune_options options = { .remove = remove };
	dbbi_repo *repo = NULL;
	int rc;

	if ((rc = ground_open(&repo, g, err)) == 0)
		rc = dbbi_repo_prune(stats, repo, &options, err);
	dbbi_repo_free(repo);
	return rc;
}

/* The store's clock is that of its files. */
static int
age_object(const dbb_object *object, void *payload)
{
	const struct ground *g = payload;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
	    { .tv_sec = time(NULL) - AGE_S } };
	char path[256];

	snprintf(path, sizeof path, "%s/%s", g->folder, object->name);
	return utimensat(AT_FDCWD, path, times, 0) != 0;
}

int
ground_age(struct ground *g, dbb_error *err)
{
	return dbbi_store_list(g->store, "condemned/", age_object, g, err);
}
