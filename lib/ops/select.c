/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/select.h"

#include <stdlib.h>
#include <string.h>

#include "ops/unlock.h"
#include "util/clock.h"

int
dbbi_repository_url(const char **out, const dbbi_ops *ops, dbb_error *err)
{
	const char *url = dbbi_config_get(ops->config, "repository", NULL,
	    "url");

	if (url == NULL || *url == '\0') {
		dbbi_error_set(err, DBB_ECONFIG,
		    "no repository is configured");
		dbbi_error_hint(err, "write 'url = file:///var/lib/dbbackup' "
		    "under [repository] in dbbackup.conf, or set "
		    "DBB_REPOSITORY_URL");
		return DBB_ECONFIG;
	}
	*out = url;
	return 0;
}

int
dbbi_repository_store(dbbi_store **out, const dbbi_ops *ops, uint32_t flags,
    dbb_error *err)
{
	dbbi_list settings = {0};
	const char *url;
	int rc;

	if ((rc = dbbi_repository_url(&url, ops, err)) < 0 ||
	    (rc = dbbi_config_settings(&settings, ops->config, err)) < 0)
		return rc;
	rc = dbbi_store_settings_sift(&settings, ops->stores, url, ops->run,
	    err);
	if (rc == 0)
		rc = dbbi_store_open_with(out, ops->stores, url, flags,
		    (const char *const *)settings.items, ops->run, err);
	dbbi_config_settings_clear(&settings);
	return rc;
}

static int
open_repository(dbbi_vault *vault, dbbi_ops *ops, dbb_error *err)
{
	dbbi_unlock unlock = {0};
	int rc;

	if ((rc = dbbi_unlock_fetch(&unlock, ops, err)) == 0)
		rc = dbbi_repo_open(&vault->repo, vault->store, &unlock.use,
		    ops->run, err);
	dbbi_unlock_clear(&unlock);
	return rc;
}

/* The folder or bucket itself is missing. */
static int
refuse_absent(const char *url, dbb_error *err)
{
	int bucket = strncmp(url, "file:", strlen("file:")) != 0;

	dbbi_error_set(err, DBB_ENOREPO, "no repository at '%s': there is no "
	    "such %s", url, bucket ? "bucket" : "folder");
	dbbi_error_hint(err, "make it with 'dbb-backup init', or put the "
	    "right url under [repository]%s", bucket ? "; some servers say "
	    "so of a key that they do not know, too" : "; if it lies on "
	    "a disk that is mounted, look whether it is");
	return DBB_ENOREPO;
}

int
dbbi_vault_open(dbbi_vault *out, dbbi_ops *ops, dbb_error *err)
{
	dbbi_vault v = {0};
	const char *url;
	int rc;

	if ((rc = dbbi_repository_url(&url, ops, err)) < 0)
		return rc;
	rc = dbbi_repository_store(&v.store, ops, 0, err);
	if (rc == DBB_ENOTFOUND)
		return refuse_absent(url, err);
	if (rc < 0)
		return rc;
	if ((rc = open_repository(&v, ops, err)) < 0) {
		dbbi_store_close(v.store);
		return dbbi_error_context(err, rc,
		    "opening the repository '%s'", url);
	}
	*out = v;
	return 0;
}

void
dbbi_vault_work(dbbi_vault *vault, const char *verb)
{
	vault->lease = dbbi_lease_take(vault->repo, verb);
}

void
dbbi_vault_close(dbbi_vault *vault)
{
	dbbi_lease_end(vault->lease);
	dbbi_repo_free(vault->repo);
	dbbi_store_close(vault->store);
	memset(vault, 0, sizeof(*vault));
}

/* Add one source, unless it is there. */
static int
add_choice(dbbi_choices *c, const dbbi_source_driver *driver,
    const char *name, dbb_error *err)
{
	dbbi_choice *items;
	size_t i;

	for (i = 0; i < c->count; i++)
		if (strcmp(c->items[i].name, name) == 0)
			return c->items[i].driver == driver ? 0 :
			    dbbi_error_set(err, DBB_ECONFIG,
			    "two sources are named '%s'", name);
	items = realloc(c->items, (c->count + 1) * sizeof(*items));
	if (items == NULL)
		return dbbi_error_nomem(err);
	c->items = items;
	if ((items[c->count].name = dbbi_text_dup(name)) == NULL)
		return dbbi_error_nomem(err);
	items[c->count++].driver = driver;
	return 0;
}

