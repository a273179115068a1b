/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo_fixture.h"
#include "repo/writer.h"
#include "util/clock.h"
#include "util/random.h"

#define MIB (1u << 20)

static const dbbi_writer_options options = { .compression = 3,
    .threads = 2 };

static dbbi_repo_writer *
new_writer(void)
{
	dbbi_repo_writer *w = NULL;

	repo_ok(dbbi_repo_writer_new(&w, fx.repo, &options, &fx.err));
	return w;
}

/* A stream on a thread of its own. */
struct job {
	pthread_t thread;
	dbbi_repo_writer *writer;
	const uint8_t *data;
	size_t size;
	size_t fail_at;
	dbbi_stream_ref ref;
	dbb_error err;
	int rc;
};

static void *
run_job(void *argument)
{
	struct job *job = argument;
	dbbi_reader *in = repo_reader(job->data, job->size, 65536,
	    job->fail_at);

	job->rc = dbbi_repo_write_stream(&job->ref, job->writer, in, NULL, NULL,
	    &job->err);
	dbbi_reader_free(in);
	return NULL;
}

static void
start(struct job *job, dbbi_repo_writer *w, const uint8_t *data, size_t size)
{
	memset(job, 0, sizeof *job);
	job->writer = w;
	job->data = data;
	job->size = size;
	job->fail_at = SIZE_MAX;
	ck_assert_int_eq(pthread_create(&job->thread, NULL, run_job, job),
	    0);
}

static int
end(struct job *job)
{
	pthread_join(job->thread, NULL);
	return job->rc;
}

START_TEST(gives_back_streams_of_all_sizes)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 257, 4095, 4096,
	    4097, 16384, 1000000 };
	uint8_t *data = repo_bytes(1000000, 1);
	dbbi_stream_ref ref;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		ref = repo_write(data, sizes[i]);
		ck_assert_uint_eq(ref.size_bytes, sizes[i]);
		repo_ok(repo_read_back(&ref, data, sizes[i]));
	}
	repo_reopen();
	repo_ok(repo_read_back(&ref, data, 1000000));
	free(data);
}
END_TEST

START_TEST(stores_the_same_bytes_once)
{
	uint8_t *data = repo_bytes(3 * MIB, 2);
	dbbi_writer_stats stats;
	dbbi_repo_writer *w;
	struct job job;
	size_t packs;

	repo_write(data, 3 * MIB);
	packs = repo_count("packs/");
	repo_reopen();
	w = new_writer();
	start(&job, w, data, 3 * MIB);
	repo_ok(end(&job));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_stats(&stats, w);
	dbbi_repo_writer_free(w);
	ck_assert_uint_eq(stats.read_bytes, 3 * MIB);
	ck_assert_uint_gt(stats.chunks, 20);
	ck_assert_uint_eq(stats.new_chunks, 0);
	ck_assert_uint_eq(stats.stored_bytes, 0);
	ck_assert_uint_eq(repo_count("packs/"), packs);
	free(data);
}
END_TEST

START_TEST(two_streams_of_the_same_bytes_are_stored_once)
{
	uint8_t *data = repo_bytes(4 * MIB, 3);
	dbbi_writer_stats alone, both;
	dbbi_repo_writer *w = new_writer();
	struct job a, b;

	start(&a, w, data, 4 * MIB);
	start(&b, w, data, 4 * MIB);
	repo_ok(end(&a));
	repo_ok(end(&b));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_stats(&both, w);
	start(&a, w, data, 4 * MIB);
	repo_ok(end(&a));
	dbbi_repo_writer_stats(&alone, w);
	dbbi_repo_writer_free(w);
	ck_assert_uint_eq(both.new_chunks * 2, both.chunks);
	ck_assert_uint_eq(alone.new_chunks, both.new_chunks);
	ck_assert_int_eq(memcmp(&a.ref.root, &b.ref.root, 32), 0);
	repo_ok(repo_read_back(&b.ref, data, 4 * MIB));
	free(data);
}
END_TEST

START_TEST(stores_what_does_not_shrink_as_it_is)
{
	uint8_t *data = malloc(MIB);
	dbbi_stream_ref ref;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, MIB, &fx.err));
	ref = repo_write(data, MIB);
	ck_assert_uint_gt(repo_size(repo_object("packs/")), MIB);
	repo_ok(repo_read_back(&ref, data, MIB));
	free(data);
}
END_TEST

