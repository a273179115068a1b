/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store_cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deny_syscall.h"
#include "util/text.h"

#define TWO_DAYS (2 * 24 * 60 * 60)
#define TMP_NAME ".tmp/0123456789abcdef0123456789abcde"

static dbbi_store_registry *registry;
static dbb_error err;
static char base[] = "/tmp/test_store_file_XXXXXX";	/* holds all below */
static char *root;

/* "<base>/<rest>"; kept until the process ends, which is soon. */
static char *
below(const char *rest)
{
	return dbbi_text_format("%s/%s", base, rest);
}

static dbbi_store *
open_store(const char *path, uint32_t flags, int expected)
{
	char *url = dbbi_text_format("file://%s", path);
	dbbi_store *s = NULL;
	int rc = dbbi_store_open(&s, registry, url, flags, &err);

	ck_assert_msg(rc == expected, "%d: %s", rc, err.message);
	free(url);
	return s;
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(base));
	root = below("root");
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	store_under_test = open_store(root, DBB_STORE_CREATE, DBB_OK);
}

static void
tear_down(void)
{
	pid_t pid;

	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", base, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	free(root);
}

/* Is there such a file below the root? */
static int
there(const char *name)
{
	struct stat st;
	char *path = dbbi_text_format("%s/%s", root, name);
	int rc = lstat(path, &st);

	free(path);
	return rc == 0;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* The number of files in .tmp. */
static int
tmp_files(void)
{
	char *path = below("root/.tmp");
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	free(path);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

START_TEST(an_absent_folder_is_named)
{
	char *path = below("no/where");
	char *expected = dbbi_text_format("opening the store 'file://%s': "
	    "no folder '%s'", path, path);

	ck_assert_ptr_null(open_store(path, 0, DBB_ENOTFOUND));
	ck_assert_str_eq(err.message, expected);
	ck_assert(err.hint[0] != '\0');
	ck_assert_int_ne(access(path, F_OK), 0);
	free(expected);
	free(path);
}
END_TEST

START_TEST(makes_the_folders_above_it)
{
	char *path = below("a//b/c/"), *b = below("a/b");

	umask(0022);
	dbbi_store_close(open_store(path, DBB_STORE_CREATE, DBB_OK));
	dbbi_store_close(open_store(path, DBB_STORE_CREATE, DBB_OK));
	dbbi_store_close(open_store(path, 0, DBB_OK));
	ck_assert_int_eq(mode_of(path), 0700);
	ck_assert_int_eq(mode_of(b), 0700);
	free(path);
	free(b);
}
END_TEST

START_TEST(only_the_owner_may_read)
{
	char *file = below("root/packs/3f/x"), *folder = below("root/packs");

	umask(0);
	store_put(store_under_test, "packs/3f/x", "1");
	ck_assert_int_eq(mode_of(file), 0600);
	ck_assert_int_eq(mode_of(folder), 0700);
	umask(0277);
	store_put(store_under_test, "packs/3f/y", "1");
	file[strlen(file) - 1] = 'y';
	ck_assert_int_eq(mode_of(file), 0400);
	free(file);
	free(folder);
}
END_TEST

static const char *const bad_urls[] = {
	"file:x", "file:", "file://host/x", "file:///x?y", "file://x",
};

START_TEST(refuses_a_url_of_no_folder)
{
	dbbi_store *s = NULL;

	ck_assert_int_eq(dbbi_store_open(&s, registry, bad_urls[_i],
	    DBB_STORE_CREATE, &err), DBB_EINVAL);
	ck_assert(err.hint[0] != '\0');
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(refuses_a_file_as_its_folder)
{
	char *path = below("root/x"), *deeper = below("root/x/y");

	store_put(store_under_test, "x", "1");
	open_store(path, 0, DBB_EINVAL);
	open_store(path, DBB_STORE_CREATE, DBB_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "not a folder"));
	open_store(deeper, DBB_STORE_CREATE, DBB_EINVAL);
	free(path);
	free(deeper);
}
END_TEST

START_TEST(its_root_may_be_a_link)
{
	char *path = below("link");
	dbbi_store *s;

	ck_assert_int_eq(symlink(root, path), 0);
	s = open_store(path, 0, DBB_OK);
	store_put(s, "a/b", "x");
	dbbi_store_close(s);
	store_expect(store_under_test, "a/b", "x");
	free(path);
}
END_TEST

START_TEST(no_link_leads_out_of_it)
{
	char *outside = below("outside"), *folder = below("root/packs");
	char *file = below("root/sets/x"), *secret = below("outside/3f");
	size_t got;
	char c;

	store_put(store_under_test, "sets/a", "x");
	ck_assert_int_eq(mkdir(outside, 0700), 0);
	close(open(secret, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(symlink(outside, folder), 0);
	ck_assert_int_eq(symlink(secret, file), 0);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "packs/new", "x",
	    1, 0, &err), DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.message, "symbolic link"));
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "packs/3f",
	    0, &c, 1, &err), DBB_EACCESS);
	ck_assert_int_eq(dbbi_store_remove(store_under_test, "packs/3f",
	    &err), DBB_EACCESS);
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "sets/x", 0,
	    &c, 1, &err), DBB_EACCESS);
	ck_assert_str_eq(store_names(store_under_test, ""), "sets/a ");
	ck_assert_int_eq(access(secret, F_OK), 0);
	free(outside);
	free(folder);
	free(file);
	free(secret);
}
END_TEST

