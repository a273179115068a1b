/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing, by someone who may change the store as he likes: he computes every
 * name and digest anew, and has the public key, but no other.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/chunk_seal.h"
#include "repo/manifest.h"
#include "repo/pack.h"
#include "repo/prune.h"
#include "repo_fixture.h"

#define A "20261122T020000Z-000a"
#define B "20261123T020000Z-000b"
#define SIZE 20000u
#define TEXT "a text that nobody is to read"
#define BOX_AT 60		/* in a manifest */

static uint8_t *plain;
static dbbi_stream_ref ref;
static char pack_object[DBBI_OBJECT_SIZE];

static void
set_up(void)
{
	repo_sealed = 1;
	repo_set_up();
	plain = repo_bytes(SIZE, 1);
	memcpy(plain + 5000, TEXT, strlen(TEXT));
	ref = repo_write(plain, SIZE);
	repo_write_set(A, &ref);
	strcpy(pack_object, repo_object("packs/"));
}

static void
tear_down(void)
{
	free(plain);
	repo_tear_down();
}

static uint8_t *
load(const char *object, size_t *size)
{
	uint8_t *data = NULL;

	repo_ok(dbbi_store_load(&data, size, fx.store, object, 1u << 26,
	    &fx.err));
	return data;
}

static void
replace(const char *object, const void *data, size_t size)
{
	repo_ok(dbbi_store_write(fx.store, object, data, size,
	    DBB_PUT_REPLACE, &fx.err));
}

/* Set A's manifest, to be changed. */
static uint8_t *
load_manifest(size_t *size)
{
	return load("sets/" A, size);
}

/* Where a manifest's first digest is. */
static size_t
front_size(const uint8_t *data)
{
	return BOX_AT + DBBI_BOX_SIZE + DBBI_WRITER_BOX_EXTRA +
	    dbbi_get_u32(data + 44) + 40 * (size_t)dbbi_get_u32(data + 48);
}

/* Make a manifest's digests fit, and put it under a set's name. */
static void
put_manifest(const char *id, uint8_t *data, size_t size)
{
	size_t front = front_size(data);
	char object[DBBI_OBJECT_SIZE];

	repo_ok(dbbi_sha256_of(data + front, data, front, &fx.err));
	repo_ok(dbbi_sha256_of(data + size - 32, data, size - 32, &fx.err));
	dbbi_set_object(object, id);
	replace(object, data, size);
}

static int
read_set(const char *id, int with_body)
{
	dbbi_manifest m;
	int rc = dbbi_manifest_read(&m, fx.repo, id, with_body, &fx.err);

	if (rc == 0)
		dbbi_manifest_clear(&m);
	return rc;
}

static int
note_damage(const dbbi_damage *damage, void *payload)
{
	(void)damage;
	++*(int *)payload;
	return 0;
}

/* How much damage a check of all sets tells. */
static int
check(int percent)
{
	int told = 0;
	dbbi_check_options options = { .read_percent = (uint32_t)percent,
	    .damage = note_damage, .payload = &told };
	dbbi_check_stats stats;
	dbbi_list sets = { NULL, 0 };

	repo_ok(dbbi_set_ids(&sets, fx.repo, &fx.err));
	repo_ok(dbbi_repo_check(&stats, fx.repo, &sets, &options, &fx.err));
	dbbi_list_clear(&sets);
	return told;
}

/* Go on with the key that can only write. */
static void
take_write_only_key(void)
{
	dbbi_keys keys;

	repo_ok(dbbi_keys_write_only(&keys, repo_keys()->writer,
	    repo_keys()->public_key, &fx.err));
	dbbi_repo_free(fx.repo);
	fx.repo = NULL;
	repo_ok(dbbi_repo_open_with(&fx.repo, fx.store, &keys, &fx.run,
	    &fx.err));
}

/* ---- what can be seen ---- */

struct search {
	const char *text;
	int objects;
	int found;
};

static int
search_object(const dbb_object *object, void *payload)
{
	struct search *search = payload;
	size_t size, n = strlen(search->text);
	uint8_t *data;

	data = load(object->name, &size);
	search->objects++;
	for (size_t i = 0; i + n <= size; i++)
		search->found += memcmp(data + i, search->text, n) == 0;
	free(data);
	return 0;
}

