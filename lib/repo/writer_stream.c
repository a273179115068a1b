/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream, on its caller's thread: read, cut into pieces, and for each
 * decide where it lies: where the base has it, or in the chunk that new
 * pieces are gathered to.
 */
#include <config.h>

#include "repo/writer.h"

#include <stdlib.h>
#include <string.h>

#include "repo/base.h"
#include "repo/locality.h"
#include "repo/set_packs.h"
#include "util/sha256_two.h"

#define BUFFER_BYTES (1u << 20)

struct stream {
	dbbi_repo_writer *writer;
	dbbi_reader *in;
	_Atomic uint64_t *progress;	/* may be NULL */
	dbbi_sha256_twin *hashes;	/* of the stream, and of the piece */
	dbbi_namer *namer;
	dbbi_tree *tree;
	dbbi_base *base;
	dbbi_locality locality;
	dbbi_gather *gather;
	dbbi_pieces *pieces;		/* of the open list */
	uint32_t open;			/* the gathered chunk's number there */
	uint8_t *buffer;
	size_t capacity;
	size_t begin;		/* of what is read and not yet cut */
	size_t end;
	int at_end;		/* of the reader */
	uint64_t size_bytes;
};

/* ---- chunks and lists ---- */

static int
put_list(dbbi_id *id, const void *list, size_t size, void *payload,
    dbb_error *err)
{
	struct stream *s = payload;
	uint8_t table[DBBI_GATHER_TABLE_ONE];
	dbbi_gathered chunk = { .table = table, .table_size = sizeof table,
	    .bytes = list, .size = (uint32_t)size };
	int known, rc;

	rc = dbbi_gather_one(&chunk.id, table, s->namer, list, chunk.size,
	    err);
	if (rc < 0)
		return rc;
	*id = chunk.id;
	return dbbi_writer_push(&known, s->writer, &chunk, DBBI_KIND_LIST,
	    err);
}

/* The chunk that is gathered gets its id, which the list then has. */
static int
end_chunk(struct stream *s, dbb_error *err)
{
	dbbi_gathered chunk;
	int known, rc;

	if ((rc = dbbi_gather_end(&chunk, s->gather, err)) < 0)
		return rc;
	s->pieces->chunks[s->open] = chunk.id;
	rc = dbbi_writer_push(&known, s->writer, &chunk, DBBI_KIND_DATA,
	    err);
	if (rc == 0 && known)
		rc = dbbi_base_seek(s->base, &chunk.id, err);
	return rc;
}

static int
end_list(struct stream *s, dbb_error *err)
{
	dbbi_pieces *pieces = s->pieces;
	size_t size;
	dbbi_id id;
	int rc = 0;

	if (!dbbi_gather_empty(s->gather))
		rc = end_chunk(s, err);
	size = dbbi_pieces_put(pieces);
	if (rc == 0)
		rc = put_list(&id, pieces->list, size, s, err);
	if (rc == 0)
		rc = dbbi_tree_add(s->tree, &id, pieces->bytes, err);
	if (rc == 0)
		rc = dbbi_base_note(s->base, pieces->list, size,
		    pieces->bytes, err);
	dbbi_pieces_reset(pieces);
	return rc;
}

/* ---- pieces ---- */

/* The number of a chunk in the open list, which has room for it. */
static uint32_t
list_chunk(struct stream *s, const dbbi_id *id)
{
	int n = dbbi_pieces_chunk(s->pieces, id);

	if (n >= 0)
		return (uint32_t)n;
	s->pieces->chunks[s->pieces->chunk_count] = *id;
	return s->pieces->chunk_count++;
}

/* May the chunk be used: is it there, and not one too many? */
static int
usable(struct stream *s, const dbbi_id *chunk)
{
	uint32_t plain;

	if (dbbi_locality_again(&s->locality, chunk))
		return 1;
	return dbbi_index_has(&plain, s->writer->repo->index, chunk) &&
	    dbbi_locality_use(&s->locality, chunk, plain);
}

/* Where the piece is known to lie, in this list or by the base: 1, or 0. */
static int
find_known(dbbi_piece *piece, struct stream *s, dbb_error *err)
{
	uint32_t listed = s->pieces->chunk_count;
	dbbi_base_piece known;
	int rc;

	if (dbbi_pieces_find(piece, s->pieces))
		return 1;
	rc = dbbi_base_find(&known, s->base, piece->digest, piece->length,
	    err);
	if (rc != 1 || !usable(s, &known.chunk))
		return rc < 0 ? rc : 0;
	piece->chunk = list_chunk(s, &known.chunk);
	piece->offset = known.offset;
	if (s->pieces->chunk_count == listed)
		return 1;
	rc = dbbi_set_needs_chunk(s->writer->repo, &known.chunk, err);
	return rc < 0 ? rc : 1;
}

