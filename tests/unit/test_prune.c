/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grace is over when a test says so: prune_late prunes with a grace of
 * nothing, a moment after what came before.
 */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo/condemned.h"
#include "repo/proofs.h"
#include "repo/prune.h"
#include "repo_fixture.h"

#define SIZE 3000000
#define PART 300000	/* a tenth of it */

#define ID(n) "20261122T02000" #n "Z-000" #n
#define A ID(1)
#define B ID(2)
#define C ID(3)

static uint8_t *data, *other;
static dbbi_prune_stats stats;

static void
set_up(void)
{
	repo_set_up();
	data = repo_bytes(SIZE, 1);
	other = repo_bytes(SIZE, 2);
}

static void
tear_down(void)
{
	free(data);
	free(other);
	repo_tear_down();
}

/* ---- sets ---- */

static dbbi_stream_ref
make_set(const char *id, const uint8_t *bytes, size_t size)
{
	dbbi_stream_ref ref;

	repo_reopen();
	ref = repo_write(bytes, size);
	repo_write_set(id, &ref);
	return ref;
}

static void
restores(const dbbi_stream_ref *ref, const uint8_t *bytes, size_t size)
{
	repo_reopen();
	repo_ok(dbbi_repo_load_index(fx.repo, &fx.err));
	repo_ok(repo_read_back(ref, bytes, size));
}

static int
fail_on_damage(const dbbi_damage *damage, void *payload)
{
	(void)payload;
	ck_abort_msg("%s: %s: %s", damage->set, damage->object,
	    damage->error);
	return 1;
}

/* These sets are as they should be, read to the last byte. */
static void
are_sound(const dbbi_list *ids)
{
	dbbi_check_options options = { .read_percent = 100,
	    .damage = fail_on_damage };
	dbbi_check_stats checked;

	repo_ok(dbbi_repo_check(&checked, fx.repo, ids, &options, &fx.err));
}

/* And all that there are. */
static void
is_sound(void)
{
	dbbi_list ids = { NULL, 0 };

	repo_ok(dbbi_set_ids(&ids, fx.repo, &fx.err));
	are_sound(&ids);
	dbbi_list_clear(&ids);
}

/* ---- prunes ---- */

static int
try_prune(const char *remove, int dry_run)
{
	dbbi_list ids = { NULL, 0 };
	dbbi_prune_options options = { &ids, dry_run };
	int rc;

	if (remove != NULL)
		repo_ok(dbbi_list_add(&ids, remove, &fx.err));
	rc = dbbi_repo_prune(&stats, fx.repo, &options, &fx.err);
	dbbi_list_clear(&ids);
	return rc;
}

static void
prune(const char *remove)
{
	repo_ok(try_prune(remove, 0));
}

static void
let_time_pass(void)
{
	nanosleep(&(struct timespec){ 0, 3000000 }, NULL);
}

static int
try_prune_late(const char *remove)
{
	int rc;

	let_time_pass();
	fx.repo->grace_s = 0;
	rc = try_prune(remove, 0);
	fx.repo->grace_s = DBBI_GRACE_S;
	return rc;
}

static void
prune_late(const char *remove)
{
	repo_ok(try_prune_late(remove));
}

/* ---- what is there ---- */

