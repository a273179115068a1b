/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables, and what they are made of: cells, sizes, times. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "../../frontends/common/cells.h"
#include "../../frontends/common/human.h"
#include "../../frontends/common/table.h"
#include "suite.h"

static const cli_column columns[] = {
	{ "NAME", 0 }, { "SIZE", 1 }, { "NOTE", 0 },
};

static void
setup(void)
{
	cli_cells_begin();
}

static char *
print(const cli_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(cli_table_print(table, to, " "), 0);
	fclose(to);
	return text;
}

START_TEST(aligns_and_leaves_no_blank_at_an_end)
{
	cli_table table;
	char *text;

	cli_table_init(&table, columns, 3);
	cli_table_add(&table, "a");
	cli_table_add_size(&table, 1024);
	cli_table_add(&table, "x");
	cli_table_add(&table, "longer");
	cli_table_add_count(&table, 1234567);
	cli_table_add(&table, "");
	text = print(&table);
	ck_assert_str_eq(text,
	    " NAME         SIZE  NOTE\n"
	    " a        1.00 KiB  x\n"
	    " longer  1,234,567\n");
	free(text);
	cli_table_clear(&table);
}
END_TEST

START_TEST(counts_columns_of_wide_and_combining_characters)
{
	cli_table table;
	char *text;

	cli_table_init(&table, columns, 3);
	cli_table_add(&table, "\xe6\x97\xa5\xe6\x9c\xac");	/* 2 x 2 */
	cli_table_add(&table, "1");
	cli_table_add(&table, "n");
	cli_table_add(&table, "e\xcc\x81\xc3\xa4 Z");		/* 1+0+1+1+1 */
	cli_table_add(&table, "22");
	cli_table_add(&table, "n");
	text = print(&table);
	ck_assert_str_eq(text,
	    " NAME  SIZE  NOTE\n"
	    " \xe6\x97\xa5\xe6\x9c\xac     1  n\n"
	    " e\xcc\x81\xc3\xa4 Z    22  n\n");
	free(text);
	cli_table_clear(&table);
}
END_TEST

START_TEST(prints_nothing_when_empty)
{
	cli_table table;
	char *text;

	cli_table_init(&table, columns, 3);
	text = print(&table);
	ck_assert_str_eq(text, "");
	free(text);
	cli_table_clear(&table);
}
END_TEST

static const struct {
	const char *text;
	int lines;
	const char *clean;
} hostile[] = {
	{ "plain", 0, "plain" },
	{ "a\nb\tc", 0, "a?b?c" },
	{ "a\nb\tc", 1, "a\n  b?c" },	/* nor passes for our line */
	{ "\x1b[31mred\x07", 0, "?[31mred?" },
	{ "\xff\xfe\xc3", 0, "???" },
	{ "\xc2\x9b" "31m", 0, "?31m" },		/* C1: CSI */
	{ "a\xe2\x80\xae" "b", 0, "a?b" },		/* turns the writing */
	{ "\xc3\xbc", 0, "\xc3\xbc" },
	{ "", 0, "" },
};

START_TEST(shows_nothing_that_steers_a_terminal)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	cli_cells_print(to, hostile[_i].text, hostile[_i].lines);
	fclose(to);
	ck_assert_str_eq(text, hostile[_i].clean);
	free(text);
	if (!hostile[_i].lines) {
		text = cli_cells_clean(hostile[_i].text);
		ck_assert_str_eq(text, hostile[_i].clean);
		free(text);
	}
}
END_TEST

