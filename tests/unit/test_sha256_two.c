/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/sha256_two.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"
#include "util/bytes.h"
#include "util/sha256_ni.h"

#define MOST 5000

static uint8_t data[MOST];

static void
make_data(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof data; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
}

/* Both ways are asked for; on a processor without the instructions there is
 * one, and it says so. */
static int
is_there(int native)
{
	dbbi_sha256_twin *twin = NULL;
	int rc = dbbi_sha256_twin_new_with(&twin, native, NULL);

	dbbi_sha256_twin_free(twin);
	ck_assert_int_eq(rc, native && !dbbi_sha256_ni_usable() ?
	    DBB_EUNSUPPORTED : 0);
	return rc == 0;
}

static void
assert_is_hash_of(const uint8_t *digest, const uint8_t *bytes, size_t size)
{
	uint8_t expected[DBBI_SHA256_SIZE];

	ck_assert_int_eq(dbbi_sha256_of(expected, bytes, size, NULL), 0);
	ck_assert_mem_eq(digest, expected, sizeof expected);
}

/* FIPS 180-4's example of two blocks. */
START_TEST(hashes_a_published_vector)
{
	static const char text[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static const char expected[] = "248d6a61d20638b8e5c026930c3e6039a33ce4"
	    "5964ff2167f6ecedd419db06c1";
	char hex[DBBI_SHA256_HEX];
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256_twin *twin = NULL;

	if (!is_there(_i))
		return;
	ck_assert_int_eq(dbbi_sha256_twin_new_with(&twin, _i, NULL), 0);
	ck_assert_int_eq(dbbi_sha256_twin_add(twin, text, strlen(text),
	    NULL), 0);
	ck_assert_int_eq(dbbi_sha256_twin_end_part(digest, twin, NULL), 0);
	dbbi_hex_encode(hex, digest, sizeof digest);
	ck_assert_str_eq(hex, expected);
	ck_assert_int_eq(dbbi_sha256_twin_end(digest, twin, NULL), 0);
	dbbi_hex_encode(hex, digest, sizeof digest);
	ck_assert_str_eq(hex, expected);
	dbbi_sha256_twin_free(twin);
}
END_TEST

/* Every length of a first part shifts the whole against the second part in
 * another way. */
START_TEST(hashes_the_whole_and_parts_of_any_length)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256_twin *twin = NULL;

	make_data();
	if (!is_there(_i))
		return;
	for (size_t first = 0; first < 200; first++) {
		ck_assert_int_eq(dbbi_sha256_twin_new_with(&twin, _i, NULL),
		    0);
		ck_assert_int_eq(dbbi_sha256_twin_add(twin, data, first,
		    NULL), 0);
		ck_assert_int_eq(dbbi_sha256_twin_end_part(digest, twin,
		    NULL), 0);
		assert_is_hash_of(digest, data, first);
		for (size_t n = 0; n < 3; n++)	/* a part in three */
			ck_assert_int_eq(dbbi_sha256_twin_add(twin,
			    data + first + n * 333, 333, NULL), 0);
		ck_assert_int_eq(dbbi_sha256_twin_end_part(digest, twin,
		    NULL), 0);
		assert_is_hash_of(digest, data + first, 999);
		ck_assert_int_eq(dbbi_sha256_twin_end(digest, twin, NULL),
		    0);
		assert_is_hash_of(digest, data, first + 999);
		dbbi_sha256_twin_free(twin);
	}
}
END_TEST

/* ---- many parts ---- */

#define PARTS 40

struct told {
	size_t begins[PARTS];
	size_t sizes[PARTS];
	unsigned times[PARTS];
	uint32_t stop_at;
};

static int
check_part(uint32_t i, const uint8_t *digest, void *payload, dbb_error *err)
{
	struct told *told = payload;

	(void)err;
	if (i == told->stop_at)
		return 7;
	assert_is_hash_of(digest, data + told->begins[i], told->sizes[i]);
	told->times[i]++;
	return 0;
}

static int
hash_parts(struct told *told, int native, uint32_t count, uint32_t seed)
{
	uint8_t sizes[4 * PARTS];
	size_t at = 0, size;

	make_data();
	for (uint32_t i = 0; i < count; i++) {
		seed = seed * 1103515245 + 12345;
		size = (seed >> 16) % 130;
		told->begins[i] = at;
		told->sizes[i] = size;
		dbbi_put_u32(sizes + 4 * (size_t)i, (uint32_t)size);
		at += size;
	}
	return dbbi_sha256_parts_with(native, data, sizes, count, check_part,
	    told, NULL);
}

START_TEST(tells_every_part_once)
{
	struct told told;

	if (!is_there(_i))
		return;
	for (uint32_t seed = 0; seed < 200; seed++) {
		uint32_t count = seed % (PARTS + 1);

		memset(&told, 0, sizeof told);
		told.stop_at = UINT32_MAX;
		ck_assert_int_eq(hash_parts(&told, _i, count, seed), 0);
		for (uint32_t i = 0; i < PARTS; i++)
			ck_assert_uint_eq(told.times[i], i < count);
	}
}
END_TEST

START_TEST(stops_when_told_to)
{
	struct told told = { .stop_at = 5 };

	if (!is_there(_i))
		return;
	ck_assert_int_eq(hash_parts(&told, _i, PARTS, 3), 7);
	ck_assert_uint_eq(told.times[5], 0);
	ck_assert_uint_eq(told.times[PARTS - 1], 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sha256_two");
	TCase *tc = tcase_create("sha256_two");

	tcase_add_loop_test(tc, hashes_a_published_vector, 0, 2);
	tcase_add_loop_test(tc, hashes_the_whole_and_parts_of_any_length, 0,
	    2);
	tcase_add_loop_test(tc, tells_every_part_once, 0, 2);
	tcase_add_loop_test(tc, stops_when_told_to, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