static int
add_name(const dbb_object *object, void *payload)
{
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

static dbbi_list
everything(void)
{
	dbbi_list names = { NULL, 0 };

	repo_ok(dbbi_store_list(fx.store, "", add_name, &names, &fx.err));
	return names;
}

static int
is_there(const dbbi_id *pack)
{
	dbb_object stat = { .size = sizeof stat };
	char object[DBBI_OBJECT_SIZE];

	dbbi_pack_object(object, pack);
	return dbbi_store_stat(&stat, fx.store, object, &fx.err) == 0;
}

/* The only pack that a set names. */
static dbbi_id
pack_of(const char *set)
{
	dbbi_manifest m;
	dbbi_id name;

	repo_ok(dbbi_manifest_read(&m, fx.repo, set, 0, &fx.err));
	ck_assert_uint_eq(m.pack_count, 1);
	name = m.packs[0].name;
	dbbi_manifest_clear(&m);
	return name;
}

/* ---- tests ---- */

START_TEST(deletes_in_two_steps)
{
	dbbi_stream_ref b;
	dbbi_id a_pack, b_pack;

	make_set(A, data, SIZE);
	b = make_set(B, other, SIZE);
	a_pack = pack_of(A);
	b_pack = pack_of(B);
	prune(A);
	ck_assert_uint_eq(repo_count("sets/"), 1);
	ck_assert(is_there(&a_pack));
	ck_assert_uint_eq(stats.condemned.packs, 1);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	ck_assert_uint_eq(stats.waiting.packs, 1);
	ck_assert_int_gt(stats.delete_first_ms, 0);
	prune(NULL);
	ck_assert(is_there(&a_pack));
	ck_assert_uint_eq(stats.condemned.packs, 0);
	ck_assert_uint_eq(stats.waiting.packs, 1);
	prune_late(NULL);
	ck_assert(!is_there(&a_pack));
	ck_assert_uint_eq(stats.deleted.packs, 1);
	ck_assert_uint_eq(stats.waiting.packs, 0);
	ck_assert(is_there(&b_pack));
	restores(&b, other, SIZE);
	is_sound();
}
END_TEST

START_TEST(forgets_the_record_when_all_is_gone)
{
	make_set(A, data, SIZE);
	prune(A);
	ck_assert_uint_eq(repo_count("condemned/"), 1);
	prune_late(NULL);
	/* Who makes the same pack now must still be told. */
	ck_assert_uint_eq(repo_count("condemned/"), 1);
	ck_assert_uint_eq(repo_count("packs/"), 0);
	prune(NULL);
	ck_assert_uint_eq(repo_count("condemned/"), 1);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("condemned/"), 0);
	ck_assert_uint_eq(repo_count("index/"), 0);
}
END_TEST

START_TEST(touches_nothing_without_a_reason)
{
	dbbi_list before, after;

	make_set(A, data, SIZE);
	make_set(B, data, SIZE);
	before = everything();
	prune(NULL);
	prune_late(NULL);
	after = everything();
	ck_assert_uint_eq(after.count, before.count);
	for (size_t i = 0; i < before.count; i++)
		ck_assert(dbbi_list_has(&after, before.items[i]));
	dbbi_list_clear(&before);
	dbbi_list_clear(&after);
	is_sound();
}
END_TEST

START_TEST(only_says_what_it_would_do)
{
	dbbi_list before, after;

	make_set(A, data, SIZE);
	make_set(B, other, SIZE);
	before = everything();
	repo_ok(try_prune(A, 1));
	after = everything();
	ck_assert_uint_eq(stats.condemned.packs, 1);
	ck_assert_uint_eq(stats.used.packs, 1);
	ck_assert_uint_eq(stats.store.packs, 2);
	ck_assert_uint_eq(after.count, before.count);
	for (size_t i = 0; i < before.count; i++)
		ck_assert(dbbi_list_has(&after, before.items[i]));
	dbbi_list_clear(&before);
	dbbi_list_clear(&after);
}
END_TEST

START_TEST(keeps_what_another_set_needs)
{
	dbbi_stream_ref b;

	make_set(A, data, SIZE);
	b = make_set(B, data, SIZE);
	prune(A);
	ck_assert_uint_eq(repo_count("condemned/"), 0);
	prune_late(NULL);
	restores(&b, data, SIZE);
}
END_TEST

START_TEST(a_writer_may_commit_what_was_condemned_meanwhile)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	prune(NULL);
	ck_assert_uint_eq(stats.condemned.packs, 1);
	repo_write_set(A, &ref);
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("condemned/"), 0);
	restores(&ref, data, SIZE);
	is_sound();
}
END_TEST

START_TEST(gives_a_set_that_used_it_again_the_grace)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	prune(NULL);
	repo_write_set(A, &ref);
	/* Its record is old, but who reads the set has not ended. */
	prune_late(A);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	ck_assert_uint_eq(stats.condemned.packs, 1);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	prune(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 0);
}
END_TEST

START_TEST(a_manifest_that_cannot_be_read_stops_it)
{
	dbbi_list before, after;

	make_set(A, data, SIZE);
	make_set(B, other, SIZE);
	repo_flip("sets/" B, 100, 0);
	before = everything();
	ck_assert_int_eq(try_prune(A, 0), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "'sets/" B "'"));
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "nothing was deleted"));
	after = everything();
	ck_assert_uint_eq(after.count, before.count);
	dbbi_list_clear(&before);
	dbbi_list_clear(&after);
}
END_TEST

