/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the key that a passphrase opens, and saying why there is none. */
#include <config.h>

#include "repo/key_ring.h"

#include <string.h>

#include "repo/key_file.h"

/* What is looked for, and what was met on the way. */
struct search {
	dbbi_store *store;
	const char *repository;
	const uint8_t *public_key;
	const char *passphrase;
	unsigned refused;	/* keys that the passphrase does not open */
	char foreign[DBBI_KEY_NAME_SIZE];	/* "", or one of another
						   repository */
	dbb_error broken;	/* why one could not be tried; code 0: none */
};

static int
refuse_replaced(dbb_error *err)
{
	dbbi_error_set(err, DBB_EDAMAGED, "it holds another public key than "
	    "repository.json: one of the two was replaced");
	dbbi_error_hint(err, "back up nothing into this repository until it "
	    "is known who did it: what is sealed to a public key that is not "
	    "yours, its owner reads and you do not; bring both back from a "
	    "copy of the store");
	return DBB_EDAMAGED;
}

static int
check_public(const dbbi_keys *keys, const uint8_t *public_key,
    dbb_error *err)
{
	return memcmp(keys->public_key, public_key, DBBI_KEY_SIZE) == 0 ? 0 :
	    refuse_replaced(err);
}

/* Try one key: 1 when it opened, 0 when it did not, which is noted. */
static int
try_key(dbbi_keys *out, struct search *s, const char *name, dbb_error *err)
{
	dbbi_key_form form;
	dbb_error why = {0};
	int rc;

	rc = dbbi_keyring_read(&form, s->store, name, &why);
	if (rc == DBB_ENOTFOUND)
		return 0;	/* removed since it was listed */
	if (rc == 0 && strcmp(form.repository, s->repository) != 0) {
		memcpy(s->foreign, name, strlen(name) + 1);
		return 0;
	}
	if (rc == 0)
		rc = dbbi_key_form_unwrap(out, &form, s->passphrase, &why);
	if (rc == DBB_EKEY) {
		s->refused++;
		return 0;
	}
	if (rc == 0 && (rc = check_public(out, s->public_key, err)) < 0) {
		dbbi_keys_wipe(out);
		return dbbi_error_context(err, rc, "key '%s'", name);
	}
	if (rc == 0)
		return 1;
	if (s->broken.code != DBB_EDAMAGED)
		s->broken = why;
	return 0;
}

static int
say_none(const struct search *s, dbb_error *err)
{
	dbbi_error_set(err, DBB_ENOTFOUND, "there is no key of this "
	    "repository in the store, under 'keys/'");
	dbbi_error_hint(err, "bring 'keys/' back from a copy of the store: "
	    "without a key nothing can be read");
	if (s->foreign[0] == '\0')
		return DBB_ENOTFOUND;
	dbbi_error_set(err, DBB_EDAMAGED, "key '%s' is of another "
	    "repository: repository.json or the keys were replaced",
	    s->foreign);
	dbbi_error_hint(err, "bring 'repository.json' and 'keys/' back from a "
	    "copy of the store, and find out who replaced them");
	return DBB_EDAMAGED;
}

static int
say_broken(const struct search *s, dbb_error *err)
{
	dbbi_error_set(err, s->broken.code, "no key could be opened: %s",
	    s->broken.message);
	if (s->broken.code == DBB_EDAMAGED)
		dbbi_error_hint(err, "bring the key back from a copy of the "
		    "store, or use the passphrase of another one");
	else
		dbbi_error_hint(err, "%s", s->broken.hint);
	return s->broken.code;
}

static int
say_wrong(dbb_error *err)
{
	dbbi_error_set(err, DBB_EKEY, "wrong passphrase: it opens no key of "
	    "this repository");
	dbbi_error_hint(err, "look whether 'password', 'password-file' or "
	    "'password-command' under [repository] gives the right one; "
	    "'dbb-backup config show' says where it comes from");
	return DBB_EKEY;
}

static int
search_keys(dbbi_keys *out, struct search *s, const dbbi_list *names,
    dbbi_run *run, dbb_error *err)
{
	size_t i;
	int rc;

	for (i = 0; i < names->count; i++) {
		if ((rc = dbbi_run_check(run, err)) < 0)
			return rc;
		if ((rc = try_key(out, s, names->items[i], err)) != 0)
			return rc < 0 ? rc : 0;
	}
	if (s->broken.code < 0)
		return say_broken(s, err);
	return s->refused > 0 ? say_wrong(err) : say_none(s, err);
}

static int
unlock_by_file(dbbi_keys *out, const char *path, const char *repository,
    const uint8_t *public_key, dbb_error *err)
{
	dbbi_keys keys = {0};
	int rc = dbbi_key_file_read(&keys, path, repository, err);

	if (rc == 0) {
		rc = check_public(&keys, public_key, err);
		dbbi_error_context(err, rc, "key file '%s'", path);
	}
	if (rc == 0)
		*out = keys;
	dbbi_keys_wipe(&keys);
	return rc;
}

static int
say_nothing_configured(dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "it is sealed (encrypted), and no "
	    "passphrase is configured");
	dbbi_error_hint(err, "write 'password-file = …' under [repository] "
	    "in dbbackup.conf, or set DBB_PASSWORD_FILE");
	return DBB_ECONFIG;
}

int
dbbi_keyring_unlock(dbbi_keys *out, dbbi_store *store, dbbi_run *run,
    const char *repository, const uint8_t public_key[DBBI_KEY_SIZE],
    const char *passphrase, const char *key_file, dbb_error *err)
{
	struct search s = { .store = store, .repository = repository,
	    .public_key = public_key, .passphrase = passphrase };
	dbbi_keys keys = {0};
	dbbi_list names = {0};
	int rc;

	if (passphrase == NULL && key_file == NULL)
		return say_nothing_configured(err);
	if (key_file != NULL)
		return unlock_by_file(out, key_file, repository, public_key,
		    err);
	if ((rc = dbbi_keyring_names(&names, store, err)) == 0)
		rc = search_keys(&keys, &s, &names, run, err);
	if (rc == 0)
		*out = keys;
	dbbi_keys_wipe(&keys);
	dbbi_list_clear(&names);
	return rc;
}
