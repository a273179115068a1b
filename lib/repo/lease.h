/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lease: who is at work in the repository, for people to see, and what a run
 * has noted of things that it made elsewhere, for the next run to take away
 * if this one is killed. No set depends on it: whoever cannot write one works
 * all the same, and one that was left behind by a killed process runs out by
 * itself.
 *
 * lease.c is a lease at work, lease_object.c how it is written and read,
 * lease_notes.c the notes, lease_look.c those of others.
 */
#ifndef DBBI_LEASE_H
#define DBBI_LEASE_H

#include "repo/repo.h"

typedef struct dbbi_lease dbbi_lease;

/* Say that this process does `verb`, and go on saying it from a thread until
 * the end. NULL when that is not possible; it is logged. */
dbbi_lease *dbbi_lease_take(dbbi_repo *repo, const char *verb);

/* One with notes stays behind, and has run out. NULL is allowed. */
void dbbi_lease_end(dbbi_lease *lease);

/* The leases of runs that are not over, as an array of {"verb":…,"host":…,
 * "pid":N,"version":…,"started_at":…,"until":…}, oldest first. What cannot be
 * read is passed over. */
int dbbi_leases_list(dbbi_json **out, dbbi_repo *repo, dbb_error *err);

/* Remove those of runs that are over, but for notes that somebody may still
 * heed; what cannot be removed stays. */
void dbbi_leases_sweep(dbbi_repo *repo);

/* ---- notes ---- */

/* A note is about something in the source `name` of that kind. The three
 * texts tell it from all others of its run. All borrowed. */
typedef struct dbbi_note {
	const char *kind;
	const char *name;
	const char *key;
	const dbbi_json *value;		/* an object */
} dbbi_note;

#define DBBI_NOTES_MOST 4096u		/* of one run */

/* Write it down, in the place of one with the same three texts; it is durable
 * when this returns 0. Any thread. */
int dbbi_lease_note(dbbi_lease *lease, const dbbi_note *note,
    dbb_error *err);

/* Done with; its value does not matter. Best effort. */
void dbbi_lease_forget(dbbi_lease *lease, const dbbi_note *note);

/* What to do with a note of a run that is over: 1: drop it; 0: it stays. A
 * negative code ends the reading. */
typedef int (*dbbi_note_fn)(const dbbi_note *note, void *payload,
    dbb_error *err);

/*
 * Read the notes that runs left which are over: they ran out, or were of a
 * process that is gone. Nothing vouches for what is in them but the seal, if
 * there is one. Notes of runs that began more than 30 days ago are not heeded
 * any more. Fails only when the store cannot be listed, when it lets nobody
 * read leases, or as `fn` does.
 */
int dbbi_leases_left(dbbi_repo *repo, dbbi_note_fn fn, void *payload,
    dbb_error *err);

#endif
