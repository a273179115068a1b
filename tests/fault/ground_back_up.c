/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup, step by step as lib/ops does it. */
#include <config.h>

#include "ground.h"

#define FIRST_MS 1795305600000	/* 2026-11-22: a set a minute from there */

struct run {
	struct ground *g;
	dbbi_repo *repo;
	dbbi_repo_writer *writer;
	uint32_t generation;
	int has_base;
	dbbi_stream_ref base[GROUND_STREAMS];
	dbbi_stream_ref made[GROUND_STREAMS];
};

static struct fault_bytes
bytes_of(const struct run *run, uint32_t stream)
{
	return (struct fault_bytes){ run->generation, stream,
	    run->g->sizes[stream] };
}

/* The newest set's streams, if there is a set that no prune takes away while
 * we look. */
static int
find_base(struct run *run, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	dbbi_json *body = NULL, *streams;
	int rc;

	if ((rc = dbbi_set_ids(&ids, run->repo, err)) < 0 || ids.count == 0)
		goto done;
	rc = dbbi_set_read(NULL, &body, run->repo, ids.items[ids.count - 1],
	    err);
	if (rc == DBB_ENOTFOUND)
		rc = 0;
	if (rc < 0 || body == NULL)
		goto done;
	streams = dbbi_json_array(dbbi_json_at(dbbi_json_array(body,
	    "sources"), 0), "streams");
	for (uint32_t i = 0; rc == 0 && i < GROUND_STREAMS; i++)
		rc = dbbi_stream_ref_get(&run->base[i],
		    dbbi_json_at(streams, i), err);
	run->has_base = rc == 0;
done:
	dbbi_json_free(body);
	dbbi_list_clear(&ids);
	return rc;
}

/* Each stream's chunks come into a pack of their own; but all into one of
 * the first set, of which later ones then need but a part. */
static int
store_stream(struct run *run, uint32_t stream, dbb_error *err)
{
	struct fault_bytes bytes = bytes_of(run, stream);
	dbbi_reader *in = fault_bytes_reader(&bytes);
	int rc;

	if (in == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_repo_write_stream(&run->made[stream], run->writer, in,
	    run->has_base ? &run->base[stream] : NULL, NULL, err);
	dbbi_reader_free(in);
	if (rc < 0 || (!run->has_base && stream + 1 < GROUND_STREAMS))
		return rc;
	return dbbi_repo_writer_flush(run->writer, err);
}

static int
read_back(struct run *run, uint32_t stream, dbb_error *err)
{
	struct fault_bytes bytes = bytes_of(run, stream);
	dbbi_reader *in = NULL;
	int rc;

	rc = dbbi_repo_read_stream(&in, run->repo, &run->made[stream], 1,
	    err);
	if (rc == 0)
		rc = fault_bytes_compare(&bytes, in, err);
	dbbi_reader_free(in);
	return rc;
}

static int
describe_streams(dbbi_json **out, const struct run *run, dbb_error *err)
{
	dbbi_json *streams = dbbi_json_new_array(), *stream;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < GROUND_STREAMS; i++) {
		stream = dbbi_json_new_object();
		rc = dbbi_stream_ref_put(stream, &run->made[i], err);
		if (dbbi_json_append(streams, stream) < 0 && rc == 0)
			rc = dbbi_error_nomem(err);
	}
	if (rc < 0)
		dbbi_json_free(streams);
	else
		*out = streams;
	return rc;
}

static int
commit(const char *id, struct run *run, dbb_error *err)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *body = dbbi_json_new_object();
	dbbi_json *source = dbbi_json_new_object();
	dbbi_json *sources = dbbi_json_new_array();
	dbbi_json *streams = NULL;
	int rc, bad;

	rc = describe_streams(&streams, run, err);
	bad = dbbi_json_set(source, "streams", streams);
	bad |= dbbi_json_append(sources, source);
	bad |= dbbi_json_set(body, "sources", sources);
	bad |= dbbi_json_set_u64(head, "generation", run->generation);
	if (rc == 0 && bad != 0)
		rc = dbbi_error_nomem(err);
	if (rc == 0)
		rc = dbbi_set_write(run->repo, id, head, body, err);
	dbbi_json_free(head);
	dbbi_json_free(body);
	return rc;
}

static int
fill(struct run *run, dbb_error *err)
{
	static const dbbi_writer_options options = { .compression = 3,
	    .threads = 1 };
	int rc;

	rc = dbbi_repo_writer_new(&run->writer, run->repo, &options, err);
	for (uint32_t i = 0; rc == 0 && i < GROUND_STREAMS; i++)
		rc = store_stream(run, i, err);
	for (uint32_t i = 0; rc == 0 && i < GROUND_STREAMS; i++)
		rc = read_back(run, i, err);
	return rc;
}

int
ground_back_up(char id[DBBI_SET_ID_SIZE], struct ground *g,
    uint32_t generation, dbb_error *err)
{
	struct run run = { .g = g, .generation = generation };
	int rc;

	if ((rc = dbbi_set_id_new(id, FIRST_MS + generation * 60000ll,
	    err)) < 0 || (rc = ground_open(&run.repo, g, err)) < 0 ||
	    (rc = find_base(&run, err)) < 0 ||
	    (rc = fill(&run, err)) < 0)
		goto done;
	rc = commit(id, &run, err);
done:
	dbbi_repo_writer_free(run.writer);
	dbbi_repo_free(run.repo);
	return rc;
}
