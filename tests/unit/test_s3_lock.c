/* SPDX-License-Identifier: BSD-2-Clause */
/* Object lock, and a bucket as it was, on a MinIO of its own. */
#include <config.h>

#include "minio_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "util/clock.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define MINUTE_MS ((int64_t)60 * 1000)
#define MIB ((size_t)1 << 20)

static dbbi_store_registry *registry;
static dbbi_store *locking;	/* for one day */
static dbb_error err;

/* Open this test's bucket with up to three settings more. */
static int
open_store(dbbi_store **out, const char *a, const char *b, const char *c)
{
	char endpoint[96], url[64];
	const char *settings[] = { endpoint, "access-key=" MINIO_USER,
	    "secret-key=" MINIO_PASSWORD, "retry-times=3", a, b, c, NULL };

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint());
	snprintf(url, sizeof(url), "s3://lock-%d/x", (int)getpid());
	return dbbi_store_open_with(out, registry, url, DBB_STORE_CREATE,
	    settings, NULL, &err);
}

static dbbi_store *
must_open(const char *a, const char *b, const char *c)
{
	dbbi_store *store = NULL;

	ck_assert_msg(open_store(&store, a, b, c) == DBB_OK, "%s; %s",
	    err.message, err.hint);
	return store;
}

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	locking = must_open("object-lock=governance", "object-lock-days=1",
	    NULL);
}

static void
set_up_compliance(void)
{
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	locking = must_open("object-lock=compliance", "object-lock-days=1",
	    NULL);
}

static void
tear_down(void)
{
	dbbi_store_close(locking);
	dbbi_store_registry_free(registry);
}

static void
put(dbbi_store *store, const char *name, const char *text, uint32_t flags)
{
	ck_assert_msg(dbbi_store_write(store, name, text, strlen(text), flags,
	    &err) == DBB_OK, "%s; %s", err.message, err.hint);
}

static int64_t
locked_until(dbbi_store *store, const char *name)
{
	int64_t until_ms = -1;

	ck_assert_msg(dbbi_store_locked_until(&until_ms, store, name,
	    &err) == DBB_OK, "%s; %s", err.message, err.hint);
	return until_ms;
}

static void
assert_days(int64_t until_ms, int days)
{
	int64_t off = until_ms - dbbi_now_ms() - days * DAY_MS;

	ck_assert_int_gt(off, -MINUTE_MS);
	ck_assert_int_lt(off, MINUTE_MS);
}

static void
assert_holds(dbbi_store *store, const char *name, const char *text)
{
	char buffer[64] = "";
	size_t got = 0;

	ck_assert_msg(dbbi_store_read(&got, store, name, 0, buffer,
	    sizeof(buffer) - 1, &err) == DBB_OK, "%s; %s", err.message,
	    err.hint);
	ck_assert_str_eq(buffer, text);
}

static int
is_there(dbbi_store *store, const char *name)
{
	dbb_object object = { .size = sizeof(object) };
	int rc = dbbi_store_stat(&object, store, name, &err);

	ck_assert(rc == DBB_OK || rc == DBB_ENOTFOUND);
	return rc == DBB_OK;
}

/* ---- locks ---- */

static void
note(const char *name, const dbb_error *why, void *payload)
{
	char *names = payload;

	ck_assert_ptr_nonnull(strstr(why->message, "is locked until "));
	strcat(names, name);
}

START_TEST(only_what_is_to_be_locked_is_locked)
{
	put(locking, "packs/a", "pack", DBB_PUT_LOCK);
	put(locking, "leases/a", "lease", 0);
	assert_days(locked_until(locking, "packs/a"), 1);
	ck_assert_int_eq(locked_until(locking, "leases/a"), 0);
	ck_assert(dbbi_store_locks(locking));
}
END_TEST

START_TEST(what_is_put_in_parts_is_locked)
{
	size_t size = 12 * MIB;
	char *data = malloc(size);
	dbbi_store *parts = must_open("object-lock=governance",
	    "object-lock-days=1", "part-size=5MiB");

	memset(data, 'x', size);
	ck_assert_msg(dbbi_store_write(parts, "packs/large", data, size,
	    DBB_PUT_LOCK, &err) == DBB_OK, "%s; %s", err.message, err.hint);
	assert_days(locked_until(parts, "packs/large"), 1);
	dbbi_store_close(parts);
	free(data);
}
END_TEST

START_TEST(without_the_setting_nothing_is_locked)
{
	dbbi_store *plain = must_open(NULL, NULL, NULL);

	put(plain, "packs/a", "pack", DBB_PUT_LOCK);
	ck_assert_int_eq(locked_until(locking, "packs/a"), 0);
	ck_assert(!dbbi_store_locks(plain));
	ck_assert_int_eq(dbbi_store_protect(plain, "packs/a", &err), DBB_OK);
	ck_assert_int_eq(locked_until(locking, "packs/a"), 0);
	dbbi_store_close(plain);
}
END_TEST

