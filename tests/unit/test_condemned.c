/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/condemned.h"
#include "repo_fixture.h"

#define SIZE 20000
#define FIRST "20261122T020000Z-0001"
#define SECOND "20261123T020000Z-0002"

static uint8_t *data;

static void
set_up(void)
{
	repo_set_up();
	data = repo_bytes(SIZE, 1);
}

static void
tear_down(void)
{
	free(data);
	repo_tear_down();
}

/* Condemn the store's first pack, as another process would. */
static dbbi_condemned_pack
condemn(void)
{
	const char *object = repo_object("packs/");
	dbbi_condemned_pack pack = { .size = (uint32_t)repo_size(object) };
	char id[DBBI_SET_ID_SIZE];

	ck_assert_int_eq(dbbi_hex_decode(pack.name.bytes,
	    sizeof pack.name.bytes, object + strlen("packs/00/")), 0);
	repo_ok(dbbi_condemned_write(id, fx.repo, &pack, 1, NULL, 0,
	    &fx.err));
	return pack;
}

static int
try_set(const char *id, const dbbi_stream_ref *ref)
{
	dbbi_json *head = dbbi_json_new_object(), *body, *sources, *source;
	dbbi_json *streams = dbbi_json_new_array();
	dbbi_json *stream = dbbi_json_new_object();
	int rc;

	repo_ok(dbbi_stream_ref_put(stream, ref, &fx.err));
	repo_ok(dbbi_json_append(streams, stream));
	source = dbbi_json_new_object();
	repo_ok(dbbi_json_set(source, "streams", streams));
	sources = dbbi_json_new_array();
	repo_ok(dbbi_json_append(sources, source));
	body = dbbi_json_new_object();
	repo_ok(dbbi_json_set(body, "sources", sources));
	rc = dbbi_set_write(fx.repo, id, head, body, &fx.err);
	dbbi_json_free(head);
	dbbi_json_free(body);
	return rc;
}

static void
remove_pack(const dbbi_id *name)
{
	char object[DBBI_OBJECT_SIZE];

	dbbi_pack_object(object, name);
	repo_ok(dbbi_store_remove(fx.store, object, &fx.err));
}

START_TEST(gives_back_what_was_written)
{
	dbbi_condemned_pack packs[3] = { { .size = 1 }, { .size = 2 },
	    { .size = 3 } };
	dbbi_move moves[2] = { { .from = { { 9 } } }, { .to = { { 1 } } } };
	char id[DBBI_SET_ID_SIZE];
	dbbi_condemned c;

	packs[0].name.bytes[0] = 7;
	packs[1].name.bytes[0] = 5;
	packs[2].name.bytes[0] = 6;
	repo_ok(dbbi_condemned_write(id, fx.repo, packs, 3, moves, 2,
	    &fx.err));
	repo_ok(dbbi_store_write(fx.store, "condemned/README", "x", 1, 0,
	    &fx.err));
	repo_ok(dbbi_condemned_load(&c, fx.repo, &fx.err));
	ck_assert_uint_eq(c.count, 1);
	ck_assert_str_eq(c.records[0].id, id);
	ck_assert_int_eq(c.records[0].damage, 0);
	ck_assert_int_gt(c.records[0].modified_at_ms, 0);
	ck_assert_uint_eq(c.records[0].pack_count, 3);
	ck_assert_uint_eq(c.records[0].packs[0].size, 2);
	ck_assert_uint_eq(c.records[0].packs[2].size, 1);
	ck_assert_uint_eq(c.records[0].move_count, 2);
	ck_assert_uint_eq(c.records[0].moves[0].to.bytes[0], 1);
	ck_assert_uint_eq(c.records[0].moves[1].from.bytes[0], 9);
	ck_assert_uint_eq(dbbi_record_find(&c.records[0],
	    &(dbbi_id){ { 6 } })->size, 3);
	ck_assert_ptr_null(dbbi_record_find(&c.records[0],
	    &(dbbi_id){ { 8 } }));
	dbbi_condemned_clear(&c);
}
END_TEST

