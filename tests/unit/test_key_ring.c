/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys in a store. Their scrypt is as cheap as it may be, but in the one
 * test that asks for the usual one. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo_fixture.h"

#include "repo/key_ring.h"

#define REPOSITORY "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"
#define PHRASE "correct horse"
#define OBJECT "keys/default"

static const dbbi_key_cost cheap = { .n = 2, .r = 1, .p = 1 };
static dbbi_keys made;

static void
set_up(void)
{
	repo_set_up();
	repo_ok(dbbi_keys_make(&made, &fx.err));
}

static int
add(const char *name, const char *passphrase)
{
	return dbbi_keyring_add(fx.store, name, REPOSITORY, &made,
	    passphrase, &cheap, &fx.err);
}

static int
unlock(const char *passphrase)
{
	dbbi_keys keys = {0};
	int rc;

	rc = dbbi_keyring_unlock(&keys, fx.store, &fx.run, REPOSITORY,
	    made.public_key, passphrase, NULL, &fx.err);
	if (rc == 0)
		ck_assert_mem_eq(&keys, &made, sizeof keys);
	return rc;
}

static void
says(const char *words)
{
	if (strstr(fx.err.message, words) == NULL)
		ck_abort_msg("'%s' is not in: %s", words, fx.err.message);
}

/* The key's text; static storage. */
static char *
load_key(void)
{
	static char text[DBBI_KEY_FORM_MAX + 1];
	size_t size;

	repo_ok(dbbi_store_read(&size, fx.store, OBJECT, 0, text,
	    DBBI_KEY_FORM_MAX, &fx.err));
	text[size] = '\0';
	return text;
}

static void
put_key(const char *text, size_t size)
{
	repo_ok(dbbi_store_write(fx.store, OBJECT, text, size,
	    DBB_PUT_REPLACE, &fx.err));
}

/* Put `with` in the place of `what`, and unlock. */
static int
unlock_with(const char *what, const char *with)
{
	char *text = load_key(), *changed, *at = strstr(text, what);
	dbb_error failure;
	int rc;

	ck_assert_ptr_nonnull(at);
	changed = dbbi_text_format("%.*s%s%s", (int)(at - text), text, with,
	    at + strlen(what));
	put_key(changed, strlen(changed));
	rc = unlock(PHRASE);
	failure = fx.err;
	put_key(text, strlen(text));
	fx.err = failure;
	free(changed);
	return rc;
}

START_TEST(opens_with_the_passphrase)
{
	repo_ok(add("default", PHRASE));
	repo_ok(unlock(PHRASE));
}
END_TEST

START_TEST(costs_32_mib_to_try_a_passphrase)
{
	dbbi_key_form form;

	repo_ok(dbbi_keyring_add(fx.store, "default", REPOSITORY, &made,
	    PHRASE, NULL, &fx.err));
	repo_ok(dbbi_keyring_read(&form, fx.store, "default", &fx.err));
	ck_assert_uint_eq(128 * form.cost.n * form.cost.r, 32u << 20);
	repo_ok(unlock(PHRASE));
}
END_TEST

START_TEST(opens_with_each_of_several)
{
	static const char *const names[] = { "a", "b.c", "d-e_f", "Z9" };
	char phrase[32];
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(phrase, sizeof phrase, "phrase %zu", i);
		repo_ok(add(names[i], phrase));
	}
	for (i = 0; i < 4; i++) {
		snprintf(phrase, sizeof phrase, "phrase %zu", i);
		repo_ok(unlock(phrase));
	}
	ck_assert_int_eq(unlock(PHRASE), DBB_EKEY);
}
END_TEST

START_TEST(refuses_other_passphrases)
{
	static const char *const wrong[] = {
		"", "correct hors", "correct horse ", "Correct horse", "x",
	};

	repo_ok(add("default", PHRASE));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(unlock(wrong[i]), DBB_EKEY);
		says("wrong passphrase");
		ck_assert_ptr_nonnull(strstr(fx.err.hint, "password-file"));
	}
}
END_TEST

