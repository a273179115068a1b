/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives as they pass: what GNU tar writes in each of its formats, in pieces
 * of any size, cut everywhere; and archives made up here, good and bad. */
#include <config.h>

#include "util/tar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include "util/bytes.h"
#include "util/text.h"

#define BLOCK 512
#define CONTENTS_MAX 1000

static dbb_error err;

/* ---- what is told of an archive, as text ---- */

static dbbi_bytes told;
static const char *wanted;		/* the name of whose contents */

static void
tell(const char *text)
{
	ck_assert_int_eq(dbbi_bytes_add(&told, text, strlen(text), NULL), 0);
}

static int
see_member(const dbbi_tar_member *m, void *payload, dbb_error *why)
{
	char line[64];

	(void)why;
	ck_assert_ptr_eq(payload, &told);
	tell(m->name);
	snprintf(line, sizeof(line), " %c%s %llu\n", "FDO"[m->type],
	    m->has_holes ? "S" : "", (unsigned long long)m->size);
	tell(line);
	return wanted != NULL && strcmp(m->name, wanted) == 0;
}

static int
see_contents(const dbbi_tar_member *m, const void *data, size_t size,
    void *payload, dbb_error *why)
{
	(void)payload;
	ck_assert_str_eq(m->name, wanted);
	if (size == 4 && memcmp(data, "stop", 4) == 0)
		return dbbi_error_set(why, DBB_EBUSY, "stopped");
	ck_assert_int_eq(dbbi_bytes_add(&told, data, size, NULL), 0);
	tell("\n");
	return 0;
}

/* Read it in pieces of `most` bytes, none of which may be read beyond. */
static int
read_in_pieces(const void *data, size_t size, size_t most)
{
	static const dbbi_tar_visitor visitor = { see_member, see_contents,
		CONTENTS_MAX, &told };
	dbbi_tar *tar = NULL;
	size_t at, n;
	char *piece;
	int rc = 0;

	dbbi_bytes_clear(&told);
	dbbi_bytes_init(&told, 1 << 20);
	ck_assert_int_eq(dbbi_tar_new(&tar, &visitor, &err), 0);
	for (at = 0; at < size && rc == 0; at += n) {
		n = size - at < most ? size - at : most;
		ck_assert_ptr_nonnull(piece = malloc(n));
		memcpy(piece, (const char *)data + at, n);
		rc = dbbi_tar_add(tar, piece, n, &err);
		free(piece);
	}
	if (rc == 0)
		rc = dbbi_tar_end(tar, &err);
	dbbi_tar_free(tar);
	tell("");
	ck_assert_int_eq(dbbi_bytes_add(&told, "", 1, NULL), 0);
	return rc;
}

static const char *
is_told(void)
{
	return (const char *)told.data;
}

/* ---- archives made up here ---- */

static uint8_t made[64 * BLOCK];
static size_t made_size;

static void
begin(void)
{
	memset(made, 0, sizeof(made));
	made_size = 0;
	wanted = NULL;
}

static uint8_t *
next_block(void)
{
	ck_assert_uint_le(made_size + BLOCK, sizeof(made));
	made_size += BLOCK;
	return made + made_size - BLOCK;
}

static void
sign(uint8_t *header)
{
	unsigned sum = 0;
	size_t i;

	memset(header + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
}

static uint8_t *
add_header(char type, const char *name, uint64_t size)
{
	uint8_t *h = next_block();

	memcpy(h, name, strlen(name));
	snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)size);
	h[156] = (uint8_t)type;
	memcpy(h + 257, "ustar  ", 8);
	sign(h);
	return h;
}

static void
add_data(const void *data, size_t size)
{
	ck_assert_uint_le(size, BLOCK);
	if (size > 0)
		memcpy(next_block(), data, size);
}

static uint8_t *
add_member(char type, const char *name, const char *text)
{
	uint8_t *h = add_header(type, name, strlen(text));

	add_data(text, strlen(text));
	return h;
}

static void
finish(void)
{
	next_block();
	next_block();
}

static int
read_made(void)
{
	int whole = read_in_pieces(made, made_size, sizeof(made));

	ck_assert_int_eq(read_in_pieces(made, made_size, 1), whole);
	return whole;
}

