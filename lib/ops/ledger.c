/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/ledger.h"

#include <string.h>

#include "ops/result.h"
#include "source/source.h"

int
dbbi_ledger_keeper(const dbbi_history_driver **out, dbbi_source_env *env,
    dbbi_list *names, dbb_error *err)
{
	const char *const *kind;
	int rc;

	for (kind = dbbi_source_kinds(); *kind != NULL; kind++) {
		const dbbi_source_driver *driver = dbbi_source_find(*kind);

		if (driver == NULL || driver->history == NULL)
			continue;
		rc = dbbi_config_names(names, env->config, *kind, err);
		if (rc < 0)
			return rc;
		if (names->count == 0 && dbbi_config_get(env->config,
		    "history", NULL, "connection") == NULL)
			continue;
		env->kind = *kind;
		env->name = names->count > 0 ? names->items[0] : NULL;
		*out = driver->history;
		return 1;
	}
	return 0;
}

static void
warn(dbbi_json *warnings, const char *doing, const dbb_error *why)
{
	dbbi_result_say(warnings, NULL, "backup_history: %s: %s", doing,
	    why->message);
}

void
dbbi_ledger_open(dbbi_ledger *out, dbbi_ops *ops, dbbi_run *run,
    dbbi_json *warnings)
{
	dbbi_source_env env = { .config = ops->config, .run = run };
	dbb_error why = {0};
	dbbi_list names = {0};
	int there = 0, rc;

	memset(out, 0, sizeof(*out));
	rc = dbbi_ledger_keeper(&out->driver, &env, &names, &why);
	if (rc <= 0)
		goto done;
	if ((rc = out->driver->open(&out->history, &env, &why)) == 0)
		rc = out->driver->exists(&there, out->history, &why);
	if (rc < 0)
		warn(warnings, "connecting", &why);
	if (rc == 0 && !there)
		dbbi_log(ops->run, DBB_LOG_INFO, "there is no backup_history "
		    "table; 'dbb-backup init' makes it");
	if (rc < 0 || !there)
		dbbi_ledger_close(out);
done:
	dbbi_list_clear(&names);
}

void
dbbi_ledger_record(dbbi_ledger *ledger, const dbbi_history_row *row,
    dbbi_json *warnings)
{
	dbb_error why = {0};

	if (ledger->history == NULL)
		return;
	if (ledger->driver->record(ledger->history, row, &why) == 0)
		return;
	warn(warnings, "writing a row", &why);
	dbbi_ledger_close(ledger);
}

void
dbbi_ledger_settle(dbbi_ledger *ledger, const char *set, const char *status,
    dbbi_json *warnings)
{
	dbb_error why = {0};

	if (ledger->history != NULL && ledger->driver->settle(ledger->history,
	    set, status, &why) < 0)
		warn(warnings, "settling its rows", &why);
}

void
dbbi_ledger_close(dbbi_ledger *ledger)
{
	if (ledger->history != NULL)
		ledger->driver->close(ledger->history);
	ledger->history = NULL;
}