START_TEST(says_that_nothing_is_configured)
{
	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(unlock(NULL), DBB_ECONFIG);
	says("no passphrase is configured");
}
END_TEST

START_TEST(says_that_there_is_no_key)
{
	ck_assert_int_eq(unlock(PHRASE), DBB_ENOTFOUND);
	says("no key");
	repo_ok(dbbi_store_write(fx.store, "keys/sub/x", "x", 1, 0,
	    &fx.err));
	ck_assert_int_eq(unlock(PHRASE), DBB_ENOTFOUND);
}
END_TEST

START_TEST(says_that_the_keys_are_of_another_repository)
{
	repo_ok(dbbi_keyring_add(fx.store, "default", OTHER, &made, PHRASE,
	    &cheap, &fx.err));
	ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
	says("another repository");
	/* One of ours that is merely not opened comes first. */
	repo_ok(add("mine", "other phrase"));
	ck_assert_int_eq(unlock(PHRASE), DBB_EKEY);
}
END_TEST

START_TEST(is_loud_about_a_replaced_public_key)
{
	dbbi_keys keys = {0};
	uint8_t theirs[DBBI_KEY_SIZE] = { 9 };

	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(dbbi_keyring_unlock(&keys, fx.store, &fx.run,
	    REPOSITORY, theirs, PHRASE, NULL, &fx.err), DBB_EDAMAGED);
	says("another public key");
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "back up nothing"));
	ck_assert_int_eq(keys.can_read, 0);
}
END_TEST

/* Whatever bit is flipped: refused, and not for the passphrase. */
START_TEST(refuses_every_flipped_bit)
{
	size_t size, damaged = 0, bit;

	repo_ok(add("default", PHRASE));
	size = repo_size(OBJECT);
	for (bit = 0; bit < 8 * size; bit++) {
		int rc;

		repo_flip(OBJECT, bit / 8, bit % 8);
		rc = unlock(PHRASE);
		if (rc != DBB_EDAMAGED && rc != DBB_EVERSION)
			ck_abort_msg("bit %zu: %d %s", bit, rc,
			    fx.err.message);
		damaged += rc == DBB_EDAMAGED;
		repo_flip(OBJECT, bit / 8, bit % 8);
	}
	repo_ok(unlock(PHRASE));
	/* Only those in "format":1 may look like a newer version's. */
	ck_assert_uint_ge(damaged, 8 * size - 8);
}
END_TEST

START_TEST(refuses_every_cut_key)
{
	size_t size;

	repo_ok(add("default", PHRASE));
	size = repo_size(OBJECT);
	for (size_t by = 1; by <= size; by++) {
		char *text = load_key();

		put_key(text, size - by);
		ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
		put_key(text, size);
	}
}
END_TEST

START_TEST(tries_the_whole_keys_when_one_is_damaged)
{
	repo_ok(add("default", "other phrase"));
	repo_ok(add("second", PHRASE));
	repo_flip(OBJECT, 100, 0);
	repo_ok(unlock(PHRASE));
	ck_assert_int_eq(unlock("third phrase"), DBB_EDAMAGED);
	says("key 'default'");
}
END_TEST

START_TEST(refuses_what_is_no_key)
{
	static const char *const rubbish[] = {
		"", "{}", "[]", "1", "nonsense", "{\"format\":1}",
		"{\"format\":0}", "{\"format\":\"1\"}", "{\"format\":-1}",
	};
	char *large = calloc(1, DBBI_KEY_FORM_MAX + 1);

	repo_ok(add("default", PHRASE));
	for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
		put_key(rubbish[i], strlen(rubbish[i]));
		ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
	}
	memset(large, ' ', DBBI_KEY_FORM_MAX + 1);
	put_key(large, DBBI_KEY_FORM_MAX + 1);
	ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
	free(large);
}
END_TEST