START_TEST(what_a_damaged_record_named_is_condemned_anew)
{
	make_set(A, data, SIZE);
	prune(A);
	repo_flip(repo_object("condemned/"), 60, 0);
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	ck_assert_uint_eq(stats.condemned.packs, 1);
	ck_assert_uint_eq(repo_count("condemned/"), 1);
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 1);
	ck_assert_uint_eq(repo_count("packs/"), 0);
}
END_TEST

/* ---- packs that are mostly unused ---- */

/* B needs a tenth of A's pack, and A goes. */
static dbbi_stream_ref
make_sparse(dbbi_id *pack)
{
	dbbi_stream_ref b;

	make_set(A, data, SIZE);
	*pack = pack_of(A);
	b = make_set(B, data, PART);
	return b;
}

START_TEST(rewrites_what_is_mostly_unused)
{
	dbbi_stream_ref b;
	dbbi_id old;

	b = make_sparse(&old);
	prune(A);
	ck_assert_uint_eq(stats.rewritten.packs, 1);
	ck_assert_uint_gt(stats.rewritten_bytes, 0);
	ck_assert_uint_lt(stats.rewritten_bytes, SIZE / 4);
	ck_assert(is_there(&old));
	restores(&b, data, PART);
	is_sound();
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 1);
	ck_assert(!is_there(&old));
	restores(&b, data, PART);
	is_sound();
	/* The record tells where they are as long as B does not. */
	prune_late(NULL);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("condemned/"), 1);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	restores(&b, data, PART);
	prune(B);
	prune_late(NULL);
	prune_late(NULL);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 0);
	ck_assert_uint_eq(repo_count("condemned/"), 0);
}
END_TEST

START_TEST(a_set_made_after_the_rewriting_uses_the_new_pack)
{
	dbbi_stream_ref b, c;
	dbbi_manifest m;
	dbbi_id old;

	b = make_sparse(&old);
	prune(A);
	c = make_set(C, data, PART);
	repo_ok(dbbi_manifest_read(&m, fx.repo, C, 0, &fx.err));
	ck_assert(!dbbi_manifest_has(&m, &old));
	dbbi_manifest_clear(&m);
	prune_late(B);
	prune_late(NULL);
	ck_assert(!is_there(&old));
	restores(&b, data, PART);
	restores(&c, data, PART);
	is_sound();
}
END_TEST

START_TEST(a_writer_that_uses_more_of_it_keeps_the_old_pack)
{
	dbbi_repo *pruning = NULL;
	dbbi_stream_ref b, c;
	dbbi_repo *writing;
	dbbi_id old;

	b = make_sparse(&old);
	repo_reopen();
	c = repo_write(data, 2 * PART);
	repo_ok(dbbi_repo_open_with(&pruning, fx.store, repo_keys(), &fx.run,
	    &fx.err));
	writing = fx.repo;
	fx.repo = pruning;
	prune(A);
	ck_assert_uint_eq(stats.rewritten.packs, 1);
	fx.repo = writing;
	repo_write_set(C, &c);
	dbbi_repo_free(pruning);
	prune_late(NULL);
	ck_assert(is_there(&old));
	restores(&b, data, PART);
	restores(&c, data, 2 * PART);
	prune_late(C);
	prune_late(NULL);
	ck_assert(!is_there(&old));
	restores(&b, data, PART);
	is_sound();
}
END_TEST

/* A set may be committed after heads were read: what is past the grace only
 * since then stays. */
START_TEST(a_slow_prune_does_not_delete_too_soon)
{
	dbbi_id old;

	repo_write(other, SIZE);
	prune(NULL);
	make_sparse(&old);
	fx.repo->grace_s = 2;
	atomic_store(&fx.faults.put_delay_ms, 800);
	prune(A);
	atomic_store(&fx.faults.put_delay_ms, 0);
	fx.repo->grace_s = DBBI_GRACE_S;
	ck_assert_uint_eq(stats.rewritten.packs, 1);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 2);
}
END_TEST

/* What was condemned and used all the same is named by a set that the first
 * listing leaves out. */
