/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "net/retry.h"
#include "source/qd_snapshot_list.h"
#include "util/bytes.h"
#include "util/clock.h"

#define STILL_POLLS 5		/* so often nothing may show, and nothing
				   be at work on the collection */

/* What is refused for a moment is asked for again. */
static const dbbi_retry_policy when_busy = { .times = 6, .for_s = 120,
    .first_ms = 500, .most_ms = 15000 };
/* A snapshot takes as long as it takes; nobody waits for ever. */
static const dbbi_retry_policy when_lost = { .times = 100000,
    .for_s = 12 * 3600, .first_ms = 1000, .most_ms = 10000 };

/* One snapshot that is asked for. */
struct making {
	dbbi_qd *qd;
	const char *collection;
	dbbi_notes *notes;
	char *key;		/* of its note */
	dbbi_json *note;
};

void
dbbi_qd_snapshot_clear(dbbi_qd_snapshot *snapshot)
{
	free(snapshot->name);
	memset(snapshot, 0, sizeof(*snapshot));
}

/* ---- the note ---- */

static char *
key_of(const dbbi_qd *qd, const char *collection)
{
	return dbbi_text_format("%s %s@%s", DBBI_QD_NOTE_SNAPSHOT, collection,
	    dbbi_qd_address(qd));
}

static int
put_note(const struct making *m, dbb_error *err)
{
	return m->notes == NULL ? DBB_OK :
	    m->notes->put(m->notes, m->key, m->note, err);
}

/* What there is now is none of ours. */
static int
begin_note(struct making *m, const dbbi_json *list, dbb_error *err)
{
	int64_t asked_at_ms = dbbi_qd_now_ms(m->qd);
	dbbi_json *before;

	before = dbbi_qd_snapshots_near(list, m->collection, asked_at_ms);
	dbbi_json_free(m->note);
	m->note = dbbi_json_new_object();
	if (dbbi_json_set(m->note, "before", before) < 0 ||
	    dbbi_json_set_string(m->note, "makes",
	    DBBI_QD_NOTE_SNAPSHOT) < 0 ||
	    dbbi_json_set_string(m->note, "url",
	    dbbi_qd_address(m->qd)) < 0 ||
	    dbbi_json_set_string(m->note, "collection", m->collection) < 0 ||
	    dbbi_json_set_i64(m->note, "asked_at_ms", asked_at_ms) < 0)
		return dbbi_error_nomem(err);
	return put_note(m, err);
}

/* From here on the very one is known. */
static int
complete_note(struct making *m, const dbbi_qd_snapshot *made, dbb_error *err)
{
	if (dbbi_json_set_string(m->note, "name", made->name) < 0)
		return dbbi_error_nomem(err);
	return put_note(m, err);
}

/* ---- asking for it ---- */

static int
wait_a_moment(dbbi_qd *qd, unsigned ms, dbb_error *err)
{
	dbbi_retry retry = { .policy = { .times = 1, .for_s = 60,
	    .first_ms = ms, .most_ms = ms } };
	int rc = dbbi_retry_wait(&retry, ms, dbbi_qd_run(qd), err);

	return rc < 0 ? rc : DBB_OK;
}

/* The list before; none of it as young as the one to come would be. */
static int
list_before(dbbi_json **list, const struct making *m, dbb_error *err)
{
	int rc;

	rc = dbbi_qd_snapshots_list(list, m->qd, m->collection, err);
	if (rc < 0 || dbbi_qd_snapshots_newest(*list, m->collection) <
	    dbbi_qd_now_ms(m->qd) - 1000)
		return rc;
	return wait_a_moment(m->qd, 2000, err);
}

