/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Repositories that a released library made stay readable. With a folder's
 * name as argument, and "open" or "sealed", the program makes a new one there:
 * see tests/data/golden/make.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_maker.h"
#include "suite.h"
#include "util/bytes.h"
#include "util/sha256.h"

/* Of the text of the first set, and of the second. */
static const char *const sums[GOLDEN_SETS] = {
	"4dc2e039f0c62feb3a6bd91ef30476d143c3d3990dc20f5721d7081aeab756f1",
	"be1bba572463b7270fa2823512dc6e2aed6ad24196370094b5ba1ea092db0fa6",
};

static const struct {
	const char *name;
	const char *passphrase;
} kept[] = {
	{ "format1-open", NULL },
	{ "format1-sealed", GOLDEN_PASSPHRASE },
};

static struct golden g;
static dbbi_sha256 *sum;

static void
open_kept(int i)
{
	const char *source = getenv("TEST_SOURCE");
	char name[400], *folder;

	snprintf(name, sizeof(name), "%s/tests/data/golden/%s",
	    source != NULL ? source : ".", kept[i].name);
	folder = realpath(name, NULL);
	ck_assert_msg(folder != NULL, "'%s' is not there", name);
	ck_assert_msg(golden_begin(&g, folder, kept[i].passphrase) == 0,
	    "%s", g.err.message);
	free(folder);
	ck_assert_int_eq(dbbi_sha256_new(&sum, &g.err), 0);
}

static void
close_kept(void)
{
	dbbi_sha256_free(sum);
	golden_end(&g);
}

/* It worked; else its message fails the test. */
static void
done(int rc)
{
	ck_assert_msg(rc == DBB_OK, "%d: %s", rc, g.err.message);
}

static int
add_to_sum(const void *data, size_t size, void *payload)
{
	return dbbi_sha256_add(payload, data, size, NULL);
}

static void
check_set(const char *set, const char *expected)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	char hex[DBBI_SHA256_HEX];

	done(dbbi_sha256_begin(sum, &g.err));
	done(dbbi_op_cat(&g.ops, set, GOLDEN_SOURCE, GOLDEN_STREAM,
	    add_to_sum, sum, &g.err));
	done(dbbi_sha256_end(digest, sum, &g.err));
	dbbi_hex_encode(hex, digest, sizeof(digest));
	ck_assert_str_eq(hex, expected);
}

static uint64_t
count_packs(const dbbi_json *out, const char *which)
{
	uint64_t n = UINT64_MAX;

	dbbi_json_u64(&n, dbbi_json_object(out, which), "packs");
	return n;
}

START_TEST(both_sets_give_the_text_that_was_stored)
{
	dbbi_json *list = NULL, *sets, *set;
	size_t i;

	open_kept(_i);
	done(dbbi_op_list(&list, &g.ops, NULL, &g.err));
	sets = dbbi_json_array(list, "sets");
	ck_assert_uint_eq(dbbi_json_count(sets), GOLDEN_SETS);
	for (i = 0; i < GOLDEN_SETS; i++) {
		set = dbbi_json_at(sets, i);
		check_set(dbbi_json_string(set, "set"), sums[i]);
		ck_assert_ptr_nonnull(dbbi_json_string(set, "verified"));
	}
	dbbi_json_free(list);
	close_kept();
}
END_TEST

START_TEST(nothing_is_missing)
{
	dbb_verify_options options = DBB_VERIFY_OPTIONS_INIT;
	dbbi_json *out = NULL;

	open_kept(_i);
	done(dbbi_op_verify(&out, &g.ops, &options, &g.err));
	ck_assert_uint_eq(dbbi_json_count(dbbi_json_array(out, "sets")),
	    GOLDEN_SETS);
	dbbi_json_free(out);
	close_kept();
}
END_TEST

START_TEST(a_prune_knows_what_was_condemned)
{
	dbb_prune_options options = DBB_PRUNE_OPTIONS_INIT;
	dbbi_json *out = NULL;

	open_kept(_i);
	options.dry_run = 1;
	ck_assert_msg(dbbi_op_prune(&out, &g.ops, &options, &g.err) ==
	    DBB_FINDINGS, "%s", g.err.message);	/* no rules */
	ck_assert_uint_eq(count_packs(out, "condemned"), 0);
	ck_assert_uint_eq(count_packs(out, "store") -
	    count_packs(out, "used"), 1);
	dbbi_json_free(out);
	close_kept();
}
END_TEST

static Suite *
golden_suite(void)
{
	const int count = sizeof(kept) / sizeof(kept[0]);
	Suite *suite = suite_create("golden");
	TCase *tc = tcase_create("golden");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, both_sets_give_the_text_that_was_stored, 0,
	    count);
	tcase_add_loop_test(tc, nothing_is_missing, 0, count);
	tcase_add_loop_test(tc, a_prune_knows_what_was_condemned, 0, count);
	suite_add_tcase(suite, tc);
	return suite;
}

static int
make(const char *folder, int sealed)
{
	int rc;

	if ((rc = golden_begin(&g, folder,
	    sealed ? GOLDEN_PASSPHRASE : NULL)) < 0 ||
	    (rc = golden_make(&g)) != DBB_OK)
		fprintf(stderr, "making '%s': %s\n", folder, g.err.message);
	golden_end(&g);
	return rc == DBB_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 3)
		return make(argv[1], strcmp(argv[2], "sealed") == 0);
	return suite_run(golden_suite());
}
