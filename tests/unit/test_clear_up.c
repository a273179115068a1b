/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <check.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/select.h"
#include "ops_fixture.h"
#include "suite.h"

static struct fake with[] = { { .name = "a", .content = "alpha" },
    { .name = "b", .content = "beta" }, {0} };
static struct fixture f;
static dbbi_json *out;

static void
set_up(void)
{
	for (size_t i = 0; i < 2; i++)
		with[i] = (struct fake){ .name = with[i].name,
		    .content = with[i].content };
	fixture_begin(&f, with);
	out = NULL;
}

static void
tear_down(void)
{
	dbbi_json_free(out);
	fixture_end(&f);
}

static int
back_up(void)
{
	dbbi_json_free(out);
	return fixture_backup(&out, &f);
}

static int
restore(const char *const *sources, const char *to)
{
	dbb_restore_options options = DBB_RESTORE_OPTIONS_INIT;

	options.sources = sources;
	options.to = to;
	dbbi_json_free(out);
	out = NULL;
	return dbbi_op_restore(&out, &f.ops, &options, &f.err);
}

static const char *
warnings(void)
{
	return dbbi_json_text(dbbi_json_array(out, "warnings"));
}

/* A run that ended and left notes: "<word>", about source `name`. */
static void
leave(const char *kind, const char *name, const char *const *words)
{
	dbbi_vault vault;
	dbbi_note note = { .kind = kind, .name = name };

	ck_assert_int_eq(dbbi_vault_open(&vault, &f.ops, &f.err), 0);
	dbbi_vault_work(&vault, "run");
	for (; *words != NULL; words++) {
		dbbi_json *value = dbbi_json_new_object();

		dbbi_json_set_string(value, "word", *words);
		note.key = *words;
		note.value = value;
		ck_assert_msg(dbbi_lease_note(vault.lease, &note,
		    &f.err) == 0, "%s", f.err.message);
		dbbi_json_free(value);
	}
	dbbi_vault_close(&vault);
}

static void
leave_one(const char *name, const char *word)
{
	leave("postgres", name, (const char *const []){ word, NULL });
}

/* Is there a lease, and, if `word` is not NULL, one with this in it? */
static int
leases_have(const char *word)
{
	char path[400], text[4096];
	struct dirent *entry;
	int found = 0;
	size_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/repo/leases", f.root);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while (!found && (entry = readdir(dir)) != NULL) {
		FILE *file;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/repo/leases/%s", f.root,
		    entry->d_name);
		if ((file = fopen(path, "r")) == NULL)
			continue;
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[n] = '\0';
		found = word == NULL || (n > 16 &&
		    strstr(text + 16, word) != NULL);
	}
	closedir(dir);
	return found;
}

