/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_ring: the keys of a sealed repository in its store, keys/<name>. Any
 * of them opens it, each with a passphrase of its own.
 */
#ifndef DBBI_KEY_RING_H
#define DBBI_KEY_RING_H

#include "repo/key_form.h"

#define DBBI_KEY_NAME_SIZE 65	/* with NUL */

/* 1 to 64 letters, digits, '_', '.' and '-', no '.' first. */
int dbbi_keyring_name_valid(const char *name);

/* The names there are, sorted; others are passed over. */
int dbbi_keyring_names(dbbi_list *out, dbbi_store *store, dbb_error *err);

/* One key, still wrapped: DBB_ENOTFOUND, DBB_EDAMAGED, DBB_EVERSION. */
int dbbi_keyring_read(dbbi_key_form *out, dbbi_store *store,
    const char *name, dbb_error *err);

/* Wrap `keys` and store them, read back and opened to prove it: DBB_EEXIST
 * when there is one of that name. `cost` NULL: the default. */
int dbbi_keyring_add(dbbi_store *store, const char *name,
    const char *repository, const dbbi_keys *keys, const char *passphrase,
    const dbbi_key_cost *cost, dbb_error *err);

/*
 * The first key of a new repository, stored before repository.json is, so
 * that none is ever sealed without a key. It is named "default", or
 * "default-2" and so on where a killed init left one.
 */
int dbbi_keyring_first(char name[DBBI_KEY_NAME_SIZE], dbbi_store *store,
    const char *repository, const dbbi_keys *keys, const char *passphrase,
    const dbbi_key_cost *cost, dbb_error *err);

/* Take one away, but DBB_EINVAL for the last whole one of the repository;
 * DBB_ENOTFOUND when there is none of that name. */
int dbbi_keyring_remove(dbbi_store *store, const char *name,
    const char *repository, dbb_error *err);

/* Take back what dbbi_keyring_first stored: there was a repository already. */
int dbbi_keyring_discard(dbbi_store *store, const char *name,
    dbb_error *err);

/*
 * Open the repository's keys with a passphrase or with a key file (the other
 * is NULL; both NULL is DBB_ECONFIG), and see that they are of this
 * repository: DBB_EDAMAGED when they hold another public key. With a
 * passphrase that opens no key: DBB_EDAMAGED or DBB_EVERSION when one could
 * not be tried for that reason, else DBB_EKEY; DBB_ENOTFOUND when there is
 * no key at all.
 */
int dbbi_keyring_unlock(dbbi_keys *out, dbbi_store *store, dbbi_run *run,
    const char *repository, const uint8_t public_key[DBBI_KEY_SIZE],
    const char *passphrase, const char *key_file, dbb_error *err);

#endif