START_TEST(what_is_no_object_is_neither_listed_nor_read)
{
	static const char *const strangers[] = { "root/.hidden",
	    "root/a name", "root/sets/.partial", "root/umlaut-\xc3\xbc" };
	char *path;
	size_t i, got;
	char c;

	store_put(store_under_test, "sets/a", "x");
	for (i = 0; i < 4; i++) {
		path = below(strangers[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
		free(path);
	}
	path = below("root/sets/pipe");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	free(path);
	path = below("root/lost+found");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	free(path);
	ck_assert_str_eq(store_names(store_under_test, ""), "sets/a ");
	ck_assert_int_eq(dbbi_store_read(&got, store_under_test, "sets/pipe",
	    0, &c, 1, &err), DBB_ENOTFOUND);
}
END_TEST

START_TEST(a_folder_in_the_way_is_reported)
{
	store_put(store_under_test, "a/b", "x");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1, 0,
	    &err), DBB_EEXIST);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1,
	    DBB_PUT_REPLACE, &err), DBB_EEXIST);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a/b/c", "x", 1,
	    0, &err), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.message, "'b' is a file"));
	ck_assert_int_eq(tmp_files(), 0);
}
END_TEST

START_TEST(what_a_killed_writer_left_is_not_listed)
{
	dbbi_put *put = NULL;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (dbbi_store_put_begin(&put, store_under_test, "sets/x", 0,
		    0, NULL) != DBB_OK ||
		    dbbi_store_put_write(put, "half", 4, NULL) != DBB_OK)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(tmp_files(), 1);
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	store_put(store_under_test, "sets/x", "whole");
	store_expect(store_under_test, "sets/x", "whole");
}
END_TEST

/* Make a file in .tmp of that age; its descriptor. */
static int
leave(const char *name, time_t age)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
	    { .tv_sec = time(NULL) - age } };
	char *path = dbbi_text_format("%s/%s", root, name);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	free(path);
	return fd;
}

START_TEST(removes_what_killed_writers_left_long_ago)
{
	char *tmp = below("root/.tmp");
	int fd;

	ck_assert_int_eq(mkdir(tmp, 0700), 0);
	close(leave(TMP_NAME "0", TWO_DAYS));
	close(leave(TMP_NAME "1", 60));
	fd = leave(TMP_NAME "2", TWO_DAYS);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	store_put(store_under_test, "x", "1");
	ck_assert(!there(TMP_NAME "0"));
	ck_assert(there(TMP_NAME "1"));	/* may be at work still */
	ck_assert(there(TMP_NAME "2"));	/* is at work still */
	close(fd);
	free(tmp);
}
END_TEST