static int
ask(dbbi_qd_snapshot *out, const struct making *m, dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s/snapshots?wait=true",
	    m->collection);
	dbbi_json *result = NULL;
	int rc;

	if (path == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_qd_ask_patiently(&result, m->qd, "POST", path, NULL, err);
	if (rc == 0)
		rc = dbbi_qd_snapshot_read(out, m->collection, result, err);
	dbbi_json_free(result);
	free(path);
	if (rc == DBB_ENOTFOUND)
		dbbi_error_hint(err, "it was there a moment ago: somebody "
		    "deleted it; run the backup again");
	if (rc == DBB_EACCESS)
		dbbi_error_hint(err, "taking a snapshot needs the right 'rw' "
		    "on the collection, or the server's api key; 'method = "
		    "scroll' needs the right to read alone");
	return rc;
}

/* Was the request heard, although no answer came? */
static int
is_lost(int rc, const dbb_error *why)
{
	return rc == DBB_EIO || (rc == DBB_ECONNECT &&
	    (strcmp(why->remote, "502") == 0 ||
	    strcmp(why->remote, "504") == 0));
}

/* ---- when no answer came ---- */

/* Is something at work on the collection, as it is while a snapshot is made?
 * When in doubt it is. */
static int
is_at_work(const struct making *m)
{
	char *path = dbbi_qd_path("/collections/%s", m->collection);
	dbbi_json *info = NULL;
	const char *status;
	int yes = 1;

	if (path != NULL && dbbi_qd_ask(&info, m->qd, "GET", path, NULL,
	    NULL) == 0) {
		status = dbbi_json_string(info, "status");
		yes = status != NULL && strcmp(status, "yellow") == 0;
	}
	dbbi_json_free(info);
	free(path);
	return yes;
}

/* 1: there it is, and it grows no more (`*size` is how long it was). */
static int
find_made(dbbi_qd_snapshot *out, uint64_t *size, const struct making *m,
    dbb_error *err)
{
	dbbi_json *list = NULL;
	const dbbi_json *one = NULL;
	uint64_t before = *size;
	int rc;

	rc = dbbi_qd_snapshots_list(&list, m->qd, m->collection, err);
	if (rc == 0)
		rc = dbbi_qd_snapshots_find(&one, list, m->note, err);
	if (rc == 0 && one != NULL) {
		rc = dbbi_qd_snapshot_read(out, m->collection, one, err);
		if (rc == 0) {
			*size = out->size_bytes;
			rc = out->sha256[0] != '\0' || *size == before;
		}
		if (rc == 0)
			dbbi_qd_snapshot_clear(out);
	}
	dbbi_json_free(list);
	return rc;
}

/* A proxy may have given up while the server goes on. 1: it is there after
 * all; 0: it does not come. */
static int
await_lost(dbbi_qd_snapshot *out, const struct making *m, dbb_error *err)
{
	dbbi_retry retry = { .policy = when_lost };
	uint64_t size = UINT64_MAX;
	unsigned still = 0;
	int rc;

	dbbi_log(dbbi_qd_run(m->qd), DBB_LOG_INFO, "qdrant: the answer about "
	    "the snapshot of '%s' was lost: looking whether it comes",
	    m->collection);
	for (;;) {
		if ((rc = find_made(out, &size, m, err)) != 0)
			return rc;
		still = size != UINT64_MAX || is_at_work(m) ? 0 : still + 1;
		if (still >= STILL_POLLS)
			return 0;
		rc = dbbi_retry_wait(&retry, 0, dbbi_qd_run(m->qd), err);
		if (rc <= 0)
			return rc;
	}
}

static int
refuse_lost(const dbb_error *why, int rc, dbb_error *err)
{
	if (err != NULL)
		*err = *why;
	dbbi_error_hint(err, "the request was cut and no snapshot shows: a "
	    "proxy between must wait as long as the snapshot takes (or ask the "
	    "server itself)");
	return rc;
}

/* ---- making ---- */

