/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store_cases.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "util/clock.h"

#define MANY_MB ((size_t)5 << 20)
#define MANY_PARTS ((size_t)11 << 20)	/* of 5 MiB: S3's smallest */
#define THREADS 8

dbbi_store *store_under_test;

static dbb_error err;

void
store_put(dbbi_store *store, const char *name, const char *text)
{
	int rc = dbbi_store_write(store, name, text, strlen(text), 0, &err);

	ck_assert_msg(rc == DBB_OK, "%s", err.message);
}

void
store_expect(dbbi_store *store, const char *name, const char *text)
{
	uint8_t *data = NULL;
	size_t size = 0;
	int rc = dbbi_store_load(&data, &size, store, name, 1 << 20, &err);

	ck_assert_msg(rc == DBB_OK, "%s", err.message);
	ck_assert_uint_eq(size, strlen(text));
	ck_assert_str_eq((char *)data, text);
	free(data);
}

struct names {
	char *list[64];
	size_t count;
};

static int
take_name(const dbb_object *object, void *payload)
{
	struct names *n = payload;

	ck_assert_uint_eq(object->size, sizeof(*object));
	ck_assert_uint_lt(n->count, 64);
	n->list[n->count++] = strdup(object->name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *
store_names(dbbi_store *store, const char *prefix)
{
	static char all[4096];
	struct names n = { .count = 0 };
	size_t i, used = 0;
	int rc = dbbi_store_list(store, prefix, take_name, &n, &err);

	ck_assert_msg(rc == DBB_OK, "%s", err.message);
	qsort(n.list, n.count, sizeof(n.list[0]), by_name);
	all[0] = '\0';
	for (i = 0; i < n.count; i++) {
		used += (size_t)snprintf(all + used, sizeof(all) - used,
		    "%s ", n.list[i]);
		free(n.list[i]);
	}
	return all;
}

START_TEST(gives_back_what_was_put)
{
	dbb_object object = { .size = sizeof(object) };
	int64_t now = dbbi_now_ms();

	store_put(store_under_test, "packs/3f/abc", "hello");
	store_put(store_under_test, "repository.json", "{}");
	store_expect(store_under_test, "packs/3f/abc", "hello");
	store_expect(store_under_test, "repository.json", "{}");
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test,
	    "packs/3f/abc", &err), DBB_OK);
	ck_assert_uint_eq(object.size_bytes, 5);
	ck_assert_ptr_null(object.name);
	ck_assert_int_ge(object.modified_at_ms, now - 60000);
	ck_assert_int_le(object.modified_at_ms, now + 60000);
}
END_TEST

static const struct {
	uint64_t offset;
	size_t size;
	const char *expected;
} ranges[] = {
	{ 0, 10, "0123456789" },
	{ 0, 100, "0123456789" },
	{ 0, 1, "0" },
	{ 3, 4, "3456" },
	{ 9, 1, "9" },
	{ 9, 5, "9" },
	{ 10, 5, "" },
	{ 11, 5, "" },
	{ 5, 0, "" },
	{ (uint64_t)1 << 40, 5, "" },
	{ INT64_MAX, 5, "" },
	{ UINT64_MAX, 5, "" },
	{ UINT64_MAX - 2, 100, "" },
};

START_TEST(reads_ranges)
{
	char buffer[128];
	size_t got = 99;

	store_put(store_under_test, "x", "0123456789");
	memset(buffer, '#', sizeof(buffer));
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "x",
	    ranges[_i].offset, buffer, ranges[_i].size, &err), DBB_OK);
	ck_assert_uint_eq(got, strlen(ranges[_i].expected));
	ck_assert_int_eq(memcmp(buffer, ranges[_i].expected, got), 0);
	ck_assert_int_eq(buffer[got], '#');
}
END_TEST

START_TEST(takes_an_empty_object)
{
	dbb_object object = { .size = sizeof(object) };
	uint8_t *data = NULL;
	size_t size = 9;

	store_put(store_under_test, "sets/empty", "");
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test,
	    "sets/empty", &err), DBB_OK);
	ck_assert_uint_eq(object.size_bytes, 0);
	ck_assert_int_eq(dbbi_store_load(&data, &size, store_under_test,
	    "sets/empty", 0, &err), DBB_OK);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(data[0], 0);
	free(data);
	ck_assert_str_eq(store_names(store_under_test, ""), "sets/empty ");
}
END_TEST

