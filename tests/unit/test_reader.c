/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo_fixture.h"

#define MIB (1u << 20)

static uint8_t *data;
static dbbi_stream_ref ref;
static char pack[DBBI_OBJECT_SIZE];

static void
set_up(void)
{
	repo_set_up();
	data = repo_bytes(20000, 1);
	ref = repo_write(data, 20000);
	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	repo_reopen();
}

static void
tear_down(void)
{
	free(data);
	repo_tear_down();
}

static int
read_back(void)
{
	return repo_read_back(&ref, data, 20000);
}

START_TEST(gives_back_a_large_stream)
{
	uint8_t *large = repo_bytes(50 * MIB, 2);
	dbbi_stream_ref r;

	repo_tear_down();
	repo_set_up_real();
	r = repo_write(large, 50 * MIB);
	repo_reopen();
	repo_ok(repo_read_back(&r, large, 50 * MIB));
	free(large);
}
END_TEST

/* A second stream that shares most of its chunks, in many packs. */
START_TEST(gives_back_a_stream_that_is_scattered)
{
	uint8_t *large = repo_bytes(2 * MIB, 3);
	dbbi_stream_ref r;

	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < 2 * MIB; i += 100000)
			large[i + (size_t)round * 7000]++;
		r = repo_write(large, 2 * MIB);
	}
	ck_assert_uint_ge(repo_count("packs/"), 9);
	repo_ok(repo_read_back(&r, large, 2 * MIB));
	free(large);
}
END_TEST

/* Or it does not matter: zstd's frames have a bit that means nothing. What
 * is given is right in any case (repo_read_back compares). */
START_TEST(flipped_bits_of_chunks_are_damage)
{
	size_t end, damaged = 0;
	dbbi_places found;
	int rc;

	/* The root is the last chunk; the directory is not needed. */
	repo_ok(read_back());
	ck_assert_uint_eq(dbbi_index_find(&found, fx.repo->index,
	    &ref.root), 1);
	end = found.items[0].entry.offset + found.items[0].entry.stored;
	for (size_t i = 16; i < end; i++) {
		repo_flip(pack, i, i % 8);
		rc = read_back();
		repo_flip(pack, i, i % 8);
		if (rc == 0)
			continue;
		damaged++;
		ck_assert_int_eq(rc, DBB_EDAMAGED);
		ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
		ck_assert_ptr_nonnull(strstr(fx.err.hint, "--read-data"));
	}
	ck_assert_uint_ge(damaged, (end - 16) * 99 / 100);
	repo_ok(read_back());
}
END_TEST

START_TEST(a_missing_pack_is_damage)
{
	repo_ok(dbbi_store_remove(fx.store, pack, &fx.err));
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
	ck_assert_ptr_nonnull(strstr(fx.err.message, "not in the store"));
}
END_TEST

START_TEST(a_short_pack_is_damage)
{
	repo_cut(pack, repo_size(pack) / 2);
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
	repo_cut(pack, repo_size(pack));
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
}
END_TEST

START_TEST(a_chunk_that_is_not_known_is_damage)
{
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	repo_reopen();
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "the index does not"));
}
END_TEST

START_TEST(another_hash_of_the_whole_is_damage_before_the_end)
{
	ref.sha256[31] ^= 1;
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "SHA-256"));
}
END_TEST

START_TEST(another_size_is_damage)
{
	ref.size_bytes--;
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ref.size_bytes += 2;
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
}
END_TEST

START_TEST(another_depth_is_damage)
{
	ref.depth++;
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ref.depth = 100;
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
}
END_TEST

START_TEST(stays_failed)
{
	dbbi_reader *r = NULL;
	size_t got = 1;
	char block[100];

	repo_ok(dbbi_store_remove(fx.store, pack, &fx.err));
	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &ref, 1, &fx.err));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(dbbi_reader_read(&got, r, block,
		    sizeof block, &fx.err), DBB_EDAMAGED);
		ck_assert_uint_eq(got, 0);
		ck_assert_ptr_nonnull(strstr(fx.err.message, pack));
	}
	dbbi_reader_free(r);
}
END_TEST

START_TEST(says_the_end_as_often_as_it_is_asked)
{
	dbbi_stream_ref empty = repo_write(data, 0);
	dbbi_reader *r = NULL;
	size_t got = 1;
	char block[100];

	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &empty, 1, &fx.err));
	for (int i = 0; i < 3; i++) {
		repo_ok(dbbi_reader_read(&got, r, block, sizeof block,
		    &fx.err));
		ck_assert_uint_eq(got, 0);
	}
	dbbi_reader_free(r);
}
END_TEST