/* A new piece goes into the chunk that is gathered. */
static int
gather(dbbi_piece *piece, int *ended, struct stream *s, const uint8_t *bytes,
    dbb_error *err)
{
	if (dbbi_gather_empty(s->gather)) {
		s->open = s->pieces->chunk_count++;
		memset(&s->pieces->chunks[s->open], 0,
		    sizeof s->pieces->chunks[s->open]);
	}
	piece->chunk = s->open;
	return dbbi_gather_add(&piece->offset, ended, s->gather,
	    piece->digest, bytes, piece->length, err);
}

static int
put_piece(struct stream *s, const uint8_t *bytes, size_t size,
    dbb_error *err)
{
	dbbi_piece piece = { .length = (uint32_t)size };
	int chunk_ended = 0, list_ended, rc;

	if ((rc = dbbi_sha256_twin_add(s->hashes, bytes, size, err)) < 0 ||
	    (rc = dbbi_sha256_twin_end_part(piece.digest, s->hashes,
	    err)) < 0)
		return rc;
	dbbi_locality_earn(&s->locality, piece.length);
	if ((rc = find_known(&piece, s, err)) == 0)
		rc = gather(&piece, &chunk_ended, s, bytes, err);
	if (rc < 0)
		return rc;
	dbbi_pieces_add(&list_ended, s->pieces, &piece);
	if (chunk_ended && (rc = end_chunk(s, err)) < 0)
		return rc;
	if (list_ended || s->pieces->chunk_count == DBBI_PIECES_CHUNKS)
		return end_list(s, err);
	return 0;
}

/* ---- the stream ---- */

static int
check(dbbi_repo_writer *w, dbb_error *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	rc = dbbi_writer_check(w, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

/* Take in and count what was read. */
static void
take_in(struct stream *s, size_t got)
{
	s->at_end = got == 0;
	s->end += got;
	atomic_fetch_add(&s->writer->read_bytes, got);
	if (s->progress != NULL)
		atomic_fetch_add(s->progress, got);
}

/* Read until the buffer holds a longest piece, or the stream's end. */
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
		take_in(s, got);
	}
	return 0;
}

static int
pump(struct stream *s, dbb_error *err)
{
	const uint8_t *bytes;
	size_t n;
	int rc;

	while ((rc = fill(s, err)) == 0 && s->end > s->begin) {
		bytes = s->buffer + s->begin;
		n = dbbi_chunker_cut(&s->writer->repo->chunker, bytes,
		    s->end - s->begin);
		if ((rc = put_piece(s, bytes, n, err)) < 0)
			break;
		s->begin += n;
		s->size_bytes += n;
	}
	return rc;
}

static int
stream_init(struct stream *s, dbbi_repo_writer *w, dbbi_reader *in,
    const dbbi_stream_ref *base, _Atomic uint64_t *progress, dbb_error *err)
{
	int rc;

	memset(s, 0, sizeof *s);
	s->writer = w;
	s->in = in;
	s->progress = progress;
	dbbi_locality_init(&s->locality);
	s->capacity = BUFFER_BYTES;
	s->buffer = dbbi_pages_new(s->capacity, err);
	if (s->buffer == NULL)
		return DBB_ENOMEM;
	if ((s->pieces = calloc(1, sizeof *s->pieces)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_namer_new(&s->namer, w->repo->keys, err)) < 0 ||
	    (rc = dbbi_gather_new(&s->gather, &w->repo->params,
	    w->slot_bytes, s->namer, err)) < 0 ||
	    (rc = dbbi_sha256_twin_new(&s->hashes, err)) < 0)
		return rc;
	if ((rc = dbbi_base_new(&s->base, w->repo, base, err)) < 0)
		return rc;
	return dbbi_tree_new(&s->tree, put_list, s, err);
}

static void
stream_clear(struct stream *s)
{
	dbbi_tree_free(s->tree);
	dbbi_base_free(s->base);
	dbbi_sha256_twin_free(s->hashes);
	dbbi_gather_free(s->gather);
	dbbi_namer_free(s->namer);
	free(s->pieces);
	dbbi_pages_free(s->buffer, s->capacity);
}

int
dbbi_repo_write_stream(dbbi_stream_ref *out, dbbi_repo_writer *writer,
    dbbi_reader *in, const dbbi_stream_ref *base,
    _Atomic uint64_t *progress, dbb_error *err)
{
	dbbi_stream_ref ref;
	struct stream s;
	int rc;

	if ((rc = stream_init(&s, writer, in, base, progress, err)) < 0 ||
	    (rc = pump(&s, err)) < 0)
		goto done;
	if ((s.pieces->count > 0 || s.size_bytes == 0) &&
	    (rc = end_list(&s, err)) < 0)
		goto done;
	rc = dbbi_tree_end(&ref.root, &ref.depth, s.tree, err);
	if (rc < 0)
		goto done;
	if ((rc = dbbi_sha256_twin_end(ref.sha256, s.hashes, err)) < 0)
		goto done;
	ref.size_bytes = s.size_bytes;
	*out = ref;
done:
	stream_clear(&s);
	return rc;
}