static int
make_once(dbbi_qd_snapshot *out, struct making *m, dbb_error *err)
{
	dbbi_json *list = NULL;
	dbb_error why = {0};
	int rc, found;

	rc = list_before(&list, m, err);
	if (rc == 0)
		rc = begin_note(m, list, err);
	dbbi_json_free(list);
	if (rc < 0)
		return rc;
	rc = ask(out, m, &why);
	if (is_lost(rc, &why)) {
		found = await_lost(out, m, err);
		if (found < 0)
			return found;
		return found > 0 ? DBB_OK : refuse_lost(&why, rc, err);
	}
	if (rc < 0 && rc != DBB_ECANCELED && m->notes != NULL)
		m->notes->remove(m->notes, m->key);
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

/* Refused for a moment: 1, after a wait. */
static int
may_try_again(dbbi_retry *retry, const struct making *m,
    const dbb_error *why, dbb_error *err)
{
	if (strcmp(why->remote, "429") != 0 &&
	    strcmp(why->remote, "503") != 0)
		return 0;
	return dbbi_retry_wait(retry, 0, dbbi_qd_run(m->qd), err);
}

static int
make_until(dbbi_qd_snapshot *out, struct making *m, dbb_error *err)
{
	dbbi_retry retry = { .policy = when_busy };
	dbb_error why;
	int rc, again;

	do {
		memset(&why, 0, sizeof(why));
		rc = make_once(out, m, &why);
		again = rc < 0 ? may_try_again(&retry, m, &why, err) : 0;
	} while (again > 0);
	if (again < 0)
		return again;
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

int
dbbi_qd_snapshot_make(dbbi_qd_snapshot *out, dbbi_qd *qd,
    const char *collection, dbbi_notes *notes, dbb_error *err)
{
	struct making m = { .qd = qd, .collection = collection,
	    .notes = notes, .key = key_of(qd, collection) };
	dbbi_qd_snapshot made = {0};
	int rc;

	if (m.key == NULL)
		return dbbi_error_nomem(err);
	rc = make_until(&made, &m, err);
	if (rc == 0) {
		*out = made;
		rc = complete_note(&m, &made, err);
	}
	dbbi_json_free(m.note);
	free(m.key);
	return dbbi_error_context(err, rc, "taking a snapshot");
}

int
dbbi_qd_snapshot_delete(dbbi_qd *qd, const char *collection,
    const char *name, dbbi_notes *notes, dbb_error *err)
{
	char *path = dbbi_qd_path("/collections/%s/snapshots/%s?wait=true",
	    collection, name), *key = key_of(qd, collection);
	dbb_error why = {0};
	int rc;

	if (path == NULL || key == NULL)
		rc = dbbi_error_nomem(&why);
	else
		rc = dbbi_qd_ask(NULL, qd, "DELETE", path, NULL, &why);
	if (rc == DBB_ENOTFOUND)
		rc = 0;
	if (rc == 0 && notes != NULL)
		notes->remove(notes, key);
	if (rc < 0 && err != NULL)
		*err = why;
	free(path);
	free(key);
	return dbbi_error_context(err, rc, "deleting snapshot '%s'", name);
}

int
dbbi_qd_snapshot_listed(char sha256[DBBI_SHA256_HEX], dbbi_qd *qd,
    const char *collection, const char *name, dbb_error *err)
{
	dbbi_json *list = NULL;
	int rc = dbbi_qd_snapshots_list(&list, qd, collection, err);
	const char *checksum;
	size_t i;

	sha256[0] = '\0';
	for (i = 0; i < dbbi_json_count(list); i++) {
		const dbbi_json *one = dbbi_json_at(list, i);
		const char *listed = dbbi_json_string(one, "name");

		checksum = dbbi_json_string(one, "checksum");
		if (listed != NULL && strcmp(listed, name) == 0 &&
		    checksum != NULL && strlen(checksum) ==
		    DBBI_SHA256_HEX - 1)
			memcpy(sha256, checksum, DBBI_SHA256_HEX);
	}
	dbbi_json_free(list);
	return rc;
}