START_TEST(a_listing_that_is_cut_short_deletes_nothing)
{
	dbbi_stream_ref ref = repo_write(data, SIZE);

	prune(NULL);
	repo_write_set(A, &ref);
	atomic_store(&fx.faults.lists_until_empty, 1);
	prune_late(NULL);
	ck_assert_int_eq(atomic_load(&fx.faults.lists_until_empty), 0);
	ck_assert_uint_eq(stats.deleted.packs, 0);
	restores(&ref, data, SIZE);
	is_sound();
}
END_TEST

static int64_t
proven_at(const dbbi_id *pack)
{
	dbbi_proofs *proofs = NULL;
	int64_t at_ms;

	repo_ok(dbbi_proofs_load(&proofs, fx.repo, &fx.err));
	at_ms = dbbi_proofs_at(proofs, pack);
	dbbi_proofs_free(proofs);
	return at_ms;
}

/* Once what all sets need of it was read elsewhere. */
START_TEST(a_pack_that_was_rewritten_is_proven_all_the_same)
{
	dbbi_list some = { NULL, 0 };
	dbbi_id old;

	make_sparse(&old);
	prune(A);
	prune_late(NULL);
	make_set(C, other, SIZE);
	ck_assert(!is_there(&old));
	repo_ok(dbbi_list_add(&some, B, &fx.err));
	are_sound(&some);
	dbbi_list_clear(&some);
	ck_assert_int_eq(proven_at(&old), 0);
	is_sound();
	ck_assert_int_ne(proven_at(&old), 0);
	is_sound();
	ck_assert_int_ne(proven_at(&old), 0);
}
END_TEST

START_TEST(leaves_alone_what_is_damaged)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_id old;

	make_sparse(&old);
	dbbi_pack_object(object, &old);
	/* The last chunk, which nobody needs. */
	repo_flip(object, repo_size(object) / 2, 0);
	prune(A);
	ck_assert_uint_eq(stats.rewritten.packs, 0);
	ck_assert(is_there(&old));
	prune_late(NULL);
	ck_assert(is_there(&old));
}
END_TEST

/* ---- losses ---- */

START_TEST(a_set_that_lost_a_pack_keeps_its_stand_ins)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_stream_ref a;
	dbbi_id lost, stands_in;

	a = make_set(A, data, SIZE);
	lost = pack_of(A);
	dbbi_pack_object(object, &lost);
	repo_ok(dbbi_store_remove(fx.store, object, &fx.err));
	/* Other chunks, and those of A once more. */
	make_set(B, other, PART);
	make_set(C, data, SIZE);
	stands_in = pack_of(C);
	prune(C);
	ck_assert_uint_eq(stats.condemned.packs, 0);
	prune_late(B);
	prune_late(NULL);
	ck_assert_uint_eq(stats.deleted.packs, 1);
	ck_assert(is_there(&stands_in));
	restores(&a, data, SIZE);
	is_sound();
}
END_TEST

START_TEST(a_set_that_lost_all_stops_nothing)
{
	char object[DBBI_OBJECT_SIZE];
	dbbi_id lost;

	make_set(A, data, SIZE);
	lost = pack_of(A);
	make_set(B, other, SIZE);
	dbbi_pack_object(object, &lost);
	repo_ok(dbbi_store_remove(fx.store, object, &fx.err));
	prune(B);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 0);
	ck_assert_uint_eq(repo_count("sets/"), 1);
}
END_TEST

START_TEST(a_full_store_is_no_reason_not_to_delete)
{
	make_set(A, data, SIZE);
	make_set(B, other, SIZE);
	prune(A);
	let_time_pass();
	make_set(C, data, PART);
	atomic_store(&fx.faults.puts_until_full, 1);
	prune_late(B);
	ck_assert_uint_eq(stats.deleted.packs, 1);
	ck_assert_uint_eq(repo_count("sets/"), 1);
	prune(NULL);
	prune_late(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 1);
	is_sound();
}
END_TEST

/* ---- cut short ---- */

