/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store that fills up while a backup writes to it, at random points: the
 * run says so, the repository is sound, and the next run succeeds once there
 * is room.
 */
#include <config.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "operations.h"

#define POINTS 50
#define PLENTY (64ull << 20)
#define MUCH_LATER 90u		/* a generation in which little is as it was */

/* The same points in every run. */
static uint64_t
draw(uint64_t below)
{
	static uint64_t x = 20261122;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

static int
back_up(void)
{
	char id[DBBI_SET_ID_SIZE];

	dbbi_error_clear(&err);
	return ground_back_up(id, &work, MUCH_LATER, &err);
}

/* After a run that found no room, and now there is some. */
static void
expect_sound(uint64_t room)
{
	ck_assert_uint_eq(operations_look("a store with room for %llu bytes",
	    (unsigned long long)room), KEPT);
	ok(back_up());
	ck_assert_uint_eq(operations_look("the run after a store with room "
	    "for %llu bytes", (unsigned long long)room), KEPT + 1);
}

static void
expect_full(uint64_t room)
{
	int rc = back_up();

	ck_assert_msg(rc == DBB_ENOSPC, "with room for %llu bytes the run "
	    "returned %d: %s", (unsigned long long)room, rc, err.message);
}

/* ---- a store that counts ---- */

static int
add_size(const dbb_object *object, void *payload)
{
	*(uint64_t *)payload += object->size_bytes;
	return 0;
}

static uint64_t
stored_bytes(void)
{
	uint64_t bytes = 0;

	ok(dbbi_store_list(work.store, "", add_size, &bytes, &err));
	return bytes;
}

START_TEST(a_store_without_room_leaves_a_sound_repository)
{
	uint64_t needed, room;

	operations_begin(0);
	operations_restart();
	needed = stored_bytes();
	ok(back_up());
	needed = stored_bytes() - needed;
	for (int i = 0; i < POINTS; i++) {
		operations_restart();
		room = i == 0 ? needed - 1 : draw(needed);
		fault_plan_room(&work.plan, room);
		expect_full(room);
		fault_plan_reset(&work.plan);
		expect_sound(room);
	}
	operations_end();
}
END_TEST

/* ---- a disk ---- */

/* An empty disk where the store is; 0 when we may not. */
static int
insert_disk(void)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", work.folder, "tmpfs", 0, NULL) != 0)
		return 0;
	dbbi_store_close(work.store);
	ok(ground_reopen(&work, &err));
	return 1;
}

static void
resize_disk(uint64_t bytes)
{
	char options[64];

	snprintf(options, sizeof options, "size=%llu",
	    (unsigned long long)bytes);
	ck_assert_int_eq(mount("none", work.folder, "tmpfs", MS_REMOUNT,
	    options), 0);
}

static uint64_t
used_bytes(void)
{
	struct statvfs st;

	ck_assert_int_eq(statvfs(work.folder, &st), 0);
	return (uint64_t)(st.f_blocks - st.f_bfree) * st.f_frsize;
}

static void
remove_disk(void)
{
	ck_assert_int_eq(umount2(work.folder, MNT_DETACH), 0);
}

START_TEST(a_full_disk_leaves_a_sound_repository)
{
	uint64_t before, needed, room;

	operations_begin(1);
	if (!insert_disk()) {
		fprintf(stderr, "skipped: no right to mount\n");
		operations_end();
		return;
	}
	resize_disk(PLENTY);
	operations_restart();
	before = used_bytes();
	ok(back_up());
	needed = used_bytes() - before;
	ck_assert_uint_ge(needed / 4096, 15);
	for (int i = 0; i < POINTS; i++) {
		operations_restart();
		room = draw(needed / 4096) * 4096;
		resize_disk(before + room);
		expect_full(room);
		resize_disk(PLENTY);
		expect_sound(room);
	}
	remove_disk();
	operations_end();
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("full");

	tcase_add_test(tc, a_store_without_room_leaves_a_sound_repository);
	tcase_add_test(tc, a_full_disk_leaves_a_sound_repository);
	return operations_test(tc);
}