static int
load_damage(void)
{
	dbbi_condemned c;
	int damage;

	repo_ok(dbbi_condemned_load(&c, fx.repo, &fx.err));
	ck_assert_uint_eq(c.count, 1);
	damage = c.records[0].damage;
	if (damage != 0)
		ck_assert_uint_eq(c.records[0].pack_count, 0);
	dbbi_condemned_clear(&c);
	return damage;
}

START_TEST(notices_every_flipped_bit_and_any_cut)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_stream_ref ref = repo_write(data, SIZE);
	size_t size;

	(void)ref;
	condemn();
	strcpy(object, repo_object("condemned/"));
	size = repo_size(object);
	for (size_t i = 0; i < size * 8; i++) {
		repo_flip(object, i / 8, i % 8);
		ck_assert_int_ne(load_damage(), 0);
		repo_flip(object, i / 8, i % 8);
	}
	ck_assert_int_eq(load_damage(), 0);
	for (; size > 0; size--) {
		repo_cut(object, 1);
		ck_assert_int_eq(load_damage(), DBB_EDAMAGED);
	}
}
END_TEST

START_TEST(what_is_condemned_is_stored_anew)
{
	dbbi_stream_ref ref = repo_write(data, SIZE), again;
	dbbi_condemned_pack pack;
	dbbi_manifest m;

	pack = condemn();
	repo_reopen();
	again = repo_write(data, SIZE);
	ck_assert_int_eq(memcmp(&again.root, &ref.root, sizeof ref.root), 0);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	repo_write_set(FIRST, &again);
	repo_ok(dbbi_manifest_read(&m, fx.repo, FIRST, 0, &fx.err));
	ck_assert_uint_eq(m.pack_count, 1);
	ck_assert(!dbbi_manifest_has(&m, &pack.name));
	dbbi_manifest_clear(&m);
	remove_pack(&pack.name);
	repo_reopen();
	repo_ok(dbbi_repo_load_index(fx.repo, &fx.err));
	repo_ok(repo_read_back(&again, data, SIZE));
}
END_TEST

/* Of a pack that is missing it is warned once packs are listed. Then two
 * prunes come: one deletes the condemned pack, and one its record. */
static void
delete_meanwhile(int level, const char *message, void *payload)
{
	dbbi_condemned_pack *pack = payload;

	(void)level;
	if (strstr(message, "not in the store") == NULL || pack->size == 0)
		return;
	pack->size = 0;
	remove_pack(&pack->name);
	repo_ok(dbbi_store_remove(fx.store, repo_object("condemned/"),
	    NULL));
}

START_TEST(even_if_it_goes_while_the_index_is_loaded)
{
	char lost[DBBI_OBJECT_SIZE];
	dbbi_condemned_pack pack;
	dbbi_stream_ref ref;
	uint8_t *more = repo_bytes(SIZE, 2);

	repo_write(more, SIZE);
	strcpy(lost, repo_object("packs/"));
	ref = repo_write(data, SIZE);
	repo_ok(dbbi_store_remove(fx.store, lost, &fx.err));
	pack = condemn();
	repo_reopen();
	fx.run.log = delete_meanwhile;
	fx.run.log_payload = &pack;
	fx.run.log_level = DBB_LOG_WARNING;
	ref = repo_write(data, SIZE);
	ck_assert_uint_eq(pack.size, 0);
	repo_write_set(FIRST, &ref);
	fx.run.log = NULL;
	repo_reopen();
	repo_ok(repo_read_back(&ref, data, SIZE));
	free(more);
}
END_TEST

START_TEST(and_so_is_what_no_segment_tells_of)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	condemn();
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	repo_reopen();
	ref = repo_write(data, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	repo_write_set(FIRST, &ref);
}
END_TEST

START_TEST(what_is_condemned_stays_readable)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	repo_write_set(FIRST, &ref);
	condemn();
	repo_reopen();
	repo_ok(dbbi_repo_load_index(fx.repo, &fx.err));
	repo_ok(repo_read_back(&ref, data, SIZE));
	repo_ok(dbbi_condemned_heed(fx.repo, &fx.err));
	repo_ok(repo_read_back(&ref, data, SIZE));
}
END_TEST

