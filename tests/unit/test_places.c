/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunks that lie in several packs, and packs that are gone: two writers at
 * once, and a backup after damage.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/manifest.h"
#include "repo_fixture.h"

#define A "20261122T020000Z-000a"
#define B "20261123T020000Z-000b"
#define SIZE 60000

static uint8_t *data;		/* what both sets hold */
static uint8_t *extra;		/* so that B's pack is another one */
static dbbi_repo *second;	/* of another process, on the same store */
static dbbi_stream_ref ref;
static char pack[2][DBBI_OBJECT_SIZE];	/* of A, of B */

static char told[8192];

static void
set_up(void)
{
	repo_set_up();
	data = repo_bytes(SIZE, 1);
	extra = repo_bytes(SIZE, 2);
	repo_ok(dbbi_repo_open_with(&second, fx.store, repo_keys(), &fx.run,
	    &fx.err));
	repo_ok(dbbi_repo_load_index(second, &fx.err));
}

static void
tear_down(void)
{
	dbbi_repo_free(second);
	free(data);
	free(extra);
	repo_tear_down();
}

/* ---- writing ---- */

static void
write_to(dbbi_stream_ref *out, dbbi_repo_writer *w, const uint8_t *bytes,
    size_t size)
{
	dbbi_reader *in = repo_reader(bytes, size, 7000, SIZE_MAX);

	repo_ok(dbbi_repo_write_stream(out, w, in, NULL, NULL, &fx.err));
	dbbi_reader_free(in);
}

static dbbi_repo_writer *
new_writer(dbbi_repo *repo)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2 };
	dbbi_repo_writer *w = NULL;

	repo_ok(dbbi_repo_writer_new(&w, repo, &options, &fx.err));
	return w;
}

static void
end_writer(dbbi_repo_writer *w)
{
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
}

/* Commit a set of the one stream `ref`, by this repository's index. */
static void
commit(dbbi_repo *repo, const char *id)
{
	dbbi_repo *mine = fx.repo;

	fx.repo = repo;
	repo_write_set(id, &ref);
	fx.repo = mine;
}

static int
note_pack(const dbb_object *object, void *payload)
{
	(void)payload;
	if (pack[0][0] == '\0')
		snprintf(pack[0], sizeof pack[0], "%s", object->name);
	else if (strcmp(object->name, pack[0]) != 0)
		snprintf(pack[1], sizeof pack[1], "%s", object->name);
	return 0;
}

static void
note_packs(void)
{
	repo_ok(dbbi_store_list(fx.store, "packs/", note_pack, NULL,
	    &fx.err));
}

/* Set A in a pack, as the first run of all. */
static void
write_a(void)
{
	pack[0][0] = pack[1][0] = '\0';
	ref = repo_write(data, SIZE);
	repo_write_set(A, &ref);
	note_packs();
}

/* The next run: `extra`, and `data` after it. */
static void
write_b(dbbi_repo *repo, size_t size)
{
	dbbi_repo_writer *w = new_writer(repo);
	dbbi_stream_ref unused;

	write_to(&unused, w, extra, SIZE);
	write_to(&ref, w, data, size);
	end_writer(w);
	commit(repo, B);
	note_packs();
}

/* Sets A and B, each with the same bytes in a pack of its own. */
static void
write_both(void)
{
	write_a();
	write_b(second, SIZE);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	repo_reopen();
}

static void
remove_pack(int which)
{
	repo_ok(dbbi_store_remove(fx.store, pack[which], &fx.err));
	repo_reopen();
}

/* ---- looking ---- */

static int
note(const dbbi_damage *damage, void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	snprintf(told + at, sizeof told - at, "%s %s %s\n", damage->set,
	    damage->object, damage->error);
	return 0;
}

/* Check these sets (NULL: all); what was told is in `told`. */
static const char *
check(const char *set, int read_data)
{
	dbbi_check_options options = { .read_percent = read_data ? 100 : 0,
	    .damage = note };
	dbbi_list sets = { NULL, 0 };
	dbbi_check_stats stats;

	told[0] = '\0';
	if (set == NULL)
		repo_ok(dbbi_set_ids(&sets, fx.repo, &fx.err));
	else
		repo_ok(dbbi_list_add(&sets, set, &fx.err));
	repo_ok(dbbi_repo_check(&stats, fx.repo, &sets, &options, &fx.err));
	dbbi_list_clear(&sets);
	return told;
}

