/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups into a store that does what it is told: the folder of the fixture,
 * by another scheme. */
#include <config.h>

#include <check.h>

#include <stdio.h>
#include <string.h>

#include "ops_fixture.h"
#include "short_memory.h"
#include "suite.h"

static struct fake with[] = { { .name = "a", .content = "alpha" }, {0} };
static struct fixture f;
static dbbi_json *out;

static int reads_refused;	/* of packs */
static int locks_refused;	/* of packs, once there are any */
static int short_after;		/* no memory once the manifest is there */
static int puts_manifest;

static int
own_open(void **handle, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	char file[256];

	snprintf(file, sizeof(file), "file%s", strchr(url, ':'));
	return dbbi_store_file.open(handle, file, flags, env, payload, err);
}

static int
own_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	if (reads_refused && strncmp(name, "packs/", 6) == 0)
		return dbbi_error_set(err, DBB_EACCESS, "told to refuse");
	return dbbi_store_file.read(got, store, name, offset, buffer, size,
	    err);
}

static int
own_put_begin(void **put, void *store, const char *name, uint64_t size_hint,
    uint32_t flags, dbb_error *err)
{
	puts_manifest = strncmp(name, "sets/", 5) == 0;
	return dbbi_store_file.put_begin(put, store, name, size_hint,
	    flags & ~DBB_PUT_LOCK, err);
}

static int
own_put_commit(void *put, dbb_error *err)
{
	int rc = dbbi_store_file.put_commit(put, err);

	if (rc == 0 && puts_manifest && short_after)
		short_memory_from(1, 1);
	return rc;
}

static int
own_protect(void *store, const char *name, dbb_error *err)
{
	(void)store;
	(void)name;
	return locks_refused ? dbbi_error_set(err, DBB_EACCESS,
	    "told to refuse") : 0;
}

static int
yes(void *store)
{
	(void)store;
	return 1;
}

/* From now on the repository is in that store. */
static void
use_store(int may_only_write)
{
	dbb_store_driver driver = dbbi_store_file;
	char url[128];

	driver.scheme = "own";
	driver.open = own_open;
	driver.put_begin = own_put_begin;
	driver.put_commit = own_put_commit;
	driver.write = NULL;
	driver.read = own_read;
	driver.get = NULL;
	driver.protect = own_protect;
	driver.locks = yes;
	driver.may_only_write = may_only_write ? yes : NULL;
	ck_assert_int_eq(dbbi_store_registry_add(f.ops.stores, &driver, NULL,
	    &f.err), 0);
	snprintf(url, sizeof(url), "own://%s/repo", f.root);
	ck_assert_int_eq(dbbi_config_set(f.ops.config, "repository", "url",
	    url, &f.err), 0);
}

static void
set_up(void)
{
	fixture_begin(&f, with);
	reads_refused = locks_refused = short_after = 0;
	out = NULL;
}

static void
tear_down(void)
{
	dbbi_json_free(out);
	fixture_end(&f);
}

START_TEST(a_store_that_gives_back_nothing_of_what_it_took_fails_the_run)
{
	use_store(0);
	reads_refused = 1;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(f.err.message,
	    "checking what was stored of 'a.dump': "));
	reads_refused = 0;
	ck_assert_uint_eq(fixture_sets(&f), 0);
}
END_TEST

START_TEST(where_reading_is_a_right_of_its_own_it_is_done_without)
{
	use_store(1);
	reads_refused = 1;
	ck_assert_msg(fixture_backup(&out, &f) == DBB_OK, "%s",
	    f.err.message);
	reads_refused = 0;
	ck_assert_uint_eq(fixture_sets(&f), 1);
}
END_TEST

START_TEST(no_memory_after_the_manifest_fails_no_run)
{
	int refused, rc;

	use_store(0);
	short_after = 1;
	rc = fixture_backup(&out, &f);
	short_memory_end(&refused);
	ck_assert_msg(rc == DBB_OK, "%s", f.err.message);
	ck_assert(refused);
	ck_assert_str_eq(dbbi_json_string(out, "status"), "completed");
	ck_assert_uint_eq(fixture_sets(&f), 1);
}
END_TEST

START_TEST(locks_that_fail_are_a_warning)
{
	use_store(0);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	locks_refused = 1;
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_FINDINGS);
	ck_assert_ptr_nonnull(strstr(dbbi_json_text(dbbi_json_array(out,
	    "warnings")), "could not be locked for as long as the set "
	    "itself: "));
	ck_assert_uint_eq(fixture_sets(&f), 2);
}
END_TEST

/* There is no warning then, but it still counts as one. */
START_TEST(locks_that_fail_are_a_finding_also_without_memory)
{
	int refused, rc;

	use_store(0);
	ck_assert_int_eq(fixture_backup(&out, &f), DBB_OK);
	dbbi_json_free(out);
	locks_refused = short_after = 1;
	rc = fixture_backup(&out, &f);
	short_memory_end(&refused);
	ck_assert_msg(rc == DBB_FINDINGS, "%s", f.err.message);
	ck_assert(refused);
	ck_assert_str_eq(dbbi_json_string(out, "status"), "completed");
	ck_assert_uint_eq(fixture_sets(&f), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup store");
	TCase *tc = tcase_create("backup store");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    a_store_that_gives_back_nothing_of_what_it_took_fails_the_run);
	tcase_add_test(tc,
	    where_reading_is_a_right_of_its_own_it_is_done_without);
	tcase_add_test(tc, no_memory_after_the_manifest_fails_no_run);
	tcase_add_test(tc, locks_that_fail_are_a_warning);
	tcase_add_test(tc,
	    locks_that_fail_are_a_finding_also_without_memory);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
