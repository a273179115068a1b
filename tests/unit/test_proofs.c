/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/proofs.h"
#include "repo_fixture.h"
#include "util/clock.h"

#define DAY (24 * 3600 * (int64_t)1000)

static dbbi_proofs *proofs;
static int64_t now;

static void
set_up(void)
{
	repo_set_up();
	proofs = NULL;
	now = dbbi_now_ms();
}

static void
tear_down(void)
{
	dbbi_proofs_free(proofs);
	repo_tear_down();
}

/* Some pack's name. */
static dbbi_id
pack(uint8_t n)
{
	dbbi_id id;

	memset(&id, n, sizeof id);
	return id;
}

static void
prove(const uint8_t *numbers, uint32_t count, int64_t at_ms)
{
	dbbi_id packs[8];

	for (uint32_t i = 0; i < count; i++)
		packs[i] = pack(numbers[i]);
	repo_ok(dbbi_proofs_write(fx.repo, packs, count, at_ms, &fx.err));
}

static int64_t
at(uint8_t n)
{
	dbbi_id id = pack(n);

	return dbbi_proofs_at(proofs, &id);
}

static void
load(void)
{
	dbbi_proofs_free(proofs);
	proofs = NULL;
	repo_ok(dbbi_proofs_load(&proofs, fx.repo, &fx.err));
}

START_TEST(without_proofs_nothing_is_proven)
{
	load();
	ck_assert_int_eq(at(1), 0);
	repo_ok(dbbi_proofs_write(fx.repo, NULL, 0, now, &fx.err));
	ck_assert_uint_eq(repo_count("proofs/"), 0);
}
END_TEST

START_TEST(of_each_pack_the_newest_counts)
{
	prove((uint8_t[]){ 4, 2, 6 }, 3, now - 20);
	prove((uint8_t[]){ 5, 2, 1 }, 3, now - 10);
	prove((uint8_t[]){ 6, 2, 7 }, 3, now - 30);
	load();
	ck_assert_int_eq(at(1), now - 10);
	ck_assert_int_eq(at(2), now - 10);
	ck_assert_int_eq(at(3), 0);
	ck_assert_int_eq(at(4), now - 20);
	ck_assert_int_eq(at(5), now - 10);
	ck_assert_int_eq(at(6), now - 20);
	ck_assert_int_eq(at(7), now - 30);
	ck_assert_int_eq(at(8), 0);
}
END_TEST

START_TEST(a_pack_told_twice_is_written_once)
{
	prove((uint8_t[]){ 3, 1, 3, 1, 3 }, 5, now);
	ck_assert_uint_eq(repo_size(repo_object("proofs/")),
	    16 + 8 + 2 * 32 + (repo_sealed ? 48 : 0));
	load();
	ck_assert_int_eq(at(1), now);
	ck_assert_int_eq(at(3), now);
}
END_TEST

START_TEST(the_same_twice_is_one_object)
{
	prove((uint8_t[]){ 1, 2 }, 2, now);
	prove((uint8_t[]){ 2, 1 }, 2, now);
	ck_assert_uint_eq(repo_count("proofs/"), 1);
}
END_TEST

START_TEST(a_damaged_one_counts_as_none)
{
	char object[DBBI_OBJECT_SIZE];
	size_t size;

	prove((uint8_t[]){ 1 }, 1, now);
	snprintf(object, sizeof object, "%s", repo_object("proofs/"));
	prove((uint8_t[]){ 2 }, 1, now);
	size = repo_size(object);
	for (size_t i = 0; i < size; i++) {
		repo_flip(object, i, i % 8);
		load();
		ck_assert_int_eq(at(1), 0);
		ck_assert_int_eq(at(2), now);
		repo_flip(object, i, i % 8);
	}
	for (size_t i = 0; i < size; i++) {
		repo_cut(object, 1);
		load();
		ck_assert_int_eq(at(1), 0);
		ck_assert_int_eq(at(2), now);
	}
}
END_TEST

