/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger: the rows of backup_history, written as an operation goes. The
 * repository is the truth and the table a convenience, so nothing here fails
 * an operation: what goes wrong becomes a warning.
 *
 * A run writes rows only where `dbb-backup init` (or the user) made the
 * table: a backup does not make tables in a user's database unasked.
 */
#ifndef DBBI_LEDGER_H
#define DBBI_LEDGER_H

#include "ops/ops.h"
#include "source/history.h"

typedef struct dbbi_ledger {
	dbbi_history *history;		/* NULL: nobody keeps one */
	const dbbi_history_driver *driver;
} dbbi_ledger;

/* The source that keeps the history: the configured connection under
 * [history], or else the first source whose kind can. 0 when there is none.
 * `env` is to be filled with config and run by the caller. */
int dbbi_ledger_keeper(const dbbi_history_driver **out, dbbi_source_env *env,
    dbbi_list *names, dbb_error *err);

/* Connect, where there is a table. Always leaves a usable `out`. */
void dbbi_ledger_open(dbbi_ledger *out, dbbi_ops *ops, dbbi_run *run,
    dbbi_json *warnings);

/* Write one row. */
void dbbi_ledger_record(dbbi_ledger *ledger, const dbbi_history_row *row,
    dbbi_json *warnings);

/* As dbbi_history_driver.settle. */
void dbbi_ledger_settle(dbbi_ledger *ledger, const char *set,
    const char *status, dbbi_json *warnings);

void dbbi_ledger_close(dbbi_ledger *ledger);

#endif
