/* SPDX-License-Identifier: BSD-2-Clause */
/* catalog: list the sets, and show one. */
#include <config.h>

#include "ops/ops.h"

#include <string.h>

#include "ops/result.h"
#include "ops/select.h"
#include "repo/proofs.h"

/* Heads tell where streams lie, for the next backup: not for people. */
static void
leave_streams_out(const dbbi_json *head)
{
	dbbi_json *sources = dbbi_json_array(head, "sources");

	for (size_t i = 0; i < dbbi_json_count(sources); i++)
		json_object_object_del(dbbi_json_at(sources, i), "streams");
}

/* Add one set to the list, or to the damaged ones. */
static int
list_one(dbbi_json *sets, dbbi_json *damaged, dbbi_repo *repo,
    const dbbi_proofs *proofs, const char *id, const char *source,
    dbb_error *err)
{
	dbb_error why = {0};
	dbbi_json *head = NULL, *entry;
	int64_t verified_at_ms = 0;
	int rc;

	rc = dbbi_set_read_verified(&head, &verified_at_ms, repo, proofs, id,
	    &why);
	if (rc == DBB_EDAMAGED || rc == DBB_EVERSION) {
		entry = dbbi_json_new_object();
		rc = dbbi_json_set_string(entry, "set", id);
		if (rc == 0)
			rc = dbbi_json_set_string(entry, "error", why.message);
		return dbbi_result_append(damaged, entry, rc, err);
	}
	if (rc < 0) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	if (source != NULL && dbbi_find_source(head, source) == NULL) {
		dbbi_json_free(head);
		return 0;
	}
	leave_streams_out(head);
	rc = dbbi_result_time_or_null(head, "verified", verified_at_ms, err);
	return dbbi_result_append(sets, head, rc, err);
}

/* An empty answer for a name that nobody knows is a slip, not an answer. */
static int
check_known(const dbbi_ops *ops, const char *source, dbb_error *err)
{
	const char *names[] = { source, NULL };
	dbbi_choices choices = {0};
	int rc;

	rc = dbbi_choose_sources(&choices, ops, names, err);
	dbbi_choices_clear(&choices);
	return rc;
}

int
dbbi_op_list(dbbi_json **out, dbbi_ops *ops, const char *source,
    dbb_error *err)
{
	dbbi_vault vault = {0};
	dbbi_list ids = {0};
	dbbi_json *result = NULL, *sets = NULL, *damaged = NULL, *at_work;
	dbbi_proofs *proofs = NULL;
	size_t i;
	int rc;

	if ((rc = dbbi_vault_open(&vault, ops, err)) < 0)
		return rc;
	if ((rc = dbbi_result_new(&result, "list", err)) < 0 ||
	    (rc = dbbi_result_text(result, "repository",
	    dbbi_store_url(vault.store), err)) < 0 ||
	    (rc = dbbi_result_array(&sets, result, "sets", err)) < 0 ||
	    (rc = dbbi_result_array(&damaged, result, "damaged", err)) < 0 ||
	    (rc = dbbi_proofs_load(&proofs, vault.repo, err)) < 0 ||
	    (rc = dbbi_set_ids(&ids, vault.repo, err)) < 0)
		goto done;
	for (i = 0; rc == 0 && i < ids.count; i++) {
		if ((rc = dbbi_run_check(ops->run, err)) == 0)
			rc = list_one(sets, damaged, vault.repo, proofs,
			    ids.items[i], source, err);
	}
	if (rc == 0 && source != NULL && dbbi_json_count(sets) == 0)
		rc = check_known(ops, source, err);
	if (rc == 0 &&
	    (rc = dbbi_leases_list(&at_work, vault.repo, err)) == 0 &&
	    dbbi_json_set(result, "at_work", at_work) < 0)
		rc = dbbi_error_nomem(err);
	if (rc == 0) {
		dbbi_result_sort_sets(sets);
		rc = dbbi_json_count(damaged) > 0 ? DBB_FINDINGS : DBB_OK;
		*out = result;
		result = NULL;
	}
done:
	dbbi_json_free(result);
	dbbi_proofs_free(proofs);
	dbbi_list_clear(&ids);
	dbbi_vault_close(&vault);
	return rc;
}

int
dbbi_op_show(dbbi_json **out, dbbi_ops *ops, const char *set,
    const char *const *sources, dbb_error *err)
{
	char id[DBBI_SET_ID_SIZE];
	dbbi_vault vault = {0};
	dbbi_json *head = NULL, *body = NULL;
	int rc;

	if ((rc = dbbi_vault_open(&vault, ops, err)) < 0)
		return rc;
	if ((rc = dbbi_choose_set(id, vault.repo, set, sources, err)) < 0 ||
	    (rc = dbbi_set_read(&head, &body, vault.repo, id, err)) < 0)
		goto done;
	if ((rc = dbbi_result_text(body, "type", "result", err)) < 0 ||
	    (rc = dbbi_result_text(body, "verb", "show", err)) < 0)
		goto done;
	*out = body;
	body = NULL;
done:
	dbbi_json_free(head);
	dbbi_json_free(body);
	dbbi_vault_close(&vault);
	return rc;
}
