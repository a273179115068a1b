/* SPDX-License-Identifier: BSD-2-Clause */
/* The vectors are those of the documents that specify the primitives. */
#include <config.h>

#include "util/crypt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "suite.h"

#define ROOM 256

static dbb_error err;

/* Read hexadecimal digits; the size is what they say. */
static size_t
bytes_of(uint8_t out[ROOM], const char *hex)
{
	size_t size = strlen(hex) / 2;

	ck_assert_uint_le(size, ROOM);
	ck_assert_int_eq(dbbi_hex_decode(out, size, hex), 0);
	return size;
}

static void
assert_bytes(const void *bytes, const char *hex)
{
	char text[2 * ROOM + 1];

	ck_assert_uint_le(strlen(hex), 2 * ROOM);
	dbbi_hex_encode(text, bytes, strlen(hex) / 2);
	ck_assert_str_eq(text, hex);
}

/* ---- HMAC-SHA-256: RFC 4231, 4.2 to 4.5 ---- */

static const struct {
	const char *key;	/* shorter keys are filled up with zeros */
	const char *data;
	const char *mac;
} macs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
	},
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	},
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	    "dddddddddddddddddddddddddddddddddddd",
	    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
	},
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
	},
};

START_TEST(authenticates_as_published)
{
	uint8_t key[ROOM] = {0}, data[ROOM], mac[DBBI_KEY_SIZE];
	dbbi_hmac *hmac = NULL;
	size_t size;

	bytes_of(key, macs[_i].key);
	size = bytes_of(data, macs[_i].data);
	ck_assert_int_eq(dbbi_hmac_new(&hmac, key, &err), 0);
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(dbbi_hmac_begin(hmac, &err), 0);
		ck_assert_int_eq(dbbi_hmac_add(hmac, data, 3, &err), 0);
		ck_assert_int_eq(dbbi_hmac_add(hmac, NULL, 0, &err), 0);
		ck_assert_int_eq(dbbi_hmac_add(hmac, data + 3, size - 3,
		    &err), 0);
		ck_assert_int_eq(dbbi_hmac_end(mac, hmac, &err), 0);
		assert_bytes(mac, macs[_i].mac);
	}
	dbbi_hmac_free(hmac);
	dbbi_hmac_free(NULL);
}
END_TEST

/* RFC 4231, 4.3 and 4.7: a key shorter and one longer than a block. */
START_TEST(authenticates_at_once_under_keys_of_any_size)
{
	static const char words[] = "Test Using Larger Than Block-Size Key - "
	    "Hash Key First";
	uint8_t key[131], mac[DBBI_KEY_SIZE];

	memset(key, 0xaa, sizeof(key));
	ck_assert_int_eq(dbbi_hmac_of(mac, key, sizeof(key), words,
	    sizeof(words) - 1, &err), 0);
	assert_bytes(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546"
	    "040f0ee37f54");
	ck_assert_int_eq(dbbi_hmac_of(mac, "Jefe", 4,
	    "what do ya want for nothing?", 28, &err), 0);
	assert_bytes(mac, macs[1].mac);
}
END_TEST

START_TEST(authenticates_anew_after_what_was_left_off)
{
	uint8_t key[ROOM] = {0}, mac[DBBI_KEY_SIZE];
	dbbi_hmac *hmac = NULL;

	bytes_of(key, macs[0].key);
	ck_assert_int_eq(dbbi_hmac_new(&hmac, key, &err), 0);
	ck_assert_int_eq(dbbi_hmac_add(hmac, "rubbish", 7, &err), 0);
	ck_assert_int_eq(dbbi_hmac_begin(hmac, &err), 0);
	ck_assert_int_eq(dbbi_hmac_add(hmac, "Hi There", 8, &err), 0);
	ck_assert_int_eq(dbbi_hmac_end(mac, hmac, &err), 0);
	assert_bytes(mac, macs[0].mac);
	dbbi_hmac_free(hmac);
}
END_TEST