START_TEST(nothing_temporary_stays_after_a_put)
{
	store_put(store_under_test, "x", "1");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "x", "2", 1,
	    DBB_PUT_REPLACE, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "x", "3", 1, 0,
	    &err), DBB_EEXIST);
	ck_assert_int_eq(tmp_files(), 0);
}
END_TEST

/* Say why a case did not run: it does not count as shown. */
static void
skip(const char *why)
{
	fprintf(stderr, "skipped: %s\n", why);
}

/* Open the folder, put one object and close it, many times over. */
static void *
come_and_go(void *payload)
{
	const char *who = payload;
	dbb_error why = {0};
	char url[128], name[32];
	int i, rc = 0;

	snprintf(url, sizeof(url), "file://%s", root);
	for (i = 0; rc == 0 && i < 300; i++) {
		dbbi_store *s = NULL;

		snprintf(name, sizeof(name), "%s/%d", who, i);
		rc = dbbi_store_open(&s, registry, url, 0, &why);
		if (rc == 0)
			rc = dbbi_store_write(s, name, "x", 1, 0, &why);
		dbbi_store_close(s);
	}
	return rc == 0 ? NULL : dbbi_text_dup(why.message);
}

START_TEST(those_who_leave_do_not_hinder_those_who_come)
{
	static char a[] = "a", b[] = "b";
	pthread_t threads[2];
	void *said[2];

	pthread_create(&threads[0], NULL, come_and_go, a);
	pthread_create(&threads[1], NULL, come_and_go, b);
	pthread_join(threads[0], &said[0]);
	pthread_join(threads[1], &said[1]);
	ck_assert_msg(said[0] == NULL, "%s", (char *)said[0]);
	ck_assert_msg(said[1] == NULL, "%s", (char *)said[1]);
	dbbi_store_close(store_under_test);
	store_under_test = NULL;
	ck_assert(!there(".tmp"));
}
END_TEST

START_TEST(says_who_lacks_which_right)
{
	dbbi_store *s;
	char *hidden = below("hidden"), *inside = below("hidden/x");

	store_put(store_under_test, "x", "1");
	ck_assert_int_eq(mkdir(hidden, 0700), 0);
	ck_assert_int_eq(chmod(base, 0755), 0);
	ck_assert_int_eq(chmod(root, 0555), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	else
		ck_assert_int_eq(chmod(hidden, 0), 0);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "y", "1", 1, 0,
	    &err), DBB_EACCESS);
	ck_assert_str_eq(err.remote, "EACCES");
	ck_assert_ptr_nonnull(strstr(err.hint, root));
	s = open_store(inside, DBB_STORE_CREATE, DBB_EACCESS);
	ck_assert_ptr_null(s);
	ck_assert_ptr_nonnull(strstr(err.hint, "user id"));
	ck_assert_int_eq(getuid() == 0 ? seteuid(0) : 0, 0);
	ck_assert_int_eq(chmod(root, 0700), 0);
	free(hidden);
	free(inside);
}
END_TEST

/* A small file system of our own, seen by this process alone. */
static dbbi_store *
mount_small(const char *path)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mkdir(path, 0700) != 0 ||
	    mount("small", path, "tmpfs", 0, "size=1m") != 0) {
		skip("no right to mount a tmpfs");
		return NULL;
	}
	return open_store(path, 0, DBB_OK);
}

