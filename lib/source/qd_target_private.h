/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_target_private: what the files behind qd_target.h share:
 * qd_target_plan.c (what is to be done), qd_target_open.c (all checks),
 * qd_target.c (loading and closing), qd_upload.c (one archive into one
 * collection), qd_upload_left.c (what is left of it on the server),
 * qd_compare.c, qd_commit.c (into the old one's place), qd_alias.c.
 */
#ifndef DBBI_QD_TARGET_PRIVATE_H
#define DBBI_QD_TARGET_PRIVATE_H

#include "source/qd_server.h"
#include "source/qd_upload.h"

/* One collection on its way back. */
typedef struct dbbi_qd_restored {
	const char *name;		/* in the set; borrowed from the facts */
	const char *target;		/* what it is to be called; borrowed */
	const dbbi_json *facts;		/* its own; borrowed */
	const char *stream;		/* borrowed from the facts */
	const char *sha256;		/* the archive's; borrowed; NULL: it
					   is a stream of points */
	uint64_t least, most;		/* points that it should have */
	int exists;			/* a collection of the target's name */
	char *behind;			/* `target` is an alias of this one */
	uint64_t old_points;		/* of what exists, and a few of them: */
	dbbi_json *old_sample;		/* NULL: nobody asks */
	char *loaded_as;		/* NULL: nothing was loaded */
	int is_loaded;
	int is_final;			/* it stays, whatever comes */
} dbbi_qd_restored;

typedef struct dbbi_qd_target {
	dbbi_target base;
	const dbbi_source_env *env;
	const dbbi_target_plan *plan;
	dbbi_qd_settings settings;
	dbbi_qd *qd;
	dbbi_qd_site site;
	dbbi_qd_restored *restored;
	size_t count;
	int scroll;			/* streams of points, no snapshots */
	dbbi_json *aliases;		/* the server's, when it was opened */
	dbbi_json *warnings;
} dbbi_qd_target;

/* ---- qd_target_plan.c ---- */

/* Check the plan and its facts, which are hostile, and fill `restored`. */
int dbbi_qd_plan_check(dbbi_qd_target *t, dbb_error *err);

/* May a server of version `here` be given a snapshot that was taken on one of
 * version `there`? DBB_EVERSION; `*far` is set when it is newer by more than
 * Qdrant promises to read. */
int dbbi_qd_version_check(int *far, const char *here, const char *there,
    dbb_error *err);

/* ---- qd_target.c ---- */

/* Load r's stream as the new collection `name`. */
int dbbi_qd_target_put(const dbbi_qd_target *t, const dbbi_qd_restored *r,
    const char *name, dbbi_reader *in, dbb_error *err);

/* Append a warning for people. `text` is taken over; NULL is DBB_ENOMEM. */
int dbbi_qd_target_warn(dbbi_qd_target *t, char *text, dbb_error *err);

/* ---- qd_compare.c ---- */

/* Compare collection `name` with r's facts. */
int dbbi_qd_compare(uint64_t *compared, dbbi_qd_target *t,
    const dbbi_qd_restored *r, const char *name, dbbi_json *findings,
    dbb_error *err);

/* ---- qd_alias.c ---- */

/* Is it what an alias points at? Borrowed; NULL: there is no such alias. */
const char *dbbi_qd_alias_behind(const dbbi_json *aliases, const char *alias);

/* Make an alias, or move it; readers see no gap. */
int dbbi_qd_alias_point(dbbi_qd *qd, const char *alias,
    const char *collection, dbb_error *err);
int dbbi_qd_alias_remove(dbbi_qd *qd, const char *alias, dbb_error *err);

/* All aliases of `from` to `to`. */
int dbbi_qd_alias_move(dbbi_qd *qd, const char *from, const char *to,
    dbb_error *err);

#endif
