/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/rebuild.h"
#include "repo_fixture.h"

#define SETS 5
#define SIZE 40000

static uint8_t *data[SETS];
static dbbi_stream_ref refs[SETS];
static dbbi_rebuild_stats stats;
static char told[8192];

/* Sets with a pack and a segment each. */
static void
set_up(void)
{
	char id[DBBI_SET_ID_SIZE];

	repo_set_up();
	for (uint32_t i = 0; i < SETS; i++) {
		data[i] = repo_bytes(SIZE, i + 1);
		refs[i] = repo_write(data[i], SIZE);
		snprintf(id, sizeof id, "20261122T02000%uZ-000a", i);
		repo_write_set(id, &refs[i]);
	}
	ck_assert_uint_eq(repo_count("packs/"), SETS);
	ck_assert_uint_eq(repo_count("index/"), SETS);
}

static void
tear_down(void)
{
	for (int i = 0; i < SETS; i++)
		free(data[i]);
	repo_tear_down();
}

static int
note_damage(const char *object, const char *error, void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	snprintf(told + at, sizeof told - at, "damaged %s %s\n", object,
	    error);
	return 0;
}

static int
note_segment(const char *object, const char *error, void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	(void)error;
	snprintf(told + at, sizeof told - at, "mended %s\n", object);
	return 0;
}

static int
rebuild(void)
{
	_Atomic uint64_t progress = 0;
	dbbi_rebuild_options options = { .damage = note_damage,
	    .segment = note_segment, .progress = &progress };
	int rc;

	told[0] = '\0';
	memset(&stats, 0, sizeof stats);
	rc = dbbi_repo_rebuild_index(&stats, fx.repo, &options, &fx.err);
	if (rc == 0)
		ck_assert_uint_eq(stats.bytes_read, atomic_load(&progress));
	return rc;
}

/* How many of the streams can be read. */
static int
readable(void)
{
	int count = 0;

	repo_reopen();
	for (int i = 0; i < SETS; i++)
		count += repo_read_back(&refs[i], data[i], SIZE) == 0;
	return count;
}

