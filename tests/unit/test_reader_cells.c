/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cell is another chunk's as soon as its own was given, while the others of
 * its request are still unpacked. The stream is made by hand, so that this
 * must happen: between the first chunks of a request stand bytes of more
 * cells than are spare. The second is held up until the first one's cell was
 * planned, and fetched, for another; the third is unpacked then.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo/cells.h"
#include "repo/gather.h"
#include "repo/piece_list.h"
#include "repo/writer.h"
#include "repo_fixture.h"

#define THREADS 2u
#define AHEAD (2 * DBBI_BATCH)
#define BYTES 4000u		/* of a chunk */
#define OLD AHEAD		/* chunks in a pack of their own */
#define NEW (AHEAD + DBBI_CELLS_SPARE)
#define MOST_BYTES (BYTES * 4 * (OLD + NEW))
#define PATIENCE_S 30

int __real_dbbi_chunk_open(dbbi_content *out, uint8_t *to,
    const dbbi_opener *opener, const dbbi_box *box, const dbbi_entry *entry,
    uint8_t *stored, dbb_error *err);
int __wrap_dbbi_chunk_open(dbbi_content *out, uint8_t *to,
    const dbbi_opener *opener, const dbbi_box *box, const dbbi_entry *entry,
    uint8_t *stored, dbb_error *err);

/* The chunk `held` waits until `awaited` is opened. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	uint32_t held;
	uint32_t awaited;
	int opened[OLD + NEW];
	int given_up;
} gate = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER
};

static uint8_t *blocks;		/* OLD + NEW chunks' bytes */
static dbbi_id ids[OLD + NEW];
static dbbi_pieces pieces;
static uint8_t *stream;
static size_t stream_size;

/* ---- the gate ---- */

/* Wait until a chunk is opened. With the mutex held. */
static void
await(uint32_t chunk)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (!gate.opened[chunk] && !gate.given_up)
		gate.given_up = pthread_cond_timedwait(&gate.changed,
		    &gate.mutex, &until) == ETIMEDOUT;
}

static void
note_opened(uint32_t chunk)
{
	pthread_mutex_lock(&gate.mutex);
	gate.opened[chunk] = 1;
	pthread_cond_broadcast(&gate.changed);
	if (chunk == gate.held)
		await(gate.awaited);
	pthread_mutex_unlock(&gate.mutex);
}

int
__wrap_dbbi_chunk_open(dbbi_content *out, uint8_t *to,
    const dbbi_opener *opener, const dbbi_box *box, const dbbi_entry *entry,
    uint8_t *stored, dbb_error *err)
{
	for (uint32_t i = 0; i < OLD + NEW; i++)
		if (memcmp(&entry->id, &ids[i], sizeof entry->id) == 0)
			note_opened(i);
	return __real_dbbi_chunk_open(out, to, opener, box, entry, stored,
	    err);
}

static void
wait_until_opened(uint32_t chunk)
{
	pthread_mutex_lock(&gate.mutex);
	await(chunk);
	pthread_mutex_unlock(&gate.mutex);
}

/* ---- the stream ---- */

static void
push(dbbi_id *id, dbbi_repo_writer *writer, const uint8_t *bytes,
    uint32_t size, uint8_t kind)
{
	uint8_t table[DBBI_GATHER_TABLE_ONE];
	dbbi_gathered chunk = { .table = table, .table_size = sizeof table,
	    .bytes = bytes, .size = size };
	dbbi_namer *namer = NULL;
	int known;

	repo_ok(dbbi_namer_new(&namer, repo_keys(), &fx.err));
	repo_ok(dbbi_gather_one(&chunk.id, table, namer, bytes, size,
	    &fx.err));
	repo_ok(dbbi_writer_push(&known, writer, &chunk, kind, &fx.err));
	dbbi_namer_free(namer);
	*id = chunk.id;
}

static void
push_blocks(dbbi_repo_writer *writer, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		push(&ids[i], writer, blocks + (size_t)i * BYTES, BYTES,
		    DBBI_KIND_DATA);
		pieces.chunks[pieces.chunk_count++] = ids[i];
	}
	repo_ok(dbbi_repo_writer_flush(writer, &fx.err));
}