static int
count_text(const char *text)
{
	struct search search = { .text = text };

	repo_ok(dbbi_store_list(fx.store, "", search_object, &search,
	    &fx.err));
	ck_assert_int_ge(search.objects, 4);
	return search.found;
}

/* Level 0, so that what is not sealed would be found. */
static void
write_plainly(void)
{
	dbbi_writer_options options = { .compression = 0, .threads = 1 };
	dbbi_reader *in = repo_reader(plain, SIZE, SIZE, SIZE_MAX);
	dbbi_repo_writer *writer = NULL;

	repo_ok(dbbi_repo_writer_new(&writer, fx.repo, &options, &fx.err));
	repo_ok(dbbi_repo_write_stream(&ref, writer, in, NULL, NULL,
	    &fx.err));
	repo_ok(dbbi_repo_writer_flush(writer, &fx.err));
	dbbi_repo_writer_free(writer);
	dbbi_reader_free(in);
	repo_write_set(A, &ref);
}

START_TEST(no_text_shows_in_any_object)
{
	for (repo_sealed = 0; repo_sealed < 2; repo_sealed++) {
		repo_tear_down();
		repo_set_up();
		write_plainly();
		ck_assert_int_eq(count_text(TEXT) > 0, !repo_sealed);
		ck_assert_int_eq(count_text("completed") > 0, !repo_sealed);
		ck_assert_int_eq(count_text("\"root\"") > 0, !repo_sealed);
		ck_assert_int_eq(repo_read_back(&ref, plain, SIZE), 0);
	}
	repo_sealed = 1;
}
END_TEST

static dbbi_id
name_of(const char *text, const dbbi_keys *keys)
{
	dbbi_namer *namer = NULL;
	dbbi_id id;

	repo_ok(dbbi_namer_new(&namer, keys, &fx.err));
	repo_ok(dbbi_namer_name(&id, namer, text, strlen(text), &fx.err));
	dbbi_namer_free(namer);
	return id;
}

START_TEST(a_name_tells_nothing_without_the_key)
{
	dbbi_id open = name_of(TEXT, NULL), id = name_of(TEXT, repo_keys());
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_keys other;

	repo_ok(dbbi_keys_make(&other, &fx.err));
	repo_ok(dbbi_sha256_of(digest, TEXT, strlen(TEXT), &fx.err));
	ck_assert_mem_eq(open.bytes, digest, sizeof digest);
	ck_assert_mem_ne(id.bytes, digest, sizeof digest);
	open = name_of(TEXT, &other);
	ck_assert_mem_ne(id.bytes, open.bytes, sizeof digest);
}
END_TEST

/* Nor do lengths. */
START_TEST(the_same_text_has_other_pieces_under_another_key)
{
	dbbi_repo_params params = { .chunker = fx.repo->params,
	    .grace_s = DBBI_GRACE_S };
	dbbi_keys other;
	size_t n = 0;

	repo_ok(dbbi_keys_make(&other, &fx.err));
	n = dbbi_chunker_cut(&fx.repo->chunker, plain, SIZE);
	dbbi_repo_free(fx.repo);
	fx.repo = NULL;
	repo_ok(dbbi_store_remove(fx.store, "repository.json", &fx.err));
	repo_ok(dbbi_repo_create_with(fx.store, &params, &other, &fx.err));
	repo_ok(dbbi_repo_open_with(&fx.repo, fx.store, &other, &fx.run,
	    &fx.err));
	ck_assert_uint_ne(dbbi_chunker_cut(&fx.repo->chunker, plain, SIZE),
	    n);
}
END_TEST

/* ---- what is changed ---- */

START_TEST(a_chunk_is_refused_whatever_byte_of_it_is_changed)
{
	size_t size = repo_size(pack_object);

	for (size_t i = 96; i < size - 48 - 48 - 48; i += 37) {
		repo_flip(pack_object, i, i % 8);
		repo_reopen();
		if (repo_read_back(&ref, plain, SIZE) == 0)
			ck_assert_int_gt(check(100), 0);
		repo_flip(pack_object, i, i % 8);
	}
	ck_assert_int_eq(repo_read_back(&ref, plain, SIZE), 0);
}
END_TEST

