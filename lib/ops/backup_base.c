/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup_base: what each stream was before, so that what did not change is
 * not stored again. Heads of sets are enough to tell.
 */
#include <config.h>

#include "ops/backup.h"

#include <string.h>

/* How far back a stream is looked for; one that stands in none of these is
 * as good as new. */
#define SETS 64

/* The entry of a stream in a set's head; NULL: the set has none. */
static const dbbi_json *
find_stream(const dbbi_json *head, const struct backup_source *s,
    const char *name)
{
	const dbbi_json *source = dbbi_find_source(head, s->item.name);
	dbbi_json *streams = dbbi_json_array(source, "streams");
	const char *kind = dbbi_json_string(source, "kind");

	if (kind == NULL || strcmp(kind, s->item.driver->kind) != 0)
		return NULL;
	for (size_t i = 0; i < dbbi_json_count(streams); i++) {
		const dbbi_json *stream = dbbi_json_at(streams, i);
		const char *at = dbbi_json_string(stream, "name");

		if (at != NULL && strcmp(at, name) == 0)
			return stream;
	}
	return NULL;
}

/* A set that has lost packs serves only until an older one is found that has
 * not: from the same base the lost chunks are made just as they were. */
static void
adopt_base(struct backup_stream *stream, const dbbi_json *head, int whole)
{
	const struct backup_source *s = stream->owner;
	const dbbi_json *entry = find_stream(head, s,
	    s->source->streams[stream->i].name);
	dbbi_stream_ref ref;

	if (entry == NULL || stream->base_whole ||
	    (stream->has_base && !whole) ||
	    dbbi_stream_ref_get_place(&ref, entry, NULL) < 0)
		return;
	stream->base = ref;
	stream->has_base = 1;
	stream->base_whole = whole;
}

/* Is there a stream whose base may still be found? */
static int
adopt_bases(struct backup *b, const dbbi_json *head, int whole)
{
	int open = 0;

	for (size_t i = 0; i < b->plan->count; i++) {
		struct backup_source *s = &b->sources[i];

		for (size_t j = 0; s->rc == 0 && j < s->stream_count; j++) {
			adopt_base(&s->streams[j], head, whole);
			open |= !s->streams[j].base_whole;
		}
	}
	return open;
}

int
backup_bases_task(dbbi_task *task, dbb_error *err)
{
	struct backup *b = task->payload;
	dbbi_list ids = {0};
	int rc, open = 1, whole;

	if ((rc = dbbi_set_ids(&ids, b->vault.repo, err)) < 0)
		return rc;
	for (size_t n = 0; open && n < ids.count && n < SETS; n++) {
		const char *id = ids.items[ids.count - 1 - n];
		dbbi_json *head = NULL;
		dbb_error why = {0};

		if ((rc = dbbi_run_check(b->ops->run, err)) < 0)
			break;
		rc = dbbi_set_head(&head, &whole, b->vault.repo, id, &why);
		if (rc == DBB_EACCESS) {	/* and so it is of all */
			dbbi_log(b->ops->run, DBB_LOG_INFO, "%s: what was "
			    "stored before is not compared with", why.message);
			rc = 0;
			break;
		}
		if (rc < 0) {			/* verify tells of it */
			rc = 0;
			continue;
		}
		open = adopt_bases(b, head, whole);
		dbbi_json_free(head);
	}
	dbbi_list_clear(&ids);
	return rc;
}
