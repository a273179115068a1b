/* SPDX-License-Identifier: BSD-2-Clause */
/* config_check: can this configuration work? No server is asked. */
#include <config.h>

#include "ops/ops.h"

#include "ops/select.h"
#include "ops/unlock.h"

/* A repository that is not made yet is none to complain of. */
static int
check_repository(dbbi_ops *ops, dbb_error *err)
{
	dbbi_store *store = NULL;
	const char *url;
	int rc;

	if ((rc = dbbi_repository_url(&url, ops, err)) < 0)
		return rc;
	rc = dbbi_repository_store(&store, ops, DBB_STORE_OFFLINE, err);
	dbbi_store_close(store);
	if (rc != DBB_ENOTFOUND)
		return dbbi_error_context(err, rc, "[repository]");
	dbbi_error_clear(err);
	return 0;
}

/* Can the passphrase be had? Whether it is the right one only a repository
 * could say. */
static int
check_passphrase(dbbi_ops *ops, dbb_error *err)
{
	dbbi_unlock unlock = {0};
	int rc = dbbi_unlock_fetch(&unlock, ops, err);

	dbbi_unlock_clear(&unlock);
	return dbbi_error_context(err, rc, "[repository]");
}

int
dbbi_op_config_check(dbbi_ops *ops, dbb_error *err)
{
	dbbi_choices choices = {0};
	size_t i;
	int rc;

	if ((rc = check_repository(ops, err)) < 0 ||
	    (rc = check_passphrase(ops, err)) < 0 ||
	    (rc = dbbi_choose_sources(&choices, ops, NULL, err)) < 0)
		return rc;
	for (i = 0; rc == 0 && i < choices.count; i++) {
		dbbi_source_env env = { .config = ops->config,
		    .run = ops->run, .kind = choices.items[i].driver->kind,
		    .name = choices.items[i].name };

		rc = choices.items[i].driver->check_config(&env, err);
		dbbi_error_context(err, rc, "[%s \"%s\"]", env.kind,
		    env.name);
	}
	dbbi_choices_clear(&choices);
	return rc;
}