START_TEST(takes_megabytes_piece_by_piece)
{
	uint8_t *bytes = malloc(MANY_MB), *back = NULL;
	dbbi_put *put = NULL;
	size_t i, n, size = 0;

	for (i = 0; i < MANY_MB; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "big",
	    MANY_MB, 0, &err), DBB_OK);
	for (i = 0; i < MANY_MB; i += n) {
		n = i % 300007 + 1;
		n = n < MANY_MB - i ? n : MANY_MB - i;
		ck_assert_int_eq(dbbi_store_put_write(put, bytes + i, n,
		    &err), DBB_OK);
	}
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_OK);
	dbbi_store_put_free(put);
	ck_assert_int_eq(dbbi_store_load(&back, &size, store_under_test,
	    "big", MANY_MB, &err), DBB_OK);
	ck_assert_uint_eq(size, MANY_MB);
	ck_assert_int_eq(memcmp(bytes, back, MANY_MB), 0);
	free(back);
	free(bytes);
}
END_TEST

START_TEST(takes_at_once_what_goes_in_parts)
{
	uint8_t *bytes = malloc(MANY_PARTS), *back = NULL;
	size_t size = 0;

	for (size_t i = 0; i < MANY_PARTS; i++)
		bytes[i] = (uint8_t)(i * 5 + i / 239);
	ck_assert_msg(dbbi_store_write(store_under_test, "parts", bytes,
	    MANY_PARTS, 0, &err) == DBB_OK, "%s", err.message);
	ck_assert_int_eq(dbbi_store_load(&back, &size, store_under_test,
	    "parts", MANY_PARTS, &err), DBB_OK);
	ck_assert_uint_eq(size, MANY_PARTS);
	ck_assert_int_eq(memcmp(bytes, back, MANY_PARTS), 0);
	free(back);
	free(bytes);
}
END_TEST

START_TEST(replaces_only_when_told_to)
{
	store_put(store_under_test, "leases/a", "one");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "leases/a", "two",
	    3, 0, &err), DBB_EEXIST);
	ck_assert_ptr_nonnull(strstr(err.message, "storing 'leases/a': "));
	store_expect(store_under_test, "leases/a", "one");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "leases/a",
	    "three", 5, DBB_PUT_REPLACE, &err), DBB_OK);
	store_expect(store_under_test, "leases/a", "three");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "leases/b", "new",
	    3, DBB_PUT_REPLACE, &err), DBB_OK);
	store_expect(store_under_test, "leases/b", "new");
}
END_TEST