START_TEST(says_that_a_newer_version_made_it)
{
	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(unlock_with("\"format\":1", "\"format\":2"),
	    DBB_EVERSION);
	says("format is '2'");
	ck_assert_int_eq(unlock_with("\"format\":1",
	    "\"format\":9223372036854775808"), DBB_EVERSION);
	ck_assert_int_eq(unlock_with("\"scrypt\"", "\"argon2\""),
	    DBB_EDAMAGED);
}
END_TEST

/* ---- keys whose digest fits, made by someone with evil in mind ---- */

#define NOW "2026-11-24T09:00:00.000Z"
#define SALT "0000000000000000000000000000000000000000000000000000000000000000"
#define NONCE "000000000000000000000000"
#define SEALED SALT SALT "00000000000000000000000000000000"

struct forgery {
	const char *kind, *created_at, *algorithm, *n, *r, *p;
	const char *salt, *nonce, *sealed;
};

/* Put such a key; without a passphrase that opens it. */
static void
forge(const struct forgery *f)
{
	uint8_t raw[DBBI_SHA256_SIZE];
	char digest[DBBI_SHA256_HEX], *text;

	text = dbbi_text_format("1 %s %s %s %s %s %s %s %s %s %s", f->kind,
	    f->created_at, REPOSITORY, f->algorithm, f->n, f->r, f->p,
	    f->salt, f->nonce, f->sealed);
	repo_ok(dbbi_sha256_of(raw, text, strlen(text), &fx.err));
	dbbi_hex_encode(digest, raw, sizeof raw);
	free(text);
	text = dbbi_text_format("{\"format\":1,\"kind\":\"%s\","
	    "\"created_at\":\"%s\",\"repository\":\"" REPOSITORY "\","
	    "\"kdf\":{\"algorithm\":\"%s\",\"n\":%s,\"r\":%s,\"p\":%s,"
	    "\"salt\":\"%s\"},\"nonce\":\"%s\",\"sealed\":\"%s\","
	    "\"sha256\":\"%s\"}", f->kind, f->created_at, f->algorithm,
	    f->n, f->r, f->p, f->salt, f->nonce, f->sealed, digest);
	put_key(text, strlen(text));
	free(text);
}

START_TEST(asks_for_no_more_than_a_key_may)
{
	static const char *const costs[][3] = {
		{ "9223372036854775808", "8", "1" },
		{ "18446744073709551615", "8", "1" },
		{ "4611686018427387904", "1", "1" },
		{ "2097152", "1", "1" },
		{ "1048576", "8", "1" },
		{ "524288", "8", "1" },
		{ "32768", "17", "1" },
		{ "32768", "4294967296", "1" },
		{ "32768", "9223372036854775808", "1" },
		{ "32768", "8", "5" },
		{ "32768", "8", "4294967297" },
		{ "32768", "0", "1" },
		{ "32768", "8", "0" },
		{ "0", "8", "1" },
		{ "1", "8", "1" },
		{ "32767", "8", "1" },
	};
	struct forgery f = { "full", NOW, "scrypt", "2", "1", "1", SALT,
	    NONCE, SEALED };

	forge(&f);
	ck_assert_int_eq(unlock(PHRASE), DBB_EKEY);
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		f.n = costs[i][0];
		f.r = costs[i][1];
		f.p = costs[i][2];
		forge(&f);
		ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
		says("more work than a key may");
	}
}
END_TEST

