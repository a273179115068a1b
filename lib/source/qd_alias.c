/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_alias: aliases, made, moved and removed. One action a request: Qdrant
 * leaves the first of two done when the second fails.
 */
#include <config.h>

#include "source/qd_target_private.h"

#include <string.h>

#include "source/qd_discover.h"

const char *
dbbi_qd_alias_behind(const dbbi_json *aliases, const char *alias)
{
	const dbbi_json *one;
	const char *name;
	size_t i;

	for (i = 0; i < dbbi_json_count(aliases); i++) {
		one = dbbi_json_at(aliases, i);
		name = dbbi_json_string(one, "alias_name");
		if (name != NULL && strcmp(name, alias) == 0)
			return dbbi_json_string(one, "collection_name");
	}
	return NULL;
}

/* {"actions":[{action:{"alias_name":…, "collection_name":…}}]} */
static dbbi_json *
one_action(const char *action, const char *alias, const char *collection)
{
	dbbi_json *body = dbbi_json_new_object();
	dbbi_json *list = dbbi_json_new_array();
	dbbi_json *outer = dbbi_json_new_object();
	dbbi_json *inner = dbbi_json_new_object();
	int rc;

	rc = dbbi_json_set_string(inner, "alias_name", alias);
	if (rc == 0 && collection != NULL)
		rc = dbbi_json_set_string(inner, "collection_name",
		    collection);
	if (dbbi_json_set(outer, action, inner) < 0)
		rc = DBB_ENOMEM;
	if (dbbi_json_append(list, outer) < 0)
		rc = DBB_ENOMEM;
	if (dbbi_json_set(body, "actions", list) < 0)
		rc = DBB_ENOMEM;
	if (rc == 0)
		return body;
	dbbi_json_free(body);
	return NULL;
}

static int
act(dbbi_qd *qd, const char *action, const char *alias,
    const char *collection, dbb_error *err)
{
	dbbi_json *body = one_action(action, alias, collection);
	int rc;

	rc = body == NULL ? dbbi_error_nomem(err) : dbbi_qd_ask(NULL, qd,
	    "POST", "/collections/aliases?timeout=60", body, err);
	dbbi_json_free(body);
	return rc;
}

int
dbbi_qd_alias_point(dbbi_qd *qd, const char *alias, const char *collection,
    dbb_error *err)
{
	int rc = act(qd, "create_alias", alias, collection, err);

	return dbbi_error_context(err, rc, "pointing alias '%s' at '%s'",
	    alias, collection);
}

int
dbbi_qd_alias_remove(dbbi_qd *qd, const char *alias, dbb_error *err)
{
	int rc = act(qd, "delete_alias", alias, NULL, err);

	return dbbi_error_context(err, rc, "removing alias '%s'", alias);
}

int
dbbi_qd_alias_move(dbbi_qd *qd, const char *from, const char *to,
    dbb_error *err)
{
	dbbi_json *all = NULL;
	const char *name, *behind;
	size_t i;
	int rc = dbbi_qd_discover_aliases(&all, qd, err);

	for (i = 0; rc == 0 && i < dbbi_json_count(all); i++) {
		name = dbbi_json_string(dbbi_json_at(all, i), "alias_name");
		behind = dbbi_json_string(dbbi_json_at(all, i),
		    "collection_name");
		if (name != NULL && behind != NULL && strcmp(behind, from) == 0)
			rc = dbbi_qd_alias_point(qd, name, to, err);
	}
	dbbi_json_free(all);
	return rc;
}
