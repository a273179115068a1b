/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup_commit: the manifest. Once it is written the set exists, and nothing
 * may fail the run any more.
 */
#include <config.h>

#include "ops/backup.h"

#include "ops/result.h"
#include "util/clock.h"

/* A source that shrank to less than half is worth a word: an emptied
 * database backs up without any error. */
static int
compare_with_last(struct backup *b, struct backup_source *s, dbb_error *err)
{
	const char *names[] = { s->item.name, NULL };
	char last[DBBI_SET_ID_SIZE];
	dbbi_json *head = NULL;
	uint64_t before = 0, now = backup_source_bytes(s);

	if (dbbi_choose_set(last, b->vault.repo, NULL, names, NULL) < 0 ||
	    dbbi_set_read(&head, NULL, b->vault.repo, last, NULL) < 0)
		return 0;
	if (dbbi_json_u64(&before, dbbi_find_source(head, s->item.name),
	    "size_bytes") < 0)
		before = 0;
	dbbi_json_free(head);
	if (now >= before / 2)
		return 0;
	return dbbi_result_say(s->warnings, err, "it gave %llu bytes, less "
	    "than half of the %llu in set %s: is something missing?",
	    (unsigned long long)now, (unsigned long long)before, last);
}

/* The set exists by now, so this is no place to fail. */
static void
warn_of_locks(struct backup *b, const dbbi_protection *locks)
{
	if (locks->failed == 0)
		return;
	if (dbbi_result_say(b->set.warnings, NULL, "of the %u older objects "
	    "that this set needs %u could not be locked for as long as the "
	    "set itself: %s", locks->count, locks->failed,
	    locks->why.message) < 0)
		b->unsaid = 1;
}

/* What the manifest says, and what the caller is told: he could not be told
 * any more that there is no memory for it once the set exists. */
static int
describe(dbbi_json **head, dbbi_json **body, struct backup *b,
    dbb_error *err)
{
	int rc;

	if ((rc = backup_document(head, &b->set, b->sources, b->plan->count,
	    BACKUP_HEAD, err)) < 0 ||
	    (rc = backup_document(body, &b->set, b->sources, b->plan->count,
	    BACKUP_BODY, err)) < 0)
		return rc;
	b->told = dbbi_json_count(b->set.warnings);
	return backup_document(&b->result, &b->set, b->sources,
	    b->plan->count, BACKUP_RESULT, err);
}

void
backup_tell_late(struct backup *b)
{
	dbbi_json *warnings = dbbi_json_array(b->result, "warnings");

	for (size_t i = b->told; warnings != NULL &&
	    i < dbbi_json_count(b->set.warnings); i++)
		if (dbbi_json_append(warnings, json_object_get(dbbi_json_at(
		    b->set.warnings, i))) < 0)
			b->unsaid = 1;
}

int
backup_commit_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;
	dbbi_json *head = NULL, *body = NULL;
	dbbi_protection locks = {0};
	dbbi_writer_stats stats;
	size_t i;
	int rc = 0;

	dbbi_repo_writer_stats(&stats, b->writer);
	b->set.stored_bytes = stats.stored_bytes;
	b->set.finished_at_ms = dbbi_now_ms();
	b->set.status = "completed";
	for (i = 0; rc == 0 && i < b->plan->count; i++) {
		if (b->sources[i].rc < 0) {
			b->set.status = "partial";
			continue;
		}
		b->set.size_bytes += backup_source_bytes(&b->sources[i]);
		rc = compare_with_last(b, &b->sources[i], err);
	}
	if (rc < 0 || (rc = dbbi_run_check(b->ops->run, err)) < 0)
		return rc;
	if ((rc = describe(&head, &body, b, err)) == 0)
		rc = dbbi_set_write_protected(&locks, b->vault.repo,
		    b->set.id, head, body, err);
	if (rc == 0)
		warn_of_locks(b, &locks);
	dbbi_json_free(head);
	dbbi_json_free(body);
	return rc;
}
