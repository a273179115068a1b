/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/sha256.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"
#include "util/bytes.h"

/* From FIPS 180-4's examples and the empty text. */
static const struct {
	const char *text;
	const char *digest;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
	    "b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
	    "0015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06"
	    "c1" },
};

static void
assert_digest(const uint8_t *digest, const char *expected)
{
	char text[DBBI_SHA256_HEX];

	dbbi_hex_encode(text, digest, DBBI_SHA256_SIZE);
	ck_assert_str_eq(text, expected);
}

START_TEST(hashes_published_vectors)
{
	uint8_t digest[DBBI_SHA256_SIZE];

	ck_assert_int_eq(dbbi_sha256_of(digest, vectors[_i].text,
	    strlen(vectors[_i].text), NULL), 0);
	assert_digest(digest, vectors[_i].digest);
}
END_TEST

START_TEST(hashes_a_million_letters_in_pieces)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256 *h = NULL;
	char piece[1000];
	int i;

	memset(piece, 'a', sizeof(piece));
	ck_assert_int_eq(dbbi_sha256_new(&h, NULL), 0);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(dbbi_sha256_add(h, piece, sizeof(piece),
		    NULL), 0);
	ck_assert_int_eq(dbbi_sha256_end(digest, h, NULL), 0);
	assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a4972"
	    "00e046d39ccc7112cd0");
	dbbi_sha256_free(h);
}
END_TEST

START_TEST(begins_again)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256 *h = NULL;
	int round;

	ck_assert_int_eq(dbbi_sha256_new(&h, NULL), 0);
	ck_assert_int_eq(dbbi_sha256_add(h, "rubbish", 7, NULL), 0);
	for (round = 0; round < 2; round++) {
		ck_assert_int_eq(dbbi_sha256_begin(h, NULL), 0);
		ck_assert_int_eq(dbbi_sha256_add(h, "abc", 3, NULL), 0);
		ck_assert_int_eq(dbbi_sha256_add(h, NULL, 0, NULL), 0);
		ck_assert_int_eq(dbbi_sha256_end(digest, h, NULL), 0);
		assert_digest(digest, vectors[1].digest);
	}
	dbbi_sha256_free(h);
	dbbi_sha256_free(NULL);
}
END_TEST

START_TEST(hashes_nothing_at_no_address)
{
	uint8_t digest[DBBI_SHA256_SIZE];

	ck_assert_int_eq(dbbi_sha256_of(digest, NULL, 0, NULL), 0);
	assert_digest(digest, vectors[0].digest);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sha256");
	TCase *tc = tcase_create("sha256");

	tcase_add_loop_test(tc, hashes_published_vectors, 0,
	    sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tc, hashes_a_million_letters_in_pieces);
	tcase_add_test(tc, begins_again);
	tcase_add_test(tc, hashes_nothing_at_no_address);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
