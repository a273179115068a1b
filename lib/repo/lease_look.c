/* SPDX-License-Identifier: BSD-2-Clause */
/* lease_look: the leases of others: who is at work, and what those left who
 * are not any more. */
#include <config.h>

#include "repo/lease.h"

#include <string.h>
#include <unistd.h>

#include "repo/lease_notes.h"
#include "repo/lease_object.h"
#include "repo/repository.h"
#include "util/clock.h"
#include "util/process_mark.h"

#define HEEDED_MS (30 * 24 * 3600 * (int64_t)1000)
#define LONGEST_WORD 256u	/* bytes; of what is shown */

static int
is_of_this_host(const dbbi_json *lease)
{
	const char *host = dbbi_json_string(lease, "host");
	char own[256] = "";

	if (gethostname(own, sizeof own - 1) < 0)
		return 0;
	dbbi_text_make_utf8(own);
	return host != NULL && strcmp(host, own) == 0;
}

/* 1: its run is over; 0: it is not; -1: it is no lease. */
static int
is_over(const dbbi_json *lease)
{
	const char *until = dbbi_json_string(lease, "until");
	int64_t until_ms;

	if (until == NULL || dbbi_time_parse(&until_ms, until) < 0)
		return -1;
	return until_ms <= dbbi_now_ms() || (is_of_this_host(lease) &&
	    dbbi_process_fate(dbbi_json_string(lease, "process")) ==
	    DBBI_PROCESS_GONE);
}

/* ---- who is at work ---- */

/* Take over only what is shown, as it should be; 0, or -1. */
static int
copy_words(dbbi_json *to, const dbbi_json *from)
{
	static const char *const words[] = { "verb", "host", "version",
	    "started_at", "until" };
	const char *text;
	uint64_t pid;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((text = dbbi_json_string(from, words[i])) == NULL ||
		    strlen(text) > LONGEST_WORD ||
		    dbbi_json_set_string(to, words[i], text) < 0)
			return -1;
	return dbbi_json_u64(&pid, from, "pid") < 0 ||
	    dbbi_json_set_u64(to, "pid", pid) < 0 ? -1 : 0;
}

static int
list_one(dbbi_json *list, dbbi_repo *repo, const char *object,
    dbb_error *err)
{
	dbbi_json *lease = NULL, *words;
	int shown;

	if (dbbi_lease_read(&lease, repo, object, NULL) < 0)
		return 0;
	words = dbbi_json_new_object();
	shown = is_over(lease) == 0 && copy_words(words, lease) == 0;
	dbbi_json_free(lease);
	if (shown)
		return dbbi_json_append(list, words) < 0 ?
		    dbbi_error_nomem(err) : 0;
	dbbi_json_free(words);
	return 0;
}

int
dbbi_leases_list(dbbi_json **out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	dbbi_json *list = dbbi_json_new_array();
	int rc;

	rc = list == NULL ? dbbi_error_nomem(err) :
	    dbbi_lease_names(&names, repo, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = list_one(list, repo, names.items[i], err);
	dbbi_list_clear(&names);
	if (rc == 0)
		*out = list;
	else
		dbbi_json_free(list);
	return dbbi_error_context(err, rc, "looking who is at work");
}

/* ---- notes of those who are not ---- */

/* Of a run that began so long ago that its notes do not matter. */
static int
is_forgotten(const char *object)
{
	char since[DBBI_TIME_SIZE];

	dbbi_time_compact(since, dbbi_now_ms() - HEEDED_MS);
	return strncmp(object + strlen(DBBI_LEASES), since,
	    strlen(since)) < 0;
}

/* Ask `fn` about each; `*left` are those that stay. */
static int
ask(dbbi_json **left, const dbbi_json *notes, dbbi_note_fn fn, void *payload,
    dbb_error *err)
{
	dbbi_json *stay = dbbi_json_new_array();
	int dropped, rc = stay == NULL ? dbbi_error_nomem(err) : 0;
	dbbi_note note;

	for (size_t i = 0; rc == 0 && i < dbbi_json_count(notes); i++) {
		if (dbbi_note_get(&note, notes, i) < 0)
			continue;
		if ((dropped = fn(&note, payload, err)) < 0)
			rc = dropped;
		else if (!dropped && dbbi_json_append(stay,
		    json_object_get(dbbi_json_at(notes, i))) < 0)
			rc = dbbi_error_nomem(err);
	}
	if (rc < 0)
		dbbi_json_free(stay);
	else
		*left = stay;
	return rc;
}

/* Write down what is left of a lease's notes, or take it away. Where that is
 * not allowed the next run asks again, for what is gone then. */
static void
keep_left(dbbi_repo *repo, const char *object, dbbi_json *lease,
    dbbi_json *left)
{
	dbb_error why = {0};

	if (dbbi_json_count(left) == 0 &&
	    dbbi_store_remove(repo->store, object, &why) == 0)
		return;
	if (dbbi_json_set(lease, "notes", json_object_get(left)) < 0 ||
	    dbbi_lease_write(repo, object, lease, DBB_PUT_REPLACE, &why) < 0)
		dbbi_log(repo->run, DBB_LOG_INFO, "notes that are done with "
		    "stay in '%s': %s", object, why.message);
}

static int
go_through(dbbi_repo *repo, const char *object, dbbi_note_fn fn,
    void *payload, dbb_error *err)
{
	dbbi_json *lease = NULL, *notes, *left = NULL;
	int rc;

	rc = dbbi_lease_read(&lease, repo, object, err);
	if (rc < 0)
		return rc == DBB_EACCESS ? rc : 0;
	notes = dbbi_json_array(lease, "notes");
	if (dbbi_json_count(notes) > 0 &&
	    dbbi_json_count(notes) <= DBBI_NOTES_MOST && is_over(lease) == 1 &&
	    (rc = ask(&left, notes, fn, payload, err)) == 0 &&
	    dbbi_json_count(left) < dbbi_json_count(notes))
		keep_left(repo, object, lease, left);
	dbbi_json_free(left);
	dbbi_json_free(lease);
	return rc;
}

int
dbbi_leases_left(dbbi_repo *repo, dbbi_note_fn fn, void *payload,
    dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	int rc;

	rc = dbbi_lease_names(&names, repo, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		if (!is_forgotten(names.items[i]))
			rc = go_through(repo, names.items[i], fn, payload,
			    err);
	dbbi_list_clear(&names);
	return dbbi_error_context(err, rc, "looking what earlier runs left");
}

/* ---- sweeping ---- */

static int
has_notes(const dbbi_json *lease)
{
	const dbbi_json *notes = dbbi_json_array(lease, "notes");
	dbbi_note note;

	if (dbbi_json_count(notes) > DBBI_NOTES_MOST)
		return 0;
	for (size_t i = 0; i < dbbi_json_count(notes); i++)
		if (dbbi_note_get(&note, notes, i) == 0)
			return 1;
	return 0;
}

void
dbbi_leases_sweep(dbbi_repo *repo)
{
	dbbi_list names = { NULL, 0 };
	dbbi_json *lease;

	dbbi_lease_names(&names, repo, NULL);
	for (size_t i = 0; i < names.count; i++) {
		lease = NULL;
		if (dbbi_lease_read(&lease, repo, names.items[i],
		    NULL) == 0 && is_over(lease) == 1 &&
		    (is_forgotten(names.items[i]) || !has_notes(lease)))
			dbbi_store_remove(repo->store, names.items[i], NULL);
		dbbi_json_free(lease);
	}
	dbbi_list_clear(&names);
}
