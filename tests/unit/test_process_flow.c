/* SPDX-License-Identifier: BSD-2-Clause */
/* process: how much is read and written at a time, by whom it is woken. */
#include <config.h>

#include "net/process.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include "util/clock.h"

#define PIECE 4096		/* what the child writes at once */
#define PIECES 4096
#define FREE_OF_WAITS 256	/* pieces, 1 MiB */

static dbbi_run run;
static dbb_error err;

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	dbbi_error_clear(&err);
}

static void
tear_down(void)
{
	dbbi_run_clear(&run);
}

static dbbi_process *
start_sh(const char *script)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	dbbi_process_options o = { .argv = argv, .env = env, .pass_fd = -1,
	    .flags = DBBI_PROCESS_STDIN | DBBI_PROCESS_STDOUT };
	dbbi_process *p = NULL;

	ck_assert_int_eq(dbbi_process_start(&p, &run, &o, &err), DBB_OK);
	return p;
}

/* The k-th piece is the number k, with spaces before. */
static void
check_bytes(const char *block, size_t size, size_t at)
{
	char piece[PIECE + 1];
	size_t i;

	for (i = 0; i < size; i++, at++) {
		if (i == 0 || at % PIECE == 0)
			snprintf(piece, sizeof(piece), "%*zu", PIECE,
			    at / PIECE);
		if (block[i] != piece[at % PIECE])
			ck_abort_msg("byte %zu differs", at);
	}
}

/* May a pipe be as large as this needs? */
static int
has_large_pipes(void)
{
	int ends[2], room;

	ck_assert_int_eq(pipe(ends), 0);
	room = fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
	close(ends[0]);
	close(ends[1]);
	return room >= 1 << 20;
}

START_TEST(many_small_pieces_come_whole_and_in_few_gulps)
{
	dbbi_process *p = start_sh("i=0; while [ $i -lt 4096 ]; do"
	    " printf '%4096d' $i; i=$((i + 1)); done");
	static char all[PIECE * PIECES + 1];
	size_t got = 1, total = 0, reads = 0;

	if (!has_large_pipes())
		fprintf(stderr, "skipped in part: no pipe of 1 MiB\n");
	for (; got > 0; total += got, reads++)
		ck_assert_int_eq(dbbi_process_read(&got, p, all + total,
		    sizeof(all) - total, &err), DBB_OK);
	ck_assert_uint_eq(total, sizeof(all) - 1);
	check_bytes(all, total, 0);
	if (has_large_pipes())
		ck_assert_uint_lt(reads, FREE_OF_WAITS + PIECES / 4);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

/* Had each answer to be waited for, this would take 2 s. */
START_TEST(a_dialogue_is_not_held_up)
{
	dbbi_process *p = start_sh("exec cat");
	uint64_t before = dbbi_monotonic_ms();
	char answer[16];
	size_t got;
	int i;

	for (i = 0; i < 4000; i++) {
		ck_assert_int_eq(dbbi_process_write(NULL, p, "x", 1, &err),
		    DBB_OK);
		ck_assert_int_eq(dbbi_process_read(&got, p, answer,
		    sizeof(answer), &err),
		    DBB_OK);
		ck_assert_uint_eq(got, 1);
	}
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 2000);
	dbbi_process_close_stdin(p);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

static void *
cancel_soon(void *unused)
{
	(void)unused;
	usleep(300000);
	dbbi_run_cancel(&run);
	return NULL;
}

START_TEST(a_cancel_ends_a_dribble_after_a_flood)
{
	dbbi_process *p = start_sh("head -c 2000000 /dev/zero;"
	    " while sleep 0.01; do echo x; done");
	uint64_t before = dbbi_monotonic_ms();
	char block[4096];
	size_t got = 1, total = 0;
	pthread_t thread;
	int rc;

	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	while ((rc = dbbi_process_read(&got, p, block, sizeof(block),
	    &err)) == DBB_OK && got > 0)
		total += got;
	pthread_join(thread, NULL);
	ck_assert_int_eq(rc, DBB_ECANCELED);
	ck_assert_uint_ge(total, 2000000);
	ck_assert_uint_lt(dbbi_monotonic_ms() - before, 2000);
	dbbi_process_free(p);
}
END_TEST

static void *
feed(void *payload)
{
	char *all = malloc((size_t)PIECE * PIECES + 1);
	int rc, i;

	for (i = 0; i < PIECES; i++)
		snprintf(all + (size_t)i * PIECE, PIECE + 1, "%*d", PIECE, i);
	rc = dbbi_process_write(NULL, payload, all, (size_t)PIECE * PIECES,
	    NULL);
	dbbi_process_close_stdin(payload);
	free(all);
	return rc == DBB_OK ? payload : NULL;
}

START_TEST(a_slow_eater_gets_all)
{
	dbbi_process *p = start_sh("sleep 0.2; dd bs=1000 count=3000"
	    " iflag=fullblock 2>/dev/null; sleep 0.2; exec cat");
	static char block[1 << 16];
	size_t got = 1, total = 0;
	pthread_t thread;
	void *fed;

	ck_assert_int_eq(pthread_create(&thread, NULL, feed, p), 0);
	for (; got > 0; total += got) {
		ck_assert_int_eq(dbbi_process_read(&got, p, block,
		    sizeof(block), &err), DBB_OK);
		check_bytes(block, got, total);
	}
	pthread_join(thread, &fed);
	ck_assert_ptr_nonnull(fed);
	ck_assert_uint_eq(total, (size_t)PIECE * PIECES);
	ck_assert_int_eq(dbbi_process_wait(p, &err), DBB_OK);
	dbbi_process_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("process_flow");
	TCase *tc = tcase_create("process_flow");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, many_small_pieces_come_whole_and_in_few_gulps);
	tcase_add_test(tc, a_dialogue_is_not_held_up);
	tcase_add_test(tc, a_cancel_ends_a_dribble_after_a_flood);
	tcase_add_test(tc, a_slow_eater_gets_all);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