START_TEST(compresses_at_level_0_not_at_all)
{
	dbbi_writer_options none = { .compression = 0, .threads = 1 };
	uint8_t *data = repo_bytes(MIB, 4);
	dbbi_repo_writer *w = NULL;
	struct job job;

	repo_ok(dbbi_repo_writer_new(&w, fx.repo, &none, &fx.err));
	start(&job, w, data, MIB);
	repo_ok(end(&job));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	ck_assert_uint_gt(repo_size(repo_object("packs/")), MIB);
	repo_ok(repo_read_back(&job.ref, data, MIB));
	free(data);
}
END_TEST

START_TEST(compresses_less_by_itself_only_while_many_chunks_wait)
{
	ck_assert_int_eq(dbbi_writer_level(DBBI_COMPRESSION_AUTO, 0, 24), 3);
	ck_assert_int_eq(dbbi_writer_level(DBBI_COMPRESSION_AUTO, 12, 24), 3);
	ck_assert_int_eq(dbbi_writer_level(DBBI_COMPRESSION_AUTO, 13, 24), 2);
	ck_assert_int_eq(dbbi_writer_level(19, 24, 24), 19);
	ck_assert_int_eq(dbbi_writer_level(0, 24, 24), 0);
}
END_TEST

START_TEST(gives_back_what_it_compressed_at_levels_of_its_own)
{
	dbbi_writer_options own = { .compression = DBBI_COMPRESSION_AUTO,
	    .threads = 1 };
	uint8_t *data = repo_bytes(4 * MIB, 8);
	dbbi_repo_writer *w = NULL;
	struct job job;

	repo_ok(dbbi_repo_writer_new(&w, fx.repo, &own, &fx.err));
	start(&job, w, data, 4 * MIB);
	repo_ok(end(&job));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	ck_assert_uint_lt(repo_size(repo_object("packs/")), 4 * MIB);
	repo_ok(repo_read_back(&job.ref, data, 4 * MIB));
	free(data);
}
END_TEST

START_TEST(a_failing_source_fails_its_stream_only)
{
	uint8_t *data = repo_bytes(2 * MIB, 5), *other = repo_bytes(MIB, 6);
	dbbi_repo_writer *w = new_writer();
	struct job good, bad;

	memset(&bad, 0, sizeof bad);
	bad.writer = w;
	bad.data = other;
	bad.size = MIB;
	bad.fail_at = MIB / 2;
	start(&good, w, data, 2 * MIB);
	run_job(&bad);
	ck_assert_int_eq(bad.rc, DBB_ESOURCE);
	ck_assert_str_eq(bad.err.message, "pg_dump was killed");
	repo_ok(end(&good));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	repo_ok(repo_read_back(&good.ref, data, 2 * MIB));
	free(data);
	free(other);
}
END_TEST

/* 192 MiB that do not shrink: 12 packs, and a segment after each four. The
 * tenth pack is the 12th object, at which the first run ends. */
START_TEST(a_run_that_was_cut_short_is_gone_on_with)
{
	size_t size = 192 * MIB;
	uint8_t *data = malloc(size);
	dbbi_writer_stats first, second;
	dbbi_repo_writer *w = new_writer();
	struct job job;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, size, &fx.err));
	atomic_store(&fx.faults.puts_until_full, 12);
	start(&job, w, data, size);
	ck_assert_int_eq(end(&job) | dbbi_repo_writer_flush(w, NULL),
	    DBB_ENOSPC);
	dbbi_repo_writer_stats(&first, w);
	dbbi_repo_writer_free(w);
	repo_reopen();
	w = new_writer();
	start(&job, w, data, size);
	repo_ok(end(&job));
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_stats(&second, w);
	dbbi_repo_writer_free(w);
	ck_assert_uint_gt(first.stored_bytes, size / 10 * 7);
	ck_assert_uint_lt(first.stored_bytes + second.stored_bytes,
	    size + 32 * MIB);
	repo_ok(repo_read_back(&job.ref, data, size));
	free(data);
}
END_TEST