static int
open_pack(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	dbbi_pack_view view;
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, size);
	rc = dbbi_pack_open(&view, copy, size, repo_keys(), &fx.err);
	free(copy);
	return rc;
}

START_TEST(a_pack_is_refused_with_the_box_of_another)
{
	char other[DBBI_OBJECT_SIZE];
	uint8_t *a, *b;
	size_t size;

	a = load(pack_object, &size);
	repo_ok(open_pack(a, size));
	repo_ok(dbbi_store_remove(fx.store, pack_object, &fx.err));
	repo_reopen();
	repo_write(plain, SIZE);
	strcpy(other, repo_object("packs/"));
	b = load(other, &size);
	repo_ok(open_pack(b, size));
	memcpy(b + 16, a + 16, DBBI_BOX_SIZE);
	ck_assert_int_eq(open_pack(b, size), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "its directory"));
	free(a);
	free(b);
}
END_TEST

START_TEST(a_head_is_refused_under_another_sets_name)
{
	size_t size;
	uint8_t *data = load_manifest(&size);

	put_manifest(A, data, size);
	repo_ok(read_set(A, 1));
	memcpy(data + 12, B, strlen(B));
	put_manifest(B, data, size);
	ck_assert_int_eq(read_set(B, 0), DBB_EDAMAGED);
	ck_assert_int_eq(read_set(B, 1), DBB_EDAMAGED);
	free(data);
}
END_TEST

START_TEST(a_set_is_refused_whatever_byte_of_it_is_changed)
{
	size_t size, front;
	uint8_t *data = load_manifest(&size);

	front = front_size(data);
	for (size_t i = 0; i < size - 32; i++) {
		if (i == 44)		/* the lengths must add up anyhow */
			i = BOX_AT;
		if (i == front)		/* the digest, which is made to fit */
			i += 32;
		data[i] ^= 0x10;
		put_manifest(A, data, size);
		data[i] ^= 0x10;
		ck_assert_int_lt(read_set(A, 1), 0);
	}
	put_manifest(A, data, size);
	repo_ok(read_set(A, 1));
	free(data);
}
END_TEST

/* Anybody can seal for the public key. */
START_TEST(a_body_is_refused_that_another_sealed)
{
	dbbi_keys stranger = { .can_read = 0 };
	uint8_t key[DBBI_KEY_SIZE], *data, *body;
	dbbi_aead *aead = NULL;
	dbbi_box box;
	size_t size, stored;

	memcpy(stranger.public_key, repo_keys()->public_key, DBBI_KEY_SIZE);
	data = load_manifest(&size);
	repo_ok(dbbi_content_key_make(&box, key, &stranger, &fx.err));
	memcpy(data + BOX_AT, box.bytes, sizeof box.bytes);
	stored = dbbi_get_u32(data + 52);
	body = data + size - 32 - DBBI_TAG_SIZE - stored;
	memset(body, ' ', stored);
	memcpy(body, "{}", 2);
	repo_ok(dbbi_aead_new(&aead, &fx.err));
	repo_ok(dbbi_aead_key(aead, key, &fx.err));
	repo_ok(dbbi_aead_seal(aead, body, dbbi_nonce_once, data,
	    BOX_AT + DBBI_BOX_SIZE, body, stored, &fx.err));
	put_manifest(A, data, size);
	ck_assert_int_eq(read_set(A, 1), DBB_EDAMAGED);
	dbbi_aead_free(aead);
	free(data);
}
END_TEST