START_TEST(the_second_of_two_puts_fails_at_its_commit)
{
	dbbi_put *a = NULL, *b = NULL;

	ck_assert_int_eq(dbbi_store_put_begin(&a, store_under_test, "d/x", 0,
	    0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_begin(&b, store_under_test, "d/x", 0,
	    0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(a, "a", 1, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(b, "b", 1, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_commit(b, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_commit(a, &err), DBB_EEXIST);
	ck_assert_int_eq(dbbi_store_put_commit(a, &err), DBB_EINVAL);
	dbbi_store_put_free(a);
	dbbi_store_put_free(b);
	store_expect(store_under_test, "d/x", "b");
}
END_TEST

START_TEST(a_put_takes_nothing_after_its_commit)
{
	dbbi_put *put = NULL;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "x", 0,
	    0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, "a", 1, &err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_EINVAL);
	dbbi_store_put_free(put);
	store_expect(store_under_test, "x", "");
}
END_TEST

START_TEST(an_abandoned_put_leaves_nothing)
{
	dbb_object object = { .size = sizeof(object) };
	dbbi_put *put = NULL;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "a/b",
	    0, 0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, "half", 4, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test, "a/b",
	    &err), DBB_ENOTFOUND);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	dbbi_store_put_free(put);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	store_put(store_under_test, "a/b", "whole");
	dbbi_store_put_free(NULL);
}
END_TEST

static const struct {
	const char *prefix;
	const char *expected;
} prefixes[] = {
	{ "", "a index/1 packs/3f/3fa packs/3f/3fb packs/40/40a packs2/x "
	    "sets/2026-a sets/2027-b " },
	{ "packs", "packs/3f/3fa packs/3f/3fb packs/40/40a packs2/x " },
	{ "packs/", "packs/3f/3fa packs/3f/3fb packs/40/40a " },
	{ "packs/3", "packs/3f/3fa packs/3f/3fb " },
	{ "packs/3f/3f", "packs/3f/3fa packs/3f/3fb " },
	{ "packs/3f/3fb", "packs/3f/3fb " },
	{ "packs/3f/3fbc", "" },
	{ "packs/4", "packs/40/40a " },
	{ "packs/3f/3fa/x", "" },
	{ "sets/2026", "sets/2026-a " },
	{ "a", "a " },
	{ "a/", "" },
	{ "nothing", "" },
	{ "nothing/here/", "" },
};

START_TEST(lists_by_prefix)
{
	static const char *const names[] = { "packs/40/40a", "a",
	    "packs/3f/3fb", "packs/3f/3fa", "packs2/x", "index/1",
	    "sets/2027-b", "sets/2026-a" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		store_put(store_under_test, names[i], "x");
	ck_assert_str_eq(store_names(store_under_test, prefixes[_i].prefix),
	    prefixes[_i].expected);
}
END_TEST

static int
count_to_two(const dbb_object *object, void *payload)
{
	int *count = payload;

	(void)object;
	return ++*count == 2;
}

START_TEST(a_listing_stops_when_told_to)
{
	int count = 0;

	store_put(store_under_test, "a/1", "x");
	store_put(store_under_test, "b/2", "x");
	store_put(store_under_test, "c/3", "x");
	ck_assert_int_eq(dbbi_store_list(store_under_test, "", count_to_two,
	    &count, &err), DBB_ECANCELED);
	ck_assert_int_eq(count, 2);
}
END_TEST

static int
remove_it(const dbb_object *object, void *payload)
{
	int *count = payload;

	++*count;
	ck_assert_int_eq(dbbi_store_remove(store_under_test, object->name,
	    &err), DBB_OK);
	return 0;
}

START_TEST(what_is_listed_may_be_deleted_meanwhile)
{
	char name[32];
	int i, count = 0;

	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "p/%d/%d", i % 7, i);
		store_put(store_under_test, name, "x");
	}
	ck_assert_int_eq(dbbi_store_list(store_under_test, "p/", remove_it,
	    &count, &err), DBB_OK);
	ck_assert_int_eq(count, 50);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
}
END_TEST

START_TEST(deletes_and_deletes_again)
{
	char c;
	size_t got;

	store_put(store_under_test, "a/b", "x");
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "a/b", &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "a/b", &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "no/such", &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "a/b", 0, &c,
	    1, &err), DBB_ENOTFOUND);
	ck_assert_str_eq(err.message, "reading 'a/b': no such object");
	store_put(store_under_test, "a/b", "again");
	store_expect(store_under_test, "a/b", "again");
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	dbb_object object = { .size = sizeof(object) };
	uint8_t *data = NULL;
	size_t size;
	char c;

	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test, "a", &err),
	    DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_store_read(&size, store_under_test, "a/b/c", 0,
	    &c, 1, &err), DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_store_load(&data, &size, store_under_test, "a",
	    10, &err), DBB_ENOTFOUND);
	store_put(store_under_test, "a/b", "x");
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test, "a", &err),
	    DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test, "a/b/c",
	    &err), DBB_ENOTFOUND);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "a", &err),
	    DBB_OK);
	store_expect(store_under_test, "a/b", "x");
}
END_TEST

START_TEST(loads_no_more_than_allowed)
{
	uint8_t *data = NULL;
	size_t size;

	store_put(store_under_test, "a", "12345");
	ck_assert_int_eq(dbbi_store_load(&data, &size, store_under_test, "a",
	    4, &err), DBB_EDAMAGED);
	ck_assert_ptr_null(data);
}
END_TEST

static const char *const bad_names[] = {
	"", "/", "/a", "a/", "a//b", ".", "..", ".tmp", ".tmp/x", "a/.b",
	"a/../b", "../a", "a/./b", "a b", "a\nb", "a\\b", "a:b", "\xc3\xbc",
	"a%20b", "a*",
};

START_TEST(refuses_bad_names)
{
	const char *name = bad_names[_i];
	dbb_object object = { .size = sizeof(object) };
	dbbi_put *put = NULL;
	size_t got;
	char c;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, name, 0,
	    0, &err), DBB_EINVAL);
	ck_assert_ptr_null(put);
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, name, 0, &c,
	    1, &err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test, name,
	    &err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, name, &err),
	    DBB_EINVAL);
	if (name[0] != '\0' && strcmp(name, "a/") != 0)
		ck_assert_int_eq(dbbi_store_list(store_under_test, name,
		    take_name, NULL, &err), DBB_EINVAL);
}
END_TEST

