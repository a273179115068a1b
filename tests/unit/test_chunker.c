/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/chunker.h"
#include "repo_fixture.h"

#define SIZE (4u << 20)
#define MAX_CUTS (SIZE / 64)

static const dbbi_chunker_params params = { .seed = "seed",
    .min_bytes = 1024, .average_bytes = 4096, .max_bytes = 16384 };

/* Cut `data`; the lengths of the pieces, and how many. */
static size_t
cut_all(uint32_t *lengths, const dbbi_chunker_params *p, const uint8_t *data,
    size_t size)
{
	dbbi_chunker c;
	size_t n = 0, at = 0;

	repo_ok(dbbi_chunker_init(&c, p, &fx.err));
	while (at < size) {
		lengths[n] = (uint32_t)dbbi_chunker_cut(&c, data + at,
		    size - at);
		ck_assert_uint_gt(lengths[n], 0);
		ck_assert_uint_le(lengths[n], p->max_bytes);
		if (at + lengths[n] < size)
			ck_assert_uint_ge(lengths[n], p->min_bytes);
		at += lengths[n++];
	}
	ck_assert_uint_eq(at, size);
	return n;
}

static uint32_t a[MAX_CUTS], b[MAX_CUTS];

/* Change this only together with the format's version. */
START_TEST(cuts_where_it_always_did)
{
	uint8_t *data = repo_bytes(SIZE, 1), digest[DBBI_SHA256_SIZE];
	size_t n = cut_all(a, &params, data, SIZE);
	char hex[DBBI_SHA256_HEX];

	repo_ok(dbbi_sha256_of(digest, a, n * sizeof *a, &fx.err));
	dbbi_hex_encode(hex, digest, sizeof digest);
	ck_assert_str_eq(hex, "b3399f41bfc9f5403cdbf9de0511d0f4"
	    "2768338af5e38ef2631448176fab4555");
	free(data);
}
END_TEST

START_TEST(cuts_elsewhere_with_another_seed)
{
	dbbi_chunker_params other = params;
	uint8_t *data = repo_bytes(SIZE, 1);
	size_t n = cut_all(a, &params, data, SIZE);

	other.seed[31] ^= 1;
	ck_assert(cut_all(b, &other, data, SIZE) != n ||
	    memcmp(a, b, n * sizeof *a) != 0);
	free(data);
}
END_TEST

START_TEST(pieces_are_near_the_average)
{
	uint8_t *data = repo_bytes(SIZE, 2);
	size_t n = cut_all(a, &params, data, SIZE);

	ck_assert_uint_gt(SIZE / n, params.average_bytes * 3 / 4);
	ck_assert_uint_lt(SIZE / n, params.average_bytes * 3 / 2);
	free(data);
}
END_TEST

START_TEST(a_byte_in_front_moves_few_cuts)
{
	uint8_t *data = repo_bytes(SIZE, 3);
	uint8_t *shifted = malloc(SIZE + 1);
	size_t n = cut_all(a, &params, data, SIZE), m, same = 0;

	ck_assert_ptr_nonnull(shifted);
	shifted[0] = '!';
	memcpy(shifted + 1, data, SIZE);
	m = cut_all(b, &params, shifted, SIZE + 1);
	while (same < n && same < m && a[n - 1 - same] == b[m - 1 - same])
		same++;
	ck_assert_uint_ge(same + 20, n);
	free(shifted);
	free(data);
}
END_TEST

START_TEST(what_never_changes_is_cut_evenly)
{
	uint8_t *data = calloc(1, SIZE);
	size_t n;

	ck_assert_ptr_nonnull(data);
	n = cut_all(a, &params, data, SIZE);
	for (size_t i = n / 2; i + 2 < n; i++)
		ck_assert_uint_eq(a[i], a[i + 1]);
	free(data);
}
END_TEST

START_TEST(short_streams_are_one_piece)
{
	dbbi_chunker c;
	uint8_t *data = repo_bytes(1024, 4);

	repo_ok(dbbi_chunker_init(&c, &params, &fx.err));
	ck_assert_uint_eq(dbbi_chunker_cut(&c, data, 1), 1);
	ck_assert_uint_eq(dbbi_chunker_cut(&c, data, 64), 64);
	ck_assert_uint_eq(dbbi_chunker_cut(&c, data, 1024), 1024);
	free(data);
}
END_TEST

START_TEST(refuses_impossible_sizes)
{
	static const uint32_t sizes[][3] = {
		{ 0, 4096, 16384 },		/* no window */
		{ 8192, 4096, 16384 },		/* min over average */
		{ 1024, 4096, 2048 },		/* max below average */
		{ 1024, 4095, 16384 },		/* no power of two */
		{ 64, 512, 1024 },		/* too small */
		{ 1024, 65536, 65536 },		/* too large */
		{ 1024, 4096, 16 * 4096 + 1 },	/* max too far off */
		{ 1u << 31, 1u << 31, 1u << 31 },
	};
	dbbi_chunker_params p = params;
	dbbi_chunker c;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		p.min_bytes = sizes[i][0];
		p.average_bytes = sizes[i][1];
		p.max_bytes = sizes[i][2];
		ck_assert_int_eq(dbbi_chunker_init(&c, &p, &fx.err),
		    DBB_EINVAL);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("chunker", NULL, NULL);

	tcase_add_test(tc, cuts_where_it_always_did);
	tcase_add_test(tc, cuts_elsewhere_with_another_seed);
	tcase_add_test(tc, pieces_are_near_the_average);
	tcase_add_test(tc, a_byte_in_front_moves_few_cuts);
	tcase_add_test(tc, what_never_changes_is_cut_evenly);
	tcase_add_test(tc, short_streams_are_one_piece);
	tcase_add_test(tc, refuses_impossible_sizes);
	return repo_run("chunker", tc);
}
