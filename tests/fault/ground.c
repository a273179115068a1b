/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ground.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/key_ring.h"

#define OBJECT_LIMIT (64u << 20)
#define PASSPHRASE "a passphrase for tests"

/* ---- the store ---- */

void
ground_init(struct ground *g, int sealed)
{
	static const dbbi_repo_params small = { .grace_s = DBBI_GRACE_S,
	    .chunker = { .seed = "a seed for tests", .min_bytes = 256,
	    .average_bytes = 1024, .max_bytes = 4096 } };

	memset(g, 0, sizeof *g);
	g->sealed = sealed;
	g->params = small;
	g->sizes[0] = 80000;
	g->sizes[1] = 6000;
}

/* In memory where that can be had: the disk's own speed is not the test. */
static int
make_folder(struct ground *g, dbb_error *err)
{
	const char *base = access("/dev/shm", W_OK | X_OK) == 0 ?
	    "/dev/shm" : "/tmp";

	snprintf(g->folder, sizeof g->folder, "%s/dbbackup-fault.XXXXXX",
	    base);
	if (mkdtemp(g->folder) != NULL)
		return 0;
	g->folder[0] = '\0';
	return dbbi_error_set(err, DBB_EIO, "cannot make a folder in '%s'",
	    base);
}

int
ground_reopen(struct ground *g, dbb_error *err)
{
	char url[128] = "fault:memory:";

	if (g->folder[0] != '\0')
		snprintf(url, sizeof url, "fault:file://%s", g->folder);
	return dbbi_store_open(&g->store, g->registry, url, 0, err);
}

static const dbbi_keys *
keys_of(const struct ground *g)
{
	return g->sealed ? &g->keys : NULL;
}

/* The same keys for all: what is made here can be read as a copy there. */
static int
make_keys(struct ground *g, dbb_error *err)
{
	static const uint8_t writer[DBBI_KEY_SIZE] = "a writer key",
	    private_key[DBBI_KEY_SIZE] = "a private key";

	return g->sealed ? dbbi_keys_full(&g->keys, writer, private_key,
	    err) : 0;
}

/* Wrap them so that opening takes no time. */
static int
add_key(struct ground *g, dbb_error *err)
{
	static const dbbi_key_cost cheap = { .n = 2, .r = 1, .p = 1 };
	dbbi_repo *repo = NULL;
	int rc;

	rc = dbbi_repo_open_with(&repo, g->store, &g->keys, &g->run, err);
	if (rc == 0)
		rc = dbbi_keyring_add(g->store, "default",
		    dbbi_repo_id(repo), &g->keys, PASSPHRASE, &cheap, err);
	dbbi_repo_free(repo);
	return rc;
}

int
ground_make(struct ground *g, int in_memory, dbb_error *err)
{
	int rc;

	fault_plan_init(&g->plan, in_memory ? &dbbi_store_memory :
	    &dbbi_store_file, NULL);
	if ((rc = dbbi_run_init(&g->run, err)) < 0 ||
	    (rc = make_keys(g, err)) < 0 ||
	    (!in_memory && (rc = make_folder(g, err)) < 0) ||
	    (rc = dbbi_store_registry_new(&g->registry, err)) < 0 ||
	    (rc = dbbi_store_registry_add(g->registry, &fault_store,
	    &g->plan, err)) < 0 || (rc = ground_reopen(g, err)) < 0)
		return rc;
	if ((rc = dbbi_repo_create_with(g->store, &g->params, keys_of(g),
	    err)) == 0 && g->sealed)
		rc = add_key(g, err);
	return rc;
}

static int
remove_one(const char *path, const struct stat *st, int what,
    struct FTW *where)
{
	(void)st;
	(void)what;
	(void)where;
	return remove(path);
}

void
ground_clear(struct ground *g)
{
	dbbi_store_close(g->store);
	dbbi_store_registry_free(g->registry);
	dbbi_run_clear(&g->run);
	fault_plan_clear(&g->plan);
	if (g->folder[0] != '\0')
		nftw(g->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- copying ---- */

static int
collect(const dbb_object *object, void *payload)
{
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

static int
copy_object(struct ground *to, struct ground *from, const char *name,
    dbb_error *err)
{
	uint8_t *data = NULL;
	size_t size;
	int rc;

	rc = dbbi_store_load(&data, &size, from->store, name, OBJECT_LIMIT,
	    err);
	if (rc == 0)
		rc = dbbi_store_write(to->store, name, data, size,
		    DBB_PUT_REPLACE, err);
	free(data);
	return rc;
}

int
ground_copy(struct ground *to, struct ground *from, dbb_error *err)
{
	dbbi_list old = { NULL, 0 }, new = { NULL, 0 };
	int rc;

	fault_plan_reset(&to->plan);
	fault_plan_reset(&from->plan);
	rc = dbbi_store_list(to->store, "", collect, &old, err);
	for (size_t i = 0; rc == 0 && i < old.count; i++)
		rc = dbbi_store_remove(to->store, old.items[i], err);
	if (rc == 0)
		rc = dbbi_store_list(from->store, "", collect, &new, err);
	for (size_t i = 0; rc == 0 && i < new.count; i++)
		rc = copy_object(to, from, new.items[i], err);
	dbbi_list_clear(&old);
	dbbi_list_clear(&new);
	fault_plan_reset(&to->plan);
	return rc;
}

/* ---- the repository ---- */

int
ground_open(dbbi_repo **out, struct ground *g, dbb_error *err)
{
	static const dbbi_repo_secret secret = { .passphrase = PASSPHRASE };

	return dbbi_repo_open(out, g->store, g->sealed ? &secret : NULL,
	    &g->run, err);
}