/* Even who can write cannot have a chunk taken from another pack. */
START_TEST(a_chunk_is_refused_in_a_pack_that_it_was_not_sealed_for)
{
	dbbi_places places;
	dbbi_index *index = NULL;
	uint32_t pack_no;
	dbbi_box box;
	uint8_t key[DBBI_KEY_SIZE];

	repo_ok(dbbi_repo_load_index(fx.repo, &fx.err));
	ck_assert_uint_gt(dbbi_index_find(&places, fx.repo->index,
	    &ref.root), 0);
	repo_ok(dbbi_content_key_make(&box, key, repo_keys(), &fx.err));
	repo_ok(dbbi_index_new(&index, &fx.err));
	repo_ok(dbbi_index_add_pack(&pack_no, index, &places.items[0].pack,
	    places.items[0].pack_size, &box, 1, &fx.err));
	repo_ok(dbbi_index_put(index, &places.items[0].entry, pack_no,
	    &fx.err));
	dbbi_index_free(fx.repo->index);
	fx.repo->index = index;
	ck_assert_int_eq(repo_read_back(&ref, plain, SIZE), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, pack_object));
}
END_TEST

/* ---- the key that can only write ---- */

START_TEST(a_write_only_key_writes_and_cannot_read)
{
	dbbi_stream_ref again;

	take_write_only_key();
	repo_ok(read_set(A, 0));
	again = repo_write(plain, SIZE);	/* known already */
	ck_assert_uint_eq(repo_count("packs/"), 1);
	ck_assert_int_eq(memcmp(&again.root, &ref.root, sizeof ref.root), 0);
	plain[100] ^= 1;
	again = repo_write_again(&ref, plain, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	repo_write_set(B, &again);
	ck_assert_int_eq(repo_read_back(&again, plain, SIZE), DBB_EKEY);
	ck_assert_int_eq(read_set(B, 1), DBB_EKEY);
	repo_reopen();		/* with the full key */
	repo_ok(read_set(B, 1));
	ck_assert_int_eq(repo_read_back(&again, plain, SIZE), 0);
}
END_TEST

START_TEST(a_write_only_key_checks_what_it_cannot_read)
{
	char object[DBBI_OBJECT_SIZE];

	take_write_only_key();
	ck_assert_int_eq(check(0), 0);
	ck_assert_int_eq(check(100), 0);
	repo_flip(pack_object, 200, 3);
	ck_assert_int_eq(check(0), 0);
	ck_assert_int_gt(check(100), 0);
	repo_flip(pack_object, 200, 3);
	strcpy(object, "sets/" A);
	repo_flip(object, repo_size(object) - 40, 3);	/* the body */
	ck_assert_int_gt(check(0), 0);
	repo_flip(object, repo_size(object) - 40, 3);
	repo_ok(dbbi_store_remove(fx.store, pack_object, &fx.err));
	ck_assert_int_gt(check(0), 0);
}
END_TEST

/* A lost pack makes a prune look where else its chunks lie, by the lists. */
START_TEST(a_write_only_key_prunes_what_it_cannot_read)
{
	dbbi_prune_options options = { 0 };
	dbbi_list remove = { NULL, 0 };
	dbbi_prune_stats stats;
	char lost[DBBI_OBJECT_SIZE];
	dbbi_stream_ref again;

	plain[100] ^= 1;
	again = repo_write_again(&ref, plain, SIZE);
	repo_write_set(B, &again);
	strcpy(lost, pack_object);
	repo_ok(dbbi_store_remove(fx.store, lost, &fx.err));
	take_write_only_key();
	repo_ok(dbbi_list_add(&remove, A, &fx.err));
	options.remove = &remove;
	repo_ok(dbbi_repo_prune(&stats, fx.repo, &options, &fx.err));
	ck_assert_uint_eq(repo_count("sets/"), 1);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	dbbi_list_clear(&remove);
}
END_TEST

/* ---- making and opening ---- */

/* A repository as a user makes it, in the place of the fixture's. */
static void
create(const char *passphrase)
{
	repo_ok(dbbi_store_remove(fx.store, "repository.json", &fx.err));
	repo_ok(dbbi_repo_create(fx.store, passphrase, &fx.err));
}

static int
open_by(const char *passphrase)
{
	dbbi_repo_secret secret = { .passphrase = passphrase };
	dbbi_repo *repo = NULL;
	int rc = dbbi_repo_open(&repo, fx.store, &secret, &fx.run, &fx.err);

	if (rc == 0)
		ck_assert_int_eq(dbbi_repo_can_read(repo), 1);
	dbbi_repo_free(repo);
	return rc;
}

START_TEST(is_opened_by_its_passphrase_only)
{
	create("correct horse");
	ck_assert_int_eq(open_by("correct horse"), 0);
	ck_assert_int_eq(open_by("correct horst"), DBB_EKEY);
	ck_assert_int_eq(open_by(NULL), DBB_ECONFIG);
	ck_assert_int_eq(dbbi_repo_create(fx.store, "another", &fx.err),
	    DBB_EEXIST);
	ck_assert_uint_eq(repo_count("keys/"), 1);
	ck_assert_int_eq(open_by("correct horse"), 0);
}
END_TEST

START_TEST(an_open_one_refuses_a_passphrase)
{
	create(NULL);
	ck_assert_uint_eq(repo_count("keys/"), 0);
	ck_assert_int_eq(open_by(NULL), 0);
	ck_assert_int_eq(open_by("secret"), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "not sealed"));
}
END_TEST

