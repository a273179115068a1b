/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/compress.h"
#include "repo_fixture.h"
#include "util/random.h"

#define SIZE 100000u

static dbbi_codec *codec;
static uint8_t *data, packed[SIZE], plain[SIZE];

static void
set_up(void)
{
	repo_ok(dbbi_codec_new(&codec, &fx.err));
	data = repo_bytes(SIZE, 1);
}

static void
tear_down(void)
{
	dbbi_codec_free(codec);
	free(data);
}

static size_t
pack(void)
{
	size_t stored = 0;

	repo_ok(dbbi_codec_pack(&stored, codec, packed, data, SIZE, 3,
	    &fx.err));
	return stored;
}

START_TEST(gives_back_what_it_packed)
{
	size_t stored = pack();

	ck_assert_uint_gt(stored, 0);
	ck_assert_uint_lt(stored, SIZE);
	repo_ok(dbbi_codec_unpack(codec, plain, SIZE, packed, stored,
	    &fx.err));
	ck_assert_int_eq(memcmp(plain, data, SIZE), 0);
}
END_TEST

START_TEST(leaves_what_does_not_shrink)
{
	size_t stored = 1;

	repo_ok(dbbi_random(data, SIZE, &fx.err));
	repo_ok(dbbi_codec_pack(&stored, codec, packed, data, SIZE, 3,
	    &fx.err));
	ck_assert_uint_eq(stored, 0);
	repo_ok(dbbi_codec_pack(&stored, codec, packed, "x", 1, 3,
	    &fx.err));
	ck_assert_uint_eq(stored, 0);
}
END_TEST

START_TEST(refuses_another_size)
{
	size_t stored = pack();

	ck_assert_int_eq(dbbi_codec_unpack(codec, plain, SIZE - 1, packed,
	    stored, &fx.err), DBB_EDAMAGED);
	ck_assert_int_eq(dbbi_codec_unpack(codec, plain, 0, packed, stored,
	    &fx.err), DBB_EDAMAGED);
}
END_TEST

START_TEST(refuses_half_a_frame_and_no_frame)
{
	size_t stored = pack();

	ck_assert_int_eq(dbbi_codec_unpack(codec, plain, SIZE, packed,
	    stored / 2, &fx.err), DBB_EDAMAGED);
	ck_assert_int_eq(dbbi_codec_unpack(codec, plain, SIZE, packed, 0,
	    &fx.err), DBB_EDAMAGED);
	ck_assert_int_eq(dbbi_codec_unpack(codec, plain, SIZE, data, SIZE,
	    &fx.err), DBB_EDAMAGED);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("compress", set_up, tear_down);

	tcase_add_test(tc, gives_back_what_it_packed);
	tcase_add_test(tc, leaves_what_does_not_shrink);
	tcase_add_test(tc, refuses_another_size);
	tcase_add_test(tc, refuses_half_a_frame_and_no_frame);
	return repo_run("compress", tc);
}