static int
remove_object(const dbb_object *object, void *payload)
{
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

static void
remove_all(const char *prefix)
{
	dbbi_list names = { NULL, 0 };

	repo_ok(dbbi_store_list(fx.store, prefix, remove_object, &names,
	    &fx.err));
	for (size_t i = 0; i < names.count; i++)
		repo_ok(dbbi_store_remove(fx.store, names.items[i],
		    &fx.err));
	dbbi_list_clear(&names);
}

START_TEST(leaves_a_whole_index_alone)
{
	repo_ok(rebuild());
	ck_assert_uint_eq(stats.packs, SETS);
	ck_assert_uint_eq(stats.packs_added, 0);
	ck_assert_uint_eq(stats.segments_written, 0);
	ck_assert_uint_eq(stats.bytes_read, 0);
	ck_assert_uint_eq(repo_count("index/"), SETS);
	ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(without_any_index_gives_back_every_set)
{
	remove_all("index/");
	ck_assert_int_eq(readable(), 0);
	repo_ok(rebuild());
	ck_assert_uint_eq(stats.packs_added, SETS);
	ck_assert_uint_eq(stats.segments_written, 1);
	ck_assert_uint_eq(repo_count("index/"), 1);
	ck_assert_int_eq(readable(), SETS);
	ck_assert_str_eq(told, "");
	repo_ok(rebuild());
	ck_assert_uint_eq(stats.packs_added, 0);
}
END_TEST

START_TEST(reads_ends_of_packs_only)
{
	uint64_t all = 0;

	all = repo_size(repo_object("packs/")) * SETS;
	remove_all("index/");
	repo_ok(rebuild());
	ck_assert_uint_le(stats.bytes_read, SETS * 8192);
	ck_assert_uint_lt(stats.bytes_read, all);
}
END_TEST

START_TEST(replaces_a_damaged_segment)
{
	char object[DBBI_OBJECT_SIZE], line[128];

	snprintf(object, sizeof object, "%s", repo_object("index/"));
	repo_flip(object, repo_size(object) / 2, 4);
	ck_assert_int_eq(readable(), SETS - 1);	/* the others are not hit */
	repo_ok(rebuild());
	ck_assert_uint_eq(stats.packs_added, 1);
	snprintf(line, sizeof line, "mended %s\n", object);
	ck_assert_str_eq(told, line);
	ck_assert_uint_eq(repo_count("index/"), SETS);
	if (!repo_sealed)	/* the same bytes again, under that name */
		ck_assert_uint_gt(repo_size(object), 1);
	ck_assert_int_eq(readable(), SETS);
}
END_TEST

/* Two packs: what is written is not what was there. */
START_TEST(removes_segments_that_have_successors)
{
	char object[2][DBBI_OBJECT_SIZE];
	dbb_object stat = { .size = sizeof stat };

	for (int i = 0; i < 2; i++) {
		snprintf(object[i], sizeof object[i], "%s",
		    repo_object("index/"));
		repo_ok(dbbi_store_remove(fx.store, object[i], &fx.err));
	}
	for (int i = 0; i < 2; i++)
		repo_ok(dbbi_store_write(fx.store, object[i], "x", 1, 0,
		    &fx.err));
	repo_ok(rebuild());
	ck_assert_uint_eq(stats.packs_added, 2);
	ck_assert_uint_eq(repo_count("index/"), SETS - 1);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(dbbi_store_stat(&stat, fx.store, object[i],
		    NULL), DBB_ENOTFOUND);
	ck_assert_int_eq(readable(), SETS);
}
END_TEST

START_TEST(the_hint_of_what_is_not_found_names_it)
{
	remove_all("index/");
	repo_reopen();
	ck_assert_int_eq(repo_read_back(&refs[0], data[0], SIZE),
	    DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.hint,
	    "run 'dbb-backup index rebuild'"));
}
END_TEST

START_TEST(tells_of_a_pack_whose_directory_is_damaged)
{
	char pack[DBBI_OBJECT_SIZE];

	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	remove_all("index/");
	for (size_t by = 1; by <= 48 + 2 * 48; by += 7) {
		repo_flip(pack, repo_size(pack) - by, by % 8);
		repo_ok(rebuild());
		ck_assert_msg(strstr(told, pack) != NULL, "byte %zu from the end", by);
		repo_flip(pack, repo_size(pack) - by, by % 8);
	}
	repo_cut(pack, 1);
	repo_ok(rebuild());
	ck_assert_ptr_nonnull(strstr(told, pack));
	ck_assert_int_eq(readable(), SETS - 1);
	for (size_t size = repo_size(pack); size > 0; size /= 2) {
		repo_cut(pack, size - size / 2);
		repo_ok(rebuild());
		ck_assert_ptr_nonnull(strstr(told, pack));
	}
}
END_TEST

START_TEST(a_count_that_is_not_possible_asks_for_nothing)
{
	uint8_t trailer[48], bytes[300] = { 0 };
	char object[DBBI_OBJECT_SIZE];
	dbbi_id name;

	memset(trailer, 0, sizeof trailer);
	memset(trailer, 0xff, 4);
	memcpy(trailer + 40, "DBBPEND1", 8);
	memcpy(bytes + sizeof bytes - 48, trailer, 48);
	memset(&name, 7, sizeof name);
	dbbi_pack_object(object, &name);
	repo_ok(dbbi_store_write(fx.store, object, bytes, sizeof bytes, 0,
	    &fx.err));
	repo_ok(rebuild());
	ck_assert_ptr_nonnull(strstr(told, object));
	ck_assert_ptr_nonnull(strstr(told, "its trailer is not possible"));
}
END_TEST

START_TEST(does_not_remove_what_a_newer_version_wrote)
{
	uint8_t segment[16] = "DBBINDX1";
	char object[DBBI_OBJECT_SIZE];
	dbbi_id name;

	segment[8] = 99;	/* its cipher */
	repo_ok(dbbi_sha256_of(name.bytes, segment, sizeof segment,
	    &fx.err));
	dbbi_index_object(object, &name);
	repo_ok(dbbi_store_write(fx.store, object, segment, sizeof segment,
	    0, &fx.err));
	ck_assert_int_eq(rebuild(), DBB_EVERSION);
	ck_assert_uint_eq(repo_count("index/"), SETS + 1);
}
END_TEST

START_TEST(removes_nothing_when_it_cannot_write)
{
	remove_all("index/");
	repo_ok(dbbi_store_write(fx.store, "index/"
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "x", 1, 0, &fx.err));
	atomic_store(&fx.faults.puts_until_full, 1);
	ck_assert_int_eq(rebuild(), DBB_ENOSPC);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "rebuilding the "
	    "index: "));
	ck_assert_uint_eq(repo_count("index/"), 1);
}
END_TEST

START_TEST(can_be_canceled)
{
	remove_all("index/");
	dbbi_run_cancel(&fx.run);
	ck_assert_int_eq(rebuild(), DBB_ECANCELED);
	ck_assert_uint_eq(repo_count("index/"), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("rebuild", set_up, tear_down);

	tcase_add_test(tc, leaves_a_whole_index_alone);
	tcase_add_test(tc, without_any_index_gives_back_every_set);
	tcase_add_test(tc, reads_ends_of_packs_only);
	tcase_add_test(tc, replaces_a_damaged_segment);
	tcase_add_test(tc, removes_segments_that_have_successors);
	tcase_add_test(tc, the_hint_of_what_is_not_found_names_it);
	tcase_add_test(tc, tells_of_a_pack_whose_directory_is_damaged);
	tcase_add_test(tc, a_count_that_is_not_possible_asks_for_nothing);
	tcase_add_test(tc, does_not_remove_what_a_newer_version_wrote);
	tcase_add_test(tc, removes_nothing_when_it_cannot_write);
	tcase_add_test(tc, can_be_canceled);
	return repo_run("rebuild", tc);
}
