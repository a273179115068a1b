/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_discover.h"

#include <stdlib.h>
#include <string.h>

/* Ask, where `path` is made of one text; NULL: out of memory. */
static int
get(dbbi_json **result, dbbi_qd *qd, char *path, dbb_error *err)
{
	int rc = path == NULL ? dbbi_error_nomem(err) :
	    dbbi_qd_ask(result, qd, "GET", path, NULL, err);

	free(path);
	return rc;
}

/* ---- the node ---- */

/* A token for single collections may not know. */
static int
is_forbidden(int rc)
{
	return rc == DBB_EACCESS || rc == DBB_ENOTFOUND;
}

static int
get_unless_forbidden(dbbi_json **result, dbbi_qd *qd, const char *path,
    dbb_error *err)
{
	dbb_error why = {0};
	int rc = dbbi_qd_ask(result, qd, "GET", path, NULL, &why);

	if (is_forbidden(rc))
		return DBB_OK;
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

static int
refuse_recovery(const dbbi_qd *qd, dbb_error *err)
{
	dbbi_error_set(err, DBB_ESOURCE, "'%s': the server is in recovery "
	    "mode: it shows its collections and gives no data",
	    dbbi_qd_address(qd));
	dbbi_error_hint(err, "see its log for why, and start it without "
	    "QDRANT_ALLOW_RECOVERY_MODE when that is put right");
	return DBB_ESOURCE;
}

static int
check_recovery(dbbi_qd *qd, dbb_error *err)
{
	dbbi_http_response metrics;
	dbb_error why = {0};
	int rc, yes;

	rc = dbbi_qd_ask_text(&metrics, qd, "GET", "/metrics", NULL, &why);
	if (is_forbidden(rc))
		return DBB_OK;
	if (rc < 0) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	yes = strstr(metrics.body, "app_status_recovery_mode 1") != NULL;
	dbbi_http_response_clear(&metrics);
	return yes ? refuse_recovery(qd, err) : DBB_OK;
}

static int
check_consensus(const dbbi_json *cluster, dbbi_qd *qd, dbb_error *err)
{
	const dbbi_json *thread = dbbi_json_object(cluster,
	    "consensus_thread_status");
	const char *status = dbbi_json_string(thread,
	    "consensus_thread_status");
	const char *why = dbbi_json_string(thread, "err");

	if (status == NULL || strcmp(status, "working") == 0)
		return DBB_OK;
	dbbi_error_set(err, DBB_ESOURCE, "'%s': the cluster's consensus does "
	    "not work: it is '%.64s' (%.400s)", dbbi_qd_address(qd), status,
	    why != NULL ? why : "no reason given");
	dbbi_error_hint(err, "nodes may know of different things by now: see "
	    "the servers' logs, and put the cluster right before a backup");
	return DBB_ESOURCE;
}

static dbbi_json *
new_status(const char *status)
{
	dbbi_json *object = dbbi_json_new_object();

	if (dbbi_json_set_string(object, "status", status) == 0)
		return object;
	dbbi_json_free(object);
	return NULL;
}

int
dbbi_qd_discover_node(dbbi_json **cluster, dbbi_qd *qd, dbb_error *err)
{
	dbbi_json *found = NULL;
	int rc;

	if ((rc = check_recovery(qd, err)) < 0 ||
	    (rc = get_unless_forbidden(&found, qd, "/cluster", err)) < 0)
		return rc;
	if (found == NULL && (found = new_status("unknown")) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = check_consensus(found, qd, err)) < 0)
		dbbi_json_free(found);
	else
		*cluster = found;
	return rc;
}

size_t
dbbi_qd_discover_peers(const dbbi_json *cluster)
{
	const dbbi_json *peers = dbbi_json_object(cluster, "peers");
	size_t n = peers == NULL ? 0 :
	    (size_t)json_object_object_length(peers);

	return n > 0 ? n : 1;
}

/* ---- which collections there are ---- */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_collection(dbbi_list *out, const char *name, dbb_error *err)
{
	if (!dbbi_qd_is_name(name))
		return dbbi_error_set(err, DBB_EUNSUPPORTED, "the server lists "
		    "a collection whose name cannot be one: '%.300s'",
		    name != NULL ? name : "");
	return dbbi_list_add(out, name, err);
}