static int
is_wanted(const char *const *names, const char *name)
{
	if (names == NULL)
		return 1;
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

/* Add those sources of one kind that are wanted; note all names there are. */
static int
choose_of_kind(dbbi_choices *c, dbbi_list *known, const dbbi_ops *ops,
    const char *kind, const char *const *names, dbb_error *err)
{
	dbbi_list found = {0};
	size_t i;
	int rc;

	rc = dbbi_config_names(&found, ops->config, kind, err);
	for (i = 0; rc == 0 && i < found.count; i++) {
		rc = dbbi_list_add(known, found.items[i], err);
		if (rc == 0 && is_wanted(names, found.items[i]))
			rc = add_choice(c, dbbi_source_find(kind),
			    found.items[i], err);
	}
	dbbi_list_clear(&found);
	return rc;
}

/* Every name that was asked for must have been found. */
static int
check_names(const char *const *names, const dbbi_list *known, dbb_error *err)
{
	const char *near;

	for (; names != NULL && *names != NULL; names++) {
		if (dbbi_list_has(known, *names))
			continue;
		dbbi_error_set(err, DBB_ENOTFOUND,
		    "no source named '%s' is configured", *names);
		near = known->count > 0 ? dbbi_nearest(*names,
		    (const char *const *)known->items) : NULL;
		if (near != NULL)
			dbbi_error_hint(err, "did you mean '%s'?", near);
		else
			dbbi_error_hint(err, "'dbb-backup config show' lists "
			    "the sources");
		return DBB_ENOTFOUND;
	}
	return 0;
}

int
dbbi_choose_sources(dbbi_choices *out, const dbbi_ops *ops,
    const char *const *names, dbb_error *err)
{
	const char *const *kind;
	dbbi_choices c = {0};
	dbbi_list known = {0};
	int rc = 0;

	for (kind = dbbi_source_kinds(); rc == 0 && *kind != NULL; kind++)
		rc = choose_of_kind(&c, &known, ops, *kind, names, err);
	if (rc == 0)
		rc = check_names(names, &known, err);
	if (rc == 0 && c.count == 0) {
		rc = dbbi_error_set(err, DBB_ECONFIG,
		    "no database to back up is configured");
		dbbi_error_hint(err, "write a [postgres \"main\"] section with "
		    "'connection = …' into dbbackup.conf, or [qdrant \"main\"] "
		    "with 'url = …', or set PGHOST, POSTGRES_HOST or "
		    "QDRANT_URL");
	}
	dbbi_list_clear(&known);
	if (rc < 0)
		dbbi_choices_clear(&c);
	else
		*out = c;
	return rc;
}

void
dbbi_choices_clear(dbbi_choices *choices)
{
	size_t i;

	for (i = 0; i < choices->count; i++)
		free(choices->items[i].name);
	free(choices->items);
	memset(choices, 0, sizeof(*choices));
}

dbbi_json *
dbbi_find_source(const dbbi_json *document, const char *name)
{
	dbbi_json *sources = dbbi_json_array(document, "sources");
	size_t i;

	for (i = 0; i < dbbi_json_count(sources); i++) {
		dbbi_json *source = dbbi_json_at(sources, i);
		const char *at = dbbi_json_string(source, "name");

		if (at != NULL && strcmp(at, name) == 0)
			return source;
	}
	return NULL;
}

/* Is this head a completed set that holds all of `sources`, and no safety
 * set? */
static int
serves(const dbbi_json *head, const char *const *sources)
{
	const char *status = dbbi_json_string(head, "status");

	if (status == NULL || strcmp(status, "completed") != 0 ||
	    dbbi_json_string(dbbi_json_object(head, "labels"),
	    DBBI_SAFETY_LABEL) != NULL)
		return 0;
	for (; sources != NULL && *sources != NULL; sources++)
		if (dbbi_find_source(head, *sources) == NULL)
			return 0;
	return 1;
}

/* Did this set begin after `began`? Then that is its time from now on. */
static int
is_later(char began[DBBI_TIME_SIZE], const dbbi_json *head)
{
	const char *at = dbbi_json_string(head, "started_at");

	if (at == NULL || strlen(at) >= DBBI_TIME_SIZE ||
	    strcmp(at, began) <= 0)
		return 0;
	memcpy(began, at, strlen(at) + 1);
	return 1;
}

/* The newest that serves. A damaged one is passed over only by name: silently
 * restoring an older set than the user believes would be worse than to stop. */
static int
choose_latest(char out[DBBI_SET_ID_SIZE], dbbi_repo *repo,
    const dbbi_list *ids, const char *const *sources, dbb_error *err)
{
	char began[DBBI_TIME_SIZE] = "";
	size_t i;

	for (i = ids->count; i-- > 0; ) {
		dbbi_json *head = NULL;
		int rc;

		/* Ids of one second are in no order: look at all of them. */
		if (*began != '\0' && strncmp(out, ids->items[i],
		    strcspn(out, "-")) != 0)
			break;

		rc = dbbi_set_read(&head, NULL, repo, ids->items[i], err);
		if (rc < 0) {
			if (rc != DBB_EACCESS)
				dbbi_error_hint(err, "'dbb-restore list' shows "
				    "the other sets: name one of them instead "
				    "of 'latest'");
			return dbbi_error_context(err, rc,
			    "looking for the latest set");
		}
		if (serves(head, sources) && is_later(began, head))
			memcpy(out, ids->items[i], strlen(ids->items[i]) + 1);
		dbbi_json_free(head);
	}
	if (*began != '\0')
		return 0;
	if (sources != NULL && *sources != NULL)
		dbbi_error_set(err, DBB_ENOTFOUND, "no completed set holds "
		    "source '%s'%s", *sources, sources[1] != NULL ?
		    " and the others that were named" : "");
	else
		dbbi_error_set(err, DBB_ENOTFOUND, "there is no completed set "
		    "in the repository");
	dbbi_error_hint(err, "'dbb-restore list' shows what there is; "
	    "'dbb-backup run' makes a set");
	return DBB_ENOTFOUND;
}

/* Say which sets a beginning fits. */
static int
say_ambiguous(const char *beginning, const dbbi_list *fits, dbb_error *err)
{
	char names[512] = "";
	size_t at = 0, i;

	for (i = 0; i < fits->count && i < 8; i++) {
		size_t n = strlen(fits->items[i]);

		if (at + n + 3 > sizeof(names))
			break;
		if (i > 0) {
			memcpy(names + at, ", ", 2);
			at += 2;
		}
		memcpy(names + at, fits->items[i], n + 1);
		at += n;
	}
	dbbi_error_set(err, DBB_EINVAL, "'%s' fits %zu sets: %s%s", beginning,
	    fits->count, names, fits->count > 8 ? ", …" : "");
	dbbi_error_hint(err, "give more of the set's id");
	return DBB_EINVAL;
}

int
dbbi_choose_set(char out[DBBI_SET_ID_SIZE], dbbi_repo *repo,
    const char *beginning, const char *const *sources, dbb_error *err)
{
	dbbi_list ids = {0}, fits = {0};
	size_t i;
	int rc;

	if ((rc = dbbi_set_ids(&ids, repo, err)) < 0)
		goto done;
	if (beginning == NULL || strcmp(beginning, "latest") == 0) {
		rc = choose_latest(out, repo, &ids, sources, err);
		goto done;
	}
	for (i = 0; rc == 0 && i < ids.count; i++)
		if (*beginning != '\0' && strncmp(ids.items[i], beginning,
		    strlen(beginning)) == 0)
			rc = dbbi_list_add(&fits, ids.items[i], err);
	if (rc < 0)
		goto done;
	if (fits.count == 1) {
		memcpy(out, fits.items[0], strlen(fits.items[0]) + 1);
	} else if (fits.count > 1) {
		rc = say_ambiguous(beginning, &fits, err);
	} else {
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "no set's id begins with '%s'", beginning);
		dbbi_error_hint(err, "'dbb-restore list' shows the sets");
	}
done:
	dbbi_list_clear(&ids);
	dbbi_list_clear(&fits);
	return rc;
}
