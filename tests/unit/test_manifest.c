/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/manifest.h"
#include "repo_fixture.h"

#define ID "20261122T020000Z-7f3a"
#define OTHER "20261123T020000Z-0000"

static dbbi_stream_ref ref;

static void
set_up(void)
{
	uint8_t *data;

	repo_set_up();
	data = repo_bytes(20000, 1);
	ref = repo_write(data, 20000);
	free(data);
	repo_write_set(ID, &ref);
}

static int
read_set(const char *id, int with_body)
{
	dbbi_json *head = NULL, *body = NULL;
	int rc;

	rc = dbbi_set_read(&head, with_body ? &body : NULL, fx.repo, id,
	    &fx.err);
	dbbi_json_free(head);
	dbbi_json_free(body);
	return rc;
}

START_TEST(gives_back_head_and_body)
{
	dbbi_json *head = NULL, *body = NULL, *stream;
	dbbi_stream_ref again;

	repo_ok(dbbi_set_read(&head, &body, fx.repo, ID, &fx.err));
	ck_assert_str_eq(dbbi_json_string(head, "status"), "completed");
	stream = dbbi_json_at(dbbi_json_array(dbbi_json_at(
	    dbbi_json_array(body, "sources"), 0), "streams"), 0);
	repo_ok(dbbi_stream_ref_get(&again, stream, &fx.err));
	ck_assert_int_eq(memcmp(&again.root, &ref.root, 32), 0);
	ck_assert_int_eq(memcmp(again.sha256, ref.sha256, 32), 0);
	ck_assert_uint_eq(again.size_bytes, ref.size_bytes);
	ck_assert_uint_eq(again.depth, ref.depth);
	dbbi_json_free(head);
	dbbi_json_free(body);
}
END_TEST

START_TEST(names_its_packs)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_manifest m;

	repo_ok(dbbi_manifest_read(&m, fx.repo, ID, 0, &fx.err));
	ck_assert_uint_eq(m.pack_count, 1);
	dbbi_pack_object(object, &m.packs[0].name);
	ck_assert_str_eq(object, repo_object("packs/"));
	ck_assert_uint_eq(m.packs[0].size, repo_size(object));
	/* All of it but header, directory and trailer. */
	ck_assert_uint_eq(m.packs[0].used, m.packs[0].size - 16 - 48 -
	    (repo_sealed ? 80 + 48 : 0) - 48 * dbbi_index_count(fx.repo->index));
	ck_assert(dbbi_manifest_has(&m, &m.packs[0].name));
	ck_assert(!dbbi_manifest_has(&m, &ref.root));
	dbbi_manifest_clear(&m);
}
END_TEST

/* A set whose one source has the same stream twice, and another. */
START_TEST(counts_each_chunk_of_a_pack_once)
{
	dbbi_manifest one, other, all;
	dbbi_stream_ref again;
	uint8_t *data = repo_bytes(60000, 2);

	again = repo_write(data, 60000);
	free(data);
	repo_write_set("20261123T020000Z-0001", &again);
	repo_write_sets("20261123T020000Z-0002",
	    (dbbi_stream_ref[]){ again, ref, again }, 3);
	repo_ok(dbbi_manifest_read(&one, fx.repo, ID, 0, &fx.err));
	repo_ok(dbbi_manifest_read(&other, fx.repo, "20261123T020000Z-0001",
	    0, &fx.err));
	repo_ok(dbbi_manifest_read(&all, fx.repo, "20261123T020000Z-0002",
	    0, &fx.err));
	ck_assert_uint_eq(all.pack_count, 2);
	ck_assert_uint_eq(one.pack_count + other.pack_count, 2);
	ck_assert_uint_eq(all.packs[0].used + all.packs[1].used,
	    one.packs[0].used + other.packs[0].used);
	dbbi_manifest_clear(&one);
	dbbi_manifest_clear(&other);
	dbbi_manifest_clear(&all);
}
END_TEST

START_TEST(listing_does_not_read_bodies)
{
	size_t size = repo_size("sets/" ID);

	atomic_store(&fx.faults.furthest_read, 0);
	repo_ok(read_set(ID, 0));
	ck_assert_uint_lt(atomic_load(&fx.faults.furthest_read), size - 32);
}
END_TEST

START_TEST(notices_every_flipped_bit)
{
	size_t size = repo_size("sets/" ID);
	int rc;

	for (size_t i = 0; i < size * 8; i++) {
		repo_flip("sets/" ID, i / 8, i % 8);
		rc = read_set(ID, 1);
		/* The byte that names the cipher: 0 and 1 are known. */
		ck_assert_int_eq(rc, i / 8 == 8 && i % 8 > 0 ?
		    DBB_EVERSION : DBB_EDAMAGED);
		repo_flip("sets/" ID, i / 8, i % 8);
	}
	ck_assert_ptr_nonnull(strstr(fx.err.message, "'sets/" ID "'"));
	repo_ok(read_set(ID, 1));
}
END_TEST

