/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_upload_left: what an upload leaves on the server, written down before and
 * taken away after.
 *
 * Two notes, for they end at different times:
 *
 *	{"makes":"restore","url":…,"collection":…,"file":…}	the file
 *	{"makes":"restore","url":…,"collection":…}	the collection, where its
 *		name is a scratch name; with "serves":…, once what it is to
 *		replace is being deleted
 *
 * Whoever could write such notes into a store could have files of ours and
 * scratch collections deleted, and nothing else.
 */
#include <config.h>

#include "source/qd_upload_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/qd_discover.h"
#include "source/qd_target_private.h"
#include "util/bytes.h"
#include "util/random.h"

#define CHANCE 8		/* bytes */

int
dbbi_qd_file_name(char out[DBBI_QD_FILE_SIZE], dbb_error *err)
{
	uint8_t chance[CHANCE];
	char digits[2 * CHANCE + 1];
	int rc;

	if ((rc = dbbi_random(chance, sizeof(chance), err)) < 0)
		return rc;
	dbbi_hex_encode(digits, chance, sizeof(chance));
	snprintf(out, DBBI_QD_FILE_SIZE, "dbb-%s.snapshot", digits);
	return 0;
}

static int
is_file_name(const char *name)
{
	char digits[2 * CHANCE + 1];
	uint8_t chance[CHANCE];

	if (strlen(name) != 4 + 2 * CHANCE + strlen(".snapshot") ||
	    strncmp(name, "dbb-", 4) != 0 ||
	    strcmp(name + 4 + 2 * CHANCE, ".snapshot") != 0)
		return 0;
	memcpy(digits, name + 4, 2 * CHANCE);
	digits[2 * CHANCE] = '\0';
	return dbbi_hex_decode(chance, CHANCE, digits) == 0;
}

/* ---- notes ---- */

static char *
key_of(const char *what, const char *name)
{
	return dbbi_text_format("%s %s of %s", DBBI_QD_NOTE_RESTORE, what,
	    name);
}

/* `more` is a member with the text `value`; or NULL. */
static int
put_note(const dbbi_qd_site *site, const char *what, const char *name,
    const char *more, const char *value, dbb_error *err)
{
	dbbi_json *note = dbbi_json_new_object();
	char *key = key_of(what, name);
	int rc;

	if (key == NULL || dbbi_json_set_string(note, "makes",
	    DBBI_QD_NOTE_RESTORE) < 0 ||
	    dbbi_json_set_string(note, "url",
	    dbbi_qd_address(site->qd)) < 0 ||
	    dbbi_json_set_string(note, "collection", name) < 0 ||
	    (more != NULL && dbbi_json_set_string(note, more, value) < 0))
		rc = dbbi_error_nomem(err);
	else
		rc = site->notes->put(site->notes, key, note, err);
	dbbi_json_free(note);
	free(key);
	return rc;
}

static void
remove_note(const dbbi_qd_site *site, const char *what, const char *name)
{
	char *key = site->notes != NULL ? key_of(what, name) : NULL;

	if (key != NULL)
		site->notes->remove(site->notes, key);
	free(key);
}

int
dbbi_qd_left_note(const dbbi_qd_site *site, const char *name,
    const char *file, dbb_error *err)
{
	int rc = 0;

	if (site->notes == NULL)
		return 0;
	if (dbbi_qd_is_scratch_name(NULL, name, NULL))
		rc = put_note(site, "collection", name, NULL, NULL, err);
	return rc < 0 || file == NULL ? rc :
	    put_note(site, "file", name, "file", file, err);
}

int
dbbi_qd_upload_serves(const dbbi_qd_site *site, const char *name,
    const char *target, dbb_error *err)
{
	return site->notes == NULL ? 0 :
	    put_note(site, "collection", name, "serves", target, err);
}

void
dbbi_qd_upload_forget(const dbbi_qd_site *site, const char *name)
{
	remove_note(site, "collection", name);
}

/* ---- asking ---- */