START_TEST(cuts_to_columns_and_to_bytes)
{
	char out[32];

	ck_assert_uint_eq(cli_cells_cut(out, sizeof(out), "abcdef", 6), 6);
	ck_assert_str_eq(out, "abcdef");
	ck_assert_uint_eq(cli_cells_cut(out, sizeof(out), "abcdef", 5), 5);
	ck_assert_str_eq(out, "ab...");
	/* A wide character that does not fit whole is left out. */
	ck_assert_uint_eq(cli_cells_cut(out, sizeof(out),
	    "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5", 4), 3);
	ck_assert_str_eq(out, "...");
	cli_cells_cut(out, sizeof(out), "abc", 0);
	ck_assert_str_eq(out, "");
	cli_cells_cut(out, 8, "abcdefghijkl", 100);
	ck_assert_uint_lt(strlen(out), 8);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0 B" }, { 999, "999 B" }, { 1000, "0.98 KiB" },
	{ 1024, "1.00 KiB" }, { 10234, "9.99 KiB" }, { 10235, "10.0 KiB" },
	{ 102349, "100 KiB" }, { 1048576, "1.00 MiB" },
	{ 1047552, "1.00 MiB" }, { 5368709120, "5.00 GiB" },
	{ UINT64_MAX, "16.0 EiB" },
};

START_TEST(writes_sizes_with_three_digits)
{
	char text[CLI_HUMAN_SIZE];

	cli_human_size(text, sizes[_i].bytes);
	ck_assert_str_eq(text, sizes[_i].text);
}
END_TEST

static const struct {
	uint64_t ms;
	const char *text;
} durations[] = {
	{ 0, "0.0 s" }, { 440, "0.4 s" }, { 9949, "9.9 s" },
	{ 9950, "10 s" }, { 59499, "59 s" }, { 60000, "1 min 0 s" },
	{ 200000, "3 min 20 s" }, { 7500000, "2 h 05 min" },
};

START_TEST(writes_durations)
{
	char text[CLI_HUMAN_SIZE];

	cli_human_duration(text, durations[_i].ms);
	ck_assert_str_eq(text, durations[_i].text);
}
END_TEST

START_TEST(writes_ages_clocks_and_counts)
{
	char text[CLI_HUMAN_SIZE];

	cli_human_age(text, -5);
	ck_assert_str_eq(text, "0 s");
	cli_human_age(text, 3 * 3600 + 59);
	ck_assert_str_eq(text, "3 h");
	cli_human_age(text, 49 * 3600);
	ck_assert_str_eq(text, "2 d");
	cli_human_age(text, 119);
	ck_assert_str_eq(text, "1 min");
	cli_human_clock(text, 67);
	ck_assert_str_eq(text, "1:07");
	cli_human_clock(text, 3723);
	ck_assert_str_eq(text, "1:02:03");
	cli_human_count(text, 0);
	ck_assert_str_eq(text, "0");
	cli_human_count(text, UINT64_MAX);
	ck_assert_str_eq(text, "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(reads_times_and_refuses_others)
{
	int64_t ms = 7;

	ck_assert_int_eq(cli_human_parse_time(&ms,
	    "2026-11-22T02:00:00.123Z"), 0);
	ck_assert_int_eq(ms, 1795312800123);
	ck_assert_int_eq(cli_human_parse_time(&ms, "1970-01-01T00:00:01Z"),
	    0);
	ck_assert_int_eq(ms, 1000);
	ck_assert_int_eq(cli_human_parse_time(&ms, "yesterday"), -1);
	ck_assert_int_eq(cli_human_parse_time(&ms, ""), -1);
	ck_assert_int_eq(cli_human_parse_time(&ms, NULL), -1);
	ck_assert_int_eq(cli_human_parse_time(&ms, "2026-11-22T02:00:00"),
	    -1);
	ck_assert_int_eq(ms, 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, aligns_and_leaves_no_blank_at_an_end);
	tcase_add_test(tc, counts_columns_of_wide_and_combining_characters);
	tcase_add_test(tc, prints_nothing_when_empty);
	tcase_add_loop_test(tc, shows_nothing_that_steers_a_terminal, 0,
	    sizeof(hostile) / sizeof(*hostile));
	tcase_add_test(tc, cuts_to_columns_and_to_bytes);
	tcase_add_loop_test(tc, writes_sizes_with_three_digits, 0,
	    sizeof(sizes) / sizeof(*sizes));
	tcase_add_loop_test(tc, writes_durations, 0,
	    sizeof(durations) / sizeof(*durations));
	tcase_add_test(tc, writes_ages_clocks_and_counts);
	tcase_add_test(tc, reads_times_and_refuses_others);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
