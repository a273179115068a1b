/* SPDX-License-Identifier: BSD-2-Clause */
/* key: the keys of a sealed repository: add, list, remove, export. */
#include <config.h>

#include "ops/ops.h"

#include <string.h>

#include "ops/result.h"
#include "ops/select.h"
#include "repo/key_file.h"
#include "repo/key_ring.h"

/* Open the repository, which must be sealed. */
static int
open_sealed(dbbi_vault *vault, dbbi_ops *ops, dbb_error *err)
{
	int rc = dbbi_vault_open(vault, ops, err);

	if (rc < 0 || dbbi_repo_keys(vault->repo) != NULL)
		return rc;
	dbbi_vault_close(vault);
	dbbi_error_set(err, DBB_EUNSUPPORTED,
	    "the repository is not sealed: it has no keys");
	dbbi_error_hint(err, "a sealed one is made by 'dbb-backup init' with "
	    "'password-file' under [repository]");
	return DBB_EUNSUPPORTED;
}

/* The same, by someone with a passphrase. */
static int
open_owned(dbbi_vault *vault, dbbi_ops *ops, dbb_error *err)
{
	int rc = open_sealed(vault, ops, err);

	if (rc < 0 || dbbi_repo_can_read(vault->repo))
		return rc;
	dbbi_vault_close(vault);
	dbbi_error_set(err, DBB_EKEY,
	    "keys are not to be changed with the write-only key");
	dbbi_error_hint(err, "do it where the repository's passphrase is");
	return DBB_EKEY;
}

static int
new_result(dbbi_json **out, const char *action, const dbbi_vault *vault,
    dbb_error *err)
{
	dbbi_json *result = NULL;
	int rc;

	if ((rc = dbbi_result_new(&result, "key", err)) < 0)
		return rc;
	if ((rc = dbbi_result_text(result, "action", action, err)) < 0 ||
	    (rc = dbbi_result_text(result, "repository",
	    dbbi_store_url(vault->store), err)) < 0) {
		dbbi_json_free(result);
		return rc;
	}
	*out = result;
	return 0;
}

/* The result of what was done to the key, or to the file, of that name. */
static int
finish(dbbi_json **out, const char *action, const dbbi_vault *vault,
    const char *member, const char *name, dbb_error *err)
{
	dbbi_json *result = NULL;
	int rc;

	if ((rc = new_result(&result, action, vault, err)) < 0)
		return rc;
	if ((rc = dbbi_result_text(result, member, name, err)) < 0)
		dbbi_json_free(result);
	else
		*out = result;
	return rc;
}

/* ---- add ---- */

static int
refuse_passphrase(dbb_error *err)
{
	dbbi_error_set(err, DBB_EINVAL, "the new key needs a passphrase: "
	    "either itself or the file that holds it");
	dbbi_error_hint(err, "'dbb-backup key add NAME --new-password-file "
	    "FILE', or without that option on a terminal");
	return DBB_EINVAL;
}

static int
get_passphrase(char **out, const dbb_key_add_options *options,
    dbb_error *err)
{
	const char *text = options->passphrase;
	const char *file = options->passphrase_file;
	int rc;

	if ((text == NULL || *text == '\0') == (file == NULL))
		return refuse_passphrase(err);
	if (file != NULL) {
		rc = dbbi_secret_read(out, file, err);
		return dbbi_error_context(err, rc, "the new passphrase's "
		    "file '%s'", file);
	}
	*out = dbbi_text_dup(text);
	return *out != NULL ? 0 : dbbi_error_nomem(err);
}

int
dbbi_op_key_add(dbbi_json **out, dbbi_ops *ops, const char *name,
    const dbb_key_add_options *options, dbb_error *err)
{
	dbbi_vault vault = {0};
	char *passphrase = NULL;
	int rc;

	if ((rc = get_passphrase(&passphrase, options, err)) < 0 ||
	    (rc = open_owned(&vault, ops, err)) < 0)
		goto done;
	rc = dbbi_keyring_add(vault.store, name, dbbi_repo_id(vault.repo),
	    dbbi_repo_keys(vault.repo), passphrase, NULL, err);
	if (rc == 0)
		rc = finish(out, "add", &vault, "name", name, err);
done:
	dbbi_secret_free(passphrase);
	dbbi_vault_close(&vault);
	return rc;
}

