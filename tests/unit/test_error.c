/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/error.h"

#include <errno.h>
#include <string.h>

#include <check.h>

#include "suite.h"

static struct dbb_error err;

START_TEST(set_starts_anew)
{
	dbbi_error_set(&err, DBB_EIO, "one");
	dbbi_error_hint(&err, "do %s", "this");
	dbbi_error_remote(&err, "42P01");
	err.retryable = 1;
	ck_assert_str_eq(err.hint, "do this");
	ck_assert_str_eq(err.remote, "42P01");
	ck_assert_int_eq(dbbi_error_set(&err, DBB_EAUTH, "%d", 2), DBB_EAUTH);
	ck_assert_int_eq(err.code, DBB_EAUTH);
	ck_assert_str_eq(err.message, "2");
	ck_assert_str_eq(err.hint, "");
	ck_assert_str_eq(err.remote, "");
	ck_assert_int_eq(err.retryable, 0);
	dbbi_error_clear(&err);
	ck_assert_int_eq(err.code, DBB_OK);
	ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(context_reads_outside_in)
{
	dbbi_error_errno(&err, ENOSPC, "writing '%s'", "packs/3f");
	dbbi_error_hint(&err, "make room");
	ck_assert_int_eq(dbbi_error_context(&err, DBB_ENOSPC, "set '%s'",
	    "a"), DBB_ENOSPC);
	ck_assert_str_eq(err.message,
	    "set 'a': writing 'packs/3f': No space left on device");
	ck_assert_str_eq(err.hint, "make room");
	ck_assert_str_eq(err.remote, "ENOSPC");
	ck_assert_int_eq(dbbi_error_context(&err, 0, "not said"), 0);
	ck_assert_int_eq(dbbi_error_context(&err, DBB_FINDINGS, "not said"),
	    DBB_FINDINGS);
	ck_assert_ptr_null(strstr(err.message, "not said"));
}
END_TEST

START_TEST(context_alone_is_the_message)
{
	dbbi_error_clear(&err);
	ck_assert_int_eq(dbbi_error_context(&err, DBB_EINTERNAL, "doing it"),
	    DBB_EINTERNAL);
	ck_assert_str_eq(err.message, "doing it");
	ck_assert_int_eq(err.code, DBB_EINTERNAL);
}
END_TEST

START_TEST(errno_chooses_the_code)
{
	static const struct {
		int errnum;
		int code;
	} table[] = {
		{ ENOSPC, DBB_ENOSPC }, { EDQUOT, DBB_ENOSPC },
		{ EACCES, DBB_EACCESS }, { EPERM, DBB_EACCESS },
		{ EROFS, DBB_EACCESS }, { ENOENT, DBB_ENOTFOUND },
		{ ENOMEM, DBB_ENOMEM }, { EIO, DBB_EIO },
		{ EPIPE, DBB_EIO }, { 123456, DBB_EIO },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ck_assert_int_eq(dbbi_error_errno(&err, table[i].errnum,
		    "x"), table[i].code);
		ck_assert_int_eq(err.code, table[i].code);
	}
	ck_assert_str_eq(err.message, "x: unknown error");
	dbbi_error_errno(&err, EAGAIN, "x");
	ck_assert_int_eq(err.retryable, 1);
}
END_TEST

START_TEST(no_error_to_fill_is_allowed)
{
	dbbi_error_clear(NULL);
	ck_assert_int_eq(dbbi_error_set(NULL, DBB_EIO, "x"), DBB_EIO);
	ck_assert_int_eq(dbbi_error_errno(NULL, EPERM, "x"), DBB_EACCESS);
	ck_assert_int_eq(dbbi_error_nomem(NULL), DBB_ENOMEM);
	ck_assert_int_eq(dbbi_error_context(NULL, DBB_EIO, "x"), DBB_EIO);
	ck_assert_int_eq(dbb_error_set(NULL, DBB_EIO, "x", "y"), DBB_EIO);
	dbbi_error_hint(NULL, "x");
	dbbi_error_remote(NULL, "x");
}
END_TEST

START_TEST(driver_sets_message_and_hint)
{
	ck_assert_int_eq(dbb_error_set(&err, DBB_EBUSY, "50% is used", NULL),
	    DBB_EBUSY);
	ck_assert_str_eq(err.message, "50% is used");
	ck_assert_str_eq(err.hint, "");
	dbb_error_set(&err, DBB_EBUSY, NULL, "wait");
	ck_assert_str_eq(err.message, "");
	ck_assert_str_eq(err.hint, "wait");
	dbb_error_set(&err, DBB_EBUSY, err.hint, err.hint);
	ck_assert_str_eq(err.message, "wait");
	ck_assert_str_eq(err.hint, "wait");
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
	static char text[3 * sizeof(err.message)];
	size_t i, shift;

	for (shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (i = shift; i + 4 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);	/* euro */
		dbbi_error_set(&err, DBB_EIO, "%s", text);
		i = strlen(err.message);
		ck_assert_uint_gt(i, sizeof(err.message) - 4);
		ck_assert_uint_lt(i, sizeof(err.message));
		ck_assert_uint_eq(i % 3, shift);
		dbb_error_set(&err, DBB_EIO, text, text);
		ck_assert_uint_eq(strlen(err.hint) % 3, shift);
		dbbi_error_context(&err, DBB_EIO, "%s", text);
		ck_assert_uint_eq(strlen(err.message) % 3, shift);
		dbbi_error_remote(&err, text);
		ck_assert_uint_eq(strlen(err.remote) % 3, shift);
	}
}
END_TEST

START_TEST(what_is_not_utf8_becomes_so)
{
	dbbi_error_set(&err, DBB_ESOURCE, "f\xfcr \xc3\xbc");
	ck_assert_str_eq(err.message, "f?r \xc3\xbc");
}
END_TEST

START_TEST(may_be_made_from_itself)
{
	dbbi_error_set(&err, DBB_EIO, "inner");
	dbbi_error_set(&err, DBB_EDAMAGED, "outer: %s", err.message);
	ck_assert_str_eq(err.message, "outer: inner");
	dbbi_error_hint(&err, "see %s", err.message);
	ck_assert_str_eq(err.hint, "see outer: inner");
	dbbi_error_context(&err, DBB_EIO, "%s", err.hint);
	ck_assert_str_eq(err.message, "see outer: inner: outer: inner");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("error");
	TCase *tc = tcase_create("error");

	tcase_add_test(tc, set_starts_anew);
	tcase_add_test(tc, context_reads_outside_in);
	tcase_add_test(tc, context_alone_is_the_message);
	tcase_add_test(tc, errno_chooses_the_code);
	tcase_add_test(tc, no_error_to_fill_is_allowed);
	tcase_add_test(tc, driver_sets_message_and_hint);
	tcase_add_test(tc, long_texts_are_cut_between_characters);
	tcase_add_test(tc, what_is_not_utf8_becomes_so);
	tcase_add_test(tc, may_be_made_from_itself);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