static int
list_collections(dbbi_list *out, dbbi_qd *qd, dbb_error *err)
{
	dbbi_json *result = NULL, *all;
	size_t i;
	int rc;

	rc = dbbi_qd_ask(&result, qd, "GET", "/collections", NULL, err);
	all = dbbi_json_array(result, "collections");
	if (rc == 0 && all == NULL)
		rc = dbbi_error_set(err, DBB_ESOURCE, "the server gave no list "
		    "of collections");
	for (i = 0; rc == 0 && i < dbbi_json_count(all); i++)
		rc = add_collection(out, dbbi_json_string(
		    dbbi_json_at(all, i), "name"), err);
	dbbi_json_free(result);
	if (rc == 0 && out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items),
		    compare_texts);
	return dbbi_error_context(err, rc, "listing the collections");
}

/* The collection that is meant by an alias, into `out` and true; a list that
 * cannot be had answers nothing. */
static int
find_alias(char **out, dbbi_qd *qd, const char *alias)
{
	dbbi_json *aliases = NULL;
	const char *name, *to;
	size_t i;

	*out = NULL;
	if (dbbi_qd_discover_aliases(&aliases, qd, NULL) < 0)
		return 0;
	for (i = 0; *out == NULL && i < dbbi_json_count(aliases); i++) {
		name = dbbi_json_string(dbbi_json_at(aliases, i),
		    "alias_name");
		to = dbbi_json_string(dbbi_json_at(aliases, i),
		    "collection_name");
		if (name != NULL && to != NULL && strcmp(name, alias) == 0)
			*out = dbbi_text_dup(to);
	}
	dbbi_json_free(aliases);
	return *out != NULL;
}

static int
refuse_missing(dbbi_qd *qd, const char *name, dbb_error *err)
{
	char *collection;

	dbbi_error_set(err, DBB_ENOTFOUND, "there is no collection '%s' on the "
	    "server", name);
	if (find_alias(&collection, qd, name))
		dbbi_error_hint(err, "'%s' is an alias: back up the collection "
		    "'%s' behind it, whose aliases are kept with it", name,
		    collection);
	else
		dbbi_error_hint(err, "see which there are at %s/collections, "
		    "and look at 'collections' in the configuration; a token "
		    "for single collections sees no others",
		    dbbi_qd_address(qd));
	free(collection);
	return DBB_ENOTFOUND;
}

/* Everything that is named must be there. */
static int
check_named(dbbi_qd *qd, const dbbi_list *patterns, const dbbi_list *there,
    dbb_error *err)
{
	size_t i;

	for (i = 0; i < patterns->count; i++) {
		const char *name = patterns->items[i];

		if (*name != '!' && !dbbi_qd_is_pattern(name) &&
		    !dbbi_list_has(there, name))
			return refuse_missing(qd, name, err);
	}
	return DBB_OK;
}

static int
refuse_none(const dbbi_list *there, dbb_error *err)
{
	if (there->count == 0) {
		dbbi_error_set(err, DBB_ENOTFOUND, "there is no collection on "
		    "the server");
		dbbi_error_hint(err, "is it the right server? a token for "
		    "single collections sees no others");
	} else {
		dbbi_error_set(err, DBB_ENOTFOUND, "none of the %zu "
		    "collections on the server is wanted", there->count);
		dbbi_error_hint(err, "look at 'collections' in the "
		    "configuration");
	}
	return DBB_ENOTFOUND;
}

int
dbbi_qd_discover_collections(dbbi_list *out, dbbi_qd *qd,
    const dbbi_list *patterns, dbb_error *err)
{
	dbbi_list there = {0}, wanted = {0};
	size_t i;
	int rc;

	if ((rc = list_collections(&there, qd, err)) == 0)
		rc = check_named(qd, patterns, &there, err);
	for (i = 0; rc == 0 && i < there.count; i++)
		if (dbbi_qd_is_wanted(patterns, there.items[i]))
			rc = dbbi_list_add(&wanted, there.items[i], err);
	if (rc == 0 && wanted.count == 0)
		rc = refuse_none(&there, err);
	dbbi_list_clear(&there);
	if (rc < 0)
		dbbi_list_clear(&wanted);
	else
		*out = wanted;
	return rc;
}

