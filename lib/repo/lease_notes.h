/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lease_notes: a lease's member "notes", an array of {"kind":…,"name":…,
 * "key":…,"note":{…}}. An array is never changed but made anew: what is
 * written down stays as it is until the new one is written down.
 */
#ifndef DBBI_LEASE_NOTES_H
#define DBBI_LEASE_NOTES_H

#include "repo/lease.h"

/* Element `i`; 0, or -1 when it is no note. Borrowed. */
int dbbi_note_get(dbbi_note *out, const dbbi_json *notes, size_t i);

/* The notes with this one besides, in the place of one with its three texts;
 * DBB_EINVAL when it is too large, or they are too many. */
int dbbi_notes_with(dbbi_json **out, const dbbi_json *notes,
    const dbbi_note *note, dbb_error *err);

/* The notes without it. */
int dbbi_notes_without(dbbi_json **out, const dbbi_json *notes,
    const dbbi_note *note, dbb_error *err);

#endif