/* What would be sealed from now on somebody else could read. */
START_TEST(a_replaced_public_key_is_noticed)
{
	char id[DBBI_REPO_ID_SIZE];
	dbbi_repo_params params;

	create("correct horse");
	repo_ok(dbbi_repo_params_read(&params, id, fx.store, &fx.err));
	params.public_key[3] ^= 1;
	repo_ok(dbbi_store_remove(fx.store, "repository.json", &fx.err));
	repo_ok(dbbi_repo_params_write(fx.store, &params, &fx.err));
	ck_assert_int_eq(open_by("correct horse"), DBB_EDAMAGED);
}
END_TEST

/* ---- boxes ---- */

static int
open_box(const uint8_t *box, size_t size, const char *info, const char *aad)
{
	uint8_t copy[200];
	dbbi_cursor c;

	memcpy(copy, box, size);
	return dbbi_writer_box_open(&c, copy, size, repo_keys(), info, aad,
	    strlen(aad), &fx.err);
}

START_TEST(a_writer_box_is_of_its_kind_and_place)
{
	uint8_t box[DBBI_WRITER_BOX_EXTRA + 5] = {0};

	memcpy(box + DBBI_BOX_SALT, "plain", 5);
	repo_ok(dbbi_writer_box_seal(box, 5, repo_keys(), "kind", "place", 5,
	    &fx.err));
	repo_ok(open_box(box, sizeof box, "kind", "place"));
	ck_assert_int_eq(open_box(box, sizeof box, "king", "place"),
	    DBB_EDAMAGED);
	ck_assert_int_eq(open_box(box, sizeof box, "kind", "plac"),
	    DBB_EDAMAGED);
	for (size_t n = 0; n < sizeof box; n++)
		ck_assert_int_eq(open_box(box, n, "kind", "place"),
		    DBB_EDAMAGED);
	for (size_t i = 0; i < sizeof box; i++) {
		box[i] ^= 0x40;
		ck_assert_int_eq(open_box(box, sizeof box, "kind", "place"),
		    DBB_EDAMAGED);
		box[i] ^= 0x40;
	}
}
END_TEST