static void
whole(const char *set)
{
	ck_assert_str_eq(check(set, 0), "");
	ck_assert_str_eq(check(set, 1), "");
}

static int
read_back(void)
{
	return repo_read_back(&ref, data, SIZE);
}

/* ---- two writers ---- */

START_TEST(two_writers_at_once_both_leave_whole_sets)
{
	dbbi_repo_writer *a = new_writer(fx.repo), *b = new_writer(second);
	dbbi_stream_ref unused;

	write_to(&unused, b, extra, SIZE);
	write_to(&ref, a, data, SIZE);
	write_to(&ref, b, data, SIZE);
	end_writer(b);
	end_writer(a);
	commit(fx.repo, A);
	commit(second, B);
	ck_assert_uint_eq(repo_count("packs/"), 2);
	whole(NULL);
	whole(A);
	whole(B);
	repo_reopen();
	repo_ok(read_back());
}
END_TEST

START_TEST(each_of_two_places_is_enough_to_read)
{
	for (int which = 0; which < 2; which++) {
		write_both();
		remove_pack(which);
		repo_ok(read_back());
		whole(NULL);
		tear_down();
		set_up();
	}
}
END_TEST

START_TEST(another_place_is_read_when_one_is_damaged)
{
	size_t size;

	for (int which = 0; which < 2; which++) {
		write_both();
		size = repo_size(pack[which]);
		for (size_t i = 16; i < size; i += 997) {
			repo_flip(pack[which], i, i % 8);
			repo_ok(read_back());
			repo_flip(pack[which], i, i % 8);
		}
		tear_down();
		set_up();
	}
}
END_TEST

START_TEST(a_flipped_bit_is_told_even_if_there_is_another_place)
{
	write_both();
	repo_flip(pack[0], repo_size(pack[0]) / 2, 3);
	check(NULL, 1);
	ck_assert_ptr_nonnull(strstr(told, pack[0]));
	ck_assert_ptr_nonnull(strstr(told, A));
	ck_assert_ptr_null(strstr(told, B));
}
END_TEST

START_TEST(with_no_place_left_the_pack_is_named)
{
	write_both();
	remove_pack(0);
	remove_pack(1);
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "not in the store"));
	for (int read_data = 0; read_data < 2; read_data++) {
		check(NULL, read_data);
		ck_assert_ptr_nonnull(strstr(told, pack[0]));
		ck_assert_ptr_nonnull(strstr(told, pack[1]));
	}
}
END_TEST

/* ---- after damage ---- */

START_TEST(a_backup_stores_again_what_a_missing_pack_held)
{
	write_a();
	remove_pack(0);
	ref = repo_write(data, SIZE);
	repo_write_set(B, &ref);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	repo_ok(read_back());
	repo_reopen();
	repo_ok(read_back());
	whole(NULL);
}
END_TEST

START_TEST(what_came_again_in_another_pack_mends_older_sets)
{
	write_a();
	remove_pack(0);
	check(A, 0);
	ck_assert_ptr_nonnull(strstr(told, pack[0]));
	write_b(fx.repo, SIZE);
	ck_assert_str_ne(pack[1], "");
	repo_reopen();
	repo_ok(read_back());
	whole(NULL);
	whole(A);
}
END_TEST

START_TEST(a_cut_pack_is_as_good_as_none)
{
	for (int again = 0; again < 2; again++) {
		write_a();
		repo_cut(pack[0], 1);
		repo_reopen();
		if (again)
			ref = repo_write(data, SIZE);
		else
			write_b(fx.repo, SIZE);
		repo_reopen();
		repo_ok(read_back());
		whole(NULL);
		tear_down();
		set_up();
	}
}
END_TEST

START_TEST(a_lost_index_is_made_good_too)
{
	write_a();
	repo_ok(dbbi_store_remove(fx.store, repo_object("index/"),
	    &fx.err));
	repo_reopen();
	write_b(fx.repo, SIZE);
	repo_reopen();
	repo_ok(read_back());
	whole(NULL);
	whole(A);
}
END_TEST

