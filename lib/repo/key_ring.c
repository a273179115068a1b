/* SPDX-License-Identifier: BSD-2-Clause */
/* Which keys there are, and how they come and go; key_unlock.c opens them. */
#include <config.h>

#include "repo/key_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "keys/"
#define OBJECT_SIZE (sizeof(PREFIX) + DBBI_KEY_NAME_SIZE)
#define KEYS_MAX 256		/* more than anyone can need */
#define FIRST "default"
#define FIRST_TRIES 9

int
dbbi_keyring_name_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n > 0 && n < DBBI_KEY_NAME_SIZE && name[n] == '\0' &&
	    name[0] != '.';
}

static int
make_object(char out[OBJECT_SIZE], const char *name, dbb_error *err)
{
	if (!dbbi_keyring_name_valid(name))
		return dbbi_error_set(err, DBB_EINVAL, "'%.80s' is no name "
		    "for a key: 1 to %d letters, digits, '_', '.' and '-', "
		    "and no '.' first", name, DBBI_KEY_NAME_SIZE - 1);
	memcpy(out, PREFIX, strlen(PREFIX));
	memcpy(out + strlen(PREFIX), name, strlen(name) + 1);
	return 0;
}

struct listing {
	dbbi_list names;
	dbb_error cause;
	int rc;
};

static int
note_name(const dbb_object *object, void *payload)
{
	struct listing *l = payload;
	const char *name = object->name + strlen(PREFIX);

	if (!dbbi_keyring_name_valid(name))
		return 0;
	if (l->names.count == KEYS_MAX)
		l->rc = dbbi_error_set(&l->cause, DBB_EDAMAGED,
		    "there are more than %d keys", KEYS_MAX);
	else
		l->rc = dbbi_list_add(&l->names, name, &l->cause);
	return l->rc != 0;
}

static int
compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int
dbbi_keyring_names(dbbi_list *out, dbbi_store *store, dbb_error *err)
{
	struct listing l = {0};
	int rc = dbbi_store_list(store, PREFIX, note_name, &l, err);

	if (l.rc < 0) {
		rc = l.rc;
		if (err != NULL)
			*err = l.cause;
	}
	if (rc < 0) {
		dbbi_list_clear(&l.names);
		return dbbi_error_context(err, rc, "listing the keys");
	}
	if (l.names.count > 1)
		qsort(l.names.items, l.names.count, sizeof *l.names.items,
		    compare_names);
	*out = l.names;
	return 0;
}

int
dbbi_keyring_read(dbbi_key_form *out, dbbi_store *store, const char *name,
    dbb_error *err)
{
	char object[OBJECT_SIZE];
	uint8_t *data = NULL;
	size_t size;
	int rc;

	if ((rc = make_object(object, name, err)) < 0)
		return rc;
	rc = dbbi_store_load(&data, &size, store, object, DBBI_KEY_FORM_MAX,
	    err);
	if (rc == 0)
		rc = dbbi_key_form_read(out, data, size, err);
	free(data);
	return dbbi_error_context(err, rc, "key '%s'", name);
}

/* What was stored must open: a key that does not is worse than none. */
static int
prove(dbbi_store *store, const char *name, const dbbi_keys *keys,
    const char *passphrase, dbb_error *err)
{
	dbbi_keys again = {0};
	dbbi_key_form form;
	int rc;

	if ((rc = dbbi_keyring_read(&form, store, name, err)) < 0)
		return rc;
	rc = dbbi_key_form_unwrap(&again, &form, passphrase, err);
	if (rc == 0 && memcmp(again.private_key, keys->private_key,
	    DBBI_KEY_SIZE) != 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "the store gave back another key");
	dbbi_keys_wipe(&again);
	return rc;
}

int
dbbi_keyring_discard(dbbi_store *store, const char *name, dbb_error *err)
{
	char object[OBJECT_SIZE];
	int rc;

	if ((rc = make_object(object, name, err)) == 0)
		rc = dbbi_store_remove(store, object, err);
	return rc;
}

