/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "../../frontends/common/cells.h"
#include "../../frontends/common/progress.h"
#include "suite.h"

#define MIB (UINT64_C(1) << 20)

static cli_progress progress;
static dbb_progress report;
static char line[CLI_PROGRESS_LINE];

static void
setup(void)
{
	cli_cells_begin();
	memset(&progress, 0, sizeof(progress));
	memset(&report, 0, sizeof(report));
	report.size = sizeof(report);
	report.phase = DBB_PHASE_READ;
	report.source = "main";
	report.stream = "app.dump";
}

/* Ten seconds at 100 MiB a second. */
static void
run_ten_seconds(void)
{
	uint64_t ms;

	for (ms = 0; ms <= 10000; ms += 200) {
		report.bytes_done = ms * 100 * MIB / 1000;
		cli_progress_note(&progress, &report, 5000 + ms);
	}
}

START_TEST(measures_the_rate_of_the_last_seconds)
{
	ck_assert_uint_eq(cli_progress_rate(&progress), 0);
	cli_progress_note(&progress, &report, 0);
	ck_assert_uint_eq(cli_progress_rate(&progress), 0);
	setup();
	run_ten_seconds();
	ck_assert_uint_eq(cli_progress_rate(&progress), 100 * MIB);
	/* A stall shows, though not at once. */
	cli_progress_note(&progress, &report, 21000);
	ck_assert_uint_lt(cli_progress_rate(&progress), 60 * MIB);
}
END_TEST

START_TEST(begins_anew_when_bytes_go_back)
{
	run_ten_seconds();
	report.bytes_done = 0;
	cli_progress_note(&progress, &report, 15200);
	ck_assert_uint_eq(cli_progress_rate(&progress), 0);
}
END_TEST

START_TEST(is_due_when_time_went_by_or_the_phase_changed)
{
	ck_assert_int_eq(cli_progress_due(&progress, &report, 0, 150), 1);
	ck_assert_int_eq(cli_progress_due(&progress, &report, 149, 150), 0);
	ck_assert_int_eq(cli_progress_due(&progress, &report, 150, 150), 1);
	report.phase = DBB_PHASE_COMMIT;
	ck_assert_int_eq(cli_progress_due(&progress, &report, 151, 150), 1);
	report.phase = DBB_PHASE_DONE;
	ck_assert_int_eq(cli_progress_due(&progress, &report, 152, 150), 0);
	report.phase = DBB_PHASE_COMMIT;
	ck_assert_int_eq(cli_progress_due(&progress, &report, 153, 150), 0);
}
END_TEST

START_TEST(tells_all_where_there_is_room)
{
	run_ten_seconds();
	report.bytes_total = 2000 * MIB;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_str_eq(line, "main app.dump  0.98 GiB of 1.95 GiB  50 %  "
	    "100 MiB/s  0:10 left");
}
END_TEST

START_TEST(tells_less_where_there_is_little)
{
	run_ten_seconds();
	report.bytes_total = 2000 * MIB;
	cli_progress_line(line, &progress, &report, 52);
	ck_assert_str_eq(line,
	    "main app.dump  0.98 GiB  50 %  100 MiB/s  0:10 left");
	cli_progress_line(line, &progress, &report, 39);
	ck_assert_str_eq(line, "main app.dump  0.98 GiB 100 MiB/s 0:10");
	cli_progress_line(line, &progress, &report, 24);
	ck_assert_str_eq(line, "main app.dump  0.98 GiB");
	cli_progress_line(line, &progress, &report, 15);
	ck_assert_str_eq(line, "ma...  0.98 GiB");
}
END_TEST

START_TEST(never_gets_wider_than_it_may)
{
	size_t columns;

	run_ten_seconds();
	report.bytes_total = 3 * UINT64_C(1000000000000);
	report.stream = "gr\xc3\xb6\xc3\x9f" "e\n\xe6\x97\xa5\xe6\x9c\xac"
	    "\x1b[2J and a very long name indeed.dump";
	for (columns = 0; columns < 200; columns++) {
		cli_progress_line(line, &progress, &report, columns);
		ck_assert_uint_le(cli_cells_width(line), columns);
		ck_assert_ptr_null(strchr(line, '\n'));
		ck_assert_ptr_null(strchr(line, '\x1b'));
	}
	ck_assert_ptr_nonnull(strstr(line, "\xc3\xb6\xc3\x9f" "e?\xe6"));
}
END_TEST

START_TEST(survives_a_name_of_any_length)
{
	static char huge[100000];

	memset(huge, 'n', sizeof(huge) - 1);
	report.stream = huge;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_uint_le(cli_cells_width(line), 79);
	cli_progress_line(line, &progress, &report, 5000);
	ck_assert_uint_lt(strlen(line), CLI_PROGRESS_LINE);
}
END_TEST

START_TEST(says_nothing_of_a_total_that_was_surpassed)
{
	run_ten_seconds();
	report.bytes_total = 10 * MIB;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_str_eq(line, "main app.dump  0.98 GiB  100 MiB/s");
}
END_TEST

START_TEST(names_phases_in_which_no_bytes_move)
{
	report.source = report.stream = "";
	report.phase = DBB_PHASE_PREPARE;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_str_eq(line, "preparing");
	report.source = "main";
	report.phase = DBB_PHASE_COMPARE;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_str_eq(line, "comparing main");
	report.source = "";
	report.phase = 4711;
	cli_progress_line(line, &progress, &report, 79);
	ck_assert_str_eq(line, "working");
	ck_assert_str_eq(cli_progress_phase(4711), "work");
	ck_assert_str_eq(cli_progress_phase(DBB_PHASE_READ), "read");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("progress");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, measures_the_rate_of_the_last_seconds);
	tcase_add_test(tc, begins_anew_when_bytes_go_back);
	tcase_add_test(tc, is_due_when_time_went_by_or_the_phase_changed);
	tcase_add_test(tc, tells_all_where_there_is_room);
	tcase_add_test(tc, tells_less_where_there_is_little);
	tcase_add_test(tc, never_gets_wider_than_it_may);
	tcase_add_test(tc, survives_a_name_of_any_length);
	tcase_add_test(tc, says_nothing_of_a_total_that_was_surpassed);
	tcase_add_test(tc, names_phases_in_which_no_bytes_move);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
