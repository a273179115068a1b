/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ground.h"

int
ground_sets(dbbi_list *out, struct ground *g, dbb_error *err)
{
	dbbi_repo *repo = NULL;
	int rc;

	if ((rc = ground_open(&repo, g, err)) == 0)
		rc = dbbi_set_ids(out, repo, err);
	dbbi_repo_free(repo);
	return rc;
}

static int
read_stream(dbbi_repo *repo, const dbbi_json *stream,
    const struct fault_bytes *bytes, dbb_error *err)
{
	dbbi_reader *in = NULL;
	dbbi_stream_ref ref;
	int rc;

	if ((rc = dbbi_stream_ref_get(&ref, stream, err)) < 0 ||
	    (rc = dbbi_repo_read_stream(&in, repo, &ref, 1, err)) < 0)
		return rc;
	rc = fault_bytes_compare(bytes, in, err);
	dbbi_reader_free(in);
	return rc;
}

int
ground_read_set(struct ground *g, dbbi_repo *repo, const char *id,
    dbb_error *err)
{
	dbbi_json *head = NULL, *body = NULL, *streams;
	struct fault_bytes bytes;
	uint64_t generation = 0;
	int rc;

	if ((rc = dbbi_set_read(&head, &body, repo, id, err)) < 0)
		goto done;
	if (dbbi_json_u64(&generation, head, "generation") < 0)
		rc = dbbi_error_set(err, DBB_EINTERNAL,
		    "a head was read that nobody wrote");
	streams = dbbi_json_array(dbbi_json_at(dbbi_json_array(body,
	    "sources"), 0), "streams");
	for (uint32_t i = 0; rc == 0 && i < GROUND_STREAMS; i++) {
		bytes = (struct fault_bytes){ (uint32_t)generation, i,
		    g->sizes[i] };
		rc = read_stream(repo, dbbi_json_at(streams, i), &bytes, err);
	}
done:
	dbbi_json_free(head);
	dbbi_json_free(body);
	return dbbi_error_context(err, rc, "set '%s'", id);
}

int
ground_read_all(struct ground *g, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	dbbi_repo *repo = NULL;
	int rc, last;

	rc = last = ground_open(&repo, g, err);
	if (rc == 0)
		rc = last = dbbi_set_ids(&ids, repo, err);
	for (size_t i = 0; rc != DBB_EINTERNAL && i < ids.count; i++)
		if ((rc = ground_read_set(g, repo, ids.items[i], err)) < 0)
			last = rc;
	dbbi_list_clear(&ids);
	dbbi_repo_free(repo);
	return last;
}

static int
note_damage(const dbbi_damage *damage, void *payload)
{
	dbbi_error_set(payload, DBB_EDAMAGED, "check: set '%s': '%s': %s",
	    damage->set, damage->object, damage->error);
	return 0;
}

int
ground_check(dbbi_list *sets, struct ground *g, dbb_error *err)
{
	dbb_error found;
	dbbi_check_options options = { .read_percent = 100,
	    .damage = note_damage, .payload = &found };
	dbbi_list ids = { NULL, 0 };
	dbbi_check_stats stats;
	dbbi_repo *repo = NULL;
	int rc;

	dbbi_error_clear(&found);
	if ((rc = ground_open(&repo, g, err)) < 0 ||
	    (rc = dbbi_set_ids(&ids, repo, err)) < 0 ||
	    (rc = dbbi_repo_check(&stats, repo, &ids, &options, err)) < 0)
		goto done;
	if (found.code < 0) {
		*err = found;
		rc = found.code;
	}
	for (size_t i = 0; rc == 0 && i < ids.count; i++)
		rc = ground_read_set(g, repo, ids.items[i], err);
	if (rc == 0 && sets != NULL) {
		*sets = ids;
		ids = (dbbi_list){ NULL, 0 };
	}
done:
	dbbi_list_clear(&ids);
	dbbi_repo_free(repo);
	return rc;
}