START_TEST(a_full_disk_is_reported_and_leaves_nothing)
{
	static const char block[700000];
	char *path = below("small");
	dbbi_store *s = mount_small(path);
	dbbi_put *put = NULL;

	if (s == NULL)
		return;
	ck_assert_int_eq(dbbi_store_write(s, "a", block, sizeof(block), 0,
	    &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_write(s, "b", block, sizeof(block), 0,
	    &err), DBB_ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.message, "storing 'b': "));
	ck_assert_ptr_nonnull(strstr(err.hint, path));
	ck_assert_str_eq(store_names(s, ""), "a ");
	/* The space is free again at once. */
	ck_assert_int_eq(dbbi_store_write(s, "c", block, 200000, 0, &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_put_begin(&put, s, "d", 0, 0, &err),
	    DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, block, sizeof(block),
	    &err), DBB_ENOSPC);
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_EINVAL);
	dbbi_store_put_free(put);
	ck_assert_str_eq(store_names(s, ""), "a c ");
	dbbi_store_close(s);
	umount(path);
	free(path);
}
END_TEST

START_TEST(a_read_only_disk_is_reported)
{
	char *path = below("small");
	dbbi_store *s = mount_small(path);

	if (s == NULL)
		return;
	store_put(s, "a", "x");
	ck_assert_int_eq(mount("none", path, "none",
	    MS_REMOUNT | MS_RDONLY, NULL), 0);
	ck_assert_int_eq(dbbi_store_write(s, "b", "x", 1, 0, &err),
	    DBB_EACCESS);
	ck_assert_ptr_nonnull(strstr(err.hint, "read-only"));
	ck_assert_int_eq(dbbi_store_remove(s, "a", &err), DBB_EACCESS);
	store_expect(s, "a", "x");
	dbbi_store_close(s);
	umount(path);
	free(path);
}
END_TEST

START_TEST(links_where_it_cannot_rename_without_replacing)
{
	if (deny_syscall(SYS_renameat2, EINVAL) != 0) {
		skip("no seccomp");
		return;
	}
	store_put(store_under_test, "a/b", "x");
	store_expect(store_under_test, "a/b", "x");
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a/b", "y", 1, 0,
	    &err), DBB_EEXIST);
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a/b", "y", 1,
	    DBB_PUT_REPLACE, &err), DBB_OK);
	store_expect(store_under_test, "a/b", "y");
	ck_assert_int_eq(tmp_files(), 0);
}
END_TEST

START_TEST(says_when_it_can_do_neither)
{
	if (deny_syscall(SYS_renameat2, EINVAL) != 0 ||
	    deny_syscall(SYS_linkat, EPERM) != 0) {
		skip("no seccomp");
		return;
	}
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1, 0,
	    &err), DBB_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, root));
	ck_assert_int_eq(tmp_files(), 0);
}
END_TEST

/* What fsync does not confirm is not there. */
START_TEST(a_failing_sync_fails_the_commit)
{
	if (deny_syscall(SYS_fsync, EIO) != 0) {
		skip("no seccomp");
		return;
	}
	ck_assert_int_eq(dbbi_store_write(store_under_test, "a", "x", 1, 0,
	    &err), DBB_EIO);
	ck_assert_ptr_nonnull(strstr(err.hint, "disk"));
	ck_assert_str_eq(store_names(store_under_test, ""), "");
	ck_assert_int_eq(tmp_files(), 0);
}
END_TEST

#define MIB ((size_t)1 << 20)

/* How large objects come: where in a page of memory, in which pieces. */
static const struct large {
	size_t at;
	size_t first;
	size_t second;
} larges[] = {
	{ 0, 3 * MIB, 0 }, { 0, 3 * MIB + 77, 0 }, { 0, 2 * MIB, MIB + 1 },
	{ 0, 2 * MIB + 4095, 2 * MIB }, { 1, 3 * MIB, 0 },
	{ 0, 8192, 2 * MIB },
};