START_TEST(what_is_locked_cannot_be_deleted_and_says_until_when)
{
	char day[16];
	char until[DBBI_TIME_SIZE];

	put(locking, "packs/a", "pack", DBB_PUT_LOCK);
	dbbi_time_rfc3339(until, locked_until(locking, "packs/a"));
	snprintf(day, sizeof(day), "%.10s", until);
	ck_assert_int_eq(dbbi_store_remove(locking, "packs/a", &err),
	    DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.message, "is locked until "));
	ck_assert_ptr_nonnull(strstr(err.message, day));
	assert_holds(locking, "packs/a", "pack");
}
END_TEST

START_TEST(a_newer_version_that_is_not_locked_stays_with_a_locked_one)
{
	put(locking, "packs/a", "pack", DBB_PUT_LOCK);
	put(locking, "packs/a", "other", DBB_PUT_REPLACE);
	assert_days(locked_until(locking, "packs/a"), 1);
	ck_assert_int_eq(dbbi_store_remove(locking, "packs/a", &err),
	    DBB_EACCESS);
	assert_holds(locking, "packs/a", "other");
}
END_TEST

START_TEST(of_many_the_locked_ones_are_told)
{
	const char *names[] = { "packs/a", "packs/b", "packs/c" };
	char told[64] = "";

	put(locking, "packs/a", "a", 0);
	put(locking, "packs/b", "b", DBB_PUT_LOCK);
	put(locking, "packs/c", "c", 0);
	ck_assert_int_eq(dbbi_store_remove_many(locking, names, 3, note,
	    told, &err), DBB_OK);
	ck_assert_str_eq(told, "packs/b");
	ck_assert(!is_there(locking, "packs/a"));
	ck_assert(is_there(locking, "packs/b"));
	ck_assert(!is_there(locking, "packs/c"));
}
END_TEST

START_TEST(a_lock_is_extended_and_never_shortened)
{
	const char *mode = "object-lock=governance";
	dbbi_store *longer = must_open(mode, "object-lock-days=3", NULL);

	put(locking, "packs/a", "pack", DBB_PUT_LOCK);
	ck_assert_msg(dbbi_store_protect(longer, "packs/a", &err) == DBB_OK,
	    "%s; %s", err.message, err.hint);
	assert_days(locked_until(locking, "packs/a"), 3);
	ck_assert_msg(dbbi_store_protect(locking, "packs/a", &err) == DBB_OK,
	    "%s; %s", err.message, err.hint);
	assert_days(locked_until(locking, "packs/a"), 3);
	dbbi_store_close(longer);
}
END_TEST

START_TEST(what_is_not_locked_is_deleted_with_all_its_versions)
{
	dbbi_store *before;
	char as_of[64] = "as-of=";

	put(locking, "leases/a", "one", 0);
	put(locking, "leases/a", "two", DBB_PUT_REPLACE);
	dbbi_time_rfc3339(as_of + strlen(as_of), dbbi_now_ms() + 5000);
	before = must_open(as_of, NULL, NULL);
	ck_assert(is_there(before, "leases/a"));
	dbbi_store_close(before);
	ck_assert_int_eq(dbbi_store_remove(locking, "leases/a", &err),
	    DBB_OK);
	ck_assert(!is_there(locking, "leases/a"));
	before = must_open(as_of, NULL, NULL);
	ck_assert(!is_there(before, "leases/a"));
	dbbi_store_close(before);
}
END_TEST

/* A moment that is after all that was done and before what comes. */
static void
note_moment(char setting[64])
{
	strcpy(setting, "as-of=");
	usleep(20000);
	dbbi_time_rfc3339(setting + strlen(setting), dbbi_now_ms());
	usleep(20000);
}

static int
count_one(const dbb_object *object, void *payload)
{
	int *count = payload;

	ck_assert_ptr_null(strstr(object->name, "young"));
	++*count;
	return 0;
}

START_TEST(a_bucket_is_shown_as_it_was)
{
	dbbi_store *before;
	dbbi_store *plain = must_open(NULL, NULL, NULL);
	dbb_object object = { .size = sizeof(object) };
	char as_of[64];
	int count = 0;

	put(locking, "a/kept", "kept", DBB_PUT_LOCK);
	put(locking, "a/over", "first", DBB_PUT_LOCK);
	put(locking, "a/gone", "gone", DBB_PUT_LOCK);
	put(locking, "a/back", "back", 0);
	ck_assert_int_eq(dbbi_store_remove(plain, "a/back", &err), DBB_OK);
	note_moment(as_of);
	put(plain, "a/over", "second", DBB_PUT_REPLACE);
	ck_assert_int_eq(dbbi_store_remove(plain, "a/gone", &err), DBB_OK);
	put(plain, "a/back", "again", 0);
	put(plain, "a/young", "young", 0);
	before = must_open(as_of, NULL, NULL);
	assert_holds(before, "a/kept", "kept");
	assert_holds(before, "a/over", "first");
	assert_holds(before, "a/over", "first");
	assert_holds(before, "a/gone", "gone");
	ck_assert(!is_there(before, "a/back"));
	ck_assert(!is_there(before, "a/young"));
	ck_assert(!is_there(before, "a"));
	ck_assert_int_eq(dbbi_store_stat(&object, before, "a/over", &err),
	    DBB_OK);
	ck_assert_uint_eq(object.size_bytes, 5);
	ck_assert_int_eq(dbbi_store_list(before, "a/", count_one, &count,
	    &err), DBB_OK);
	ck_assert_int_eq(count, 3);
	assert_holds(plain, "a/over", "second");
	dbbi_store_close(before);
	dbbi_store_close(plain);
}
END_TEST