START_TEST(what_did_not_come_again_stays_damaged)
{
	write_a();
	remove_pack(0);
	write_b(fx.repo, SIZE / 2);
	repo_reopen();
	for (int read_data = 0; read_data < 2; read_data++) {
		check(NULL, read_data);
		ck_assert_ptr_nonnull(strstr(told, A));
		ck_assert_ptr_nonnull(strstr(told, pack[0]));
		ck_assert_ptr_null(strstr(told, B));
	}
}
END_TEST

START_TEST(what_stands_in_is_read_too)
{
	write_both();
	remove_pack(0);
	whole(A);
	repo_flip(pack[1], repo_size(pack[1]) - 100, 3);
	ck_assert_str_eq(check(A, 0), "");
	check(A, 1);		/* its directory, which no reading needs */
	ck_assert_ptr_nonnull(strstr(told, pack[1]));
	ck_assert_ptr_null(strstr(told, pack[0]));
	repo_ok(read_back());
	repo_flip(pack[1], repo_size(pack[1]) - 100, 3);
	repo_flip(pack[1], repo_size(pack[1]) * 3 / 4, 3);
	check(A, 1);		/* a chunk */
	ck_assert_ptr_nonnull(strstr(told, pack[0]));
	ck_assert_int_eq(read_back(), DBB_EDAMAGED);
}
END_TEST

/* A writer that saw no damage, and one that ended badly after it. */
START_TEST(an_unfinished_run_mends_nothing)
{
	dbbi_repo_writer *w;
	dbbi_stream_ref unused;

	write_a();
	remove_pack(0);
	w = new_writer(fx.repo);
	write_to(&unused, w, extra, SIZE);
	write_to(&unused, w, data, SIZE);
	dbbi_repo_writer_free(w);
	check(A, 0);
	ck_assert_ptr_nonnull(strstr(told, pack[0]));
	write_b(fx.repo, SIZE);
	repo_reopen();
	repo_ok(read_back());
	whole(NULL);
}
END_TEST

START_TEST(names_that_are_no_packs_are_passed_over)
{
	static const char *const names[] = { "packs/README", "packs/3f/3f",
	    "packs/3f/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaa",
	    "packs/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaa" };

	write_a();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		repo_ok(dbbi_store_write(fx.store, names[i], "x", 1, 0,
		    &fx.err));
	repo_reopen();
	repo_ok(read_back());
	whole(NULL);
}
END_TEST

/* A head that names too little would let a prune take what it needs. */
START_TEST(a_head_that_does_not_name_a_pack_is_damage)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_manifest m;
	dbbi_bytes bytes;

	write_a();
	repo_ok(dbbi_manifest_read(&m, fx.repo, A, 1, &fx.err));
	dbbi_bytes_init(&bytes, 0);
	repo_ok(dbbi_manifest_encode(&bytes, repo_keys(), A, m.head, m.body, NULL, 0,
	    &fx.err));
	dbbi_set_object(object, A);
	repo_ok(dbbi_store_write(fx.store, object, bytes.data, bytes.size,
	    DBB_PUT_REPLACE, &fx.err));
	dbbi_bytes_clear(&bytes);
	dbbi_manifest_clear(&m);
	check(A, 1);
	ck_assert_ptr_nonnull(strstr(told, "its head does not name"));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("places", set_up, tear_down);

	tcase_add_test(tc, two_writers_at_once_both_leave_whole_sets);
	tcase_add_test(tc, each_of_two_places_is_enough_to_read);
	tcase_add_test(tc, another_place_is_read_when_one_is_damaged);
	tcase_add_test(tc,
	    a_flipped_bit_is_told_even_if_there_is_another_place);
	tcase_add_test(tc, with_no_place_left_the_pack_is_named);
	tcase_add_test(tc, a_backup_stores_again_what_a_missing_pack_held);
	tcase_add_test(tc,
	    what_came_again_in_another_pack_mends_older_sets);
	tcase_add_test(tc, a_cut_pack_is_as_good_as_none);
	tcase_add_test(tc, a_lost_index_is_made_good_too);
	tcase_add_test(tc, what_did_not_come_again_stays_damaged);
	tcase_add_test(tc, what_stands_in_is_read_too);
	tcase_add_test(tc, an_unfinished_run_mends_nothing);
	tcase_add_test(tc, names_that_are_no_packs_are_passed_over);
	tcase_add_test(tc, a_head_that_does_not_name_a_pack_is_damage);
	return repo_run("places", tc);
}
