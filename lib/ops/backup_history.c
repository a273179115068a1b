/* SPDX-License-Identifier: BSD-2-Clause */
/* backup_history: the rows of backup_history about one run. */
#include <config.h>

#include "ops/backup.h"

#include <string.h>

#include "util/bytes.h"

static int
open_ledger_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;

	(void)err;
	dbbi_ledger_open(&b->ledger, b->ops, &b->ledger_run, b->set.warnings);
	return 0;
}

int
backup_history_open(struct backup *b, int so_far, dbb_error *err)
{
	int rc;

	if (b->vault.repo == NULL || so_far == DBB_ECONNECT ||
	    so_far == DBB_EAUTH || so_far == DBB_ECANCELED)
		return 0;
	if ((rc = dbbi_run_init(&b->ledger_run, err)) < 0)
		return rc;
	b->ledger_run_ready = 1;
	return dbbi_task_run(open_ledger_task, b, &b->meter, err);
}

static void
record_set(struct backup *b, const char *status, const dbb_error *why)
{
	dbbi_history_row row = { .backup_id = b->set.id,
	    .backup_type = "full", .status = status,
	    .at_ms = b->set.started_at_ms, .size_bytes = b->set.size_bytes };

	if (why != NULL)
		row.error_message = why->message;
	dbbi_ledger_record(&b->ledger, &row, b->set.warnings);
}

/*
 * The checksum of a source's plain content: the SHA-256 of its only stream,
 * or over the streams' digests in their order.
 */
static void
source_checksum(char hex[DBBI_SHA256_HEX], const struct backup_source *s)
{
	uint8_t sum[DBBI_SHA256_SIZE] = {0};
	dbbi_sha256 *h = NULL;
	size_t i;

	if (s->stream_count == 1) {
		memcpy(sum, s->streams[0].ref.sha256, sizeof(sum));
	} else if (dbbi_sha256_new(&h, NULL) == 0) {
		for (i = 0; i < s->stream_count; i++)
			dbbi_sha256_add(h, s->streams[i].ref.sha256,
			    sizeof(sum), NULL);
		dbbi_sha256_end(sum, h, NULL);
	}
	dbbi_sha256_free(h);
	dbbi_hex_encode(hex, sum, sizeof(sum));
}

/* One row a source; `status` NULL: how each of them ended. */
static void
record_sources(struct backup *b, const char *status)
{
	char hex[DBBI_SHA256_HEX];
	size_t i;

	for (i = 0; i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];
		dbbi_history_row row = { .backup_id = b->set.id,
		    .backup_type = s->item.driver->kind, .status = status,
		    .at_ms = b->set.started_at_ms };

		if (status == NULL && s->rc < 0) {
			row.status = "failed";
			row.error_message = s->err.message;
		} else if (status == NULL) {
			row.status = "completed";
			row.size_bytes = backup_source_bytes(s);
			source_checksum(hex, s);
			row.checksum = hex;
		}
		dbbi_ledger_record(&b->ledger, &row, b->set.warnings);
	}
}

/* The source that a partial set lacks. */
static const struct backup_source *
first_failed(const struct backup *b)
{
	size_t i;

	for (i = 0; i < b->plan->count; i++)
		if (b->sources[i].rc < 0)
			return &b->sources[i];
	return NULL;
}

void
backup_history_end(struct backup *b, int rc, const dbb_error *why)
{
	const struct backup_source *missing;
	size_t i;

	if (b->ledger.history == NULL)
		return;
	for (i = 0; rc < 0 && i < b->plan->count; i++)
		backup_source_failed(&b->sources[i], rc, why);
	record_sources(b, NULL);
	if (rc < 0)
		record_set(b, "failed", why);
	else if ((missing = first_failed(b)) != NULL)
		record_set(b, "failed", &missing->err);
	else
		record_set(b, "completed", NULL);
}

void
backup_history_begin(struct backup *b)
{
	record_set(b, "running", NULL);
	record_sources(b, "running");
}

void
backup_history_close(struct backup *b)
{
	dbbi_ledger_close(&b->ledger);
	if (b->ledger_run_ready)
		dbbi_run_clear(&b->ledger_run);
	b->ledger_run_ready = 0;
}
