/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom damage hits, and what is read when not all is. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/proofs.h"
#include "repo_fixture.h"
#include "util/clock.h"

#define SET "20261122T020000Z-000a"
#define SIZE 30000

static char told[65536];
static dbbi_check_stats stats;

static void
set_up(void)
{
	repo_set_up();
	told[0] = '\0';
}

/* ---- sets with several streams ---- */

static dbbi_json *
new_stream(const char *name, const dbbi_stream_ref *ref)
{
	dbbi_json *stream = dbbi_json_new_object();

	repo_ok(dbbi_json_set_string(stream, "name", name));
	repo_ok(dbbi_stream_ref_put(stream, ref, &fx.err));
	return stream;
}

/* Source "main" with the streams "a" and "b" (NULL: without). */
static void
write_set(const char *id, const dbbi_stream_ref *a, const dbbi_stream_ref *b)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *body = dbbi_json_new_object();
	dbbi_json *source = dbbi_json_new_object();
	dbbi_json *sources = dbbi_json_new_array();
	dbbi_json *streams = dbbi_json_new_array();
	char now[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(now, dbbi_now_ms());
	repo_ok(dbbi_json_set_string(head, "finished_at", now));
	repo_ok(dbbi_json_append(streams, new_stream("a", a)));
	if (b != NULL)
		repo_ok(dbbi_json_append(streams, new_stream("b", b)));
	repo_ok(dbbi_json_set_string(source, "name", "main"));
	repo_ok(dbbi_json_set(source, "streams", streams));
	repo_ok(dbbi_json_append(sources, source));
	repo_ok(dbbi_json_set(body, "sources", sources));
	repo_ok(dbbi_set_write(fx.repo, id, head, body, &fx.err));
	dbbi_json_free(head);
	dbbi_json_free(body);
}

static dbbi_stream_ref
write_one(dbbi_repo_writer *w, const uint8_t *data)
{
	dbbi_reader *in = repo_reader(data, SIZE, 10000, SIZE_MAX);
	dbbi_stream_ref ref;

	repo_ok(dbbi_repo_write_stream(&ref, w, in, NULL, NULL, &fx.err));
	dbbi_reader_free(in);
	return ref;
}

/* ---- checking ---- */

static int
note(const dbbi_damage *damage, void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	snprintf(told + at, sizeof told - at, "hurt %s %s %s\n",
	    damage->source == NULL ? "-" : damage->source,
	    damage->stream == NULL ? "-" : damage->stream, damage->object);
	return 0;
}

static int
note_whole(const char *set, const char *source, const char *stream,
    void *payload)
{
	size_t at = strlen(told);

	(void)payload;
	ck_assert_str_eq(set, SET);
	snprintf(told + at, sizeof told - at, "whole %s %s\n", source,
	    stream);
	return 0;
}

static int
check(unsigned percent)
{
	dbbi_check_options options = { .read_percent = percent,
	    .damage = note, .whole = note_whole };
	dbbi_list sets = { NULL, 0 };
	int rc;

	told[0] = '\0';
	repo_ok(dbbi_set_ids(&sets, fx.repo, &fx.err));
	rc = dbbi_repo_check(&stats, fx.repo, &sets, &options, &fx.err);
	dbbi_list_clear(&sets);
	return rc;
}

static int
was_told(const char *line)
{
	return strstr(told, line) != NULL;
}

START_TEST(a_lost_pack_hurts_the_stream_that_lay_there)
{
	uint8_t *a = repo_bytes(SIZE, 1), *b = repo_bytes(SIZE, 2);
	dbbi_stream_ref one = repo_write(a, SIZE), other;
	char pack[DBBI_OBJECT_SIZE], line[256];

	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	other = repo_write(b, SIZE);
	write_set(SET, &one, &other);
	repo_ok(dbbi_store_remove(fx.store, pack, &fx.err));
	for (unsigned percent = 0; percent <= 100; percent += 100) {
		repo_ok(check(percent));
		snprintf(line, sizeof line, "hurt main a %s\nwhole main b\n",
		    pack);
		ck_assert_str_eq(told, line);
	}
	repo_reopen();
	ck_assert_int_eq(repo_read_back(&one, a, SIZE), DBB_EDAMAGED);
	repo_ok(repo_read_back(&other, b, SIZE));
	free(a);
	free(b);
}
END_TEST

