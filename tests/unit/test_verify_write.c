/* SPDX-License-Identifier: BSD-2-Clause */
/* A zstd that does not do what it says, as faulty memory makes of it: ours
 * goes before the library's. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "repo/compress.h"
#include "repo_fixture.h"

enum lie {
	HONEST,
	FLIPPED,	/* a bit of the frame */
	OTHER,		/* a right frame, of other bytes */
	SHORT		/* a right frame, of fewer bytes */
};

static atomic_int lie;

size_t
ZSTD_compressCCtx(ZSTD_CCtx *cctx, void *to, size_t room, const void *from,
    size_t size, int level)
{
	uint8_t *copy = malloc(size);
	size_t n;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, from, size);
	if (lie == OTHER)
		copy[size / 2] ^= 1;
	n = ZSTD_compress_usingDict(cctx, to, room, copy,
	    lie == SHORT ? size - 1 : size, NULL, 0, level);
	if (lie == FLIPPED && !ZSTD_isError(n))
		((uint8_t *)to)[n / 2] ^= 1;
	free(copy);
	return n;
}

#define SIZE 300000

static uint8_t *data;

static void
set_up(void)
{
	repo_set_up_real();
	data = repo_bytes(SIZE, 1);
	lie = HONEST;
}

static void
tear_down(void)
{
	free(data);
	repo_tear_down();
}

/* Write a stream and flush. */
static int
write_all(dbbi_stream_ref *ref, const dbbi_writer_options *options)
{
	dbbi_reader *in = repo_reader(data, SIZE, 10000, SIZE_MAX);
	dbbi_repo_writer *w = NULL;
	int rc;

	repo_ok(dbbi_repo_writer_new(&w, fx.repo, options, &fx.err));
	rc = dbbi_repo_write_stream(ref, w, in, NULL, NULL, &fx.err);
	if (rc == 0)
		rc = dbbi_repo_writer_flush(w, &fx.err);
	dbbi_repo_writer_free(w);
	dbbi_reader_free(in);
	return rc;
}

START_TEST(what_is_right_is_stored)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2 };
	dbbi_stream_ref ref;

	repo_ok(write_all(&ref, &options));
	repo_ok(repo_read_back(&ref, data, SIZE));
}
END_TEST

START_TEST(what_does_not_come_back_is_not_stored)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2 };
	dbbi_stream_ref ref;

	lie = FLIPPED + _i;
	ck_assert_int_eq(write_all(&ref, &options), DBB_EINTERNAL);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "what was compressed "
	    "did not give back the "));
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "test the memory"));
	ck_assert_uint_eq(repo_count("packs/"), 0);
	ck_assert_uint_eq(repo_count("index/"), 0);
	lie = HONEST;
	repo_ok(write_all(&ref, &options));
	repo_ok(repo_read_back(&ref, data, SIZE));
}
END_TEST

START_TEST(without_it_the_lie_is_found_on_reading)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2,
	    .skip_verify = 1 };
	dbbi_stream_ref ref;

	lie = OTHER;
	repo_ok(write_all(&ref, &options));
	ck_assert_int_eq(repo_read_back(&ref, data, SIZE), DBB_EDAMAGED);
}
END_TEST

START_TEST(what_is_not_compressed_needs_no_proof)
{
	dbbi_writer_options options = { .compression = 0, .threads = 2 };
	dbbi_stream_ref ref;

	lie = FLIPPED;
	repo_ok(write_all(&ref, &options));
	repo_ok(repo_read_back(&ref, data, SIZE));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("verify_write", set_up, tear_down);

	tcase_add_test(tc, what_is_right_is_stored);
	tcase_add_loop_test(tc, what_does_not_come_back_is_not_stored, 0,
	    SHORT - FLIPPED + 1);
	tcase_add_test(tc, without_it_the_lie_is_found_on_reading);
	tcase_add_test(tc, what_is_not_compressed_needs_no_proof);
	return repo_run("verify_write", tc);
}
