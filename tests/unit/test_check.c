/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo_fixture.h"

#define A "20261122T020000Z-000a"
#define B "20261123T020000Z-000b"

/* Set A needs one pack; set B needs that and one more. */
static char first_pack[DBBI_OBJECT_SIZE];
static char first_index[DBBI_OBJECT_SIZE];	/* tells of that pack */

/* What was told, "set object error" a line. */
static char told[8192];
static int told_count;
static int stop_at;

static void
set_up(void)
{
	uint8_t *data;
	dbbi_stream_ref ref;

	repo_set_up();
	data = repo_bytes(40000, 1);
	ref = repo_write(data, 20000);
	snprintf(first_pack, sizeof first_pack, "%s",
	    repo_object("packs/"));
	snprintf(first_index, sizeof first_index, "%s",
	    repo_object("index/"));
	repo_write_set(A, &ref);
	ref = repo_write_again(&ref, data, 40000);
	repo_write_set(B, &ref);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	free(data);
	stop_at = 0;
}

static int
note(const dbbi_damage *damage, void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	snprintf(told + at, sizeof told - at, "%s %s %s\n", damage->set,
	    damage->object, damage->error);
	told_count++;
	return stop_at != 0 && told_count >= stop_at;
}

static int
note_whole(const char *set, const char *source, const char *stream,
    void *payload)
{
	size_t at = strlen(told);

	(void)source;
	(void)stream;
	(void)payload;
	snprintf(told + at, sizeof told - at, "%s whole\n", set);
	return 0;
}

/* Check both sets; how much damage was told. */
static int
check(int read_data)
{
	_Atomic uint64_t progress = 0;
	dbbi_check_options options = { .read_percent = read_data ? 100 : 0,
	    .damage = note, .whole = note_whole, .progress = &progress };
	dbbi_list sets = { NULL, 0 };
	dbbi_check_stats stats;
	int rc;

	told[0] = '\0';
	told_count = 0;
	repo_ok(dbbi_set_ids(&sets, fx.repo, &fx.err));
	rc = dbbi_repo_check(&stats, fx.repo, &sets, &options, &fx.err);
	dbbi_list_clear(&sets);
	if (rc < 0)
		return rc;
	if (told_count == 0)
		ck_assert_uint_eq(stats.packs, 2);
	ck_assert_uint_eq(stats.bytes_read, atomic_load(&progress));
	if (read_data && told_count == 0)
		ck_assert_uint_gt(stats.bytes_read, 0);
	return told_count;
}

START_TEST(finds_nothing_where_nothing_is_wrong)
{
	ck_assert_int_eq(check(0), 0);
	ck_assert_int_eq(check(1), 0);
}
END_TEST

START_TEST(a_missing_pack_hits_the_sets_that_need_it)
{
	repo_ok(dbbi_store_remove(fx.store, first_pack, &fx.err));
	ck_assert_int_eq(check(0), 2);
	ck_assert_ptr_nonnull(strstr(told, A " packs/"));
	ck_assert_ptr_nonnull(strstr(told, B " packs/"));
	ck_assert_ptr_nonnull(strstr(told, "it is not in the store"));
	ck_assert_int_eq(check(1), 2);
}
END_TEST

/* Remove the pack that only set B needs. */
static int
remove_other(const dbb_object *object, void *payload)
{
	(void)payload;
	if (strcmp(object->name, first_pack) != 0)
		repo_ok(dbbi_store_remove(fx.store, object->name, &fx.err));
	return 0;
}

START_TEST(a_set_that_does_not_need_it_is_not_hit)
{
	repo_ok(dbbi_store_list(fx.store, "packs/", remove_other, NULL,
	    &fx.err));
	ck_assert_int_eq(check(0), 1);
	ck_assert_ptr_nonnull(strstr(told, B " packs/"));
}
END_TEST

START_TEST(a_short_pack_is_seen_without_reading)
{
	repo_cut(first_pack, 1);
	ck_assert_int_eq(check(0), 2);
	ck_assert_ptr_nonnull(strstr(told, "bytes in the store and had"));
}
END_TEST

START_TEST(a_flipped_bit_in_a_pack_is_seen_by_reading)
{
	size_t size = repo_size(first_pack);

	for (size_t i = 0; i < size; i += 61) {
		repo_flip(first_pack, i, i % 8);
		ck_assert_int_eq(check(0), 0);
		ck_assert_int_eq(check(1), 2);
		ck_assert_ptr_nonnull(strstr(told, first_pack));
		repo_flip(first_pack, i, i % 8);
	}
	ck_assert_int_eq(check(1), 0);
}
END_TEST

START_TEST(a_damaged_index_hits_all_sets)
{
	repo_flip(first_index, 50, 3);
	ck_assert_int_eq(check(0), 4);	/* itself, and a stream of each */
	ck_assert_ptr_nonnull(strstr(told, A " index/"));
	ck_assert_ptr_nonnull(strstr(told, B " index/"));
	ck_assert_ptr_null(strstr(told, "whole"));
	ck_assert_int_eq(check(1), 4);
}
END_TEST

START_TEST(a_missing_index_is_seen)
{
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	ck_assert_int_ge(check(0), 1);
	ck_assert_ptr_nonnull(strstr(told, "the index does not know it"));
}
END_TEST

START_TEST(a_damaged_manifest_hits_its_set_only)
{
	repo_flip("sets/" A, repo_size("sets/" A) - 40, 0);
	ck_assert_int_eq(check(0), 1);
	ck_assert_ptr_nonnull(strstr(told, A " sets/" A));
	ck_assert_int_eq(check(1), 1);
}
END_TEST

START_TEST(stops_when_told)
{
	stop_at = 1;
	repo_ok(dbbi_store_remove(fx.store, first_pack, &fx.err));
	ck_assert_int_eq(check(0), DBB_ECANCELED);
	ck_assert_int_eq(told_count, 1);
}
END_TEST

START_TEST(can_be_canceled)
{
	dbbi_run_cancel(&fx.run);
	ck_assert_int_eq(check(1), DBB_ECANCELED);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("check", set_up, repo_tear_down);

	tcase_add_test(tc, finds_nothing_where_nothing_is_wrong);
	tcase_add_test(tc, a_missing_pack_hits_the_sets_that_need_it);
	tcase_add_test(tc, a_set_that_does_not_need_it_is_not_hit);
	tcase_add_test(tc, a_short_pack_is_seen_without_reading);
	tcase_add_test(tc, a_flipped_bit_in_a_pack_is_seen_by_reading);
	tcase_add_test(tc, a_damaged_index_hits_all_sets);
	tcase_add_test(tc, a_missing_index_is_seen);
	tcase_add_test(tc, a_damaged_manifest_hits_its_set_only);
	tcase_add_test(tc, stops_when_told);
	tcase_add_test(tc, can_be_canceled);
	return repo_run("check", tc);
}
