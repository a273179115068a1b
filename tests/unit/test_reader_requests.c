/* SPDX-License-Identifier: BSD-2-Clause */
/* How a stream's reader asks the store: for neighbours together, not further
 * ahead than it has room for, and with every chunk judged for itself. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo/cells.h"
#include "repo_fixture.h"

#define MIB (1u << 20)
#define SIZE (6 * MIB)
#define MOST 400u

static uint8_t *data;
static dbbi_stream_ref ref;
static char pack[DBBI_OBJECT_SIZE];

/* Where the stream's chunks lie. */
static struct {
	dbbi_entry chunks[MOST];
	uint32_t count, lists, list_bytes;
} laid;

static int
note_place(const dbbi_places *places, void *payload, dbb_error *err)
{
	const dbbi_entry *entry = &places->items[0].entry;

	(void)payload;
	(void)err;
	if (entry->kind == DBBI_KIND_LIST) {
		laid.lists++;
		laid.list_bytes += entry->stored;
		return 0;
	}
	ck_assert_uint_lt(laid.count, MOST);
	laid.chunks[laid.count++] = *entry;
	return 0;
}

/* Note where it lies by now, and count the reads anew. */
static void
survey(void)
{
	repo_reopen();
	repo_ok(dbbi_repo_load_index(fx.repo, &fx.err));
	memset(&laid, 0, sizeof laid);
	repo_ok(dbbi_stream_places(fx.repo, fx.repo->index, &ref, note_place,
	    NULL, &fx.err));
	atomic_store(&fx.faults.reads, 0);
	atomic_store(&fx.faults.bytes_read, 0);
}

static void
set_up(void)
{
	repo_set_up();
	data = repo_bytes(SIZE, 1);
	ref = repo_write(data, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	survey();
	ck_assert_uint_gt(laid.count, 60);
}

static void
tear_down(void)
{
	free(data);
	repo_tear_down();
}

/* Read until it fails: `*given` bytes were given, and right. */
static int
read_on(size_t *given, unsigned threads)
{
	static uint8_t block[50000];
	dbbi_reader *r = NULL;
	size_t got = 1;
	int rc;

	*given = 0;
	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &ref, threads, &fx.err));
	while ((rc = dbbi_reader_read(&got, r, block, sizeof block,
	    &fx.err)) == 0 && got > 0) {
		ck_assert_uint_le(got, SIZE - *given);
		ck_assert_mem_eq(block, data + *given, got);
		*given += got;
	}
	dbbi_reader_free(r);
	return rc;
}

START_TEST(neighbours_are_read_together)
{
	uint32_t most = laid.lists + laid.count / 3;
	size_t given;

	for (unsigned threads = 1; threads <= 4; threads++) {
		atomic_store(&fx.faults.reads, 0);
		repo_ok(read_on(&given, threads));
		ck_assert_uint_eq(given, SIZE);
		ck_assert_int_le(atomic_load(&fx.faults.reads), most);
	}
}
END_TEST

static void
wait_until_reading_stops(void)
{
	struct timespec pause = { .tv_nsec = 100000000L };
	int before;

	do {
		before = atomic_load(&fx.faults.reads);
		nanosleep(&pause, NULL);
	} while (atomic_load(&fx.faults.reads) > before);
}

START_TEST(reads_no_further_ahead_than_it_has_room)
{
	const dbbi_entry *last = &laid.chunks[DBBI_CELLS - 1];
	uint64_t most = last->offset + last->stored + laid.list_bytes;
	dbbi_reader *r = NULL;
	uint8_t byte;
	size_t got;

	ck_assert_uint_lt(most, repo_size(pack) * 4 / 5);
	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &ref, 8, &fx.err));
	repo_ok(dbbi_reader_read(&got, r, &byte, 1, &fx.err));
	wait_until_reading_stops();
	dbbi_reader_free(r);
	ck_assert_uint_le(atomic_load(&fx.faults.bytes_read), most);
}
END_TEST