START_TEST(may_be_freed_at_any_time)
{
	uint8_t *large = repo_bytes(8 * MIB, 4);
	dbbi_stream_ref big = repo_write(large, 8 * MIB);
	char block[1000];
	size_t got;

	for (int reads = 0; reads < 8; reads++) {
		dbbi_reader *r = NULL;

		repo_ok(dbbi_repo_read_stream(&r, fx.repo, &big, 3,
		    &fx.err));
		for (int i = 0; i < reads; i++)
			repo_ok(dbbi_reader_read(&got, r, block,
			    sizeof block, &fx.err));
		dbbi_reader_free(r);
	}
	free(large);
}
END_TEST

START_TEST(can_be_canceled)
{
	dbbi_reader *r = NULL;
	char block[100];
	size_t got;

	repo_ok(dbbi_repo_read_stream(&r, fx.repo, &ref, 1, &fx.err));
	repo_ok(dbbi_reader_read(&got, r, block, sizeof block, &fx.err));
	dbbi_run_cancel(&fx.run);
	ck_assert_int_eq(dbbi_reader_read(&got, r, block, sizeof block,
	    &fx.err), DBB_ECANCELED);
	dbbi_reader_free(r);
}
END_TEST

static int
take(const void *bytes, size_t size, void *payload)
{
	size_t *taken = payload;

	ck_assert_uint_le(size, 20000 - *taken);
	ck_assert_mem_eq(bytes, data + *taken, size);
	*taken += size;
	return 0;
}

static int
stop_at_once(const void *bytes, size_t size, void *payload)
{
	int *calls = payload;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_gt(size, 0);
	++*calls;
	return 1;
}

START_TEST(sends_the_whole_stream)
{
	size_t taken = 0;

	repo_ok(dbbi_repo_send_stream(fx.repo, &ref, take, &taken, &fx.err));
	ck_assert_uint_eq(taken, 20000);
}
END_TEST

START_TEST(sends_nothing_more_to_a_receiver_that_stopped)
{
	uint8_t *large = repo_bytes(2 * MIB, 5);
	dbbi_stream_ref big = repo_write(large, 2 * MIB);
	int calls = 0;

	ck_assert_int_eq(dbbi_repo_send_stream(fx.repo, &big, stop_at_once,
	    &calls, &fx.err), DBB_ECANCELED);
	ck_assert_int_eq(calls, 1);
	free(large);
}
END_TEST

START_TEST(does_not_say_that_another_stream_was_sent)
{
	size_t taken = 0;

	ref.sha256[0] ^= 1;
	ck_assert_int_eq(dbbi_repo_send_stream(fx.repo, &ref, take, &taken,
	    &fx.err), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "SHA-256"));
}
END_TEST

static void *
read_on_a_thread(void *argument)
{
	dbbi_reader *r = NULL;
	uint8_t block[5000];
	size_t got = 1, at = 0;
	dbb_error err;

	dbbi_error_clear(&err);
	if (dbbi_repo_read_stream(&r, fx.repo, &ref, 2, &err) < 0)
		return argument;
	while (got > 0) {
		if (dbbi_reader_read(&got, r, block, sizeof block,
		    &err) < 0 || memcmp(block, data + at, got) != 0)
			return argument;
		at += got;
	}
	dbbi_reader_free(r);
	return NULL;
}

START_TEST(several_threads_read_at_once)
{
	pthread_t threads[4];
	void *failed;

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    read_on_a_thread, data), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("reader", set_up, tear_down);

	tcase_add_test(tc, gives_back_a_large_stream);
	tcase_add_test(tc, gives_back_a_stream_that_is_scattered);
	tcase_add_test(tc, flipped_bits_of_chunks_are_damage);
	tcase_add_test(tc, a_missing_pack_is_damage);
	tcase_add_test(tc, a_short_pack_is_damage);
	tcase_add_test(tc, a_chunk_that_is_not_known_is_damage);
	tcase_add_test(tc,
	    another_hash_of_the_whole_is_damage_before_the_end);
	tcase_add_test(tc, another_size_is_damage);
	tcase_add_test(tc, another_depth_is_damage);
	tcase_add_test(tc, stays_failed);
	tcase_add_test(tc, says_the_end_as_often_as_it_is_asked);
	tcase_add_test(tc, may_be_freed_at_any_time);
	tcase_add_test(tc, can_be_canceled);
	tcase_add_test(tc, sends_the_whole_stream);
	tcase_add_test(tc, sends_nothing_more_to_a_receiver_that_stopped);
	tcase_add_test(tc, does_not_say_that_another_stream_was_sent);
	tcase_add_test(tc, several_threads_read_at_once);
	return repo_run("reader", tc);
}