START_TEST(looks_at_every_member_whatever_the_digest_says)
{
	static const struct forgery wrong[] = {
		{ "full", "yesterday", "scrypt", "2", "1", "1", SALT, NONCE,
		    SEALED },
		{ "full", NOW, "scrypt", "2", "1", "1", "00", NONCE, SEALED },
		{ "full", NOW, "scrypt", "2", "1", "1", SALT "00", NONCE,
		    SEALED },
		{ "full", NOW, "scrypt", "2", "1", "1", SALT, NONCE "00",
		    SEALED },
		{ "full", NOW, "scrypt", "2", "1", "1", SALT, "zz", SEALED },
		{ "full", NOW, "scrypt", "2", "1", "1", SALT, NONCE, "00" },
		{ "full", NOW, "scrypt", "2", "1", "1", SALT, NONCE,
		    SEALED SEALED },
	};
	struct forgery newer = wrong[0];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		forge(&wrong[i]);
		ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
	}
	newer.kind = "split";
	forge(&newer);
	ck_assert_int_eq(unlock(PHRASE), DBB_EVERSION);
	newer.kind = "full";
	newer.algorithm = "argon2id";
	forge(&newer);
	ck_assert_int_eq(unlock(PHRASE), DBB_EVERSION);
}
END_TEST

START_TEST(gives_up_on_too_many_keys)
{
	char name[32];

	for (int i = 0; i < 257; i++) {
		snprintf(name, sizeof name, "keys/k%d", i);
		repo_ok(dbbi_store_write(fx.store, name, "x", 1, 0,
		    &fx.err));
	}
	ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
	says("more than 256 keys");
}
END_TEST

/* ---- coming and going ---- */

START_TEST(lists_names_in_order)
{
	dbbi_list names = {0};

	repo_ok(add("b", PHRASE));
	repo_ok(add("a", PHRASE));
	repo_ok(add("c", PHRASE));
	repo_ok(dbbi_store_write(fx.store, "keys/d/e", "x", 1, 0, &fx.err));
	repo_ok(dbbi_keyring_names(&names, fx.store, &fx.err));
	ck_assert_uint_eq(names.count, 3);
	ck_assert_str_eq(names.items[0], "a");
	ck_assert_str_eq(names.items[2], "c");
	dbbi_list_clear(&names);
}
END_TEST

START_TEST(refuses_names_that_are_none)
{
	char longest[DBBI_KEY_NAME_SIZE + 1];

	memset(longest, 'a', sizeof longest);
	longest[DBBI_KEY_NAME_SIZE] = '\0';
	ck_assert_int_eq(add(longest, PHRASE), DBB_EINVAL);
	ck_assert_int_eq(add("", PHRASE), DBB_EINVAL);
	ck_assert_int_eq(add(".a", PHRASE), DBB_EINVAL);
	ck_assert_int_eq(add("../a", PHRASE), DBB_EINVAL);
	ck_assert_int_eq(add("a b", PHRASE), DBB_EINVAL);
	longest[DBBI_KEY_NAME_SIZE - 1] = '\0';
	repo_ok(add(longest, PHRASE));
}
END_TEST

START_TEST(adds_no_second_key_of_a_name)
{
	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(add("default", "other phrase"), DBB_EEXIST);
	repo_ok(unlock(PHRASE));
}
END_TEST

START_TEST(adds_nothing_with_a_write_only_key)
{
	dbbi_keys half;

	repo_ok(dbbi_keys_write_only(&half, made.writer, made.public_key,
	    &fx.err));
	ck_assert_int_eq(dbbi_keyring_add(fx.store, "default", REPOSITORY,
	    &half, PHRASE, &cheap, &fx.err), DBB_EKEY);
	ck_assert_uint_eq(repo_count("keys/"), 0);
}
END_TEST

START_TEST(makes_a_first_key_beside_those_of_killed_inits)
{
	char name[DBBI_KEY_NAME_SIZE];

	repo_ok(dbbi_keyring_first(name, fx.store, OTHER, &made, PHRASE,
	    &cheap, &fx.err));
	ck_assert_str_eq(name, "default");
	repo_ok(dbbi_keyring_first(name, fx.store, REPOSITORY, &made, PHRASE,
	    &cheap, &fx.err));
	ck_assert_str_eq(name, "default-2");
	repo_ok(unlock(PHRASE));
	repo_ok(dbbi_keyring_discard(fx.store, name, &fx.err));
	ck_assert_int_eq(unlock(PHRASE), DBB_EDAMAGED);
}
END_TEST