/* The stream goes on with some chunks. */
static void
give(uint32_t from, uint32_t count)
{
	dbbi_piece piece = { .length = BYTES };
	int ended;

	for (uint32_t i = from; i < from + count; i++) {
		piece.chunk = i;
		dbbi_pieces_add(&ended, &pieces, &piece);
		memcpy(stream + stream_size, blocks + (size_t)i * BYTES,
		    BYTES);
		stream_size += BYTES;
	}
}

/*
 * Once half of the old are given there is room for three of the new: the
 * first, and two behind all old ones but three. Those three come then, so that
 * none of the old has been unused for longer than the first of the new.
 */
static void
lay_out(void)
{
	give(0, OLD);
	give(OLD, 1);
	give(3, OLD - 3);
	give(OLD + 1, 2);
	give(0, 3);
	give(OLD + 3, NEW - 3);
}

/* The last of the old lies alone: it is not fetched before the planner has no
 * more room. */
static dbbi_stream_ref
write_stream(void)
{
	dbbi_writer_options options = { .compression = 3, .threads = 1 };
	dbbi_stream_ref ref = { .depth = 1 };
	dbbi_repo_writer *writer = NULL;

	repo_ok(dbbi_repo_writer_new(&writer, fx.repo, &options, &fx.err));
	push_blocks(writer, 0, OLD - 1);
	push_blocks(writer, OLD - 1, 1);
	push_blocks(writer, OLD, NEW);
	lay_out();
	push(&ref.root, writer, pieces.list,
	    (uint32_t)dbbi_pieces_put(&pieces), DBBI_KIND_LIST);
	repo_ok(dbbi_repo_writer_flush(writer, &fx.err));
	dbbi_repo_writer_free(writer);
	ref.size_bytes = stream_size;
	repo_ok(dbbi_sha256_of(ref.sha256, stream, stream_size, &fx.err));
	repo_reopen();
	return ref;
}

static void
set_up(void)
{
	repo_set_up();
	blocks = repo_bytes((size_t)(OLD + NEW) * BYTES, 1);
	stream = malloc(MOST_BYTES);
	ck_assert_ptr_nonnull(stream);
	stream_size = 0;
	dbbi_pieces_reset(&pieces);
}

static void
tear_down(void)
{
	free(stream);
	free(blocks);
	repo_tear_down();
}

/* ---- */

/* Damage is told, even where all could be read elsewhere. */
static void
count_line(int level, const char *message, void *payload)
{
	(void)level;
	(void)message;
	atomic_fetch_add((atomic_int *)payload, 1);
}

static void
read_bytes(dbbi_reader *r, size_t from, size_t to)
{
	uint8_t block[BYTES];
	size_t got;

	for (; from < to; from += got) {
		repo_ok(dbbi_reader_read(&got, r, block,
		    to - from < BYTES ? to - from : BYTES, &fx.err));
		ck_assert_uint_gt(got, 0);
		ck_assert_mem_eq(block, stream + from, got);
	}
}

START_TEST(a_request_goes_on_when_its_first_cell_is_anothers)
{
	dbbi_stream_ref ref = write_stream();
	size_t half = (size_t)OLD / 2 * BYTES, got;
	dbbi_reader *r = NULL;
	atomic_int warnings = 0;
	uint8_t byte;

	fx.run.log = count_line;
	fx.run.log_payload = &warnings;
	fx.run.log_level = DBB_LOG_WARNING;
	gate.held = OLD + 1;
	gate.awaited = OLD + DBBI_CELLS_SPARE;	/* gets the first one's cell */
	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &ref, THREADS, &fx.err));
	wait_until_opened(OLD - 1);
	read_bytes(r, 0, half);
	wait_until_opened(gate.held);
	read_bytes(r, half, stream_size);
	repo_ok(dbbi_reader_read(&got, r, &byte, 1, &fx.err));
	ck_assert_uint_eq(got, 0);
	dbbi_reader_free(r);
	ck_assert_int_eq(gate.given_up, 0);
	ck_assert_int_eq(atomic_load(&warnings), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("reader cells", set_up, tear_down);

	tcase_add_test(tc, a_request_goes_on_when_its_first_cell_is_anothers);
	return repo_run("reader cells", tc);
}