static void
assert_refused(const char *why)
{
	ck_assert_int_eq(read_made(), DBB_EDAMAGED);
	ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
	ck_assert_ptr_nonnull(strstr(err.message, "at byte "));
}

static void
assert_told(const char *what)
{
	ck_assert_msg(read_made() == 0, "%s", err.message);
	ck_assert_str_eq(is_told(), what);
}

/* ---- what a real tar writes ---- */

static char folder[] = "/tmp/test_tar.XXXXXX";
static dbbi_bytes real;

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG FIFTY FIFTY "/" FIFTY FIFTY "/" FIFTY FIFTY

static void
make_folder(void)
{
	char command[2048];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(command, sizeof(command), "cd %s && mkdir -p %s/%s && "
	    "printf hello >a && printf long >%s && "
	    "truncate -s 3000000 holes && "
	    "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
	    "22 23 24 25 26 27 28 29 30; do printf data | dd of=holes bs=1 "
	    "seek=$((i * 65536)) conv=notrunc status=none; done",
	    folder, FIFTY FIFTY, FIFTY FIFTY, LONG);
	ck_assert_int_eq(system(command), 0);
}

static void
remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void
make_real(const char *format)
{
	char command[1024], block[4096];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command), "cd %s && tar %s -cf - a holes %s",
	    folder, format, LONG);
	ck_assert_ptr_nonnull(pipe = popen(command, "r"));
	dbbi_bytes_clear(&real);
	dbbi_bytes_init(&real, 8 << 20);
	while ((n = fread(block, 1, sizeof(block), pipe)) > 0)
		ck_assert_int_eq(dbbi_bytes_add(&real, block, n, &err), 0);
	ck_assert_int_eq(pclose(pipe), 0);
}

static const struct { const char *options; int holes; } formats[] = {
	{ "--format=gnu", 0 },
	{ "--format=gnu --sparse", 1 },
	{ "--format=pax", 0 },
	{ "--format=pax --sparse --sparse-version=0.0", 1 },
	{ "--format=pax --sparse --sparse-version=0.1", 1 },
	{ "--format=pax --sparse --sparse-version=1.0", 1 },
};

START_TEST(reads_what_gnu_tar_writes)
{
	char expected[512];
	size_t most;

	make_real(formats[_i].options);
	snprintf(expected, sizeof(expected), "a F 5\nhello\nholes F%s "
	    "3000000\n%s F 4\n", formats[_i].holes ? "S" : "", LONG);
	wanted = "a";
	for (most = 1; most < 1 << 20; most = most * 7 + 1) {
		ck_assert_msg(read_in_pieces(real.data, real.size,
		    most) == 0, "%s", err.message);
		ck_assert_str_eq(is_told(), expected);
	}
}
END_TEST

/* Behind the second block of zeros there is nothing to be missed. */
START_TEST(notices_every_cut)
{
	size_t end, at;

	make_real("--format=gnu --sparse --blocking-factor=1");
	end = real.size;
	for (at = 0; at < end; at += suite_share()) {
		ck_assert_int_eq(read_in_pieces(real.data, at, 4000),
		    DBB_EDAMAGED);
		ck_assert_msg(strstr(err.message, "it breaks off") != NULL ||
		    at == 0, "%s", err.message);
	}
	ck_assert_int_eq(read_in_pieces(real.data, end, 4000), 0);
}
END_TEST

START_TEST(notices_a_flipped_bit_in_each_byte_of_a_header)
{
	size_t i;

	begin();
	add_member('0', "a", "x");
	finish();
	for (i = 0; i < BLOCK; i++) {
		made[i] ^= 1;
		ck_assert_int_eq(read_in_pieces(made, made_size, BLOCK),
		    DBB_EDAMAGED);
		made[i] ^= 1;
	}
	assert_told("a F 1\n");
}
END_TEST

/* ---- members ---- */

START_TEST(reads_an_old_folder_and_a_ustar_prefix)
{
	uint8_t *h;

	begin();
	h = add_member('\0', "folder/", "");
	memset(h + 257, 0, 8);
	sign(h);
	h = add_member('0', "name", "");
	memcpy(h + 257, "ustar\00000", 8);
	memcpy(h + 345, "some/where", 10);
	sign(h);
	add_member('5', "other", "");
	add_member('2', "link", "");
	finish();
	assert_told("folder/ D 0\nsome/where/name F 0\nother D 0\nlink O 0\n");
}
END_TEST

