/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/lease_notes.h"

#include <string.h>

#define LONGEST_TEXT 512u	/* bytes */
#define LONGEST_VALUE (64u * 1024)

static int
fits(const char *text)
{
	return text != NULL && strlen(text) <= LONGEST_TEXT;
}

int
dbbi_note_get(dbbi_note *out, const dbbi_json *notes, size_t i)
{
	const dbbi_json *entry = dbbi_json_at(notes, i);
	dbbi_note note = { dbbi_json_string(entry, "kind"),
	    dbbi_json_string(entry, "name"), dbbi_json_string(entry, "key"),
	    dbbi_json_object(entry, "note") };

	if (!fits(note.kind) || !fits(note.name) || !fits(note.key) ||
	    note.value == NULL)
		return -1;
	*out = note;
	return 0;
}

static int
is_same(const dbbi_json *notes, size_t i, const dbbi_note *note)
{
	dbbi_note other;

	return dbbi_note_get(&other, notes, i) == 0 &&
	    strcmp(other.kind, note->kind) == 0 &&
	    strcmp(other.name, note->name) == 0 &&
	    strcmp(other.key, note->key) == 0;
}

int
dbbi_notes_without(dbbi_json **out, const dbbi_json *notes,
    const dbbi_note *note, dbb_error *err)
{
	dbbi_json *left = dbbi_json_new_array();
	int rc = left == NULL ? DBB_ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < dbbi_json_count(notes); i++)
		if (!is_same(notes, i, note))
			rc = dbbi_json_append(left,
			    json_object_get(dbbi_json_at(notes, i)));
	if (rc < 0) {
		dbbi_json_free(left);
		return dbbi_error_nomem(err);
	}
	*out = left;
	return 0;
}

/* A copy, since who noted it may change his. */
static int
make_entry(dbbi_json **out, const dbbi_note *note, dbb_error *err)
{
	dbbi_json *entry = dbbi_json_new_object(), *value = NULL;
	const char *text;

	if (json_object_deep_copy((dbbi_json *)(uintptr_t)note->value, &value,
	    NULL) != 0 || (text = dbbi_json_text(value)) == NULL)
		goto no_memory;
	if (strlen(text) > LONGEST_VALUE) {
		dbbi_error_set(err, DBB_EINVAL, "a note of %zu bytes is too "
		    "large", strlen(text));
		dbbi_json_free(value);
		dbbi_json_free(entry);
		return DBB_EINVAL;
	}
	if (dbbi_json_set_string(entry, "kind", note->kind) < 0 ||
	    dbbi_json_set_string(entry, "name", note->name) < 0 ||
	    dbbi_json_set_string(entry, "key", note->key) < 0 ||
	    dbbi_json_set(entry, "note", json_object_get(value)) < 0)
		goto no_memory;
	dbbi_json_free(value);
	*out = entry;
	return 0;
no_memory:
	dbbi_json_free(value);
	dbbi_json_free(entry);
	return dbbi_error_nomem(err);
}

int
dbbi_notes_with(dbbi_json **out, const dbbi_json *notes,
    const dbbi_note *note, dbb_error *err)
{
	dbbi_json *all = NULL, *entry = NULL;
	int rc;

	if (!fits(note->kind) || !fits(note->name) || !fits(note->key))
		return dbbi_error_set(err, DBB_EINVAL,
		    "a note's key has more than %u bytes", LONGEST_TEXT);
	if ((rc = dbbi_notes_without(&all, notes, note, err)) < 0)
		return rc;
	if (dbbi_json_count(all) >= DBBI_NOTES_MOST)
		rc = dbbi_error_set(err, DBB_EINVAL, "a run keeps at most %u "
		    "notes", DBBI_NOTES_MOST);
	if (rc == 0 && (rc = make_entry(&entry, note, err)) == 0 &&
	    dbbi_json_append(all, entry) < 0)
		rc = dbbi_error_nomem(err);
	if (rc < 0)
		dbbi_json_free(all);
	else
		*out = all;
	return rc;
}
