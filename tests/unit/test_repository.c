/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo_fixture.h"

#define OBJECT "repository.json"

static int
open_again(void)
{
	dbbi_repo *repo = NULL;
	int rc = dbbi_repo_open_with(&repo, fx.store, repo_keys(), &fx.run,
	    &fx.err);

	dbbi_repo_free(repo);
	return rc;
}

/* Put `with` in the place of `what` in repository.json, and open. */
static int
open_with(const char *what, const char *with)
{
	uint8_t *data = NULL;
	char *text, *at;
	dbb_error failure;
	size_t size;
	int rc;

	repo_ok(dbbi_store_load(&data, &size, fx.store, OBJECT, 1 << 20,
	    &fx.err));
	at = strstr((char *)data, what);
	ck_assert_ptr_nonnull(at);
	text = dbbi_text_format("%.*s%s%s", (int)(at - (char *)data),
	    (char *)data, with, at + strlen(what));
	ck_assert_ptr_nonnull(text);
	repo_ok(dbbi_store_write(fx.store, OBJECT, text, strlen(text),
	    DBB_PUT_REPLACE, &fx.err));
	rc = open_again();
	failure = fx.err;
	repo_ok(dbbi_store_write(fx.store, OBJECT, data, size,
	    DBB_PUT_REPLACE, &fx.err));
	fx.err = failure;
	free(text);
	free(data);
	return rc;
}

START_TEST(has_an_id_that_stays)
{
	char id[DBBI_REPO_ID_SIZE];

	snprintf(id, sizeof id, "%s", dbbi_repo_id(fx.repo));
	ck_assert_uint_eq(strlen(id), 32);
	repo_reopen();
	ck_assert_str_eq(dbbi_repo_id(fx.repo), id);
}
END_TEST

START_TEST(is_not_made_twice)
{
	ck_assert_int_eq(dbbi_repo_create(fx.store, NULL, &fx.err), DBB_EEXIST);
	repo_ok(open_again());
}
END_TEST

START_TEST(says_that_there_is_none)
{
	repo_ok(dbbi_store_remove(fx.store, OBJECT, &fx.err));
	ck_assert_int_eq(open_again(), DBB_ENOREPO);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "faulty:"));
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "dbb-backup init"));
}
END_TEST

START_TEST(says_that_a_newer_version_is_needed)
{
	ck_assert_int_eq(open_with("\"format\":1", "\"format\":2"),
	    DBB_EVERSION);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "format is '2'"));
	ck_assert_int_eq(open_with("\"cipher\":\"",
	    "\"cipher\":\"x"), DBB_EVERSION);
	ck_assert_int_eq(open_with("gear64", "buz"), DBB_EVERSION);
	ck_assert_int_eq(open_with("zstd", "lzma"), DBB_EVERSION);
}
END_TEST

START_TEST(refuses_parameters_that_cannot_be)
{
	static const char *const wrong[][2] = {
		{ "\"format\":1", "\"format\":0" },
		{ "\"format\":1", "\"format\":\"1\"" },
		{ "\"min_bytes\":256", "\"min_bytes\":0" },
		{ "\"min_bytes\":256", "\"min_bytes\":-1" },
		{ "\"max_bytes\":4096", "\"max_bytes\":4294967296" },
		{ "\"max_bytes\":4096", "\"max_bytes\":8388609" },
		{ "\"max_bytes\":4096", "\"max_bytes\":8192" },
		{ "\"average_bytes\":1024", "\"average_bytes\":1000" },
		{ "\"seed\":\"61", "\"seed\":\"" },
		{ "\"seed\":\"61", "\"seed\":\"62" },
		{ "\"chunker\"", "\"chunked\"" },
		{ "\"grace_s\":172800", "\"grace_s\":0" },
		{ "\"grace_s\":172800", "\"grace_s\":172801" },
		{ "\"grace_s\":172800", "\"grace_s\":31622401" },
		{ "\"grace_s\":172800", "\"grace_s\":-1" },
		{ "\"grace_s\":", "\"graces_\":" },
		{ "{", "[" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(open_with(wrong[i][0], wrong[i][1]),
		    DBB_EDAMAGED);
		ck_assert_ptr_nonnull(strstr(fx.err.message, OBJECT));
	}
}
END_TEST

START_TEST(refuses_what_is_not_json)
{
	repo_ok(dbbi_store_write(fx.store, OBJECT, "hello", 5,
	    DBB_PUT_REPLACE, &fx.err));
	ck_assert_int_eq(open_again(), DBB_EDAMAGED);
	repo_ok(dbbi_store_write(fx.store, OBJECT, "", 0,
	    DBB_PUT_REPLACE, &fx.err));
	ck_assert_int_eq(open_again(), DBB_EDAMAGED);
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("repository", repo_set_up, repo_tear_down);

	tcase_add_test(tc, has_an_id_that_stays);
	tcase_add_test(tc, is_not_made_twice);
	tcase_add_test(tc, says_that_there_is_none);
	tcase_add_test(tc, says_that_a_newer_version_is_needed);
	tcase_add_test(tc, refuses_parameters_that_cannot_be);
	tcase_add_test(tc, refuses_what_is_not_json);
	return repo_run("repository", tc);
}
