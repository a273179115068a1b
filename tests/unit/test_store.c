/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry, and what lib/store guarantees over a driver that a caller
 * registered: here the memory store in a coat of its own. */
#include <config.h>

#include "store_cases.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dbbi_store_registry *registry;
static dbb_error err;
static int bad_result;		/* what the coat returns instead, if not 0 */
static char env_seen[64];	/* the setting 'coat-colour' */
static int removed_at_once;	/* by coat_remove_many */
static const char *bad_name;	/* what its listing tells of in addition */
static size_t bad_got;		/* what it claims to have read in addition */

static int
coat_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *e)
{
	ck_assert_ptr_eq(payload, &registry);
	snprintf(env_seen, sizeof(env_seen), "%s", dbb_store_env_setting(env,
	    "coat-colour") != NULL ? dbb_store_env_setting(env,
	    "coat-colour") : "none");
	if (strstr(url, "fails") != NULL)
		return dbb_error_set(e, DBB_ECONNECT, "nobody is there",
		    "call later");
	return dbbi_store_memory.open(out, "memory:", flags, env, NULL, e);
}

static int
coat_write(void *put, const void *data, size_t size, dbb_error *e)
{
	if (bad_result != 0)
		return bad_result;
	return dbbi_store_memory.put_write(put, data, size, e);
}

static int
coat_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *e)
{
	int rc = dbbi_store_memory.read(got, store, name, offset, buffer,
	    size, e);

	if (rc == DBB_OK)
		*got += bad_got;
	return rc;
}

static int
coat_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *e)
{
	dbb_object object = { .size = sizeof(object), .name = bad_name };

	/* One that does not look at what the function returns. */
	if (bad_name != NULL)
		(void)fn(&object, payload);
	return dbbi_store_memory.list(store, prefix, fn, payload, e);
}

static int
coat_remove_many(void *store, const char *const *names, size_t count,
    dbb_not_removed_fn fn, void *payload, dbb_error *e)
{
	(void)store;
	(void)fn;
	(void)payload;
	removed_at_once = (int)count;
	return strcmp(names[0], "fails") != 0 ? DBB_OK :
	    dbb_error_set(e, DBB_ECONNECT, "nobody is there", NULL);
}

static dbb_store_driver
coat(void)
{
	dbb_store_driver d = dbbi_store_memory;

	d.scheme = "coat";
	d.open = coat_open;
	d.put_write = coat_write;
	d.read = coat_read;
	d.list = coat_list;
	return d;
}

static void
set_up(void)
{
	dbb_store_driver d = coat();

	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&store_under_test, registry,
	    "coat://key:secret@host/x?sign=secret", 0, &err), DBB_OK);
}

static void
tear_down(void)
{
	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
}

START_TEST(refuses_a_driver_that_lacks_something)
{
	dbb_store_driver d = coat();

	ck_assert_int_eq(dbbi_store_registry_add(registry, NULL, NULL, &err),
	    DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EEXIST);
	d.scheme = "file";
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EEXIST);
	d.scheme = "Other";
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EINVAL);
	d.scheme = "a:b";
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EINVAL);
	d.scheme = "other";
	d.remove = NULL;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EINVAL);
	d = coat();
	d.scheme = "other";
	d.size--;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, NULL, &err),
	    DBB_EINVAL);
}
END_TEST

START_TEST(takes_a_driver_without_what_came_later)
{
	dbb_store_driver d = coat();
	dbbi_store *s = NULL;

	d.scheme = "older";
	d.size = offsetof(dbb_store_driver, settings);
	d.remove_many = coat_remove_many;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&s, registry, "older:", 0, &err),
	    DBB_OK);
	store_put(s, "a", "x");
	store_put(s, "b", "y");
	removed_at_once = 0;
	ck_assert_int_eq(dbbi_store_remove_many(s,
	    (const char *const[]){ "a", "b" }, 2, NULL, NULL, &err), DBB_OK);
	ck_assert_int_eq(removed_at_once, 0);
	ck_assert_str_eq(store_names(s, ""), "");
	dbbi_store_close(s);
	d.scheme = "newer";
	d.size = sizeof(d) + sizeof(void *);
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_EINVAL);
}
END_TEST

START_TEST(does_without_what_a_driver_has_not)
{
	size_t swept = 9;

	ck_assert_int_eq(dbbi_store_sweep(&swept, store_under_test, 1, &err),
	    DBB_OK);
	ck_assert_uint_eq(swept, 0);
	ck_assert_int_eq(dbbi_store_protect(store_under_test, "a", &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_protect(store_under_test, "../a", &err),
	    DBB_EINVAL);
	ck_assert_uint_eq(dbbi_store_parallel(store_under_test), 1);
}
END_TEST

START_TEST(hands_many_names_to_a_driver_that_takes_them)
{
	dbb_store_driver d = coat();
	dbbi_store *s = NULL;

	d.scheme = "many";
	d.remove_many = coat_remove_many;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&s, registry, "many:", 0, &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_remove_many(s,
	    (const char *const[]){ "a", "b" }, 2, NULL, NULL, &err), DBB_OK);
	ck_assert_int_eq(removed_at_once, 2);
	ck_assert_int_eq(dbbi_store_remove_many(s,
	    (const char *const[]){ "a", "/b" }, 2, NULL, NULL, &err),
	    DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_remove_many(s,
	    (const char *const[]){ "fails" }, 1, NULL, NULL, &err),
	    DBB_ECONNECT);
	ck_assert_str_eq(err.message,
	    "deleting 1 objects: nobody is there");
	dbbi_store_close(s);
}
END_TEST