START_TEST(changes_the_passphrase_by_adding_and_removing)
{
	repo_ok(add("default", PHRASE));
	repo_ok(add("new", "new phrase"));
	repo_ok(dbbi_keyring_remove(fx.store, "default", REPOSITORY,
	    &fx.err));
	ck_assert_int_eq(unlock(PHRASE), DBB_EKEY);
	repo_ok(unlock("new phrase"));
}
END_TEST

START_TEST(never_removes_the_last_whole_key)
{
	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(dbbi_keyring_remove(fx.store, "default", REPOSITORY,
	    &fx.err), DBB_EINVAL);
	says("the last key");
	/* Neither a damaged one nor another repository's counts. */
	repo_ok(dbbi_store_write(fx.store, "keys/broken", "x", 1, 0,
	    &fx.err));
	repo_ok(dbbi_keyring_add(fx.store, "foreign", OTHER, &made, PHRASE,
	    &cheap, &fx.err));
	ck_assert_int_eq(dbbi_keyring_remove(fx.store, "default", REPOSITORY,
	    &fx.err), DBB_EINVAL);
	repo_ok(unlock(PHRASE));
	repo_ok(dbbi_keyring_remove(fx.store, "broken", REPOSITORY,
	    &fx.err));
	repo_ok(dbbi_keyring_remove(fx.store, "foreign", REPOSITORY,
	    &fx.err));
	ck_assert_uint_eq(repo_count("keys/"), 1);
}
END_TEST

START_TEST(says_that_there_is_none_to_remove)
{
	repo_ok(add("default", PHRASE));
	ck_assert_int_eq(dbbi_keyring_remove(fx.store, "other", REPOSITORY,
	    &fx.err), DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_keyring_remove(fx.store, "../x", REPOSITORY,
	    &fx.err), DBB_EINVAL);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("key_ring", set_up, repo_tear_down);

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, opens_with_the_passphrase);
	tcase_add_test(tc, costs_32_mib_to_try_a_passphrase);
	tcase_add_test(tc, opens_with_each_of_several);
	tcase_add_test(tc, refuses_other_passphrases);
	tcase_add_test(tc, says_that_nothing_is_configured);
	tcase_add_test(tc, says_that_there_is_no_key);
	tcase_add_test(tc, says_that_the_keys_are_of_another_repository);
	tcase_add_test(tc, is_loud_about_a_replaced_public_key);
	tcase_add_test(tc, refuses_every_flipped_bit);
	tcase_add_test(tc, refuses_every_cut_key);
	tcase_add_test(tc, tries_the_whole_keys_when_one_is_damaged);
	tcase_add_test(tc, refuses_what_is_no_key);
	tcase_add_test(tc, says_that_a_newer_version_made_it);
	tcase_add_test(tc, asks_for_no_more_than_a_key_may);
	tcase_add_test(tc, looks_at_every_member_whatever_the_digest_says);
	tcase_add_test(tc, gives_up_on_too_many_keys);
	tcase_add_test(tc, lists_names_in_order);
	tcase_add_test(tc, refuses_names_that_are_none);
	tcase_add_test(tc, adds_no_second_key_of_a_name);
	tcase_add_test(tc, adds_nothing_with_a_write_only_key);
	tcase_add_test(tc, makes_a_first_key_beside_those_of_killed_inits);
	tcase_add_test(tc, changes_the_passphrase_by_adding_and_removing);
	tcase_add_test(tc, never_removes_the_last_whole_key);
	tcase_add_test(tc, says_that_there_is_none_to_remove);
	return repo_run("key_ring", tc);
}