START_TEST(a_short_run_may_use_what_was_condemned_since)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	condemn();
	repo_write_set(FIRST, &ref);
	ck_assert_uint_eq(repo_count("sets/"), 1);
}
END_TEST

START_TEST(a_long_run_may_not)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	condemn();
	fx.repo->loaded.monotonic_ms -= DBBI_GRACE_S * 1000u / 2 + 1;
	ck_assert_int_eq(try_set(FIRST, &ref), DBB_EBUSY);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "a prune has condemned"));
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "run the backup again"));
	ck_assert_uint_eq(repo_count("sets/"), 0);
	repo_reopen();
	ref = repo_write(data, SIZE);
	repo_write_set(FIRST, &ref);
}
END_TEST

START_TEST(nor_one_whose_clock_was_set_or_stood_still)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	condemn();
	fx.repo->loaded.at_ms -= DBBI_GRACE_S * INT64_C(1000) / 2 + 1;
	ck_assert_int_eq(try_set(FIRST, &ref), DBB_EBUSY);
}
END_TEST

START_TEST(a_long_run_that_was_spared_may_commit)
{
	dbbi_stream_ref ref = repo_write(data, SIZE), other;
	uint8_t *more = repo_bytes(SIZE, 2);

	condemn();
	repo_reopen();
	other = repo_write(more, SIZE);
	fx.repo->loaded.monotonic_ms -= DBBI_GRACE_S * 1000u;
	repo_write_set(FIRST, &other);
	/* A stream that nobody wrote in this run. */
	ck_assert_int_eq(try_set(SECOND, &ref), DBB_EBUSY);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "condemned"));
	free(more);
}
END_TEST

/* The record that condemned it has come and gone, too. */
START_TEST(a_run_may_not_outlast_its_packs)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	fx.repo->loaded.monotonic_ms -= DBBI_GRACE_S * 2000u + 1;
	repo_write_set(FIRST, &ref);
	/* Its lists can still be read. */
	repo_cut(repo_object("packs/"), 1);
	ck_assert_int_eq(try_set(SECOND, &ref), DBB_EBUSY);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "deleted"));
	ck_assert_uint_eq(repo_count("sets/"), 1);
}
END_TEST

/* What has half of the grace left may not be committed after that. */
START_TEST(nor_may_the_commit_take_too_long)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	condemn();
	fx.repo->grace_s = 2;
	fx.repo->loaded.monotonic_ms -= 600;
	atomic_store(&fx.faults.put_delay_ms, 600);
	ck_assert_int_eq(try_set(FIRST, &ref), DBB_EBUSY);
	ck_assert_uint_eq(repo_count("sets/"), 0);
}
END_TEST

START_TEST(a_damaged_record_condemns_what_no_set_needs)
{
	dbbi_stream_ref ref = repo_write(data, SIZE), other;
	uint8_t *more = repo_bytes(SIZE, 2);

	condemn();
	repo_flip(repo_object("condemned/"), 40, 1);
	repo_write_set(FIRST, &ref);
	other = repo_write(more, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	repo_reopen();
	ref = repo_write(data, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	other = repo_write(more, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 3);
	repo_write_set(SECOND, &other);
	free(more);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("condemned", set_up, tear_down);

	tcase_add_test(tc, gives_back_what_was_written);
	tcase_add_test(tc, notices_every_flipped_bit_and_any_cut);
	tcase_add_test(tc, what_is_condemned_is_stored_anew);
	tcase_add_test(tc, even_if_it_goes_while_the_index_is_loaded);
	tcase_add_test(tc, and_so_is_what_no_segment_tells_of);
	tcase_add_test(tc, what_is_condemned_stays_readable);
	tcase_add_test(tc, a_short_run_may_use_what_was_condemned_since);
	tcase_add_test(tc, a_long_run_may_not);
	tcase_add_test(tc, nor_one_whose_clock_was_set_or_stood_still);
	tcase_add_test(tc, a_long_run_that_was_spared_may_commit);
	tcase_add_test(tc, a_run_may_not_outlast_its_packs);
	tcase_add_test(tc, nor_may_the_commit_take_too_long);
	tcase_add_test(tc, a_damaged_record_condemns_what_no_set_needs);
	return repo_run("condemned", tc);
}