/* ---- HKDF-SHA-256: RFC 5869, A.1 and A.3, the first 32 bytes ---- */

START_TEST(derives_keys_as_published)
{
	uint8_t key[ROOM], salt[ROOM], out[DBBI_KEY_SIZE];
	size_t key_size, salt_size;

	key_size = bytes_of(key,
	    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	salt_size = bytes_of(salt, "000102030405060708090a0b0c");
	ck_assert_int_eq(dbbi_hkdf(out, key, key_size, salt, salt_size,
	    "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", &err), 0);
	assert_bytes(out,
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	ck_assert_int_eq(dbbi_hkdf(out, key, key_size, NULL, 0, "", &err), 0);
	assert_bytes(out,
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}
END_TEST

START_TEST(derives_another_key_for_each_use)
{
	uint8_t key[DBBI_KEY_SIZE] = { 1 }, salt[DBBI_KEY_SIZE] = { 2 };
	uint8_t out[4][DBBI_KEY_SIZE];

	ck_assert_int_eq(dbbi_hkdf(out[0], key, sizeof key, salt, sizeof salt,
	    "one", &err), 0);
	ck_assert_int_eq(dbbi_hkdf(out[1], key, sizeof key, salt, sizeof salt,
	    "two", &err), 0);
	salt[31] = 1;
	ck_assert_int_eq(dbbi_hkdf(out[2], key, sizeof key, salt, sizeof salt,
	    "one", &err), 0);
	key[31] = 1;
	ck_assert_int_eq(dbbi_hkdf(out[3], key, sizeof key, salt, sizeof salt,
	    "one", &err), 0);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < i; k++)
			ck_assert_mem_ne(out[i], out[k], DBBI_KEY_SIZE);
}
END_TEST

/* ---- X25519: RFC 7748, 6.1 ---- */

#define ALICE "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define ALICE_PUBLIC \
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
#define BOB "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
#define BOB_PUBLIC \
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
#define SHARED \
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"

START_TEST(agrees_as_published)
{
	uint8_t alice[ROOM], bob[ROOM], public_key[DBBI_KEY_SIZE];
	uint8_t shared[DBBI_KEY_SIZE];

	bytes_of(alice, ALICE);
	bytes_of(bob, BOB);
	ck_assert_int_eq(dbbi_x25519_public(public_key, alice, &err), 0);
	assert_bytes(public_key, ALICE_PUBLIC);
	ck_assert_int_eq(dbbi_x25519_derive(shared, bob, public_key, &err),
	    0);
	assert_bytes(shared, SHARED);
	ck_assert_int_eq(dbbi_x25519_public(public_key, bob, &err), 0);
	assert_bytes(public_key, BOB_PUBLIC);
	ck_assert_int_eq(dbbi_x25519_derive(shared, alice, public_key, &err),
	    0);
	assert_bytes(shared, SHARED);
}
END_TEST

START_TEST(makes_pairs_that_agree)
{
	uint8_t private_key[2][DBBI_KEY_SIZE], public_key[2][DBBI_KEY_SIZE];
	uint8_t shared[2][DBBI_KEY_SIZE];

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(dbbi_x25519_new(private_key[i],
		    public_key[i], &err), 0);
	ck_assert_mem_ne(private_key[0], private_key[1], DBBI_KEY_SIZE);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(dbbi_x25519_derive(shared[i],
		    private_key[i], public_key[1 - i], &err), 0);
	ck_assert_mem_eq(shared[0], shared[1], DBBI_KEY_SIZE);
}
END_TEST

/* RFC 7748, 6.1: a shared secret of zeros must be refused. */
START_TEST(refuses_public_keys_of_small_order)
{
	static const char *const weak[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t alice[ROOM], theirs[ROOM], shared[DBBI_KEY_SIZE];

	bytes_of(alice, ALICE);
	for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
		bytes_of(theirs, weak[i]);
		ck_assert_int_eq(dbbi_x25519_derive(shared, alice, theirs,
		    &err), DBB_EDAMAGED);
	}
}
END_TEST

/* ---- scrypt: RFC 7914, 12, the first 32 bytes ---- */

START_TEST(stretches_passphrases_as_published)
{
	uint8_t out[DBBI_KEY_SIZE];

	ck_assert_int_eq(dbbi_scrypt(out, "", "", 0, 16, 1, 1, &err), 0);
	assert_bytes(out,
	    "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
	ck_assert_int_eq(dbbi_scrypt(out, "password", "NaCl", 4, 1024, 8, 16,
	    &err), 0);
	assert_bytes(out,
	    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
	ck_assert_int_eq(dbbi_scrypt(out, "pleaseletmein", "SodiumChloride",
	    14, 16384, 8, 1, &err), 0);
	assert_bytes(out,
	    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}
END_TEST

START_TEST(allocates_no_more_than_its_limit)
{
	uint8_t out[DBBI_KEY_SIZE];

	ck_assert_int_eq(dbbi_scrypt(out, "", "", 0, 1u << 16, 8, 1, &err),
	    0);
	ck_assert_int_lt(dbbi_scrypt(out, "", "", 0, 1u << 19, 8, 1, &err),
	    0);
	ck_assert_int_lt(dbbi_scrypt(out, "", "", 0, 1ULL << 62, 8, 1, &err),
	    0);
	ck_assert_int_lt(dbbi_scrypt(out, "", "", 0, 16, UINT32_MAX, 1,
	    &err), 0);
	ck_assert_int_lt(dbbi_scrypt(out, "", "", 0, 16, 8, UINT32_MAX,
	    &err), 0);
}
END_TEST

/* ---- AES-256-GCM: McGrew and Viega's test cases 13 to 16, which NIST's
 * validation suite has too ---- */

static const struct {
	const char *key, *nonce, *aad, *plain, *sealed;
} seals[] = {
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "",
	    "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "00000000000000000000000000000000",
	    "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
	},
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888", "",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	    "b094dac5d93471bdec1a502270e3cc6c" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888",
	    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	    "76fc6ece0f4e1768cddf8853bb2d551b" },
};

/* One vector, in bytes, and an aead under its key. */
static struct {
	dbbi_aead *aead;
	uint8_t nonce[ROOM], aad[ROOM], plain[ROOM], sealed[ROOM];
	size_t aad_size, plain_size, sealed_size;
} v;

static void
take_vector(int i)
{
	uint8_t key[ROOM];

	bytes_of(key, seals[i].key);
	bytes_of(v.nonce, seals[i].nonce);
	v.aad_size = bytes_of(v.aad, seals[i].aad);
	v.plain_size = bytes_of(v.plain, seals[i].plain);
	v.sealed_size = bytes_of(v.sealed, seals[i].sealed);
	ck_assert_int_eq(dbbi_aead_new(&v.aead, &err), 0);
	ck_assert_int_eq(dbbi_aead_key(v.aead, key, &err), 0);
}

static int
open_vector(uint8_t *to, size_t sealed_size)
{
	return dbbi_aead_open(v.aead, to, v.nonce, v.aad, v.aad_size,
	    v.sealed, sealed_size, &err);
}

START_TEST(seals_and_opens_as_published)
{
	uint8_t out[ROOM];

	take_vector(_i);
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(dbbi_aead_seal(v.aead, out, v.nonce, v.aad,
		    v.aad_size, v.plain, v.plain_size, &err), 0);
		ck_assert_uint_eq(v.sealed_size,
		    v.plain_size + DBBI_TAG_SIZE);
		ck_assert_mem_eq(out, v.sealed, v.sealed_size);
		memset(out, 0, sizeof out);
		ck_assert_int_eq(open_vector(out, v.sealed_size), 0);
		ck_assert_mem_eq(out, v.plain, v.plain_size);
	}
	dbbi_aead_free(v.aead);
}
END_TEST

START_TEST(seals_and_opens_in_place)
{
	uint8_t out[ROOM];

	take_vector(3);
	memcpy(out, v.plain, v.plain_size);
	ck_assert_int_eq(dbbi_aead_seal(v.aead, out, v.nonce, v.aad,
	    v.aad_size, out, v.plain_size, &err), 0);
	ck_assert_mem_eq(out, v.sealed, v.sealed_size);
	ck_assert_int_eq(dbbi_aead_open(v.aead, out, v.nonce, v.aad,
	    v.aad_size, out, v.sealed_size, &err), 0);
	ck_assert_mem_eq(out, v.plain, v.plain_size);
	dbbi_aead_free(v.aead);
}
END_TEST

/* Flip each bit of `bytes` in turn: it must not open, and nothing of the
 * plain bytes may be left. */
static void
refuses_flips_of(uint8_t *bytes, size_t size)
{
	static const uint8_t zeros[ROOM];
	uint8_t out[ROOM];

	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memset(out, 0xaa, sizeof out);
		ck_assert_int_eq(open_vector(out, v.sealed_size),
		    DBB_EDAMAGED);
		ck_assert_mem_eq(out, zeros, v.plain_size);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(open_vector(out, v.sealed_size), 0);
}

START_TEST(refuses_every_flipped_bit)
{
	take_vector(3);
	refuses_flips_of(v.sealed, v.sealed_size);
	refuses_flips_of(v.aad, v.aad_size);
	refuses_flips_of(v.nonce, DBBI_NONCE_SIZE);
	dbbi_aead_free(v.aead);
}
END_TEST

START_TEST(refuses_what_is_cut)
{
	uint8_t out[ROOM];

	take_vector(3);
	for (size_t size = 0; size < v.sealed_size; size++)
		ck_assert_int_eq(open_vector(out, size), DBB_EDAMAGED);
	v.aad_size--;
	ck_assert_int_eq(open_vector(out, v.sealed_size), DBB_EDAMAGED);
	dbbi_aead_free(v.aead);
	dbbi_aead_free(NULL);
}
END_TEST

START_TEST(opens_under_the_key_of_the_seal_only)
{
	uint8_t key[ROOM], out[ROOM];

	take_vector(3);
	bytes_of(key, seals[3].key);
	key[31] ^= 1;
	ck_assert_int_eq(dbbi_aead_key(v.aead, key, &err), 0);
	ck_assert_int_eq(open_vector(out, v.sealed_size), DBB_EDAMAGED);
	key[31] ^= 1;
	ck_assert_int_eq(dbbi_aead_key(v.aead, key, &err), 0);
	ck_assert_int_eq(open_vector(out, v.sealed_size), 0);
	ck_assert_mem_eq(out, v.plain, v.plain_size);
	dbbi_aead_free(v.aead);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypt");
	TCase *tc = tcase_create("crypt");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, authenticates_as_published, 0,
	    sizeof macs / sizeof *macs);
	tcase_add_test(tc, authenticates_at_once_under_keys_of_any_size);
	tcase_add_test(tc, authenticates_anew_after_what_was_left_off);
	tcase_add_test(tc, derives_keys_as_published);
	tcase_add_test(tc, derives_another_key_for_each_use);
	tcase_add_test(tc, agrees_as_published);
	tcase_add_test(tc, makes_pairs_that_agree);
	tcase_add_test(tc, refuses_public_keys_of_small_order);
	tcase_add_test(tc, stretches_passphrases_as_published);
	tcase_add_test(tc, allocates_no_more_than_its_limit);
	tcase_add_loop_test(tc, seals_and_opens_as_published, 0,
	    sizeof seals / sizeof *seals);
	tcase_add_test(tc, seals_and_opens_in_place);
	tcase_add_test(tc, refuses_every_flipped_bit);
	tcase_add_test(tc, refuses_what_is_cut);
	tcase_add_test(tc, opens_under_the_key_of_the_seal_only);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