START_TEST(refuses_any_beginning_of_it)
{
	for (size_t size = repo_size("sets/" ID); size > 0; size--) {
		repo_cut("sets/" ID, 1);
		ck_assert_int_eq(read_set(ID, size % 2), DBB_EDAMAGED);
	}
}
END_TEST

START_TEST(refuses_the_manifest_of_another_set)
{
	uint8_t *data = NULL;
	size_t size;

	repo_ok(dbbi_store_load(&data, &size, fx.store, "sets/" ID, 1 << 20,
	    &fx.err));
	repo_ok(dbbi_store_write(fx.store, "sets/" OTHER, data, size, 0,
	    &fx.err));
	free(data);
	ck_assert_int_eq(read_set(OTHER, 0), DBB_EDAMAGED);
}
END_TEST

START_TEST(is_not_written_over)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *body = dbbi_json_new_object();

	ck_assert_int_eq(dbbi_set_write(fx.repo, ID, head, body, &fx.err),
	    DBB_EEXIST);
	dbbi_json_free(head);
	dbbi_json_free(body);
	repo_ok(read_set(ID, 1));
}
END_TEST

START_TEST(is_not_written_when_a_chunk_is_not_known)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *stream = dbbi_json_new_object();
	dbbi_json *body = NULL;

	ref.root.bytes[0] ^= 1;
	repo_ok(dbbi_stream_ref_put(stream, &ref, &fx.err));
	body = json_object_new_object();
	json_object_object_add(body, "sources", json_object_new_array());
	json_object_array_add(dbbi_json_array(body, "sources"),
	    json_object_new_object());
	json_object_object_add(dbbi_json_at(dbbi_json_array(body, "sources"),
	    0), "streams", json_object_new_array());
	json_object_array_add(dbbi_json_array(dbbi_json_at(
	    dbbi_json_array(body, "sources"), 0), "streams"), stream);
	ck_assert_int_eq(dbbi_set_write(fx.repo, OTHER, head, body,
	    &fx.err), DBB_EDAMAGED);
	dbbi_json_free(head);
	dbbi_json_free(body);
	ck_assert_int_eq(read_set(OTHER, 0), DBB_ENOTFOUND);
}
END_TEST

START_TEST(lists_ids_oldest_first)
{
	dbbi_list ids = { NULL, 0 };

	repo_write_set("20251122T020000Z-ffff", &ref);
	repo_ok(dbbi_store_write(fx.store, "sets/README", "x", 1, 0,
	    &fx.err));
	repo_ok(dbbi_set_ids(&ids, fx.repo, &fx.err));
	ck_assert_uint_eq(ids.count, 2);
	ck_assert_str_eq(ids.items[0], "20251122T020000Z-ffff");
	ck_assert_str_eq(ids.items[1], ID);
	dbbi_list_clear(&ids);
}
END_TEST

START_TEST(ids_have_one_shape)
{
	static const char *const wrong[] = { "", "x", "../../etc/passwd",
	    "20261122T020000Z-7f3", "20261122T020000Z-7f3a0",
	    "20261122T020000Z-7F3A", "20261122t020000Z-7f3a",
	    "2026112/T020000Z-7f3a" };
	char id[DBBI_SET_ID_SIZE];

	repo_ok(dbbi_set_id_new(id, 1795312800000, &fx.err));
	ck_assert_msg(dbbi_set_id_valid(id), "%s", id);
	ck_assert_int_eq(strncmp(id, "20261122T", 9), 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert(!dbbi_set_id_valid(wrong[i]));
		ck_assert_int_eq(read_set(wrong[i], 0), DBB_EINVAL);
	}
}
END_TEST

START_TEST(refuses_streams_that_cannot_be)
{
	static const char *const wrong[][2] = { { "root", "00" },
	    { "sha256", "" }, { "depth", "1" }, { "size_bytes", "x" } };
	dbbi_stream_ref again;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		dbbi_json *stream = dbbi_json_new_object();

		repo_ok(dbbi_stream_ref_put(stream, &ref, &fx.err));
		repo_ok(dbbi_stream_ref_get(&again, stream, &fx.err));
		repo_ok(dbbi_json_set_string(stream, wrong[i][0],
		    wrong[i][1]));
		ck_assert_int_eq(dbbi_stream_ref_get(&again, stream,
		    &fx.err), DBB_EDAMAGED);
		dbbi_json_free(stream);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("manifest", set_up, repo_tear_down);

	tcase_add_test(tc, gives_back_head_and_body);
	tcase_add_test(tc, names_its_packs);
	tcase_add_test(tc, counts_each_chunk_of_a_pack_once);
	tcase_add_test(tc, listing_does_not_read_bodies);
	tcase_add_test(tc, notices_every_flipped_bit);
	tcase_add_test(tc, refuses_any_beginning_of_it);
	tcase_add_test(tc, refuses_the_manifest_of_another_set);
	tcase_add_test(tc, is_not_written_over);
	tcase_add_test(tc, is_not_written_when_a_chunk_is_not_known);
	tcase_add_test(tc, lists_ids_oldest_first);
	tcase_add_test(tc, ids_have_one_shape);
	tcase_add_test(tc, refuses_streams_that_cannot_be);
	return repo_run("manifest", tc);
}