/* ---- list ---- */

static int
describe(dbbi_json *keys, dbbi_json *damaged, const dbbi_vault *vault,
    const char *name, dbb_error *err)
{
	dbb_error why = {0};
	dbbi_key_form form;
	dbbi_json *entry;
	int rc;

	rc = dbbi_keyring_read(&form, vault->store, name, &why);
	if (rc == DBB_ENOTFOUND)
		return 0;	/* removed since it was listed */
	if (rc == 0 && strcmp(form.repository, dbbi_repo_id(vault->repo)) != 0)
		rc = dbbi_error_set(&why, DBB_EDAMAGED, "key '%s' is of "
		    "another repository", name);
	if (rc < 0 && rc != DBB_EDAMAGED && rc != DBB_EVERSION) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	if ((entry = dbbi_json_new_object()) == NULL)
		return dbbi_error_nomem(err);
	if (rc < 0) {
		rc = dbbi_json_set_string(entry, "name", name);
		if (rc == 0)
			rc = dbbi_json_set_string(entry, "error",
			    why.message);
		return dbbi_result_append(damaged, entry, rc, err);
	}
	if ((rc = dbbi_json_set_string(entry, "name", name)) == 0)
		rc = dbbi_json_set_string(entry, "created_at",
		    form.created_at);
	return dbbi_result_append(keys, entry, rc, err);
}

int
dbbi_op_key_list(dbbi_json **out, dbbi_ops *ops, dbb_error *err)
{
	dbbi_json *result = NULL, *keys, *damaged;
	dbbi_vault vault = {0};
	dbbi_list names = {0};
	size_t i;
	int rc;

	if ((rc = open_sealed(&vault, ops, err)) < 0)
		return rc;
	if ((rc = new_result(&result, "list", &vault, err)) < 0 ||
	    (rc = dbbi_result_array(&keys, result, "keys", err)) < 0 ||
	    (rc = dbbi_result_array(&damaged, result, "damaged", err)) < 0 ||
	    (rc = dbbi_keyring_names(&names, vault.store, err)) < 0)
		goto done;
	for (i = 0; rc == 0 && i < names.count; i++)
		rc = describe(keys, damaged, &vault, names.items[i], err);
	if (rc == 0) {
		rc = dbbi_json_count(damaged) > 0 ? DBB_FINDINGS : DBB_OK;
		*out = result;
		result = NULL;
	}
done:
	dbbi_json_free(result);
	dbbi_list_clear(&names);
	dbbi_vault_close(&vault);
	return rc;
}

/* ---- remove, export ---- */

int
dbbi_op_key_remove(dbbi_json **out, dbbi_ops *ops, const char *name,
    dbb_error *err)
{
	dbbi_vault vault = {0};
	int rc;

	if ((rc = open_owned(&vault, ops, err)) < 0)
		return rc;
	rc = dbbi_keyring_remove(vault.store, name, dbbi_repo_id(vault.repo),
	    err);
	if (rc == 0)
		rc = finish(out, "remove", &vault, "name", name, err);
	dbbi_vault_close(&vault);
	return rc;
}

int
dbbi_op_key_export(dbbi_json **out, dbbi_ops *ops, const char *path,
    dbb_error *err)
{
	dbbi_vault vault = {0};
	int rc;

	if ((rc = open_sealed(&vault, ops, err)) < 0)
		return rc;
	rc = dbbi_key_file_write(path, dbbi_repo_id(vault.repo),
	    dbbi_repo_keys(vault.repo), err);
	if (rc == 0)
		rc = finish(out, "export", &vault, "file", path, err);
	dbbi_vault_close(&vault);
	return rc;
}
