/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four writers and a prune on one repository, killed and started again at
 * random moments, for DBB_TEST_SECONDS seconds. In the end every set that was
 * reported as done, and not pruned, comes back byte for byte.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operations.h"
#include "util/clock.h"

#define SECONDS "10"		/* when nobody says */
#define LONGEST_LIFE_MS 1500
#define SETS 8			/* that a prune leaves */
#define PRUNE_EVERY_MS 100
#define GRACE_S (suite_share() > 1 ? 6 : 2)
#define SHORT_RUN_MS (GRACE_S * 1000 / 2)

/* What a worker tells, in one write: a pipe keeps it together. */
struct report {
	enum { DONE, REMOVING, FAILED } what;
	char set[DBBI_SET_ID_SIZE];
	char message[256];
};

struct worker {
	void (*work)(void);	/* does not return */
	pid_t pid;
	uint64_t dies_at_ms;
};

/* What all see. */
struct shared {
	_Atomic uint32_t generations;	/* that were begun */
	_Atomic uint32_t busy;		/* runs that lasted too long */
	_Atomic uint32_t deleted;	/* packs */
};

static int reports[2];			/* a pipe */
static struct shared *shared;
static dbbi_list done, removed;
static unsigned kills;

/* ---- workers ---- */

static void
tell(int what, const char *set, const char *message)
{
	struct report report = { .what = what };

	snprintf(report.set, sizeof report.set, "%s", set);
	snprintf(report.message, sizeof report.message, "%s", message);
	if (write(reports[1], &report, sizeof report) != sizeof report)
		_exit(1);
}

/* The next process. */
static void
come_anew(void)
{
	dbbi_store_close(work.store);
	if (ground_reopen(&work, &err) < 0) {
		tell(FAILED, "", err.message);
		_exit(1);
	}
}

/* A run that is too long for the time of grace may find that a prune has
 * deleted what it was about to name; it must say so. */
static void
write_sets(void)
{
	char id[DBBI_SET_ID_SIZE];
	uint64_t began;
	int rc;

	for (;;) {
		come_anew();
		began = dbbi_monotonic_ms();
		rc = ground_back_up(id, &work,
		    atomic_fetch_add(&shared->generations, 1), &err);
		if (rc == DBB_OK)
			tell(DONE, id, "");
		else if (dbbi_monotonic_ms() - began < SHORT_RUN_MS)
			tell(FAILED, id, err.message);
		else
			atomic_fetch_add(&shared->busy, 1);
	}
}

/* Prune all but the newest sets. */
static int
prune_once(dbb_error *error)
{
	dbbi_list sets = { NULL, 0 }, old = { NULL, 0 };
	dbbi_prune_stats stats = { .deleted = { 0, 0 } };
	int rc;

	rc = ground_sets(&sets, &work, error);
	for (size_t i = 0; rc == 0 && i + SETS < sets.count; i++) {
		tell(REMOVING, sets.items[i], "");
		rc = dbbi_list_add(&old, sets.items[i], error);
	}
	if (rc == 0)
		rc = ground_prune(&stats, &work, &old, error);
	atomic_fetch_add(&shared->deleted, stats.deleted.packs);
	dbbi_list_clear(&sets);
	dbbi_list_clear(&old);
	return rc;
}

static void
prune_sets(void)
{
	for (;;) {
		come_anew();
		if (prune_once(&err) < 0)
			tell(FAILED, "(a prune)", err.message);
		poll(NULL, 0, PRUNE_EVERY_MS);
	}
}

/* ---- who has them work, and kills them ---- */

static struct worker workers[] = {
	{ .work = write_sets }, { .work = write_sets },
	{ .work = write_sets }, { .work = write_sets },
	{ .work = prune_sets },
};

#define WORKERS (sizeof workers / sizeof *workers)

static uint64_t
draw(uint64_t below)
{
	static uint64_t x;

	if (x == 0)
		x = (uint64_t)dbbi_now_ms() | 1;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % below;
}

static void
start(struct worker *w)
{
	w->dies_at_ms = dbbi_monotonic_ms() + draw(LONGEST_LIFE_MS);
	w->pid = fork();
	ck_assert_int_ge(w->pid, 0);
	if (w->pid == 0)
		w->work();
}

static void
end(struct worker *w)
{
	int status = 0;

	kill(w->pid, SIGKILL);
	ck_assert_int_eq(waitpid(w->pid, &status, 0), w->pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "a worker ended by itself with status 0x%x", (unsigned)status);
	kills++;
}

static void
note(const struct report *report)
{
	ck_assert_msg(report->what != FAILED, "set '%s': %s", report->set,
	    report->message);
	ok(dbbi_list_add(report->what == DONE ? &done : &removed,
	    report->set, &err));
}

/* Take the reports that come within so many milliseconds; 0: that are
 * there. */
static void
listen_to(int ms)
{
	struct pollfd wait = { .fd = reports[0], .events = POLLIN };
	struct report report;

	while (poll(&wait, 1, ms) > 0) {
		ck_assert_int_eq(read(reports[0], &report, sizeof report),
		    sizeof report);
		note(&report);
		ms = 0;
	}
}

static void
run_crowd(uint64_t until_ms)
{
	for (size_t i = 0; i < WORKERS; i++)
		start(&workers[i]);
	while (dbbi_monotonic_ms() < until_ms) {
		listen_to(10);
		for (size_t i = 0; i < WORKERS; i++) {
			if (dbbi_monotonic_ms() < workers[i].dies_at_ms)
				continue;
			end(&workers[i]);
			start(&workers[i]);
		}
	}
	for (size_t i = 0; i < WORKERS; i++)
		end(&workers[i]);
	listen_to(0);
}

static uint64_t
seconds(void)
{
	const char *text = getenv("DBB_TEST_SECONDS");
	uint64_t n = 0;

	ck_assert_int_eq(dbbi_parse_u64(&n, text != NULL ? text : SECONDS, 1,
	    3600), 0);
	return n;
}

static void
prepare(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(pipe(reports), 0);
	ground_init(&work, 1);
	work.params.grace_s = GRACE_S;
	ok(ground_make(&work, 0, &err));
}

static void
expect_sets(void)
{
	dbbi_list sets = { NULL, 0 };

	dbbi_store_close(work.store);
	ok(ground_reopen(&work, &err));
	ok(ground_check(&sets, &work, &err));
	for (size_t i = 0; i < done.count; i++)
		ck_assert_msg(dbbi_list_has(&sets, done.items[i]) ||
		    dbbi_list_has(&removed, done.items[i]),
		    "set '%s' was reported as done and is gone",
		    done.items[i]);
	printf("%zu sets were done, %u runs too long; %zu sets are there, "
	    "%u packs were deleted; %u kills\n", done.count,
	    atomic_load(&shared->busy), sets.count,
	    atomic_load(&shared->deleted), kills);
	dbbi_list_clear(&sets);
}

START_TEST(every_set_that_was_reported_comes_back)
{
	uint64_t time_s = seconds();

	prepare();
	run_crowd(dbbi_monotonic_ms() + time_s * 1000);
	expect_sets();
	ck_assert_uint_ge(done.count, 4);
	ck_assert_uint_ge(kills, 8);
	if (time_s > 10 * GRACE_S)
		ck_assert_uint_gt(atomic_load(&shared->deleted), 0);
	dbbi_list_clear(&done);
	dbbi_list_clear(&removed);
	munmap(shared, sizeof *shared);
	ground_clear(&work);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("crowd");

	tcase_add_test(tc, every_set_that_was_reported_comes_back);
	return operations_test(tc);
}