START_TEST(takes_names_of_512_bytes_and_no_more)
{
	char name[514];
	size_t i;

	memset(name, 'a', sizeof(name));
	for (i = 100; i < 512; i += 100)
		name[i] = '/';
	name[513] = '\0';
	ck_assert_int_eq(dbbi_store_write(store_under_test, name, "x", 1, 0,
	    &err), DBB_EINVAL);
	name[512] = '\0';
	store_put(store_under_test, name, "x");
	store_expect(store_under_test, name, "x");
	ck_assert_int_eq(strncmp(store_names(store_under_test, ""), name,
	    512), 0);
}
END_TEST

START_TEST(refuses_unknown_flags)
{
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1, 8,
	    &err), DBB_EINVAL);
}
END_TEST

struct worker {
	int number;
	int wins;
	int failures;
};

/* Each thread stores, reads and removes its own, and races for common
 * names that only one can win. */
static void *
work(void *payload)
{
	struct worker *w = payload;
	char name[32], text[32], back[32];
	size_t got;
	int i, rc;

	for (i = 0; i < 25; i++) {
		snprintf(text, sizeof(text), "%d of %d", i, w->number);
		snprintf(name, sizeof(name), "own/%d/%d", w->number, i);
		rc = dbbi_store_write(store_under_test, name, text,
		    strlen(text), 0, NULL);
		w->failures += rc != DBB_OK || dbbi_store_read(&got,
		    store_under_test, name, 0, back, sizeof(back),
		    NULL) != DBB_OK || got != strlen(text) ||
		    memcmp(back, text, got) != 0;
		w->failures += dbbi_store_remove(store_under_test, name,
		    NULL) != DBB_OK;
		snprintf(name, sizeof(name), "common/%d/x", i);
		rc = dbbi_store_write(store_under_test, name, text,
		    strlen(text), 0, NULL);
		w->wins += rc == DBB_OK;
		w->failures += rc != DBB_OK && rc != DBB_EEXIST;
		w->failures += dbbi_store_write(store_under_test, "replaced",
		    text, strlen(text), DBB_PUT_REPLACE, NULL) != DBB_OK;
	}
	return NULL;
}

START_TEST(eight_threads_at_once_and_one_winner_a_name)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	dbb_object object = { .size = sizeof(object) };
	int i, wins = 0;

	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .number = i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work,
		    &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(workers[i].failures, 0);
		wins += workers[i].wins;
	}
	ck_assert_int_eq(wins, 25);
	ck_assert_str_eq(store_names(store_under_test, "own"), "");
	ck_assert_int_eq(dbbi_store_stat(&object, store_under_test,
	    "replaced", &err), DBB_OK);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

TCase *
store_cases(const char *name, SFun set_up, SFun tear_down)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, gives_back_what_was_put);
	tcase_add_loop_test(tc, reads_ranges, 0, COUNT(ranges));
	tcase_add_test(tc, takes_an_empty_object);
	tcase_add_test(tc, takes_megabytes_piece_by_piece);
	tcase_add_test(tc, takes_at_once_what_goes_in_parts);
	tcase_add_test(tc, replaces_only_when_told_to);
	tcase_add_test(tc, the_second_of_two_puts_fails_at_its_commit);
	tcase_add_test(tc, a_put_takes_nothing_after_its_commit);
	tcase_add_test(tc, an_abandoned_put_leaves_nothing);
	tcase_add_loop_test(tc, lists_by_prefix, 0, COUNT(prefixes));
	tcase_add_test(tc, a_listing_stops_when_told_to);
	tcase_add_test(tc, what_is_listed_may_be_deleted_meanwhile);
	tcase_add_test(tc, deletes_and_deletes_again);
	tcase_add_test(tc, what_is_not_there_is_not_found);
	tcase_add_test(tc, loads_no_more_than_allowed);
	tcase_add_loop_test(tc, refuses_bad_names, 0, COUNT(bad_names));
	tcase_add_test(tc, takes_names_of_512_bytes_and_no_more);
	tcase_add_test(tc, refuses_unknown_flags);
	tcase_add_test(tc, eight_threads_at_once_and_one_winner_a_name);
	return tc;
}

int
store_run(TCase *cases, TCase *more)
{
	Suite *s = suite_create("store");

	suite_add_tcase(s, cases);
	if (more != NULL)
		suite_add_tcase(s, more);
	return suite_run(s);
}