/* Store it and compare the file. */
static void
put_large(const struct large *large)
{
	size_t size = large->first + large->second;
	char *bytes = aligned_alloc(4096, 5 * MIB), *back = malloc(size + 1);
	char *path = below("root/x");
	dbbi_put *put = NULL;
	FILE *file;

	ck_assert(bytes != NULL && back != NULL);
	for (size_t i = 0; i < size; i++)
		bytes[large->at + i] = (char)(i * 2654435761u >> 13);
	ck_assert_int_eq(dbbi_store_put_begin(&put, store_under_test, "x", 0,
	    0, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, bytes + large->at,
	    large->first, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_write(put, bytes + large->at +
	    large->first, large->second, &err), DBB_OK);
	ck_assert_int_eq(dbbi_store_put_commit(put, &err), DBB_OK);
	dbbi_store_put_free(put);
	ck_assert_ptr_nonnull(file = fopen(path, "rb"));
	ck_assert_uint_eq(fread(back, 1, size + 1, file), size);
	ck_assert_int_eq(memcmp(back, bytes + large->at, size), 0);
	fclose(file);
	free(path);
	free(back);
	free(bytes);
}

START_TEST(large_objects_are_stored_as_they_come)
{
	put_large(&larges[_i]);
}
END_TEST

START_TEST(large_objects_are_stored_where_the_cache_cannot_be_passed)
{
	if (deny_syscall_with(SYS_fcntl, F_SETFL, EINVAL) != 0) {
		skip("no seccomp");
		return;
	}
	put_large(&larges[_i]);
}
END_TEST

START_TEST(leaves_no_descriptor_open)
{
	int before = dup(0), after, i;
	size_t got;
	char c;

	close(before);
	for (i = 0; i < 20; i++) {
		store_put(store_under_test, "a/b", "x");
		ck_assert_int_eq(dbbi_store_write(store_under_test, "a/b",
		    "x", 1, 0, &err), DBB_EEXIST);
		store_names(store_under_test, "a/");
		ck_assert_int_eq(dbbi_store_read(&got, store_under_test,
		    "a/b/c", 0, &c, 1, &err), DBB_ENOTFOUND);
		ck_assert_int_eq(dbbi_store_remove(store_under_test, "a/b",
		    &err), DBB_OK);
	}
	after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

static TCase *
file_tests(void)
{
	TCase *tc = tcase_create("file");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_absent_folder_is_named);
	tcase_add_test(tc, makes_the_folders_above_it);
	tcase_add_test(tc, only_the_owner_may_read);
	tcase_add_loop_test(tc, refuses_a_url_of_no_folder, 0,
	    (int)(sizeof(bad_urls) / sizeof(bad_urls[0])));
	tcase_add_test(tc, refuses_a_file_as_its_folder);
	tcase_add_test(tc, its_root_may_be_a_link);
	tcase_add_test(tc, no_link_leads_out_of_it);
	tcase_add_test(tc, what_is_no_object_is_neither_listed_nor_read);
	tcase_add_test(tc, a_folder_in_the_way_is_reported);
	tcase_add_test(tc, what_a_killed_writer_left_is_not_listed);
	tcase_add_test(tc, removes_what_killed_writers_left_long_ago);
	tcase_add_test(tc, nothing_temporary_stays_after_a_put);
	tcase_add_test(tc, those_who_leave_do_not_hinder_those_who_come);
	tcase_add_test(tc, says_who_lacks_which_right);
	tcase_add_test(tc, a_full_disk_is_reported_and_leaves_nothing);
	tcase_add_test(tc, a_read_only_disk_is_reported);
	tcase_add_test(tc, links_where_it_cannot_rename_without_replacing);
	tcase_add_test(tc, says_when_it_can_do_neither);
	tcase_add_test(tc, a_failing_sync_fails_the_commit);
	tcase_add_loop_test(tc, large_objects_are_stored_as_they_come, 0,
	    sizeof(larges) / sizeof(larges[0]));
	tcase_add_loop_test(tc,
	    large_objects_are_stored_where_the_cache_cannot_be_passed, 0,
	    sizeof(larges) / sizeof(larges[0]));
	tcase_add_test(tc, leaves_no_descriptor_open);
	return tc;
}

int
main(void)
{
	return store_run(store_cases("file: cases", set_up, tear_down),
	    file_tests());
}