/* The store breaks at each change in turn; later prunes end it. */
START_TEST(ends_right_after_it_was_cut_short_anywhere)
{
	dbbi_stream_ref b;
	dbbi_id old;
	int rc;

	b = make_sparse(&old);
	make_set(C, other, SIZE);
	prune(C);
	for (int n = 1, done = 0; !done; n++) {
		ck_assert_int_lt(n, 50);
		atomic_store(&fx.faults.changes_until_broken, n);
		rc = try_prune_late(A);
		done = rc == 0;
		atomic_store(&fx.faults.changes_until_broken, 0);
		if (!done)
			ck_assert_ptr_nonnull(strstr(fx.err.message,
			    "the store broke"));
		is_sound();
		restores(&b, data, PART);
	}
	for (int n = 0; n < 3; n++) {
		prune_late(NULL);
		is_sound();
	}
	ck_assert_uint_eq(repo_count("sets/"), 1);
	ck_assert(!is_there(&old));
	restores(&b, data, PART);
	prune_late(B);
	for (int n = 0; n < 3; n++)
		prune_late(NULL);
	ck_assert_uint_eq(repo_count("packs/"), 0);
	ck_assert_uint_eq(repo_count("condemned/"), 0);
	ck_assert_uint_eq(repo_count("index/"), 0);
}
END_TEST

/* ---- at once ---- */

static void *
prune_beside(void *argument)
{
	dbbi_list ids = { NULL, 0 };
	dbbi_prune_options options = { &ids, 0 };
	dbbi_prune_stats mine;
	dbbi_repo *repo = argument;
	static const char a[] = A;
	dbb_error err;

	dbbi_error_clear(&err);
	if (dbbi_list_add(&ids, a, &err) < 0 ||
	    dbbi_repo_prune(&mine, repo, &options, &err) < 0) {
		dbbi_list_clear(&ids);
		return argument;
	}
	dbbi_list_clear(&ids);
	return NULL;
}

START_TEST(two_at_once_do_no_harm)
{
	dbbi_repo *beside[2] = { NULL, NULL };
	pthread_t threads[2];
	dbbi_stream_ref b;
	dbbi_id old;
	void *failed;

	b = make_sparse(&old);
	make_set(C, other, SIZE);
	prune(C);
	for (int round = 0; round < 4; round++) {
		let_time_pass();
		for (int i = 0; i < 2; i++) {
			repo_ok(dbbi_repo_open_with(&beside[i], fx.store,
			    repo_keys(), &fx.run, &fx.err));
			beside[i]->grace_s = 0;
			ck_assert_int_eq(pthread_create(&threads[i], NULL,
			    prune_beside, beside[i]), 0);
		}
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], &failed);
			ck_assert_ptr_null(failed);
			dbbi_repo_free(beside[i]);
		}
		is_sound();
		restores(&b, data, PART);
	}
	ck_assert_uint_eq(repo_count("sets/"), 1);
	ck_assert(!is_there(&old));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("prune", set_up, tear_down);

	tcase_add_test(tc, deletes_in_two_steps);
	tcase_add_test(tc, forgets_the_record_when_all_is_gone);
	tcase_add_test(tc, touches_nothing_without_a_reason);
	tcase_add_test(tc, only_says_what_it_would_do);
	tcase_add_test(tc, keeps_what_another_set_needs);
	tcase_add_test(tc, a_writer_may_commit_what_was_condemned_meanwhile);
	tcase_add_test(tc, gives_a_set_that_used_it_again_the_grace);
	tcase_add_test(tc, a_manifest_that_cannot_be_read_stops_it);
	tcase_add_test(tc, what_a_damaged_record_named_is_condemned_anew);
	tcase_add_test(tc, rewrites_what_is_mostly_unused);
	tcase_add_test(tc, a_set_made_after_the_rewriting_uses_the_new_pack);
	tcase_add_test(tc, a_writer_that_uses_more_of_it_keeps_the_old_pack);
	tcase_add_test(tc, a_slow_prune_does_not_delete_too_soon);
	tcase_add_test(tc, a_listing_that_is_cut_short_deletes_nothing);
	tcase_add_test(tc, a_pack_that_was_rewritten_is_proven_all_the_same);
	tcase_add_test(tc, leaves_alone_what_is_damaged);
	tcase_add_test(tc, a_set_that_lost_a_pack_keeps_its_stand_ins);
	tcase_add_test(tc, a_set_that_lost_all_stops_nothing);
	tcase_add_test(tc, a_full_store_is_no_reason_not_to_delete);
	tcase_add_test(tc, ends_right_after_it_was_cut_short_anywhere);
	tcase_add_test(tc, two_at_once_do_no_harm);
	return repo_run("prune", tc);
}
