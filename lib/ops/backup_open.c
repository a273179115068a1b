/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup_open: the repository and every source, opened side by side. What a
 * passphrase takes is one core's work for a tenth of a second, and servers
 * and tools are mostly waited for.
 */
#include <config.h>

#include "ops/backup.h"

#include <stdlib.h>

static int
prepare_sources(struct backup *b, dbb_error *err)
{
	size_t i;
	int rc = 0;

	b->sources = calloc(b->plan->count, sizeof(*b->sources));
	if (b->sources == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; rc == 0 && i < b->plan->count; i++)
		rc = backup_source_init(&b->sources[i], &b->plan->items[i],
		    b->ops, err);
	return rc;
}

/* Without a repository nobody waits for a server that does not answer. */
static int
open_vault_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;
	size_t i;
	int rc;

	rc = dbbi_vault_open(&b->vault, b->ops, err);
	for (i = 0; rc < 0 && i < b->plan->count; i++)
		dbbi_run_cancel(&b->sources[i].run);
	return rc;
}

/* The repository's failure is that of all, whatever else failed. */
static int
judge(struct backup *b, const dbbi_task *vault, const dbbi_task *sources,
    dbb_error *err)
{
	size_t i;

	if (vault->rc < 0) {
		if (err != NULL)
			*err = vault->err;
		return vault->rc;
	}
	for (i = 0; i < b->plan->count; i++)
		backup_source_failed(&b->sources[i], sources[i].rc,
		    &sources[i].err);
	return backup_survivors(b, err);
}

int
backup_open(struct backup *b, dbb_error *err)
{
	size_t i, count = b->plan->count;
	dbbi_task *tasks;
	int rc;

	if ((rc = prepare_sources(b, err)) < 0)
		return rc;
	if ((tasks = calloc(count + 1, sizeof(*tasks))) == NULL)
		return dbbi_error_nomem(err);
	tasks[0] = (dbbi_task){ .work = open_vault_task, .payload = b };
	for (i = 0; i < count; i++)
		tasks[i + 1] = (dbbi_task){ .work = backup_open_task,
		    .payload = &b->sources[i],
		    .source = b->sources[i].item.name };
	rc = dbbi_tasks_run(tasks, count + 1, BACKUP_TASKS_AT_ONCE + 1,
	    &b->meter, err);
	if (rc == 0)
		rc = judge(b, &tasks[0], tasks + 1, err);
	free(tasks);
	return rc;
}