/* 40 MiB that do not shrink: three packs and an index segment. */
START_TEST(a_full_store_fails_every_stream_with_its_words)
{
	uint8_t *data = malloc(40 * MIB);
	dbbi_repo_writer *w;
	struct job a, b;
	int rc;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, 40 * MIB, &fx.err));
	for (int nth = 1; nth <= 4; nth++) {
		repo_reopen();
		w = new_writer();
		atomic_store(&fx.faults.puts_until_full, nth);
		start(&a, w, data, 20 * MIB);
		start(&b, w, data + 20 * MIB, 20 * MIB);
		rc = end(&a) | end(&b);
		if (rc == 0)
			rc = dbbi_repo_writer_flush(w, &fx.err);
		else
			fx.err = a.rc < 0 ? a.err : b.err;
		ck_assert_int_eq(fx.err.code, DBB_ENOSPC);
		ck_assert_ptr_nonnull(strstr(fx.err.message,
		    "no space left on device"));
		/* From now on each call says so. */
		start(&a, w, data, 100);
		ck_assert_int_eq(end(&a), DBB_ENOSPC);
		ck_assert_int_eq(dbbi_repo_writer_flush(w, &fx.err),
		    DBB_ENOSPC);
		dbbi_repo_writer_free(w);
		ck_assert_uint_eq(repo_count("sets/"), 0);
	}
	free(data);
}
END_TEST

START_TEST(what_was_not_flushed_is_written_anew)
{
	uint8_t *data = malloc(20 * MIB);
	dbbi_stream_ref ref;
	dbbi_repo_writer *w;
	struct job job;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, 20 * MIB, &fx.err));
	w = new_writer();
	start(&job, w, data, 20 * MIB);
	repo_ok(end(&job));
	dbbi_repo_writer_free(w);	/* as after a failure elsewhere */
	ref = repo_write(data, 20 * MIB);	/* the same packs again */
	repo_reopen();
	repo_ok(repo_read_back(&ref, data, 20 * MIB));
	free(data);
}
END_TEST

START_TEST(a_pack_that_lost_bytes_is_written_again)
{
	uint8_t *data = repo_bytes(100000, 7);
	dbbi_stream_ref ref;

	repo_write(data, 100000);
	repo_cut(repo_object("packs/"), 1);
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	repo_reopen();
	ref = repo_write(data, 100000);
	repo_ok(repo_read_back(&ref, data, 100000));
	free(data);
}
END_TEST

static void *
cancel_later(void *argument)
{
	struct timespec t = { 0, 100000000 };

	nanosleep(&t, NULL);
	*(uint64_t *)argument = dbbi_monotonic_ms();
	dbbi_run_cancel(&fx.run);
	return NULL;
}

START_TEST(cancelling_is_noticed_while_the_store_is_slow)
{
	uint8_t *data = malloc(80 * MIB);
	uint64_t canceled_at = 0;
	pthread_t canceler;
	dbbi_repo_writer *w;
	struct job job;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, 80 * MIB, &fx.err));
	atomic_store(&fx.faults.put_delay_ms, 1500);
	w = new_writer();
	ck_assert_int_eq(pthread_create(&canceler, NULL, cancel_later,
	    &canceled_at), 0);
	start(&job, w, data, 80 * MIB);
	ck_assert_int_eq(end(&job), DBB_ECANCELED);
	ck_assert_uint_lt(dbbi_monotonic_ms() - canceled_at, 1000);
	ck_assert_int_eq(dbbi_repo_writer_flush(w, &fx.err), DBB_ECANCELED);
	dbbi_repo_writer_free(w);
	pthread_join(canceler, NULL);
	free(data);
}
END_TEST

static const struct {
	int liked;		/* by the store; 0: it does not say */
	int seen;
	int delay_ms;		/* longer than as many packs take to fill */
} uploads[] = { { 0, 1, 100 }, { 2, 2, 1000 }, { 16, 3, 2000 } };