/* A bit of the pack is wrong: a check must say of each stream just what a
 * restore would find. */
START_TEST(what_is_told_is_what_a_reading_finds)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2 };
	uint8_t *a = repo_bytes(SIZE, 1), *b = repo_bytes(SIZE, 2);
	dbbi_repo_writer *w = NULL;
	char pack[DBBI_OBJECT_SIZE];
	dbbi_stream_ref one, other;
	int hurt[2] = { 0, 0 }, elsewhere = 0, whole;

	repo_ok(dbbi_repo_writer_new(&w, fx.repo, &options, &fx.err));
	one = write_one(w, a);
	other = write_one(w, b);
	repo_ok(dbbi_repo_writer_flush(w, &fx.err));
	dbbi_repo_writer_free(w);
	write_set(SET, &one, &other);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	for (size_t i = 0; i < repo_size(pack); i += 53) {
		repo_flip(pack, i, i % 8);
		repo_ok(check(100));
		ck_assert(was_told(pack));
		whole = repo_read_back(&one, a, SIZE) == 0;
		ck_assert_int_eq(whole, was_told("whole main a\n"));
		ck_assert_int_eq(!whole, was_told("hurt main a packs/"));
		hurt[0] += !whole;
		whole = repo_read_back(&other, b, SIZE) == 0;
		ck_assert_int_eq(whole, was_told("whole main b\n"));
		ck_assert_int_eq(!whole, was_told("hurt main b packs/"));
		hurt[1] += !whole;
		elsewhere += was_told("hurt - - packs/");
		repo_flip(pack, i, i % 8);
	}
	ck_assert_int_gt(hurt[0], 0);
	ck_assert_int_gt(hurt[1], 0);
	ck_assert_int_gt(elsewhere, 0);
	repo_ok(check(100));
	ck_assert_str_eq(told, "");
	free(a);
	free(b);
}
END_TEST

/* ---- a part at a time ---- */

#define PACKS 9

/* As many sets, each with a pack of its own. */
static void
write_packs(void)
{
	char id[DBBI_SET_ID_SIZE];
	dbbi_stream_ref ref;
	uint8_t *data;

	for (int i = 0; i < PACKS; i++) {
		data = repo_bytes(SIZE, 100 + (uint32_t)i);
		ref = repo_write(data, SIZE);
		snprintf(id, sizeof id, "20261122T02000%dZ-000a", i);
		write_set(id, &ref, NULL);
		free(data);
	}
	ck_assert_uint_eq(repo_count("packs/"), PACKS);
}

