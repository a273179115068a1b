/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repo_fixture.h"

#include "repo/key_file.h"
#include "repo/key_ring.h"

#define REPOSITORY "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

static char folder[] = "/tmp/dbb-key-file-XXXXXX";
static char path[64];
static dbbi_keys made;

static void
set_up(void)
{
	repo_set_up();
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key", folder);
	repo_ok(dbbi_keys_make(&made, &fx.err));
}

static void
tear_down(void)
{
	unlink(path);
	rmdir(folder);
	repo_tear_down();
}

static void
write_key(void)
{
	repo_ok(dbbi_key_file_write(path, REPOSITORY, &made, &fx.err));
}

static int
read_key(dbbi_keys *out)
{
	memset(out, 0, sizeof *out);
	return dbbi_key_file_read(out, path, REPOSITORY, &fx.err);
}

/* The file's bytes, to free(3), and writing others. */
static char *
get_file(size_t *size)
{
	char *text = calloc(1, 8192);
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	*size = fread(text, 1, 8191, file);
	fclose(file);
	return text;
}

static void
put_file(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	fclose(file);
}

START_TEST(gives_back_all_but_the_private_key)
{
	dbbi_keys expected, got;

	repo_ok(dbbi_keys_write_only(&expected, made.writer, made.public_key,
	    &fx.err));
	write_key();
	repo_ok(read_key(&got));
	ck_assert_mem_eq(&got, &expected, sizeof got);
}
END_TEST

START_TEST(never_holds_the_private_key)
{
	char hex[2 * DBBI_KEY_SIZE + 1], *text;
	size_t size;

	write_key();
	text = get_file(&size);
	dbbi_hex_encode(hex, made.private_key, DBBI_KEY_SIZE);
	ck_assert_ptr_null(strstr(text, hex));
	dbbi_hex_encode(hex, made.writer, DBBI_KEY_SIZE);
	ck_assert_ptr_nonnull(strstr(text, hex));
	free(text);
}
END_TEST

START_TEST(is_for_its_owner_alone)
{
	mode_t mask = umask(0);
	struct stat st;

	write_key();
	umask(mask);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(is_never_written_over)
{
	char target[80];

	write_key();
	ck_assert_int_eq(dbbi_key_file_write(path, REPOSITORY, &made,
	    &fx.err), DBB_EEXIST);
	unlink(path);
	snprintf(target, sizeof target, "%s/target", folder);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(dbbi_key_file_write(path, REPOSITORY, &made,
	    &fx.err), DBB_EEXIST);
	ck_assert_int_lt(access(target, F_OK), 0);
}
END_TEST

START_TEST(refuses_every_flipped_bit_of_the_key)
{
	dbbi_keys got;
	size_t size, bit, begin;
	char *text;

	write_key();
	text = get_file(&size);
	begin = (size_t)(strstr(text, "dbbackup-write-only") - text);
	for (bit = 8 * begin; bit < 8 * (size - 1); bit++) {
		int rc;

		text[bit / 8] ^= (char)(1u << bit % 8);
		put_file(text, size);
		rc = read_key(&got);
		if (rc != DBB_EDAMAGED && rc != DBB_EVERSION)
			ck_abort_msg("bit %zu: %d %s", bit, rc,
			    fx.err.message);
		text[bit / 8] ^= (char)(1u << bit % 8);
	}
	put_file(text, size);
	repo_ok(read_key(&got));
	free(text);
}
END_TEST

START_TEST(refuses_every_cut_file)
{
	dbbi_keys got;
	size_t size, n;
	char *text;

	write_key();
	text = get_file(&size);
	for (n = 0; n < size - 1; n++) {
		put_file(text, n);
		ck_assert_int_eq(read_key(&got), DBB_EDAMAGED);
	}
	ck_assert_ptr_nonnull(strstr(fx.err.hint, "key export"));
	/* An editor may take the last line end away, or change it. */
	put_file(text, size - 1);
	repo_ok(read_key(&got));
	memcpy(text + size - 1, "\r\n", 3);
	put_file(text, size + 1);
	repo_ok(read_key(&got));
	free(text);
}
END_TEST

START_TEST(says_that_a_newer_version_wrote_it)
{
	dbbi_keys got;
	size_t size;
	char *text;

	write_key();
	text = get_file(&size);
	*(strstr(text, "key-1 ") + 4) = '2';
	put_file(text, size);
	ck_assert_int_eq(read_key(&got), DBB_EVERSION);
	free(text);
}
END_TEST

START_TEST(says_that_it_is_of_another_repository)
{
	dbbi_keys got;

	write_key();
	ck_assert_int_eq(dbbi_key_file_read(&got, path, OTHER, &fx.err),
	    DBB_EKEY);
	ck_assert_ptr_nonnull(strstr(fx.err.message, REPOSITORY));
}
END_TEST

START_TEST(says_that_there_is_no_such_file)
{
	dbbi_keys got;

	ck_assert_int_eq(read_key(&got), DBB_ECONFIG);
	ck_assert_ptr_nonnull(strstr(fx.err.message, path));
}
END_TEST

START_TEST(opens_the_repository)
{
	uint8_t theirs[DBBI_KEY_SIZE] = { 9 };
	dbbi_keys got = {0};

	write_key();
	repo_ok(dbbi_keyring_unlock(&got, fx.store, &fx.run, REPOSITORY,
	    made.public_key, NULL, path, &fx.err));
	ck_assert_int_eq(got.can_read, 0);
	ck_assert_mem_eq(got.writer, made.writer, DBBI_KEY_SIZE);
	ck_assert_int_eq(dbbi_keyring_unlock(&got, fx.store, &fx.run,
	    REPOSITORY, theirs, NULL, path, &fx.err), DBB_EDAMAGED);
	ck_assert_ptr_nonnull(strstr(fx.err.message, "another public key"));
}
END_TEST

int
main(void)
{
	TCase *tc = repo_case("key_file", set_up, tear_down);

	tcase_add_test(tc, gives_back_all_but_the_private_key);
	tcase_add_test(tc, never_holds_the_private_key);
	tcase_add_test(tc, is_for_its_owner_alone);
	tcase_add_test(tc, is_never_written_over);
	tcase_add_test(tc, refuses_every_flipped_bit_of_the_key);
	tcase_add_test(tc, refuses_every_cut_file);
	tcase_add_test(tc, says_that_a_newer_version_wrote_it);
	tcase_add_test(tc, says_that_it_is_of_another_repository);
	tcase_add_test(tc, says_that_there_is_no_such_file);
	tcase_add_test(tc, opens_the_repository);
	return repo_run("key_file", tc);
}