/* 1: it was there; 0: it was not. */
static int
ask_to_delete(dbbi_qd *qd, char *path, dbb_error *err)
{
	dbbi_json *result = NULL;
	int rc;

	if (path == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_qd_ask(&result, qd, "DELETE", path, NULL, err);
	if (rc == 0)
		rc = json_object_get_boolean(result);
	else if (rc == DBB_ENOTFOUND)
		rc = 0;
	dbbi_json_free(result);
	free(path);
	return rc;
}

static int
delete_file(dbbi_qd *qd, const char *name, const char *file, dbb_error *err)
{
	int rc = ask_to_delete(qd, dbbi_qd_path("/collections/%s/snapshots/"
	    "%s?wait=true", name, file), err);

	return dbbi_error_context(err, rc, "deleting the uploaded file '%s'",
	    file);
}

static int
delete_collection(dbbi_qd *qd, const char *name, dbb_error *err)
{
	int rc = ask_to_delete(qd, dbbi_qd_path("/collections/%s?timeout=60",
	    name), err);

	return dbbi_error_context(err, rc, "deleting collection '%s'", name);
}

int
dbbi_qd_collection_delete(dbbi_qd *qd, const char *name, dbb_error *err)
{
	int rc = delete_collection(qd, name, err);

	return rc < 0 ? rc : 0;
}

int
dbbi_qd_collection_exists(int *exists, dbbi_qd *qd, const char *name,
    dbb_error *err)
{
	dbbi_json *result = NULL;
	dbbi_json *all;
	const char *one;
	size_t i;
	int rc;

	*exists = 0;
	if ((rc = dbbi_qd_ask(&result, qd, "GET", "/collections", NULL,
	    err)) < 0)
		return rc;
	all = dbbi_json_array(result, "collections");
	for (i = 0; i < dbbi_json_count(all); i++) {
		one = dbbi_json_string(dbbi_json_at(all, i), "name");
		*exists |= one != NULL && strcmp(one, name) == 0;
	}
	dbbi_json_free(result);
	return 0;
}

/* Files of a collection that is not there are only reached when it is. */
static int
delete_unreachable(dbbi_qd *qd, const char *name, const char *file,
    dbb_error *err)
{
	static const char shape[] = "{\"vectors\":{\"size\":1,\"distance\":"
	    "\"Dot\"}}";
	char *path = dbbi_qd_path("/collections/%s?timeout=60", name);
	dbbi_json *body = NULL;
	int rc, undone;

	rc = path == NULL ? dbbi_error_nomem(err) :
	    dbbi_json_parse(&body, shape, strlen(shape), err);
	if (rc == 0)
		rc = dbbi_qd_ask(NULL, qd, "PUT", path, body, err);
	if (rc == 0) {
		rc = delete_file(qd, name, file, err);
		undone = delete_collection(qd, name, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : undone;
	}
	dbbi_json_free(body);
	free(path);
	return rc < 0 ? rc : 0;
}

/* Both, or the file alone; 1: something was there. */
static int
delete_all(dbbi_qd *qd, const char *name, const char *file, int is_ours,
    dbb_error *err)
{
	int exists = 0, had_file, rc;

	if ((rc = dbbi_qd_collection_exists(&exists, qd, name, err)) < 0)
		return rc;
	if (!exists) {
		rc = delete_unreachable(qd, name, file, err);
		return rc < 0 ? rc : 0;
	}
	had_file = delete_file(qd, name, file, err);
	if (had_file < 0 || !is_ours)
		return had_file;
	rc = delete_collection(qd, name, err);
	return rc < 0 ? rc : rc | had_file;
}

/* ---- at the end of an upload ---- */

static int
connect_to_clean(dbbi_qd **out, const dbbi_qd_site *site, dbb_error *err)
{
	return dbbi_qd_connect_to_clean(out, site->settings,
	    dbbi_qd_address(site->qd), site->run, err);
}

static void
tell_left(const dbbi_qd_site *site, const char *name, const dbb_error *why)
{
	dbbi_log(site->run, DBB_LOG_WARNING, "qdrant: something of collection "
	    "'%s' is left on the server, the next run removes it: %s", name,
	    why->message);
}

void
dbbi_qd_left_file(const dbbi_qd_site *site, const char *name,
    const char *file)
{
	dbbi_qd *qd = NULL;
	dbb_error why = {0};
	int rc;

	rc = delete_file(site->qd, name, file, NULL);
	if (rc < 0 && (rc = connect_to_clean(&qd, site, &why)) == 0)
		rc = delete_file(qd, name, file, &why);
	dbbi_qd_free(qd);
	if (rc < 0)
		tell_left(site, name, &why);
	else
		remove_note(site, "file", name);
}

void
dbbi_qd_left_nothing(const dbbi_qd_site *site, const char *name)
{
	remove_note(site, "file", name);
	remove_note(site, "collection", name);
}

void
dbbi_qd_left_all(const dbbi_qd_site *site, const char *name,
    const char *file, int may_be_ours, int is_sure)
{
	int is_ours = may_be_ours ||
	    dbbi_qd_is_scratch_name(NULL, name, NULL);
	dbbi_qd *qd = NULL;
	dbb_error why = {0};
	int rc;

	rc = connect_to_clean(&qd, site, &why);
	if (rc == 0)
		rc = delete_all(qd, name, file, is_ours, &why);
	dbbi_qd_free(qd);
	if (rc < 0) {
		tell_left(site, name, &why);
	} else if (rc > 0 || is_sure) {
		dbbi_qd_left_nothing(site, name);
	}
}

int
dbbi_qd_upload_undo(const dbbi_qd_site *site, const char *name,
    dbb_error *err)
{
	dbbi_qd *qd = NULL;
	int rc;

	rc = connect_to_clean(&qd, site, err);
	if (rc == 0)
		rc = dbbi_qd_collection_delete(qd, name, err);
	dbbi_qd_free(qd);
	if (rc == 0)
		dbbi_qd_upload_forget(site, name);
	return rc;
}

/* ---- what a killed restore left ---- */

/* It was killed between deleting the old collection and putting the new one
 * into its place: let the old name lead to what there is. */
static int
finish_for(dbbi_qd *qd, const char *name, const char *target, dbb_error *err)
{
	int exists = 0, rc;

	if ((rc = dbbi_qd_collection_exists(&exists, qd, name, err)) < 0 ||
	    !exists)
		return rc;
	if ((rc = dbbi_qd_collection_exists(&exists, qd, target, err)) < 0)
		return rc;
	if (!exists)
		return dbbi_qd_alias_point(qd, target, name, err);
	dbbi_error_set(err, DBB_EEXIST, "a killed restore was putting '%s' "
	    "into the place of '%s', and both are there", name, target);
	dbbi_error_hint(err, "compare the two, and delete the one that is not "
	    "wanted; '%s' was compared with its backup, '%s' perhaps not yet",
	    name, target);
	return DBB_EEXIST;
}

static int
clear_file(dbbi_qd *qd, const char *name, const char *file, dbb_error *err)
{
	int exists = 0, rc;

	if (!is_file_name(file))
		return dbbi_error_set(err, DBB_EDAMAGED, "the note names a "
		    "file that is none of ours");
	if ((rc = dbbi_qd_collection_exists(&exists, qd, name, err)) < 0)
		return rc;
	if (!exists && dbbi_qd_is_scratch_name(NULL, name, NULL))
		return delete_unreachable(qd, name, file, err);
	rc = delete_file(qd, name, file, err);
	return rc < 0 ? rc : 0;
}

int
dbbi_qd_upload_clear_up(dbbi_qd *qd, const dbbi_json *note, dbb_error *err)
{
	const char *name = dbbi_json_string(note, "collection");
	const char *file = dbbi_json_string(note, "file");
	const char *serves = dbbi_json_string(note, "serves");

	if (name == NULL || !dbbi_qd_is_name(name))
		return dbbi_error_set(err, DBB_EDAMAGED, "the note names no "
		    "collection");
	if (file != NULL)
		return clear_file(qd, name, file, err);
	if (!dbbi_qd_is_scratch_name(NULL, name, serves))
		return dbbi_error_set(err, DBB_EDAMAGED, "the note names a "
		    "collection that is none of ours");
	return serves != NULL ? finish_for(qd, name, serves, err) :
	    dbbi_qd_collection_delete(qd, name, err);
}
