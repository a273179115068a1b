/* SPDX-License-Identifier: BSD-2-Clause */
/* One stream, on its caller's thread: read, cut, hash, and hand on what is
 * new. */
#include <config.h>

#include "repo/writer.h"

#include <string.h>

#define BUFFER_CHUNKS 2		/* longest chunks that the buffer holds */

struct stream {
	dbbi_repo_writer *writer;
	dbbi_reader *in;
	_Atomic uint64_t *progress;	/* may be NULL */
	dbbi_sha256 *chunk_hash;
	dbbi_sha256 *whole_hash;
	dbbi_tree *tree;
	uint8_t *buffer;
	size_t capacity;
	size_t begin;		/* of what is read and not yet cut */
	size_t end;
	int at_end;		/* of the reader */
	uint64_t size_bytes;
};

static int
hash_chunk(dbbi_id *id, dbbi_sha256 *hash, const void *bytes, size_t size,
    dbb_error *err)
{
	int rc;

	if ((rc = dbbi_sha256_begin(hash, err)) < 0 ||
	    (rc = dbbi_sha256_add(hash, bytes, size, err)) < 0)
		return rc;
	return dbbi_sha256_end(id->bytes, hash, err);
}

/* Store a chunk, unless it is known. */
static int
put_chunk(dbbi_id *id, struct stream *s, uint8_t kind, const void *bytes,
    size_t size, dbb_error *err)
{
	dbbi_repo_writer *w = s->writer;
	int claimed, rc;

	if ((rc = hash_chunk(id, s->chunk_hash, bytes, size, err)) < 0)
		return rc;
	rc = dbbi_index_claim(&claimed, w->repo->index, id, err);
	if (rc < 0)
		return rc;
	atomic_fetch_add(&w->chunks, 1);
	if (!claimed)
		return 0;
	atomic_fetch_add(&w->new_chunks, 1);
	return dbbi_writer_push(w, id, kind, bytes, (uint32_t)size, err);
}

static int
put_list(dbbi_id *id, const void *list, size_t size, void *payload,
    dbb_error *err)
{
	return put_chunk(id, payload, DBBI_KIND_LIST, list, size, err);
}

static int
check(dbbi_repo_writer *w, dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	rc = dbbi_writer_check(w, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

/* Read until the buffer holds a longest chunk, or the stream's end. */
static int
fill(struct stream *s, dbb_error *err)
{
	size_t want = s->writer->repo->params.max_bytes;
	size_t got;
	int rc;

	if (s->at_end || s->end - s->begin >= want)
		return 0;
	memmove(s->buffer, s->buffer + s->begin, s->end - s->begin);
	s->end -= s->begin;
	s->begin = 0;
	while (!s->at_end && s->end < want) {
		if ((rc = check(s->writer, err)) < 0)
			return rc;
		rc = dbbi_reader_read(&got, s->in, s->buffer + s->end,
		    s->capacity - s->end, err);
		if (rc < 0)
			return rc;
		s->at_end = got == 0;
		s->end += got;
		atomic_fetch_add(&s->writer->read_bytes, got);
		if (s->progress != NULL)
			atomic_fetch_add(s->progress, got);
	}
	return 0;
}

static int
pump(struct stream *s, dbb_error *err)
{
	const uint8_t *bytes;
	dbbi_id id;
	size_t n;
	int rc;

	while ((rc = fill(s, err)) == 0 && s->end > s->begin) {
		bytes = s->buffer + s->begin;
		n = dbbi_chunker_cut(&s->writer->repo->chunker,
		    s->size_bytes, bytes, s->end - s->begin);
		if ((rc = put_chunk(&id, s, DBBI_KIND_DATA, bytes, n,
		    err)) < 0 ||
		    (rc = dbbi_sha256_add(s->whole_hash, bytes, n, err)) < 0 ||
		    (rc = dbbi_tree_add(s->tree, &id, n, err)) < 0)
			break;
		s->begin += n;
		s->size_bytes += n;
	}
	return rc;
}

static int
stream_init(struct stream *s, dbbi_repo_writer *w, dbbi_reader *in,
    _Atomic uint64_t *progress, dbb_error *err)
{
	int rc;

	memset(s, 0, sizeof *s);
	s->writer = w;
	s->in = in;
	s->progress = progress;
	s->capacity = (size_t)w->repo->params.max_bytes * BUFFER_CHUNKS;
	s->buffer = dbbi_pages_new(s->capacity, err);
	if (s->buffer == NULL)
		return DBB_ENOMEM;
	if ((rc = dbbi_sha256_new(&s->chunk_hash, err)) < 0 ||
	    (rc = dbbi_sha256_new(&s->whole_hash, err)) < 0)
		return rc;
	return dbbi_tree_new(&s->tree, put_list, s, err);
}

static void
stream_clear(struct stream *s)
{
	dbbi_tree_free(s->tree);
	dbbi_sha256_free(s->whole_hash);
	dbbi_sha256_free(s->chunk_hash);
	dbbi_pages_free(s->buffer, s->capacity);
}

int
dbbi_repo_write_stream(dbbi_stream_ref *out, dbbi_repo_writer *writer,
    dbbi_reader *in, _Atomic uint64_t *progress, dbb_error *err)
{
	dbbi_stream_ref ref;
	struct stream s;
	int rc;

	if ((rc = stream_init(&s, writer, in, progress, err)) < 0)
		goto done;
	if ((rc = pump(&s, err)) < 0)
		goto done;
	rc = dbbi_tree_end(&ref.root, &ref.depth, s.tree, err);
	if (rc < 0)
		goto done;
	if ((rc = dbbi_sha256_end(ref.sha256, s.whole_hash, err)) < 0)
		goto done;
	ref.size_bytes = s.size_bytes;
	*out = ref;
done:
	stream_clear(&s);
	return rc;
}