START_TEST(as_many_packs_are_stored_at_once_as_the_store_likes)
{
	size_t size = 60 * MIB;
	uint8_t *data = malloc(size);
	dbbi_repo_writer *w;
	struct job job;

	ck_assert_ptr_nonnull(data);
	repo_ok(dbbi_random(data, size, &fx.err));
	atomic_store(&fx.faults.parallel, uploads[_i].liked);
	atomic_store(&fx.faults.put_delay_ms, uploads[_i].delay_ms);
	w = new_writer();
	start(&job, w, data, size);
	ck_assert_int_eq(end(&job), 0);
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	ck_assert_msg(atomic_load(&fx.faults.at_once) == uploads[_i].seen,
	    "%d of %d packs", atomic_load(&fx.faults.at_once),
	    atomic_load(&fx.faults.puts));
	repo_reopen();
	repo_ok(repo_read_back(&job.ref, data, size));
	free(data);
}
END_TEST

START_TEST(progress_counts_what_was_read)
{
	uint8_t *data = repo_bytes(100000, 8);
	_Atomic uint64_t progress = 5;
	dbbi_repo_writer *w = new_writer();
	dbbi_reader *in = repo_reader(data, 100000, 777, SIZE_MAX);
	dbbi_stream_ref ref;

	repo_ok(dbbi_repo_write_stream(&ref, w, in, NULL, &progress,
	    &fx.err));
	ck_assert_uint_eq(atomic_load(&progress), 100005);
	dbbi_reader_free(in);
	dbbi_repo_writer_free(w);
	free(data);
}
END_TEST

START_TEST(one_after_the_other_gives_the_same_packs)
{
	uint8_t *data = repo_bytes(MIB, 9);
	char name[DBBI_OBJECT_SIZE];

	repo_write(data, MIB);
	snprintf(name, sizeof name, "%s", repo_object("packs/"));
	repo_tear_down();
	repo_set_up();
	repo_write(data, MIB);
	ck_assert_str_eq(repo_object("packs/"), name);
	free(data);
}
END_TEST

/* A run was cut short after its pack and before its index, and the disk
 * turned a bit since: the next run must not build on that pack. */
START_TEST(a_pack_that_is_there_already_is_read_before_it_is_trusted)
{
	uint8_t *data = repo_bytes(20000, 7);
	dbbi_stream_ref ref = repo_write(data, 20000);
	char pack[128], index[128];

	ck_assert_uint_eq(repo_count("packs/"), 1);
	snprintf(pack, sizeof(pack), "%s", repo_object("packs/"));
	snprintf(index, sizeof(index), "%s", repo_object("index/"));
	repo_ok(dbbi_store_remove(fx.store, index, &fx.err));
	repo_flip(pack, repo_size(pack) / 2, 3);
	repo_reopen();
	ref = repo_write(data, 20000);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	ck_assert_str_eq(repo_object("packs/"), pack);
	ck_assert_int_eq(repo_read_back(&ref, data, 20000), 0);
	free(data);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("writer", repo_set_up, repo_tear_down);

	tcase_add_test(tc, gives_back_streams_of_all_sizes);
	tcase_add_test(tc, stores_the_same_bytes_once);
	tcase_add_test(tc, two_streams_of_the_same_bytes_are_stored_once);
	tcase_add_test(tc, stores_what_does_not_shrink_as_it_is);
	tcase_add_test(tc, compresses_at_level_0_not_at_all);
	tcase_add_test(tc,
	    compresses_less_by_itself_only_while_many_chunks_wait);
	tcase_add_test(tc,
	    gives_back_what_it_compressed_at_levels_of_its_own);
	tcase_add_test(tc, a_failing_source_fails_its_stream_only);
	tcase_add_test(tc, a_full_store_fails_every_stream_with_its_words);
	tcase_add_test(tc, a_run_that_was_cut_short_is_gone_on_with);
	tcase_add_test(tc, what_was_not_flushed_is_written_anew);
	tcase_add_test(tc, a_pack_that_lost_bytes_is_written_again);
	tcase_add_test(tc, cancelling_is_noticed_while_the_store_is_slow);
	tcase_add_loop_test(tc,
	    as_many_packs_are_stored_at_once_as_the_store_likes, 0,
	    (int)(sizeof uploads / sizeof uploads[0]));
	tcase_add_test(tc, progress_counts_what_was_read);
	if (!repo_sealed) {
		tcase_add_test(tc, one_after_the_other_gives_the_same_packs);
		tcase_add_test(tc,
		    a_pack_that_is_there_already_is_read_before_it_is_trusted);
	}
	return repo_run("writer", tc);
}