/* New pieces here and there: every few chunks the other pack has the next. */
START_TEST(chunks_of_another_pack_may_lie_in_between)
{
	dbbi_stream_ref old = ref;
	size_t given;

	for (size_t at = 100000; at < SIZE; at += 300000)
		for (size_t i = 0; i < 20000; i++)
			data[at + i]++;
	ref = repo_write_again(&old, data, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	survey();
	repo_ok(read_on(&given, 2));
	ck_assert_uint_eq(given, SIZE);
	ck_assert_int_le(atomic_load(&fx.faults.reads),
	    (int)(laid.lists + laid.count));
}
END_TEST

/* All that comes before it is given, and it is told where it lies. */
START_TEST(a_bad_chunk_among_others_is_told_by_its_byte)
{
	const dbbi_entry *bad = &laid.chunks[laid.count / 2 + _i];
	char byte[40];
	size_t given;

	snprintf(byte, sizeof byte, "the chunk at byte %u:", bad->offset);
	repo_flip(pack, bad->offset + bad->stored / 2, 3);
	ck_assert_int_eq(read_on(&given, 2), DBB_EDAMAGED);
	ck_assert_uint_gt(given, SIZE / 4);
	ck_assert_uint_lt(given, SIZE * 3 / 4);
	ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
	ck_assert_ptr_nonnull(strstr(fx.err.message, byte));
}
END_TEST

/* A root of its own, so that the old pack's end is not needed first. */
START_TEST(a_pack_that_is_cut_short_gives_what_is_there)
{
	dbbi_stream_ref old = ref;
	size_t given, size = repo_size(pack);
	const dbbi_entry *torn;

	data[SIZE - 1]++;
	ref = repo_write_again(&old, data, SIZE);
	survey();
	torn = &laid.chunks[laid.count / 2 + _i];
	repo_cut(pack, size - torn->offset - torn->stored / 2);
	repo_reopen();
	ck_assert_int_eq(read_on(&given, 2), DBB_EDAMAGED);
	ck_assert_uint_gt(given, SIZE / 8);
	ck_assert_uint_lt(given, SIZE * 3 / 4);
	ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
	ck_assert_ptr_nonnull(strstr(fx.err.message, "it ends after byte"));
}
END_TEST

/* Behind a place that cannot be read, and tells of a shorter chunk. */
START_TEST(a_false_length_elsewhere_does_no_harm)
{
	dbbi_entry entry = laid.chunks[laid.count / 2];
	static const dbbi_id nowhere = { "no such pack" };
	static const dbbi_box box;
	uint32_t no, size;
	size_t given;
	dbbi_id name;

	dbbi_index_pack(&name, &size, fx.repo->index, 0);
	repo_ok(dbbi_index_condemn(fx.repo->index, &name, size, &fx.err));
	repo_ok(dbbi_index_add_pack(&no, fx.repo->index, &nowhere, 1000,
	    repo_sealed ? &box : NULL, 1, &fx.err));
	entry.plain = 1;
	repo_ok(dbbi_index_put(fx.repo->index, &entry, no, &fx.err));
	repo_ok(read_on(&given, 2));
	ck_assert_uint_eq(given, SIZE);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("reader requests", set_up, tear_down);

	tcase_add_test(tc, neighbours_are_read_together);
	tcase_add_test(tc, reads_no_further_ahead_than_it_has_room);
	tcase_add_loop_test(tc, a_bad_chunk_among_others_is_told_by_its_byte,
	    0, DBBI_BATCH);
	tcase_add_test(tc, chunks_of_another_pack_may_lie_in_between);
	tcase_add_loop_test(tc, a_pack_that_is_cut_short_gives_what_is_there,
	    0, DBBI_BATCH);
	tcase_add_test(tc, a_false_length_elsewhere_does_no_harm);
	return repo_run("reader requests", tc);
}