int
dbbi_keyring_add(dbbi_store *store, const char *name, const char *repository,
    const dbbi_keys *keys, const char *passphrase, const dbbi_key_cost *cost,
    dbb_error *err)
{
	char object[OBJECT_SIZE], *text = NULL;
	dbbi_key_form form;
	int rc;

	if ((rc = make_object(object, name, err)) < 0)
		return rc;
	if (!keys->can_read)
		return dbbi_keys_refuse_reading(err);
	if ((rc = dbbi_key_form_wrap(&form, keys, repository, passphrase,
	    cost, err)) < 0 ||
	    (rc = dbbi_key_form_write(&text, &form, err)) < 0)
		goto done;
	rc = dbbi_store_write(store, object, text, strlen(text), 0, err);
	if (rc < 0)
		goto done;
	if ((rc = prove(store, name, keys, passphrase, err)) < 0)
		dbbi_keyring_discard(store, name, NULL);
done:
	free(text);
	if (rc == DBB_EEXIST) {
		dbbi_error_set(err, rc, "there is one of that name");
		dbbi_error_hint(err, "choose another name; 'dbb-backup key "
		    "list' shows those there are");
	}
	return dbbi_error_context(err, rc, "storing the key '%s'", name);
}

int
dbbi_keyring_first(char name[DBBI_KEY_NAME_SIZE], dbbi_store *store,
    const char *repository, const dbbi_keys *keys, const char *passphrase,
    const dbbi_key_cost *cost, dbb_error *err)
{
	char next[DBBI_KEY_NAME_SIZE] = FIRST;
	int i, rc = DBB_EEXIST;

	for (i = 1; rc == DBB_EEXIST && i <= FIRST_TRIES; i++) {
		if (i > 1)
			snprintf(next, sizeof(next), FIRST "-%d", i);
		rc = dbbi_keyring_add(store, next, repository, keys,
		    passphrase, cost, err);
	}
	if (rc == 0)
		memcpy(name, next, sizeof(next));
	return rc;
}

/* ---- removing ---- */

/* Is there a whole key of this repository besides `name`? */
static int
has_other(int *out, dbbi_store *store, const char *name,
    const char *repository, dbb_error *err)
{
	dbbi_list names = {0};
	dbbi_key_form form;
	size_t i;
	int rc;

	*out = 0;
	if ((rc = dbbi_keyring_names(&names, store, err)) < 0)
		return rc;
	for (i = 0; i < names.count && !*out; i++)
		*out = strcmp(names.items[i], name) != 0 &&
		    dbbi_keyring_read(&form, store, names.items[i],
		    NULL) == 0 && strcmp(form.repository, repository) == 0;
	dbbi_list_clear(&names);
	return 0;
}

static int
refuse_last(const char *name, dbb_error *err)
{
	dbbi_error_set(err, DBB_EINVAL, "'%s' is the last key: without it "
	    "nobody could read the backups", name);
	dbbi_error_hint(err, "add another first: 'dbb-backup key add NAME'");
	return DBB_EINVAL;
}

/* Two at once could each leave the other's key for the last: look again, and
 * bring it back. */
static int
remove_object(dbbi_store *store, const char *object, const char *name,
    const char *repository, dbb_error *err)
{
	uint8_t *data = NULL;
	size_t size;
	int other = 1, rc;

	rc = dbbi_store_load(&data, &size, store, object, DBBI_KEY_FORM_MAX,
	    err);
	if (rc < 0 && rc != DBB_EDAMAGED)
		goto done;
	if ((rc = dbbi_store_remove(store, object, err)) < 0 ||
	    has_other(&other, store, name, repository, err) < 0 || other)
		goto done;
	if (data != NULL)
		rc = dbbi_store_write(store, object, data, size, 0, err);
	if (rc == 0)
		rc = refuse_last(name, err);
done:
	free(data);
	return rc;
}

int
dbbi_keyring_remove(dbbi_store *store, const char *name,
    const char *repository, dbb_error *err)
{
	char object[OBJECT_SIZE];
	int other, rc;

	if ((rc = make_object(object, name, err)) < 0)
		return rc;
	rc = has_other(&other, store, name, repository, err);
	if (rc == 0 && !other)
		rc = refuse_last(name, err);
	if (rc == 0)
		rc = remove_object(store, object, name, repository, err);
	if (rc == DBB_ENOTFOUND) {
		dbbi_error_set(err, rc, "there is none of that name");
		dbbi_error_hint(err, "'dbb-backup key list' shows those "
		    "there are");
	}
	return dbbi_error_context(err, rc, "removing the key '%s'", name);
}
