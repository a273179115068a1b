/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * repo_params: what a repository is made with and keeps, as repository.json
 * says it.
 */
#ifndef DBBI_REPO_PARAMS_H
#define DBBI_REPO_PARAMS_H

#include "repo/chunker.h"
#include "repo/keys.h"
#include "repo/repo.h"
#include "util/clock.h"

#define DBBI_REPO_ID_SIZE 33

typedef struct dbbi_repo_params {
	dbbi_chunker_params chunker;
	uint32_t grace_s;	/* between condemning and deleting a pack */
	char created_at[DBBI_TIME_SIZE];
	int sealed;
	uint8_t public_key[DBBI_KEY_SIZE];	/* when it is */
} dbbi_repo_params;

/* The id of a repository with these: DBB_EINVAL when they cannot be. */
int dbbi_repo_params_id(char out[DBBI_REPO_ID_SIZE],
    const dbbi_repo_params *params, dbb_error *err);

/* Is there a repository.json? DBB_EEXIST, or 0. */
int dbbi_repo_params_absent(dbbi_store *store, dbb_error *err);

/* Write repository.json; DBB_EEXIST when there is one. */
int dbbi_repo_params_write(dbbi_store *store, const dbbi_repo_params *params,
    dbb_error *err);

/* Read it; the id is proven to be that of the parameters. */
int dbbi_repo_params_read(dbbi_repo_params *out, char id[DBBI_REPO_ID_SIZE],
    dbbi_store *store, dbb_error *err);

#endif