START_TEST(names_go_on_over_pages)
{
	dbbi_store *before;
	char as_of[64], name[32];
	int count = 0, i;

	for (i = 0; i < 30; i++)
		put(locking, "b/many", i == 29 ? "last" : "older",
		    DBB_PUT_REPLACE);
	for (i = 0; i < 1005; i++) {
		snprintf(name, sizeof(name), "b/%04d", i);
		put(locking, name, "x", 0);
	}
	note_moment(as_of);
	before = must_open(as_of, NULL, NULL);
	ck_assert_int_eq(dbbi_store_list(before, "b/", count_one, &count,
	    &err), DBB_OK);
	ck_assert_int_eq(count, 1006);
	assert_holds(before, "b/many", "last");
	dbbi_store_close(before);
}
END_TEST

START_TEST(the_past_is_not_written_to)
{
	const char *names[] = { "a/kept" };
	dbbi_put *begun = NULL;
	dbbi_store *before;
	char as_of[64], told[64] = "";
	size_t swept = 0;

	put(locking, "a/kept", "kept", 0);
	note_moment(as_of);
	before = must_open(as_of, "object-lock=governance",
	    "object-lock-days=1");
	ck_assert_int_eq(dbbi_store_write(before, "a/new", "x", 1, 0, &err),
	    DBB_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, as_of + strlen("as-of=")));
	ck_assert_int_eq(dbbi_store_put_begin(&begun, before, "a/new", 0, 0,
	    &err), DBB_EUNSUPPORTED);
	ck_assert_int_eq(dbbi_store_remove(before, "a/kept", &err),
	    DBB_EUNSUPPORTED);
	ck_assert_int_eq(dbbi_store_remove_many(before, names, 1, note, told,
	    &err), DBB_EUNSUPPORTED);
	ck_assert_int_eq(dbbi_store_sweep(&swept, before, 1, &err),
	    DBB_EUNSUPPORTED);
	ck_assert(!dbbi_store_locks(before));
	assert_holds(locking, "a/kept", "kept");
	dbbi_store_close(before);
}
END_TEST

START_TEST(a_moment_is_a_time)
{
	dbbi_store *store = NULL;

	ck_assert_int_eq(open_store(&store, "as-of=yesterday", NULL, NULL),
	    DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.message, "'as-of' is 'yesterday'"));
}
END_TEST

START_TEST(compliance_says_that_nobody_can)
{
	put(locking, "packs/a", "pack", DBB_PUT_LOCK);
	ck_assert_int_eq(dbbi_store_remove(locking, "packs/a", &err),
	    DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.hint, "by nobody before"));
	ck_assert_msg(dbbi_store_protect(locking, "packs/a", &err) == DBB_OK,
	    "%s; %s", err.message, err.hint);
}
END_TEST

START_TEST(what_is_not_there_cannot_be_protected)
{
	ck_assert_int_eq(dbbi_store_protect(locking, "packs/none", &err),
	    DBB_ENOTFOUND);
	ck_assert_int_eq(locked_until(locking, "packs/none"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("s3_lock");
	TCase *tc = tcase_create("governance");

	minio_start();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, only_what_is_to_be_locked_is_locked);
	tcase_add_test(tc, what_is_put_in_parts_is_locked);
	tcase_add_test(tc, without_the_setting_nothing_is_locked);
	tcase_add_test(tc,
	    what_is_locked_cannot_be_deleted_and_says_until_when);
	tcase_add_test(tc,
	    a_newer_version_that_is_not_locked_stays_with_a_locked_one);
	tcase_add_test(tc, of_many_the_locked_ones_are_told);
	tcase_add_test(tc, a_lock_is_extended_and_never_shortened);
	tcase_add_test(tc, what_is_not_there_cannot_be_protected);
	tcase_add_test(tc,
	    what_is_not_locked_is_deleted_with_all_its_versions);
	tcase_add_test(tc, a_bucket_is_shown_as_it_was);
	tcase_add_test(tc, names_go_on_over_pages);
	tcase_add_test(tc, the_past_is_not_written_to);
	tcase_add_test(tc, a_moment_is_a_time);
	suite_add_tcase(suite, tc);
	tc = tcase_create("compliance");
	tcase_add_checked_fixture(tc, set_up_compliance, tear_down);
	tcase_add_test(tc, compliance_says_that_nobody_can);
	tcase_add_test(tc,
	    a_newer_version_that_is_not_locked_stays_with_a_locked_one);
	suite_add_tcase(suite, tc);
	return minio_run(suite);
}