START_TEST(reads_a_size_in_base_256)
{
	uint8_t *h;

	begin();
	wanted = "a";
	h = add_member('0', "a", "xyz");
	memcpy(h + 124, "\200\0\0\0\0\0\0\0\0\0\0\3", 12);
	sign(h);
	finish();
	assert_told("a F 3\nxyz\n");
}
END_TEST

START_TEST(gives_empty_contents_that_are_wanted)
{
	begin();
	wanted = "b";
	add_member('0', "a", "x");
	add_member('0', "b", "");
	finish();
	assert_told("a F 1\nb F 0\n\n");
}
END_TEST

START_TEST(gives_back_what_the_visitor_says)
{
	begin();
	wanted = "a";
	add_member('0', "a", "stop");
	finish();
	ck_assert_int_eq(read_made(), DBB_EBUSY);
	ck_assert_str_eq(err.message, "stopped");
}
END_TEST

START_TEST(refuses_names_that_lead_out)
{
	static const char *const names[] = { "/etc/passwd", "..", "../a",
		"a/../b", "a/..", "./../a" };
	static const char *const fine[] = { "...", "a/..b", "..a/b", "a/." };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin();
		add_member('0', names[i], "");
		finish();
		assert_refused("leads out");
	}
	for (i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		begin();
		add_member('0', fine[i], "");
		finish();
		ck_assert_int_eq(read_made(), 0);
	}
}
END_TEST

START_TEST(refuses_members_that_readers_take_differently)
{
	begin();
	add_member('0', "", "");
	assert_refused("has no name");
	begin();
	add_member('5', "folder", "x");
	assert_refused("has contents that is no file");
	begin();
	add_member('2', "link", "x");
	assert_refused("has contents that is no file");
	begin();
	add_member('M', "more", "x");
	assert_refused("of a kind that is not known");
}
END_TEST

START_TEST(refuses_contents_that_are_too_long_to_be_kept)
{
	begin();
	wanted = "a";
	add_header('0', "a", CONTENTS_MAX + 1);
	assert_refused("longer than one of its name can be");
}
END_TEST

/* ---- numbers ---- */

static const struct { const char *text; size_t size; } bad_sizes[] = {
	{ "\377\377\377\377\377\377\377\377\377\377\377\377", 12 },
	{ "\200\0\0\0\200\0\0\0\0\0\0\0", 12 },		/* 2^63 */
	{ "\200\0\0\1\0\0\0\0\0\0\0\0", 12 },		/* 2^64 */
	{ "\300\0\0\0\0\0\0\0\0\0\0\1", 12 },
	{ "-0000000001", 12 }, { "0000000008", 11 }, { "12x", 4 },
	{ "", 1 }, { "            ", 12 }, { "1 1", 4 }, { "0x10", 5 },
};

START_TEST(refuses_a_size_that_is_none)
{
	uint8_t *h;

	begin();
	h = add_member('0', "a", "");
	memset(h + 124, 0, 12);
	memcpy(h + 124, bad_sizes[_i].text, bad_sizes[_i].size);
	sign(h);
	finish();
	assert_refused("a member's size is none");
}
END_TEST

START_TEST(takes_a_size_of_2_to_63_less_1)
{
	uint8_t *h;

	begin();
	h = add_member('0', "a", "");
	memcpy(h + 124, "\200\0\0\0\177\377\377\377\377\377\377\377", 12);
	sign(h);
	assert_refused("it breaks off");
	ck_assert_str_eq(is_told(), "a F 9223372036854775807\n");
}
END_TEST

/* ---- long names and pax ---- */

START_TEST(refuses_long_names_that_are_none)
{
	begin();
	add_header('L', "long", 5);
	add_data("ab\0cd", 5);
	add_member('0', "a", "");
	assert_refused("a long name is none");
	begin();
	add_header('L', "long", 3);
	add_data("\0\0\0", 3);
	assert_refused("a long name is none");
	begin();
	add_header('L', "long", UINT64_C(1) << 40);
	assert_refused("too long");
	begin();
	add_member('L', "long", "../b");
	add_member('0', "a", "");
	assert_refused("leads out");
}
END_TEST

