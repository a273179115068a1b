/* SPDX-License-Identifier: BSD-2-Clause */
/* The public interface, as a stranger would misuse it. */
#include <check.h>

#include "suite.h"
#include <stdlib.h>
#include <string.h>

#include <dbbackup.h>
#include <dbbackup/driver.h>

static dbb_context *ctx;

static void
begin(void)
{
	const char *const nothing[] = { NULL };

	ck_assert_int_eq(dbb_context_new(&ctx), DBB_OK);
	ck_assert_int_eq(dbb_context_load(ctx, "", nothing), DBB_OK);
}

static void
end(void)
{
	dbb_context_free(ctx);
	ctx = NULL;
}

START_TEST(null_is_refused_and_never_followed)
{
	dbb_object object = { .size = sizeof(object) };

	ck_assert_int_eq(dbb_context_new(NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_context_load(NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_backup_run(NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_restore(NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_set_list(NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_set_show(NULL, NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_verify(NULL, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_export(NULL, ctx, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_key_add(NULL, ctx, NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_key_add(NULL, NULL, "x", NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_key_list(NULL, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_key_remove(NULL, ctx, NULL), DBB_EINVAL);
	ck_assert_int_eq(dbb_key_export(NULL, ctx, NULL, DBB_KEY_WRITE_ONLY),
	    DBB_EINVAL);
	ck_assert_int_eq(dbb_key_export(NULL, ctx, "x", 0), DBB_EINVAL);
	ck_assert_int_eq(dbb_stream_cat(ctx, NULL, NULL, NULL, NULL, NULL),
	    DBB_EINVAL);
	ck_assert_int_eq(dbb_store_open(NULL, ctx, NULL, 0), DBB_EINVAL);
	ck_assert_int_eq(dbb_store_stat(&object, NULL, "x"), DBB_EINVAL);
	ck_assert_int_eq(dbb_store_register(ctx, NULL, NULL), DBB_EINVAL);
	dbb_context_free(NULL);
	dbb_result_free(NULL);
	dbb_store_close(NULL);
	dbb_store_put_free(NULL);
	dbb_context_cancel(NULL);
	ck_assert_str_eq(dbb_error_message(NULL), "");
	ck_assert_str_eq(dbb_result_json(NULL), "{}");
}
END_TEST

START_TEST(options_from_an_older_caller_are_taken)
{
	dbb_verify_options options = { .size = sizeof(size_t) };

	/* It fails later, for want of a repository: not for its size. */
	ck_assert_int_eq(dbb_verify(NULL, ctx, &options), DBB_ECONFIG);
}
END_TEST

START_TEST(options_of_a_newer_caller_are_taken_while_zero)
{
	struct {
		dbb_verify_options known;
		uint64_t newer;
	} options = { .known = { .size = sizeof(options) } };

	ck_assert_int_eq(dbb_verify(NULL, ctx, &options.known), DBB_ECONFIG);
	options.newer = 1;
	ck_assert_int_eq(dbb_verify(NULL, ctx, &options.known), DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(dbb_error_message(dbb_context_error(
	    ctx)), "newer than this library"));
}
END_TEST

START_TEST(options_without_a_size_are_refused)
{
	dbb_restore_options options = {0};

	ck_assert_int_eq(dbb_restore(NULL, ctx, &options), DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(dbb_error_message(dbb_context_error(
	    ctx)), "size"));
}
END_TEST

START_TEST(an_error_is_forgotten_by_the_next_call)
{
	ck_assert_int_lt(dbb_set_list(NULL, ctx, NULL), 0);
	ck_assert_int_eq(dbb_error_code(dbb_context_error(ctx)), DBB_ECONFIG);
	ck_assert_int_eq(dbb_context_set(ctx, "repository", "url",
	    "file:///nowhere"), DBB_OK);
	ck_assert_int_eq(dbb_error_code(dbb_context_error(ctx)), DBB_OK);
	ck_assert_int_eq(dbb_set_list(NULL, ctx, NULL), DBB_ENOREPO);
	ck_assert_ptr_nonnull(strstr(dbb_error_hint(dbb_context_error(ctx)),
	    "dbb-backup init"));
}
END_TEST

static int
add(const void *data, size_t size, void *payload)
{
	strncat(payload, data, size);
	return 0;
}

static int
count(const dbb_object *object, void *payload)
{
	ck_assert_str_eq(object->name, "a/b");
	++*(int *)payload;
	return 0;
}

START_TEST(a_store_is_useful_by_itself)
{
	dbb_object object = { .size = sizeof(object) };
	dbb_store *store = NULL;
	dbb_store_put *put = NULL;
	char text[32] = "";
	int listed = 0;

	ck_assert_int_eq(dbb_store_open(&store, ctx, "memory:", 0), DBB_OK);
	ck_assert_int_eq(dbb_store_put_begin(&put, store, "a/b", 0), DBB_OK);
	ck_assert_int_eq(dbb_store_put_write(put, "hello ", 6), DBB_OK);
	ck_assert_int_eq(dbb_store_stat(&object, store, "a/b"),
	    DBB_ENOTFOUND);
	ck_assert_int_eq(dbb_store_put_write(put, "world", 5), DBB_OK);
	ck_assert_int_eq(dbb_store_put_commit(put), DBB_OK);
	dbb_store_put_free(put);
	ck_assert_int_eq(dbb_store_write(store, "a/b", "x", 1, 0),
	    DBB_EEXIST);
	ck_assert_int_eq(dbb_store_get(store, "a/b", 6, UINT64_MAX, add,
	    text), DBB_OK);
	ck_assert_str_eq(text, "world");
	text[0] = '\0';
	ck_assert_int_eq(dbb_store_get(store, "a/b", 0, 5, add, text), 0);
	ck_assert_str_eq(text, "hello");
	ck_assert_int_eq(dbb_store_list(store, "a/", count, &listed), 0);
	ck_assert_int_eq(listed, 1);
	ck_assert_int_eq(dbb_store_delete(store, "a/b"), DBB_OK);
	ck_assert_int_eq(dbb_store_delete(store, "a/b"), DBB_OK);
	ck_assert_int_eq(dbb_store_write(store, "../x", "x", 1, 0),
	    DBB_EINVAL);
	dbb_store_close(store);
}
END_TEST

START_TEST(a_store_takes_only_settings_that_it_knows)
{
	static const char *const settings[] = { "endpoint=http://h", NULL };
	dbb_store *store = NULL;

	ck_assert_int_eq(dbb_store_open_with(&store, ctx, "memory:", 0,
	    settings), DBB_EINVAL);
	ck_assert_ptr_null(store);
	ck_assert_ptr_nonnull(strstr(dbb_error_message(dbb_context_error(
	    ctx)), "unknown setting 'endpoint'"));
	ck_assert_int_eq(dbb_store_open_with(&store, ctx, "memory:", 0,
	    NULL), DBB_OK);
	dbb_store_close(store);
}
END_TEST

START_TEST(an_unknown_scheme_is_refused_by_name)
{
	dbb_store *store = NULL;

	ck_assert_int_eq(dbb_store_open(&store, ctx, "gopher://x/", 0),
	    DBB_EINVAL);
	ck_assert_ptr_null(store);
	ck_assert_ptr_nonnull(strstr(dbb_error_message(dbb_context_error(
	    ctx)), "gopher"));
}
END_TEST

START_TEST(every_code_has_a_name)
{
	static const int codes[] = { DBB_OK, DBB_FINDINGS, DBB_EINVAL,
	    DBB_ECONFIG, DBB_ENOMEM, DBB_EIO, DBB_ENOSPC, DBB_EACCESS,
	    DBB_ENOTFOUND, DBB_EEXIST, DBB_ECONNECT, DBB_EAUTH, DBB_ESOURCE,
	    DBB_ETOOL, DBB_ENOREPO, DBB_EBUSY, DBB_EKEY, DBB_EDAMAGED,
	    DBB_EVERSION, DBB_ECANCELED, DBB_EUNSUPPORTED, DBB_EINTERNAL };
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		ck_assert_int_eq(strncmp(dbb_status_name(codes[i]), "DBB_",
		    4), 0);
	ck_assert_str_eq(dbb_status_name(12345), "unknown status");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api");
	TCase *t = tcase_create("api");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, null_is_refused_and_never_followed);
	tcase_add_test(t, options_from_an_older_caller_are_taken);
	tcase_add_test(t, options_of_a_newer_caller_are_taken_while_zero);
	tcase_add_test(t, options_without_a_size_are_refused);
	tcase_add_test(t, an_error_is_forgotten_by_the_next_call);
	tcase_add_test(t, a_store_is_useful_by_itself);
	tcase_add_test(t, an_unknown_scheme_is_refused_by_name);
	tcase_add_test(t, a_store_takes_only_settings_that_it_knows);
	tcase_add_test(t, every_code_has_a_name);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