/* Let another process run `run`, and kill it once it has noted something. */
static void
kill_once_noted(int (*run)(void))
{
	pid_t pid = fork();
	int i, status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	for (i = 0; i < 1000 && !leases_have("\"notes\""); i++)
		usleep(10000);
	ck_assert_int_lt(i, 1000);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(what_a_killed_backup_left_is_taken_away_by_the_next)
{
	with[0].notes = 1;
	with[0].fault = FAKE_HANGS;
	kill_once_noted(back_up);
	ck_assert(leases_have("\"word\":\"a\""));
	with[0].fault = FAKE_WELL;
	ck_assert_msg(back_up() == DBB_OK, "%s", f.err.message);
	ck_assert_str_eq(with[0].cleared, "a@ ");
	ck_assert_str_eq(with[1].cleared, "");
	ck_assert(!leases_have(NULL));
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert_str_eq(with[0].cleared, "a@ ");
}
END_TEST

START_TEST(what_a_killed_backup_left_is_taken_away_by_a_restore)
{
	ck_assert_int_eq(back_up(), DBB_OK);
	with[1].notes = 1;
	with[1].fault = FAKE_HANGS;
	kill_once_noted(back_up);
	ck_assert_msg(restore(NULL, NULL) == DBB_OK, "%s", f.err.message);
	ck_assert_str_eq(with[1].cleared, "b@ ");
	ck_assert(!leases_have(NULL));
}
END_TEST

START_TEST(a_run_that_is_done_with_its_notes_leaves_none)
{
	with[0].notes = with[1].notes = 1;
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert(!leases_have(NULL));
	ck_assert_int_eq(restore(NULL, NULL), DBB_OK);
	ck_assert(!leases_have(NULL));
	ck_assert_str_eq(with[0].cleared, "");
}
END_TEST

START_TEST(what_a_run_could_not_take_away_is_left_to_the_next)
{
	with[0].notes = 2;
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert(leases_have("\"word\":\"a\""));
	with[0].notes = 0;
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert_str_eq(with[0].cleared, "a@ ");
	ck_assert(!leases_have(NULL));
	with[0].notes = 2;
	ck_assert_int_eq(restore(NULL, NULL), DBB_OK);
	ck_assert(leases_have("\"word\":\"a\""));
}
END_TEST

START_TEST(a_dry_run_takes_nothing_away)
{
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;

	leave_one("a", "x");
	options.dry_run = 1;
	ck_assert_int_eq(dbbi_op_backup(&out, &f.ops, &options, &f.err),
	    DBB_OK);
	ck_assert_str_eq(with[0].cleared, "");
	ck_assert(leases_have("\"x\""));
}
END_TEST

START_TEST(what_stays_is_a_warning_and_tried_again)
{
	leave("postgres", "a", (const char *const []){ "x", "y", NULL });
	with[0].clear_fails = DBB_ESOURCE;
	ck_assert_int_eq(back_up(), DBB_FINDINGS);
	ck_assert_str_eq(warnings(), "[\"postgres 'a': 2 of the things that "
	    "earlier runs left there could not be taken away, and the next "
	    "run tries again: told to fail\"]");
	ck_assert_str_eq(with[0].cleared, "x@ y@ ");
	ck_assert_int_eq(restore(NULL, NULL), DBB_FINDINGS);
	ck_assert_ptr_nonnull(strstr(warnings(), "told to fail"));
	with[0].clear_fails = 0;
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert(!leases_have(NULL));
}
END_TEST

static const int unreachable[] = { DBB_ECONNECT, DBB_EAUTH };

START_TEST(a_server_that_cannot_be_reached_is_asked_once)
{
	leave("postgres", "a", (const char *const []){ "x", "y", "z", NULL });
	leave_one("b", "w");
	with[0].clear_fails = unreachable[_i];
	ck_assert_int_eq(back_up(), DBB_FINDINGS);
	ck_assert_str_eq(with[0].cleared, "x@ ");
	ck_assert_str_eq(with[1].cleared, "w@ ");
	ck_assert_ptr_nonnull(strstr(warnings(), "'a': 3 of the things"));
	ck_assert(leases_have("\"z\""));
	ck_assert(!leases_have("\"w\""));
}
END_TEST

START_TEST(what_is_of_another_server_stays_without_a_warning)
{
	leave_one("a", "x");
	leave_one("unknown", "y");
	leave("mongodb", "a", (const char *const []){ "z", NULL });
	with[0].clear_fails = DBB_FINDINGS;
	ck_assert_int_eq(back_up(), DBB_OK);
	ck_assert_str_eq(with[0].cleared, "x@ ");
	ck_assert(leases_have("\"x\""));
	ck_assert(leases_have("\"y\""));
	ck_assert(leases_have("\"z\""));
}
END_TEST

START_TEST(a_restore_to_another_server_asks_that_one_too)
{
	const char *sources[] = { "a", NULL };

	ck_assert_int_eq(back_up(), DBB_OK);
	leave_one("a", "x");
	leave_one("b", "y");
	with[0].clear_fails = DBB_FINDINGS;
	ck_assert_msg(restore(sources, "there") == DBB_OK, "%s",
	    f.err.message);
	ck_assert_str_eq(with[0].cleared, "x@there x@ ");
	ck_assert_str_eq(with[1].cleared, "y@ ");
}
END_TEST

START_TEST(a_note_that_a_driver_does_not_understand_stays)
{
	dbbi_vault vault;
	dbbi_json *value = dbbi_json_new_object();
	dbbi_note note = { "postgres", "a", "key", value };

	ck_assert_int_eq(dbbi_vault_open(&vault, &f.ops, &f.err), 0);
	dbbi_vault_work(&vault, "run");
	ck_assert_int_eq(dbbi_lease_note(vault.lease, &note, &f.err), 0);
	dbbi_vault_close(&vault);
	dbbi_json_free(value);
	ck_assert_int_eq(back_up(), DBB_FINDINGS);
	ck_assert_ptr_nonnull(strstr(warnings(), "it has no word"));
	ck_assert(leases_have("\"key\":\"key\""));
}
END_TEST

static char logged[8192];

static void
remember(int level, const char *line, void *payload)
{
	size_t n = strlen(logged);

	(void)payload;
	if (level <= DBB_LOG_INFO)
		snprintf(logged + n, sizeof(logged) - n, "%s\n", line);
}

/* How often it was logged. */
static int
count_logged(const char *words)
{
	const char *at = logged;
	int n = 0;

	for (; (at = strstr(at, words)) != NULL; at++)
		n++;
	return n;
}

START_TEST(without_leases_a_run_works_on_and_says_so)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/repo/leases", f.root);
	ck_assert_int_ge(open(path, O_CREAT | O_WRONLY, 0600), 0);
	f.run.log = remember;
	f.run.log_level = DBB_LOG_INFO;
	with[0].notes = 1;
	ck_assert_msg(back_up() == DBB_OK, "%s", f.err.message);
	ck_assert_int_eq(count_logged("what it leaves in postgres 'a'"), 1);
	ck_assert_int_eq(count_logged("postgres 'b'"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clear up");
	TCase *tc = tcase_create("clear up");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    what_a_killed_backup_left_is_taken_away_by_the_next);
	tcase_add_test(tc,
	    what_a_killed_backup_left_is_taken_away_by_a_restore);
	tcase_add_test(tc, a_run_that_is_done_with_its_notes_leaves_none);
	tcase_add_test(tc,
	    what_a_run_could_not_take_away_is_left_to_the_next);
	tcase_add_test(tc, a_dry_run_takes_nothing_away);
	tcase_add_test(tc, what_stays_is_a_warning_and_tried_again);
	tcase_add_loop_test(tc, a_server_that_cannot_be_reached_is_asked_once,
	    0, 2);
	tcase_add_test(tc,
	    what_is_of_another_server_stays_without_a_warning);
	tcase_add_test(tc, a_restore_to_another_server_asks_that_one_too);
	tcase_add_test(tc, a_note_that_a_driver_does_not_understand_stays);
	tcase_add_test(tc, without_leases_a_run_works_on_and_says_so);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