START_TEST(refuses_an_end_where_a_member_was_announced)
{
	begin();
	add_member('L', "long", "name");
	finish();
	assert_refused("a member was announced");
	begin();
	add_member('x', "pax", "7 size=\n");
	finish();
	assert_refused("pax header");
	begin();
	add_member('x', "pax", "9 size=4\n");
	finish();
	assert_refused("a member was announced");
}
END_TEST

START_TEST(reads_pax_names_and_sizes)
{
	begin();
	wanted = "pax";
	add_member('g', "all", "16 comment=good\n");
	add_member('x', "x", "12 path=pax\n9 size=2\n30 mtime=1350244992.023960"
	    "108\n");
	add_header('0', "a", 0);
	add_data("xy", 2);
	add_member('0', "b", "");
	finish();
	assert_told("pax F 2\nxy\nb F 0\n");
}
END_TEST

static const char *const bad_pax[] = {
	"12 path=pax", "12 path=pax ", "0 path=a\n", "9999999999 path=a\n",
	"-1 path=a\n", " 9 path=a\n", "4 a\n", "path=a\n", "3 \n", "11path=a\n",
	"9 size=x\n", "10 size=-1\n", "27 size=9223372036854775808\n",
	"9 path=a\nx",
};

START_TEST(refuses_pax_headers_that_are_none)
{
	begin();
	add_member('x', "x", bad_pax[_i]);
	add_member('0', "a", "");
	finish();
	assert_refused("pax header");
}
END_TEST

START_TEST(refuses_a_nul_in_a_pax_name)
{
	begin();
	add_header('x', "x", 12);
	add_data("12 path=a\0b\n", 12);
	add_member('0', "a", "");
	assert_refused("a name in a pax header is none");
}
END_TEST

START_TEST(refuses_a_name_or_size_for_all)
{
	begin();
	add_member('g', "g", "10 path=a\n");
	add_member('0', "b", "");
	assert_refused("pax header");
	begin();
	add_member('g', "g", "9 size=7\n");
	add_member('0', "b", "");
	assert_refused("gives all members");
}
END_TEST

/* ---- holes ---- */

struct hole { uint64_t offset, size; };

static void
put_octal(uint8_t *to, uint64_t value)
{
	snprintf((char *)to, 12, "%011llo", (unsigned long long)value);
}


static void
put_holes(uint8_t *to, const struct hole *holes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		put_octal(to + i * 24, holes[i].offset);
		put_octal(to + i * 24 + 12, holes[i].size);
	}
}

static void
add_sparse(uint64_t stored, uint64_t size, const struct hole *holes,
    size_t count, int more)
{
	uint8_t *h = add_header('S', "sparse", stored);

	put_holes(h + 386, holes, count);
	h[482] = (uint8_t)more;
	put_octal(h + 483, size);
	sign(h);
}

START_TEST(reads_holes_over_several_blocks)
{
	struct hole first[] = { { 0, 1 }, { 10, 1 }, { 20, 1 }, { 30, 1 } };
	struct hole more[21];
	size_t i;
	uint8_t *block;

	begin();
	add_sparse(4 + 21 + 1, 1000, first, 4, 1);
	for (i = 0; i < 21; i++)
		more[i] = (struct hole){ 100 + i, 1 };
	block = next_block();
	put_holes(block, more, 21);
	block[504] = 1;
	block = next_block();
	put_holes(block, (struct hole[]){ { 900, 1 }, { 1000, 0 } }, 2);
	add_data("abcdefghijklmnopqrstuvwxyz", 26);
	add_member('0', "next", "");
	finish();
	assert_told("sparse FS 1000\nnext F 0\n");
}
END_TEST

#define MAX ((UINT64_C(1) << 33) - 1)	/* what fits in the octal field */

static const struct {
	uint64_t stored, size;
	struct hole holes[4];
	const char *why;
} bad_holes[] = {
	{ 2, 10, { { 0, 1 }, { 10, 0 } }, "not as long as" },
	{ 1, 10, { { 0, 1 }, { 9, 0 } }, "do not make up" },
	{ 1, 10, { { 0, 1 }, { 11, 0 } }, "do not make up" },
	{ 2, 10, { { 5, 1 }, { 3, 1 }, { 10, 0 } }, "not in order" },
	{ 4, 10, { { 5, 2 }, { 6, 2 }, { 10, 0 } }, "not in order" },
	{ 11, 10, { { 0, 11 } }, "do not make up" },
	{ 0, MAX, { { MAX, MAX } }, "not as long as" },
};