static int
coat_remove(void *store, const char *name, dbb_error *e)
{
	if (strcmp(name, "locked") == 0)
		return dbb_error_set(e, DBB_EACCESS, "it is locked", NULL);
	return dbbi_store_memory.remove(store, name, e);
}

static void
keep_refusal(const char *name, const dbb_error *why, void *payload)
{
	snprintf(payload, 128, "%s: %.99s", name, why->message);
}

START_TEST(one_that_cannot_be_deleted_keeps_no_other)
{
	dbb_store_driver d = coat();
	char told[128] = "";
	dbbi_store *s = NULL;

	d.scheme = "locking";
	d.remove = coat_remove;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open(&s, registry, "locking:", 0, &err),
	    DBB_OK);
	store_put(s, "a", "x");
	store_put(s, "locked", "x");
	store_put(s, "z", "x");
	ck_assert_int_eq(dbbi_store_remove_many(s,
	    (const char *const[]){ "a", "locked", "z" }, 3, keep_refusal,
	    told, &err), DBB_OK);
	ck_assert_str_eq(told, "locked: deleting 'locked': it is locked");
	ck_assert_str_eq(store_names(s, ""), "locked ");
	dbbi_store_close(s);
}
END_TEST

static const char *const coat_settings[] = { "coat-colour", "coat-size",
    NULL };

static const struct {
	const char *settings[3];
	int rc;
	const char *said;
} settings[] = {
	{ { NULL }, DBB_OK, "none" },
	{ { "coat-size=1", "coat-colour=blue=green" }, DBB_OK, "blue=green" },
	{ { "coat-colour=" }, DBB_OK, "" },
	{ { "coat-color=s3cret" }, DBB_EINVAL, "unknown setting 'coat-color'; "
	    "the nearest known one is 'coat-colour'" },
	{ { "coat-size=1", "coat-size=2" }, DBB_EINVAL, "setting 'coat-size' "
	    "is given twice" },
	{ { "coat-size=1", "s3cret" }, DBB_EINVAL, "setting 2 has not the "
	    "form 'name=value'" },
	{ { "=s3cret" }, DBB_EINVAL, "setting 1 has not the form "
	    "'name=value'" },
};

START_TEST(a_driver_is_handed_its_settings_alone)
{
	dbb_store_driver d = coat();
	dbbi_store *s = NULL;

	d.scheme = "set";
	d.settings = coat_settings;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_open_with(&s, registry, "set:", 0,
	    settings[_i].settings, NULL, &err), settings[_i].rc);
	if (settings[_i].rc == DBB_OK) {
		ck_assert_str_eq(env_seen, settings[_i].said);
		dbbi_store_close(s);
	} else {
		ck_assert_ptr_nonnull(strstr(err.message,
		    settings[_i].said));
		ck_assert_ptr_null(strstr(err.message, "s3cret"));
	}
}
END_TEST

static void
keep_line(int level, const char *line, void *payload)
{
	(void)level;
	strcat(payload, line);
}

START_TEST(what_a_driver_does_not_know_is_said_and_left_out)
{
	dbb_store_driver d = coat();
	dbbi_list list = {0};
	char log[256] = "";
	dbbi_run run;

	d.scheme = "set";
	d.settings = coat_settings;
	ck_assert_int_eq(dbbi_run_init(&run, &err), DBB_OK);
	run.log = keep_line;
	run.log_level = DBB_LOG_WARNING;
	run.log_payload = log;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_list_add(&list, "endpoint=x", &err), DBB_OK);
	ck_assert_int_eq(dbbi_list_add(&list, "coat-size=7", &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_settings_sift(&list, registry, "set:",
	    &run, &err), DBB_OK);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0], "coat-size=7");
	ck_assert_ptr_null(list.items[1]);
	ck_assert_str_eq(log, "'endpoint' is set for the repository and not "
	    "used: a store 'set:' has no such setting");
	dbbi_list_clear(&list);
	dbbi_run_clear(&run);
}
END_TEST

START_TEST(keeps_its_own_copy_of_a_driver)
{
	char scheme[] = "mine";
	dbb_store_driver d = dbbi_store_memory;
	dbbi_store *s = NULL;

	d.scheme = scheme;
	d.open = coat_open;
	ck_assert_int_eq(dbbi_store_registry_add(registry, &d, &registry,
	    &err), DBB_OK);
	memset(scheme, 'x', 4);
	memset(&d, 0, sizeof(d));
	ck_assert_int_eq(dbbi_store_open(&s, registry, "mine:x", 0, &err),
	    DBB_OK);
	dbbi_store_close(s);
}
END_TEST