int
dbbi_qd_discover_aliases(dbbi_json **out, dbbi_qd *qd, dbb_error *err)
{
	dbbi_json *result = NULL, *aliases;
	int rc = dbbi_qd_ask(&result, qd, "GET", "/aliases", NULL, err);

	aliases = dbbi_json_array(result, "aliases");
	if (rc == 0 && aliases == NULL)
		rc = dbbi_error_set(err, DBB_ESOURCE, "the server gave no list "
		    "of aliases");
	if (rc == 0)
		*out = json_object_get(aliases);
	dbbi_json_free(result);
	return dbbi_error_context(err, rc, "listing the aliases");
}

/* ---- one collection ---- */

static int
refuse_red(const dbbi_json *info, dbb_error *err)
{
	const char *why = dbbi_json_string(dbbi_json_object(info,
	    "optimizer_status"), "error");

	dbbi_error_set(err, DBB_ESOURCE, "it is red: an operation on it failed "
	    "(%.600s)", why != NULL ? why : "the server does not say why");
	dbbi_error_hint(err, "what it gives may not be whole: see the server's "
	    "log, put it right, or leave it out with '!NAME' in "
	    "'collections'");
	return DBB_ESOURCE;
}

static int
get_info(dbbi_json **info, dbbi_qd *qd, const char *collection,
    dbb_error *err)
{
	const char *status;
	int rc;

	rc = get(info, qd, dbbi_qd_path("/collections/%s", collection), err);
	if (rc < 0)
		return rc;
	status = dbbi_json_string(*info, "status");
	if (status == NULL || dbbi_json_object(*info, "config") == NULL)
		return dbbi_error_set(err, DBB_ESOURCE, "the server's answer "
		    "lacks its status or its configuration");
	return strcmp(status, "red") == 0 ? refuse_red(*info, err) : DBB_OK;
}

static int
get_shard_keys(dbbi_json **keys, dbbi_qd *qd, const char *collection,
    const dbbi_json *info, dbb_error *err)
{
	const char *method = dbbi_json_string(dbbi_json_object(
	    dbbi_json_object(info, "config"), "params"), "sharding_method");
	dbbi_json *result = NULL, *found = NULL;
	int rc = DBB_OK;

	if (method != NULL && strcmp(method, "custom") == 0)
		rc = get(&result, qd, dbbi_qd_path("/collections/%s/shards",
		    collection), err);
	found = dbbi_json_array(result, "shard_keys");
	*keys = found != NULL ? json_object_get(found) :
	    dbbi_json_new_array();
	dbbi_json_free(result);
	return rc == 0 && *keys == NULL ? dbbi_error_nomem(err) : rc;
}

int
dbbi_qd_discover_collection(dbbi_json **out, dbbi_qd *qd,
    const char *collection, dbb_error *err)
{
	dbbi_json *found = dbbi_json_new_object();
	dbbi_json *info = NULL, *shards = NULL, *keys = NULL;
	int rc;

	if ((rc = get_info(&info, qd, collection, err)) < 0 ||
	    (rc = get(&shards, qd, dbbi_qd_path("/collections/%s/cluster",
	    collection), err)) < 0 ||
	    (rc = get_shard_keys(&keys, qd, collection, info, err)) < 0)
		goto done;
	if (dbbi_json_set(found, "info", json_object_get(info)) < 0 ||
	    dbbi_json_set(found, "shards", json_object_get(shards)) < 0 ||
	    dbbi_json_set(found, "shard_keys", json_object_get(keys)) < 0) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	*out = found;
	found = NULL;
done:
	dbbi_json_free(found);
	dbbi_json_free(info);
	dbbi_json_free(shards);
	dbbi_json_free(keys);
	return dbbi_error_context(err, rc, "collection '%s'", collection);
}