START_TEST(a_content_box_is_refused_whatever_byte_of_it_is_changed)
{
	uint8_t key[DBBI_KEY_SIZE], again[DBBI_KEY_SIZE];
	dbbi_keys other;
	dbbi_box box;

	repo_ok(dbbi_content_key_make(&box, key, repo_keys(), &fx.err));
	repo_ok(dbbi_content_key_open(again, &box, repo_keys(), &fx.err));
	ck_assert_int_eq(memcmp(key, again, sizeof key), 0);
	for (size_t i = 0; i < sizeof box.bytes * 8; i++) {
		if (i == 255)	/* X25519 does not look at it */
			continue;
		box.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(dbbi_content_key_open(again, &box,
		    repo_keys(), &fx.err), DBB_EDAMAGED);
		box.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	repo_ok(dbbi_keys_make(&other, &fx.err));
	ck_assert_int_eq(dbbi_content_key_open(again, &box, &other,
	    &fx.err), DBB_EDAMAGED);
	memset(box.bytes, 0, DBBI_KEY_SIZE);
	ck_assert_int_eq(dbbi_content_key_open(again, &box, repo_keys(),
	    &fx.err), DBB_EDAMAGED);
}
END_TEST

/* More packs than one opener remembers the keys of, back and forth. */
START_TEST(chunks_of_many_packs_are_opened_in_any_order)
{
	enum { PACKS = 20, ROUNDS = 3 };
	uint8_t sealed[PACKS][8 + DBBI_TAG_SIZE], opened[8];
	dbbi_entry entry = { .offset = 96, .stored = sizeof sealed[0],
	    .plain = 8 };
	dbbi_chunk_unsealer *unsealer = NULL;
	dbbi_chunk_sealer *sealer = NULL;
	dbbi_box boxes[PACKS];

	repo_ok(dbbi_chunk_sealer_new(&sealer, repo_keys(), &fx.err));
	repo_ok(dbbi_chunk_unsealer_new(&unsealer, repo_keys(), &fx.err));
	for (unsigned i = 0; i < PACKS; i++) {
		entry.kind = i % 2;
		repo_ok(dbbi_chunk_sealer_begin(&boxes[i], sealer, &fx.err));
		repo_ok(dbbi_chunk_seal(sealed[i], sealer, &entry,
		    (uint8_t[8]){ (uint8_t)i }, &fx.err));
	}
	for (unsigned n = 0; n < ROUNDS * PACKS; n++) {
		unsigned i = n * 7 % PACKS;

		entry.kind = i % 2;
		repo_ok(dbbi_chunk_unseal(opened, unsealer, &boxes[i],
		    &entry, sealed[i], &fx.err));
		ck_assert_uint_eq(opened[0], i);
		ck_assert_int_eq(dbbi_chunk_unseal(opened, unsealer,
		    &boxes[(i + 2) % PACKS], &entry, sealed[i], &fx.err),
		    DBB_EDAMAGED);
		entry.id.bytes[0] = 1;
		ck_assert_int_eq(dbbi_chunk_unseal(opened, unsealer,
		    &boxes[i], &entry, sealed[i], &fx.err), DBB_EDAMAGED);
		entry.id.bytes[0] = 0;
		entry.kind = !entry.kind;
		ck_assert_int_eq(dbbi_chunk_unseal(opened, unsealer,
		    &boxes[i], &entry, sealed[i], &fx.err), DBB_EDAMAGED);
	}
	dbbi_chunk_sealer_free(sealer);
	dbbi_chunk_unsealer_free(unsealer);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("seal", NULL, NULL);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, no_text_shows_in_any_object);
	tcase_add_test(tc, a_name_tells_nothing_without_the_key);
	tcase_add_test(tc, the_same_text_has_other_pieces_under_another_key);
	tcase_add_test(tc,
	    a_chunk_is_refused_whatever_byte_of_it_is_changed);
	tcase_add_test(tc, a_pack_is_refused_with_the_box_of_another);
	tcase_add_test(tc, a_head_is_refused_under_another_sets_name);
	tcase_add_test(tc, a_set_is_refused_whatever_byte_of_it_is_changed);
	tcase_add_test(tc, a_body_is_refused_that_another_sealed);
	tcase_add_test(tc,
	    a_chunk_is_refused_in_a_pack_that_it_was_not_sealed_for);
	tcase_add_test(tc, a_write_only_key_writes_and_cannot_read);
	tcase_add_test(tc, a_write_only_key_checks_what_it_cannot_read);
	tcase_add_test(tc, a_write_only_key_prunes_what_it_cannot_read);
	tcase_add_test(tc, is_opened_by_its_passphrase_only);
	tcase_add_test(tc, an_open_one_refuses_a_passphrase);
	tcase_add_test(tc, a_replaced_public_key_is_noticed);
	tcase_add_test(tc, a_writer_box_is_of_its_kind_and_place);
	tcase_add_test(tc,
	    a_content_box_is_refused_whatever_byte_of_it_is_changed);
	tcase_add_test(tc, chunks_of_many_packs_are_opened_in_any_order);
	return repo_run("seal", tc);
}
