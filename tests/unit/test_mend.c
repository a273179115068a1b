/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a pack held that was lost comes again with the next run: the very same
 * chunks and lists, so that older sets are whole again, however often pieces
 * repeat.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo_fixture.h"
#include "suite.h"

#define MIB (1u << 20)
#define SIZE (72 * MIB)		/* four packs */
#define BLOCK 8192u
#define MOST_PACKS 8

static uint8_t *data;
static struct pack {
	dbbi_id name;
	int changes;
} packs[MOST_PACKS];
static size_t pack_count;

static void
set_up(void)
{
	repo_set_up();
	data = malloc(SIZE);
	ck_assert_ptr_nonnull(data);
}

static void
tear_down(void)
{
	free(data);
	repo_tear_down();
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Every fourth block stood before, near or far. */
static void
fill(uint64_t seed)
{
	uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u;
	size_t from;

	for (size_t at = 0; at < SIZE; at += BLOCK) {
		if (at > 0 && next_random(&x) % 4 == 0) {
			from = next_random(&x) % (at / BLOCK) * BLOCK;
			memcpy(data + at, data + from, BLOCK);
			continue;
		}
		for (size_t i = 0; i < BLOCK; i += 8) {
			next_random(&x);
			memcpy(data + at + i, &x, 8);
		}
	}
}

/* As a database's dump: its time, at the beginning, is always another. */
static dbbi_stream_ref
run(const dbbi_stream_ref *base, uint8_t time)
{
	dbbi_stream_ref ref;

	repo_reopen();
	data[20] = time;
	ref = repo_write_again(base, data, SIZE);
	return ref;
}

/* The root, the first list and the first chunk change with the time. */
static int
note_pack(const dbbi_places *places, void *payload, dbb_error *err)
{
	const dbbi_place *place = &places->items[0];
	size_t *told = payload;
	size_t i = 0;

	(void)err;
	while (i < pack_count &&
	    memcmp(&packs[i].name, &place->pack, sizeof place->pack) != 0)
		i++;
	ck_assert_uint_lt(i, MOST_PACKS);
	if (i == pack_count)
		packs[pack_count++] = (struct pack){ .name = place->pack };
	if ((*told)++ < 3)
		packs[i].changes = 1;
	return 0;
}

/* Remove a pack of the stream in which nothing changes. */
static void
lose_pack(const dbbi_stream_ref *ref, size_t nth)
{
	char object[DBBI_OBJECT_SIZE];
	size_t told = 0, i = nth;

	pack_count = 0;
	repo_ok(dbbi_stream_places(fx.repo, fx.repo->index, ref, note_pack,
	    &told, &fx.err));
	ck_assert_uint_ge(pack_count, 3);
	for (; packs[i % pack_count].changes; i++)
		ck_assert_uint_lt(i - nth, pack_count);
	dbbi_pack_object(object, &packs[i % pack_count].name);
	repo_ok(dbbi_store_remove(fx.store, object, &fx.err));
}

/* Is the stream whole that was written with this time? */
static void
whole(const dbbi_stream_ref *ref, uint8_t time)
{
	data[20] = time;
	repo_ok(repo_read_back(ref, data, SIZE));
}

START_TEST(what_was_lost_comes_again)
{
	dbbi_stream_ref a, b, c;

	fill((uint64_t)_i);
	a = run(NULL, 1);
	b = run(&a, 2);
	lose_pack(&a, (size_t)_i);
	c = run(&b, 3);
	repo_reopen();
	whole(&c, 3);
	whole(&b, 2);
	whole(&a, 1);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("mend", set_up, tear_down);

	tcase_add_loop_test(tc, what_was_lost_comes_again, 0,
	    suite_share() == 1 ? 3 : 1);
	return repo_run("mend", tc);
}