START_TEST(repeated_parts_cover_everything)
{
	uint64_t read = 0, runs = 0;

	write_packs();
	repo_ok(check(0));
	ck_assert_uint_eq(stats.unproven, PACKS);
	ck_assert_int_eq(stats.oldest_proof_ms, 0);
	while (stats.unproven > 0) {
		repo_ok(check(25));
		ck_assert_uint_ge(stats.packs_read, 2);
		ck_assert_uint_le(stats.packs_read, 4);
		read += stats.packs_read;
		runs++;
		if (stats.unproven > 0)	/* none twice before all once */
			ck_assert_uint_eq(read + stats.unproven, PACKS);
	}
	ck_assert_uint_le(runs, 4);
	ck_assert_int_gt(stats.oldest_proof_ms, 0);
	ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(the_smallest_part_reads_at_least_one_pack)
{
	write_packs();
	for (int i = 1; i <= PACKS; i++) {
		repo_ok(check(1));
		ck_assert_uint_eq(stats.packs_read, 1);
		ck_assert_uint_eq(stats.unproven, PACKS - i);
	}
}
END_TEST

START_TEST(what_is_damaged_is_not_proven)
{
	char pack[DBBI_OBJECT_SIZE];

	write_packs();
	snprintf(pack, sizeof pack, "%s", repo_object("packs/"));
	repo_flip(pack, repo_size(pack) / 2, 0);
	repo_ok(check(100));
	ck_assert(was_told(pack));
	ck_assert_uint_eq(stats.unproven, 1);
	ck_assert_uint_eq(stats.packs_read, PACKS);
	repo_ok(check(1));
	ck_assert(was_told(pack));	/* it comes first */
}
END_TEST

START_TEST(proofs_that_say_nothing_new_go)
{
	write_packs();
	for (int i = 0; i < 3; i++) {
		repo_ok(check(100));
		ck_assert_uint_eq(repo_count("proofs/"), 1);
	}
	repo_ok(check(1));
	ck_assert_uint_eq(repo_count("proofs/"), 2);
}
END_TEST

START_TEST(a_full_store_does_not_fail_a_check)
{
	write_packs();
	atomic_store(&fx.faults.puts_until_full, 1);
	repo_ok(check(100));
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(stats.packs_read, PACKS);
	ck_assert_uint_eq(repo_count("proofs/"), 0);
}
END_TEST

/* ---- sets ---- */

static int64_t
verified(const char *id)
{
	dbbi_proofs *proofs = NULL;
	dbbi_json *head = NULL;
	int64_t at_ms = -1;

	repo_ok(dbbi_proofs_load(&proofs, fx.repo, &fx.err));
	repo_ok(dbbi_set_read_verified(&head, &at_ms, fx.repo, proofs, id,
	    &fx.err));
	dbbi_json_free(head);
	dbbi_proofs_free(proofs);
	return at_ms;
}

START_TEST(a_set_is_verified_when_all_its_packs_are_since_it_was_made)
{
	uint8_t *a = repo_bytes(SIZE, 1), *b = repo_bytes(SIZE, 2);
	dbbi_stream_ref one = repo_write(a, SIZE), other;
	int64_t begun;

	write_set("20261122T020000Z-0001", &one, NULL);
	ck_assert_int_eq(verified("20261122T020000Z-0001"), 0);
	begun = dbbi_now_ms();
	repo_ok(check(100));
	ck_assert_int_ge(verified("20261122T020000Z-0001"), begun);
	while (dbbi_now_ms() <= begun + 2)
		;
	other = repo_write(b, SIZE);
	write_set("20261123T020000Z-0002", &one, &other);
	ck_assert_int_eq(verified("20261123T020000Z-0002"), 0);
	repo_ok(check(1));	/* the new pack; the old one's proof is older */
	ck_assert_uint_eq(stats.unproven, 0);
	ck_assert_int_eq(verified("20261123T020000Z-0002"), 0);
	ck_assert_int_ge(verified("20261122T020000Z-0001"), begun);
	repo_ok(check(100));
	ck_assert_int_gt(verified("20261123T020000Z-0002"), begun + 2);
	free(a);
	free(b);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("check_sets", set_up, repo_tear_down);

	tcase_add_test(tc, a_lost_pack_hurts_the_stream_that_lay_there);
	tcase_add_test(tc, what_is_told_is_what_a_reading_finds);
	tcase_add_test(tc, repeated_parts_cover_everything);
	tcase_add_test(tc, the_smallest_part_reads_at_least_one_pack);
	tcase_add_test(tc, what_is_damaged_is_not_proven);
	tcase_add_test(tc, proofs_that_say_nothing_new_go);
	tcase_add_test(tc, a_full_store_does_not_fail_a_check);
	tcase_add_test(tc,
	    a_set_is_verified_when_all_its_packs_are_since_it_was_made);
	return repo_run("check_sets", tc);
}