START_TEST(refuses_holes_that_do_not_add_up)
{
	begin();
	add_sparse(bad_holes[_i].stored, bad_holes[_i].size,
	    bad_holes[_i].holes, 4 - (bad_holes[_i].holes[3].size == 0) -
	    (bad_holes[_i].holes[2].offset == 0) -
	    (bad_holes[_i].holes[1].offset == 0), 0);
	finish();
	assert_refused(bad_holes[_i].why);
}
END_TEST

START_TEST(refuses_holes_beyond_any_file)
{
	static const uint8_t large[12] =
		"\200\0\0\0\177\377\377\377\377\377\377\377";
	struct hole one = { 1, 1 };
	uint8_t *h;

	begin();
	add_sparse(1, 10, &one, 1, 0);
	h = made;
	memcpy(h + 386 + 12, large, 12);
	sign(h);
	assert_refused("beyond any file");
	memcpy(h + 386 + 12, "what       \0", 12);
	sign(h);
	assert_refused("is no number");
	memcpy(h + 386 + 12, "1          \0", 12);
	memset(h + 483, 0xff, 12);
	sign(h);
	assert_refused("with holes is none");
}
END_TEST

START_TEST(keeps_no_contents_with_holes)
{
	struct hole holes[] = { { 0, 1 }, { 10, 0 } };

	begin();
	wanted = "sparse";
	add_sparse(1, 10, holes, 2, 0);
	add_data("x", 1);
	finish();
	assert_refused("has holes that is to be read");
}
END_TEST

/* ---- the end ---- */

START_TEST(ends_with_two_blocks_of_zeros_and_nothing_behind)
{
	begin();
	assert_refused("it is empty");
	next_block();
	assert_refused("within its end");
	next_block();
	assert_told("");
	next_block();
	made_size -= 100;
	assert_told("");
	made[made_size - 1] = 'x';
	assert_refused("something follows");
	begin();
	next_block();
	add_member('0', "a", "");
	finish();
	assert_refused("no second one");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tar");
	TCase *t = tcase_create("real");

	tcase_add_unchecked_fixture(t, make_folder, remove_folder);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, reads_what_gnu_tar_writes, 0,
	    sizeof(formats) / sizeof(formats[0]));
	tcase_add_test(t, notices_every_cut);
	suite_add_tcase(s, t);
	t = tcase_create("made up");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, notices_a_flipped_bit_in_each_byte_of_a_header);
	tcase_add_test(t, reads_an_old_folder_and_a_ustar_prefix);
	tcase_add_test(t, reads_a_size_in_base_256);
	tcase_add_test(t, gives_empty_contents_that_are_wanted);
	tcase_add_test(t, gives_back_what_the_visitor_says);
	tcase_add_test(t, refuses_names_that_lead_out);
	tcase_add_test(t, refuses_members_that_readers_take_differently);
	tcase_add_test(t, refuses_contents_that_are_too_long_to_be_kept);
	tcase_add_loop_test(t, refuses_a_size_that_is_none, 0,
	    sizeof(bad_sizes) / sizeof(bad_sizes[0]));
	tcase_add_test(t, takes_a_size_of_2_to_63_less_1);
	tcase_add_test(t, refuses_long_names_that_are_none);
	tcase_add_test(t, refuses_an_end_where_a_member_was_announced);
	tcase_add_test(t, reads_pax_names_and_sizes);
	tcase_add_loop_test(t, refuses_pax_headers_that_are_none, 0,
	    sizeof(bad_pax) / sizeof(bad_pax[0]));
	tcase_add_test(t, refuses_a_nul_in_a_pax_name);
	tcase_add_test(t, refuses_a_name_or_size_for_all);
	tcase_add_test(t, reads_holes_over_several_blocks);
	tcase_add_loop_test(t, refuses_holes_that_do_not_add_up, 0,
	    sizeof(bad_holes) / sizeof(bad_holes[0]));
	tcase_add_test(t, refuses_holes_beyond_any_file);
	tcase_add_test(t, keeps_no_contents_with_holes);
	tcase_add_test(t, ends_with_two_blocks_of_zeros_and_nothing_behind);
	suite_add_tcase(s, t);
	return suite_run(s);
}