/* Put bytes under the name that they ask for. */
static void
put_object(const uint8_t *data, size_t size)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_id name;

	repo_ok(dbbi_sha256_of(name.bytes, data, size, &fx.err));
	dbbi_proof_object(object, &name);
	repo_ok(dbbi_store_write(fx.store, object, data, size, 0, &fx.err));
}

START_TEST(what_does_not_add_up_counts_as_none)
{
	uint8_t data[16 + 8 + 3 * 32] = "DBBPROOF";

	memset(data + 24, 1, 32);
	memset(data + 56, 2, 32);
	memset(data + 88, 3, 32);
	dbbi_put_u64(data + 16, (uint64_t)now);
	dbbi_put_u32(data + 12, 0xffffffffu);
	put_object(data, sizeof data);
	dbbi_put_u32(data + 12, 2);
	put_object(data, sizeof data);
	dbbi_put_u32(data + 12, 3);
	put_object(data, sizeof data - 1);
	dbbi_put_u64(data + 16, UINT64_MAX);
	put_object(data, sizeof data);
	dbbi_put_u64(data + 16, (uint64_t)now);
	memset(data + 56, 1, 32);
	put_object(data, sizeof data);
	memset(data + 56, 2, 32);
	data[9] = 1;
	put_object(data, sizeof data);
	data[9] = 0;
	data[8] = 77;
	put_object(data, sizeof data);
	load();
	ck_assert_int_eq(at(1), 0);
	ck_assert_int_eq(at(3), 0);
	data[8] = 0;
	put_object(data, sizeof data);	/* which is right */
	load();
	ck_assert_int_eq(at(1), now);
	ck_assert_int_eq(at(3), now);
}
END_TEST

START_TEST(names_of_another_shape_are_passed_over)
{
	repo_ok(dbbi_store_write(fx.store, "proofs/readme", "x", 1, 0,
	    &fx.err));
	prove((uint8_t[]){ 1 }, 1, now);
	load();
	ck_assert_int_eq(at(1), now);
}
END_TEST

START_TEST(a_time_still_to_come_is_none)
{
	prove((uint8_t[]){ 1, 2 }, 2, now + 2 * DAY);
	prove((uint8_t[]){ 1 }, 1, now - DAY);
	prove((uint8_t[]){ 3 }, 1, now + DAY / 2);
	load();
	ck_assert_int_eq(at(1), now - DAY);
	ck_assert_int_eq(at(2), 0);
	ck_assert_int_eq(at(3), now + DAY / 2);
}
END_TEST

START_TEST(says_that_the_store_is_full)
{
	dbbi_id id = pack(1);

	atomic_store(&fx.faults.puts_until_full, 1);
	ck_assert_int_eq(dbbi_proofs_write(fx.repo, &id, 1, now, &fx.err),
	    DBB_ENOSPC);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "noting which packs "
	    "are good: "));
	ck_assert_uint_eq(repo_count("proofs/"), 0);
}
END_TEST

START_TEST(can_be_canceled)
{
	prove((uint8_t[]){ 1 }, 1, now);
	dbbi_run_cancel(&fx.run);
	ck_assert_int_eq(dbbi_proofs_load(&proofs, fx.repo, &fx.err),
	    DBB_ECANCELED);
	ck_assert_ptr_null(proofs);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("proofs", set_up, tear_down);

	tcase_add_test(tc, without_proofs_nothing_is_proven);
	tcase_add_test(tc, of_each_pack_the_newest_counts);
	tcase_add_test(tc, a_pack_told_twice_is_written_once);
	tcase_add_test(tc, a_damaged_one_counts_as_none);
	tcase_add_test(tc, names_of_another_shape_are_passed_over);
	tcase_add_test(tc, a_time_still_to_come_is_none);
	tcase_add_test(tc, says_that_the_store_is_full);
	tcase_add_test(tc, can_be_canceled);
	if (!repo_sealed) {
		tcase_add_test(tc, the_same_twice_is_one_object);
		tcase_add_test(tc, what_does_not_add_up_counts_as_none);
	}
	return repo_run("proofs", tc);
}
