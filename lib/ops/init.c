/* SPDX-License-Identifier: BSD-2-Clause */
/* init: make the repository and the history table. */
#include <config.h>

#include "ops/ops.h"

#include "ops/ledger.h"
#include "ops/result.h"
#include "ops/select.h"
#include "ops/tasks.h"
#include "ops/unlock.h"
#include "repo/repo.h"

/* Make it, unless it is there, and open it; `*made` says which. */
static int
make_repository(dbbi_repo **out, int *made, dbbi_store *store, dbbi_ops *ops,
    dbb_error *err)
{
	dbbi_unlock unlock = {0};
	int rc;

	if ((rc = dbbi_unlock_fetch(&unlock, ops, err)) < 0)
		return rc;
	if (unlock.use.key_file == NULL)
		rc = dbbi_repo_create(store, unlock.passphrase, err);
	*made = unlock.use.key_file == NULL && rc == 0;
	if (rc == DBB_EEXIST)
		rc = 0;
	if (rc == 0)
		rc = dbbi_repo_open(out, store, &unlock.use, ops->run, err);
	if (rc == DBB_ENOREPO)
		dbbi_error_hint(err, "check the URL; a sealed repository is "
		    "made where its passphrase is, and not with 'key-file'");
	dbbi_unlock_clear(&unlock);
	return rc;
}

static int
tell_repository(dbbi_json *result, const dbbi_repo *repo,
    const dbbi_store *store, int made, dbb_error *err)
{
	dbbi_json *entry;
	int rc;

	if ((rc = dbbi_result_object(&entry, result, "repository", err)) < 0 ||
	    (rc = dbbi_result_text(entry, "url", dbbi_store_url(store),
	    err)) < 0 ||
	    (rc = dbbi_result_text(entry, "id", dbbi_repo_id(repo), err)) < 0)
		return rc;
	if (dbbi_json_set_bool(entry, "created", made) < 0 ||
	    dbbi_json_set_bool(entry, "sealed",
	    dbbi_repo_keys(repo) != NULL) < 0)
		return dbbi_error_nomem(err);
	return 0;
}

static int
init_repository(dbbi_json *result, dbbi_ops *ops, dbb_error *err)
{
	dbbi_store *store = NULL;
	dbbi_repo *repo = NULL;
	const char *url;
	int made, rc;

	if ((rc = dbbi_repository_url(&url, ops, err)) < 0 ||
	    (rc = dbbi_repository_store(&store, ops, DBB_STORE_CREATE,
	    err)) < 0)
		return rc;
	rc = make_repository(&repo, &made, store, ops, err);
	if (rc == 0)
		rc = tell_repository(result, repo, store, made, err);
	dbbi_repo_free(repo);
	dbbi_store_close(store);
	return dbbi_error_context(err, rc, "making the repository '%s'", url);
}

/* Make the table; what goes wrong with it is a warning, not a failure. */
static int
init_history(dbbi_json *result, dbbi_json *warnings, dbbi_ops *ops,
    dbb_error *err)
{
	dbbi_source_env env = { .config = ops->config, .run = ops->run };
	const dbbi_history_driver *driver = NULL;
	dbbi_history *history = NULL;
	dbb_error why = {0};
	dbbi_list names = {0};
	dbbi_json *entry;
	int created = 0, rc;

	rc = dbbi_ledger_keeper(&driver, &env, &names, err);
	if (rc <= 0)
		goto done;
	if ((rc = driver->open(&history, &env, &why)) == 0)
		rc = driver->create(&created, history, &why);
	if (rc == DBB_ECANCELED) {
		rc = dbbi_run_check(ops->run, err);
	} else if (rc < 0) {
		rc = dbbi_result_say(warnings, err, "the backup_history "
		    "table could not be made: %s", why.message);
	} else if ((rc = dbbi_result_object(&entry, result, "history",
	    err)) == 0) {
		rc = dbbi_result_text(entry, "database",
		    driver->database(history), err);
		if (rc == 0 && dbbi_json_set_bool(entry, "created",
		    created) < 0)
			rc = dbbi_error_nomem(err);
	}
	if (history != NULL)
		driver->close(history);
done:
	dbbi_list_clear(&names);
	return rc;
}

struct init {
	dbbi_ops *ops;
	dbbi_json *result;
	dbbi_json *warnings;
};

static int
init_task(dbbi_task *task, dbb_error *err)
{
	struct init *init = task->payload;
	int rc;

	rc = init_repository(init->result, init->ops, err);
	if (rc == 0)
		rc = init_history(init->result, init->warnings, init->ops,
		    err);
	return rc;
}

int
dbbi_op_init(dbbi_json **out, dbbi_ops *ops, dbb_error *err)
{
	struct init init = { .ops = ops };
	dbbi_meter meter;
	int rc;

	dbbi_meter_init(&meter, ops);
	if ((rc = dbbi_result_new(&init.result, "init", err)) < 0)
		return rc;
	if ((rc = dbbi_result_array(&init.warnings, init.result, "warnings",
	    err)) == 0)
		rc = dbbi_task_run(init_task, &init, &meter, err);
	if (rc == 0) {
		rc = dbbi_json_count(init.warnings) > 0 ? DBB_FINDINGS : 0;
		*out = init.result;
		return rc;
	}
	dbbi_json_free(init.result);
	return rc;
}