START_TEST(names_the_known_schemes)
{
	dbbi_store *s = NULL;

	ck_assert_int_eq(dbbi_store_open(&s, registry, "s4://x", 0, &err),
	    DBB_EINVAL);
	ck_assert_str_eq(err.message, "opening the store 's4://x': no store "
	    "is known for 's4:'");
	ck_assert_ptr_nonnull(strstr(err.hint, "file:, memory:, s3:, coat:"));
	ck_assert_int_eq(dbbi_store_open(&s, registry, "/x", 0, &err),
	    DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "file:///"));
	ck_assert_int_eq(dbbi_store_open(&s, registry, NULL, 0, &err),
	    DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_open(&s, registry, "memory:", 4, &err),
	    DBB_EINVAL);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(passes_on_what_the_driver_said)
{
	dbbi_store *s = NULL;

	ck_assert_int_eq(dbbi_store_open(&s, registry, "coat://fails", 0,
	    &err), DBB_ECONNECT);
	ck_assert_str_eq(err.message,
	    "opening the store 'coat://fails': nobody is there");
	ck_assert_str_eq(err.hint, "call later");
}
END_TEST

static const struct {
	const char *url;
	const char *shown;
} urls[] = {
	{ "coat:", "coat:" },
	{ "coat://host/x", "coat://host/x" },
	{ "coat://user:pw@host/x", "coat://(hidden)@host/x" },
	{ "coat://user:p@w@host/x", "coat://(hidden)@host/x" },
	{ "coat://user:p/w@host/x", "coat://(hidden)@host/x" },
	{ "coat://host/x?signature=pw", "coat://host/x" },
	{ "coat://host/x#pw", "coat://host/x" },
};

START_TEST(shows_a_url_without_its_secrets)
{
	dbbi_store *s = NULL;

	ck_assert_int_eq(dbbi_store_open(&s, registry, urls[_i].url, 0, &err),
	    DBB_OK);
	ck_assert_str_eq(dbbi_store_url(s), urls[_i].shown);
	dbbi_store_close(s);
}
END_TEST

START_TEST(a_failed_write_cannot_be_committed)
{
	dbbi_put *put = NULL;

	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "a", 0,
	    0, &err), DBB_OK);
	bad_result = DBB_EIO;
	ck_assert_int_eq(dbbi_store_put_write(put, "x", 1, &err), DBB_EIO);
	ck_assert_str_eq(err.message, "storing 'a': the store driver 'coat:' "
	    "gave no reason");
	bad_result = 0;
	ck_assert_int_eq(dbbi_store_put_write(put, "x", 1, &err), DBB_EINVAL);
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_EINVAL);
	dbbi_store_put_free(put);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
}
END_TEST

START_TEST(distrusts_what_a_driver_returns)
{
	size_t got = 7;
	char buffer[8];

	bad_result = 42;
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1, 0,
	    &err), DBB_EINTERNAL);
	bad_result = 0;
	store_put(store_under_test, "a", "x");
	bad_got = 8;
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "a", 0,
	    buffer, sizeof(buffer), &err), DBB_EINTERNAL);
	ck_assert_uint_eq(got, 7);
	bad_got = 0;
}
END_TEST

static int
stop(const dbb_object *object, void *payload)
{
	(void)object;
	(void)payload;
	return 1;
}

START_TEST(passes_over_names_that_are_none)
{
	store_put(store_under_test, "sets/a", "x");
	bad_name = "sets/../../etc/passwd";
	ck_assert_str_eq(store_names(store_under_test, ""), "sets/a ");
	bad_name = "other/a";
	ck_assert_str_eq(store_names(store_under_test, "sets/"), "sets/a ");
	bad_name = "sets/b";
	ck_assert_int_eq(dbbi_store_list(store_under_test, "sets/", stop,
	    NULL, &err), DBB_ECANCELED);
	bad_name = NULL;
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("registry");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, refuses_a_driver_that_lacks_something);
	tcase_add_test(tc, takes_a_driver_without_what_came_later);
	tcase_add_test(tc, does_without_what_a_driver_has_not);
	tcase_add_test(tc, hands_many_names_to_a_driver_that_takes_them);
	tcase_add_test(tc, one_that_cannot_be_deleted_keeps_no_other);
	tcase_add_loop_test(tc, a_driver_is_handed_its_settings_alone, 0,
	    (int)(sizeof(settings) / sizeof(settings[0])));
	tcase_add_test(tc, what_a_driver_does_not_know_is_said_and_left_out);
	tcase_add_test(tc, keeps_its_own_copy_of_a_driver);
	tcase_add_test(tc, names_the_known_schemes);
	tcase_add_test(tc, passes_on_what_the_driver_said);
	tcase_add_loop_test(tc, shows_a_url_without_its_secrets, 0,
	    (int)(sizeof(urls) / sizeof(urls[0])));
	tcase_add_test(tc, a_failed_write_cannot_be_committed);
	tcase_add_test(tc, distrusts_what_a_driver_returns);
	tcase_add_test(tc, passes_over_names_that_are_none);
	return store_run(store_cases("coat: cases", set_up, tear_down), tc);
}
