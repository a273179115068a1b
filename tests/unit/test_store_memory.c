/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store_cases.h"

static dbbi_store_registry *registry;
static dbb_error err;

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&store_under_test, registry,
	    "memory:", 0, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
}

START_TEST(two_memory_stores_share_nothing)
{
	dbbi_store *other = NULL;

	ck_assert_int_eq(dbbi_store_open(&other, registry, "memory:", 0,
	    &err), DBB_OK);
	store_put(store_under_test, "a", "x");
	ck_assert_str_eq(store_names(other, ""), "");
	dbbi_store_close(other);
}
END_TEST

START_TEST(takes_nothing_behind_its_colon)
{
	dbbi_store *other = NULL;

	ck_assert_int_eq(dbbi_store_open(&other, registry, "memory:x", 0,
	    &err), DBB_EINVAL);
	ck_assert_str_eq(err.message, "opening the store 'memory:x': nothing "
	    "may follow 'memory:'");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, two_memory_stores_share_nothing);
	tcase_add_test(tc, takes_nothing_behind_its_colon);
	return store_run(store_cases("memory: cases", set_up, tear_down), tc);
}
